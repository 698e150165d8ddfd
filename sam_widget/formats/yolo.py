"""YOLO segmentation: a folder with one text file per image, a line for each object.

``labels/NAME.txt`` has lines ``class x1 y1 x2 y2 ...``, coordinates divided by the image's size.
``classes.txt`` and ``data.yaml`` name the classes; classes that a folder has already keep their
numbers, so that many images share it. Kept are label and outline, nothing else. Outlines run
through the outermost pixels, a quarter of a pixel off their corners, so that the usual readers
draw the same mask with ``cv2.fillPoly`` whether they round or cut coordinates off. An object is
one line: holes are reached by bridges through the mask, and further parts by lines of one pixel's
width, which readers draw as well.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from sam_widget.annotations import PALETTE, ImageAnnotations
from sam_widget.errors import AnnotationError
from sam_widget.formats.loss_warnings import warn_once
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.class_names import (
    names_by_number,
    read_class_names,
    write_class_names,
)
from sam_widget.formats.reading.collector import Collector
from sam_widget.formats.reading.drawing import Outlined, draw_masks
from sam_widget.formats.reading.field import MAX_OBJECTS, Field
from sam_widget.formats.reading.files import read_bounded, read_lines
from sam_widget.masks import MAX_PIXELS, fill_centres_each, join_rings, trace_polygons
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
"""Class of objects without a label."""
_OFFSET = 0.25
_ORIENTATION = 0x0112
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
    warn_once(
        "yolo",
        "YOLO files keep the label and outline of an object: no ids, scores, colours or prompts; "
        "separate parts are joined by lines, and an empty mask is left out. Save as COCO too.",
    )
    folder.mkdir(exist_ok=True)
    (folder / LABELS).mkdir(exist_ok=True)
    classes = read_class_names(folder)
    labels = {annotation.label or UNLABELLED for annotation in annotations}
    classes += sorted(labels - set(classes))
    numbers = {label: number for number, label in reversed(list(enumerate(classes)))}
    size = np.array([annotations.width, annotations.height])
    lines = []
    for annotation in annotations:
        if annotation.area:
            ring = (join_rings(trace_polygons(annotation.rle, "centres")) + _OFFSET) / size
            ring = np.concatenate([ring, np.repeat(ring[-1:], max(0, 3 - len(ring)), axis=0)])
            coordinates = " ".join(f"{value:.8g}" for value in ring.ravel().tolist())
            lines.append(f"{numbers[annotation.label or UNLABELLED]} {coordinates}\n")
    # Names first: a name too many does no harm, a number without a name would.
    write_class_names(folder, classes)
    write_atomically(folder / LABELS / f"{stem}.txt", "".join(lines).encode())


def load(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    image: str | os.PathLike[str] | None = None,
    size_wh: tuple[int, int] | None = None,
) -> ImageAnnotations:
    """Read one image's objects.

    Parameters
    ----------
    path : path
        The folder, or one text file in its ``labels``.
    name : str, optional
        Which text file of the folder, without ending; needed when there are several.
    image : path, optional
        The image, for its size; by default the one of the same name in ``images`` beside
        ``labels``, or in the folder.
    size_wh : (int, int), optional
        Width and height of the image in pixels, instead.

    Returns
    -------
    ImageAnnotations
        A number after an odd count of coordinates is the confidence that some tools add, and
        becomes ``predicted_iou``. Classes without a name are called ``class 3``.

    Raises
    ------
    AnnotationError
        If a file is malformed, naming the line, or name or size are needed.
    """
    folder, file = _label_file(Path(path), name)
    found = _image_beside(folder, file.stem) if image is None else Path(image)
    if size_wh is None and found is None:
        raise AnnotationError(
            f"{file.name}: coordinates are relative, and there is no image images/{file.stem}.* to "
            "tell its size. Give image= or size_wh=(width, height)."
        )
    shape = size_wh if size_wh is not None or found is None else _size_of(found)
    sizes = Field({"width": shape[0], "height": shape[1]} if shape else {}, "size_wh", file.name)
    size = sizes.size()
    classes = names_by_number(folder)
    content = read_bounded(file)
    budget = Budget(len(content), size[0] * size[1])
    collector = Collector()
    lines = _outlined(content, file.name, classes, size)
    for outlined, rle in draw_masks(lines, size, budget, fill_centres_each):
        budget.keep(outlined.field, rle.counts.nbytes)
        collector.add(outlined.field, rle, outlined.facts)
    return collector.finish(size, "" if found is None else found.name)


def _outlined(
    content: bytes, name: str, classes: dict[int, str], size: tuple[int, int]
) -> Iterator[Outlined[dict[str, Any]]]:
    """Go through the lines; give what ``Annotation`` takes, and the outline."""
    for number, text in enumerate(read_lines(content, name), start=1):
        if number > MAX_OBJECTS:
            raise AnnotationError(f"{name}: has more than {MAX_OBJECTS} lines.")
        if not text.isspace():
            yield _object(Field(text, f"line {number}", name), classes, size)


def _object(
    line: Field, classes: dict[int, str], size: tuple[int, int]
) -> Outlined[dict[str, Any]]:
    numbers = _numbers(line)
    if len(numbers) == 5:
        line.fail("has 4 numbers after the class: a box of a detector, and no outline of a mask.")
    if len(numbers) < 7:
        line.fail(f"must be 'class x1 y1 x2 y2 x3 y3 ...', got {len(numbers)} numbers.")
    low, high = numbers.min(), numbers.max()
    if not (low > -math.inf and high < math.inf):  # NaN is not
        line.fail("all numbers must be finite.")
    number = Field(float(numbers[0]), line.where, line.file_name).integer(0, MAX_OBJECTS)
    # After an even count of coordinates, one more is a confidence.
    confidence = float(numbers[-1]) if len(numbers) % 2 == 0 else None
    polygon = numbers[1 : len(numbers) - (confidence is not None)].reshape(-1, 2)
    if polygon.min() < -0.1 or polygon.max() > 1.1:
        line.fail("coordinates must be divided by the image's size: from 0 to 1.")
    label = classes.get(number)
    if label is None:  # the same text for all objects of the class
        label = classes[number] = f"class {number}"
    known = {
        "label": "" if label == UNLABELLED else label,
        "color": PALETTE[number % len(PALETTE)],
        "predicted_iou": confidence,
    }
    return Outlined(known, line, [polygon * (size[1], size[0])])


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


def _label_file(path: Path, name: str | None) -> tuple[Path, Path]:
    if path.is_file():
        return (path.parent.parent if path.parent.name == LABELS else path.parent), path
    folder = path / LABELS
    if name is not None:
        if Path(name).name != name:
            raise AnnotationError(f"name must be that of a file in {LABELS}, got {name!r:.60}.")
        return path, folder / f"{name}.txt"
    found = sorted(folder.glob("*.txt")) if folder.is_dir() else []
    if len(found) == 1:
        return path, found[0]
    if not found:
        raise AnnotationError(f"{path.name}: has no {LABELS}/*.txt, as YOLO folders do.")
    shown = ", ".join(repr(path.stem) for path in found[:10])
    more = f" and {len(found) - 10} more" if len(found) > 10 else ""
    raise AnnotationError(
        f"{path.name}: has {len(found)} label files. Choose one with name=: {shown}{more}."
    )


def _image_beside(folder: Path, stem: str) -> Path | None:
    endings = {
        ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN
    }
    for place in (folder / "images", folder):
        for path in sorted(place.iterdir()) if place.is_dir() else []:
            if path.stem == stem and path.suffix.lower() in endings and path.is_file():
                return path
    return None


def _size_of(path: Path) -> tuple[int, int]:
    """Read width and height from an image's head, turned as its EXIF data say."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise AnnotationError(f"{path.name}: is not an image that can be read: {error}") from error
    if width * height > MAX_PIXELS:
        raise AnnotationError(f"{path.name}: has more than {MAX_PIXELS} pixels.")
    return (height, width) if turned else (width, height)
