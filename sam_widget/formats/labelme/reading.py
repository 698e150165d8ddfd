"""Reading Labelme files."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import PALETTE
from sam_widget.errors import AnnotationError
from sam_widget.formats import own_fields
from sam_widget.formats.labelme.layout import NAME, UNLABELLED, label_text, name_of
from sam_widget.formats.loss_warnings import warn
from sam_widget.formats.reading.budget import Budget, memory_of
from sam_widget.formats.reading.collector import Collector
from sam_widget.formats.reading.drawing import Outlined, draw_masks
from sam_widget.formats.reading.field import Field, plain_json
from sam_widget.formats.reading.json_reading import read_json
from sam_widget.formats.reading.picture_size import size_of_picture
from sam_widget.formats.reading.pixels import decode_png, mask_at
from sam_widget.masks import MAX_PIXELS, Rle, fill_centres_each, mask_union

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sam_widget.annotations import ImageAnnotations
    from sam_widget.formats.reading.field import Document

__all__ = ["load", "parse"]

_DOCUMENT = {"shapes", "imagePath", "imageData", "imageHeight", "imageWidth"}
_USUAL = {"flags": {}, "description": ""}
_SHAPE = {"label", "points", "shape_type", "group_id", "mask", own_fields.KEY}
_POINTS: dict[str, tuple[int, ...]] = {
    "polygon": (), "rectangle": (2, 4), "oriented_rectangle": (4,), "rotation": (4,),
    "quadrilateral": (4,), "circle": (2,),
}  # fmt: skip
"""Shapes that have an area, and how many points each has; a polygon at least three."""
_WITHOUT_AREA = ("point", "points", "line", "linestrip")
_UNITED_AT = 64
"""Shapes of a group that are kept apart."""
_MAX_IMAGE_DATA = 2**29


def load(
    path: str | os.PathLike[str],
    *,
    size_wh: tuple[int, int] | None = None,
    strict: bool = False,
) -> ImageAnnotations:
    """Read a Labelme file; UTF-8, or GBK as Labelme once wrote it on Chinese systems.

    Parameters
    ----------
    path : path
    size_wh : (int, int), optional
        Width and height of the image in pixels, where neither the file nor a picture in it or
        beside it tells.
    strict : bool
        Refuse the file when a shape cannot be used, instead of leaving the shape out.

    Returns
    -------
    ImageAnnotations
        ``skipped`` names the shapes that were left out. X-AnyLabeling's score becomes
        ``predicted_iou``.

    Raises
    ------
    AnnotationError
        If the file as a whole is not as described; with ``strict``, if a shape is not, naming it.
    """
    return parse(read_json(path), size_wh=size_wh, strict=strict)


def parse(
    document: Document, *, size_wh: tuple[int, int] | None = None, strict: bool = False
) -> ImageAnnotations:
    """Check a parsed file and make objects of it; see :func:`load`."""
    path = document.text_of("imagePath")
    size = _size(document, path, size_wh)
    budget = Budget(document.file_bytes, size[0] * size[1])
    further = {key: value for key, value in document.mapping().items() if key not in _DOCUMENT}
    budget.keep(document, further=further)
    collector = Collector(budget, strict=strict)
    without_area: list[Any] = []
    shapes = _shapes(document, size, budget, collector, without_area)
    _collect(collector, draw_masks(shapes, size, budget, fill_centres_each), budget)
    extra = {
        "document": plain_json(further, document),
        "imagePath": path,
        "left_out": without_area + collector.raw,
    }
    return collector.finish(size, name_of(path), {NAME: extra})


def _size(document: Document, path: str, size_wh: tuple[int, int] | None) -> tuple[int, int]:
    """Return height and width: as told, as the file says, or of the picture in it or beside it."""
    told = [document.get("imageHeight"), document.get("imageWidth")]
    if size_wh is not None:
        height, width = size_wh[1], size_wh[0]
    elif None not in told:
        height, width = (field.integer(1, 2**27) for field in told if field is not None)
    else:
        width, height = _size_of_image(document, name_of(path))
    return Field({"height": height, "width": width}, "", document.file_name).size()


def _size_of_image(document: Document, name: str) -> tuple[int, int]:
    """Return width and height of the picture in the file, or else of that beside it."""
    data = document.get("imageData")
    if data is not None:
        with data.named():
            return size_of_picture(_from_base64(data))
    if document.folder is None or not name or not (document.folder / name).is_file():
        missing = "imageWidth" if document.get("imageWidth") is None else "imageHeight"
        document.fail(
            f"the key {missing!r} is missing, and there is no picture {name!r:.80} beside the file "
            "to tell. Give size_wh=(width, height)."
        )
    return size_of_picture(document.folder / name)


@dataclass(frozen=True)
class _Facts:
    """What is known of a shape beside its outline.

    Attributes
    ----------
    label : str
    group : object
        None for an object of its own.
    known : dict
        Further arguments of ``Annotation``.
    """

    label: str
    group: str | int | None
    known: dict[str, Any]


def _shapes(
    document: Document,
    size: tuple[int, int],
    budget: Budget,
    collector: Collector,
    without_area: list[Any],
) -> Iterator[Outlined[_Facts]]:
    """Go through the shapes that have an area; keep those that have none as they are."""
    texts: dict[str, str] = {}
    for shape in document["shapes"].items():
        try:
            kind = shape.get("shape_type")
            name = "polygon" if kind is None else kind.text()
            if name in _WITHOUT_AREA:
                budget.keep(shape, further=shape.value)
                without_area.append(plain_json(shape.value, shape))
                continue
            facts = _facts(shape, size, budget, texts)
            outlined = Outlined(facts, shape, _outline(shape, name, size, budget))
        except AnnotationError as error:
            collector.leave_out(shape, error)
        else:
            yield outlined
    if without_area:
        warn(
            f"{document.file_name}: {len(without_area)} points and lines have no area and were "
            "left out."
        )


def _facts(shape: Field, size: tuple[int, int], budget: Budget, texts: dict[str, str]) -> _Facts:
    """Check all of a shape but its outline."""
    own = shape.get(own_fields.KEY)
    known = own_fields.from_json(own, size, budget)
    label, extra = _label_of(shape)
    label = texts.setdefault(label, label)
    group = shape.get("group_id")
    if group is not None:
        text = isinstance(group.value, str)
        extra["group_id"] = group.text(200) if text else group.integer(-(2**31), 2**31)
    further = {
        key: value
        for key, value in shape.mapping().items()
        if key not in _SHAPE and value != _USUAL.get(key)
    }
    if further:
        extra["shape"] = plain_json(further, shape)
    if extra:
        budget.hold(shape, 0, 0, memory_of(extra))
        known["extra"] = {NAME: extra}
    if own is not None:
        known |= own_fields.read_scores(own)
        unlabelled = own.get("unlabelled")
        if label == UNLABELLED and unlabelled is not None and unlabelled.boolean():
            known["label"] = ""
    elif (score := shape.get("score")) is not None:
        known["predicted_iou"] = score.number(-1000, 1000)
    return _Facts(label, extra.get("group_id"), known)


def _label_of(shape: Field) -> tuple[str, dict[str, Any]]:
    """Return the label as a text; and as it is, where it is a number or null."""
    value = shape.mapping().get("label", "")
    if value is None:
        return "", {"label": None}
    label = shape["label"]
    if isinstance(value, str):
        return label.label(), {}
    label.number()
    return label_text(value), {"label": value}


def _collect(
    collector: Collector, shapes: Iterator[tuple[Outlined[_Facts], Rle]], budget: Budget
) -> None:
    """Make objects of shapes; those with the same label and group are one object."""
    labels: dict[str, int] = {}
    # Shapes without a group are objects of their own.
    groups: dict[tuple[str, str | int], tuple[int, list[Rle]]] = {}
    for shape, rle in shapes:
        label, group = shape.facts.label, shape.facts.group
        budget.keep(shape.field, rle.counts.nbytes)
        if group is not None and (label, group) in groups:
            parts = groups[label, group][1]
            parts.append(rle)
            if len(parts) >= _UNITED_AT:
                parts[:] = [mask_union(parts)]
            continue
        color = PALETTE[labels.setdefault(label, len(labels)) % len(PALETTE)]
        known = {"color": color, "label": label, **shape.facts.known}
        if collector.add(shape.field, rle, known) and group is not None:
            groups[label, group] = len(collector.items) - 1, [rle]
    items = collector.items
    for index, parts in groups.values():
        items[index] = replace(items[index], rle=mask_union(parts))


def _outline(
    shape: Field, kind: str, size: tuple[int, int], budget: Budget
) -> Rle | list[NDArray[np.float64]] | NDArray[np.int64]:
    """Lay a shape out as Labelme does: a corner stands for the pixel it lies in."""
    if kind == "mask":
        return _pasted(shape, size, budget)
    points = shape["points"].pairs()
    if kind not in _POINTS:
        shape["shape_type"].fail(f"there is no shape {kind!r:.60}; known are {', '.join(_POINTS)}.")
    wanted = _POINTS[kind]
    if not wanted and len(points) < 3:
        shape["points"].fail(f"a polygon must have at least 3 points, got {len(points)}.")
    if wanted and len(points) not in wanted:
        shape["points"].fail(
            f"a {kind} must have {' or '.join(map(str, wanted))} points, got {len(points)}."
        )
    if kind == "rectangle" and len(points) == 2:
        (x0, y0), (x1, y1) = points
        points = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    elif kind == "circle":
        radius = float(np.hypot(*(points[1] - points[0])))
        budget.draw(lambda _: shape, np.array([min(2 * radius, size[1]) + 1]))
        return _circle(points[0], radius, size)
    return [points]


def _circle(centre: NDArray[np.float64], radius: float, size: tuple[int, int]) -> NDArray[np.int64]:
    """Draw a circle column by column, in the square of whole pixels that Pillow draws it in."""
    height, width = size
    low, high = np.trunc(centre - radius), np.trunc(centre + radius)
    (x, y), (across, down) = (low + high) / 2, (high - low + 1) / 2
    columns = np.arange(int(max(low[0], 0)), int(min(high[0], width - 1)) + 1)
    reach = down * np.sqrt(np.maximum(1 - ((columns - x) / across) ** 2, 0))
    top = np.clip(np.ceil(y - reach), 0, height).astype(np.int64)
    bottom = np.clip(np.floor(y + reach) + 1, 0, height).astype(np.int64)
    place = columns * height
    return np.stack([place + top, place + bottom], axis=1)


def _pasted(shape: Field, size: tuple[int, int], budget: Budget) -> Rle:
    corners, encoded = shape["points"].pairs(), shape["mask"]
    if len(corners) != 2:
        shape["points"].fail(f"a mask must have 2 points, its corners, got {len(corners)}.")
    left, top = np.floor(corners.min(axis=0)).astype(int).tolist()
    pixels, _ = decode_png(_from_base64(encoded), encoded, most_hw=(MAX_PIXELS, MAX_PIXELS))
    budget.unpack(encoded, pixels.shape)
    mask = mask_at(pixels > 0, left, top, size)
    if mask is None:
        shape.fail(
            f"a mask of {pixels.shape[1]} x {pixels.shape[0]} pixels at ({left}, {top}) lies "
            f"outside the image, which is {size[1]} x {size[0]}."
        )
    return mask


def _from_base64(field: Field) -> bytes:
    try:
        return base64.b64decode(field.text(_MAX_IMAGE_DATA), validate=True)
    except (binascii.Error, ValueError) as error:
        field.fail(f"is not Base64: {error}")
