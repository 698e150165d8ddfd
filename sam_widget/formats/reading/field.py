"""Fields of files that others wrote: checked before they are used.

Every error names the file and the place in it: ``photo.coco.json: annotations[17].bbox: ...``.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np

from sam_widget.annotations import MAX_LABEL
from sam_widget.errors import AnnotationError, SamWidgetError
from sam_widget.masks import MAX_COORDINATE, MAX_PIXELS, Rle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = [
    "MAX_OBJECTS",
    "MAX_OUTLINE",
    "MAX_POINTS",
    "MAX_TEXT",
    "Document",
    "Field",
    "Records",
    "listed",
    "plain_json",
]

Made = TypeVar("Made")

MAX_OBJECTS = 2**20
"""Most objects, images or classes in one file."""
MAX_TEXT = 4096
"""Longest text but labels and run-length codes, in characters."""
MAX_OUTLINE = 2**20
"""Most pixels along the outline of one polygon, and most corners."""
MAX_POINTS = 2**14
"""Most points in one object's prompts."""
_NUMBERS = {int, float}
_LISTED = 10


class Records:
    """A long list of a file, whose elements are made only while it is gone through."""

    def __len__(self) -> int:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError


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

    def make(self, call: Callable[..., Made], *arguments: Any, **named: Any) -> Made:
        """Call something; let errors of this package that it raises name the place."""
        with self.named():
            return call(*arguments, **named)

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
        value = self.value
        value = (value if type(value) is dict else self.mapping()).get(key)
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

    def values(self, most: int = MAX_OBJECTS) -> list[Any] | Records:
        """Return a list of at most ``most`` elements as it is; lists of numbers may be arrays."""
        if not isinstance(self.value, list | Records | np.ndarray):
            self._expected("a list [...]")
        if len(self.value) > most:
            self.fail(f"has {len(self.value):,} elements; at most {most:,} are read.")
        return list(self.value) if isinstance(self.value, np.ndarray) else self.value

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

    def text_of(self, key: str) -> str:
        """Return a text field of an object; empty if it is missing or null."""
        found = self.get(key)
        return "" if found is None else found.text()

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
        self.check_numbers(count)
        return np.array(self.value, dtype=np.float64)

    def check_numbers(self, count: int | None = None) -> None:
        """Fail if it is not such a list of numbers."""
        values = self.value
        if not isinstance(values, np.ndarray):
            values = self.values(2 * MAX_OUTLINE)
            # bool is an int to Python, and no coordinate.
            if not set(map(type, values)) <= _NUMBERS:
                self._expected("a list of numbers")
        elif values.ndim != 1 or len(values) > 2 * MAX_OUTLINE:
            self._expected(f"a list of at most {2 * MAX_OUTLINE:,} numbers")
        if count is not None and len(values) != count:
            self.fail(f"must have {count} numbers, got {len(values)}.")
        if len(values):
            low, high = _extremes(values)
            if not (low >= -MAX_COORDINATE and high <= MAX_COORDINATE):
                self.fail(f"numbers must be from {-MAX_COORDINATE:.0f} to {MAX_COORDINATE:.0f}.")

    def pairs(self, most: int = MAX_OUTLINE) -> NDArray[np.float64]:
        """Return a list of at most ``most`` [x, y] as float64 (N, 2)."""
        if isinstance(self.value, np.ndarray) and self.value.shape[1:] == (2,):
            if len(self.value) > most:
                self.fail(f"has {len(self.value):,} points; at most {most:,} are read.")
            flat: Any = self.value.reshape(-1)
        else:
            values = self.values(most)
            for index, value in enumerate(values):
                if not isinstance(value, list) or len(value) != 2:
                    self.fail(f"[{index}] must be [x, y], got {_shown(value)}.")
            flat = [number for pair in values for number in pair]
        return Field(flat, self.where, self.file_name).numbers().reshape(-1, 2)

    def boolean(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            self._expected("true or false")
        return self.value

    def rle(self, size: tuple[int, int] | None = None) -> Rle:
        """Return a run-length code, of (height, width) if given.

        Whole numbers may have a point, and the last run may be missing.
        """
        code = _whole_runs(self.mapping())
        counts = code.get("counts")
        if size is not None and isinstance(counts, list | str | np.ndarray):
            # Seven characters of text are one run at most; nobody needs runs without a pixel.
            runs = len(counts) // 7 if isinstance(counts, str) else len(counts)
            if runs > size[0] * size[1] + 2:
                self.fail("has more runs than the image has pixels.")
        with self.named():
            found = Rle.from_coco(code)
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


class Document(Field):
    """All of a file, and how large the file is.

    Parameters
    ----------
    value, where, file_name
        As of :class:`Field`.
    file_bytes : int
        Size of the file.

    Attributes
    ----------
    folder : Path or None
        Where the file lies, if it is one.
    """

    __slots__ = ("file_bytes", "folder")

    def __init__(self, value: Any, where: str, file_name: str, file_bytes: int) -> None:
        super().__init__(value, where, file_name)
        self.file_bytes = file_bytes
        self.folder: Path | None = None


def listed(names: Sequence[object], count: int | None = None) -> str:
    """Name the first ten of what there is, of ``count`` in all, and say how many more there are."""
    count = len(names) if count is None else count
    shown = ", ".join(f"{name!r:.80}" for name in names[:_LISTED])
    return f"{shown} and {count - _LISTED} more" if count > _LISTED else shown


def plain_json(value: Any, place: Field, *, strict: bool = True) -> Any:
    """Return a parsed value as JSON has it: without arrays, of finite numbers.

    Parameters
    ----------
    value
        As parsed; part of the field or all of it.
    place : Field
        Named in errors.
    strict : bool
        Refuse numbers that are too large; else they become null.
    """
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: plain_json(member, place, strict=strict) for key, member in value.items()}
    if isinstance(value, list | Records):
        return [plain_json(element, place, strict=strict) for element in value]
    if isinstance(value, float) and not math.isfinite(value):
        if strict:
            place.fail("has a number that is too large.")
        return None
    return value


