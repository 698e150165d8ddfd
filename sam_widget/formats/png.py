"""A PNG of instance numbers, 16 bits, with a table of classes beside it.

Pixels have the number of the object they belong to, counted from 1, and 0 elsewhere. ``photo.png``
comes with ``photo.classes.json``: ``classes`` gives each class its number, ``instances`` each
object its class and all that this package knows of it. A pixel has one number, so where objects
overlap only one of them is kept.

Read are label images of other tools, too: without a table every number but 0 is an object, and
where an 8-bit image has other numbers, 255 is the border that belongs to none, as in Pascal VOC.
Black-and-white pictures of several channels are masks.
"""

from __future__ import annotations

import io
import json
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image, PngImagePlugin

from sam_widget.annotations import PALETTE, ImageAnnotations
from sam_widget.errors import AnnotationError
from sam_widget.formats import own_fields
from sam_widget.formats.loss_warnings import warn_once
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector, claim
from sam_widget.formats.reading.field import Field
from sam_widget.formats.reading.files import read_bounded
from sam_widget.formats.reading.json_reading import read_json
from sam_widget.formats.reading.pixels import decode_png
from sam_widget.masks import MAX_PIXELS, Rle, mask_of_ranges, masks_of_ranges, pixel_positions
from sam_widget.storage import write_atomically

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sam_widget.annotations import Annotation
    from sam_widget.formats.reading.field import Document

__all__ = ["SUFFIX", "class_map_path", "is_label_image", "load", "save"]

SUFFIX = ".png"
MAX_INSTANCES = 2**16 - 1
_MARGIN = 1 << 18
_RUNS = 1 << 15
_PAIR = "sam_widget pair"
_VOID = 255
_ROLE = re.compile(r"_(masks?|labels?|instances?)$", re.IGNORECASE)


def class_map_path(path: str | os.PathLike[str]) -> Path:
    """Return where the table of classes of a label image is: ``photo.classes.json``."""
    return Path(path).with_suffix(".classes.json")


def is_label_image(path: Path) -> bool:
    """Whether a file was written by :func:`save`, and is no photo."""
    if path.suffix.lower() != SUFFIX or not class_map_path(path).is_file():
        return False
    try:
        with Image.open(path) as image:
            return _PAIR in image.info
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False


def save(
    annotations: ImageAnnotations,
    path: str | os.PathLike[str],
    *,
    overlap: Literal["newest", "oldest", "refuse"] = "newest",
) -> None:
    """Write the image of instance numbers and its table of classes, each in one step.

    Parameters
    ----------
    annotations : ImageAnnotations
        Objects of one image, at most 65,535.
    path : path
        The folder must exist.
    overlap : {"newest", "oldest", "refuse"}
        Which object a pixel belongs to where several claim it: the one later in the store, the
        earlier one, or an error. That pixels of others are lost is warned of once.

    Raises
    ------
    AnnotationError
        If there are too many objects, or they overlap and ``overlap="refuse"``.
    """
    items = list(annotations)
    if len(items) > MAX_INSTANCES:
        raise AnnotationError(
            f"a label image has at most {MAX_INSTANCES} objects, got {len(items)}. Save as COCO."
        )
    if overlap not in ("newest", "oldest", "refuse"):
        raise AnnotationError(
            f"overlap must be 'newest', 'oldest' or 'refuse', got {overlap!r:.60}."
        )
    columns = _painted(items, annotations, overlap)
    # The two files know each other by a number drawn anew each time, lest a table be taken for
    # that of another image when writing the second one fails.
    pair = secrets.token_hex(8)
    information = PngImagePlugin.PngInfo()
    information.add_text(_PAIR, pair)
    file = io.BytesIO()
    image = np.ascontiguousarray(columns.reshape(annotations.width, annotations.height).T)
    Image.fromarray(image).save(file, "PNG", pnginfo=information)
    text = json.dumps(_class_map(items, annotations, pair), allow_nan=False, indent=2)
    write_atomically(class_map_path(path), text.encode())
    write_atomically(path, file.getvalue())


