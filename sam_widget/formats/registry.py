"""Which formats there are, and which of them a file has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sam_widget.errors import AnnotationError
from sam_widget.formats import (
    cityscapes,
    coco,
    cvat,
    label_studio,
    labelme,
    open_images,
    pascal_voc,
    png,
    sa1b,
    table,
    yolo,
)
from sam_widget.formats.reading.json_reading import read_json

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from sam_widget.formats.reading.field import Document

__all__ = ["FORMATS", "READ_ONLY", "module_of", "module_of_many", "name_of", "recognise"]

FORMATS: dict[str, ModuleType] = {
    "coco": coco,
    "sa1b": sa1b,
    "labelme": labelme,
    "csv": table,
    "png": png,
    "yolo": yolo,
}
"""What is read and written."""
READ_ONLY: dict[str, ModuleType] = {
    "voc": pascal_voc,
    "cvat": cvat,
    "label_studio": label_studio,
    "open_images": open_images,
    "cityscapes": cityscapes,
}
"""What is read alone."""
_HEAD = 1 << 12
"""Bytes of a file that are looked at to tell what it is."""


def name_of(path: Path, format: str | None = None) -> str | None:
    """Return the format that is asked for, else what the ending says; None if it says nothing."""
    if format is not None:
        return format
    lower = path.name.lower()
    if path.name.endswith(cityscapes.SUFFIX):
        return "cityscapes"
    for name, module in FORMATS.items():
        if module.SUFFIX and lower.endswith(module.SUFFIX):
            return name
    if path.is_dir() or (lower.endswith(".txt") and yolo.LABELS in path.parts):
        return "yolo"
    return None


def recognise(
    path: Path,
    format: str | None = None,
) -> tuple[str | None, Document | None]:
    """Return the format of a file to be read, and the file if it had to be parsed to tell."""
    name = name_of(path, format)
    lower = path.name.lower()
    if name is None and lower.endswith(".json"):
        document = read_json(path)
        return _by_content(document), document
    if name is None and lower.endswith(".xml"):
        return ("cvat" if b"<annotations" in _head_of(path) else "voc"), None
    if format is None and name == "csv" and b"MaskPath" in _head_of(path):
        return "open_images", None
    return name, None


def module_of(name: str | None, path: Path, *, to_write: bool = False) -> ModuleType:
    """Return the module of a format.

    Raises
    ------
    AnnotationError
        If it is unknown, None, or only read.
    """
    if name is None:
        raise AnnotationError(f"cannot tell the format of {path.name!r}. {_advice()}")
    if to_write and name in READ_ONLY:
        raise AnnotationError(f"the format {name!r} is read, and not written. {_advice()}")
    found = FORMATS.get(name) or READ_ONLY.get(name) if isinstance(name, str) else None
    if found is None:
        raise AnnotationError(f"there is no format {name!r:.60}. {_advice()}")
    return found


def module_of_many(name: str | None, path: Path, *, to_write: bool = False) -> ModuleType:
    """Return the module of a format that has several images in one file; errors likewise."""
    if name is None:
        raise AnnotationError(f"cannot tell the format of {path.name!r}. Give format='coco'.")
    module = module_of(name, path, to_write=to_write)
    if not hasattr(module, "save_images" if to_write else "load_images"):
        raise AnnotationError(
            f"the format {name!r} has a file for each image. Use save() and load() for each, or "
            "format='coco' and a file name that ends in .coco.json."
        )
    return module


def _head_of(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(_HEAD)


def _by_content(document: Document) -> str:
    first = document.value
    if isinstance(first, list):
        first = first[0] if first else None
        if isinstance(first, dict) and "image_id" in first:
            return "coco"  # detection results
    if isinstance(first, dict) and "data" in first and {"annotations", "predictions"} & {*first}:
        return "label_studio"
    keys = document.mapping().keys()
    if "shapes" in keys:
        return "labelme"
    if {"images", "annotations"} <= keys:
        return "coco"
    if {"image", "annotations"} <= keys:
        return "sa1b"
    raise document.error(
        "is neither COCO ('images', 'annotations') nor SA-1B ('image', 'annotations') nor Labelme "
        "('shapes') nor of Label Studio ('data', 'annotations')."
    )


def _advice() -> str:
    endings = ", ".join(
        f"{name!r} ({module.SUFFIX or 'a folder'})" for name, module in FORMATS.items()
    )
    return f"Give format= or the ending of one of these: {endings}."
