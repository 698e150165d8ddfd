"""The journal: every change of an image's objects, on disk before it counts as saved.

One JSON object a line, appended and forced to disk. Nothing that was confirmed is lost when the
process is killed, and what the next one finds is never half a change. The text is plain; a reader
of another program sees what happened, line by line.
"""

from __future__ import annotations

import atexit
import errno
import logging
import os
import warnings
from contextlib import suppress
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from sam_widget.errors import JournalError, JournalInUse, JournalWarning
from sam_widget.images import load_image
from sam_widget.storage import JournalFile, when_gone, write_new_file
from sam_widget.store.journal_place import free_name, journal_path
from sam_widget.store.journal_reading import header_of, is_of, read
from sam_widget.store.journal_records import seal
from sam_widget.store.journal_writing import change_record, whole_records
from sam_widget.store.store import AnnotationStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sam_widget.images import RgbImage
    from sam_widget.store.changes import Change
    from sam_widget.store.journal_place import JournalChoice
    from sam_widget.store.transactions import Transactions

__all__ = ["Journal", "open_annotations"]

COMPACT_ABOVE = 1 << 20
"""Bytes up to which a journal is left to grow."""
COMPACT_FACTOR = 4
"""By how much it may outgrow what it was when last written as a whole."""

_log = logging.getLogger(__name__)
_registry_lock = RLock()
_registry: dict[str, Journal] = {}
_warned: set[Path] = set()

_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would become larger than is allowed",
    errno.EIO: "the disk reports an error",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "it may not be written",
    errno.EPERM: "it may not be written",
}


def open_annotations(image: object, journal: JournalChoice = None) -> AnnotationStore:
    """Open the objects of an image: those of its journal, if there is one, or none yet.

    Within one process all who open a journal share its objects. Each has a store of its own, and
    closes that (:meth:`AnnotationStore.close`, or ``with``); the last one frees the file.

    Parameters
    ----------
    image : path, bytes, PIL image, array or RgbImage
        See :func:`sam_widget.load_image`.
    journal : path or bool, optional
        The journal's file. By default ``<image file>.sam.jsonl`` beside an image that was read
        from a file, and none for others. False for none.

    Returns
    -------
    AnnotationStore

    Raises
    ------
    JournalError
        If the file is the journal of another image, is no journal, or cannot be opened. One that
        may not be written, in a read-only folder for example, is done without: a JournalWarning
        says so once, and the store's ``problem`` as long as it is so.
    JournalInUse
        If another process has it open.
    """
    source = load_image(image)
    store = AnnotationStore.of(source)
    path = journal_path(source, journal)
    if path is None:
        return store
    key = os.path.realpath(path)
    with _registry_lock:
        shared = _registry.get(key)
        if shared is not None and shared.is_open:
            return shared.shared_for(source)
        try:
            file = JournalFile(path)
        except JournalInUse:
            raise
        except OSError as error:
            reason = _reason(error)
            named = journal is not None and not isinstance(journal, bool)
            if named and error.errno not in _READ_ONLY:
                raise JournalError(
                    f"the journal {path} cannot be opened: {reason}. Pass another path as "
                    "journal=, or journal=False."
                ) from error
            _go_without(store, source, path, reason)
            return store
        try:
            opened = Journal(file, store, source)
        except OSError as error:
            file.close()
            raise JournalError(
                f"the journal {path} cannot be read: {_reason(error)}. Try again, or pass another "
                "path as journal=, or journal=False."
            ) from error
        except BaseException:
            file.close()
            raise
        _registry[key] = opened
    store.transactions.apply(lambda: None)
    if opened.note:
        try:
            warnings.warn(opened.note, JournalWarning, stacklevel=2)
        except JournalWarning:  # somebody has made warnings errors
            store.close()
            raise
    return store


