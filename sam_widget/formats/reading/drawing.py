"""Drawing polygons of files: many small objects at a time, within what a file may cost."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import numpy as np

from sam_widget.formats.reading.untrusted import Field
from sam_widget.masks import Rle, filling_costs, masks_of_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from sam_widget.formats.reading.budget import Budget
    from sam_widget.masks import Polygon

    FillEach: TypeAlias = Callable[[Sequence[Sequence[Polygon]], int, int], list[Rle]]

__all__ = ["Outlined", "drawn"]

_OBJECTS = 512
_CORNERS = 1 << 13
"""Objects, and corners of their polygons, that wait to be drawn."""
_PIXELS = 1 << 14
"""Pixels along their outlines that are drawn at a time."""

What = TypeVar("What")


@dataclass(frozen=True)
class Outlined(Generic[What]):
    """An object whose mask is still to be drawn.

    Attributes
    ----------
    what
        Whatever is known of the object.
    field : Field
        Where it stands, for errors.
    mask : Rle, list of polygons, or int64 (N, 2)
        Finished; or outlines; or ranges as ``mask_of_ranges`` takes them.
    part : str
        How the place of a polygon goes on, with ``{}`` for its number.
    """

    what: What
    field: Field
    mask: Rle | list[Polygon] | NDArray[np.int64]
    part: str = ""

    def place(self, polygon: int) -> Field:
        """Return where a polygon stands, by its number."""
        where = f"{self.field.where}{self.part.format(polygon)}"
        return Field(None, where, self.field.file_name)


def drawn(
    objects: Iterable[Outlined[What]], size: tuple[int, int], budget: Budget, fill_each: FillEach
) -> Iterator[tuple[Outlined[What], Rle]]:
    """Go through objects and their masks, in order.

    Parameters
    ----------
    objects : iterable of Outlined
    size : (int, int)
        Height and width of the image.
    budget : Budget
        Of the file.
    fill_each : callable
        ``fill_corners_each`` or ``fill_centres_each``.

    Raises
    ------
    AnnotationError
        If polygons cost too much, naming the object.
    """
    waiting: list[Outlined[What]] = []
    corners = 0
    for one in objects:
        waiting.append(one)
        if isinstance(one.mask, list):
            corners += sum(map(len, one.mask))
        if len(waiting) >= _OBJECTS or corners >= _CORNERS:
            yield from zip(waiting, _masks(waiting, size, budget, fill_each), strict=True)
            waiting, corners = [], 0
    yield from zip(waiting, _masks(waiting, size, budget, fill_each), strict=True)


def _masks(
    waiting: Sequence[Outlined[What]], size: tuple[int, int], budget: Budget, fill_each: FillEach
) -> Iterator[Rle]:
    """Draw what waits, in parts of about ``_PIXELS`` of outline."""
    polygons = [one.mask if isinstance(one.mask, list) else [] for one in waiting]
    costs: NDArray[np.float64] = np.zeros(len(waiting))
    flat = [polygon for one in polygons for polygon in one]
    if flat:
        owners = np.repeat(np.arange(len(waiting)), [len(one) for one in polygons])
        each = filling_costs(flat, *size)
        begin = np.searchsorted(owners, owners)
        budget.draw(lambda at: waiting[owners[at]].place(at - int(begin[at])), each)
        costs += np.bincount(owners, each, len(waiting))
    costs = costs + [len(one.mask) if isinstance(one.mask, np.ndarray) else 0 for one in waiting]
    part_of = np.cumsum(costs) // _PIXELS
    cuts = [0, *(np.flatnonzero(np.diff(part_of)) + 1).tolist(), len(waiting)]
    for first, last in itertools.pairwise(cuts):
        filled = iter(fill_each([one for one in polygons[first:last] if one], *size))
        united = iter(_united([one.mask for one in waiting[first:last]], size))
        for one in waiting[first:last]:
            if isinstance(one.mask, Rle):
                yield one.mask
            else:
                yield next(filled if isinstance(one.mask, list) else united)


def _united(masks: Sequence[object], size: tuple[int, int]) -> list[Rle]:
    spread = [one for one in masks if isinstance(one, np.ndarray)]
    stride = size[0] * size[1] + 1
    moved = [intervals + number * stride for number, intervals in enumerate(spread)]
    return masks_of_ranges(moved, len(spread), *size)
