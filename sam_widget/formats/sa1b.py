"""SA-1B: one file per image, as the dataset of the paper is published.

``image`` has ``image_id``, ``width``, ``height`` and ``file_name``; each of ``annotations`` has
``id``, ``segmentation`` (compressed run lengths), ``area``, ``bbox``, ``predicted_iou``,
``stability_score``, ``crop_box`` and ``point_coords``. Written are these keys and no others:
labels, colours, excluding points, boxes and model names have no place there, unless
``own_fields=True`` adds them under the key ``sam_widget``. What was read from such a file and not
changed is written as it was, with keys of others' own.

References
----------
.. [1] Kirillov et al., "Segment Anything", ICCV 2023; README of facebookresearch/segment-anything,
   "Dataset".
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import PALETTE, ImageAnnotations
from sam_widget.errors import AnnotationError
from sam_widget.formats.loss_warnings import warn_once
from sam_widget.formats.object_numbers import assign_numbers, id_from_number
from sam_widget.formats.own_fields import (
    KEY,
    finite_or_none,
    from_json,
    read_points,
    read_scores,
    to_json,
)
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector
from sam_widget.formats.reading.field import plain_json
from sam_widget.formats.reading.json_reading import read_json
from sam_widget.prompts import Prompts
from sam_widget.storage import write_atomically

if TYPE_CHECKING:
    import os

    from sam_widget.annotations import Annotation
    from sam_widget.formats.reading.field import Document, Field
    from sam_widget.masks import Rle

__all__ = ["SUFFIX", "filtered", "load", "parse", "save", "to_dict"]

SUFFIX = ".sa1b.json"
_ENCODE = json.JSONEncoder(allow_nan=False, default=np.ndarray.tolist).encode
_EXTRA_BYTES = 450
"""Of memory that what is kept of a record takes beside its text."""
_FIGURES = ("predicted_iou", "stability_score")


def to_dict(annotations: ImageAnnotations, *, own_fields: bool = False) -> dict[str, Any]:
    """Lay the objects out as SA-1B has them.

    Parameters
    ----------
    annotations : ImageAnnotations
        Objects of one image.
    own_fields : bool
        Also everything that this package knows of an object, under ``sam_widget``.

    Returns
    -------
    dict
        ``image`` and ``annotations``. Ids from an SA-1B file stay; others are counted from 1.
    """
    source = annotations.extra.get("sa1b", {})
    image = {
        "image_id": 1,
        **source.get("image", {}),
        "width": annotations.width,
        "height": annotations.height,
    }
    if annotations.file_name or "file_name" in image:
        image["file_name"] = annotations.file_name
    items = list(annotations)
    size = (annotations.width, annotations.height)
    records = [
        _record(item, number, size, own_fields)
        for item, number in zip(items, assign_numbers(items), strict=True)
    ]
    records += source.get("left_out", [])
    return {"image": image, "annotations": records, **source.get("document", {})}


def _record(
    annotation: Annotation, number: int, size: tuple[int, int], own_fields: bool
) -> dict[str, Any]:
    included = [
        list(point)
        for point, label in zip(annotation.prompts.points, annotation.prompts.labels, strict=True)
        if label == 1
    ]
    record: dict[str, Any] = {
        "id": number,
        "segmentation": annotation.rle.to_coco(),
        "area": annotation.area,
        "bbox": list(annotation.bbox_xywh),
        "predicted_iou": finite_or_none(annotation.predicted_iou) or 0.0,
        "stability_score": finite_or_none(annotation.stability_score) or 0.0,
        "crop_box": [0, 0, *size],
        "point_coords": included,
    }
    source = annotation.extra.get("sa1b")
    former = {} if source is None else _former(source)
    unscored = [key for key in _FIGURES if getattr(annotation, key) is None]
    if source is not None:
        record = _updated(annotation, record, source)
    if own_fields or KEY in former:
        own = {"label": annotation.label, "unscored": unscored, **to_json(annotation)}
        record[KEY] = own
        return record
    if annotation.label or len(included) < len(annotation.prompts.points) or _prompted(annotation):
        warn_once(
            "sa1b fields",
            "SA-1B files have no place for labels, excluding points, boxes and mask prompts. Save "
            "with own_fields=True, or as COCO, to keep them.",
        )
    if source is None and unscored:
        warn_once(
            "sa1b figures",
            "SA-1B files want a predicted IoU and a stability score of every object: 0 is written "
            "where there is none. Save with own_fields=True, or as COCO, to keep them apart.",
        )
    return record


def _updated(
    annotation: Annotation, record: dict[str, Any], source: dict[str, Any]
) -> dict[str, Any]:
    """Lay a record out as it was read, but for what has changed since."""
    former = _former(source)
    # What the file did not say, and nobody has said since, stays unsaid.
    live = {key for key in _FIGURES if getattr(annotation, key) is not None}
    if record["point_coords"]:
        live.add("point_coords")
    if not _same_mask(annotation.rle, source):
        live |= {"segmentation", "area", "bbox"}
    if "id" in former:
        live.add("id")
    kept = {key: record[key] if key in live else value for key, value in former.items()}
    return kept | {key: record[key] for key in record if key in live}


def _prompted(annotation: Annotation) -> bool:
    return annotation.prompts.box is not None or annotation.prompts.has_mask


def _former(source: dict[str, Any]) -> dict[str, Any]:
    """Return the record as it was read; journals of before have it as it is."""
    record = source["record"]
    found: dict[str, Any] = json.loads(record) if isinstance(record, str) else record
    return found


def _same_mask(rle: Rle, source: dict[str, Any]) -> bool:
    if "runs" in source:
        return bool(source["runs"] == _checksum(rle))
    return bool(source.get("mask") == zlib.crc32(rle.compressed()))


def _checksum(rle: Rle) -> int:
    return zlib.crc32(rle.counts.astype("<u4").data)


def save(
    annotations: ImageAnnotations, path: str | os.PathLike[str], *, own_fields: bool = False
) -> None:
    """Write one image's SA-1B file; readers see the old file or the whole new one.

    Parameters
    ----------
    annotations : ImageAnnotations
        Objects of one image. Their boxes are ``pycocotools``' ones; SA-1B's own are one pixel
        narrower, and stay so where they were read and the mask has not changed.
    path : path
        The folder must exist.
    own_fields : bool
        Keep labels and all else under the key ``sam_widget``; without it their loss is warned of
        once.
    """
    text = json.dumps(to_dict(annotations, own_fields=own_fields), allow_nan=False)
    write_atomically(path, text.encode())


def load(path: str | os.PathLike[str], *, strict: bool = False) -> ImageAnnotations:
    """Read one image's SA-1B file.

    Parameters
    ----------
    path : path
    strict : bool
        Refuse the file when a record cannot be used, instead of leaving the record out.

    Returns
    -------
    ImageAnnotations
        ``point_coords`` are including points; ids are the file's numbers as texts. ``skipped``
        names the records that were left out.

    Raises
    ------
    AnnotationError
        If the file as a whole is not as described; with ``strict``, if a record is not, naming it.
    """
    return parse(read_json(path), strict=strict)


def parse(document: Document, *, strict: bool = False) -> ImageAnnotations:
    """Check a parsed file and make objects of it; see :func:`load`."""
    image = document["image"]
    size = image.size()
    budget = Budget(document.file_bytes, size[0] * size[1])
    collector = Collector(budget, strict=strict)
    for index, record in enumerate(document["annotations"].items()):
        try:
            rle = record["segmentation"].rle(size)
            known = {"color": PALETTE[index % len(PALETTE)], **_known(record, rle, budget)}
        except AnnotationError as error:
            collector.leave_out(record, error)
            continue
        source = known["extra"]["sa1b"]["record"]
        budget.hold(record, 1, rle.counts.nbytes, _EXTRA_BYTES + len(source))
        collector.add(record, rle, known, record.get("id"))
    further = {
        key: plain_json(value, document)
        for key, value in document.mapping().items()
        if key not in ("image", "annotations")
    }
    extra = {
        "sa1b": {
            "image": plain_json(image.mapping(), image),
            "document": further,
            "left_out": collector.raw,
        }
    }
    return collector.finish(size, image.text_of("file_name"), extra)


def _known(record: Field, rle: Rle, budget: Budget) -> dict[str, Any]:
    """Check a record; return what ``Annotation`` takes besides the mask."""
    size = rle.height, rle.width
    own = record.get(KEY)
    known = from_json(own, size, budget)
    label = own.get("label") if own is not None else None
    figures = read_scores(record)
    unscored = own.get("unscored") if own is not None else None
    for figure in [] if unscored is None else unscored.items(2):
        figures.pop(figure.text(), None)
    number, points = record.get("id"), record.get("point_coords")
    if number is not None:
        known.setdefault("id", id_from_number(number))
    if points is not None and "prompts" not in known:
        known["prompts"] = Prompts(points=read_points(points, budget))
    for key in ("bbox", "crop_box"):
        box = record.get(key)
        if box is not None:
            box.check_numbers(4)
    # As text: as Python's lists and objects it would take many times as much memory.
    try:
        source = _ENCODE(record.mapping())
    except ValueError as error:
        record.fail(f"has a number that is too large: {error}.")
    return {
        "label": "" if label is None else label.label(),
        "extra": {"sa1b": {"record": source, "runs": _checksum(rle)}},
        **figures,
        **known,
    }


def filtered(
    annotations: ImageAnnotations,
    *,
    min_predicted_iou: float | None = None,
    min_stability_score: float | None = None,
) -> ImageAnnotations:
    """Keep the objects that reach both figures; an object without a figure that is asked for goes.

    Parameters
    ----------
    annotations : ImageAnnotations
    min_predicted_iou, min_stability_score : float, optional
        None asks for nothing. SA-1B itself was published with 0.88 and 0.95.

    Returns
    -------
    ImageAnnotations
        The same annotations of the same image; they save like those given.
    """
    kept = tuple(
        annotation
        for annotation in annotations
        if _reaches(annotation.predicted_iou, min_predicted_iou)
        and _reaches(annotation.stability_score, min_stability_score)
    )
    return ImageAnnotations(
        kept,
        width=annotations.width,
        height=annotations.height,
        file_name=annotations.file_name,
        extra=annotations.extra,
    )


def _reaches(value: float | None, least: float | None) -> bool:
    return least is None or (value is not None and value >= least)
