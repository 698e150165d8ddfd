"""Writing COCO files: images one after the other, so that only one is held as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sam_widget.formats import own_fields
from sam_widget.formats.coco.layout import UNLABELLED
from sam_widget.formats.coco.sharing import Categories, Licenses
from sam_widget.formats.loss_warnings import warn_once
from sam_widget.formats.object_numbers import Numbers
from sam_widget.masks import trace_polygons
from sam_widget.storage import replacing, write_atomically

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from sam_widget.annotations import Annotation, ImageAnnotations

__all__ = ["save", "save_images", "to_dict"]


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
    layout = _Layout(polygons=polygons)
    records = list(layout.records(annotations))
    return {
        **layout.head(),
        "images": layout.images,
        "annotations": records,
        "categories": layout.categories.listed,
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
    _warn_of_polygons(polygons)
    text = json.dumps(to_dict(annotations, polygons=polygons), allow_nan=False)
    write_atomically(path, text.encode())


def save_images(
    images: Iterable[ImageAnnotations],
    path: str | os.PathLike[str],
    *,
    polygons: bool = False,
    categories: Iterable[Mapping[str, Any]] = (),
    labels: Iterable[str] = (),
) -> None:
    """Write the objects of many images as one COCO instances file, in one step.

    Images are taken one at a time and may be made while they are asked for: the masks of one are
    in memory, and nothing of the others but their records in ``images``.

    Parameters
    ----------
    images : iterable of ImageAnnotations
        What it raises leaves the old file as it was.
    path : path
        The folder must exist.
    polygons : bool
        As for :func:`save`.
    categories : iterable of dict
        Categories to begin with, each with ``id`` and ``name``, such as :func:`load_categories`
        finds in a file that is written anew.
    labels : iterable of str
        Names of the categories that come next, in this order, so that their ids do not depend on
        which objects there are. Others follow as they come, those of one image alphabetically.

    Notes
    -----
    Images that come from COCO files keep their ids, categories, licences and further keys; what
    would have an id that another has already gets the next free one. All images share one list of
    categories, by name.
    """
    _warn_of_polygons(polygons)
    layout = _Layout(polygons=polygons)
    layout.categories.take(tuple(categories))
    layout.categories.add(labels)
    with replacing(path) as file:
        before = b'{"annotations": [\n'
        for annotations in images:
            for record in layout.records(annotations):
                file.write(before + json.dumps(record, allow_nan=False).encode())
                before = b",\n"
        if before != b",\n":
            file.write(before)
        rest = {**layout.head(), "images": layout.images, "categories": layout.categories.listed}
        file.write(b"\n], " + json.dumps(rest, allow_nan=False).encode()[1:])


def _warn_of_polygons(polygons: bool) -> None:
    if polygons:
        warn_once(
            "coco polygons",
            "COCO polygons have no holes: they are joined to the outline by bridges. pycocotools "
            "draws the same masks; readers that draw with OpenCV differ along edges and in small "
            "holes. Without polygons=True nothing differs anywhere.",
        )


class _Layout:
    """Lays images out one after the other, and keeps what they share.

    Parameters
    ----------
    polygons : bool
        Polygons instead of run-length codes.

    Attributes
    ----------
    images : list of dict
        Records of the images so far.
    """

    def __init__(self, *, polygons: bool) -> None:
        self.images: list[dict[str, Any]] = []
        self.categories = Categories()
        self._polygons = polygons
        self._licenses = Licenses()
        self._document: dict[str, Any] = {}
        self._image_ids = Numbers()
        self._ids = Numbers()

    def head(self) -> dict[str, Any]:
        """Return what a file says of itself: its information, its licences, keys of others."""
        info = {"description": "Made with sam_widget", "version": "1.0"}
        return {"info": info, **self._document, "licenses": self._licenses.listed}

    def records(self, annotations: ImageAnnotations) -> Iterator[dict[str, Any]]:
        """Add an image; yield the records of its objects."""
        source = annotations.extra.get("coco", {})
        document, known = source.get("document", {}), source.get("image", {})
        self._document = {**document, **self._document}
        items = list(annotations)
        self.categories.take(source.get("categories", ()))
        self.categories.add(sorted({item.label or UNLABELLED for item in items}))
        image = {
            **known,
            "id": self._image_ids.assign([known.get("id")])[0],
            "file_name": annotations.file_name,
            "width": annotations.width,
            "height": annotations.height,
        }
        self._licenses.take(document.get("licenses", ()), image)
        self.images.append(image)
        numbers = self._ids.assign_to(items)
        for item, number in zip(items, numbers, strict=True):
            known = item.extra.get("coco", {})
            name = item.label or UNLABELLED
            category = self.categories.id_of(name, known.get("category_id"))
            yield _record(item, number, image["id"], category, self._polygons)
        yield from source.get("left_out", ())


def _record(
    annotation: Annotation,
    number: int,
    image_id: int | str,
    category_id: int | str,
    polygons: bool,
) -> dict[str, Any]:
    segmentation: Any = annotation.rle.to_coco()
    if polygons and annotation.area:
        segmentation = [ring.ravel().tolist() for ring in trace_polygons(annotation.rle, "corners")]
    own = own_fields.to_json(annotation)
    if not annotation.label:
        own["unlabelled"] = True
    record = {
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
    record["category_id"] = category_id
    return record