def _painted(
    items: list[Annotation], annotations: ImageAnnotations, overlap: str
) -> NDArray[np.uint16]:
    """Paint instance numbers, pixels counted down the columns."""
    columns = np.zeros(annotations.width * annotations.height, dtype=np.uint16)
    for number, annotation in enumerate(items, start=1):
        inside = pixel_positions(annotation.rle)
        taken = columns[inside] > 0
        if taken.any():
            if overlap == "refuse":
                raise AnnotationError(
                    f"object {number} ({annotation.label!r}) overlaps an earlier one in "
                    f"{np.count_nonzero(taken)} pixels, which a label image cannot keep. Choose "
                    "overlap='newest' or 'oldest', or save as COCO."
                )
            warn_once(
                "png overlap",
                f"Objects overlap. A pixel of a label image belongs to one: to the {overlap}. Save "
                "as COCO to keep all.",
            )
        columns[inside[~taken] if overlap == "oldest" else inside] = number
    return columns


def _class_map(items: list[Annotation], annotations: ImageAnnotations, pair: str) -> dict[str, Any]:
    labels = sorted({item.label for item in items if item.label})
    class_ids = {label: number for number, label in enumerate(labels, start=1)}
    return {
        "format": "sam_widget label image, 1",
        "pair": pair,
        "file_name": annotations.file_name,
        "width": annotations.width,
        "height": annotations.height,
        "classes": [{"id": number, "name": label} for label, number in class_ids.items()],
        "instances": [
            {
                "instance": number,
                "class_id": class_ids.get(item.label, 0),
                "label": item.label,
                "predicted_iou": own_fields.finite_or_none(item.predicted_iou),
                "stability_score": own_fields.finite_or_none(item.stability_score),
                **own_fields.to_json(item),
            }
            for number, item in enumerate(items, start=1)
        ],
    }


def load(path: str | os.PathLike[str], *, strict: bool = False) -> ImageAnnotations:
    """Read an image of instance numbers, with its table of classes if that is there.

    Parameters
    ----------
    path : path
        PNG of one channel, 8 or 16 bits, or a grey one of several. The table may be called
        ``photo.classes.json``, ``photo.png.classes.json`` or, where the image is ``photo_mask.png``
        (``_masks``, ``_label``, ``_labels``, ``_instances``), ``photo.classes.json`` as well.
    strict : bool
        Refuse the files when a record of the table cannot be used, instead of leaving it out.

    Returns
    -------
    ImageAnnotations
        Without a table, objects in order of their numbers and without labels. ``skipped`` names the
        records that were left out.

    Raises
    ------
    AnnotationError
        If one of the files is malformed, or they do not belong together.
    """
    name = Path(path).name
    picture = Field(None, "", name)
    table = next((found for found in _tables(Path(path)) if found.exists()), None)
    document = None if table is None else read_json(table)
    content = read_bounded(path)
    size = (MAX_PIXELS, MAX_PIXELS) if document is None else document.size()
    numbers, pair = decode_png(content, picture, most_hw=size, text=_PAIR)
    if document is not None:
        _check_pair(document, numbers.shape, pair)
    height, width = numbers.shape
    # The pixels are worth their memory, however well they are compressed.
    budget = Budget(len(content) + 2 * numbers.size + _MARGIN)
    masks = _masks(numbers, picture, budget)
    collector = Collector(budget, strict=strict)
    if document is not None:
        return _named(document, masks, budget, collector)
    if numbers.dtype == np.uint8 and len(masks) > 1:
        masks.pop(_VOID, None)
    for index, mask in enumerate(masks.values()):
        collector.add(picture, mask, {"color": PALETTE[index % len(PALETTE)]})
    return collector.finish((height, width), "")


def _tables(path: Path) -> Iterator[Path]:
    """Yield where the table of classes of a label image may be."""
    yield class_map_path(path)
    yield path.with_name(f"{path.name}.classes.json")
    stem = _ROLE.sub("", path.stem)
    if stem != path.stem:
        yield path.with_name(f"{stem}.classes.json")


