"""Reading what others wrote: bounded files, JSON, and fields that are checked before they are used.

Every error names the file and the place in it: ``photo.coco.json: annotations[17].bbox: ...``.
"""

from __future__ import annotations

import json
import math
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from sam_widget.annotations import MAX_LABEL
from sam_widget.errors import AnnotationError, SamWidgetError
from sam_widget.masks import MAX_PIXELS, Rle
from sam_widget.polygon_filling import MAX_COORDINATE, filling_cost

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_OBJECTS",
    "MAX_TEXT",
    "Budget",
    "Field",
    "parse_json",
    "read_bounded",
    "read_json",
]

MAX_FILE_BYTES = 2**29
"""Largest file that is read (512 MiB): COCO's own annotations of 118,000 images are 450 MB."""
MAX_OBJECTS = 2**20
"""Most objects, images or classes in one file."""
MAX_TEXT = 4096
"""Longest text but labels and run-length codes, in characters."""
MAX_OUTLINE = 2**20
"""Most pixels along the outline of one polygon, and most corners."""
MAX_FILLING = 2**24
"""Most outline pixels of all polygons together; drawing them takes about a second."""
MAX_POINTS = 2**14
"""Most points in one object's prompts."""
_FREE_CONTAINERS = 250_000
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def read_bounded(path: str | os.PathLike[str], limit: int = MAX_FILE_BYTES) -> bytes:
    """Read a file that is a file, and not larger than ``limit`` bytes.

    Raises
    ------
    AnnotationError
        If it is something else, or larger.
    OSError
        If it is missing or may not be read.
    """
    path = Path(path)
    found = path.stat()
    # A pipe would be waited for at opening.
    if not stat.S_ISREG(found.st_mode):
        raise AnnotationError(f"{path.name}: is not a file.")
    if found.st_size <= limit:
        with path.open("rb") as file:
            # Room for as much is made at once; what is written meanwhile is not waited for.
            content = file.read(found.st_size + 1)
        if len(content) <= limit:
            return content
    raise AnnotationError(f"{path.name}: is larger than {limit:,} bytes, the most that is read.")


def read_json(path: str | os.PathLike[str]) -> Field:
    """Read a bounded JSON file; see :func:`parse_json`."""
    return parse_json(read_bounded(path), Path(path).name)


def parse_json(content: bytes, name: str) -> Field:
    """Parse JSON in which every number is finite.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without byte order mark.
    name : str
        The file's name, for errors.

    Returns
    -------
    Field
        The whole document.

    Raises
    ------
    AnnotationError
        If it is no JSON, nested too deeply, or of so many lists and objects for its size that it
        would swell in memory.
    """
    # Python's empty list takes twenty times the memory of its text; files of annotations have far
    # fewer lists than bytes. Texts are left out: run-length codes are full of brackets.
    if content.count(b"[") + content.count(b"{") > _FREE_CONTAINERS:
        texts = [0, 0]
        for text in _STRING.finditer(content):
            texts[0] += text[0].count(b"[")
            texts[1] += text[0].count(b"{")
        containers = content.count(b"[") - texts[0] + 3 * (content.count(b"{") - texts[1])
        if containers > max(_FREE_CONTAINERS, len(content) // 8):
            raise AnnotationError(f"{name}: has more lists and objects than annotations need.")
    try:
        value = json.loads(
            content.decode("utf-8-sig"), parse_constant=_refuse_constant, parse_float=_finite
        )
    except RecursionError as error:
        raise AnnotationError(f"{name}: is nested too deeply for an annotation file.") from error
    except ValueError as error:
        raise AnnotationError(
            f"{name}: is not JSON as annotation files have it: {error}"
        ) from error
    return Field(value, "", name)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]} is too large")
    return value