def _whole_runs(code: dict[str, Any]) -> dict[str, Any]:
    """Return a run-length code whose numbers are whole and whose runs cover the image."""
    size, counts = code.get("size"), code.get("counts")
    if not isinstance(counts, list | np.ndarray) or not isinstance(size, list) or len(size) != 2:
        return code
    if not {*map(type, size)} <= _NUMBERS or not all(0 < side <= MAX_PIXELS for side in size):
        return code
    runs = np.asarray(counts)
    if runs.ndim != 1 or runs.dtype.kind not in "iuf" or bool in {*map(type, counts)}:
        return code
    if runs.dtype.kind == "f":
        if not (np.isfinite(runs).all() and (runs == np.floor(runs)).all()):
            return code
        runs = runs.clip(-1, MAX_PIXELS + 1).astype(np.int64)
    whole = [int(side) if side == int(side) else side for side in size]
    left = whole[0] * whole[1] - int(runs.sum())
    if left > 0 and not (runs < 0).any():
        runs = np.append(runs, left)
    return {"size": whole, "counts": runs}


def _extremes(values: Any) -> tuple[float, float]:
    if isinstance(values, np.ndarray):
        return values.min(), values.max()
    return min(values), max(values)


def _shown(value: object) -> str:
    if isinstance(value, Records):
        return f"list of {len(value):,}"
    if isinstance(value, list | dict | np.ndarray) and len(value) > 20:
        return f"{type(value).__name__} of {len(value):,}"
    if isinstance(value, int) and value.bit_length() > 200:
        return "a very long number"
    text = " ".join(repr(value)[:200].split())
    return text if len(text) <= 60 else f"{text[:57]}..."