def _check_pair(document: Field, shape: tuple[int, ...], pair: str | None) -> None:
    if shape != document.size():
        document.fail(f"is of an image of {document.size()} pixels, and the PNG has {shape}.")
    given = document.get("pair")
    if given is not None and pair is not None and given.text() != pair:
        document.fail("belongs to another image of instance numbers than the PNG beside it.")


def _masks(numbers: NDArray[Any], picture: Field, budget: Budget) -> dict[int, Rle]:
    """Find each number's mask in one pass down the columns, in order of the numbers."""
    height, width = numbers.shape
    columns = numbers.T.ravel()
    if columns.min() < 0 or columns.max() > MAX_INSTANCES:
        picture.fail(f"instance numbers must be from 0 to {MAX_INSTANCES}.")
    # Four bytes each: of noise there is one for each pixel.
    changes = np.flatnonzero(columns[1:] != columns[:-1]).astype(np.uint32) + np.uint32(1)
    ends = [np.array([0, len(columns)], dtype=np.uint32)[at : at + 1] for at in (0, 1)]
    borders = np.concatenate([ends[0], changes, ends[1]])
    del changes
    owners = columns[borders[:-1]]
    order = np.argsort(owners, kind="stable").astype(np.uint32)
    order = order[np.searchsorted(owners[order], 1) :]
    found, first = np.unique(owners[order], return_index=True)
    budget.hold(picture, len(found), 8 * len(order))
    stride = height * width + 1
    masks: list[Rle] = []
    # A part of the numbers at a time: their runs take far more memory while they are sorted.
    cuts = np.append(first, len(order))
    begin = 0
    while begin < len(found):
        limit = np.searchsorted(cuts, cuts[begin] + _RUNS, side="right") - 1
        end = min(max(int(limit), begin + 1), len(found))
        part = order[cuts[begin] : cuts[end]]
        if len(part) > _RUNS:
            masks.append(_of_sorted(borders[part], borders[part + 1], height, width))
            begin = end
            continue
        number = np.repeat(np.arange(end - begin), np.diff(cuts[begin : end + 1]))
        runs = np.stack([borders[part], borders[part + 1]], axis=1).astype(np.int64)
        runs += (number * stride)[:, None]
        masks += masks_of_ranges([runs], end - begin, height, width)
        begin = end
    return dict(zip(found.tolist(), masks, strict=True))


def _of_sorted(first: NDArray[np.uint32], end: NDArray[np.uint32], height: int, width: int) -> Rle:
    """Make a mask of many runs in order, none touching, with little beside them in memory."""
    borders = np.zeros(2 * len(first) + 2, dtype=np.uint32)
    borders[1:-1:2], borders[2:-1:2], borders[-1] = first, end, height * width
    counts = np.diff(borders)
    return Rle.canonical(height, width, counts if counts[-1] else counts[:-1].copy())


def _named(
    document: Document, masks: dict[int, Rle], budget: Budget, collector: Collector
) -> ImageAnnotations:
    size = document.size()
    seen: set[str] = set()
    for record in document["instances"].items(MAX_INSTANCES):
        try:
            number = record["instance"].integer(1, MAX_INSTANCES)
            claim(seen, record, str(number))
            label = record.get("label")
            known = {**own_fields.read_scores(record), **own_fields.from_json(record, size, budget)}
            known["label"] = "" if label is None else label.label()
        except AnnotationError as error:
            collector.leave_out(record, error)
            continue
        # An object that lies wholly under others has no pixel left, and is an object all the same.
        mask = masks.pop(number, None) or mask_of_ranges(np.zeros((0, 2), np.int64), *size)
        collector.add(record, mask, known)
    for mask in masks.values():
        collector.add(document, mask, {})
    # A number means other pixels by the time that this is written: kept for who looks at it.
    extra = {"png": {"left_out": collector.raw}} if collector.raw else {}
    return collector.finish(size, document.text_of("file_name"), extra)