class Field:
    """A value of a file, and where in the file it stands.

    Parameters
    ----------
    value
        As parsed.
    where : str
        Its place, such as ``annotations[17].bbox``; empty for the whole.
    file_name : str
    """

    __slots__ = ("file_name", "value", "where")

    def __init__(self, value: Any, where: str, file_name: str) -> None:
        self.value = value
        self.where = where
        self.file_name = file_name

    def fail(self, message: str) -> NoReturn:
        """Raise an AnnotationError that names the place."""
        raise self.error(message)

    def error(self, message: object) -> AnnotationError:
        """Return an AnnotationError that names the place."""
        place = f"{self.file_name}: {self.where}" if self.where else self.file_name
        return AnnotationError(f"{place}: {message}")

    @contextmanager
    def named(self) -> Iterator[None]:
        """Let errors of this package that are raised in the block name the place."""
        try:
            yield
        except SamWidgetError as error:
            raise self.error(error) from error

    def __getitem__(self, key: str) -> Field:
        """Return an object's field, which must be there."""
        found = self.get(key)
        if found is None:
            self.fail(f"the key {key!r} is missing.")
        return found

    def get(self, key: str) -> Field | None:
        """Return an object's field; None if it is missing or null."""
        value = self.mapping().get(key)
        if value is None:
            return None
        return Field(value, f"{self.where}.{key}" if self.where else key, self.file_name)

    def mapping(self) -> dict[str, Any]:
        """Return a JSON object."""
        if not isinstance(self.value, dict):
            self._expected("an object {...}")
        return self.value

    def items(self, most: int = MAX_OBJECTS) -> Iterator[Field]:
        """Go through the elements of a list of at most ``most``."""
        for index, value in enumerate(self.values(most)):
            yield Field(value, f"{self.where}[{index}]", self.file_name)

    def values(self, most: int = MAX_OBJECTS) -> list[Any]:
        """Return a list of at most ``most`` elements as it is."""
        if not isinstance(self.value, list):
            self._expected("a list [...]")
        if len(self.value) > most:
            self.fail(f"has {len(self.value):,} elements; at most {most:,} are read.")
        return self.value

    def text(self, most: int = MAX_TEXT) -> str:
        """Return a text of at most ``most`` characters."""
        if not isinstance(self.value, str):
            self._expected("a text")
        if len(self.value) > most:
            self.fail(f"has {len(self.value):,} characters; at most {most:,} are read.")
        try:
            self.value.encode()
        except UnicodeEncodeError:
            self.fail("is not valid Unicode text: it has half of a surrogate pair.")
        return self.value

    def label(self) -> str:
        """Return the text of a label."""
        return self.text(MAX_LABEL)

    def integer(self, low: int, high: int) -> int:
        """Return a whole number within the bounds; 3.0 is one, true is not."""
        value = self.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self._expected("a whole number")
        if not low <= value <= high:
            self.fail(f"must be from {low} to {high}, got {_shown(value)}.")
        return int(value)

    def number(self, low: float = -MAX_COORDINATE, high: float = MAX_COORDINATE) -> float:
        """Return a finite number within the bounds."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self._expected("a number")
        if not low <= self.value <= high:
            self.fail(f"must be a number from {low:g} to {high:g}, got {_shown(self.value)}.")
        return float(self.value)

    def numbers(self, count: int | None = None) -> NDArray[np.float64]:
        """Return a list of numbers, coordinates as a rule, as float64 (N,)."""
        values = self.values(2 * MAX_OUTLINE)
        if count is not None and len(values) != count:
            self.fail(f"must have {count} numbers, got {len(values)}.")
        # bool is an int to Python, and no coordinate.
        if not {type(value) for value in values} <= {int, float}:
            self._expected("a list of numbers")
        if values and not (min(values) >= -MAX_COORDINATE and max(values) <= MAX_COORDINATE):
            self.fail(f"numbers must be from {-MAX_COORDINATE:.0f} to {MAX_COORDINATE:.0f}.")
        return np.array(values, dtype=np.float64)

    def pairs(self, most: int = MAX_OUTLINE) -> NDArray[np.float64]:
        """Return a list of at most ``most`` [x, y] as float64 (N, 2)."""
        values = self.values(most)
        for index, value in enumerate(values):
            if not isinstance(value, list) or len(value) != 2:
                self.fail(f"[{index}] must be [x, y], got {_shown(value)}.")
        flat = Field([number for pair in values for number in pair], self.where, self.file_name)
        return flat.numbers().reshape(-1, 2)

    def boolean(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            self._expected("true or false")
        return self.value

    def rle(self, size: tuple[int, int] | None = None) -> Rle:
        """Return a run-length code, of (height, width) if given."""
        counts = self.mapping().get("counts")
        if size is not None and isinstance(counts, list | str):
            # Seven characters of text are one run at most; nobody needs runs without a pixel.
            runs = len(counts) if isinstance(counts, list) else len(counts) // 7
            if runs > size[0] * size[1] + 2:
                self.fail("has more runs than the image has pixels.")
        with self.named():
            found = Rle.from_coco(self.mapping())
        if size is not None and (found.height, found.width) != size:
            self.fail(
                f"the mask is {found.height} x {found.width} pixels, height by width, and the "
                f"image {size[0]} x {size[1]}."
            )
        return found

    def size(self) -> tuple[int, int]:
        """Return ``height`` and ``width`` of an object that has both."""
        height = self["height"].integer(1, MAX_PIXELS)
        width = self["width"].integer(1, MAX_PIXELS)
        if height * width > MAX_PIXELS:
            self.fail(f"an image must have at most {MAX_PIXELS} pixels, got {height} x {width}.")
        return height, width

    def _expected(self, what: str) -> NoReturn:
        self.fail(f"must be {what}, got {_shown(self.value)}.")


class Budget:
    """What reading one file may still cost: polygons to draw, masks to unpack."""

    def __init__(self) -> None:
        self._outline = MAX_FILLING
        self._pixels = MAX_PIXELS

    def draw(self, field: Field, polygon: NDArray[np.float64], size: tuple[int, int]) -> None:
        """Take a polygon into account; fail at ``field`` when it is too much."""
        cost = filling_cost(polygon, *size)
        if cost > MAX_OUTLINE:
            field.fail(
                f"a polygon may have {MAX_OUTLINE:,} pixels along its outline, not {cost:,}."
            )
        self._outline -= cost
        if self._outline < 0:
            field.fail("the polygons of this file are too long and too many to be drawn.")

    def unpack(self, field: Field, size: tuple[int, int]) -> None:
        """Take a mask that is unpacked into account; fail at ``field`` when it is too much."""
        self._pixels -= size[0] * size[1]
        if self._pixels < 0:
            field.fail(
                f"the masks that would have to be unpacked have over {MAX_PIXELS} pixels in all."
            )


def _shown(value: object) -> str:
    if isinstance(value, list | dict) and len(value) > 20:
        return f"{type(value).__name__} of {len(value):,}"
    if isinstance(value, int) and value.bit_length() > 200:
        return "a very long number"
    text = " ".join(repr(value)[:200].split())
    return text if len(text) <= 60 else f"{text[:57]}..."
