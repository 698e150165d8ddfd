"""Prompts: what the user points at, as one immutable value.

Points are (x, y) and boxes (x0, y0, x1, y1), float pixels of the original image: continuous,
origin at the top-left corner, pixel (row r, column c) covering [c, c + 1) x [r, r + 1).
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypedDict

import numpy as np

from sam_widget.errors import PromptError, UnsupportedPrompt
from sam_widget.masks import Rle

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    MaskPrompt: TypeAlias = Rle | NDArray[np.float32]

__all__ = [
    "MAX_LOGITS_SIDE",
    "BoxWire",
    "PointWire",
    "Prompts",
    "PromptsWire",
    "logits_from_bytes",
    "same_mask",
]

Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]

MAX_LOGITS_SIDE = 512
"""Largest side of a mask prompt given as logits; known models have from 16 to 288."""


class PointWire(TypedDict):
    """A point as the page sees it."""

    x: float
    y: float
    positive: bool


class BoxWire(TypedDict):
    """A box as the page sees it."""

    x0: float
    y0: float
    x1: float
    y1: float


class PromptsWire(TypedDict):
    """Prompts as the page sees them; a mask prompt travels as a flag only."""

    points: list[PointWire]
    box: BoxWire | None
    has_mask: bool


@dataclass(frozen=True, eq=False, init=False)
class Prompts:
    """Points, at most one box and at most one mask that describe one object.

    Parameters
    ----------
    points : array-like (N, 2), optional
        (x, y) in pixels of the original image.
    labels : array-like (N,), optional
        1 includes, 0 excludes. All points include when left out.
    boxes : array-like (0 | 1, 4), optional
        (x0, y0, x1, y1) in pixels of the original image, x0 < x1 and y0 < y1.
    mask : array or Rle, optional
        bool (H, W) of the original image (uint8 of only 0 and 1 is taken as bool), kept as run
        lengths; or float32 (1, S, S) logits in the model's frame, copied. Which S it is depends on
        the model, and is checked where a predictor takes it.

    Raises
    ------
    PromptError
        If a shape, a number or a label is not as described.
    UnsupportedPrompt
        If there is more than one box: each box is an object of its own.

    Examples
    --------
    >>> prompts = Prompts(points=[(410, 220)]).with_point(300, 80, positive=False)
    >>> prompts.labels
    (1, 0)
    >>> prompts.extends(Prompts(points=[(410, 220)]))
    True
    """

    points: tuple[Point, ...]
    labels: tuple[int, ...]
    boxes: tuple[Box, ...]
    _mask: MaskPrompt | None = field(repr=False)

    def __init__(
        self,
        points: ArrayLike | None = (),
        labels: ArrayLike | None = None,
        boxes: ArrayLike | None = (),
        mask: ArrayLike | Rle | None = None,
    ) -> None:
        checked_points = _checked_points(points)
        # Frozen: the only way to store normalised values is around __setattr__.
        object.__setattr__(self, "points", checked_points)
        object.__setattr__(self, "labels", _checked_labels(labels, len(checked_points)))
        object.__setattr__(self, "boxes", _checked_boxes(boxes))
        object.__setattr__(self, "_mask", _checked_mask(mask))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Prompts):
            return NotImplemented
        return (
            self.points == other.points
            and self.labels == other.labels
            and self.boxes == other.boxes
            and same_mask(self._mask, other._mask)
        )

    def __hash__(self) -> int:
        # The mask's content is left out: hashing it would cost more than a collision.
        return hash((self.points, self.labels, self.boxes, self.has_mask))

    @property
    def mask(self) -> NDArray[np.bool_] | NDArray[np.float32] | None:
        """The mask prompt: bool (H, W), unpacked anew each time, or float32 (1, S, S)."""
        if not isinstance(self._mask, Rle):
            return self._mask
        unpacked = self._mask.decode()
        unpacked.setflags(write=False)  # writing to it would change nothing
        return unpacked

    @property
    def compact_mask(self) -> MaskPrompt | None:
        """The mask prompt as it is kept: run lengths, or float32 (1, S, S)."""
        return self._mask

    @property
    def has_mask(self) -> bool:
        """Whether there is a mask prompt."""
        return self._mask is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is prompted."""
        return not self.points and not self.boxes and not self.has_mask

    @property
    def is_single_point(self) -> bool:
        """Whether this is exactly one point and nothing else: the ambiguous prompt."""
        return len(self.points) == 1 and not self.boxes and not self.has_mask

    @property
    def box(self) -> Box | None:
        """The box (x0, y0, x1, y1), or None."""
        return self.boxes[0] if self.boxes else None

    @property
    def point_coords(self) -> NDArray[np.float64]:
        """Points as float64 (N, 2), (x, y) in original pixels."""
        return np.array(self.points, dtype=np.float64).reshape(-1, 2)

    @property
    def point_labels(self) -> NDArray[np.int64]:
        """Labels as int64 (N,), 1 include and 0 exclude."""
        return np.array(self.labels, dtype=np.int64)

    def extends(self, previous: Prompts) -> bool:
        """Whether these are ``previous`` with points appended, and nothing else changed.

        Only then do the logits chosen for ``previous`` describe the same object.
        """
        count = len(previous.points)
        return (
            len(self.points) > count
            and self.points[:count] == previous.points
            and self.labels[:count] == previous.labels
            and self.boxes == previous.boxes
            and same_mask(self._mask, previous._mask)
        )

    def fitted(self, width: int, height: int) -> Prompts:
        """Check the prompts against an image and clip the box to it.

        Parameters
        ----------
        width, height : int
            Size of the original image in pixels.

        Returns
        -------
        Prompts
            The same points and mask; the box cut at the image's border.

        Raises
        ------
        PromptError
            If a point or the whole box lies outside, or a bool mask has another shape.
        """
        for x, y in self.points:
            if not (0 <= x <= width and 0 <= y <= height):
                raise PromptError(
                    f"point ({x:g}, {y:g}) is outside the image, which is {width} pixels wide and "
                    f"{height} high. Points are (x, y) with 0 <= x <= {width}, 0 <= y <= {height}."
                )
        rle = self._mask
        if isinstance(rle, Rle) and (rle.height, rle.width) != (height, width):
            raise PromptError(
                f"the mask prompt must have the image's shape (height, width) = "
                f"({height}, {width}), got ({rle.height}, {rle.width})."
            )
        if self.box is None:
            return self
        x0, y0, x1, y1 = self.box
        clipped = (max(x0, 0.0), max(y0, 0.0), min(x1, float(width)), min(y1, float(height)))
        if clipped == self.box:
            return self
        if not (clipped[0] < clipped[2] and clipped[1] < clipped[3]):
            raise PromptError(
                f"box ({x0:g}, {y0:g}, {x1:g}, {y1:g}) lies outside the image, which is {width} "
                f"pixels wide and {height} high. Boxes are (x0, y0, x1, y1) in pixels."
            )
        return self._edited(boxes=(clipped,))

    def with_point(self, x: float, y: float, positive: bool = True) -> Prompts:
        """Append a point (x, y): include it, or exclude it."""
        return self._edited((*self.points, (x, y)), (*self.labels, 1 if positive else 0))

    def move_point(self, index: int, x: float, y: float) -> Prompts:
        """Move point ``index`` (0 is the first) to (x, y); its label stays."""
        index = self._checked_index(index)
        return self._edited((*self.points[:index], (x, y), *self.points[index + 1 :]), self.labels)

    def without_point(self, index: int) -> Prompts:
        """Leave out point ``index`` (0 is the first)."""
        index = self._checked_index(index)
        return self._edited(
            self.points[:index] + self.points[index + 1 :],
            self.labels[:index] + self.labels[index + 1 :],
        )

    def with_box(self, x0: float, y0: float, x1: float, y1: float) -> Prompts:
        """Set the box; a box that was there is replaced."""
        return self._edited(boxes=((x0, y0, x1, y1),))

    def without_box(self) -> Prompts:
        """Leave out the box."""
        return self._edited(boxes=())

    def with_mask(self, mask: ArrayLike | Rle | None) -> Prompts:
        """Set the mask prompt, or remove it with None."""
        return Prompts(self.points, self.labels, self.boxes, mask)

    def to_wire(self) -> PromptsWire:
        """Return the JSON form that the page reads."""
        points = [
            PointWire(x=x, y=y, positive=label == 1)
            for (x, y), label in zip(self.points, self.labels, strict=True)
        ]
        box = None
        if self.box is not None:
            x0, y0, x1, y1 = self.box
            box = BoxWire(x0=x0, y0=y0, x1=x1, y1=y1)
        return PromptsWire(points=points, box=box, has_mask=self.has_mask)

    def _edited(
        self,
        points: tuple[Point, ...] | None = None,
        labels: tuple[int, ...] | None = None,
        boxes: tuple[Box, ...] | None = None,
    ) -> Prompts:
        edited = Prompts(
            self.points if points is None else points,
            self.labels if labels is None else labels,
            self.boxes if boxes is None else boxes,
        )
        object.__setattr__(edited, "_mask", self._mask)
        return edited

    def _checked_index(self, index: int) -> int:
        try:
            checked = operator.index(index)
        except TypeError:
            checked = -1
        if not 0 <= checked < len(self.points):
            raise PromptError(
                f"point index must be an integer from 0 to {len(self.points) - 1}, got {index!r}."
                if self.points
                else f"there is no point {index!r}: these prompts have no points."
            )
        return checked