class Journal:
    """Record the changes of one store in a file; see ``transactions.Recorder``.

    Parameters
    ----------
    file : JournalFile
        Read first, and cut or set aside if it is damaged.
    store : AnnotationStore
        Gets what the file holds.
    image : RgbImage
        Whose journal it is.

    Raises
    ------
    JournalError
        If it is another image's.
    """

    def __init__(self, file: JournalFile, store: AnnotationStore, image: RgbImage) -> None:
        self._file = file
        self._transactions = store.transactions
        self._header = header_of(image)
        self._io = Lock()
        self._users: WeakSet[Any] = WeakSet()  # stores
        self._problem = ""
        # What is still to be written, as functions: laying a record out needs no lock.
        # With the number of the group that reaches the disk together or not at all.
        self._pending: list[tuple[int, Callable[[], dict[str, Any]]]] = []
        self._group = 0
        content = file.content()
        reading = read(content, image, str(file.path))
        self._records = reading.records
        self._note = ""
        self._untidy = reading.untidy
        self._set_aside = content if reading.damage else None
        self._compact_above = COMPACT_ABOVE
        if reading.report:
            self._note = f"the journal {file.path.name} was damaged: {reading.report}."
        if not self._records:
            self._record(lambda: self._header)
            self.end_group()
        if not self._untidy and reading.good_size < file.size:
            self._cut(reading.good_size)
        store.transactions.adopt(reading.log)
        store.transactions.record_with(self)
        self._admit(store)
        if file.size > COMPACT_ABOVE:
            whole = len(self._whole())
            self._compact_above = max(COMPACT_ABOVE, COMPACT_FACTOR * whole)
            self._untidy |= file.size > self._compact_above

    # ---- what there is --------------------------------------------------------------------------

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    @property
    def is_open(self) -> bool:
        """Whether this process writes to it."""
        return not self._file.closed

    @property
    def saved(self) -> bool:
        """Whether all that was recorded is on disk."""
        return not self._pending and not self._untidy

    @property
    def problem(self) -> str:
        """Why it is not; empty if it is, or will be."""
        return self._problem

    @property
    def report(self) -> str:
        """The problem, or what was found when the file was opened; empty if all is well."""
        return self._problem or self._note

    @property
    def note(self) -> str:
        """What was found when the file was opened; empty if all was well."""
        return self._note

    def shared_for(self, image: RgbImage) -> AnnotationStore:
        """Return the store for one more user, if it is for the same image."""
        named = self._header["image"]
        if not is_of(self._header, image):
            raise JournalError(
                f"{self.path} is the journal of another image, which is open in this kernel: "
                f"{named['file_name'] or 'one'!r} of {named['width']} x {named['height']} pixels. "
                "Pass another path as journal=."
            )
        store = AnnotationStore.of(image)  # its own, to be closed by this user alone
        store.transactions = self._transactions
        self._admit(store)
        return store

    def _admit(self, user: AnnotationStore) -> None:
        self._users.add(user)
        when_gone(user, self._release_unused)

    # ---- recording: the store's lock is held ----------------------------------------------------

    def change(self, change: Change) -> None:
        """Record a new change."""
        serial = change.serial  # both may be another's by the time it is written
        self._record(lambda: change_record(change, serial))

    def undo(self, change: Change) -> None:
        """Record that a change was undone."""
        self._step("undo", change.serial)

    def redo(self, change: Change) -> None:
        """Record that a change was done again."""
        self._step("redo", change.serial)

    def set_property(self, name: str, value: object) -> None:
        """Record a property."""
        self._record(lambda: {"type": "property", "name": name, "value": value})

    def end_group(self) -> None:
        """Have what was recorded since the last time reach the disk together or not at all."""
        self._group += 1

    def _step(self, kind: str, serial: int) -> None:
        self._record(lambda: {"type": kind, "serial": serial})

    def _record(self, lay_out: Callable[[], dict[str, Any]]) -> None:
        self._pending.append((self._group, lay_out))

    # ---- writing: no lock but the journal's own -------------------------------------------------

    def flush(self) -> None:
        """Bring all that was recorded to disk.

        What fails stays to be written, and is tried again with everything after it at the next
        change; :attr:`report` says why. Whoever comes while another writes waits, and mostly finds
        that its own records went along.
        """
        if self._file.closed:  # in a forked child, where nobody would ever free the lock
            return
        with self._io:
            if self._file.closed or self.saved:
                return
            try:
                self._write()
            except (OSError, JournalError) as error:
                self._fail(error)
            else:
                if self._problem:
                    _log.warning("sam_widget: %s is saved again.", self.path)
                self._problem = ""

    def close(self, user: object) -> None:
        """Close the file if this is the last of its users; delete it if it holds nothing.

        While changes cannot be saved it stays open: whoever opens the image again finds them, and
        the end of the process tries once more.
        """
        with _registry_lock:
            if user in self._users:
                self._users.discard(user)
                self._release_unused()

    def _release_unused(self) -> None:
        """Close the file if nobody can reach it any more, and nothing would be lost."""
        with _registry_lock:
            if not self._users:
                self.abandon(unsaved=False)

    def abandon(self, *, unsaved: bool = True) -> None:
        """Close the file, whoever uses it; only if all is saved unless ``unsaved``."""
        transactions = self._transactions
        with _registry_lock:
            if self._file.closed:
                return
            # From here on nothing is changed that no flush would bring to disk.
            name = self._header["image"]["file_name"] or "this image"
            transactions.freeze(
                f"{name} was closed, and a change would go to no journal. Open it again first, "
                "with open_annotations(), go_to() or a new widget."
            )
            self.flush()
            if not (unsaved or self.saved) and self._may_be_saved():
                transactions.freeze("")
                return
            with self._io, transactions.lock:
                note = "" if self.saved else self.report
                transactions.record_with(None, note)
                self._file.close(remove=not note and _says_nothing(transactions))
            key = os.path.realpath(self.path)
            if _registry.get(key) is self:
                del _registry[key]

    def _may_be_saved(self) -> bool:
        """Whether what is not saved may be so later: no other file has taken the place."""
        with suppress(OSError):
            return self._file.is_in_place() or not self.path.exists()
        return True

    def _write(self) -> None:
        if self._set_aside is not None:
            copy = free_name(self.path)
            write_new_file(copy, self._set_aside)
            self._set_aside = None
            self._note += f" What could be read is kept; the damaged file is now {copy.name}."
        if not self._file.is_in_place():
            if self.path.exists():
                raise JournalError(f"another file has taken the place of {self.path}.")
            self._untidy = True  # deleted or moved away: what it said is still here
        if self._untidy or self._file.size > self._compact_above:
            self._write_whole()
        else:
            with self._transactions.lock:
                batch = tuple(self._pending)
            lines = []
            for number, (group, lay_out) in enumerate(batch):
                record = {"n": self._records + number, **lay_out()}
                if batch[number + 1 :] and batch[number + 1][0] == group:
                    record["more"] = True
                lines.append(seal(record))
            try:
                self._file.append(b"".join(lines))
            except OSError:
                # Where a file cannot even be cut back, only a new one helps.
                self._untidy |= self._file.tail_is_dirty
                raise
            self._records += len(batch)
            with self._transactions.lock:
                del self._pending[: len(batch)]

    def _write_whole(self) -> None:
        with self._transactions.lock:
            records = list(whole_records(self._header, self._transactions.log))
            included = len(self._pending)
        data = b"".join(seal({"n": number, **record}) for number, record in enumerate(records))
        try:
            self._file.replace(data)
        except OSError:
            if self._untidy:
                raise
            # There was no need: the file goes on growing, and this is tried again much later.
            self._compact_above *= 2
            self._write()
            return
        self._records = len(records)
        self._compact_above = max(COMPACT_ABOVE, COMPACT_FACTOR * len(data))
        with self._transactions.lock:
            del self._pending[:included]
            self._untidy = True  # until its name is on disk: the old file might come back
        self._file.force_name()
        self._untidy = False

    def _whole(self) -> bytes:
        records = enumerate(whole_records(self._header, self._transactions.log))
        return b"".join(seal({"n": number, **record}) for number, record in records)

    def _cut(self, size: int) -> None:
        try:
            self._file.cut(size)
        except OSError:
            self._untidy = True

    def _fail(self, error: Exception) -> None:
        reason = _reason(error) if isinstance(error, OSError) else str(error).rstrip(".")
        problem = f"The latest changes are not saved in {self.path.name}: {reason}."
        if problem != self._problem:
            folder = self.path.parent
            _log.warning("sam_widget: %s (In %s.) They are kept in memory.", problem, folder)
        self._problem = problem


