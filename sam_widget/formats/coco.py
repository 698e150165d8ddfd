"""COCO instances: one image, its objects as compressed run-length codes.

References
----------
.. [1] Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014; the data format page
   of the COCO site.
"""

from __future__ import annotations

import json
import os
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from sam_widget.annotations import Annotation, AnnotationStore

__all__ = ["SUFFIX", "save", "to_dict"]

SUFFIX = ".coco.json"
UNLABELLED = "object"
"""Category of objects without a label: COCO has none without a category."""


def to_dict(annotations: AnnotationStore) -> dict[str, Any]:
    """Lay the objects out as a COCO instances dictionary.

    Parameters
    ----------
    annotations : AnnotationStore
        Objects of one image.

    Returns
    -------
    dict
        ``images``, ``annotations`` and ``categories``, ids counted from 1. Beyond COCO's keys each
        annotation keeps ``predicted_iou``, ``stability_score`` and ``point_coords``, named as in
        SA-1B files.
    """
    names = sorted({one.label or UNLABELLED for one in annotations})
    category_ids = {name: number for number, name in enumerate(names, start=1)}
    return {
        "info": {"description": "Made with sam_widget", "version": "1.0"},
        "licenses": [],
        "images": [
            {
                "id": 1,
                "file_name": annotations.file_name,
                "width": annotations.width,
                "height": annotations.height,
            }
        ],
        "annotations": [
            _entry(one, number, category_ids[one.label or UNLABELLED])
            for number, one in enumerate(annotations, start=1)
        ],
        "categories": [
            {"id": number, "name": name, "supercategory": ""}
            for name, number in category_ids.items()
        ],
    }


def _entry(annotation: Annotation, number: int, category_id: int) -> dict[str, Any]:
    return {
        "id": number,
        "image_id": 1,
        "category_id": category_id,
        "segmentation": annotation.rle.to_coco(),
        "area": annotation.area,
        "bbox": list(annotation.bbox_xywh),
        "iscrowd": 0,
        "predicted_iou": annotation.predicted_iou,
        "stability_score": annotation.stability_score,
        "point_coords": [list(point) for point in annotation.prompts.points],
    }


def save(annotations: AnnotationStore, path: Path) -> None:
    """Write a COCO instances file; readers see the old file or the whole new one.

    Parameters
    ----------
    annotations : AnnotationStore
        Objects of one image.
    path : Path
        The folder must exist.
    """
    text = json.dumps(to_dict(annotations), allow_nan=False)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with partial.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
