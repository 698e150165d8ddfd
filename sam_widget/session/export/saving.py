"""The objects of many images as one file, or as a folder with files for each image."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from sam_widget import formats
from sam_widget.errors import AnnotationError, ImageError, JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sam_widget.annotations import ImageAnnotations

__all__ = [
    "Exported",
    "ImageToSave",
    "files_of_image",
    "relative_name",
    "save_series",
    "series_files",
]

_NAMES_SHOWN: Final = 10


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    path : Path
        The file, or for several files their folder; absolute.
    images : int
        Images in it; those without objects count if they are marked as done.
    objects : int
        Objects in it.
    left_out : mapping of str to str
        Images that could not be read, by name, and why.
    note : str
        What is worth knowing: why it is not where it would be expected, what the format loses.
    files : tuple of Path
        All files that were written.
    """

    path: Path
    images: int
    objects: int
    left_out: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    files: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def missing(self) -> str:
        """How many and which images could not be read, in words; empty if none."""
        if not self.left_out:
            return ""
        names = ", ".join(list(self.left_out)[:_NAMES_SHOWN])
        more = len(self.left_out) - _NAMES_SHOWN
        shown = f"{names} and {more} more" if more > 0 else names
        images = "1 image" if len(self.left_out) == 1 else f"{len(self.left_out)} images"
        verb = "is" if len(self.left_out) == 1 else "are"
        return f"{images} could not be read and {verb} left out: {shown}."

    def __str__(self) -> str:
        def count(number: int, noun: str) -> str:
            return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

        return f"{count(self.objects, 'object')} of {count(self.images, 'image')} in {self.path}"


@dataclass(frozen=True, eq=False)
class ImageToSave:
    """An image of a series, on its way to a file.

    Attributes
    ----------
    name : str
        Its name in the series.
    path : Path or None
        Its file; None for an image in memory.
    read : callable
        Returns its objects; ImageError or JournalError if that fails. None has nothing to be
        saved: no objects, and nobody has said that it is done.
    """

    name: str
    path: Path | None
    read: Callable[[], ImageAnnotations | None]


def save_series(
    images: Sequence[ImageToSave],
    target: Path,
    format_name: str,
    **options: Any,  # noqa: ANN401 - each format has its own
) -> Exported:
    """Write the objects of many images, each read when its turn comes and held no longer.

    Parameters
    ----------
    images : sequence of ImageToSave
    target : Path
        One file for COCO, for all else a folder, which is made if its own folder exists.
    format_name : str
        One of ``formats.FORMATS``.
    **options
        Of that format.

    Raises
    ------
    AnnotationError
        If there is no such format, an option is none of it, or a file would replace an image.
    OSError
        If something cannot be written. What was written before is whole, and stays.
    """
    formats.module_of(format_name, target, to_write=True)
    target = target.absolute()
    reading = _Reading(images)
    if format_name == "coco":
        _refuse_images([target], images)
        formats.save_images(
            (
                replace(found, file_name=relative_name(image, target.parent))
                for image, found in reading
            ),
            target,
            "coco",
            **options,
        )
        return reading.exported(target, [target])
    places = series_files(images, target, format_name)
    _refuse_images((path for place in places.values() for path in place[1]), images)
    target.mkdir(exist_ok=True)
    written: dict[Path, None] = {}
    for image, found in reading:
        place, files = places[image]
        if format_name == "yolo":
            formats.save(found, target, "yolo", name=place.name, **options)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            named = replace(found, file_name=relative_name(image, place.parent))
            formats.save(named, place, format_name, **options)
        written.update(dict.fromkeys(files))
    return reading.exported(target, list(written))


class _Reading:
    """Goes through images, reads what is to be saved, and counts."""

    def __init__(self, images: Sequence[ImageToSave]) -> None:
        self._images = images
        self._count = self._objects = 0
        self._left_out: dict[str, str] = {}

    def __iter__(self) -> Iterator[tuple[ImageToSave, ImageAnnotations]]:
        for image in self._images:
            try:
                found = image.read()
            except (ImageError, JournalError) as error:
                self._left_out[image.name] = str(error)
                continue
            if found is not None:
                self._count += 1
                self._objects += len(found)
                yield image, found

    def exported(self, path: Path, files: Sequence[Path]) -> Exported:
        """Return what was read and written."""
        return Exported(path, self._count, self._objects, self._left_out, files=tuple(files))


def series_files(
    images: Iterable[ImageToSave], folder: Path, format_name: str
) -> dict[ImageToSave, tuple[Path, tuple[Path, ...]]]:
    """Return, for each image, the path to save to and all files that this writes.

    Files are called as their images, in subfolders where those are; for YOLO all lie in one folder.
    Where that would be one name for two images, the ending, or for YOLO the folder, becomes part of
    it.
    """
    ending = formats.FORMATS[format_name].SUFFIX
    taken: set[str] = set()
    places = {}
    for image in images:
        inside = _inside(image.name)
        if format_name == "yolo":
            parts = inside.with_suffix("").parts
            names = [parts[-1], "_".join(parts), "_".join(inside.parts)]
        else:
            names = [inside.with_suffix("").as_posix(), inside.as_posix()]
        names += [f"{names[-1]}-{number}" for number in range(2, len(taken) + 3)]
        name = next(name for name in names if name.casefold() not in taken)
        taken.add(name.casefold())
        place = folder / f"{name}{ending}"
        places[image] = (place, files_of_image(place, format_name, folder))
    return places


def files_of_image(place: Path, format_name: str, folder: Path) -> tuple[Path, ...]:
    """Return the files that saving an image writes; for YOLO ``place`` is named as its text."""
    if format_name == "yolo":
        names = folder / "classes.txt", folder / "data.yaml"
        return folder / formats.yolo.LABELS / f"{place.name}.txt", *names
    if format_name == "png":
        return place, formats.png.class_map_path(place)
    return (place,)


def _inside(name: str) -> PurePath:
    """Return a path below a folder: an image elsewhere is called as its file alone."""
    path = PurePath(name)
    outside = path.is_absolute() or ".." in path.parts
    return PurePath(path.name or "image") if outside else path


def relative_name(image: ImageToSave, folder: Path) -> str:
    """Return how a file in ``folder`` names the image: relative to it, if they share a folder."""
    if image.path is None:
        return image.name
    path = image.path.absolute()
    try:
        common = os.path.commonpath([path, folder.absolute()])
    except ValueError:  # on another drive
        return path.as_posix()
    if Path(common) == Path(path.anchor):
        return path.as_posix()
    return Path(os.path.relpath(path, folder)).as_posix()


def _refuse_images(files: Iterable[Path], images: Iterable[ImageToSave]) -> None:
    sources = {os.path.realpath(image.path) for image in images if image.path is not None}
    for file in files:
        if os.path.realpath(file) in sources:
            raise AnnotationError(
                f"{file} is an image of the series, and would be replaced. Save into another "
                "folder."
            )
