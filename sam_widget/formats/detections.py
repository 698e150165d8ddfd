"""Exchange annotations with ``supervision.Detections``.

Kept are masks, labels, ids, colours and scores; not prompts, models and times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import PALETTE, Annotation, ImageAnnotations
from sam_widget.errors import AnnotationError
from sam_widget.formats.reading.field import Field
from sam_widget.masks import Rle

if TYPE_CHECKING:
    from collections.abc import Sequence

    import supervision

__all__ = ["from_detections", "to_detections"]


def to_detections(annotations: ImageAnnotations) -> supervision.Detections:
    """Return the objects as ``supervision.Detections``.

    Parameters
    ----------
    annotations : ImageAnnotations
        Objects of one image. Their masks take N x H x W bytes.

    Returns
    -------
    supervision.Detections
        ``confidence`` is the predicted IoU, NaN where there is none, and None if there is none at
        all; ``class_id`` counts the labels in alphabetical order. ``data`` has ``class_name``,
        ``id``, ``color`` and ``stability_score``.

    Raises
    ------
    ImportError
        If supervision is not installed.
    """
    detections = _supervision().Detections
    items = list(annotations)
    labels = sorted({item.label for item in items})
    class_ids = {label: number for number, label in enumerate(labels)}
    shape = (len(items), annotations.height, annotations.width)
    masks = np.zeros(shape, dtype=np.bool_)
    boxes = np.zeros((len(items), 4), dtype=np.float64)
    for index, item in enumerate(items):
        masks[index] = item.mask
        x, y, width, height = item.bbox_xywh
        boxes[index] = (x, y, x + width, y + height)
    given = any(item.predicted_iou is not None for item in items)
    made: supervision.Detections = detections(
        xyxy=boxes,
        mask=masks,
        confidence=_figures([item.predicted_iou for item in items]) if given else None,
        class_id=np.array([class_ids[item.label] for item in items], dtype=np.int64),
        data={
            "class_name": np.array([item.label for item in items], dtype=np.str_),
            "id": np.array([item.id for item in items], dtype=np.str_),
            "color": np.array([item.color for item in items], dtype=np.str_),
            "stability_score": _figures([item.stability_score for item in items]),
        },
    )
    return made


def _figures(values: list[float | None]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def from_detections(
    detections: supervision.Detections,
    *,
    class_names: Sequence[str] = (),
    file_name: str = "",
    size_wh: tuple[int, int] | None = None,
) -> ImageAnnotations:
    """Make objects of ``supervision.Detections`` that have masks.

    Parameters
    ----------
    detections : supervision.Detections
    class_names : sequence of str
        Names by ``class_id``, where ``data`` has no ``class_name``.
    file_name : str
        Of the image.
    size_wh : (int, int), optional
        Width and height of the image in pixels; only needed where nothing was detected.

    Returns
    -------
    ImageAnnotations

    Raises
    ------
    AnnotationError
        If there are no masks, or a name or number is not as described.
    """
    count = len(detections)
    if count and detections.mask is None:
        raise AnnotationError(
            "these detections are boxes without masks; only masks become objects."
        )
    if not count:
        if size_wh is None:
            raise AnnotationError(
                "nothing was detected, so nothing tells the image's size. Give size_wh="
            )
        return ImageAnnotations(width=size_wh[0], height=size_wh[1], file_name=file_name)
    items = [_annotation(detections, index, class_names) for index in range(count)]
    first = items[0].rle
    return ImageAnnotations(
        tuple(items), width=first.width, height=first.height, file_name=file_name
    )


def _annotation(
    detections: supervision.Detections, index: int, class_names: Sequence[str]
) -> Annotation:
    data: dict[str, Any] = detections.data
    place = f"[{index}]"

    def given(key: str) -> Any:
        return data[key][index] if key in data else None

    number = None if detections.class_id is None else int(detections.class_id[index])
    label = given("class_name")
    if label is None and number is not None:
        label = class_names[number] if 0 <= number < len(class_names) else f"class {number}"
    known: dict[str, Any] = {"color": PALETTE[(number or 0) % len(PALETTE)]}
    for key in ("id", "color"):
        value = given(key)
        if value is not None and str(value):
            known[key] = Field(str(value), f"{place}.{key}", "Detections").text(200)
    confidence = None if detections.confidence is None else detections.confidence[index]
    for key, value in (
        ("predicted_iou", confidence),
        ("stability_score", given("stability_score")),
    ):
        if value is not None and np.isfinite(value):
            known[key] = float(value)
    mask = np.asarray(detections.mask[index], dtype=np.bool_)  # type: ignore[index]
    with Field(None, place, "Detections").named():
        return Annotation(Rle.encode(mask), "" if label is None else str(label), **known)


def _supervision() -> Any:
    try:
        import supervision  # noqa: PLC0415 - only who asks for its Detections needs it
    except ImportError as error:
        raise ImportError("Detections need supervision: pip install supervision") from error
    return supervision
