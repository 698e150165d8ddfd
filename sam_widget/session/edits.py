"""Editing by hand: the mask on screen or that of an annotation, and which pixels it may take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sam_widget.annotations import Annotation, Candidates
from sam_widget.errors import EditError
from sam_widget.masks import (
    BrushStroke,
    Islands,
    checked_overlap,
    islands_of,
    mask_union,
    resolve_overlap,
    split_along,
    split_islands,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike

    from sam_widget.images import RgbImage
    from sam_widget.masks import Edit, Overlap, Rle
    from sam_widget.session.document import Document
    from sam_widget.session.history import Entry
    from sam_widget.session.predicting import Predicting

__all__ = ["MaskEdits"]


class MaskEdits:
    """Edit masks by hand; each edit is one step of the document's history.

    What the methods do, take and raise is told by those of :class:`~sam_widget.Session`.

    Parameters
    ----------
    document : Document
    predicting : Predicting
        Answers the prompts before the mask on screen is edited.
    overlap : str
        What happens where pixels added to an annotation lie on others.
    """

    def __init__(self, document: Document, predicting: Predicting, overlap: object) -> None:
        self._document = document
        self._predicting = predicting
        self.overlap: Overlap = checked_overlap(overlap)

    def edit(self, edit: Edit, annotation_id: str | None) -> int:
        """Apply an edit to the chosen candidate, or to an annotation."""
        document = self._document
        if annotation_id is not None:
            return document.apply(lambda: self._edit_annotation(edit, annotation_id))
        while True:
            self._predicting.predict()
            version = self._edit_candidate(edit)
            if version is not None:
                return version

    def _edit_candidate(self, edit: Edit) -> int | None:
        """Edit the mask on screen; None if another thread prompted or chose meanwhile."""
        document = self._document
        entry = document.entry
        selected = entry.selected
        if not entry.is_answered:
            return None
        edited = _edited_candidate(entry, selected, edit, document.image)

        def change() -> int | None:
            if entry is not document.entry or selected != entry.selected:
                return None
            if edited is None:
                return document.version
            return document.push(replace(entry, candidates=edited))

        return document.apply(change)

    def _edit_annotation(self, edit: Edit, annotation_id: str) -> int:
        _, annotation = self._document.find(annotation_id)
        edited = edit.apply(annotation.rle)
        others = [found for found in self._document.annotations if found.id != annotation_id]
        after, cut = self.fit(edited, others, annotation)
        if after == annotation.rle:
            return self._document.version
        return self._exchange({**cut, annotation_id: (replace(annotation, rle=after),)})

    def fit(
        self, new: Rle, others: Sequence[Annotation], before: Annotation | None = None
    ) -> tuple[Rle, dict[str, tuple[Annotation, ...]]]:
        """Apply the overlap policy to a mask among other annotations.

        Returns
        -------
        new : Rle
            What the new or edited annotation gets.
        cut : dict of str to tuple of Annotation
            By id, what takes the place of each other annotation that loses pixels.

        Raises
        ------
        EditError
            If nothing would be left of one of them: no annotation vanishes unseen.
        """
        masks = [other.rle for other in others]
        after, cut = resolve_overlap(
            new, masks, self.overlap, None if before is None else before.rle
        )
        if after.area == 0:
            _refuse_to_empty(before, overlapped=new.area > 0)
        gone = [others[at] for at, rle in cut.items() if rle.area == 0]
        if gone:
            raise EditError(
                f"this would leave nothing of {_named(gone)}: with overlap='newest_wins' the new "
                "pixels are taken from older objects. Delete what is no longer wanted first, or "
                "choose another overlap."
            )
        return after, {others[at].id: (replace(others[at], rle=rle),) for at, rle in cut.items()}

    def split(self, annotation_id: str, line: ArrayLike | None) -> int:
        """Split an annotation into its islands, or in two along a line."""

        def change() -> int:
            _, annotation = self._document.find(annotation_id)
            if line is None:
                parts = split_islands(annotation.rle)
                advice = "it is in one piece. Draw a line across it to cut it"
            else:
                parts = split_along(annotation.rle, BrushStroke(line, 1).points)
                advice = "the line does not cut it in two. Draw the line right across it"
            if len(parts) < 2:
                raise EditError(f"{_named([annotation])} cannot be split: {advice}.")
            first = _remade(annotation, parts[0])
            rest = [
                Annotation(rle, annotation.label, annotation.color, visible=annotation.visible)
                for rle in parts[1:]
            ]
            return self._exchange({annotation_id: (first, *rest)})

        return self._document.apply(change)

    def merge(self, ids: Iterable[str], label: str | None) -> int:
        """Merge annotations into one, in the place and colour of the first of them."""
        document = self._document

        def change() -> int:
            # Once each, in the order given.
            wanted = [document.find(identity)[1] for identity in dict.fromkeys(ids)]
            if len(wanted) < 2:
                raise EditError(f"merging takes two objects or more, got {len(wanted)}.")
            labels = (found.label for found in wanted if found.label)
            name = label if label is not None else next(labels, "")
            first = min(wanted, key=lambda found: document.find(found.id)[0])
            result = replace(
                _remade(first, mask_union([found.rle for found in wanted])),
                label=name,
                color=first.color if name == first.label else document.color_for(name),
                visible=any(found.visible for found in wanted),
            )
            document.announce(name)
            gone: dict[str, tuple[Annotation, ...]] = {found.id: () for found in wanted}
            return self._exchange({**gone, first.id: (result,)})

        return document.apply(change)

    def islands(self, annotation_id: str | None) -> Islands:
        """Return the islands and holes of an annotation, or of the mask on screen."""
        with self._document.lock:
            entry = self._document.entry
            candidates, selected = entry.candidates, entry.selected
            found = None if annotation_id is None else self._document.find(annotation_id)[1]
        if found is not None:
            return islands_of(found.rle)
        return Islands((), ()) if candidates is None else islands_of(candidates.rle(selected))

    def _exchange(self, by_id: Mapping[str, tuple[Annotation, ...]]) -> int:
        """Put other annotations in the places of these, as one step."""
        entry = self._document.entry
        items = [new for old in entry.annotations for new in by_id.get(old.id, (old,))]
        return self._document.push(replace(entry, annotations=tuple(items)))


def _refuse_to_empty(annotation: Annotation | None, *, overlapped: bool) -> None:
    if overlapped and annotation is None:
        raise EditError(
            "older objects have all of these pixels, so with overlap='subtract' nothing is "
            "left to accept. Choose another mask, or another overlap."
        )
    what = "the mask" if annotation is None else _named([annotation])
    raise EditError(f"this would leave nothing of {what}. Delete the object instead.")


def _edited_candidate(
    entry: Entry, selected: int, edit: Edit, image: RgbImage
) -> Candidates | None:
    """Return the candidates with the chosen one edited; None if that changes nothing."""
    if entry.failure is not None:
        raise entry.failure
    candidates = entry.candidates or Candidates.drawn(image.height, image.width)
    before = candidates.rle(selected)
    after = edit.apply(before)
    if entry.candidates is None and after.area == 0:
        raise EditError(
            "there is no mask on screen to edit, and this draws none. Place a point or a box, draw "
            "with the brush or a polygon, or say which accepted object is meant by its id."
        )
    return None if after == before else candidates.with_mask(selected, after)


def _remade(annotation: Annotation, rle: Rle) -> Annotation:
    """Return the same object with another mask, which no prompts and no model made."""
    blank = Annotation(rle)
    return replace(
        annotation,
        rle=rle,
        predicted_iou=None,
        stability_score=None,
        prompts=blank.prompts,
        candidate=None,
        model_name="",
        model_digest="",
        recipe=None,
    )


def _named(annotations: Sequence[Annotation]) -> str:
    names = [
        f"{annotation.label or 'an unlabelled object'} ({annotation.id})"
        for annotation in annotations[:3]
    ]
    more = len(annotations) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
