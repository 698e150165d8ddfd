"""Choosing annotations by label, figures, size or place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sam_widget.annotations import Annotation

__all__ = ["query"]


def query(
    annotations: Iterable[Annotation],
    where: Callable[[Annotation], bool] | None = None,
    *,
    label: str | None = None,
    visible: bool | None = None,
    min_area: float = 0,
    min_predicted_iou: float | None = None,
    min_stability_score: float | None = None,
    at: tuple[float, float] | None = None,
) -> tuple[Annotation, ...]:
    """Return the objects that fit all that is given, in their order.

    Parameters
    ----------
    where : callable, optional
        Takes an object; says whether it fits.
    label : str, optional
        Exactly this label.
    visible : bool, optional
        Shown, or hidden.
    min_area : float
        Pixels at least.
    min_predicted_iou, min_stability_score : float, optional
        At least this; objects without the figure do not fit.
    at : (x, y), optional
        Pixels of the original image; the mask covers the place.
    """

    def fits(annotation: Annotation) -> bool:
        return (
            (label is None or annotation.label == label)
            and (visible is None or annotation.visible == visible)
            and annotation.area >= min_area
            and _reaches(annotation.predicted_iou, min_predicted_iou)
            and _reaches(annotation.stability_score, min_stability_score)
            and (at is None or _covers(annotation, *at))
            and (where is None or where(annotation))
        )

    return tuple(annotation for annotation in annotations if fits(annotation))


def _reaches(value: float | None, least: float | None) -> bool:
    return least is None or (value is not None and value >= least)


def _covers(annotation: Annotation, x: float, y: float) -> bool:
    left, top, width, height = annotation.bbox_xywh
    inside = left <= x < left + width and top <= y < top + height
    return inside and bool(annotation.mask[int(y), int(x)])
