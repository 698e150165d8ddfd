"""A session: one image, the prompts placed on it, the answers, and the objects accepted.

Plain Python, without Jupyter. Everything a person can do is a method here; what it changes is an
entry of one history, so undo is a step back in a list. Gestures are cheap and never compute;
:meth:`Session.predict` does, outside the lock, so that any thread may gesture meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sam_widget.annotations import Annotation, Recipe, mask_digest, steps_of
from sam_widget.errors import PromptError, StaleGesture
from sam_widget.prompts import Prompts
from sam_widget.session.edits import SessionEdits
from sam_widget.session.history import Entry
from sam_widget.session.objects import ObjectGestures

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sam_widget.embeddings import EmbeddingCache
    from sam_widget.images import RgbImage
    from sam_widget.masks import Overlap
    from sam_widget.predictors import Predictor
    from sam_widget.store import AnnotationStore

__all__ = ["Session"]


class Session(SessionEdits, ObjectGestures):
    """Prompt one image, look at the candidates, accept objects; undo and redo all of it.

    Every gesture returns the document version it made. All methods may be called from any thread.

    Parameters
    ----------
    image : RgbImage
        From :func:`sam_widget.load_image`.
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
    >>> from sam_widget.images.image import load_image
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
        self.overlap = overlap if after is None else after.overlap
        super().__init__(
            image, predictor, after=after, cache=cache, annotations=annotations, prompts=prompts
        )

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
        """Prompt with a mask: bool (H, W), logits float32 (1, S, S), or an accepted object."""
        value = mask.rle if isinstance(mask, Annotation) else mask
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

    def _prompt(self, change: Callable[[Prompts], Prompts]) -> int:
        with self.lock:
            before = self._entry.prompts
            after = change(before).fitted(self.image.width, self.image.height)
            if after == before:
                return self._version
            return self._push(replace(self._entry.unanswered(), prompts=after))

    def _check_indices(self, as_of: int | None) -> None:
        if as_of is not None and as_of < self._indices_since:
            raise StaleGesture("The prompts changed before the edit arrived. Try again.")

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
