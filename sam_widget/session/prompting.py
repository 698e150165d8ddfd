"""Placing prompts, choosing among the candidates that answer them, and accepting one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sam_widget.annotations import Annotation, Recipe, mask_digest, steps_of
from sam_widget.errors import PromptError, StaleGesture
from sam_widget.session.history import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from sam_widget.annotations import Candidates
    from sam_widget.prompts import Prompts
    from sam_widget.session.document import Document
    from sam_widget.session.edits import MaskEdits
    from sam_widget.session.predicting import Predicting

__all__ = ["Prompting"]


class Prompting:
    """Prompt for the next annotation, and accept it; each gesture is one step of the history.

    What the methods do, take and raise is told by those of :class:`~sam_widget.Session`.

    Parameters
    ----------
    document : Document
    predicting : Predicting
        Answers the prompts.
    edits : MaskEdits
        Has the overlap policy for what is accepted.
    """

    def __init__(self, document: Document, predicting: Predicting, edits: MaskEdits) -> None:
        self._document = document
        self._predicting = predicting
        self._edits = edits

    def change(
        self,
        change: Callable[[Prompts], Prompts],
        *,
        as_of: int | None = None,
        renumbers: bool = False,
    ) -> int:
        """Replace the prompts by what ``change`` makes of them.

        Parameters
        ----------
        change : callable
        as_of : int, optional
            Version that a point's index was seen in.
        renumbers : bool
            Whether indices of points mean something else afterwards.
        """
        document = self._document

        def step() -> int:
            document.check_indices(as_of)
            before = document.entry.prompts
            after = change(before).fitted(document.image.width, document.image.height)
            if after == before:
                return document.version
            entry = replace(document.entry.unanswered(), prompts=after)
            return document.push(entry, renumbers=renumbers)

        return document.apply(step)

    def set_multimask(self, value: bool | None) -> int:
        """Force three candidates, or one, or go by the prompts."""
        document = self._document

        def step() -> int:
            entry = document.entry
            if value is entry.multimask:
                return document.version
            # What was drawn without a prompt is no answer that another number could change.
            drawn = entry.prompts.is_empty
            return document.push(replace(entry if drawn else entry.unanswered(), multimask=value))

        return document.apply(step)

    def clear(self) -> int:
        """Remove all prompts, and what was drawn."""
        document = self._document

        def step() -> int:
            entry = document.entry
            if entry.prompts.is_empty and entry.candidates is None:
                return document.version
            blank = replace(Entry.blank(entry.annotations), multimask=entry.multimask)
            return document.push(blank, renumbers=True)

        return document.apply(step)

    def reopen(self, annotation_id: str) -> int:
        """Bring back the prompts of an annotation, which accepting then replaces."""
        document = self._document

        def step() -> int:
            _, annotation = document.find(annotation_id)
            steps = steps_of(annotation)
            last = steps[-1]
            entry = Entry(
                last.prompts.fitted(document.image.width, document.image.height),
                last.multimask,
                document.annotations,
                reopened=annotation_id,
                steps=steps,
            )
            return document.push(entry, renumbers=True)

        return document.apply(step)

    def choose(self, index: int, as_of: int | None) -> int:
        """Choose a candidate."""
        return self._predicting.when_answered(lambda: self._choose(index, as_of))

    def _choose(self, index: int, as_of: int | None) -> int:
        answer = self._document.answer
        if as_of is not None and as_of < answer.since:
            raise StaleGesture("The candidates changed before the choice arrived. Choose again.")
        count = len(answer.candidates) if answer.candidates is not None else 0
        if not 0 <= index < count:
            choices = f"0 to {count - 1}" if count else "none: place a prompt first"
            raise PromptError(f"there is no candidate {index}. Candidates are {choices}.")
        if index != answer.selected:
            self._document.entry.selected = index
            self._document.commit_answer()
        return self._document.version

    def accept(self, label: str | None) -> Annotation:
        """Keep the chosen candidate as an annotation, and remove the prompts."""
        return self._predicting.when_answered(lambda: self._accept(label))

    def _accept(self, label: str | None) -> Annotation:
        document = self._document
        entry = document.entry
        candidates = _acceptable(entry)
        document.catch_up()
        items = document.annotations
        _, before = document.place(entry.reopened)
        others = [annotation for annotation in items if annotation is not before]
        rle, cut = self._edits.fit(candidates.rle(entry.selected), others, before)
        made = {"rle": rle, **self._origin(entry, candidates)}
        if before is None:
            named = label or ""
            annotation = Annotation(label=named, color=document.color_for(named), **made)
        else:
            if label is not None and label != before.label:
                made |= {"label": label, "color": document.color_for(label)}
            annotation = replace(before, **made)
            cut[before.id] = (annotation,)
        document.announce(annotation.label)
        after = [new for old in items for new in cut.get(old.id, (old,))]
        after += [annotation] if before is None else []
        blank = replace(Entry.blank(tuple(after)), multimask=entry.multimask)
        document.push(blank, renumbers=True)
        return annotation

    def _origin(self, entry: Entry, candidates: Candidates) -> dict[str, Any]:
        """Say what made the chosen candidate: nothing, if it was drawn without any model."""
        if entry.prompts.is_empty:
            return {}
        model = self._predicting.model()
        return {
            "predicted_iou": float(candidates.scores[entry.selected]),
            "stability_score": candidates.stabilities[entry.selected],
            "prompts": entry.prompts,
            "candidate": entry.selected,
            "model_name": model.name,
            "model_digest": model.model_digest,
            "recipe": Recipe(entry.chosen, mask_digest(candidates.made(entry.selected))),
        }


def _acceptable(entry: Entry) -> Candidates:
    """Return the candidates if the chosen one can be accepted."""
    if entry.failure is not None:
        raise entry.failure
    if entry.candidates is None:
        raise PromptError("there is nothing to accept. Place a point or a box first, or draw.")
    if entry.candidates.areas[entry.selected] == 0:
        raise PromptError("the chosen mask is empty. Choose another candidate or add a point.")
    return entry.candidates
