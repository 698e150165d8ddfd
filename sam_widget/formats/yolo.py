"""YOLO segmentation: a folder with one text file per image, a line for each object.

``labels/NAME.txt`` has lines ``class x1 y1 x2 y2 ...``, coordinates divided by the image's size.
``classes.txt`` and ``data.yaml`` name the classes; classes that a folder has already keep their
numbers, so that many images share it. Kept are label and outline, nothing else. Outlines run
through the outermost pixels, a quarter of a pixel off their corners, so that the usual readers
draw the same mask with ``cv2.fillPoly`` whether they round or cut coordinates off. An object is
one line: holes are reached by bridges through the mask, and further parts by lines of one pixel's
width, which readers draw as well.

Read are the usual trees: ``labels/NAME.txt`` beside ``images``, ``labels/train`` beside
``images/train``, and ``train/labels`` beside ``train/images``, with ``data.yaml`` above. A box of a
detector is read as a rectangle. Lines that cannot be used are kept as they are and written back.
"""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import PALETTE, ImageAnnotations
from sam_widget.errors import AnnotationError
from sam_widget.formats.loss_warnings import warn_once
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.class_names import (
    Classes,
    classes_above,
    read_classes,
    write_class_names,
)
from sam_widget.formats.reading.collector import Collector
from sam_widget.formats.reading.drawing import Outlined, draw_masks
from sam_widget.formats.reading.field import MAX_OBJECTS, Field, listed
from sam_widget.formats.reading.files import read_bounded, read_lines
from sam_widget.formats.reading.picture_size import picture_endings, size_of_picture
from sam_widget.masks import fill_centres_each, join_rings, trace_polygons
from sam_widget.storage import write_atomically

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["LABELS", "SUFFIX", "load", "save"]

SUFFIX = ""
"""None: it is a folder."""
LABELS = "labels"
UNLABELLED = "object"
"""Class of objects without a label, where no class is called so; ``data.yaml`` says which it is."""
_IMAGES = "images"
_NAME = "yolo"
_BOX = (5, 6)
"""Numbers in the line of a detector's box, without and with a confidence."""
_OFFSET = 0.25
_GAP = re.compile(r"\s")
_MOST_AT_ONCE = 1 << 14


def save(
    annotations: ImageAnnotations, path: str | os.PathLike[str], *, name: str | None = None
) -> None:
    """Write one image's lines into a folder, and name new classes; each file in one step.

    Parameters
    ----------
    annotations : ImageAnnotations
        Objects of one image.
    path : path
        The folder; made if its own folder exists.
    name : str, optional
        Name of the text file, without ending; by default that of the image's file. The image
        itself belongs into ``images/`` under the same name.

    Raises
    ------
    AnnotationError
        If neither the image nor ``name`` tells a name.
    """
    folder = Path(path)
    stem = Path(annotations.file_name).stem if name is None else name
    if not stem or Path(stem).name != stem or stem in (".", ".."):
        raise AnnotationError(
            f"cannot tell the name of the label file from {stem!r:.60}. Give name='photo' for "
            "labels/photo.txt."
        )
    twin = _twin(folder, stem, annotations.file_name)
    if name is None and twin is not None:
        raise AnnotationError(
            f"{annotations.file_name} and {twin} would both have the labels {LABELS}/{stem}.txt. "
            "Rename one of them, or give name=."
        )
    warn_once(
        "yolo",
        "YOLO files keep the label and outline of an object: no ids, scores, colours or prompts; "
        "separate parts are joined by lines, and an empty mask is left out. Save as COCO too.",
    )
    folder.mkdir(exist_ok=True)
    (folder / LABELS).mkdir(exist_ok=True)
    known = read_classes(folder)
    classes = known.names
    labels = {annotation.label for annotation in annotations if annotation.label}
    unlabelled = known.unlabelled
    if unlabelled is None and any(not annotation.label for annotation in annotations):
        taken = labels | set(classes)
        unlabelled = next(name for name in _unlabelled_names() if name not in taken)
    classes += sorted((labels | ({unlabelled} if unlabelled else set())) - set(classes))
    numbers = {label: number for number, label in reversed(list(enumerate(classes)))}
    size = np.array([annotations.width, annotations.height])
    lines = []
    for annotation in annotations:
        if annotation.area:
            ring = (join_rings(trace_polygons(annotation.rle, "centres")) + _OFFSET) / size
            ring = np.concatenate([ring, np.repeat(ring[-1:], max(0, 3 - len(ring)), axis=0)])
            coordinates = " ".join(f"{value:.8g}" for value in ring.ravel().tolist())
            lines.append(f"{numbers[annotation.label or str(unlabelled)]} {coordinates}\n")
    lines += [f"{line}\n" for line in annotations.extra.get(_NAME, {}).get("left_out", [])]
    # Names first: a name too many does no harm, a number without a name would.
    write_class_names(folder, classes, unlabelled)
    write_atomically(folder / LABELS / f"{stem}.txt", "".join(lines).encode())


