"""Annotation files: one format is one module that saves and loads the annotations of an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sam_widget.formats.detections import from_detections, to_detections
from sam_widget.formats.loss_warnings import (
    FormatLossWarning,
    SkippedRecordsWarning,
    collecting_losses,
    warn,
)
from sam_widget.formats.registry import (
    FORMATS,
    READ_ONLY,
    module_of,
    module_of_many,
    name_of,
    recognise,
)
from sam_widget.formats.sa1b import filtered
from sam_widget.formats.table import from_dataframe, to_dataframe

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from sam_widget.annotations import ImageAnnotations

__all__ = [
    "FORMATS",
    "READ_ONLY",
    "FormatLossWarning",
    "SkippedRecordsWarning",
    "collecting_losses",
    "filtered",
    "from_dataframe",
    "from_detections",
    "load",
    "load_images",
    "module_of",
    "save",
    "save_images",
    "to_dataframe",
    "to_detections",
    "warn",
]


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
    module_of(name_of(target, format), target, to_write=True).save(annotations, target, **options)
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
        One of ``FORMATS`` or ``READ_ONLY``; by default what the ending says, and for bare
        ``.json``, ``.xml`` and ``.csv`` files their content.
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
    name, document = recognise(source, format)
    module = module_of(name, source)
    found: ImageAnnotations = (
        module.load(source, **options) if document is None else module.parse(document, **options)
    )
    return found


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
    module_of_many(name_of(target, format), target, to_write=True).save_images(
        images, target, **options
    )
    return target


def load_images(
    path: str | os.PathLike[str], format: str | None = None, *, strict: bool = False
) -> tuple[ImageAnnotations, ...]:
    """Read the objects of all images of a file of COCO, CVAT or Label Studio.

    Errors are those of :func:`load`.

    Parameters
    ----------
    path : path
    format : str, optional
        ``"coco"``, ``"cvat"`` or ``"label_studio"``; by default what ending or content say.
    strict : bool
        Refuse the file when a record cannot be used, instead of leaving the record out.

    Returns
    -------
    tuple of ImageAnnotations
        In the file's order, those without objects, too.
    """
    source = Path(path)
    name, document = recognise(source, format)
    module = module_of_many(name, source)
    found: tuple[ImageAnnotations, ...] = (
        module.load_images(source, strict=strict)
        if document is None
        else module.parse_images(document, strict=strict)
    )
    return found
