"""The state that gestures change, step by step: prompts, annotations, labels, the answer on screen.

Every step is an entry of one history. The annotations themselves belong to the store, which several
sessions may share. An entry knows the change that its step made there; undo has the store take back
that change, and nobody else's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import Condition, RLock
from typing import TYPE_CHECKING, TypeVar

from sam_widget.errors import StaleGesture
from sam_widget.session.history import Entry, History
from sam_widget.store import AnnotationStore, Labels, difference

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from sam_widget.annotations import Annotation, Candidates
    from sam_widget.images import RgbImage
    from sam_widget.prompts import Prompts
    from sam_widget.store import Change

__all__ = ["Answer", "Document"]

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Answer:
    """The candidates on screen, and which state of the document they answer: an atomic value.

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
    decoded : list
        The masks at full size, once somebody has asked for them; shared by answers with the same
        candidates.
    """

    revision: int = 0
    version: int = 0
    candidates: Candidates | None = None
    selected: int = 0
    since: int = 0
    decoded: list[NDArray[np.bool_]] = field(default_factory=list, repr=False)

    def masks(self) -> NDArray[np.bool_] | None:
        """Return the candidates' masks, bool (N, H, W), read-only; None without candidates."""
        if self.candidates is None:
            return None
        if not self.decoded:
            masks = self.candidates.masks()
            masks.flags.writeable = False
            self.decoded.append(masks)
        return self.decoded[0]


