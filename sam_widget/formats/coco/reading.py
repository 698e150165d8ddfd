"""Reading COCO files: one image of them, or all."""

from __future__ import annotations

from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

from sam_widget.errors import AnnotationError
from sam_widget.formats.coco.records import (
    Categories,
    Facts,
    identity_of,
    object_of,
    plain_identity,
)
from sam_widget.formats.object_numbers import UniqueNumbers
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector, warn_of_skipped
from sam_widget.formats.reading.drawing import Outlined, draw_masks
from sam_widget.formats.reading.field import Document, Field, listed, plain_json
from sam_widget.formats.reading.json_reading import read_json
from sam_widget.formats.reading.picture_size import size_of_picture
from sam_widget.masks import MAX_PIXELS, fill_corners_each

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from sam_widget.annotations import ImageAnnotations

__all__ = ["load", "load_categories", "load_images", "parse", "parse_images"]

_WAITING = 1 << 17
_OBJECT = 1 << 5
"""Corners of polygons that wait to be drawn; an object counts as some, too."""
_OUTLINE_PER_BYTE = 8
"""Pixels along polygons that are drawn for each byte of a file; of the field's own, about 3."""
_LISTS = {"images", "annotations", "categories"}


def load(
    path: str | os.PathLike[str],
    *,
    image: str | int | None = None,
    size_wh: tuple[int, int] | None = None,
    strict: bool = False,
) -> ImageAnnotations:
    """Read the objects of one image from a COCO instances file, or from a list of results.

    Parameters
    ----------
    path : path
        Run-length codes, compressed or not, and polygons, drawn as ``pycocotools`` draws them. A
        bare list is one of detection results, whose scores become ``predicted_iou``.
    image : str or int, optional
        Which image, by file name, with folders or without, or id; needed when there are several.
    size_wh : (int, int), optional
        Width and height of the image in pixels, where neither the file nor the picture tells.
    strict : bool
        Refuse the file when a record cannot be used, instead of leaving the record out.

    Returns
    -------
    ImageAnnotations
        Ids are those of this package if the file has them, else the file's own as texts, as long
        as they differ. ``skipped`` names the records that were left out.

    Raises
    ------
    AnnotationError
        If the file as a whole is not as described; if ``image`` is needed or unknown, naming those
        there are; with ``strict``, if a record cannot be used, naming it.
    """
    return parse(read_json(path), image=image, size_wh=size_wh, strict=strict)


def load_images(
    path: str | os.PathLike[str], *, strict: bool = False
) -> tuple[ImageAnnotations, ...]:
    """Read the objects of all images of a COCO instances file, in the file's order.

    Parameters
    ----------
    path, strict
        As for :func:`load`.

    Returns
    -------
    tuple of ImageAnnotations
        One for each image, also for those without objects. What they share is held once.

    Raises
    ------
    AnnotationError
        If the file as a whole is not as described; with ``strict``, if a record cannot be used,
        naming it.
    """
    return parse_images(read_json(path), strict=strict)


def parse(
    document: Document,
    *,
    image: str | int | None = None,
    size_wh: tuple[int, int] | None = None,
    strict: bool = False,
) -> ImageAnnotations:
    """Check a parsed file and make objects of it; see :func:`load`."""
    document = _with_images(document)
    record = _chosen(document["images"], image, document)
    size = _size_of(record, document, size_wh)
    budget = Budget(document.file_bytes, size[0] * size[1])
    chosen = _Image(record, size, budget, strict=strict)
    categories = Categories(document.get("categories"), budget)
    images = {chosen.identity: chosen}
    found = _found(document["annotations"], images, categories, budget, others=True)
    chosen.draw((outlined for _, outlined in found), budget)
    made = chosen.finish(_shared(document, categories, budget))
    warn_of_skipped(made.skipped)
    return made


