"""Tables: one object a row, as CSV or as a pandas DataFrame.

Columns are ``file_name``, ``width``, ``height``, ``id``, ``label``, ``area``, ``bbox_x``,
``bbox_y``, ``bbox_width``, ``bbox_height``, ``predicted_iou``, ``stability_score``, ``rle`` (the
counts of COCO's compressed form, for ``pycocotools`` with ``size = [height, width]``), ``color``,
``visible``, ``candidate``, ``model_name``, ``model_digest``, ``created`` and ``prompts`` (JSON).
Nothing is lost. Read are the first three, ``rle`` and whatever else there is of these; what other
columns say of an object, and rows that cannot be used, are kept as they are and written back.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sam_widget.annotations import PALETTE, ImageAnnotations
from sam_widget.errors import AnnotationError
from sam_widget.formats import own_fields
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.collector import Collector
from sam_widget.formats.reading.field import MAX_OBJECTS, Field
from sam_widget.formats.reading.files import read_bounded, read_lines
from sam_widget.formats.reading.json_reading import parse_value
from sam_widget.masks import MAX_PIXELS
from sam_widget.storage import write_atomically

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import pandas as pd

    from sam_widget.masks import Rle

__all__ = ["COLUMNS", "SUFFIX", "from_dataframe", "load", "save", "to_dataframe"]

SUFFIX = ".csv"
_NAME = "csv"
COLUMNS = (
    "file_name", "width", "height", "id", "label", "area", "bbox_x", "bbox_y", "bbox_width",
    "bbox_height", "predicted_iou", "stability_score", "rle", "color", "visible", "candidate",
    "model_name", "model_digest", "created", "prompts",
)  # fmt: skip
_MAX_COMMAS = 2**16
MAX_CELL = 2**25
"""Longest cell that is read, in characters; a run-length code of a megapixel of noise has less."""


def _rows(annotations: ImageAnnotations) -> Iterator[dict[str, Any]]:
    for annotation in annotations:
        x, y, width, height = annotation.bbox_xywh
        own = own_fields.to_json(annotation)
        yield {
            **own,
            "file_name": annotations.file_name,
            "width": annotations.width,
            "height": annotations.height,
            "label": annotation.label,
            "area": annotation.area,
            "bbox_x": x,
            "bbox_y": y,
            "bbox_width": width,
            "bbox_height": height,
            "predicted_iou": own_fields.finite_or_none(annotation.predicted_iou),
            "stability_score": own_fields.finite_or_none(annotation.stability_score),
            "rle": annotation.rle.compressed().decode("ascii"),
            "prompts": json.dumps(own["prompts"], allow_nan=False),
            **annotation.extra.get(_NAME, {}),
        }


def _columns(annotations: ImageAnnotations) -> list[str]:
    """Return the columns, those that only a file had behind the others."""
    further = (annotation.extra.get(_NAME, {}) for annotation in annotations)
    left_out = annotations.extra.get(_NAME, {}).get("left_out", [])
    return list(dict.fromkeys(itertools.chain(COLUMNS, *further, *left_out)))


def save(annotations: ImageAnnotations, path: str | os.PathLike[str]) -> None:
    """Write a CSV file; readers see the old file or the whole new one.

    Parameters
    ----------
    annotations : ImageAnnotations
        Objects of one image. Of no objects only the header is written, and the image's size is
        lost.
    path : path
        The folder must exist.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _columns(annotations), lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows(annotations))
    writer.writerows(annotations.extra.get(_NAME, {}).get("left_out", []))
    write_atomically(path, text.getvalue().encode(errors="replace"))


def load(path: str | os.PathLike[str], *, strict: bool = False) -> ImageAnnotations:
    """Read a CSV file.

    Parameters
    ----------
    path : path
    strict : bool
        Refuse the file when a row cannot be used, instead of leaving the row out.

    Returns
    -------
    ImageAnnotations
        ``skipped`` names the rows that were left out.

    Raises
    ------
    AnnotationError
        If the file as a whole is not as described, has no row, or rows of several images; with
        ``strict``, if a row cannot be used, naming the row and column.
    """
    name = Path(path).name
    content = read_bounded(path)
    # The limit is the process's own.
    former = csv.field_size_limit(MAX_CELL)
    try:
        return _collect(_parsed(content, name), name, len(content), strict=strict)
    finally:
        csv.field_size_limit(former)


def _parsed(content: bytes, name: str) -> Iterator[dict[str, Any]]:
    try:
        reader = csv.reader(_lines(content, name), strict=True)
        header = next(reader, [])
        if not {"width", "height", "rle"} <= set(header):
            raise AnnotationError(f"{name}: must have the columns 'width', 'height' and 'rle'.")
        if len(set(header)) < len(header):
            raise AnnotationError(f"{name}: has two columns of one name.")
        for row in reader:
            if row and len(row) != len(header):
                raise AnnotationError(
                    f"{name}: line {reader.line_num}: must have {len(header)} cells, like the "
                    f"first, got {len(row)}."
                )
            if row:
                yield dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise AnnotationError(f"{name}: is not CSV: {error}") from error


def _lines(content: bytes, name: str) -> Iterator[str]:
    for number, line in enumerate(read_lines(content, name, newline=""), start=1):
        if line.count(",") > _MAX_COMMAS:
            raise AnnotationError(f"{name}: line {number}: has more than {_MAX_COMMAS:,} commas.")
        yield line


