"""Fill polygons, in the two ways that annotation files mean them: see ``polygons.py``.

References
----------
.. [1] cocodataset/cocoapi, ``common/maskApi.c``, ``rleFrPoly``: how COCO files are drawn.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sam_widget.errors import AnnotationError
from sam_widget.masks.runs import masks_of_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sam_widget.masks.polygons import Polygon
    from sam_widget.masks.rle import Rle

    Pixels: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]
    Crossed: TypeAlias = Callable[["_Edges", int, int], Pixels]

__all__ = [
    "MAX_COORDINATE",
    "fill_centres_each",
    "fill_corners_each",
    "filling_costs",
]

MAX_COORDINATE = 2.0**20
"""How far from the origin a corner may lie, in pixels."""

_SCALE = 5
"""COCO draws polygons enlarged by this factor, and keeps every fifth column."""

_EDGES = 1 << 14
_POINTS = 1 << 17
"""Edges, and points of the outline, that are drawn at a time."""

_NO_POINTS = np.zeros((0, 2))
_NO_PIXELS = np.zeros(0, dtype=np.int64)


def filling_costs(polygons: Sequence[Polygon], height: int, width: int) -> NDArray[np.int64]:
    """Bound the steps that filling polygons takes, so that readers can refuse before they pay.

    Parameters
    ----------
    polygons : sequence of float64 (N, 2)
    height, width : int
        Size of the mask in pixels.

    Returns
    -------
    int64 (N,)
        Points of each outline inside the mask, about.
    """
    costs = np.zeros(len(polygons), dtype=np.int64)
    for edges in _edges(_Rings.of([polygons]), _EDGES):
        each = _costs(edges, height, width)
        costs += np.bincount(edges.ring, each, len(polygons)).astype(np.int64)
    return costs


def fill_corners_each(objects: Sequence[Sequence[Polygon]], height: int, width: int) -> list[Rle]:
    """Draw polygons of continuous coordinates as ``pycocotools`` does, to the pixel.

    Parameters
    ----------
    objects : sequence of sequences of float (N, 2)
        (x, y) in pixels; the parts of each object. What several cover belongs to its mask.
    height, width : int
        Size of the masks in pixels.

    Returns
    -------
    list of Rle
        One for each object.

    Raises
    ------
    AnnotationError
        If a polygon has another shape, or coordinates that are not finite or beyond
        ``MAX_COORDINATE``.
    """
    rings = _Rings.of(objects)
    ranges = [_insides(rings, height, width, _crossings)]
    return masks_of_ranges(ranges, len(objects), height, width)


def fill_centres_each(objects: Sequence[Sequence[Polygon]], height: int, width: int) -> list[Rle]:
    """Draw polygons of whole pixels, the outline included, as ``cv2.fillPoly`` does.

    Parameters
    ----------
    objects : sequence of sequences of float (N, 2)
        (x, y) in pixels; a corner stands for the pixel it lies in. The parts of each object.
    height, width : int
        Size of the masks in pixels.

    Returns
    -------
    list of Rle
        One for each object. Between corners that lie in a row, a column or on a diagonal, exactly
        what OpenCV and Pillow draw; along other lines their roundings differ by single pixels, and
        so does this.

    Raises
    ------
    AnnotationError
        As :func:`fill_corners_each`.
    """
    given = _Rings.of(objects)
    rings = _Rings(np.floor(given.points), given.ends, given.owner)
    ranges = [_insides(rings, height, width, _inner), *_outlines(rings, height, width)]
    return masks_of_ranges(ranges, len(objects), height, width)


@dataclass(frozen=True, eq=False)
class _Rings:
    """Polygons of several objects, one after another.

    Attributes
    ----------
    points : float64 (P, 2)
        All corners, (x, y).
    ends : int (R,)
        Where each polygon ends among them.
    owner : int (R,)
        Which object it belongs to.
    """

    points: NDArray[np.float64]
    ends: NDArray[np.int64]
    owner: NDArray[np.int64]

    @classmethod
    def of(cls, objects: Sequence[Sequence[Polygon]]) -> _Rings:
        """Check polygons and lay them one after another."""
        arrays = [np.asarray(polygon) for polygons in objects for polygon in polygons]
        for array in arrays:
            if array.ndim != 2 or array.shape[1] != 2 or not len(array):
                raise AnnotationError(
                    f"a polygon must be numbers of shape (N, 2), (x, y), got shape {array.shape}."
                )
        points = np.asarray(arrays[0], dtype=np.float64) if len(arrays) == 1 else _NO_POINTS
        if len(arrays) > 1:
            points = np.concatenate(arrays, dtype=np.float64, casting="unsafe")
        low, high = points.min(initial=0), points.max(initial=0)
        if not (low >= -MAX_COORDINATE and high <= MAX_COORDINATE):  # NaN is not
            raise AnnotationError(
                f"coordinates of a polygon must be finite and at most {MAX_COORDINATE:.0f} pixels "
                "away."
            )
        owner = np.repeat(np.arange(len(objects)), [len(polygons) for polygons in objects])
        return cls(points, np.cumsum([len(array) for array in arrays], dtype=np.int64), owner)


@dataclass(frozen=True, eq=False)
class _Edges:
    """Some edges of polygons: where each begins and ends, float64 (E, 2), and its polygon."""

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    ring: NDArray[np.int64]

    def part(self, first: int, last: int) -> _Edges:
        """Return the edges from ``first`` to before ``last``."""
        return _Edges(self.start[first:last], self.end[first:last], self.ring[first:last])


def _edges(rings: _Rings, most: int) -> Iterator[_Edges]:
    """Go through all edges, at most so many at a time."""
    points, ends = rings.points, rings.ends
    begins = np.concatenate(([0], ends[:-1]))
    for first in range(0, len(points), most):
        last = min(first + most, len(points))
        ring = np.searchsorted(ends, np.arange(first, last), side="right")
        end = points[first + 1 : last + 1]
        end = np.concatenate([end, points[:1]]) if last == len(points) else end.copy()
        # A polygon's last edge leads back to where it began.
        closing = np.flatnonzero(ends[ring] == np.arange(first + 1, last + 1))
        end[closing] = points[begins[ring[closing]]]
        yield _Edges(points[first:last], end, ring)


def _costs(edges: _Edges, height: int, width: int) -> NDArray[np.float64]:
    """Bound the points of each edge that lie inside."""
    inside = (width, height)
    moved = np.clip(edges.end, 0, inside) - np.clip(edges.start, 0, inside)
    costs: NDArray[np.float64] = np.abs(moved).max(axis=1) + 1
    return costs


def _pieces(rings: _Rings, height: int, width: int) -> Iterator[_Edges]:
    """Go through all edges in parts that are drawn within bounded memory, whatever their size."""
    for edges in _edges(rings, _EDGES):
        bin_of = np.cumsum(_costs(edges, height, width)) // _POINTS
        cuts = [0, *(np.flatnonzero(np.diff(bin_of)) + 1).tolist(), len(bin_of)]
        for first, last in itertools.pairwise(cuts):
            yield edges.part(first, last)


def _insides(rings: _Rings, height: int, width: int, crossed: Crossed) -> NDArray[np.int64]:
    """Return the ranges inside each polygon, as :func:`masks_of_ranges` takes them."""
    stride = height * width + 1
    found = [_NO_PIXELS]
    for piece in _pieces(rings, height, width):
        edge, pixel = crossed(piece, height, width)
        found.append(piece.ring[edge] * stride + pixel)
    ends = np.concatenate(found)
    found.clear()
    # A closed line crosses each column an even number of times.
    ends.sort()
    ring = ends[::2] // stride
    ranges = ends.reshape(-1, 2)
    ranges += ((rings.owner[ring] - ring) * stride)[:, None]
    return ranges


def _outlines(rings: _Rings, height: int, width: int) -> Iterator[NDArray[np.int64]]:
    """Return the pixels that lines run through as ranges, like :func:`_insides`."""
    stride = height * width + 1
    for piece in _pieces(rings, height, width):
        edge, pixel = _outline(piece, height, width)
        pixels = rings.owner[piece.ring[edge]] * stride + pixel
        pixels.sort()
        apart = np.diff(pixels) > 1
        first = np.concatenate(([True], apart))[: len(pixels)]
        last = np.concatenate((apart, [True]))[: len(pixels)]
        yield np.stack([pixels[first], pixels[last] + 1], axis=1)


def _spread(first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """List first..last for each edge: the edge each number belongs to, and the number."""
    counts = np.maximum(last - first + 1, 0)
    edge = np.repeat(np.arange(len(counts)), counts)
    start = np.concatenate(([0], np.cumsum(counts)[:-1]))
    return edge, np.arange(int(counts.sum())) - start[edge] + first[edge]


def _crossings(edges: _Edges, height: int, width: int) -> Pixels:
    """Return the pixels, counted down the columns, above which edges cross a column."""
    start = np.trunc(_SCALE * edges.start + 0.5).astype(np.int64)
    end = np.trunc(_SCALE * edges.end + 0.5).astype(np.int64)
    delta = np.abs(end - start)
    flat = delta[:, 0] >= delta[:, 1]
    # Lines are drawn from the smaller end along their longer axis, whatever way they are walked.
    along = np.where(flat, 0, 1)
    each = np.arange(len(start))
    swapped = start[each, along] > end[each, along]
    low = np.where(swapped[:, None], end, start)
    high = np.where(swapped[:, None], start, end)
    leftmost, rightmost = np.minimum(low[:, 0], high[:, 0]), np.maximum(low[:, 0], high[:, 0])
    # Column k is crossed between the enlarged columns 5 k + 2 and 5 k + 3.
    middle = _SCALE // 2
    first = np.maximum(-((middle - leftmost) // _SCALE), 0)
    last = np.minimum((rightmost - middle - 1) // _SCALE, width - 1)
    edge, column = _spread(first, last)
    before = column * _SCALE + middle
    span = np.maximum(np.where(flat, delta[:, 0], delta[:, 1]), 1)
    slope = (high - low)[each, 1 - along] / span
    y = np.empty(len(edge), dtype=np.int64)
    for is_flat in (True, False):
        chosen = flat[edge] == is_flat
        which, at = edge[chosen], before[chosen]
        row_at = _lower_of_two if is_flat else _row_of_step
        y[chosen] = row_at(low[which], slope[which], at)
    row = np.ceil(np.clip((y + 0.5) / _SCALE - 0.5, 0, height)).astype(np.int64)
    return edge, column * height + row


def _lower_of_two(
    low: NDArray[np.int64], slope: NDArray[np.float64], column: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the smaller row of a flat line at an enlarged column and the next."""
    rows = [np.trunc(low[:, 1] + slope * (column + step - low[:, 0]) + 0.5) for step in (0, 1)]
    lower: NDArray[np.int64] = np.minimum(rows[0], rows[1]).astype(np.int64)
    return lower


