"""Reading COCO files: one image of them, or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import PALETTE, ImageAnnotations
from sam_widget.formats import own_fields
from sam_widget.formats.coco.layout import UNLABELLED
from sam_widget.formats.object_numbers import MAX_NUMBER, UniqueNumbers, id_from_number
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector
from sam_widget.formats.reading.drawing import Outlined, draw_masks
from sam_widget.formats.reading.field import Field, plain_json
from sam_widget.formats.reading.json_reading import read_json
from sam_widget.masks import MAX_PIXELS, fill_corners_each
from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from sam_widget.formats.reading.field import Document
    from sam_widget.masks import Rle

__all__ = ["load", "load_images", "parse", "parse_images"]

_KNOWN = {
    "id", "image_id", "category_id", "segmentation", "area", "bbox", "predicted_iou",
    "stability_score", "point_coords", own_fields.KEY,
}  # fmt: skip
_WAITING = 1 << 17
_OBJECT = 1 << 5
"""Corners of polygons that wait to be drawn; an object counts as some, too."""
_OUTLINE_PER_BYTE = 8
"""Pixels along polygons that are drawn for each byte of a file; of the field's own, about 3."""


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


def load_images(path: str | os.PathLike[str]) -> tuple[ImageAnnotations, ...]:
    """Read the objects of all images of a COCO instances file, in the file's order.

    Parameters
    ----------
    path : path
        As for :func:`load`.

    Returns
    -------
    tuple of ImageAnnotations
        One for each image, also for those without objects. What they share is held once.

    Raises
    ------
    AnnotationError
        If the file is not as described, naming the record.
    """
    return parse_images(read_json(path))


def parse(document: Document, *, image: str | int | None = None) -> ImageAnnotations:
    """Check a parsed file and make objects of it; see :func:`load`."""
    chosen = _Image(_chosen(document["images"], image, document))
    budget = Budget(document.file_bytes, chosen.size[0] * chosen.size[1])
    categories = _named_categories(document.get("categories"), budget)
    images = {chosen.identity: chosen}
    found = _found(document["annotations"], images, categories, budget, others=True)
    chosen.draw((outlined for _, outlined in found), budget)
    return chosen.finish(_shared(document, categories))


def parse_images(document: Document) -> tuple[ImageAnnotations, ...]:
    """Check a parsed file and make objects of all its images; see :func:`load_images`."""
    images = {image.identity: image for image in _all_images(document["images"])}
    pixels = sum(image.size[0] * image.size[1] for image in images.values())
    outline = _OUTLINE_PER_BYTE * document.file_bytes
    budget = Budget(document.file_bytes, min(pixels, MAX_PIXELS), outline)
    for image in images.values():
        budget.keep(image.record, further=image.record.value)
    categories = _named_categories(document.get("categories"), budget)
    waiting: dict[int, list[Outlined[dict[str, Any]]]] = {}
    held = 0
    for image, outlined in _found(document["annotations"], images, categories, budget):
        waiting.setdefault(image.identity, []).append(outlined)
        held += _OBJECT + (sum(map(len, outlined.mask)) if isinstance(outlined.mask, list) else 0)
        if held >= _WAITING:
            _draw_all(waiting, images, budget)
            held = 0
    _draw_all(waiting, images, budget)
    shared = _shared(document, categories)
    return tuple(image.finish(shared) for image in images.values())


def _draw_all(
    waiting: dict[int, list[Outlined[dict[str, Any]]]], images: dict[int, _Image], budget: Budget
) -> None:
    """Draw the masks that wait, image by image; nothing waits then."""
    for identity, objects in waiting.items():
        images[identity].draw(objects, budget)
    waiting.clear()


def _shared(document: Document, categories: dict[str, Field]) -> dict[str, Any]:
    """Return what a file says beyond its images, to be written back."""
    further = {"info", "licenses"} & document.mapping().keys()
    return {
        "document": {key: plain_json(document.value[key], document) for key in sorted(further)},
        # A number such as 1.0 counts as whole, and is written as one.
        "categories": [
            {**plain_json(category.mapping(), category), "id": int(key)}
            for key, category in categories.items()
        ],
    }


class _Image:
    """An image of a file, and the objects found so far."""

    def __init__(self, record: Field) -> None:
        self.record = record
        self.size = record.size()
        self.identity = record["id"].integer(0, MAX_NUMBER)
        self._collector = Collector()

    def draw(self, objects: Iterable[Outlined[dict[str, Any]]], budget: Budget) -> None:
        """Draw the masks of objects, and add them."""
        for outlined, rle in draw_masks(objects, self.size, budget, fill_corners_each):
            budget.hold(outlined.field, 0, rle.counts.nbytes)
            self._collector.add(outlined.field, rle, outlined.facts)

    def finish(self, shared: dict[str, Any]) -> ImageAnnotations:
        """Return all objects."""
        extra = {"coco": {**shared, "image": plain_json(self.record.mapping(), self.record)}}
        return self._collector.finish(self.size, self.record.text_of("file_name"), extra)


def _all_images(records: Field) -> Iterator[_Image]:
    numbers = UniqueNumbers()
    for record in records.items():
        numbers.add(record["id"])
        yield _Image(record)
    numbers.check(records)


def _found(
    records: Field,
    images: dict[int, _Image],
    categories: dict[str, Field],
    budget: Budget,
    *,
    others: bool = False,
) -> Iterator[tuple[_Image, Outlined[dict[str, Any]]]]:
    """Go through the objects of images, among records whose ids are unique.

    With ``others``, those of further images are passed over; without, there may be none.
    """
    numbers = UniqueNumbers()
    for record in records.items():
        numbers.add(record.get("id"))
        identity = record["image_id"].integer(0, MAX_NUMBER)
        image = images.get(identity)
        if image is not None:
            yield image, _object(record, categories, image.size, budget)
        elif not others:
            record["image_id"].fail(f"there is no image {identity}.")
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
