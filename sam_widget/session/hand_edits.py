"""Every edit of a mask by its name, for whoever has one method that applies an edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from sam_widget.masks import BrushStroke, DropIslands, FillHoles, PolygonEdit, Smooth

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from sam_widget.masks import Edit

__all__ = ["HandEdits"]

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
