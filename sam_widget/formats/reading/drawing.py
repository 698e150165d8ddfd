"""Draw the polygons of a file: many small objects at a time, within what a file may cost."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import numpy as np

from sam_widget.formats.reading.field import Field
from sam_widget.masks import Rle, filling_costs, masks_of_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from sam_widget.formats.reading.budget import Budget
    from sam_widget.masks import Polygon

    FillEach: TypeAlias = Callable[[Sequence[Sequence[Polygon]], int, int], list[Rle]]

__all__ = ["Outlined", "draw_masks"]

_OBJECTS = 512
_CORNERS = 1 << 13
"""Objects, and corners of their polygons, that wait to be drawn."""
_PIXELS = 1 << 14
"""Pixels along their outlines that are drawn at a time."""

Facts = TypeVar("Facts")


@dataclass(frozen=True)
class Outlined(Generic[Facts]):
    """An object whose mask is still to be drawn.

    Attributes
    ----------
    facts
        Whatever is known of the object.
    field : Field
        Where it stands, for errors.
    mask : Rle, list of polygons, or int64 (N, 2)
        Finished; or outlines; or ranges as ``mask_of_ranges`` takes them.
    part : str
        How the place of a polygon goes on, with ``{}`` for its number.
    """

    facts: Facts
    field: Field
    mask: Rle | list[Polygon] | NDArray[np.int64]
    part: str = ""

    def place(self, polygon: int) -> Field:
        """Return where a polygon stands, by its number."""
        where = f"{self.field.where}{self.part.format(polygon)}"
        return Field(None, where, self.field.file_name)


def draw_masks(
    objects: Iterable[Outlined[Facts]], size: tuple[int, int], budget: Budget, fill_each: FillEach
) -> Iterator[tuple[Outlined[Facts], Rle]]:
    """Draw the masks of objects and yield both, in order.

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
    waiting: list[Outlined[Facts]] = []
    corners = 0
    for outlined in objects:
        waiting.append(outlined)
        if isinstance(outlined.mask, list):
            corners += sum(map(len, outlined.mask))
        if len(waiting) >= _OBJECTS or corners >= _CORNERS:
            yield from zip(waiting, _masks(waiting, size, budget, fill_each), strict=True)
            waiting, corners = [], 0
    yield from zip(waiting, _masks(waiting, size, budget, fill_each), strict=True)


def _masks(
    waiting: Sequence[Outlined[Facts]], size: tuple[int, int], budget: Budget, fill_each: FillEach
) -> Iterator[Rle]:
    """Draw what waits, in parts of about ``_PIXELS`` of outline."""
    masks = [outlined.mask for outlined in waiting]
    polygons = [mask if isinstance(mask, list) else [] for mask in masks]
    costs: NDArray[np.float64] = np.zeros(len(waiting))
    flat = [polygon for parts in polygons for polygon in parts]
    if flat:
        owners = np.repeat(np.arange(len(waiting)), [len(parts) for parts in polygons])
        each = filling_costs(flat, *size)
        begin = np.searchsorted(owners, owners)
        budget.draw(lambda at: waiting[owners[at]].place(at - int(begin[at])), each)
        costs += np.bincount(owners, each, len(waiting))
    costs = costs + [len(mask) if isinstance(mask, np.ndarray) else 0 for mask in masks]
    part_of = np.cumsum(costs) // _PIXELS
    cuts = [0, *(np.flatnonzero(np.diff(part_of)) + 1).tolist(), len(waiting)]
    for first, last in itertools.pairwise(cuts):
        filled = iter(fill_each([parts for parts in polygons[first:last] if parts], *size))
        united = iter(_united(masks[first:last], size))
        for mask in masks[first:last]:
            if isinstance(mask, Rle):
                yield mask
            else:
                yield next(filled if isinstance(mask, list) else united)


def _united(masks: Sequence[object], size: tuple[int, int]) -> list[Rle]:
    ranges = [mask for mask in masks if isinstance(mask, np.ndarray)]
    stride = size[0] * size[1] + 1
    moved = [own + number * stride for number, own in enumerate(ranges)]
    return masks_of_ranges(moved, len(ranges), *size)
