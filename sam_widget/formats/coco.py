"""COCO instances: objects with classes, as run-length codes or polygons.

Written are compressed run-length codes, which every reader of COCO files gives back to the pixel,
or polygons on request. A polygon of COCO is a ring without holes; ours reach each hole by a
bridge, two coinciding lines, so that ``pycocotools`` still draws the very mask. Readers that draw
with OpenCV or Pillow count the outline as inside: they close one-pixel holes and widen the mask by
up to a pixel. Each annotation also keeps what this package knows of it, under the key
``sam_widget``.

Datumaro reads the same file: from ``annotations/instances_NAME.json``, the images in
``images/NAME/``.

References
----------
.. [1] Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014; the data format page
   of the COCO site.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import PALETTE, ImageAnnotations
from sam_widget.formats import own_fields
from sam_widget.formats.loss_warnings import warn_once
from sam_widget.formats.object_numbers import (
    MAX_NUMBER,
    UniqueNumbers,
    assign_numbers,
    id_from_number,
)
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector
from sam_widget.formats.reading.drawing import Outlined, draw_masks
from sam_widget.formats.reading.field import Field, plain_json
from sam_widget.formats.reading.json_reading import read_json
from sam_widget.masks import fill_corners_each, trace_polygons
from sam_widget.prompts import Prompts
from sam_widget.storage import write_atomically

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sam_widget.annotations import Annotation
    from sam_widget.formats.reading.field import Document
    from sam_widget.masks import Rle

__all__ = ["SUFFIX", "load", "parse", "save", "to_dict"]

SUFFIX = ".coco.json"
UNLABELLED = "object"
"""Category of objects without a label: COCO has none without a category."""

_KNOWN = {
    "id", "image_id", "category_id", "segmentation", "area", "bbox", "predicted_iou",
    "stability_score", "point_coords", own_fields.KEY,
}  # fmt: skip


def to_dict(annotations: ImageAnnotations, *, polygons: bool = False) -> dict[str, Any]:
    """Lay the objects out as a COCO instances dictionary.

    Parameters
    ----------
    annotations : ImageAnnotations
        Objects of one image.
    polygons : bool
        Polygons instead of run-length codes.

    Returns
    -------
    dict
        ``images``, ``annotations`` and ``categories``. Ids, categories and further keys that came
        from a COCO file are as they were there; new ids count from 1. Beyond COCO's keys each
        annotation has ``predicted_iou``, ``stability_score`` and ``point_coords``, named as in
        SA-1B files, and ``sam_widget``.
    """
    source = annotations.extra.get("coco", {})
    items = list(annotations)
    categories = _categories(items, source.get("categories", []))
    category_ids = {category["name"]: category["id"] for category in reversed(categories)}
    image = {
        "id": 1,
        **source.get("image", {}),
        "file_name": annotations.file_name,
        "width": annotations.width,
        "height": annotations.height,
    }
    return {
        "info": {"description": "Made with sam_widget", "version": "1.0"},
        "licenses": [],
        **source.get("document", {}),
        "images": [image],
        "annotations": [
            _entry(item, number, image["id"], category_ids[item.label or UNLABELLED], polygons)
            for item, number in zip(items, assign_numbers(items), strict=True)
        ],
        "categories": categories,
    }


def _categories(items: list[Annotation], known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the categories of the file that the objects came from, and add what is new."""
    names = {category["name"] for category in known}
    new = sorted({item.label or UNLABELLED for item in items} - names)
    first = max((category["id"] for category in known), default=0) + 1
    return [dict(category) for category in known] + [
        {"id": number, "name": name, "supercategory": ""} for number, name in enumerate(new, first)
    ]


def _entry(
    annotation: Annotation, number: int, image_id: int, category_id: int, polygons: bool
) -> dict[str, Any]:
    segmentation: Any = annotation.rle.to_coco()
    if polygons and annotation.area:
        segmentation = [ring.ravel().tolist() for ring in trace_polygons(annotation.rle, "corners")]
    own = own_fields.to_json(annotation)
    if not annotation.label:
        own["unlabelled"] = True
    return {
        "id": number,
        "image_id": image_id,
        "category_id": category_id,
        "segmentation": segmentation,
        "area": annotation.area,
        "bbox": list(annotation.bbox_xywh),
        "iscrowd": 0,
        "predicted_iou": own_fields.finite_or_none(annotation.predicted_iou),
        "stability_score": own_fields.finite_or_none(annotation.stability_score),
        "point_coords": [list(point) for point in annotation.prompts.points],
        **annotation.extra.get("coco", {}),
        own_fields.KEY: own,
    }


def save(
    annotations: ImageAnnotations, path: str | os.PathLike[str], *, polygons: bool = False
) -> None:
    """Write a COCO instances file; readers see the old file or the whole new one.

    Parameters
    ----------
    annotations : ImageAnnotations
        Objects of one image.
    path : path
        The folder must exist.
    polygons : bool
        Polygons instead of run-length codes. They lose nothing in ``pycocotools``, and a pixel
        along edges and small holes in readers that draw with OpenCV; warned once. An empty mask
        has no polygon and stays a run-length code.
    """
    if polygons:
        warn_once(
            "coco polygons",
            "COCO polygons have no holes: they are joined to the outline by bridges. pycocotools "
            "draws the same masks; readers that draw with OpenCV differ along edges and in small "
            "holes. Without polygons=True nothing differs anywhere.",
        )
    text = json.dumps(to_dict(annotations, polygons=polygons), allow_nan=False)
    write_atomically(path, text.encode())


