"""Writing Labelme files."""

from __future__ import annotations

import base64
import io
import itertools
import json
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from sam_widget.formats import own_fields
from sam_widget.formats.labelme.layout import NAME, UNLABELLED, label_text, name_of
from sam_widget.formats.loss_warnings import warn_once
from sam_widget.masks import trace_polygons
from sam_widget.storage import write_atomically

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from sam_widget.annotations import Annotation, ImageAnnotations

__all__ = ["save", "to_dict"]

VERSION = "5.5.0"
"""Of the file's layout."""


def to_dict(annotations: ImageAnnotations, *, masks: bool = False) -> dict[str, Any]:
    """Lay the objects out as Labelme does.

    Parameters
    ----------
    annotations : ImageAnnotations
        Objects of one image.
    masks : bool
        Mask shapes instead of polygons.

    Returns
    -------
    dict
        Without the image itself: Labelme opens ``imagePath`` beside the file. Objects with an
        empty mask have no shape.
    """
    source = annotations.extra.get(NAME, {})
    shapes: list[dict[str, Any]] = []
    groups = {item.extra.get(NAME, {}).get("group_id") for item in annotations}
    numbers = (number for number in itertools.count(1) if number not in groups)
    for annotation in annotations:
        if not annotation.area:
            warn_once("labelme empty", "Labelme has no shape for an empty mask; it is left out.")
            continue
        parts = [_mask_shape(annotation)] if masks else _polygon_shapes(annotation)
        known = annotation.extra.get(NAME, {})
        group = known.get("group_id")
        if group is None and len(parts) > 1:
            group = next(numbers)
        for index, part in enumerate(parts):
            shapes.append(
                {
                    "description": "",
                    "flags": {},
                    **known.get("shape", {}),
                    "label": _written_label(annotation),
                    "group_id": group,
                    **part,
                }
            )
            if index == 0:
                shapes[-1][own_fields.KEY] = {
                    **own_fields.to_json(annotation),
                    "predicted_iou": own_fields.finite_or_none(annotation.predicted_iou),
                    "stability_score": own_fields.finite_or_none(annotation.stability_score),
                    "unlabelled": not annotation.label,
                }
    path = source.get("imagePath", "")
    return {
        "version": VERSION,
        "flags": {},
        **source.get("document", {}),
        "shapes": shapes + source.get("left_out", []),
        # The file's own path, with folders, as long as it is the same picture.
        "imagePath": path if name_of(path) == annotations.file_name else annotations.file_name,
        "imageData": None,
        "imageHeight": annotations.height,
        "imageWidth": annotations.width,
    }


def _written_label(annotation: Annotation) -> Any:
    """Return the label as the file had it, a number or null, as long as it is the same."""
    known = annotation.extra.get(NAME, {})
    if "label" in known and label_text(known["label"]) == annotation.label:
        return known["label"]
    return annotation.label or UNLABELLED


def _polygon_shapes(annotation: Annotation) -> list[dict[str, Any]]:
    return [
        {"points": _at_least_three(ring).tolist(), "shape_type": "polygon", "mask": None}
        for ring in trace_polygons(annotation.rle, "centres")
    ]


def _at_least_three(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Repeat the last point of a part of one or two pixels."""
    return np.concatenate([ring, np.repeat(ring[-1:], max(0, 3 - len(ring)), axis=0)])


def _mask_shape(annotation: Annotation) -> dict[str, Any]:
    left, top, width, height = annotation.rle.bbox_xywh
    crop = annotation.rle.decode()[top : top + height, left : left + width]
    file = io.BytesIO()
    Image.fromarray(crop.astype(np.uint8) * 255).save(file, "PNG")
    return {
        # Labelme's last row and column belong to the mask.
        "points": [[left, top], [left + width - 1, top + height - 1]],
        "shape_type": "mask",
        "mask": base64.b64encode(file.getvalue()).decode("ascii"),
    }


def save(
    annotations: ImageAnnotations, path: str | os.PathLike[str], *, masks: bool = False
) -> None:
    """Write a Labelme file; readers see the old file or the whole new one.

    Parameters
    ----------
    annotations : ImageAnnotations
        Objects of one image.
    path : path
        The folder must exist; Labelme wants the image there too.
    masks : bool
        Mask shapes, which lose nothing, instead of polygons, which Labelme can edit. What
        polygons lose is warned of once.
    """
    if not masks:
        warn_once(
            "labelme polygons",
            "Labelme polygons have no holes: they are joined to the outline by bridges, drawn "
            "alike by Labelme's own code. Tools that smooth or simplify polygons may close them. "
            "masks=True writes masks as they are.",
        )
    text = json.dumps(to_dict(annotations, masks=masks), allow_nan=False, indent=2)
    write_atomically(path, text.encode())
