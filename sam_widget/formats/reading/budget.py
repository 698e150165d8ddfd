"""Limit what reading a file costs: polygons to draw, masks to unpack, memory beyond its size."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from sam_widget.errors import AnnotationError
from sam_widget.formats.reading.field import MAX_OUTLINE
from sam_widget.masks import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sam_widget.formats.reading.field import Field

__all__ = ["Budget", "OverBudgetError", "memory_of"]

MAX_FILLING = 2**24
"""Most outline pixels of all polygons together; drawing them takes about a second."""
POLYGON_PIXELS = 2**9
"""Outline pixels that take as long to draw as a polygon takes to be looked at."""
OBJECT_BYTES = 450
"""Bytes of memory that an object takes with its id, but for its mask and further texts."""
POINT_BYTES = 140
"""Bytes of memory that a point of a prompt takes."""
_WORTH = 8
_FREE_BYTES = 3 << 20
_FREE_MASKS = 1 << 24
"""Bytes of memory that objects, and masks, may take: so many, and so many times their file."""


class OverBudgetError(AnnotationError):
    """A file would cost too much: no record can be left out to mend that."""


class Budget:
    """What reading one file may still cost: polygons to draw, masks to unpack, memory.

    Parameters
    ----------
    file_bytes : int, optional
        Size of the file; None if it is in memory anyway.
    pixels : int
        Of the image, or of all images.
    outline : int
        Pixels along polygons that may be drawn, where that is more than of one image.
    """

    def __init__(self, file_bytes: int | None = None, pixels: int = 0, outline: int = 0) -> None:
        self._outline = max(MAX_FILLING, outline)
        self._pixels = MAX_PIXELS
        self._memory = self._masks = math.inf
        if file_bytes is not None:
            self._memory = _FREE_BYTES + _WORTH * file_bytes
            self._masks = _FREE_MASKS + _WORTH * file_bytes + pixels

    def draw(self, place: Callable[[int], Field], costs: NDArray[np.int64]) -> None:
        """Take polygons into account; fail at one of them when it is too much.

        Parameters
        ----------
        place : callable
            Where a polygon stands, by its number.
        costs : int64 (N,)
            Their ``filling_costs``.
        """
        large = np.flatnonzero(costs > MAX_OUTLINE)
        if len(large):
            _refuse(
                place(int(large[0])),
                f"a polygon may have {MAX_OUTLINE:,} pixels along its outline, "
                f"not {int(costs[large[0]]):,}.",
            )
        costs = costs + POLYGON_PIXELS
        beyond = np.flatnonzero(np.cumsum(costs) > self._outline)
        if len(beyond):
            _refuse(
                place(int(beyond[0])),
                "the polygons of this file are too long and too many to be drawn. Divide it into "
                "files of fewer objects.",
            )
        self._outline -= int(costs.sum())

    def keep(self, field: Field, mask_bytes: int = 0, further: object = None) -> None:
        """Take an object that is kept into account; fail at ``field`` when it is too much.

        Parameters
        ----------
        field : Field
        mask_bytes : int
            Size of its run-length code in memory.
        further
            What is kept beyond what every object has, as parsed.
        """
        self.hold(field, 1, mask_bytes, memory_of(further) if further else 0)

    def hold(self, field: Field, objects: int, mask_bytes: int, further: int = 0) -> None:
        """Take objects into account: how many, and bytes of memory of their masks and beyond."""
        self._memory -= objects * OBJECT_BYTES + further
        if self._memory < 0:
            _refuse(
                field,
                "so many objects and values would take far more memory than their file: files "
                "of annotations are not like that. Divide it into files of at most "
                f"{_FREE_BYTES // OBJECT_BYTES:,} objects.",
            )
        self._masks -= mask_bytes
        if self._masks < 0:
            _refuse(
                field,
                "the masks of this file would take far more memory than it and its image. Divide "
                "it into files of fewer objects.",
            )

    def point(self, field: Field, points: int) -> None:
        """Take points of prompts into account; fail at ``field`` when there are too many."""
        self.hold(field, 0, 0, points * POINT_BYTES)

    def unpack(self, field: Field, size: tuple[int, int]) -> None:
        """Take a mask that is unpacked into account; fail at ``field`` when it is too much."""
        self._pixels -= size[0] * size[1]
        if self._pixels < 0:
            _refuse(
                field,
                f"the masks that would have to be unpacked have over {MAX_PIXELS} pixels in all.",
            )


def _refuse(field: Field, message: str) -> NoReturn:
    raise OverBudgetError(str(field.error(message)))


def memory_of(value: object) -> int:
    """Return the bytes of memory that a parsed value takes, and its place in a list, about."""
    total = 0
    waiting = [value]
    while waiting:
        part = waiting.pop()
        total += sys.getsizeof(part) + 8
        if isinstance(part, dict):
            waiting += part.keys()
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return total