def _unlabelled_names() -> Iterator[str]:
    """Yield names for the class of objects without a label."""
    yield UNLABELLED
    for number in itertools.count(1):
        yield f"unlabelled {number}"


def _twin(folder: Path, stem: str, file_name: str) -> str | None:
    """Return the name of another picture of the folder whose labels have the same file."""
    for picture in _pictures(folder, stem):
        if file_name and picture.name != file_name:
            return picture.name
    return None


def load(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    image: str | os.PathLike[str] | None = None,
    size_wh: tuple[int, int] | None = None,
    strict: bool = False,
) -> ImageAnnotations:
    """Read one image's objects.

    Parameters
    ----------
    path : path
        The folder, or one text file in its ``labels``.
    name : str, optional
        Which text file of the folder, without ending; needed when there are several. An image of
        that name without one has no objects.
    image : path, optional
        The image, for its size; by default the one of the same name in ``images`` beside
        ``labels``, or in the folder.
    size_wh : (int, int), optional
        Width and height of the image in pixels, instead.
    strict : bool
        Refuse the file when a line cannot be used, instead of leaving the line out.

    Returns
    -------
    ImageAnnotations
        A number after an odd count of coordinates is the confidence that some tools add, and
        becomes ``predicted_iou``. Classes without a name are called ``class 3``. ``skipped`` names
        the lines that were left out.

    Raises
    ------
    AnnotationError
        If name or size are needed; with ``strict``, if a line is malformed, naming it.
    """
    file = _label_file(Path(path), name)
    found = _picture_of(file) if image is None else Path(image)
    if size_wh is None and found is None:
        raise AnnotationError(
            f"{file.name}: coordinates are relative, and there is no image images/{file.stem}.* to "
            "tell its size. Give image= or size_wh=(width, height)."
        )
    shape = size_wh if size_wh is not None or found is None else size_of_picture(found)
    sizes = Field({"width": shape[0], "height": shape[1]} if shape else {}, "size_wh", file.name)
    size = sizes.size()
    classes = classes_above(file.parent)
    content = read_bounded(file) if file.exists() else b""
    budget = Budget(len(content), size[0] * size[1])
    collector = Collector(budget, strict=strict)
    lines = _outlined(content, file.name, classes, size, collector)
    for outlined, rle in draw_masks(lines, size, budget, fill_centres_each):
        budget.keep(outlined.field, rle.counts.nbytes)
        collector.add(outlined.field, rle, outlined.facts)
    extra = {_NAME: {"left_out": collector.raw}} if collector.raw else {}
    return collector.finish(size, "" if found is None else found.name, extra)


def _outlined(
    content: bytes, name: str, classes: Classes, size: tuple[int, int], collector: Collector
) -> Iterator[Outlined[dict[str, Any]]]:
    """Go through the lines; give what ``Annotation`` takes, and the outline."""
    named = dict(classes.by_number)
    if classes.unlabelled is not None:
        named = {key: "" if text == classes.unlabelled else text for key, text in named.items()}
    boxes = 0
    for number, text in enumerate(read_lines(content, name), start=1):
        if number > MAX_OBJECTS:
            raise AnnotationError(f"{name}: has more than {MAX_OBJECTS} lines.")
        if text.isspace():
            continue
        line = Field(text.strip(), f"line {number}", name)
        try:
            numbers = _numbers(line)
            boxes += len(numbers) in _BOX
            outlined = _object(line, numbers, named, size)
        except AnnotationError as error:
            collector.leave_out(line, error)
        else:
            yield outlined
    if boxes:
        warn_once(
            "yolo boxes", f"{name}: {boxes} lines are boxes of a detector, read as rectangles."
        )


