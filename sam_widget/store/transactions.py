"""The one road of every change: memory, disk, listeners, answer.

Whoever changes the annotations of an image (a method, a gesture of the page, everything mode, a
series, a script) does so within :meth:`Transactions.apply`; outside of it every change is refused.
So nothing can be answered, acknowledged or shown as saved before it is on disk.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import RLock, local
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from weakref import WeakMethod

from sam_widget.errors import AnnotationError
from sam_widget.store.changes import Change, ChangeLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sam_widget.annotations import Annotation

__all__ = ["Recorder", "Transactions"]

T = TypeVar("T")


class Recorder(Protocol):
    """A journal: records changes as they are made, with the lock held."""

    def change(self, change: Change) -> None:
        """Record a new change."""

    def undo(self, change: Change) -> None:
        """Record that a change was undone."""

    def redo(self, change: Change) -> None:
        """Record that a change was done again."""

    def set_property(self, name: str, value: object) -> None:
        """Record a property."""

    def end_group(self) -> None:
        """Have what was recorded since the last time reach the disk together or not at all."""

    def flush(self) -> None:
        """Write all recorded changes to disk, if possible; the lock is free."""

    def close(self, user: object) -> None:
        """Release the file, if this is the last of its users; again is fine."""

    @property
    def path(self) -> Path:
        """Where the file is."""

    @property
    def saved(self) -> bool:
        """Whether all that was recorded is on disk."""

    @property
    def problem(self) -> str:
        """Why it is not; empty if it is, or will be."""

    @property
    def report(self) -> str:
        """The problem, or what was found when the file was opened; empty if all is well."""


class _Open(local):
    """The change that a thread is making, and who is to be told of it."""

    depth = 0

    def __init__(self) -> None:
        self.tell: dict[Callable[[], object], None] = {}


class Transactions:
    """Apply changes to the annotations of one image, and remember them for undo.

    Parameters
    ----------
    items : tuple of Annotation
        Each with an id of its own.
    height, width : int
        Size of the original image in pixels.

    Attributes
    ----------
    given : dict of str to str
        Labels that came with a widget, and will again, each with its colour: no news to be kept.
    """

    def __init__(self, items: tuple[Annotation, ...], height: int, width: int) -> None:
        self.height, self.width = height, width
        self._lock = RLock()
        self._log = ChangeLog(items)
        self._recorder: Recorder | None = None
        self._note = ""
        self._listeners: list[Callable[[], Callable[[], object] | None]] = []
        self._frozen = ""
        self.given: dict[str, str] = {}
        self._depth = 0
        self._revision = 0
        self._told: object = (0, None, "")
        self._open = _Open()

    # ---- the road -------------------------------------------------------------------------------

    def apply(self, change: Callable[[], T], publish: Callable[[], object] | None = None) -> T:
        """Make a change, save it, notify the listeners, and return its result.

        A change made within another one goes to disk with the outer one. No lock may be held that
        a listener might want.

        Parameters
        ----------
        change : callable
            Makes the change in memory, under the locks it needs, and returns the answer. What it
            raises comes out here, after what it had changed before is on disk.
        publish : callable, optional
            Called without arguments once all is on disk, whether or not annotations changed.

        Returns
        -------
        object
            What ``change`` returned.
        """
        pending = self._open
        if publish is not None:
            pending.tell[publish] = None
        pending.depth += 1
        try:
            return change()
        finally:
            pending.depth -= 1
            if pending.depth == 0:
                self._settle()

    @contextmanager
    def as_one(self) -> Iterator[None]:
        """Hold the lock, and have all that is changed meanwhile saved together or not at all."""
        with self._lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._recorder is not None:
                    self._recorder.end_group()

    def _settle(self) -> None:
        """Save all changes, then notify the listeners; no lock is held."""
        if self._recorder is not None:
            self._recorder.flush()
        tell, self._open.tell = self._open.tell, {}
        with self._lock:
            state = (self._revision, self.saved, self.report)
            if state != self._told:
                self._told = state
                listening = [found for listener in self._listeners if (found := listener())]
                tell = {**dict.fromkeys(listening), **tell}
        for listener in tell:
            listener()

    def freeze(self, reason: str) -> None:
        """Refuse every further change with this message, because nothing would save it.

        When this returns, all changes that were made are recorded; empty allows changes again.
        """
        with self._lock:
            self._frozen = reason

    def _check_applying(self) -> None:
        if self._frozen:
            raise AnnotationError(self._frozen)
        if self._open.depth == 0:
            raise RuntimeError("annotations are changed within apply() only; see Transactions.")

    # ---- changes: only within apply() -----------------------------------------------------------

    def commit(self, change: Change, author: object = None) -> None:
        """Make a change of annotations.

        Parameters
        ----------
        change : Change
        author : object
            Whose undo step it is; None for nobody's, which every session may undo.

        Raises
        ------
        AnnotationError
            If a mask is not of the image's size.
        StaleGesture
            If the change no longer fits what is there.
        """
        for _, annotation in change.after:
            size = (annotation.rle.height, annotation.rle.width)
            if size != (self.height, self.width):
                raise AnnotationError(
                    f"the mask must have the image's size (height, width) = ({self.height}, "
                    f"{self.width}), got {size}."
                )
        with self.as_one():
            self._check_applying()
            self._log.commit(change, author)
            self._revision += 1
            if self._recorder is not None:
                self._recorder.change(change)

    def set_property(self, name: str, value: object) -> None:
        """Set a JSON value kept beside the annotations; nothing happens if it is that already."""
        with self.as_one():
            self._check_applying()
            if name in self._log.properties and self._log.properties[name] == value:
                return
            self._log.properties[name] = value
            self._revision += 1
            if self._recorder is not None:
                self._recorder.set_property(name, value)

    def undo(self, change: Change) -> None:
        """Take one change back, if nobody has changed its annotations since.

        Raises
        ------
        StaleGesture
            If somebody has: then nothing happens.
        """
        with self.as_one():
            self._check_applying()
            if not change.done:
                return
            if self._log.find(change.serial) is not change:
                # Too long ago to be remembered: its inverse is a step like any other.
                self.commit(change.inverse(), change.author or self)
                change.done = False
                return
            self._log.undo(change)
            self._revision += 1
            if self._recorder is not None:
                self._recorder.undo(change)

    def redo(self, change: Change) -> None:
        """Make one change again that was undone; errors as for :meth:`undo`."""
        with self.as_one():
            self._check_applying()
            if change.done:
                return
            if self._log.find(change.serial) is not change:
                self.commit(Change(change.before, change.after, change.order), change.author)
                change.done = True
                return
            self._log.redo(change)
            self._revision += 1
            if self._recorder is not None:
                self._recorder.redo(change)

    def undo_newest(self) -> bool:
        """Take the newest change back, whoever made it; return False if there is none."""
        with self._lock:
            newest = self._log.last_done
            if newest is not None:
                self.undo(newest)
            return newest is not None

    def redo_newest(self) -> bool:
        """Make the change again that was undone last; return False if there is none."""
        with self._lock:
            newest = self._log.last_undone
            if newest is not None:
                self.redo(newest)
            return newest is not None

    # ---- what there is --------------------------------------------------------------------------

    @property
    def lock(self) -> RLock:
        """Guards the annotations; taken after a session's lock, never before it."""
        return self._lock

    @property
    def items(self) -> tuple[Annotation, ...]:
        """The annotations as they are now."""
        return self._log.items

    @property
    def log(self) -> ChangeLog:
        """The remembered changes; only to be read, under :attr:`lock`."""
        return self._log

    @property
    def properties(self) -> dict[str, Any]:
        """A copy of the JSON values kept beside the annotations, by name."""
        with self._lock:
            return dict(self._log.properties)

    def changes(self, since: int = 0) -> tuple[Change, ...]:
        """Return the remembered changes with a serial number above ``since``, oldest first."""
        with self._lock:
            return tuple(change for change in self._log.changes if change.serial > since)

    def undone(self) -> tuple[Change, ...]:
        """Return the changes that can be made again, the next one last."""
        with self._lock:
            return tuple(self._log.undone)

    # ---- disk and listeners ---------------------------------------------------------------------

    def subscribe(
        self, listener: Callable[[], object], *, weakly: bool = False
    ) -> Callable[[], None]:
        """Call ``listener`` after changes, once they are on disk, on the thread that made them.

        Parameters
        ----------
        listener : callable
        weakly : bool
            Whether this keeps the object alive whose method it is.

        Returns
        -------
        callable
            Ends the subscription.
        """
        subscribed = WeakMethod(listener) if weakly else lambda: listener
        with self._lock:
            self._listeners.append(subscribed)

        def end() -> None:
            with self._lock:
                if subscribed in self._listeners:
                    self._listeners.remove(subscribed)

        return end

    def record_with(self, recorder: Recorder | None, note: str = "") -> None:
        """Have every further change recorded, or none; ``note`` says why not."""
        with self._lock:
            self._recorder, self._note = recorder, note

    def adopt(self, log: ChangeLog) -> None:
        """Go on from changes that were read from a file."""
        with self._lock:
            self._log = log

    @property
    def journal(self) -> Path | None:
        """The journal's file; None without one."""
        return None if self._recorder is None else self._recorder.path

    @property
    def saved(self) -> bool | None:
        """Whether every change is on disk; None without a journal."""
        return None if self._recorder is None else self._recorder.saved

    @property
    def problem(self) -> str:
        """What keeps changes from being saved, while it lasts; or empty."""
        return self._note if self._recorder is None else self._recorder.problem

    @property
    def report(self) -> str:
        """Why changes are not saved, or what was found when the journal was opened; or empty."""
        return self._note if self._recorder is None else self._recorder.report

    def close(self, user: object) -> None:
        """Release the journal for one of its users; see ``Recorder.close``."""
        recorder = self._recorder
        if recorder is not None:
            recorder.close(user)
