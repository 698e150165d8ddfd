"""Editing by hand as gestures: what a session and a widget do to masks, under the same names.

The mask is the chosen candidate on screen, or an accepted object. Each edit is one step of the one
history; one that changes nothing is none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from sam_widget.annotations import Annotation, Candidates
from sam_widget.errors import EditError
from sam_widget.masks import (
    BrushStroke,
    DropIslands,
    Edit,
    FillHoles,
    Islands,
    Overlap,
    PolygonEdit,
    Smooth,
    checked_overlap,
    islands_of,
    merged,
    settle,
    split_along,
    split_apart,
)
from sam_widget.session.predicting import Answering

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike

    from sam_widget.images import RgbImage
    from sam_widget.masks import Rle
    from sam_widget.session.history import Entry

__all__ = ["HandEdits", "SessionEdits"]

Result = TypeVar("Result")


class HandEdits(Generic[Result]):
    """Every edit by its name; what it means is for :meth:`edit` to say.

    In all of them ``annotation_id`` is the id of an accepted object; None is the mask on screen.
    """

    def edit(self, edit: Edit, annotation_id: str | None = None) -> Result:
        """Apply an edit to the chosen candidate, or to an accepted object.

        An edited candidate is what is shown and what is accepted; its figures stay those of the
        model. A prompt placed after it asks the model again, with the edited mask to start from.
        Without a candidate a mask is drawn from the beginning; no model predicts anything of it.

        Parameters
        ----------
        edit : Edit
            See :mod:`sam_widget.masks.edits`.
        annotation_id : str, optional
            An accepted object; the mask on screen by default.

        Raises
        ------
        EditError
            If there is no mask on screen and none is drawn, or nothing would be left of the object.
        StaleGesture
            If there is no such object.
        """
        raise NotImplementedError

    def brush(self, points: ArrayLike, radius: float, annotation_id: str | None = None) -> Result:
        """Add what a round brush covers along ``points`` (x, y), in image pixels."""
        return self.edit(BrushStroke(points, radius), annotation_id)

    def erase(self, points: ArrayLike, radius: float, annotation_id: str | None = None) -> Result:
        """Take away what a round eraser covers along ``points`` (x, y), in image pixels."""
        return self.edit(BrushStroke(points, radius, erase=True), annotation_id)

    def add_polygon(self, points: ArrayLike, annotation_id: str | None = None) -> Result:
        """Add the inside of a closed polygon with these vertices (x, y), even-odd rule."""
        return self.edit(PolygonEdit(points), annotation_id)

    def subtract_polygon(self, points: ArrayLike, annotation_id: str | None = None) -> Result:
        """Take away the inside of a closed polygon with these vertices (x, y), even-odd rule."""
        return self.edit(PolygonEdit(points, subtract=True), annotation_id)

    def fill_holes(self, max_area: int | None = None, annotation_id: str | None = None) -> Result:
        """Fill the holes, all of them or those of at most ``max_area`` pixels."""
        return self.edit(FillHoles(max_area), annotation_id)

    def drop_islands(self, min_area: int, annotation_id: str | None = None) -> Result:
        """Drop islands of fewer than ``min_area`` pixels; the largest stays in any case."""
        return self.edit(DropIslands(min_area), annotation_id)

    def smooth(self, radius: int = 2, annotation_id: str | None = None) -> Result:
        """Smooth the border: each pixel goes with the majority of a disc around it."""
        return self.edit(Smooth(radius), annotation_id)


class SessionEdits(HandEdits[int], Answering):
    """The part of :class:`~sam_widget.Session` that edits masks by hand."""

    _overlap: Overlap = "keep"

    @property
    def overlap(self) -> Overlap:
        """What happens where pixels added to an object lie on others: see :data:`Overlap`."""
        return self._overlap

    @overlap.setter
    def overlap(self, policy: object) -> None:
        self._overlap = checked_overlap(policy)

    def edit(self, edit: Edit, annotation_id: str | None = None) -> int:
        """Apply an edit to the chosen candidate, or to an accepted object.

        Parameters and errors as in :meth:`HandEdits.edit`.

        Returns
        -------
        int
            The document's version.
        """
        if annotation_id is not None:
            with self.lock:
                return self._edit_object(edit, annotation_id)
        while True:
            self.predict()
            entry = self._entry
            selected = entry.selected
            if not entry.settled:
                continue  # another thread has prompted since
            edited = _edited_candidate(entry, selected, edit, self.image)
            with self.lock:
                # ... or chosen meanwhile.
                if entry is self._entry and selected == entry.selected:
                    if edited is None:
                        return self._version
                    return self._push(replace(entry, answer=edited))

    def _edit_object(self, edit: Edit, annotation_id: str) -> int:
        _, annotation = self._find(annotation_id)
        edited = edit.apply(annotation.rle)
        others = [one for one in self._entry.annotations if one.id != annotation_id]
        after, cut = self._settled(edited, others, annotation)
        if after == annotation.rle:
            return self._version
        return self._exchange({**cut, annotation_id: (replace(annotation, rle=after),)})

    def _settled(
        self, new: Rle, others: Sequence[Annotation], before: Annotation | None = None
    ) -> tuple[Rle, dict[str, tuple[Annotation, ...]]]:
        """Apply the overlap policy.

        Returns
        -------
        new : Rle
            What the new or edited object gets.
        cut : dict of str to tuple of Annotation
            By id, what takes the place of each other object that loses pixels.

        Raises
        ------
        EditError
            If nothing would be left of one of them: no object vanishes unseen.
        """
        masks = [one.rle for one in others]
        after, cut = settle(new, masks, self._overlap, None if before is None else before.rle)
        if after.area == 0:
            self._refuse_to_empty(before, overlapped=new.area > 0)
        gone = [others[at] for at, rle in cut.items() if rle.area == 0]
        if gone:
            raise EditError(
                f"this would leave nothing of {_named(gone)}: with overlap='newest_wins' the new "
                "pixels are taken from older objects. Delete what is no longer wanted first, or "
                "choose another overlap."
            )
        return after, {others[at].id: (replace(others[at], rle=rle),) for at, rle in cut.items()}

    def _refuse_to_empty(self, annotation: Annotation | None, *, overlapped: bool) -> None:
        if overlapped and annotation is None:
            raise EditError(
                "older objects have all of these pixels, so with overlap='subtract' nothing is "
                "left to accept. Choose another mask, or another overlap."
            )
        what = "the mask" if annotation is None else _named([annotation])
        raise EditError(f"this would leave nothing of {what}. Delete the object instead.")

    def split(self, annotation_id: str, line: ArrayLike | None = None) -> int:
        """Split an accepted object: one object per island, or in two along a line.

        The largest part keeps the id; all keep label and colour. What made the object (prompts,
        predicted IoU) describes none of the parts, and goes.

        Parameters
        ----------
        annotation_id : str
        line : array-like (N, 2), optional
            (x, y) in pixels, N >= 2; it has to run across the object.

        Raises
        ------
        EditError
            If that gives one part only.
        StaleGesture
            If there is no such object.
        """
        with self.lock:
            _, annotation = self._find(annotation_id)
            if line is None:
                parts = split_apart(annotation.rle)
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

    def merge(self, ids: Iterable[str], label: str | None = None) -> int:
        """Merge accepted objects into one, in the place and colour of the first of them.

        Parameters
        ----------
        ids : iterable of str
            Two at least.
        label : str, optional
            By default the label of the first id that has one.

        Raises
        ------
        EditError
            If there are fewer than two.
        StaleGesture
            If one of them is no longer there.
        """
        with self.lock:
            # Once each, in the order given.
            wanted = [self._find(one)[1] for one in dict.fromkeys(ids)]
            if len(wanted) < 2:
                raise EditError(f"merging takes two objects or more, got {len(wanted)}.")
            name = label if label is not None else next((o.label for o in wanted if o.label), "")
            first = min(wanted, key=lambda one: self._find(one.id)[0])
            color = first.color if name == first.label else self._color_for(name)
            whole = merged([one.rle for one in wanted])
            visible = any(one.visible for one in wanted)
            result = replace(_remade(first, whole), label=name, color=color, visible=visible)
            self._announce(name)
            gone: dict[str, tuple[Annotation, ...]] = {one.id: () for one in wanted}
            return self._exchange({**gone, first.id: (result,)})

    def islands(self, annotation_id: str | None = None) -> Islands:
        """Pixels of each island and each hole of an accepted object, or of the mask on screen."""
        with self.lock:
            entry = self._entry
            answer, selected = entry.answer, entry.selected
            object_ = None if annotation_id is None else self._find(annotation_id)[1]
        if object_ is not None:
            return islands_of(object_.rle)
        return Islands((), ()) if answer is None else islands_of(answer.rle(selected))

    def _exchange(self, by_id: Mapping[str, tuple[Annotation, ...]]) -> int:
        """Put other objects in the places of these, as one step."""
        entry = self._entry
        items = [new for one in entry.annotations for new in by_id.get(one.id, (one,))]
        return self._push(replace(entry, annotations=tuple(items)))


def _edited_candidate(
    entry: Entry, selected: int, edit: Edit, image: RgbImage
) -> Candidates | None:
    """Return the answer with its candidate edited; None if that changes nothing."""
    if entry.failure is not None:
        raise entry.failure
    answer = entry.answer or Candidates.drawn(image.height, image.width)
    before = answer.rle(selected)
    after = edit.apply(before)
    if entry.answer is None and after.area == 0:
        raise EditError(
            "there is no mask on screen to edit, and this draws none. Place a point or a box, draw "
            "with the brush or a polygon, or say which accepted object is meant by its id."
        )
    return None if after == before else answer.with_mask(selected, after)


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
    names = [f"{one.label or 'an unlabelled object'} ({one.id})" for one in annotations[:3]]
    more = len(annotations) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")
