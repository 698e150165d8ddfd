"""Annotation files: one format is one file that saves and loads the annotations of an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sam_widget.errors import AnnotationError
from sam_widget.formats import coco, labelme, png, sa1b, table, yolo
from sam_widget.formats.detections import from_detections, to_detections
from sam_widget.formats.loss_warnings import FormatLossWarning
from sam_widget.formats.reading.json_reading import read_json
from sam_widget.formats.sa1b import filtered
from sam_widget.formats.table import from_dataframe, to_dataframe

if TYPE_CHECKING:
    import os
    from types import ModuleType

    from sam_widget.annotations import ImageAnnotations
    from sam_widget.formats.reading.field import Document

__all__ = [
    "FORMATS",
    "FormatLossWarning",
    "filtered",
    "from_dataframe",
    "from_detections",
    "load",
    "save",
    "to_dataframe",
    "to_detections",
]

FORMATS: dict[str, ModuleType] = {
    "coco": coco,
    "sa1b": sa1b,
    "labelme": labelme,
    "csv": table,
    "png": png,
    "yolo": yolo,
}


def save(
    annotations: ImageAnnotations,
    path: str | os.PathLike[str],
    format: str | None = None,
    **options: Any,
) -> Path:
    """Write the objects of one image.

    Parameters
    ----------
    annotations : ImageAnnotations
    path : path
        A file, or for YOLO a folder. Its own folder must exist.
    format : str, optional
        One of ``FORMATS``; by default what the ending of the file name says.
    **options
        Of that format's ``save``.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    AnnotationError
        If the format is unknown, or not said by name or ending.
    """
    target = Path(path)
    name = format or _by_ending(target)
    if name is None:
        raise AnnotationError(f"cannot tell the format of {target.name!r}. {_advice()}")
    _module(name).save(annotations, target, **options)
    return target


def load(
    path: str | os.PathLike[str], format: str | None = None, **options: Any
) -> ImageAnnotations:
    """Read the objects of one image.

    Parameters
    ----------
    path : path
        A file, or for YOLO a folder or one of its label files.
    format : str, optional
        One of ``FORMATS``; by default what the ending says, and for a bare ``.json`` its content.
    **options
        Of that format's ``load``.

    Returns
    -------
    ImageAnnotations

    Raises
    ------
    AnnotationError
        If the file is malformed, naming the record, or its format unknown.
    """
    source = Path(path)
    name = format or _by_ending(source)
    if name is None and source.name.lower().endswith(".json"):
        document = read_json(source)
        parsed: ImageAnnotations = _module(_by_content(document)).parse(document, **options)
        return parsed
    if name is None:
        raise AnnotationError(f"cannot tell the format of {source.name!r}. {_advice()}")
    loaded: ImageAnnotations = _module(name).load(source, **options)
    return loaded


def _by_ending(path: Path) -> str | None:
    lower = path.name.lower()
    for name, module in FORMATS.items():
        if module.SUFFIX and lower.endswith(module.SUFFIX):
            return name
    if path.is_dir() or (lower.endswith(".txt") and path.parent.name == yolo.LABELS):
        return "yolo"
    return None


def _by_content(document: Document) -> str:
    keys = document.mapping().keys()
    if "shapes" in keys:
        return "labelme"
    if {"images", "annotations"} <= keys:
        return "coco"
    if {"image", "annotations"} <= keys:
        return "sa1b"
    raise document.error(
        "is neither COCO ('images', 'annotations') nor SA-1B ('image', 'annotations') nor Labelme "
        "('shapes')."
    )


def _module(name: str) -> ModuleType:
    if not isinstance(name, str) or name not in FORMATS:
        raise AnnotationError(f"there is no format {name!r:.60}. {_advice()}")
    return FORMATS[name]


def _advice() -> str:
    endings = ", ".join(
        f"{name!r} ({module.SUFFIX or 'a folder'})" for name, module in FORMATS.items()
    )
    return f"Give format= or the ending of one of these: {endings}."