def parse_images(document: Document, *, strict: bool = False) -> tuple[ImageAnnotations, ...]:
    """Check a parsed file and make objects of all its images; see :func:`load_images`."""
    document = _with_images(document)
    records = list(_all_images(document["images"]))
    sizes = [_size_of(record, document, None) for record in records]
    pixels = sum(height * width for height, width in sizes)
    outline = _OUTLINE_PER_BYTE * document.file_bytes
    budget = Budget(document.file_bytes, min(pixels, MAX_PIXELS), outline)
    images: dict[str, _Image] = {}
    for record, size in zip(records, sizes, strict=True):
        budget.keep(record, further=record.value)
        made = _Image(record, size, budget, strict=strict)
        images[made.identity] = made
    categories = Categories(document.get("categories"), budget)
    waiting: dict[str, list[Outlined[Facts]]] = {}
    held = 0
    for image, outlined in _found(document["annotations"], images, categories, budget):
        waiting.setdefault(image.identity, []).append(outlined)
        held += _OBJECT + (sum(map(len, outlined.mask)) if isinstance(outlined.mask, list) else 0)
        if held >= _WAITING:
            _draw_all(waiting, images, budget)
            held = 0
    _draw_all(waiting, images, budget)
    shared = _shared(document, categories, budget)
    result = tuple(image.finish(shared) for image in images.values())
    warn_of_skipped([reason for made in result for reason in made.skipped])
    return result


def _draw_all(
    waiting: dict[str, list[Outlined[Facts]]], images: dict[str, _Image], budget: Budget
) -> None:
    """Draw the masks that wait, image by image; nothing waits then."""
    for identity, objects in waiting.items():
        images[identity].draw(objects, budget)
    waiting.clear()


