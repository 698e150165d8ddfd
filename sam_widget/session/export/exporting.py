"""Exporting to a place that is chosen here: beside the photos, under a name that is free."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sam_widget import formats
from sam_widget.errors import AnnotationError, ExportError
from sam_widget.session.export.places import WrittenFiles
from sam_widget.session.export.saving import (
    Exported,
    ImageToSave,
    files_of_image,
    relative_name,
    save_series,
    series_files,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sam_widget.annotations import ImageAnnotations

__all__ = ["export_image", "export_series"]

SERIES_NAME: Final = "annotations"
_READ_ONLY: Final = (errno.EROFS, errno.EACCES, errno.EPERM)


def export_image(
    annotations: ImageAnnotations, image_path: Path | None, format_name: str
) -> Exported:
    """Write the objects of an image beside it, or into the working directory.

    ``photo.jpg`` becomes ``photo.coco.json``, ``photo.masks.png`` and so on; for YOLO, the folder
    ``yolo``. A file of that name which was not exported here, or was changed since, stays: then it
    is ``photo-2.coco.json``.

    Parameters
    ----------
    annotations : ImageAnnotations
    image_path : Path or None
        The image's file; None for an image in memory.
    format_name : str
        One of ``formats.FORMATS``.

    Raises
    ------
    AnnotationError
        If there is no such format, or it cannot hold these objects.
    ExportError
        If the file cannot be written.
    """
    path = None if image_path is None else image_path.absolute()
    stem = Path(annotations.file_name or "image").stem
    image = ImageToSave(annotations.file_name or "image", path, lambda: annotations)
    ending = _ending(format_name)

    def export_to(folder: Path) -> Exported:
        written = WrittenFiles(folder)
        if format_name == "yolo":
            return _export(written, [image], folder / "yolo", format_name)
        name = f"{stem}.masks" if format_name == "png" else stem

        def files(addition: str) -> tuple[Path, ...]:
            return files_of_image(folder / f"{name}{addition}{ending}", format_name, folder)

        addition = written.choose(files)
        paths = files(addition)
        named = replace(annotations, file_name=relative_name(image, folder))
        formats.save(named, paths[0], format_name)
        written.remember(paths)
        exported = Exported(paths[0], 1, len(annotations), files=paths)
        return _noted(exported, f"{name}{ending}", addition)

    return _export_somewhere(None if path is None else path.parent, export_to)


def export_series(
    images: Sequence[ImageToSave],
    root: Path | None,
    format_name: str,
    labels: Iterable[str] = (),
) -> Exported:
    """Write the objects of a series beside its photos, or into the working directory.

    COCO becomes one file ``annotations.coco.json``, where categories that it had before keep their
    ids; all else a folder that is called as the format.

    Parameters
    ----------
    images : sequence of ImageToSave
    root : Path or None
        Where the photos are; None for images in memory.
    format_name, labels
        As for :func:`export_image`, and the labels on offer, for the order of COCO's categories.

    Raises
    ------
    AnnotationError, ExportError
        As for :func:`export_image`.
    """
    ending = _ending(format_name)
    name = f"{SERIES_NAME}{ending}" if format_name == "coco" else format_name
    offered = tuple(labels)

    def export_to(folder: Path) -> Exported:
        written = WrittenFiles(folder)
        return _export(written, images, folder / name, format_name, offered)

    return _export_somewhere(None if root is None else root.absolute(), export_to)


def _ending(format_name: str) -> str:
    ending: str = formats.module_of(format_name, Path(), to_write=True).SUFFIX
    return ending


def _export(
    written: WrittenFiles,
    images: Sequence[ImageToSave],
    target: Path,
    format_name: str,
    labels: Iterable[str] = (),
) -> Exported:
    """Save images to a target, or beside it if that is not ours."""
    one_file = format_name == "coco"

    def place(addition: str) -> Path:
        ending = formats.coco.SUFFIX if one_file else ""
        return target.with_name(f"{target.name.removesuffix(ending)}{addition}{ending}")

    def files(addition: str) -> Iterable[Path]:
        path = place(addition)
        if one_file:
            return [path]
        found = series_files(images, path, format_name).values()
        return dict.fromkeys(file for _, each in found for file in each)

    addition = written.choose(files)
    options: dict[str, Any] = {}
    if one_file:
        options = {"categories": _categories_of(place(addition)), "labels": labels}
    exported = save_series(images, place(addition), format_name, **options)
    written.remember(exported.files)
    return _noted(exported, target.name, addition)


def _categories_of(former: Path) -> list[dict[str, Any]]:
    """Return the categories of the file that is written anew; none if there is none."""
    try:
        return formats.coco.load_categories(former)
    except (FileNotFoundError, AnnotationError):
        return []


def _noted(exported: Exported, name: str, addition: str) -> Exported:
    """Say why the name is another one, and which images are missing."""
    notes = []
    if addition:
        notes.append(
            f"{name} was not exported here, or has been changed since, and was left as it is."
        )
    if exported.missing:
        notes.append(exported.missing)
    return replace(exported, note=" ".join(notes))


def _export_somewhere(folder: Path | None, export_to: Callable[[Path], Exported]) -> Exported:
    """Export into a folder; if nobody may write there, into the working directory."""
    here = Path.cwd()
    try:
        return export_to(here if folder is None else folder)
    except OSError as error:
        if folder is None or folder == here or error.errno not in _READ_ONLY:
            raise _failed(error, folder or here) from error
        refused = error
    try:
        exported = export_to(here)
    except OSError as error:
        raise _failed(error, here) from error
    why = f"{folder} may not be written ({refused.strerror or refused}): this is elsewhere."
    return replace(exported, note=" ".join(filter(None, [why, exported.note])))


def _failed(error: OSError, folder: Path) -> ExportError:
    return ExportError(f"nothing can be written in {folder}: {error.strerror or error}.")