def to_dataframe(annotations: ImageAnnotations) -> pd.DataFrame:
    """Return the objects as a pandas DataFrame with the columns that a CSV file has.

    Parameters
    ----------
    annotations : ImageAnnotations

    Returns
    -------
    pandas.DataFrame
        ``attrs`` keeps ``width``, ``height`` and ``file_name``, for the case of no objects.

    Raises
    ------
    ImportError
        If pandas is not installed.
    """
    frame = _pandas().DataFrame(list(_rows(annotations)), columns=_columns(annotations))
    frame.attrs = {
        "width": annotations.width,
        "height": annotations.height,
        "file_name": annotations.file_name,
    }
    return frame


def from_dataframe(frame: pd.DataFrame) -> ImageAnnotations:
    """Make objects of a DataFrame such as :func:`to_dataframe` returns or ``read_csv`` reads.

    Parameters
    ----------
    frame : pandas.DataFrame
        With the columns ``width``, ``height`` and ``rle`` at least.

    Returns
    -------
    ImageAnnotations

    Raises
    ------
    AnnotationError
        If a row is not as described.
    ImportError
        If pandas is not installed.
    """
    pandas = _pandas()
    attrs = frame.attrs
    if frame.empty and {"width", "height"} <= attrs.keys():
        width, height = Field(attrs, "attrs", "DataFrame").size()[::-1]
        return ImageAnnotations(width=width, height=height, file_name=attrs.get("file_name", ""))
    missing = {"width", "height", "rle"} - set(frame.columns)
    if missing:
        raise AnnotationError(f"DataFrame: the columns {sorted(missing)} are missing.")
    rows = (
        {
            str(key): "" if value is None or pandas.isna(value) is True else str(value)
            for key, value in row.items()
        }
        for row in frame.to_dict("records")
    )
    return _collect(rows, "DataFrame")


def _pandas() -> Any:
    try:
        import pandas  # noqa: PLC0415, ICN001 - only who asks for a DataFrame needs it
    except ImportError as error:
        raise ImportError("a DataFrame needs pandas: pip install pandas") from error
    return pandas


def _collect(
    rows: Iterator[dict[str, str]],
    name: str,
    file_bytes: int | None = None,
    *,
    strict: bool = False,
) -> ImageAnnotations:
    """Make objects of rows of texts, all of one image."""
    size: tuple[int, int] | None = None
    former: tuple[str, str, str] | None = None
    file_name = ""
    labels: dict[str, int] = {}
    texts: dict[str, str] = {}
    budget = Budget(file_bytes)
    collector = Collector(budget, strict=strict)
    for number, row in enumerate(rows, start=1):
        if number > MAX_OBJECTS:
            raise AnnotationError(f"{name}: has more than {MAX_OBJECTS} rows.")
        record = Field(row, f"row {number}", name)
        image = row["height"], row["width"], row.get("file_name", "")
        # As a rule all rows say the same, letter by letter.
        if image != former:
            found = _number(record["height"], MAX_PIXELS), _number(record["width"], MAX_PIXELS)
            if size is None:
                named = dict(zip(("height", "width"), found, strict=True))
                size, file_name = Field(named, record.where, name).size(), image[2]
            elif found != size or image[2] != file_name:
                record.fail("is of another image than the first row. Load the rows of one image.")
            former = image
        try:
            rle, known = _known(record, size or (0, 0), labels, budget)
        except AnnotationError as error:
            collector.leave_out(record, error)
            continue
        budget.keep(record, rle.counts.nbytes, known.get("extra"))
        for key in ("label", "color"):
            known[key] = texts.setdefault(known[key], known[key])
        collector.add(record, rle, known)
    if size is None:
        raise AnnotationError(f"{name}: has no row, and so no image size.")
    extra = {_NAME: {"left_out": collector.raw}} if collector.raw else {}
    return collector.finish(size, file_name, extra)


def _known(
    record: Field, size: tuple[int, int], labels: dict[str, int], budget: Budget
) -> tuple[Rle, dict[str, Any]]:
    """Check a row; return its mask, and what else ``Annotation`` takes."""
    row = record.mapping()
    code = record["rle"]
    counts = {"size": list(size), "counts": code.text(MAX_CELL)}
    rle = Field(counts, code.where, code.file_name).rle(size)
    label = Field(row.get("label", ""), f"{record.where}.label", record.file_name).label()
    own: dict[str, Any] = {
        key: row[key]
        for key in ("id", "created", "color", "model_name", "model_digest")
        if row.get(key)
    }
    if row.get("visible"):
        visible = record["visible"]
        if visible.value not in ("True", "False", "true", "false", "1", "0"):
            visible.fail(f"must be True or False, got {visible.value!r:.60}.")
        own["visible"] = visible.value in ("True", "true", "1")
    if row.get("candidate"):
        own["candidate"] = _number(record["candidate"], 2**16)
    if row.get("prompts"):
        prompts = record["prompts"]
        place = f"{prompts.file_name}: {prompts.where}"
        own["prompts"] = parse_value(prompts.text(MAX_CELL).encode(errors="replace"), place)
    figures = {
        key: _figure(record[key]) for key in ("predicted_iou", "stability_score") if row.get(key)
    }
    known = own_fields.from_json(Field(own, record.where, record.file_name), size, budget)
    color = PALETTE[labels.setdefault(label, len(labels)) % len(PALETTE)]
    further = {key: value for key, value in row.items() if key not in COLUMNS}
    if further:
        known["extra"] = {_NAME: further}
    return rle, {"label": label, "color": color, **figures, **known}


def _figure(cell: Field) -> float:
    return Field(_float(cell), cell.where, cell.file_name).number(-1000, 1000)


def _number(cell: Field, high: int) -> int:
    """Read a whole number; pandas writes 3.0 where a column has gaps."""
    return Field(_float(cell), cell.where, cell.file_name).integer(0, high)


def _float(cell: Field) -> float:
    try:
        return float(cell.text(64))
    except ValueError:
        cell.fail(f"must be a number, got {cell.value!r:.60}.")