def _row_of_step(
    low: NDArray[np.int64], slope: NDArray[np.float64], column: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the row after which a steep line steps from an enlarged column to the next."""

    def beyond(step: NDArray[np.int64]) -> NDArray[np.bool_]:
        at = np.trunc(low[:, 0] + slope * step + 0.5)
        return np.where(slope > 0, at > column, at <= column)

    # Solved for the first step beyond, and then set right where rounding has put it one off.
    step = np.ceil((column + 0.5 - low[:, 0]) / slope).astype(np.int64)
    for _ in range(2):
        step = np.where(beyond(step - 1), step - 1, step)
    for _ in range(2):
        step = np.where(beyond(step), step, step + 1)
    row: NDArray[np.int64] = low[:, 1] + step - 1
    return row


def _inner(edges: _Edges, height: int, width: int) -> Pixels:
    """Return where edges between pixels' centres cross columns: the first pixel not above."""
    start, end = edges.start.astype(np.int64), edges.end.astype(np.int64)
    leftmost, rightmost = np.minimum(start[:, 0], end[:, 0]), np.maximum(start[:, 0], end[:, 0])
    edge, column = _spread(np.maximum(leftmost, 0), np.minimum(rightmost - 1, width - 1))
    run = (end - start)[edge, 0]
    rise = (end - start)[edge, 1] * (column - start[edge, 0])
    row = start[edge, 1] - (-rise * np.sign(run)) // np.abs(run)
    first: NDArray[np.int64] = column * height + np.clip(row, 0, height)
    return edge, first


def _outline(edges: _Edges, height: int, width: int) -> Pixels:
    """Return the pixels of edges through pixels' centres, counted down the columns."""
    start, end = edges.start.astype(np.int64), edges.end.astype(np.int64)
    delta = np.abs(end - start)
    found, owners = [], []
    for along, limit in ((0, width), (1, height)):
        chosen = np.flatnonzero((delta[:, 0] >= delta[:, 1]) == (along == 0))
        low, high = start[chosen], end[chosen]
        swap = low[:, along] > high[:, along]
        low, high = np.where(swap[:, None], high, low), np.where(swap[:, None], low, high)
        first, last = np.maximum(low[:, along], 0), np.minimum(high[:, along], limit - 1)
        edge, at = _spread(first, last)
        run = np.maximum((high - low)[edge, along], 1)
        rise = (high - low)[edge, 1 - along] * (at - low[edge, along])
        other = low[edge, 1 - along] + (2 * rise + run) // (2 * run)
        column, row = (at, other) if along == 0 else (other, at)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        found.append((column * height + row)[inside])
        owners.append(chosen[edge[inside]])
    return np.concatenate(owners), np.concatenate(found)
