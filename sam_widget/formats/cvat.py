"""CVAT for images 1.1: shapes of many images in one XML file.

Read only: polygons, boxes, ellipses, masks. Polylines, points and tags have no area; they are left
out, and counted in a warning. Attributes, ``occluded`` and ``z_order`` are kept with the object.

References
----------
.. [1] CVAT's documentation, "CVAT for image 1.1" and its XML annotation format.
"""

from __future__ import annotations

from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import PALETTE
from sam_widget.errors import AnnotationError
from sam_widget.formats.loss_warnings import warn
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector, warn_of_skipped
from sam_widget.formats.reading.drawing import Outlined, draw_masks
from sam_widget.formats.reading.field import Field, listed
from sam_widget.formats.reading.outlines import ellipse_outline, turned
from sam_widget.formats.reading.pixels import mask_at
from sam_widget.formats.reading.xml_reading import Element, read_xml
from sam_widget.masks import MAX_PIXELS, Rle, fill_corners_each

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sam_widget.annotations import ImageAnnotations

__all__ = ["load", "load_images"]

_KEPT = {"occluded": "0", "z_order": "0", "group_id": "", "source": "manual"}
"""Attributes that are kept with the object, and what they usually say."""
_WITHOUT_AREA = ("polyline", "points", "tag", "skeleton", "cuboid")


def load(
    path: str | os.PathLike[str], *, image: str | None = None, strict: bool = False
) -> ImageAnnotations:
    """Read the objects of one image.

    Parameters
    ----------
    path : path
    image : str, optional
        Its name, with folders or without, or its id; needed when there are several.
    strict : bool
        Refuse the file when a shape cannot be used, instead of leaving it out.

    Returns
    -------
    ImageAnnotations

    Raises
    ------
    AnnotationError
        If the file as a whole is not as described, or ``image`` is needed or unknown; with
        ``strict``, if a shape is not, naming its line.
    """
    root, file_bytes = _root(path)
    records = list(root.all("image"))
    wanted = [
        record
        for record in records
        if image is None or str(image) in _names(record) or image == record.attributes.get("id")
    ]
    if len(wanted) != 1:
        shown = listed([record.attributes.get("name") for record in records])
        raise AnnotationError(
            f"{Path(path).name}: has {len(records)} images, {len(wanted)} of them as asked. Choose "
            f"one with image=: {shown}."
        )
    made = _Image(wanted[0], file_bytes, strict=strict).read()
    warn_of_skipped(made.skipped)
    return made


def load_images(
    path: str | os.PathLike[str], *, strict: bool = False
) -> tuple[ImageAnnotations, ...]:
    """Read the objects of all images, in the file's order; errors as :func:`load`."""
    root, file_bytes = _root(path)
    found = tuple(_Image(record, file_bytes, strict=strict).read() for record in root.all("image"))
    warn_of_skipped([reason for made in found for reason in made.skipped])
    return found


def _root(path: str | os.PathLike[str]) -> tuple[Element, int]:
    root, file_bytes = read_xml(path)
    if root.tag != "annotations" or root.find("image") is None:
        hint = " Export tracks as 'CVAT for images'." if root.find("track") is not None else ""
        raise AnnotationError(
            f"{Path(path).name}: must have <annotations> with <image> in it, as CVAT for images "
            f"1.1 writes it.{hint}"
        )
    return root, file_bytes


def _names(record: Element) -> tuple[str, str]:
    name = record.attributes.get("name", "")
    return name, PureWindowsPath(name).name