def _close_all() -> None:
    """Close every journal when the process exits."""
    for journal in tuple(_registry.values()):
        journal.abandon()


atexit.register(_close_all)


def _go_without(store: AnnotationStore, image: RgbImage, path: Path, reason: str) -> None:
    """Load a journal that cannot be written, and warn once for a folder."""
    note = f"Changes are not saved, for there can be no journal {path.name}: {reason}"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    except OSError:
        content = b""
        note += ", and what is in it cannot be read"
    if content:
        store.transactions.adopt(read(content, image, str(path)).log)
    store.transactions.record_with(None, f"{note}.")
    if path.parent not in _warned:
        _warned.add(path.parent)
        warnings.warn(
            f"{note}. Pass journal= with a path that can be written, or save with "
            "annotations.save(...).",
            JournalWarning,
            stacklevel=3,
        )


def _says_nothing(transactions: Transactions) -> bool:
    log, given = transactions.log, transactions.given
    if log.items or log.changes or log.properties.keys() - {"labels", "label_colors"}:
        return False
    labels, colors = log.properties.get("labels", []), log.properties.get("label_colors", {})
    return all(label in [*given] for label in labels) and colors.items() <= given.items()


def _reason(error: OSError) -> str:
    known = _REASONS.get(error.errno or 0)
    said = error.strerror or str(error)
    return f"{known} ({said})" if known else said
