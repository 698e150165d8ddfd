"""Masks as COCO run-length codes: encoded, decoded, read, written and measured.

A run-length code walks the mask column by column (top to bottom, then left to right) and counts,
in turn, pixels outside and inside; the first count is of pixels outside and may be zero.

References
----------
.. [1] Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, and the reference codec
   in cocodataset/cocoapi, ``common/maskApi.c``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypedDict, overload

import numpy as np

from sam_widget.errors import AnnotationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MAX_PIXELS",
    "CompressedRle",
    "Rle",
    "UncompressedRle",
    "checked_mask",
]

MAX_PIXELS = 2**27
"""Largest mask that is decoded, in pixels (134 megapixels)."""

_CHUNK_BYTES = 1 << 22
_SHORT = 256
_MAX_DIGITS = 7
"""Characters of one number in the compressed form: 33 bits with sign, five to a character."""


class CompressedRle(TypedDict):
    """COCO's compressed form: ``size`` is [height, width]."""

    size: list[int]
    counts: str


class UncompressedRle(TypedDict):
    """COCO's uncompressed form: ``size`` is [height, width]."""

    size: list[int]
    counts: list[int]


@dataclass(frozen=True, eq=False, slots=True)
class Rle:
    """A mask as run lengths, in one canonical form: equal masks have equal codes.

    Parameters
    ----------
    height, width : int
        Size of the mask in pixels.
    counts : array-like of int (R,)
        Run lengths, column-major, first outside. Stored as read-only uint32, runs of length
        zero (but the first) joined.

    Raises
    ------
    AnnotationError
        If the size is not that of 1 to ``MAX_PIXELS`` pixels, a run is negative, or the runs
        do not add up to the size.

    Examples
    --------
    >>> mask = np.array([[False, True], [True, True]])
    >>> Rle.encode(mask).to_coco(compressed=False)
    {'size': [2, 2], 'counts': [1, 3]}
    """

    height: int
    width: int
    counts: NDArray[np.uint32] = field(repr=False)

    def __post_init__(self) -> None:
        height, width = _checked_size((self.height, self.width))
        object.__setattr__(self, "height", height)
        object.__setattr__(self, "width", width)
        object.__setattr__(self, "counts", _checked_counts(self.counts, height, width))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rle):
            return NotImplemented
        same_size = (self.height, self.width) == (other.height, other.width)
        return same_size and np.array_equal(self.counts, other.counts)

    def __hash__(self) -> int:
        return hash((self.height, self.width, self.counts.tobytes()))

    @classmethod
    def canonical(cls, height: int, width: int, counts: NDArray[np.uint32]) -> Rle:
        """Make a mask of run lengths that are known to be valid and canonical: none is checked.

        Parameters
        ----------
        height, width : int
        counts : uint32 (R,)
            Kept, and read-only from now on.
        """
        made = cls.__new__(cls)
        counts.setflags(write=False)
        object.__setattr__(made, "height", height)
        object.__setattr__(made, "width", width)
        object.__setattr__(made, "counts", counts)
        return made

    @classmethod
    def encode(cls, mask: NDArray[np.bool_]) -> Rle:
        """Encode a mask.

        Parameters
        ----------
        mask : bool (H, W)

        Returns
        -------
        Rle

        Raises
        ------
        AnnotationError
            If the array is not a bool mask of 1 to ``MAX_PIXELS`` pixels.
        """
        mask = checked_mask(mask)
        height, width = _checked_size(mask.shape)
        return cls(height, width, _run_lengths(mask))

    def decode(self) -> NDArray[np.bool_]:
        """Return the mask, bool (H, W)."""
        # Only the mask's box is written: the system gives memory to what is written, so that
        # many small masks of a large image do not take the image's size each.
        mask = np.zeros((self.height, self.width), dtype=np.bool_)
        left, top, width, height = self.bbox_xywh
        if width:
            counts = self.counts[: len(self.counts) // 2 * 2].astype(np.int64)
            counts[0] -= left * self.height
            rest = width * self.height - int(counts.sum())
            inside = np.arange(len(counts) + 1) % 2 == 1
            columns = np.repeat(inside, np.append(counts, rest)).reshape(width, self.height)
            mask[top : top + height, left : left + width] = columns[:, top : top + height].T
        return mask

    @classmethod
    def from_coco(cls, code: Mapping[str, Any]) -> Rle:
        """Read COCO's form, compressed (str or bytes) or not (list of int).

        Everything is checked before memory of the mask's size is asked for.

        Parameters
        ----------
        code : mapping
            ``{"size": [height, width], "counts": str | bytes | list[int]}``.

        Raises
        ------
        AnnotationError
            If a key is missing or the code is damaged.
        """
        try:
            size, counts = code["size"], code["counts"]
        except (KeyError, TypeError, IndexError) as error:
            raise AnnotationError(
                "a run-length code must be a mapping with the keys 'size' and 'counts', "
                f"got {_shown(code)}."
            ) from error
        height, width = _checked_size(size)
        if isinstance(counts, str):
            try:
                counts = counts.encode("ascii")
            except UnicodeEncodeError as error:
                raise AnnotationError("compressed counts must be ASCII text.") from error
        short = _short_counts(counts, height * width)
        if short is not None:
            return cls.canonical(height, width, short)
        if isinstance(counts, bytes):
            counts = _decompress(counts)
        return cls(height, width, counts)

    @overload
    def to_coco(self, *, compressed: Literal[True] = True) -> CompressedRle: ...
    @overload
    def to_coco(self, *, compressed: Literal[False]) -> UncompressedRle: ...

    def to_coco(self, *, compressed: bool = True) -> CompressedRle | UncompressedRle:
        """Return COCO's form, ready for JSON.

        Parameters
        ----------
        compressed : bool
            Counts as text, as pycocotools writes them; otherwise as a list of int.
        """
        size = [self.height, self.width]
        if compressed:
            return CompressedRle(size=size, counts=self.compressed().decode("ascii"))
        return UncompressedRle(size=size, counts=self.counts.tolist())

    def compressed(self) -> bytes:
        """Return the counts as COCO's text: differences, five bits to a character."""
        rest = self.counts.astype(np.int64)
        rest[3:] -= self.counts[1:-2]
        digits = np.zeros((len(rest), _MAX_DIGITS), dtype=np.uint8)
        unfinished = np.ones(len(rest), dtype=np.bool_)
        for position in range(_MAX_DIGITS):
            low = rest & 0x1F
            rest >>= 5
            # A number ends where only copies of its sign bit are left.
            more = rest != np.where(low & 0x10, -1, 0)
            digits[:, position] = np.where(unfinished, low + 48 + 0x20 * more, 0)
            unfinished &= more
        return digits[digits > 0].tobytes()

    @property
    def area(self) -> int:
        """Pixels inside."""
        return int(self.counts[1::2].sum(dtype=np.int64))

    @property
    def bbox_xywh(self) -> tuple[int, int, int, int]:
        """Smallest box (x, y, width, height) in pixels; all zero for an empty mask."""
        ends = np.cumsum(self.counts, dtype=np.int64)
        first = ends[: len(ends) // 2 * 2 : 2]
        last = ends[1::2] - 1
        if not len(first):
            return (0, 0, 0, 0)
        left, right = int(first[0]) // self.height, int(last[-1]) // self.height
        top, bottom = int((first % self.height).min()), int((last % self.height).max())
        if (first // self.height != last // self.height).any():
            # A run that goes on in the next column touches both the bottom and the top.
            top, bottom = 0, self.height - 1
        return (left, top, right - left + 1, bottom - top + 1)


def _shown(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def checked_mask(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask, or refuse what is not bool (H, W)."""
    array = np.asarray(mask)
    if array.ndim != 2 or array.dtype != np.bool_:
        raise AnnotationError(
            f"a mask must be bool (H, W), got {array.dtype} of shape {array.shape}."
        )
    return array


def _checked_size(size: object) -> tuple[int, int]:
    """Return (height, width) as plain integers; ``size`` may come from any JSON file."""
    sides = list(size) if isinstance(size, list | tuple | np.ndarray) else []
    # bool is an int to Python, but no size.
    whole = [int(side) for side in sides if isinstance(side, int | np.integer)]
    if len(sides) != 2 or len(whole) != 2 or any(isinstance(side, bool) for side in sides):
        raise AnnotationError(
            f"size must be [height, width], two whole numbers, got {_shown(size)}."
        )
    height, width = whole
    if height < 1 or width < 1 or height * width > MAX_PIXELS:
        raise AnnotationError(
            f"a mask must have 1 to {MAX_PIXELS} pixels, got size [{height}, {width}]."
        )
    return height, width


def _checked_counts(counts: ArrayLike, height: int, width: int) -> NDArray[np.uint32]:
    """Return canonical run lengths, a read-only array of their own."""
    try:
        runs = np.asarray(counts)
    except (TypeError, ValueError, OverflowError) as error:
        raise AnnotationError(f"counts must be whole numbers: {error}") from error
    if runs.ndim != 1 or not runs.size or runs.dtype.kind not in "iu":
        raise AnnotationError(
            f"counts must be a list of whole numbers, at least one, got {_shown(counts)}."
        )
    pixels = height * width
    if int(runs.min()) < 0 or int(runs.max()) > pixels:
        raise AnnotationError(
            f"runs of a {height} x {width} mask are from 0 to {pixels} pixels long, "
            f"got {int(runs.min())} to {int(runs.max())}."
        )
    total = int(runs.sum(dtype=np.uint64))
    if total != pixels:
        raise AnnotationError(
            f"runs must add up to height x width = {height} x {width} = {pixels}, got {total}."
        )
    canonical = _without_empty_runs(runs.astype(np.uint32))
    canonical.setflags(write=False)
    return canonical


def _without_empty_runs(runs: NDArray[np.uint32]) -> NDArray[np.uint32]:
    if runs[1:].all():
        return runs
    inside = np.arange(len(runs)) % 2 == 1
    kept = runs > 0
    lengths, inside = runs[kept], inside[kept]
    # Neighbours on the same side of the boundary, now that nothing lies between, are one run.
    starts = np.flatnonzero(np.concatenate(([True], inside[1:] != inside[:-1])))
    joined = np.add.reduceat(lengths, starts, dtype=np.uint32)
    return np.concatenate(([np.uint32(0)], joined)) if inside[0] else joined


def _run_lengths(mask: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Return the run lengths of a mask.

    Without the transposed copy of it that column order suggests.
    Changes between vertical neighbours are found row by row, where memory is contiguous, and their
    positions, which are few in a mask of an object, are sorted into column order.
    """
    height, width = mask.shape
    pixels = np.ascontiguousarray(mask).view(np.uint8)
    # Column by column, a column's first pixel follows the last one of the column before; nothing
    # precedes the very first, which counts as outside.
    before = np.concatenate(([np.uint8(0)], pixels[-1, :-1]))
    positions = [np.flatnonzero(pixels[0] != before) * height]
    step = max(1, _CHUNK_BYTES // width)
    for top in range(1, height, step):
        bottom = min(top + step, height)
        changed = pixels[top:bottom] ^ pixels[top - 1 : bottom - 1]
        row, column = np.divmod(np.flatnonzero(changed.view(np.bool_)), width)
        positions.append((column * height + row + top).astype(np.uint32))
    positions.append(np.array([mask.size]))
    ends = np.concatenate(positions, dtype=np.uint32, casting="unsafe")
    positions.clear()  # of a noisy mask they outweigh the mask
    ends.sort()
    return np.diff(ends, prepend=np.uint32(0))


def _short_counts(counts: object, pixels: int) -> NDArray[np.uint32] | None:
    """Read few counts that are valid and canonical, far sooner than NumPy; None for others."""
    if not isinstance(counts, bytes | list) or len(counts) > _SHORT:
        return None
    values = counts
    if isinstance(counts, bytes):
        values = []
        value = shift = 0
        for letter in counts:
            digit = letter - 48
            if not 0 <= digit <= 0x3F or shift >= 5 * _MAX_DIGITS:
                return None
            value |= (digit & 0x1F) << shift
            shift += 5
            if not digit & 0x20:
                if digit & 0x10:
                    value -= 1 << shift
                values.append(value + values[-2] if len(values) > 2 else value)
                value = shift = 0
        if shift:
            return None
    elif not all(type(value) is int for value in values):
        return None
    if not values or min(values) < 0 or 0 in values[1:] or sum(values) != pixels:
        return None
    return np.array(values, dtype=np.uint32)


def _decompress(text: bytes) -> NDArray[np.int64]:
    """Undo :meth:`Rle.compressed`; damaged text raises AnnotationError."""
    digits = np.frombuffer(text, dtype=np.uint8).astype(np.int64) - 48
    if not len(digits) or digits.min() < 0 or digits.max() > 0x3F:
        raise AnnotationError(
            "compressed counts must be text of the characters '0' to 'o', at least one, "
            f"got {_shown(text)}."
        )
    last = np.flatnonzero((digits & 0x20) == 0)
    first = np.concatenate(([0], last[:-1] + 1))
    if not len(last) or last[-1] != len(digits) - 1 or (last - first).max() >= _MAX_DIGITS:
        raise AnnotationError(
            f"compressed counts are cut short or damaged: a number must end within {_MAX_DIGITS} "
            "characters, and the text with a number."
        )
    place = np.arange(len(digits)) - np.repeat(first, last - first + 1)
    values = np.add.reduceat((digits & 0x1F) << (5 * place), first)
    negative = (digits[last] & 0x10) != 0
    values -= np.where(negative, np.int64(1) << (5 * (last - first + 1)), 0)
    # From the fourth on, each number is the difference to the one two before.
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values
