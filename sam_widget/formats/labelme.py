"""Labelme: shapes on one image, each with a label.

Written is a polygon for every part of a mask, through the outermost pixels, because Labelme counts
the outline as inside; the parts of one object share a ``group_id``. So drawn, nothing differs but
holes of one pixel across the bridge that joins a hole to the outline. ``masks=True`` writes
Labelme's mask shapes instead, which lose nothing. Each object's first shape also keeps what this
package knows of it, under the key ``sam_widget``, which Labelme leaves alone.

Read are polygons, rectangles, oriented rectangles, circles and masks, as Labelme itself draws them;
shapes with the same label and ``group_id`` are one object. Points and lines have no area: they are
left out, and counted in a warning.

References
----------
.. [1] wkentaro/labelme, the JSON files that its window saves.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from sam_widget.annotations import PALETTE, ImageAnnotations
from sam_widget.formats import own_fields
from sam_widget.formats.loss_warnings import warn, warn_once
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector
from sam_widget.formats.reading.drawing import Outlined, draw_masks
from sam_widget.formats.reading.field import Field
from sam_widget.formats.reading.json_reading import read_json
from sam_widget.formats.reading.pixels import decode_png
from sam_widget.masks import Rle, fill_centres_each, mask_union, paste_mask, trace_polygons
from sam_widget.storage import write_atomically

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sam_widget.annotations import Annotation
    from sam_widget.formats.reading.field import Document

__all__ = ["SUFFIX", "load", "parse", "save", "to_dict"]

SUFFIX = ".labelme.json"
UNLABELLED = "object"
"""Label of objects without one: Labelme wants one."""
VERSION = "5.5.0"
"""Of the file's layout."""

_WITHOUT_AREA = ("point", "points", "line", "linestrip")
_UNITED_AT = 64
"""Shapes of a group that are kept apart."""
_MAX_IMAGE_DATA = 2**29


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
    shapes: list[dict[str, Any]] = []
    for number, annotation in enumerate(annotations, start=1):
        if not annotation.area:
            warn_once("labelme empty", "Labelme has no shape for an empty mask; it is left out.")
            continue
        parts = [_mask_shape(annotation)] if masks else _polygon_shapes(annotation)
        for index, part in enumerate(parts):
            shapes.append(
                {
                    "label": annotation.label or UNLABELLED,
                    "group_id": number if len(parts) > 1 else None,
                    "description": "",
                    "flags": {},
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
    return {
        "version": VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": annotations.file_name,
        "imageData": None,
        "imageHeight": annotations.height,
        "imageWidth": annotations.width,
    }


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


def load(path: str | os.PathLike[str]) -> ImageAnnotations:
    """Read a Labelme file; an image inside it is not looked at.

    Parameters
    ----------
    path : path

    Returns
    -------
    ImageAnnotations

    Raises
    ------
    AnnotationError
        If the file is not as described, naming the shape.
    """
    return parse(read_json(path))


def parse(document: Document) -> ImageAnnotations:
    """Check a parsed file and make objects of it; see :func:`load`."""
    height = document["imageHeight"].integer(1, 2**27)
    width = document["imageWidth"].integer(1, 2**27)
    sized = Field({"height": height, "width": width}, "", document.file_name)
    size = sized.size()
    budget = Budget(document.file_bytes, height * width)
    shapes = _shapes(document, size, budget)
    collector = Collector()
    _collect(collector, draw_masks(shapes, size, budget, fill_centres_each), size, budget)
    return collector.finish(size, document.text_of("imagePath"))


def _shapes(
    document: Document, size: tuple[int, int], budget: Budget
) -> Iterator[Outlined[tuple[str, int | None]]]:
    """Go through the shapes that have an area, each with its label and group."""
    left_out = 0
    texts: dict[str, str] = {}
    for shape in document["shapes"].items():
        kind = shape.get("shape_type")
        name = "polygon" if kind is None else kind.text()
        if name in _WITHOUT_AREA:
            left_out += 1
            continue
        label, group = shape["label"].label(), shape.get("group_id")
        label = texts.setdefault(label, label)
        facts = label, None if group is None else group.integer(0, 2**31)
        yield Outlined(facts, shape, _outline(shape, name, size, budget))
    if left_out:
        warn(f"{document.file_name}: {left_out} points and lines have no area and were left out.")


def _collect(
    collector: Collector,
    shapes: Iterator[tuple[Outlined[tuple[str, int | None]], Rle]],
    size: tuple[int, int],
    budget: Budget,
) -> None:
    """Make objects of shapes; those with the same label and group are one object."""
    labels: dict[str, int] = {}
    # Shapes without a group are objects of their own.
    groups: dict[tuple[str, int], tuple[int, list[Rle]]] = {}
    for shape, rle in shapes:
        label, group = shape.facts
        budget.keep(shape.field, rle.counts.nbytes)
        if group is not None and (label, group) in groups:
            parts = groups[label, group][1]
            parts.append(rle)
            if len(parts) >= _UNITED_AT:
                parts[:] = [mask_union(parts)]
            continue
        if group is not None:
            groups[label, group] = len(collector.items), [rle]
        color = PALETTE[labels.setdefault(label, len(labels)) % len(PALETTE)]
        known = {"color": color, "label": label, **_known(shape.field, size, budget)}
        collector.add(shape.field, rle, known)
    items = collector.items
    for index, parts in groups.values():
        items[index] = replace(items[index], rle=mask_union(parts))


def _known(shape: Field, size: tuple[int, int], budget: Budget) -> dict[str, Any]:
    """Check our own fields of an object's first shape."""
    own = shape.get(own_fields.KEY)
    known = own_fields.from_json(own, size, budget)
    if own is not None:
        known |= own_fields.read_scores(own)
        unlabelled = own.get("unlabelled")
        if shape.value["label"] == UNLABELLED and unlabelled is not None and unlabelled.boolean():
            known["label"] = ""
    return known


def _outline(
    shape: Field, kind: str, size: tuple[int, int], budget: Budget
) -> Rle | list[NDArray[np.float64]] | NDArray[np.int64]:
    """Lay a shape out as Labelme does: a corner stands for the pixel it lies in."""
    if kind == "mask":
        return _pasted(shape, size, budget)
    points = shape["points"].pairs()
    wanted = {"polygon": None, "rectangle": 2, "oriented_rectangle": 4, "circle": 2}
    if kind not in wanted:
        shape["shape_type"].fail(f"there is no shape {kind!r:.60}; known are {', '.join(wanted)}.")
    if wanted[kind] is None and len(points) < 3:
        shape["points"].fail(f"a polygon must have at least 3 points, got {len(points)}.")
    if wanted[kind] is not None and len(points) != wanted[kind]:
        shape["points"].fail(f"a {kind} must have {wanted[kind]} points, got {len(points)}.")
    if kind == "rectangle":
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
    try:
        content = base64.b64decode(encoded.text(_MAX_IMAGE_DATA), validate=True)
    except (binascii.Error, ValueError) as error:
        encoded.fail(f"is not Base64: {error}")
    pixels, _ = decode_png(content, encoded, most_hw=size)
    height, width = pixels.shape
    budget.unpack(encoded, (height, width))
    if left < 0 or top < 0 or left + width > size[1] or top + height > size[0]:
        shape.fail(
            f"a mask of {width} x {height} pixels at ({left}, {top}) is not inside the image, "
            f"which is {size[1]} x {size[0]}."
        )
    return paste_mask(Rle.encode(pixels > 0), left, top, *size)
