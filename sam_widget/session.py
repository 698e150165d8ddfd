"""A session: one image, the prompts placed on it, the answers, and the objects accepted.

Plain Python, without Jupyter. Everything a person can do is a method here; what it changes is an
entry of one history, so undo is a step back in a list. Gestures are cheap and never compute;
:meth:`Session.predict` does, outside the lock, so that any thread may gesture meanwhile.

The objects themselves are the store's, which several sessions may share. An entry has the change
that its step made there; a step back has the store undo that change, and nobody else's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from threading import Condition, RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import Annotation, AnnotationStore
from sam_widget.candidates import Candidates
from sam_widget.errors import ModelError, PromptError, StaleGesture
from sam_widget.hand_edits import SessionEdits
from sam_widget.history import Entry, History
from sam_widget.ledger import difference
from sam_widget.object_gestures import ObjectGestures
from sam_widget.predictors.base import encode_with
from sam_widget.prompts import Prompts
from sam_widget.recipes import Recipe, follow, mask_digest
from sam_widget.replaying import steps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sam_widget.embeddings import EmbeddingCache
    from sam_widget.images import RgbImage
    from sam_widget.partition import Overlap
    from sam_widget.predictors.base import Embedding, Predictor, Progress
    from sam_widget.recipes import Followed

__all__ = ["Committed", "Session"]


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


class Session(SessionEdits, ObjectGestures):
    """Prompt one image, look at the candidates, accept objects; undo and redo all of it.

    Every gesture returns the document version it made. All methods may be called from any thread.

    Parameters
    ----------
    image : RgbImage
        From :func:`sam_widget.images.load_image`.
    predictor : Predictor, optional
        May come later by :meth:`attach`; until then gestures are taken and :meth:`predict` fails.
    after : Session, optional
        The session this one replaces: its labels are kept, and versions and revisions grow on.
    cache : EmbeddingCache, optional
        Asked before the predictor is, and given what it encodes.
    annotations : AnnotationStore, optional
        Objects of the same image to go on with: their newest changes can be undone here, too. By
        default there are none yet.
    prompts : Prompts, optional
        What had been placed for the next object.
    overlap : str
        ``"keep"``, ``"newest_wins"`` or ``"subtract"``: what happens where a new object lies on
        older ones, see :attr:`overlap`.

    Examples
    --------
    >>> import numpy as np
    >>> from sam_widget import load
    >>> from sam_widget.images import load_image
    >>> session = Session(load_image(np.zeros((60, 80, 3), np.uint8)), load("fake"))
    >>> session.add_point(40, 30)
    1
    >>> session.masks.shape
    (3, 60, 80)
    >>> session.accept("thing").label
    'thing'
    """

    def __init__(
        self,
        image: RgbImage,
        predictor: Predictor | None = None,
        *,
        after: Session | None = None,
        cache: EmbeddingCache | None = None,
        annotations: AnnotationStore | None = None,
        prompts: Prompts | None = None,
        overlap: Overlap = "keep",
    ) -> None:
        self.image = image
        self.overlap = overlap if after is None else after.overlap
        self._objects = AnnotationStore.of(image) if annotations is None else annotations
        self._author = object()  # whose steps these are, among all who change the store
        self._cache = cache
        self.lock = RLock()
        self._changed = Condition(self.lock)
        self._predicting = RLock()
        self._predictor = predictor
        self._embedding: Embedding | None = None
        self._released = False
        self._history, self._seen = History.of(self._objects)
        if prompts is not None and not prompts.is_empty:
            self._step_to(replace(self._entry.unanswered(), prompts=prompts))
        self._version = 0 if after is None else after.version + 1
        # Point indices sent by somebody who had seen an older version than this mean nothing.
        self._indices_since = self._version
        revision = 0 if after is None else after.committed.revision + 1
        answered = self._version - int(not self._entry.settled)
        self._committed = Committed(revision, answered, since=revision)
        self._labels = () if after is None else after.labels
        self._label_colors = {
            **({} if after is None else after.label_colors),
            **self._objects.label_colors,
        }
        self.announce_labels(self._objects.labels)
        self.announce_labels(tuple(one.label for one in self._objects.snapshot()))
        self._keep_labels()
        self.encode_ms: float | None = None

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
    def labels(self) -> tuple[str, ...]:
        """Labels used or announced so far, in order of appearance."""
        return self._labels

    @property
    def annotations(self) -> AnnotationStore:
        """The accepted objects, which may be changed there just as well."""
        return self._objects

    @property
    def reopened(self) -> str | None:
        """Id of the object that accepting replaces; None when it makes a new one."""
        return self._entry.reopened

    @property
    def masks(self) -> NDArray[np.bool_]:
        """Candidates, bool (N, H, W), subpart to whole; decodes first if need be."""
        self.predict()
        candidates = self._committed.candidates
        if candidates is None:
            return np.zeros((0, self.image.height, self.image.width), dtype=np.bool_)
        return candidates.masks()

    # ---- prompts --------------------------------------------------------------------------------

    def add_point(self, x: float, y: float, positive: bool = True) -> int:
        """Include (or exclude) what is at (x, y), in pixels of the original image."""
        return self._prompt(lambda prompts: prompts.with_point(x, y, positive))

    def move_point(self, index: int, x: float, y: float, *, as_of: int | None = None) -> int:
        """Move point ``index`` to (x, y).

        Parameters
        ----------
        index : int
            Position in ``prompts.points``.
        x, y : float
            Pixels of the original image.
        as_of : int, optional
            Version that the caller had seen; a stale index is refused.

        Raises
        ------
        StaleGesture
            If points were removed or replaced since ``as_of``.
        PromptError
            If there is no such point, or (x, y) is outside the image.
        """
        with self.lock:
            self._check_indices(as_of)
            return self._prompt(lambda prompts: prompts.move_point(index, x, y))

    def remove_point(self, index: int, *, as_of: int | None = None) -> int:
        """Remove point ``index``; parameters and errors as for :meth:`move_point`."""
        with self.lock:
            self._check_indices(as_of)
            self._indices_since = self._prompt(lambda prompts: prompts.without_point(index))
            return self._version

    def set_box(self, x0: float, y0: float, x1: float, y1: float) -> int:
        """Set the box, in pixels of the original image; it is clipped to the image."""
        return self._prompt(lambda prompts: prompts.with_box(x0, y0, x1, y1))

    def remove_box(self) -> int:
        """Remove the box, if there is one."""
        return self._prompt(lambda prompts: prompts.without_box())

    def set_mask(self, mask: NDArray[Any] | Annotation) -> int:
        """Prompt with a mask: bool (H, W), logits float32 (1, 256, 256), or an accepted object."""
        value = mask.mask if isinstance(mask, Annotation) else mask
        return self._prompt(lambda prompts: prompts.with_mask(value))

    def set_mask_from(self, annotation_id: str) -> int:
        """Prompt with the mask of an accepted object."""
        return self.set_mask(self._find(annotation_id)[1])

    def remove_mask(self) -> int:
        """Remove the mask prompt, if there is one."""
        return self._prompt(lambda prompts: prompts.with_mask(None))

    def set_multimask(self, value: bool | None) -> int:
        """Force three candidates (True) or one (False); None goes by the number of prompts."""
        with self.lock:
            if value is self._entry.multimask:
                return self._version
            # What was drawn without a prompt is no answer that another number could change.
            drawn = self._entry.prompts.is_empty
            entry = self._entry if drawn else self._entry.unanswered()
            return self._push(replace(entry, multimask=value))

    def clear(self) -> int:
        """Take all prompts away, and what was drawn; nothing happens when there is neither."""
        with self.lock:
            if self._entry.prompts.is_empty and self._entry.answer is None:
                return self._version
            self._indices_since = self._push(
                Entry(Prompts(), self.multimask, self._entry.annotations)
            )
            return self._version

    def reopen(self, annotation_id: str) -> int:
        """Take an object up again: its prompts come back, and accepting replaces it.

        The clicks that made it are decoded again one after the other, so that what is shown is the
        same mask (with the same model), and a further click refines it as it would have then. An
        object that was edited by hand or came from elsewhere comes back with its mask as a prompt.
        """
        with self.lock:
            _, annotation = self._find(annotation_id)
            steps = steps_of(annotation)
            entry = Entry(
                steps[-1].prompts.fitted(self.image.width, self.image.height),
                steps[-1].multimask,
                self._entry.annotations,
                reopened=annotation_id,
                steps=steps,
            )
            self._indices_since = self._push(entry)
            return self._version

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

    # ---- candidates and objects -----------------------------------------------------------------

    def choose(self, index: int, *, as_of: int | None = None) -> int:
        """Choose a candidate, 0 the smallest. It is what is refined next, and what is accepted.

        Parameters
        ----------
        index : int
            0 .. N - 1, subpart to whole.
        as_of : int, optional
            Revision of the answer that the caller had seen.

        Raises
        ------
        PromptError
            If there is no such candidate.
        StaleGesture
            If the candidates changed since ``as_of``.
        """
        while True:
            self.predict()
            with self.lock:
                # Another thread may have prompted between the answer and the lock.
                if self._entry.settled:
                    return self._choose(index, as_of)

    def _choose(self, index: int, as_of: int | None) -> int:
        committed = self._committed
        if as_of is not None and as_of < committed.since:
            raise StaleGesture("The candidates changed before the choice arrived. Choose again.")
        count = len(committed.candidates) if committed.candidates is not None else 0
        if not 0 <= index < count:
            choices = f"0 to {count - 1}" if count else "none: place a prompt first"
            raise PromptError(f"there is no candidate {index}. Candidates are {choices}.")
        if index != committed.selected:
            self._entry.selected = index
            self._commit()
        return self._version

    def accept(self, label: str | None = None) -> Annotation:
        """Keep the chosen candidate as an object, take the prompts away, start the next object.

        An object that was reopened is replaced: it keeps its id, and its label if none is given.

        Parameters
        ----------
        label : str, optional
            Class name; none by default.

        Returns
        -------
        Annotation

        Raises
        ------
        PromptError
            If there is no candidate, or the chosen mask is empty.
        EditError
            If the overlap policy would leave nothing of it, or of another object.
        """
        while True:
            self.predict()
            with self.lock:
                # Another thread may have prompted between the answer and the lock.
                if self._entry.settled:
                    return self._accept(label)

    def add_annotations(self, annotations: Sequence[Annotation]) -> tuple[Annotation, ...]:
        """Add objects that were made elsewhere, as one step that undo takes back.

        Parameters
        ----------
        annotations : sequence of Annotation
            Of this image's size. One whose label is known takes the colour of that label.

        Returns
        -------
        tuple of Annotation
            As they were added.
        """
        with self.lock:
            self._catch_up()
            coloured = self.label_colors
            for one in annotations:
                if one.label:
                    coloured.setdefault(one.label, one.color)
            added = tuple(
                replace(one, color=coloured.get(one.label, one.color)) for one in annotations
            )
            for label in dict.fromkeys(one.label for one in added if one.label):
                self._label_colors.setdefault(label, coloured[label])
                self._announce(label)
            if added:
                self._replace_annotations(len(self._entry.annotations), *added)
            return added

    def _accept(self, label: str | None) -> Annotation:
        entry = self._entry
        if entry.failure is not None:
            raise entry.failure
        if entry.answer is None:
            raise PromptError("there is nothing to accept. Place a point or a box first, or draw.")
        candidates, chosen = entry.answer, entry.selected
        if candidates.areas[chosen] == 0:
            raise PromptError("the chosen mask is empty. Choose another candidate or add a point.")
        self._catch_up()
        items = self._entry.annotations
        _, before = self._place(entry.reopened)
        others = [one for one in items if one is not before]
        rle, cut = self._settled(candidates.rle(chosen), others, before)
        made = {"rle": rle, **self._origin(entry)}
        if before is None:
            named = label or ""
            annotation = Annotation(label=named, color=self._color_for(named), **made)
        else:
            if label is not None and label != before.label:
                made |= {"label": label, "color": self._color_for(label)}
            annotation = replace(before, **made)
            cut[before.id] = (annotation,)
        self._announce(annotation.label)
        after = [new for one in items for new in cut.get(one.id, (one,))]
        after += [annotation] if before is None else []
        self._indices_since = self._push(Entry(Prompts(), entry.multimask, tuple(after)))
        return annotation

    def _origin(self, entry: Entry) -> dict[str, Any]:
        """Say what made the chosen candidate: nothing, if it was drawn without any model."""
        candidates, chosen = entry.answer, entry.selected
        if candidates is None or entry.prompts.is_empty:
            return {}
        model = self._model()
        return {
            "predicted_iou": float(candidates.scores[chosen]),
            "stability_score": candidates.stabilities[chosen],
            "prompts": entry.prompts,
            "candidate": chosen,
            "model_name": model.name,
            "model_digest": model.model_digest,
            "recipe": Recipe(entry.chosen, mask_digest(candidates.made(chosen))),
        }

    def update_annotation(
        self,
        annotation_id: str,
        *,
        label: str | None = None,
        color: str | None = None,
        visible: bool | None = None,
    ) -> int:
        """Rename, recolour, hide or show an accepted object; None leaves a property as it is."""
        with self.lock:
            self._find(annotation_id)
            return self.update_annotations(
                [annotation_id], label=label, color=color, visible=visible
            )

    def remove_annotation(self, annotation_id: str) -> int:
        """Delete an accepted object."""
        with self.lock:
            index, _ = self._find(annotation_id)
            return self._replace_annotations(index)

    def announce_labels(self, labels: tuple[str, ...]) -> None:
        """Offer labels before they are used."""
        with self.lock:
            for label in labels:
                self._announce(label)

    # ---- computing ------------------------------------------------------------------------------

    @property
    def embedding(self) -> Embedding | None:
        """The encoded image, once it is there."""
        return self._embedding

    def attach(self, predictor: Predictor) -> None:
        """Hand over the predictor once it is loaded."""
        self._predictor = predictor

    def encode(self, progress: Progress | None = None) -> None:
        """Encode the image if that has not happened; the slow part, once per image.

        Parameters
        ----------
        progress : callable, optional
            Told the share that is done, in [0, 1]; what it raises ends the work and comes out here.
        """
        with self._predicting:
            if self._embedding is not None:
                return
            start = time.perf_counter()
            encode = encode_with if self._cache is None else self._cache.get_or_encode
            embedding = encode(self._model(), self.image, progress)
            with self.lock:
                if not self._released:
                    self._embedding = embedding
                    self.encode_ms = (time.perf_counter() - start) * 1e3

    def predict(self) -> bool:
        """Answer the current prompts, unless they are answered.

        Decoding holds no lock that a gesture needs; an answer overtaken by newer prompts is kept
        with its entry for undo, and not committed.

        Returns
        -------
        bool
            Whether an answer was committed.

        Raises
        ------
        SamWidgetError
            Whatever the model raised; the prompts stay, and the next gesture starts afresh.
        """
        with self._predicting:
            with self.lock:
                entry = self._entry
                if entry.settled:
                    return False
                feedback, chain = self._history.feedback()
            try:
                self.encode()
                start = time.perf_counter()
                if entry.steps:
                    followed = follow(self._decode, entry.steps)
                    answer, selected = self._as_it_was(entry.reopened, followed), followed.selected
                    feedback, chain = followed.feedback, entry.steps[:-1]
                else:
                    if feedback is None and chain:  # a click overtook the reopened object
                        feedback = follow(self._decode, chain).logits
                    fed = feedback is not None
                    prompts = entry.prompts.with_mask(feedback) if fed else entry.prompts
                    answer = self._decode(prompts, entry.multimask)
                    selected = answer.best
                elapsed = (time.perf_counter() - start) * 1e3
            except Exception as error:
                with self.lock:
                    entry.failure = error
                    if entry is self._entry:
                        self._commit()
                raise
            with self.lock:
                entry.answer, entry.feedback, entry.chain = answer, feedback, chain
                entry.selected, entry.decode_ms = selected, elapsed
                if entry is not self._entry:
                    return False
                self._commit()
                return True

    def _as_it_was(self, reopened: str | None, followed: Followed) -> Candidates:
        """Put a reopened object's own mask in the place of what its steps lead to.

        It is another one if the object was edited by hand, or made by another model.
        """
        with self.lock:
            _, annotation = self._place(reopened)
        if annotation is None or annotation.rle == followed.rle:
            return followed.candidates
        return followed.candidates.with_mask(followed.selected, annotation.rle)

    def preview(self, x: float, y: float) -> tuple[Candidates, int] | None:
        """Candidates for a lone point, of which nothing is kept; None once there are prompts."""
        if not self.prompts.is_empty or self._embedding is None:
            return None
        candidates = self._decode(Prompts(points=[(x, y)]), None)
        return candidates, candidates.best

    def wait(self, version: int, timeout: float | None = None) -> bool:
        """Block until some other thread has committed an answer to ``version`` or newer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._committed.version >= version, timeout)

    def fail(self, error: Exception) -> None:
        """Answer the current prompts with a failure: there is no model to ask."""
        with self.lock:
            self._entry.failure = error
            self._commit()

    def release(self) -> None:
        """Let go of the embedding and the history's logits, and of everybody who waits."""
        with self.lock:
            self._released = True
            self._embedding = None
            self._history = History(Entry(Prompts(), None, self._objects.snapshot()))
            self._advance()

    # ---- inside ---------------------------------------------------------------------------------

    @property
    def _entry(self) -> Entry:
        return self._history.present

    def _model(self) -> Predictor:
        if self._predictor is None:
            raise ModelError("no model is attached yet. Wait until the widget is ready.")
        return self._predictor

    def _decode(self, prompts: Prompts, multimask: bool | None) -> Candidates:
        embedding = self._embedding
        if embedding is None:
            raise ModelError("the image is not encoded yet. Wait until the widget is ready.")
        return Candidates.of(self._model().decode(embedding, prompts, multimask))

    def _prompt(self, change: Callable[[Prompts], Prompts]) -> int:
        with self.lock:
            before = self._entry.prompts
            after = change(before).fitted(self.image.width, self.image.height)
            if after == before:
                return self._version
            return self._push(replace(self._entry.unanswered(), prompts=after))

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

    def catch_up(self) -> None:
        """Take note of what was done to the objects elsewhere.

        A change made on the store itself becomes a step here, to be undone like any other; one of
        another session stays that session's. If the present step was undone elsewhere, it is undone
        here.
        """
        with self.lock:
            self._catch_up()

    def _catch_up(self) -> None:
        changes = self._objects.changes(self._seen)
        self._seen = max([self._seen, *(one.serial for one in changes)])
        pushed = moved = False
        for change in changes:
            for _, one in change.after:
                if one.label:
                    self._label_colors.setdefault(one.label, one.color)
                    self._labels = tuple(dict.fromkeys([*self._labels, one.label]))
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

    def _replace_annotations(self, index: int, *new: Annotation) -> int:
        """Put objects, or none, in the place of one, as one step; the lock is held."""
        entry = self._entry
        items = (*entry.annotations[:index], *new, *entry.annotations[index + 1 :])
        return self._push(replace(entry, annotations=items))

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

    def _check_indices(self, as_of: int | None) -> None:
        if as_of is not None and as_of < self._indices_since:
            raise StaleGesture("The prompts changed before the edit arrived. Try again.")

    def _announce(self, label: str) -> None:
        if label and label not in self._labels:
            self._label_colors.setdefault(label, self._color_for(label))
            self._labels = (*self._labels, label)
            self._keep_labels()

    def _keep_labels(self) -> None:
        """Have the labels in the store, and so in its journal."""
        if self._labels or self._objects.labels:
            self._objects.keep("labels", list(self._labels))
            self._objects.keep("label_colors", dict(self._label_colors))
