"""What lies below the store of annotations: a lock, a ledger, a recorder, and who is told.

Its methods neither wait for the disk nor tell anybody, so they may be called under other locks.
Whoever changes something calls :meth:`ObjectStore.settle` when those are free.
"""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Protocol

from sam_widget.errors import AnnotationError
from sam_widget.store.changes import Change, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from typing_extensions import Self

    from sam_widget.annotations import Annotation
    from sam_widget.store.changes import Placed

__all__ = ["ObjectStore", "Recorder"]


class Recorder(Protocol):
    """What a store tells of its changes: a journal. Called with the store's lock held."""

    def change(self, change: Change) -> None:
        """Record a new change."""

    def undo(self, change: Change) -> None:
        """Record that a change was undone."""

    def redo(self, change: Change) -> None:
        """Record that a change was done again."""

    def set_property(self, name: str, value: object) -> None:
        """Record a property."""

    def flush(self) -> None:
        """Bring all that was recorded to disk, if that is possible; the store's lock is free."""

    def close(self) -> None:
        """Let go of the file."""

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


class ObjectStore:
    """Own the objects of one image: every access to them goes through here.

    Parameters
    ----------
    items : tuple of Annotation
    height, width : int
        Size of the original image in pixels.

    Raises
    ------
    AnnotationError
        If two objects have one id.
    """

    def __init__(self, items: tuple[Annotation, ...], height: int, width: int) -> None:
        if len({one.id for one in items}) != len(items):
            raise AnnotationError("two objects have one id. Give each an id of its own.")
        self.height = height
        self.width = width
        self._lock = RLock()
        self._ledger = Ledger(items)
        self._recorder: Recorder | None = None
        self._note = ""
        self._listeners: list[Callable[[], object]] = []
        self._revision = 0
        self._told: object = (0, None, "")

    def snapshot(self) -> tuple[Annotation, ...]:
        """Return the objects as they are now."""
        return self._ledger.items

    def change(
        self,
        *,
        drop: Iterable[str] = (),
        put: Iterable[Placed] = (),
        order: Sequence[str] | None = None,
        author: object = None,
    ) -> Change:
        """Make one step of several removals, replacements and insertions.

        Parameters
        ----------
        drop : iterable of str
            Ids of objects that go.
        put : iterable of (index, Annotation)
            Objects that come; the index counts for those whose id is not there yet.
        order : sequence of str, optional
            Ids of all objects left, in their new order.
        author : object
            Whose step it is; None for nobody's, which every widget may undo.

        Raises
        ------
        AnnotationError
            If an id is unknown, or a mask is not of the image's size.
        """
        with self._lock:
            change = self._ledger.change(drop, put, order)
            self.commit(change, author)
            return change

    def commit(self, change: Change, author: object = None) -> None:
        """Make a change that was laid out before; StaleGesture if it no longer fits."""
        for _, one in change.after:
            size = (one.rle.height, one.rle.width)
            if size != (self.height, self.width):
                raise AnnotationError(
                    f"the mask must have the image's size (height, width) = ({self.height}, "
                    f"{self.width}), got {size}."
                )
        with self._lock:
            self._ledger.commit(change, author)
            self._changed()
            if self._recorder is not None:
                self._recorder.change(change)

    def keep(self, name: str, value: object) -> None:
        """Keep a property, unless it is kept already."""
        with self._lock:
            if name in self._ledger.properties and self._ledger.properties[name] == value:
                return
            self._ledger.properties[name] = value
            self._changed()
            if self._recorder is not None:
                self._recorder.set_property(name, value)

    def undo_change(self, change: Change) -> None:
        """Take one change back, if nobody has changed its objects since.

        Raises
        ------
        StaleGesture
            If somebody has: then nothing happens.
        """
        with self._lock:
            if not change.done:
                return
            if self._ledger.find(change.serial) is not change:
                # Too long ago to be remembered: its inverse is a step like any other.
                self.commit(change.inverse(), change.author or self)
                change.done = False
                return
            self._ledger.undo(change)
            self._changed()
            if self._recorder is not None:
                self._recorder.undo(change)

    def redo_change(self, change: Change) -> None:
        """Do one change again; errors as for :meth:`undo_change`."""
        with self._lock:
            if change.done:
                return
            if self._ledger.find(change.serial) is not change:
                self.commit(Change(change.before, change.after, change.order), change.author)
                change.done = True
                return
            self._ledger.redo(change)
            self._changed()
            if self._recorder is not None:
                self._recorder.redo(change)

    def changes(self, since: int = 0) -> tuple[Change, ...]:
        """Return the remembered changes with a serial number above ``since``, oldest first."""
        with self._lock:
            return tuple(one for one in self._ledger.log if one.serial > since)

    def undone(self) -> tuple[Change, ...]:
        """Return what is undone and can be done again, the next one last."""
        with self._lock:
            return tuple(self._ledger.undone)

    def settle(self) -> None:
        """Bring all changes to disk, and tell those who show the objects. No lock may be held."""
        if self._recorder is not None:
            self._recorder.flush()
        with self._lock:
            state = (self._revision, self.saved, self.report)
            if state == self._told:
                return
            self._told = state
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Have a callable called after changes, on the thread that made them.

        Returns
        -------
        callable
            Ends it.
        """
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                self._listeners = [one for one in self._listeners if one is not listener]

        return end

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

    def attach(self, recorder: Recorder | None, note: str = "") -> None:
        """Have every further change recorded, or none; ``note`` says why not."""
        with self._lock:
            self._recorder, self._note = recorder, note

    def adopt(self, ledger: Ledger) -> None:
        """Go on from a ledger that was read from a file."""
        with self._lock:
            self._ledger = ledger

    @property
    def lock(self) -> RLock:
        """Guards the store; taken after a session's lock, never before it."""
        return self._lock

    @property
    def ledger(self) -> Ledger:
        """What a journal writes down as a whole; only to be read, under :attr:`lock`."""
        return self._ledger

    def close(self) -> None:
        """Let go of the journal, if this is its last user. The objects stay."""
        recorder = self._recorder
        if recorder is not None:
            recorder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _changed(self) -> None:
        self._revision += 1