def _object(
    line: Field, numbers: NDArray[np.float64], named: dict[int, str], size: tuple[int, int]
) -> Outlined[dict[str, Any]]:
    if len(numbers) < min(_BOX):
        line.fail(
            f"must be 'class x1 y1 x2 y2 x3 y3 ...' or 'class x y width height', got "
            f"{len(numbers)} numbers."
        )
    low, high = numbers.min(), numbers.max()
    if not (low > -math.inf and high < math.inf):  # NaN is not
        line.fail("all numbers must be finite.")
    number = Field(float(numbers[0]), line.where, line.file_name).integer(0, MAX_OBJECTS)
    # After an even count of coordinates, one more is a confidence.
    confidence = float(numbers[-1]) if len(numbers) % 2 == 0 else None
    polygon = numbers[1 : len(numbers) - (confidence is not None)].reshape(-1, 2)
    if len(polygon) == 2:
        polygon = _rectangle(line, polygon, np.array([size[1], size[0]]))
    if polygon.min() < -0.1 or polygon.max() > 1.1:
        line.fail("coordinates must be divided by the image's size: from 0 to 1.")
    label = named.get(number)
    if label is None:  # the same text for all objects of the class
        label = named[number] = f"class {number}"
    known = {
        "label": label,
        "color": PALETTE[number % len(PALETTE)],
        "predicted_iou": confidence,
    }
    return Outlined(known, line, [polygon * (size[1], size[0])])


def _rectangle(
    line: Field, box: NDArray[np.float64], size: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the corners of a detector's box, through the outermost pixels that it covers."""
    centre, extent = box
    if not (extent > 0).all():
        line.fail("a box must have a width and a height above 0.")
    low = np.floor((centre - extent / 2) * size + 0.5)
    high = np.maximum(np.floor((centre + extent / 2) * size + 0.5) - 1, low)
    (left, top), (right, bottom) = (low + _OFFSET) / size, (high + _OFFSET) / size
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _numbers(line: Field) -> NDArray[np.float64]:
    """Return the numbers of a line; a long one goes in parts, for its words take much memory."""
    text: str = line.value
    parts = []
    start = 0
    try:
        while start < len(text):
            gap = _GAP.search(text, start + _MOST_AT_ONCE)
            stop = len(text) if gap is None else gap.end()
            parts.append(np.array([float(word) for word in text[start:stop].split()]))
            start = stop
    except ValueError:
        line.fail("must be numbers divided by blanks.")
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def _label_file(path: Path, name: str | None) -> Path:
    """Return the text file that is meant, which may be missing where there is an image."""
    if path.is_file():
        return path
    if name is not None and Path(name).name != name:
        raise AnnotationError(f"name must be that of a file in {LABELS}, got {name!r:.60}.")
    folders = [path / LABELS, *sorted(path.glob(f"*/{LABELS}")), *sorted(path.glob(f"{LABELS}/*"))]
    folders = [folder for folder in folders if folder.is_dir()]
    found = [file for folder in folders for file in sorted(folder.glob("*.txt"))]
    if name is not None:
        wanted = [file for file in found if file.stem == name]
        pictured = [folder / f"{name}.txt" for folder in folders]
        wanted = wanted or [file for file in pictured if _picture_of(file) is not None]
        return wanted[0] if wanted else path / LABELS / f"{name}.txt"
    if len(found) == 1:
        return found[0]
    if not found:
        raise AnnotationError(f"{path.name}: has no {LABELS}/*.txt, as YOLO folders do.")
    shown = listed([file.stem for file in found])
    raise AnnotationError(
        f"{path.name}: has {len(found)} label files. Choose one with name=: {shown}."
    )


def _picture_of(file: Path) -> Path | None:
    """Return the picture of a label file: in images instead of labels, or in a folder above."""
    parts = file.parent.parts
    places = [file.parent]
    if LABELS in parts:
        at = len(parts) - 1 - parts[::-1].index(LABELS)
        places = [Path(*parts[:at], _IMAGES, *parts[at + 1 :]), Path(*parts[:at])]
    return next((found for place in places for found in _pictures_in(place, file.stem)), None)


def _pictures(folder: Path, stem: str) -> Iterator[Path]:
    for place in (folder / _IMAGES, folder):
        yield from _pictures_in(place, stem)


def _pictures_in(place: Path, stem: str) -> Iterator[Path]:
    endings = picture_endings()
    for path in sorted(place.iterdir()) if place.is_dir() else []:
        if path.stem == stem and path.suffix.lower() in endings and path.is_file():
            yield path