class Document:
    """The history of one image's prompts and annotations.

    Its methods are for the other parts of a session. Those that change something are called within
    :meth:`apply`, which holds the lock and takes the store's road to disk.

    Parameters
    ----------
    image : RgbImage
    after : Document, optional
        The document this one replaces: labels are kept, versions and revisions grow on.
    store : AnnotationStore, optional
        Annotations of the same image to go on with; none by default.
    prompts : Prompts, optional
        What had been placed for the next annotation.
    """

    def __init__(
        self,
        image: RgbImage,
        *,
        after: Document | None = None,
        store: AnnotationStore | None = None,
        prompts: Prompts | None = None,
    ) -> None:
        self.image = image
        self.store = AnnotationStore.of(image) if store is None else store
        self.author = object()  # whose steps these are, among all who change the store
        self.lock = RLock()
        self.answered = Condition(self.lock)
        self._listeners: tuple[Callable[[], object], ...] = ()
        self._history, self._seen = History.of(self.store)
        if prompts is not None and not prompts.is_empty:
            self._step_to(replace(self.entry.unanswered(), prompts=prompts))
        self.version: int = 0 if after is None else after.version + 1
        self._indices_since = self.version
        self.answer: Answer
        revision = 0 if after is None else after.answer.revision + 1
        answered = self.version - int(not self.entry.is_answered)
        self.answer = Answer(revision, answered, since=revision)
        self.labels: Labels = Labels(self.store)
        if after is not None:
            known = after.labels
            self.labels = Labels(self.store, known.names, after.label_colors, known.given)
        for label in self.store.labels:
            self.labels.offer(label, self.annotations)
        self._end_subscription = self.store.transactions.subscribe(self.tell, weakly=True)

    # ---- the road -------------------------------------------------------------------------------

    def apply(self, change: Callable[[], T]) -> T:
        """Make a change under the lock, bring it to disk, tell the listeners, return its answer.

        What it does to annotations and labels is saved together, or not at all.
        """

        def locked() -> T:
            with self.lock, self.store.transactions.as_one():
                return change()

        return self.store.transactions.apply(locked, self.tell)

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener`` after every change, once it is on disk; the result ends it."""
        with self.lock:
            self._listeners = (*self._listeners, listener)

        def end() -> None:
            with self.lock:
                self._listeners = tuple(known for known in self._listeners if known != listener)

        return end

    def tell(self) -> None:
        """Call the listeners; no lock is held."""
        for listener in self._listeners:
            listener()

    # ---- what there is --------------------------------------------------------------------------

    @property
    def entry(self) -> Entry:
        """The present state."""
        return self._history.present

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """The annotations of the present state."""
        return self.entry.annotations

    @property
    def history(self) -> History:
        """All states kept, and which of them is the present one."""
        return self._history

    @property
    def pending(self) -> bool:
        """Whether the prompts still wait for an answer."""
        with self.lock:
            return self.answer.version < self.version

    @property
    def label_colors(self) -> dict[str, str]:
        """The colour of each label, ``"#rrggbb"``, in order of appearance."""
        with self.lock:
            return self.labels.colors(self.annotations)

    def check_indices(self, as_of: int | None) -> None:
        """Refuse a point's index that was seen in a version with other points; None is not."""
        if as_of is not None and as_of < self._indices_since:
            raise StaleGesture("The prompts changed before the edit arrived. Try again.")

    def find(self, annotation_id: str) -> tuple[int, Annotation]:
        """Return an annotation and its place; StaleGesture if there is none of this id."""
        with self.lock:
            self.catch_up()
            index, annotation = self.place(annotation_id)
        if annotation is None:
            raise StaleGesture("That object is no longer there.")
        return index, annotation

    def place(self, annotation_id: str | None) -> tuple[int, Annotation | None]:
        """Return an annotation of the present state and its place, or the end and None."""
        for index, annotation in enumerate(self.annotations):
            if annotation.id == annotation_id:
                return index, annotation
        return len(self.annotations), None

    # ---- steps: within apply() ------------------------------------------------------------------

    def push(self, entry: Entry, *, renumbers: bool = False) -> int:
        """Make a step: the annotations become what the entry says, seen from the present ones.

        Parameters
        ----------
        entry : Entry
        renumbers : bool
            Whether indices of points mean something else from now on.

        Returns
        -------
        int
            The new version.
        """
        change = difference(self.annotations, entry.annotations)
        if change is not None:
            self.store.transactions.commit(change, self.author)
        entry.change = change
        self.catch_up()
        self._step_to(entry)
        version = self._advance()
        if renumbers:
            self._indices_since = version
        return version

    def move(self, step: int) -> int:
        """Step back (-1) or forward (+1) in the history; nothing happens at its ends."""
        self.catch_up()
        entry = self.entry if step < 0 else self._history.next
        if entry is None or not (self._history.can_undo or step > 0):
            return self.version
        if entry.change is not None:
            self._move_change(entry, entry.change, step)
        self._move_cursor(step)
        self._indices_since = self._advance()
        for annotation in self.annotations:
            self.announce(annotation.label)
        return self.version

    def _move_change(self, entry: Entry, change: Change, step: int) -> None:
        try:
            if step < 0:
                self.store.transactions.undo(change)
            else:
                self.store.transactions.redo(change)
        except StaleGesture as error:
            # What somebody else did stays. The step is let go, or it would bar the way.
            entry.change = None
            again = "Undo" if step < 0 else "Redo"
            raise StaleGesture(f"{error} {again} once more to pass over it.") from None

    def announce(self, label: str) -> None:
        """Offer a label from now on, in its colour."""
        self.labels.announce(label, self.annotations)

    def color_for(self, label: str) -> str:
        """Return the label's colour; for a new one, that which is used least."""
        return self.labels.color_for(label, self.annotations)

    # ---- under the lock -------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Follow what was done to the annotations elsewhere.

        A change made on the store itself becomes a step here, to be undone like any other; a change
        of another session stays that session's. If the present step was undone elsewhere, it is
        undone here.
        """
        with self.lock:
            changes = self.store.transactions.changes(self._seen)
            self._seen = max([self._seen, *(change.serial for change in changes)])
            pushed = moved = False
            for change in changes:
                for _, annotation in change.after:
                    self.labels.meet(annotation)
                if change.author is None:
                    self._step_to(replace(self.entry, change=change))
                    pushed = True
            history = self._history
            while history.present.is_undone and history.can_undo:
                self._move_cursor(-1)
                moved = True
            while (entry := history.next) and entry.change is not None and entry.change.done:
                self._move_cursor(+1)
                moved = True
            self.entry.annotations = self.store.snapshot()
            if pushed or moved:
                self._advance()
            if moved:  # to other prompts
                self._indices_since = self.version

    def commit_answer(self) -> None:
        """Publish the answer of the present entry, or its failure, as :attr:`answer`."""
        entry, before = self.entry, self.answer
        same = entry.candidates is before.candidates
        unchanged = same and entry.selected == before.selected
        revision = before.revision if unchanged else before.revision + 1
        since = before.since if same else revision
        self.answer = Answer(
            revision,
            self.version,
            entry.candidates,
            entry.selected,
            since,
            before.decoded if same else [],
        )
        self.answered.notify_all()

    def close(self) -> None:
        """Forget the history with its logits, and release everybody who waits for an answer."""
        self._end_subscription()
        with self.lock:
            self._history = History(Entry.blank(self.store.snapshot()))
            self._advance()

    def _step_to(self, entry: Entry) -> None:
        self.entry.annotations = ()
        self._history.push(entry)
        entry.annotations = self.store.snapshot()

    def _move_cursor(self, step: int) -> None:
        self.entry.annotations = ()
        self._history.move(step)
        self.entry.annotations = self.store.snapshot()
        self.entry.failure = None

    def _advance(self) -> int:
        self.version += 1
        if self.entry.is_answered:
            self.commit_answer()
        return self.version
