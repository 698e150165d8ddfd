"""What gestures change: prompts, objects, labels and the answer on screen, step by step.

Every step is an entry of one history. The objects themselves are the store's, which several
sessions may share. An entry has the change that its step made there; a step back has the store
undo that change, and nobody else's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Condition, RLock
from typing import TYPE_CHECKING

from sam_widget.errors import StaleGesture
from sam_widget.session.history import Entry, History
from sam_widget.store import AnnotationStore, Labels, difference

if TYPE_CHECKING:
    from sam_widget.annotations import Annotation, Candidates
    from sam_widget.images import RgbImage
    from sam_widget.prompts import Prompts

__all__ = ["Committed", "Document"]


@dataclass(frozen=True, eq=False)
class Committed:
    """The answer on screen: an atomic value.

    Attributes
    ----------
    revision : int
        Grows by one with every new answer, and with every other choice among its candidates.
    version : int
        Document version that this answers.
    candidates : Candidates or None
        None when there are no prompts, or when the model failed.
    selected : int
        Index of the chosen candidate.
    since : int
        Revision at which these candidates first came; a choice made before it is stale.
    """

    revision: int = 0
    version: int = 0
    candidates: Candidates | None = None
    selected: int = 0
    since: int = 0


class Document:
    """What a session is about, in steps; parameters as for :class:`~sam_widget.Session`."""

    def __init__(
        self,
        image: RgbImage,
        *,
        after: Document | None = None,
        annotations: AnnotationStore | None = None,
        prompts: Prompts | None = None,
    ) -> None:
        self.image = image
        self._objects = AnnotationStore.of(image) if annotations is None else annotations
        self._author = object()  # whose steps these are, among all who change the store
        self.lock = RLock()
        self._changed = Condition(self.lock)
        self._history, self._seen = History.of(self._objects)
        if prompts is not None and not prompts.is_empty:
            self._step_to(replace(self._entry.unanswered(), prompts=prompts))
        self._version = 0 if after is None else after.version + 1
        # Point indices sent by somebody who had seen an older version than this mean nothing.
        self._indices_since = self._version
        revision = 0 if after is None else after.committed.revision + 1
        answered = self._version - int(not self._entry.settled)
        self._committed = Committed(revision, answered, since=revision)
        before = ((), {}) if after is None else (after.labels, after.label_colors)
        self._labels = Labels(self._objects, *before)
        self.announce_labels(self._objects.labels)
        self.announce_labels(tuple(one.label for one in self._objects.snapshot()))
        self._labels.keep()

    # ---- what there is --------------------------------------------------------------------------

    @property
    def prompts(self) -> Prompts:
        """Prompts of the object being made."""
        return self._entry.prompts

    @property
    def multimask(self) -> bool | None:
        """Three candidates (True), one (False), or by the number of prompts (None)."""
        return self._entry.multimask

    @property
    def version(self) -> int:
        """Grows by one with every applied gesture."""
        return self._version

    @property
    def cursor(self) -> int:
        """Position in the history; 0 is the oldest state kept."""
        return self._history.cursor

    @property
    def history(self) -> tuple[Prompts, ...]:
        """Prompts of every state kept; ``prompts == history[cursor]``."""
        with self.lock:
            return self._history.prompts

    @property
    def committed(self) -> Committed:
        """The newest answer, which may lag behind the prompts; see :attr:`pending`."""
        return self._committed

    @property
    def pending(self) -> bool:
        """Whether the prompts still wait for an answer."""
        with self.lock:
            return self._committed.version < self._version

    @property
    def decode_ms(self) -> float | None:
        """Milliseconds that the answer on screen took the model; None without one."""
        with self.lock:
            decoded = self._entry.answer is not None and not self._entry.prompts.is_empty
            return self._entry.decode_ms if decoded else None

    @property
    def failure(self) -> Exception | None:
        """What went wrong when the current prompts were decoded."""
        return self._entry.failure

    @property
    def annotations(self) -> AnnotationStore:
        """The accepted objects, which may be changed there just as well."""
        return self._objects

    @property
    def reopened(self) -> str | None:
        """Id of the object that accepting replaces; None when it makes a new one."""
        return self._entry.reopened

    # ---- history --------------------------------------------------------------------------------

    def undo(self) -> int:
        """Step back; nothing happens at the beginning."""
        return self._move(-1)

    def redo(self) -> int:
        """Step forward again; nothing happens at the end."""
        return self._move(+1)

    @property
    def can_undo(self) -> bool:
        """Whether :meth:`undo` would change anything."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether :meth:`redo` would change anything."""
        return self._history.can_redo

    def catch_up(self) -> None:
        """Take note of what was done to the objects elsewhere.

        A change made on the store itself becomes a step here, to be undone like any other; one of
        another session stays that session's. If the present step was undone elsewhere, it is undone
        here.
        """
        with self.lock:
            self._catch_up()

    # ---- labels ---------------------------------------------------------------------------------

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels used or announced so far, in order of appearance."""
        return self._labels.names

    @property
    def label_colors(self) -> dict[str, str]:
        """The colour of each label, ``"#rrggbb"``, in order of appearance."""
        with self.lock:
            return self._labels.colors(self._entry.annotations)

    def announce_labels(self, labels: tuple[str, ...]) -> None:
        """Offer labels before they are used."""
        with self.lock:
            for label in labels:
                self._announce(label)

    # ---- inside ---------------------------------------------------------------------------------

    @property
    def _entry(self) -> Entry:
        return self._history.present

    def _push(self, entry: Entry) -> int:
        """Make a step: the objects become what the entry says, seen from the present ones."""
        change = difference(self._entry.annotations, entry.annotations)
        if change is not None:
            self._objects.commit(change, self._author)
        entry.change = change
        self._catch_up()
        self._step_to(entry)
        return self._advance()

    def _step_to(self, entry: Entry) -> None:
        self._entry.annotations = ()
        self._history.push(entry)
        entry.annotations = self._objects.snapshot()

    def _move(self, step: int) -> int:
        with self.lock:
            self._catch_up()
            entry = self._entry if step < 0 else self._history.next
            if entry is None or not (self.can_undo or step > 0):
                return self._version
            change = entry.change
            try:
                if change is not None and step < 0:
                    self._objects.undo_change(change)
                elif change is not None:
                    self._objects.redo_change(change)
            except StaleGesture as error:
                # What somebody else did stays. The step is let go, or it would bar the way.
                entry.change = None
                again = "Undo" if step < 0 else "Redo"
                raise StaleGesture(f"{error} {again} once more to pass over it.") from None
            self._move_cursor(step)
            self._indices_since = self._advance()
            for one in self._entry.annotations:
                self._announce(one.label)
            return self._version

    def _move_cursor(self, step: int) -> None:
        self._entry.annotations = ()
        self._history.move(step)
        self._entry.annotations = self._objects.snapshot()
        self._entry.failure = None

    def _catch_up(self) -> None:
        changes = self._objects.changes(self._seen)
        self._seen = max([self._seen, *(one.serial for one in changes)])
        pushed = moved = False
        for change in changes:
            for _, one in change.after:
                self._labels.meet(one)
            if change.author is None:
                self._step_to(replace(self._entry, change=change))
                pushed = True
        while (done := self._entry.change) is not None and not done.done and self.can_undo:
            self._move_cursor(-1)
            moved = True
        while (entry := self._history.next) and entry.change is not None and entry.change.done:
            self._move_cursor(+1)
            moved = True
        self._entry.annotations = self._objects.snapshot()
        if pushed or moved:
            self._advance()
        if moved:  # to other prompts
            self._indices_since = self._version

    def _advance(self) -> int:
        self._version += 1
        if self._entry.settled:
            self._commit()
        return self._version

    def _commit(self) -> None:
        entry = self._entry
        before = self._committed
        same = entry.answer is before.candidates
        unchanged = same and entry.selected == before.selected
        revision = before.revision if unchanged else before.revision + 1
        since = before.since if same else revision
        self._committed = Committed(revision, self._version, entry.answer, entry.selected, since)
        self._changed.notify_all()

    def _find(self, annotation_id: str) -> tuple[int, Annotation]:
        """Return an object and its place among the present ones."""
        with self.lock:
            self._catch_up()
            index, annotation = self._place(annotation_id)
        if annotation is None:
            raise StaleGesture("That object is no longer there.")
        return index, annotation

    def _place(self, annotation_id: str | None) -> tuple[int, Annotation | None]:
        items = self._entry.annotations
        for index, annotation in enumerate(items):
            if annotation.id == annotation_id:
                return index, annotation
        return len(items), None

    def _announce(self, label: str) -> None:
        self._labels.announce(label, self._entry.annotations)

    def _color_for(self, label: str) -> str:
        """Return the label's colour; for a new one, that which is used least."""
        return self._labels.color_for(label, self._entry.annotations)
