"""Open Images: a CSV of masks, each in a PNG of its own.

Read only. A row names an image, a class and a PNG (``MaskPath``), which lies beside the table or in
a folder of it and may be smaller than the image. ``PredictedIoU`` is kept as such.

References
----------
.. [1] Benenson, Popov, Ferrari, "Large-scale interactive object segmentation with human
   annotators", CVPR 2019; the format page of Open Images V7.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sam_widget.annotations import PALETTE
from sam_widget.errors import AnnotationError
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector
from sam_widget.formats.reading.field import MAX_OBJECTS, Field
from sam_widget.formats.reading.files import read_bounded, read_lines
from sam_widget.formats.reading.pixels import decode_png
from sam_widget.masks import MAX_PIXELS, Rle, resize_mask

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from sam_widget.annotations import ImageAnnotations

__all__ = ["load"]

_COLUMNS = {"MaskPath", "ImageID", "LabelName"}


def load(
    path: str | os.PathLike[str],
    *,
    image: str | None = None,
    masks: str | os.PathLike[str] | None = None,
    size_wh: tuple[int, int] | None = None,
    class_names: Mapping[str, str] | None = None,
    strict: bool = False,
) -> ImageAnnotations:
    """Read the objects of one image.

    Parameters
    ----------
    path : path
        The table, such as ``validation-annotations-object-segmentation.csv``.
    image : str, optional
        The ``ImageID``; needed when there are several.
    masks : path, optional
        Folder of the PNGs; by default the table's, or a folder in it.
    size_wh : (int, int), optional
        Width and height of the image in pixels; by default those of its first mask.
    class_names : mapping, optional
        What ``/m/01226z`` and the like are called; by default they stay as they are.
    strict : bool
        Refuse the table when a row cannot be used, instead of leaving it out.

    Returns
    -------
    ImageAnnotations

    Raises
    ------
    AnnotationError
        If the table is not as described, or ``image`` is needed or unknown; with ``strict``, if a
        row is not, naming it.
    """
    path = Path(path)
    folder = path.parent if masks is None else Path(masks)
    content = read_bounded(path)
    rows = [row for row in _rows(content, path.name) if image in (None, row.value["ImageID"])]
    found = list(dict.fromkeys(row.value["ImageID"] for row in rows))
    if len(found) != 1:
        shown = ", ".join(repr(name) for name in found[:10])
        raise AnnotationError(
            f"{path.name}: has {len(found)} images as asked. Choose one with image=: {shown}."
        )
    budget = Budget(len(content))
    collector = Collector(budget, strict=strict)
    size = (
        None
        if size_wh is None
        else Field({"width": size_wh[0], "height": size_wh[1]}, "size_wh", path.name).size()
    )
    for row in rows:
        try:
            rle = _mask(row, folder, budget)
            size = size or (rle.height, rle.width)
            known = _known(row, class_names or {})
        except AnnotationError as error:
            collector.leave_out(row, error)
            continue
        if (rle.height, rle.width) != size:
            rle = resize_mask(rle, *size)
        budget.keep(row, rle.counts.nbytes)
        collector.add(row, rle, known)
    if size is None:
        raise AnnotationError(
            f"{path.name}: no mask of {found[0]} can be read: {collector.skipped[0]}"
        )
    return collector.finish(size, f"{found[0]}.jpg")


def _rows(content: bytes, name: str) -> Iterator[Field]:
    reader = csv.DictReader(read_lines(content, name, newline=""))
    missing = _COLUMNS - set(reader.fieldnames or ())
    if missing:
        raise AnnotationError(f"{name}: the columns {sorted(missing)} are missing.")
    for number, row in enumerate(reader, start=1):
        if number > MAX_OBJECTS:
            raise AnnotationError(f"{name}: has more than {MAX_OBJECTS} rows.")
        yield Field({key: text for key, text in row.items() if key}, f"row {number}", name)


def _mask(row: Field, folder: Path, budget: Budget) -> Rle:
    name = row["MaskPath"].text()
    if Path(name).name != name:
        row["MaskPath"].fail("must be the name of a file.")
    places = [folder / name, *folder.glob(f"*/{name}")]
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        row["MaskPath"].fail(f"there is no {name} in {folder.name}. Give masks= with their folder.")
    pixels, _ = decode_png(read_bounded(file), row["MaskPath"], most_hw=(MAX_PIXELS, MAX_PIXELS))
    budget.unpack(row, (pixels.shape[0], pixels.shape[1]))
    return Rle.encode(pixels > 0)


def _known(row: Field, class_names: Mapping[str, str]) -> dict[str, Any]:
    name = row["LabelName"].label()
    known: dict[str, Any] = {
        "label": class_names.get(name, name),
        "color": PALETTE[sum(name.encode()) % len(PALETTE)],
    }
    figure = row.value.get("PredictedIoU")
    if figure:
        try:
            known["predicted_iou"] = float(figure)
        except ValueError:
            row["PredictedIoU"].fail(f"must be a number, got {figure!r:.60}.")
    return known
