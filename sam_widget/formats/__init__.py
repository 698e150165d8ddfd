"""Annotation files: one format is one module that saves and loads the annotations of an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sam_widget.errors import AnnotationError
from sam_widget.formats import coco, labelme, png, sa1b, table, yolo
from sam_widget.formats.detections import from_detections, to_detections
from sam_widget.formats.loss_warnings import FormatLossWarning, SkippedRecordsWarning
from sam_widget.formats.reading.json_reading import read_json
from sam_widget.formats.sa1b import filtered
from sam_widget.formats.table import from_dataframe, to_dataframe

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from types import ModuleType

    from sam_widget.annotations import ImageAnnotations
    from sam_widget.formats.reading.field import Document

__all__ = [
    "FORMATS",
    "FormatLossWarning",
    "SkippedRecordsWarning",
    "filtered",
    "from_dataframe",
    "from_detections",
    "load",
    "load_images",
    "save",
    "save_images",
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
        Of that format's ``load``. ``strict=True`` refuses a file of which a record cannot be used.

    Returns
    -------
    ImageAnnotations
        Records that cannot be used are left out: ``skipped`` names them, a warning counts them,
        and saving in the same format writes them back as they were.

    Raises
    ------
    AnnotationError
        If the file as a whole is malformed, or its format unknown; with ``strict``, if a record
        cannot be used, naming it.
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


def save_images(
    images: Iterable[ImageAnnotations],
    path: str | os.PathLike[str],
    format: str | None = None,
    **options: Any,
) -> Path:
    """Write the objects of many images as one file, which only COCO knows.

    Parameters
    ----------
    images : iterable of ImageAnnotations
        Taken one at a time, and held no longer than it takes to write them.
    path : path
        A file. Its folder must exist.
    format : str, optional
        ``"coco"``, which is needed where the file name does not end in ``.coco.json``.
    **options
        Of that format's ``save_images``.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    AnnotationError
        If the format has one file for each image, or is unknown, or not said.
    """
    target = Path(path)
    _of_many(format or _by_ending(target), target).save_images(images, target, **options)
    return target


def load_images(
    path: str | os.PathLike[str], format: str | None = None, *, strict: bool = False
) -> tuple[ImageAnnotations, ...]:
    """Read the objects of all images of a file, which only COCO has; errors as :func:`load`.

    Parameters
    ----------
    path : path
    format : str, optional
        ``"coco"``; by default what the ending says, and for a bare ``.json`` its content.
    strict : bool
        Refuse the file when a record cannot be used, instead of leaving the record out.

    Returns
    -------
    tuple of ImageAnnotations
        In the file's order, those without objects, too.
    """
    source = Path(path)
    name = format or _by_ending(source)
    if name is None and source.name.lower().endswith(".json"):
        document = read_json(source)
        several: tuple[ImageAnnotations, ...]
        several = _of_many(_by_content(document), source).parse_images(document, strict=strict)
        return several
    loaded: tuple[ImageAnnotations, ...] = _of_many(name, source).load_images(source, strict=strict)
    return loaded


def _of_many(name: str | None, path: Path) -> ModuleType:
    """Return the module of a format that has several images in one file."""
    if name is None:
        raise AnnotationError(f"cannot tell the format of {path.name!r}. Give format='coco'.")
    module = _module(name)
    if not hasattr(module, "save_images"):
        raise AnnotationError(
            f"the format {name!r} has a file for each image. Use save() and load() for each, or "
            "format='coco' and a file name that ends in .coco.json."
        )
    return module


def _by_ending(path: Path) -> str | None:
    lower = path.name.lower()
    for name, module in FORMATS.items():
        if module.SUFFIX and lower.endswith(module.SUFFIX):
            return name
    if path.is_dir() or (lower.endswith(".txt") and path.parent.name == yolo.LABELS):
        return "yolo"
    return None


def _by_content(document: Document) -> str:
    first = document.value[0] if isinstance(document.value, list) and document.value else None
    if isinstance(first, dict) and "image_id" in first:
        return "coco"  # detection results
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