class _Image:
    """One image of a file, while it is read."""

    def __init__(self, record: Element, file_bytes: int, *, strict: bool) -> None:
        self._record = record
        named: dict[str, float] = {
            key: record.number(record.attribute(key), key) for key in ("height", "width")
        }
        self.size = Field(named, record.field.where, record.file_name).size()
        self._budget = Budget(file_bytes, self.size[0] * self.size[1])
        self._collector = Collector(self._budget, strict=strict)
        self._colors: dict[str, str] = {}

    def read(self) -> ImageAnnotations:
        """Return its objects, in the order of their layers."""
        for outlined, rle in draw_masks(self._shapes(), self.size, self._budget, fill_corners_each):
            self._budget.keep(outlined.field, rle.counts.nbytes, outlined.facts.get("extra"))
            self._collector.add(outlined.field, rle, outlined.facts)
        name = self._record.attributes.get("name", "")
        return self._collector.finish(self.size, name, announce=False)

    def _shapes(self) -> Iterator[Outlined[dict[str, Any]]]:
        left_out = 0
        for shape in self._record.children:
            if shape.tag in _WITHOUT_AREA:
                left_out += 1
                continue
            try:
                outlined = Outlined(self._facts(shape), shape.field, self._outline(shape))
            except AnnotationError as error:
                self._collector.leave_out(shape.field, error)
            else:
                yield outlined
        if left_out:
            warn(
                f"{self._record.file_name}: {left_out} lines, points and tags have no area and "
                "were left out."
            )

    def _facts(self, shape: Element) -> dict[str, Any]:
        label = Field(shape.attribute("label"), shape.field.where, shape.file_name).label()
        color = PALETTE[len(self._colors) % len(PALETTE)]
        kept: dict[str, Any] = {
            key: shape.attributes[key]
            for key, usual in _KEPT.items()
            if shape.attributes.get(key, usual) != usual
        }
        said = {child.attributes.get("name", ""): child.text for child in shape.all("attribute")}
        if said:
            kept["attributes"] = said
        extra = {"cvat": kept} if kept else {}
        return {"label": label, "color": self._colors.setdefault(label, color), "extra": extra}

    def _outline(self, shape: Element) -> Rle | list[NDArray[np.float64]]:
        if shape.tag == "mask":
            return self._mask(shape)
        if shape.tag == "polygon":
            return [_points(shape)]
        degrees = shape.number(shape.attributes.get("rotation", "0"), "rotation")
        if shape.tag == "box":
            x0, y0, x1, y1 = _figures(shape, "xtl", "ytl", "xbr", "ybr")
            corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
            return [turned(corners, degrees, (x0 + x1) / 2, (y0 + y1) / 2)]
        if shape.tag != "ellipse":
            shape.field.fail("there is no such shape; known are polygon, box, ellipse and mask.")
        x, y, across, down = _figures(shape, "cx", "cy", "rx", "ry")
        return [turned(ellipse_outline(x, y, across, down), degrees, x, y)]

    def _mask(self, shape: Element) -> Rle:
        left, top, width, height = (
            int(value) for value in _figures(shape, "left", "top", "width", "height")
        )
        if width < 1 or height < 1 or width * height > MAX_PIXELS:
            shape.field.fail(f"a mask of {width} x {height} pixels cannot be.")
        self._budget.unpack(shape.field, (height, width))
        runs = np.array([shape.number(text, "a run") for text in shape.attribute("rle").split(",")])
        if (runs < 0).any() or runs.sum() > width * height:
            shape.field.fail("its runs must add up to the pixels of its box.")
        flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs.astype(np.int64))
        pixels = np.zeros(width * height, dtype=bool)
        pixels[: len(flat)] = flat
        mask = mask_at(pixels.reshape(height, width), left, top, self.size)
        if mask is None:
            shape.field.fail("it lies outside the image.")
        return mask


def _points(shape: Element) -> NDArray[np.float64]:
    pairs = [pair.split(",") for pair in shape.attribute("points").split(";") if pair.strip()]
    if len(pairs) < 3 or any(len(pair) != 2 for pair in pairs):
        shape.field.fail("points must be 'x,y;x,y;x,y', at least three.")
    flat = [shape.number(text, "a coordinate") for pair in pairs for text in pair]
    return Field(flat, shape.field.where, shape.file_name).numbers().reshape(-1, 2)


def _figures(shape: Element, *names: str) -> NDArray[np.float64]:
    flat = [shape.number(shape.attribute(name), name) for name in names]
    return Field(flat, shape.field.where, shape.file_name).numbers()