def _numbers(value: ArrayLike, what: str) -> NDArray[np.float64]:
    """Return finite numbers as float64, of any shape."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise PromptError(f"{what}, got something that is no regular array: {error}") from error
    if array.size == 0:
        return np.zeros(array.shape)
    if array.dtype.kind not in "iuf":
        raise PromptError(f"{what}, got {_shown(value)}.")
    numbers = array.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise PromptError(f"{what}, all of them finite, got {_shown(value)}.")
    return numbers


def _shown(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def _checked_points(points: ArrayLike | None) -> tuple[Point, ...]:
    if points is None:
        return ()
    what = "points must be numbers of shape (N, 2), for example points=[(x, y)]"
    numbers = _numbers(points, what)
    if numbers.size == 0 and (numbers.ndim == 1 or numbers.shape == (0, 2)):
        return ()
    if numbers.ndim != 2 or numbers.shape[1] != 2:
        raise PromptError(f"{what}, got shape {numbers.shape}.")
    return tuple((float(x), float(y)) for x, y in numbers.tolist())


def _checked_labels(labels: ArrayLike | None, count: int) -> tuple[int, ...]:
    if labels is None:
        return (1,) * count
    what = "labels must be one 1 (include) or 0 (exclude) per point"
    try:
        array = np.asarray(labels)
    except (TypeError, ValueError) as error:
        raise PromptError(f"{what}, got something that is no regular array: {error}") from error
    if array.ndim != 1 or array.size != count:
        raise PromptError(
            f"{what}: expected {count} for {count} points, got {array.size} "
            f"in an array of shape {array.shape}."
        )
    if array.size and (array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all()):
        raise PromptError(f"{what}, got {_shown(labels)}.")
    return tuple(int(label) for label in array)


def _checked_boxes(boxes: ArrayLike | None) -> tuple[Box, ...]:
    if boxes is None:
        return ()
    what = "boxes must be numbers of shape (1, 4), for example boxes=[(x0, y0, x1, y1)]"
    numbers = _numbers(boxes, what)
    if numbers.size == 0 and (numbers.ndim == 1 or numbers.shape == (0, 4)):
        return ()
    if numbers.ndim != 2 or numbers.shape[1] != 4:
        raise PromptError(f"{what}, got shape {numbers.shape}.")
    if len(numbers) > 1:
        raise UnsupportedPrompt(
            f"one object has at most one box, got {len(numbers)} boxes. "
            "Decode them one at a time, each with a Prompts of its own."
        )
    x0, y0, x1, y1 = numbers[0].tolist()
    if not (x0 < x1 and y0 < y1):
        raise PromptError(
            f"box must have x0 < x1 and y0 < y1, got ({x0:g}, {y0:g}, {x1:g}, {y1:g}). "
            "Boxes are (x0, y0, x1, y1) in pixels."
        )
    return ((x0, y0, x1, y1),)


def _checked_mask(mask: ArrayLike | Rle | None) -> MaskPrompt | None:
    if mask is None or isinstance(mask, Rle):
        return mask
    what = (
        "mask must be bool (H, W) of the original image, or float32 logits (1, S, S) "
        "from an earlier prediction of the same model"
    )
    try:
        array = np.asarray(mask)
    except (TypeError, ValueError) as error:
        raise PromptError(f"{what}, got something that is no regular array: {error}") from error
    if array.ndim == 2 and array.size and array.dtype == np.bool_:
        return Rle.encode(array)
    if array.ndim == 2 and array.size and array.dtype == np.uint8:
        if array.max() > 1:
            raise PromptError(f"{what}, got uint8 with values up to {array.max()}. Try mask > 0.")
        return Rle.encode(array.astype(np.bool_))
    side = array.shape[-1] if array.ndim == 3 else 0
    square = array.shape == (1, side, side) and 0 < side <= MAX_LOGITS_SIDE
    if not square or array.dtype != np.float32:
        raise PromptError(f"{what}, got {array.dtype} of shape {array.shape}.")
    if not np.isfinite(array).all():
        raise PromptError(f"{what}, got logits that are not all finite.")
    copy: NDArray[np.float32] = np.array(array, order="C")
    copy.setflags(write=False)
    return copy


def logits_from_bytes(packed: bytes) -> NDArray[np.float32]:
    """Read a mask prompt given as logits, float32 (1, S, S), from its packed numbers.

    Raises
    ------
    PromptError
        If they are no square, or too many.
    """
    side = math.isqrt(len(packed) // 4)
    if len(packed) != 4 * side * side or not 0 < side <= MAX_LOGITS_SIDE:
        raise PromptError(
            f"logits must be packed float32 numbers of a square of at most {MAX_LOGITS_SIDE} a "
            f"side, got {len(packed)} bytes."
        )
    return np.frombuffer(packed, dtype="<f4").astype(np.float32).reshape(1, side, side)


def same_mask(first: MaskPrompt | None, second: MaskPrompt | None) -> bool:
    """Whether two mask prompts, as they are kept, are the same."""
    if first is second:
        return True
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return np.array_equal(first, second)
    return isinstance(first, Rle) and isinstance(second, Rle) and first == second
