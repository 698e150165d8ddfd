"""A session: one image, the prompts placed on it, the answers, and the objects accepted.

Plain Python, without Jupyter. Everything a person can do is a method here; what it changes is an
entry of one history, so undo is a step back in a list. Gestures are cheap and never compute;
:meth:`Session.predict` does, outside the lock, so that any thread may gesture meanwhile.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from threading import Condition, RLock
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import PALETTE, Annotation, AnnotationStore
from sam_widget.candidates import Candidates
from sam_widget.errors import ModelError, PromptError, StaleGesture
from sam_widget.history import Entry, History
from sam_widget.predictors.base import encode_with
from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sam_widget.embeddings import EmbeddingCache
    from sam_widget.images import RgbImage
    from sam_widget.predictors.base import Embedding, Predictor, Progress

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


class Session:
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
    ) -> None:
        self.image = image
        self._cache = cache
        self.lock = RLock()
        self._changed = Condition(self.lock)
        self._predicting = RLock()
        self._predictor = predictor
        self._embedding: Embedding | None = None
        self._released = False
        self._history = History(Entry(Prompts()))
        self._version = 0 if after is None else after.version + 1
        # Point indices sent by somebody who had seen an older version than this mean nothing.
        self._indices_since = self._version
        revision = 0 if after is None else after.committed.revision + 1
        self._committed = Committed(revision, self._version, since=revision)
        self._labels: tuple[str, ...] = () if after is None else after.labels
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
            return self._entry.decode_ms if self._entry.answer is not None else None

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
        """The accepted objects, oldest first."""
        path = self.image.path
        return AnnotationStore(
            self._entry.annotations,
            width=self.image.width,
            height=self.image.height,
            file_name=path.name if path is not None else "",
        )

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
            return self._push(replace(self._entry.unanswered(), multimask=value))

    def clear(self) -> int:
        """Take all prompts away; nothing happens when there are none."""
        with self.lock:
            if self._entry.prompts.is_empty:
                return self._version
            self._indices_since = self._push(
                Entry(Prompts(), self.multimask, self._entry.annotations)
            )
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
        """
        while True:
            self.predict()
            with self.lock:
                # Another thread may have prompted between the answer and the lock.
                if self._entry.settled:
                    return self._accept(label or "")

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
            coloured = {one.label: one.color for one in reversed(self._entry.annotations)}
            coloured.pop("", None)
            for one in annotations:
                if one.label:
                    coloured.setdefault(one.label, one.color)
            added = tuple(
                replace(one, color=coloured.get(one.label, one.color)) for one in annotations
            )
            for label in dict.fromkeys(one.label for one in added):
                self._announce(label)
            if added:
                self._replace_annotations(len(self._entry.annotations), *added)
            return added

    def _accept(self, label: str) -> Annotation:
        entry = self._entry
        if entry.failure is not None:
            raise entry.failure
        if entry.answer is None:
            raise PromptError("there is nothing to accept. Place a point or a box first.")
        candidates, chosen = entry.answer, entry.selected
        if candidates.areas[chosen] == 0:
            raise PromptError("the chosen mask is empty. Choose another candidate or add a point.")
        model = self._model()
        annotation = Annotation(
            rle=candidates.rle(chosen),
            label=label,
            color=self._color_for(label),
            predicted_iou=float(candidates.scores[chosen]),
            stability_score=candidates.stabilities[chosen],
            prompts=entry.prompts,
            candidate=chosen,
            model_name=model.name,
            model_digest=model.model_digest,
        )
        self._announce(label)
        annotations = (*entry.annotations, annotation)
        self._indices_since = self._push(Entry(Prompts(), entry.multimask, annotations))
        return annotation

    def update_annotation(
        self,
        annotation_id: str,
        *,
        label: str | None = None,
        color: str | None = None,
        visible: bool | None = None,
    ) -> int:
        """Rename, recolour, hide or show an accepted object; None leaves a property as it is."""
        given = {"label": label, "color": color, "visible": visible}
        changes: dict[str, Any] = {name: v for name, v in given.items() if v is not None}
        with self.lock:
            index, annotation = self._find(annotation_id)
            if all(getattr(annotation, name) == value for name, value in changes.items()):
                return self._version
            changed = replace(annotation, **changes)
            self._announce(changed.label)
            return self._replace_annotations(index, changed)

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
                feedback = self._history.feedback()
            prompts = entry.prompts if feedback is None else entry.prompts.with_mask(feedback)
            try:
                self.encode()
                start = time.perf_counter()
                answer = self._decode(prompts, entry.multimask)
                elapsed = (time.perf_counter() - start) * 1e3
            except Exception as error:
                with self.lock:
                    entry.failure = error
                    if entry is self._entry:
                        self._commit()
                raise
            with self.lock:
                entry.answer, entry.feedback = answer, feedback
                entry.selected, entry.decode_ms = answer.best, elapsed
                if entry is not self._entry:
                    return False
                self._commit()
                return True

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
            self._history = History(Entry(Prompts(), None, self._entry.annotations))
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
        self._history.push(entry)
        return self._advance()

    def _move(self, step: int) -> int:
        with self.lock:
            if self._history.move(step):
                self._entry.failure = None
                self._indices_since = self._advance()
            return self._version

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
        entry = self._entry
        items = (*entry.annotations[:index], *new, *entry.annotations[index + 1 :])
        return self._push(replace(entry, annotations=items))

    def _find(self, annotation_id: str) -> tuple[int, Annotation]:
        for index, annotation in enumerate(self._entry.annotations):
            if annotation.id == annotation_id:
                return index, annotation
        raise StaleGesture("That object is no longer there.")

    def _check_indices(self, as_of: int | None) -> None:
        if as_of is not None and as_of < self._indices_since:
            raise StaleGesture("The prompts changed before the edit arrived. Try again.")

    def _announce(self, label: str) -> None:
        if label and label not in self._labels:
            self._labels = (*self._labels, label)

    def _color_for(self, label: str) -> str:
        annotations = self._entry.annotations
        for annotation in annotations:
            if label and annotation.label == label:
                return annotation.color
        used = [annotation.color for annotation in annotations]
        return min(PALETTE, key=used.count)
