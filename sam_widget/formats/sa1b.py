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

from sam_widget.annotations import PALETTE, Annotation, AnnotationStore
from sam_widget.atomic_files import write_atomically
from sam_widget.formats import fields
from sam_widget.formats.losses import warn_once
from sam_widget.formats.untrusted import MAX_POINTS, Budget, Field, read_json
from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    import os

__all__ = ["SUFFIX", "filtered", "load", "parse", "save", "to_dict"]

SUFFIX = ".sa1b.json"
_FIGURES = ("predicted_iou", "stability_score")


def to_dict(annotations: AnnotationStore, *, own_fields: bool = False) -> dict[str, Any]:
    """Lay the objects out as SA-1B has them.

    Parameters
    ----------
    annotations : AnnotationStore
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
        _record(one, number, size, own_fields)
        for one, number in zip(items, fields.numbered(items), strict=True)
    ]
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
        "predicted_iou": fields.score(annotation.predicted_iou) or 0.0,
        "stability_score": fields.score(annotation.stability_score) or 0.0,
        "crop_box": [0, 0, *size],
        "point_coords": included,
    }
    source = annotation.extra.get("sa1b")
    former = {} if source is None else source["record"]
    unscored = [key for key in _FIGURES if getattr(annotation, key) is None]
    if source is not None:
        record = _updated(annotation, record, source)
    if own_fields or fields.KEY in former:
        own = {"label": annotation.label, "unscored": unscored, **fields.to_json(annotation)}
        record[fields.KEY] = own
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
    former = source["record"]
    # What the file did not say, and nobody has said since, stays unsaid.
    live = {key for key in _FIGURES if getattr(annotation, key) is not None}
    if record["point_coords"]:
        live.add("point_coords")
    if source["mask"] != _checksum(annotation):
        live |= {"segmentation", "area", "bbox"}
    if "id" in former:
        live.add("id")
    kept = {key: record[key] if key in live else value for key, value in former.items()}
    return kept | {key: record[key] for key in record if key in live}


def _prompted(annotation: Annotation) -> bool:
    return annotation.prompts.box is not None or annotation.prompts.mask is not None


def _checksum(annotation: Annotation) -> int:
    return zlib.crc32(annotation.rle.compressed())


def save(
    annotations: AnnotationStore, path: str | os.PathLike[str], *, own_fields: bool = False
) -> None:
    """Write one image's SA-1B file; readers see the old file or the whole new one.

    Parameters
    ----------
    annotations : AnnotationStore
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


def load(path: str | os.PathLike[str]) -> AnnotationStore:
    """Read one image's SA-1B file.

    Parameters
    ----------
    path : path

    Returns
    -------
    AnnotationStore
        ``point_coords`` are including points; ids are the file's numbers as texts.

    Raises
    ------
    AnnotationError
        If the file is not as described, naming the record.
    """
    return parse(read_json(path))


def parse(document: Field) -> AnnotationStore:
    """Check a parsed file and make objects of it; see :func:`load`."""
    image = document["image"]
    height, width = image.size()
    name = image.get("file_name")
    ids: set[str] = set()
    numbers: set[str] = set()
    budget = Budget()
    items = []
    for index, record in enumerate(document["annotations"].items()):
        number = record.get("id")
        if number is not None:
            fields.claim(numbers, number, fields.id_from_number(number))
        items.append(_annotation(record, (height, width), PALETTE[index % len(PALETTE)], budget))
        fields.claim(ids, record, items[-1].id)
    store = AnnotationStore(
        items, width=width, height=height, file_name="" if name is None else name.text()
    )
    further = {k: v for k, v in document.mapping().items() if k not in ("image", "annotations")}
    store.extra = {"sa1b": {"image": image.mapping(), "document": further}}
    return store


def _annotation(record: Field, size: tuple[int, int], color: str, budget: Budget) -> Annotation:
    rle = record["segmentation"].rle(size)
    own = record.get(fields.KEY)
    known = fields.from_json(own, size, budget)
    label = own.get("label") if own is not None else None
    figures = fields.scores(record)
    unscored = own.get("unscored") if own is not None else None
    for one in [] if unscored is None else unscored.items(2):
        figures.pop(one.text(), None)
    number, points = record.get("id"), record.get("point_coords")
    if number is not None:
        known.setdefault("id", fields.id_from_number(number))
    if points is not None and "prompts" not in known:
        known["prompts"] = Prompts(points=points.pairs(MAX_POINTS))
    for key in ("bbox", "crop_box"):
        box = record.get(key)
        if box is not None:
            box.numbers(4)
    with record.named():
        return Annotation(
            rle,
            "" if label is None else label.label(),
            extra={"sa1b": {"record": record.mapping(), "mask": zlib.crc32(rle.compressed())}},
            **{"color": color, **figures, **known},
        )


def filtered(
    annotations: AnnotationStore,
    *,
    min_predicted_iou: float | None = None,
    min_stability_score: float | None = None,
) -> AnnotationStore:
    """Keep the objects that reach both figures; an object without a figure that is asked for goes.

    Parameters
    ----------
    annotations : AnnotationStore
    min_predicted_iou, min_stability_score : float, optional
        None asks for nothing. SA-1B itself was published with 0.88 and 0.95.

    Returns
    -------
    AnnotationStore
        The same objects in a new store, which saves like the one given.
    """
    kept = [
        one
        for one in annotations
        if _reaches(one.predicted_iou, min_predicted_iou)
        and _reaches(one.stability_score, min_stability_score)
    ]
    store = AnnotationStore(
        kept, width=annotations.width, height=annotations.height, file_name=annotations.file_name
    )
    store.extra = annotations.extra
    return store


def _reaches(value: float | None, least: float | None) -> bool:
    return least is None or (value is not None and value >= least)