def load_categories(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Read the categories of a COCO instances file, as they stand there.

    Raises
    ------
    AnnotationError
        If a category is not as it should be.
    """
    document = read_json(path)
    return _listed(Categories(document.get("categories"), Budget(document.file_bytes)))


def _listed(categories: Categories) -> list[dict[str, Any]]:
    """Return categories as they are written; a number such as 1.0 counts as whole."""
    return [
        {**plain_json(category.mapping(), category), "id": plain_identity(category["id"])}
        for category in categories.records
    ]


def _with_images(document: Document) -> Document:
    """Return a document that has images: of a bare list of results, those that it names."""
    if not isinstance(document.value, list):
        return document
    images: dict[str, dict[str, Any]] = {}
    for record in document.items():
        named = record["image_id"]
        size = (record.value.get("segmentation") or {}) if isinstance(record.value, dict) else {}
        size = size.get("size") if isinstance(size, dict) else None
        image = images.setdefault(identity_of(named), {"id": named.value})
        if isinstance(size, list) and len(size) == 2:
            image |= {"height": size[0], "width": size[1]}
    content = {"images": list(images.values()), "annotations": document.value}
    made = Document(content, document.where, document.file_name, document.file_bytes)
    made.folder = document.folder
    return made


def _size_of(record: Field, document: Document, size_wh: tuple[int, int] | None) -> tuple[int, int]:
    """Return height and width of an image: as told, as its record says, or of its picture."""
    if size_wh is None and None not in (record.get("height"), record.get("width")):
        return record.size()
    if size_wh is None:
        name = record.text_of("file_name")
        for candidate in (name, PureWindowsPath(name).name) if name else ():
            if document.folder is not None and (document.folder / candidate).is_file():
                size_wh = size_of_picture(document.folder / candidate)
                break
    if size_wh is None:
        record.fail(
            "has no width and height, and there is no such picture beside the file to tell. Give "
            "size_wh=(width, height)."
        )
    sized = Field({"height": size_wh[1], "width": size_wh[0]}, record.where, record.file_name)
    return sized.size()


def _shared(document: Document, categories: Categories, budget: Budget) -> dict[str, Any]:
    """Return what a file says beyond its images, to be written back."""
    further = {key: value for key, value in document.mapping().items() if key not in _LISTS}
    budget.keep(document, further=further)
    return {
        "document": plain_json(further, document),
        "categories": _listed(categories),
    }


class _Image:
    """An image of a file, and the objects found so far."""

    def __init__(
        self, record: Field, size: tuple[int, int], budget: Budget, *, strict: bool
    ) -> None:
        self.record = record
        self.size = size
        self.identity = identity_of(record["id"])
        self.collector = Collector(budget, strict=strict)

    def draw(self, objects: Iterable[Outlined[Facts]], budget: Budget) -> None:
        """Draw the masks of objects, and add them."""
        for outlined, rle in draw_masks(objects, self.size, budget, fill_corners_each):
            budget.hold(outlined.field, 0, rle.counts.nbytes)
            known = outlined.facts
            if self.collector.has(known.get("id")):
                # Two of one id: the second is another object all the same.
                known = {key: value for key, value in known.items() if key != "id"}
            self.collector.add(outlined.field, rle, known)

    def finish(self, shared: dict[str, Any]) -> ImageAnnotations:
        """Return all objects."""
        known = {**shared, "image": plain_json(self.record.mapping(), self.record)}
        if self.collector.raw:
            known["left_out"] = self.collector.raw
        name = self.record.text_of("file_name")
        return self.collector.finish(self.size, name, {"coco": known}, announce=False)


def _all_images(records: Field) -> Iterator[Field]:
    ids = _Identities()
    for record in records.items():
        ids.add(record["id"])
        yield record
    ids.check(records)


def _found(
    records: Field,
    images: dict[str, _Image],
    categories: Categories,
    budget: Budget,
    *,
    others: bool = False,
) -> Iterator[tuple[_Image, Outlined[Facts]]]:
    """Go through the objects of images; those that cannot be used are left out.

    With ``others``, those of further images are passed over; without, they cannot be used.
    """
    first = next(iter(images.values()), None)
    for record in records.items():
        image = None
        try:
            image = images.get(identity_of(record["image_id"]))
            if image is None and others:
                continue
            if image is None:
                record["image_id"].fail("there is no such image.")
            outlined = object_of(record, categories, image.size, budget)
        except AnnotationError as error:
            home = image or first
            if home is None:
                raise
            home.collector.leave_out(record, error)
        else:
            yield image, outlined


class _Identities:
    """Check that the ids of images differ; numbers are held compactly."""

    def __init__(self) -> None:
        self._numbers = UniqueNumbers()
        self._texts: set[str] = set()

    def add(self, field: Field) -> None:
        """Check the next id."""
        if isinstance(field.value, str):
            if field.value in self._texts:
                field.fail(f"the id {field.value!r:.60} is used twice.")
            self._texts.add(identity_of(field))
        self._numbers.add(None if isinstance(field.value, str) else field)

    def check(self, records: Field) -> None:
        """Fail if a number was there twice."""
        self._numbers.check(records)


def _chosen(images: Field, wanted: str | int | None, document: Field) -> Field:
    """Find the image that is wanted, among images whose ids are unique."""
    ids = _Identities()
    names: list[Any] = []
    found: list[Field] = []
    similar: list[Field] = []
    for image in images.items():
        ids.add(image["id"])
        name = image.value.get("file_name", image.value["id"])
        if len(names) < 10:
            names.append(name)
        if len(found) < 2 and (wanted is None or wanted in (name, image.value["id"])):
            found.append(image)
        if len(similar) < 2 and isinstance(name, str) and wanted == PureWindowsPath(name).name:
            similar.append(image)
    ids.check(images)
    found = found or similar
    count = len(images.values())
    if not count:
        document.fail("has no image.")
    if len(found) == 1:
        return found[0]
    shown = listed(names, count)
    if wanted is None:
        document.fail(f"has {count} images. Choose one with image=: {shown}.")
    if found:
        document.fail(
            f"has several images called {wanted!r:.80}. Choose one by its id, or its name with "
            "folders."
        )
    raise document.error(f"has no image {wanted!r:.80}. There are {shown}.")