def load(path: str | os.PathLike[str], *, image: str | int | None = None) -> ImageAnnotations:
    """Read the objects of one image from a COCO instances file.

    Parameters
    ----------
    path : path
        Run-length codes, compressed or not, and polygons, drawn as ``pycocotools`` draws them.
    image : str or int, optional
        Which image, by file name or id; needed when there are several.

    Returns
    -------
    ImageAnnotations
        Ids are those of this package if the file has them, else the file's numbers as texts.

    Raises
    ------
    AnnotationError
        If the file is not as described, naming the record; or if ``image`` is needed or unknown,
        naming those there are.
    """
    return parse(read_json(path), image=image)


def parse(document: Document, *, image: str | int | None = None) -> ImageAnnotations:
    """Check a parsed file and make objects of it; see :func:`load`."""
    chosen = _chosen(document["images"], image, document)
    size = chosen.size()
    identity = chosen["id"].integer(0, MAX_NUMBER)
    budget = Budget(document.file_bytes, size[0] * size[1])
    categories = _named_categories(document.get("categories"), budget)
    found = _found(document["annotations"], identity, categories, size, budget)
    collector = Collector()
    for outlined, rle in draw_masks(found, size, budget, fill_corners_each):
        budget.hold(outlined.field, 0, rle.counts.nbytes)
        collector.add(outlined.field, rle, outlined.facts)
    further = {"info", "licenses"} & document.mapping().keys()
    extra = {
        "coco": {
            "document": {key: plain_json(document.value[key], document) for key in sorted(further)},
            "image": plain_json(chosen.mapping(), chosen),
            # A number such as 1.0 counts as whole, and is written as one.
            "categories": [
                {**plain_json(category.mapping(), category), "id": int(key)}
                for key, category in categories.items()
            ],
        }
    }
    return collector.finish(size, chosen.text_of("file_name"), extra)


def _found(
    records: Field,
    identity: int,
    categories: dict[str, Field],
    size: tuple[int, int],
    budget: Budget,
) -> Iterator[Outlined[dict[str, Any]]]:
    """Go through the objects of an image, among records whose ids are unique."""
    numbers = UniqueNumbers()
    for record in records.items():
        numbers.add(record.get("id"))
        if record["image_id"].integer(0, MAX_NUMBER) == identity:
            yield _object(record, categories, size, budget)
    numbers.check(records, ".id")


def _chosen(images: Field, wanted: str | int | None, document: Field) -> Field:
    """Find the image that is wanted, among images whose ids are unique."""
    ids = UniqueNumbers()
    names: list[Any] = []
    found: list[Field] = []
    for image in images.items():
        ids.add(image["id"])
        name = image.value.get("file_name", image.value["id"])
        if len(names) < 10:
            names.append(name)
        if len(found) < 2 and (wanted is None or wanted in (name, image.value["id"])):
            found.append(image)
    ids.check(images)
    count = len(images.values())
    if not count:
        document.fail("has no image.")
    if len(found) == 1:
        return found[0]
    shown = ", ".join(f"{name!r:.80}" for name in names)
    more = f" and {count - 10} more" if count > 10 else ""
    if wanted is None:
        document.fail(f"has {count} images. Choose one with image=: {shown}{more}.")
    if found:
        document.fail(f"has several images called {wanted!r:.80}. Choose one by its id.")
    raise document.error(f"has no image {wanted!r:.80}. There are {shown}{more}.")


def _named_categories(field: Field | None, budget: Budget) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for category in [] if field is None else field.items():
        key = id_from_number(category["id"])
        if key in found:
            category.fail(f"the id {key} is used twice.")
        category["name"].label()
        budget.keep(category, further=category.value)
        found[key] = category
    return found


def _object(
    record: Field, categories: dict[str, Field], size: tuple[int, int], budget: Budget
) -> Outlined[dict[str, Any]]:
    """Check a record; give what ``Annotation`` takes, and its mask."""
    own = record.get(own_fields.KEY)
    known = own_fields.from_json(own, size, budget)
    label, color = "", PALETTE[0]
    category = record.get("category_id")
    if category is not None:
        key = id_from_number(category)
        if key not in categories:
            category.fail(f"there is no category {key}.")
        label = categories[key].value["name"]
        color = PALETTE[int(key) % len(PALETTE)]
    unlabelled = own.get("unlabelled") if own is not None else None
    if label == UNLABELLED and unlabelled is not None and unlabelled.boolean():
        label = ""
    number, points = record.get("id"), record.get("point_coords")
    if number is not None:
        known.setdefault("id", id_from_number(number))
    if points is not None and "prompts" not in known:
        known["prompts"] = Prompts(points=own_fields.read_points(points, budget))
    further = {key: value for key, value in record.mapping().items() if key not in _KNOWN}
    if not further.get("iscrowd"):
        further.pop("iscrowd", None)
    if further:
        known["extra"] = {"coco": plain_json(further, record)}
    budget.keep(record, further=known.get("extra"))
    known = {"label": label, "color": color, **own_fields.read_scores(record), **known}
    # Without the record itself, which may be large.
    place = Field(None, record.where, record.file_name)
    return Outlined(known, place, _mask(record["segmentation"], size), ".segmentation[{}]")


def _mask(field: Field, size: tuple[int, int]) -> Rle | list[NDArray[np.float64]]:
    if isinstance(field.value, dict):
        return field.rle(size)
    if not isinstance(field.value, list | np.ndarray):
        field.fail("must be a run-length code {'size', 'counts'} or a list of polygons.")
    if not len(field.value):
        field.fail("is empty: this object has no mask, and a box alone is none.")
    polygons = []
    for ring in field.items():
        numbers = ring.numbers()
        if len(numbers) < 6 or len(numbers) % 2:
            ring.fail(
                "a polygon must be [x, y, x, y, x, y, ...], an even number of at least 6 numbers, "
                f"got {len(numbers)}."
            )
        polygons.append(numbers.reshape(-1, 2))
    return polygons
