"""Masks from polygons, in the two ways that annotation files mean them: see ``polygons.py``.

References
----------
.. [1] cocodataset/cocoapi, ``common/maskApi.c``, ``rleFrPoly``: how COCO files are drawn.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.errors import AnnotationError
from sam_widget.intervals import from_intervals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sam_widget.masks import Rle
    from sam_widget.polygons import Polygon

__all__ = ["MAX_COORDINATE", "fill_centres", "fill_corners", "filling_cost"]

MAX_COORDINATE = 2.0**20
"""How far from the origin a corner may lie, in pixels."""

_SCALE = 5
"""COCO draws polygons enlarged by this factor, and keeps every fifth column."""

_EDGES = 1 << 14
_POINTS = 1 << 17
"""Edges, and points of the outline, that are drawn at a time."""

_NONE = np.zeros((0, 2), dtype=np.int64)


def filling_cost(polygon: Polygon, height: int, width: int) -> int:
    """Bound the steps that filling a polygon takes, so that readers can refuse before they pay.

    Parameters
    ----------
    polygon : float64 (N, 2)
    height, width : int
        Size of the mask in pixels.

    Returns
    -------
    int
        Points of the outline inside the mask, about.
    """
    return sum(int(_costs(part, height, width).sum()) for part in _parts(polygon, _EDGES))


def fill_corners(polygons: Sequence[Polygon], height: int, width: int) -> Rle:
    """Draw polygons of continuous coordinates: what ``pycocotools`` makes of them, to the pixel.

    Parameters
    ----------
    polygons : sequence of float (N, 2)
        (x, y) in pixels; parts of one object. What several cover belongs to the mask.
    height, width : int
        Size of the mask in pixels.

    Returns
    -------
    Rle

    Raises
    ------
    AnnotationError
        If a polygon has another shape, or coordinates that are not finite or beyond
        ``MAX_COORDINATE``.
    """
    intervals = []
    for polygon in polygons:
        pieces = _pieces(_checked(polygon), height, width)
        ends = np.concatenate([_crossings(piece, height, width) for piece in pieces])
        ends.sort()
        intervals.append(ends.reshape(-1, 2))
    return from_intervals(np.concatenate([_NONE, *intervals]), height, width)


def fill_centres(polygons: Sequence[Polygon], height: int, width: int) -> Rle:
    """Draw polygons of whole pixels, the outline included, as ``cv2.fillPoly`` does.

    Parameters
    ----------
    polygons : sequence of float (N, 2)
        (x, y) in pixels; a corner stands for the pixel it lies in. Several are united.
    height, width : int
        Size of the mask in pixels.

    Returns
    -------
    Rle
        Between corners that lie in a row, a column or on a diagonal, exactly what OpenCV and Pillow
        draw; along other lines their roundings differ by single pixels, and so does this.

    Raises
    ------
    AnnotationError
        As :func:`fill_corners`.
    """
    intervals = []
    for polygon in polygons:
        pieces = list(_pieces(np.floor(_checked(polygon)), height, width))
        ends = np.concatenate([_inner(piece, height, width) for piece in pieces])
        ends.sort()
        intervals.append(ends.reshape(-1, 2))
        outline = np.concatenate([np.unique(_outline(piece, height, width)) for piece in pieces])
        intervals.append(np.stack([outline, outline + 1], axis=1))
    return from_intervals(np.concatenate([_NONE, *intervals]), height, width)


def _parts(polygon: Polygon, most: int) -> Iterator[Polygon]:
    """Cut a ring into open lines of at most ``most`` edges."""
    for start in range(0, len(polygon), most):
        part = polygon[start : start + most + 1]
        yield part if len(part) > most else np.concatenate([part, polygon[:1]])


def _costs(line: Polygon, height: int, width: int) -> NDArray[np.float64]:
    """Bound the points of each edge that lie inside."""
    inside = np.clip(line, 0, (width, height))
    costs: NDArray[np.float64] = np.abs(np.diff(inside, axis=0)).max(axis=1) + 1
    return costs


def _pieces(polygon: Polygon, height: int, width: int) -> Iterator[Polygon]:
    """Cut a ring into open lines that are drawn within bounded memory, whatever its size."""
    for part in _parts(polygon, _EDGES):
        bin_of = np.cumsum(_costs(part, height, width)) // _POINTS
        cuts = [0, *(np.flatnonzero(np.diff(bin_of)) + 1).tolist(), len(part) - 1]
        for first, last in itertools.pairwise(cuts):
            yield part[first : last + 1]


def _checked(polygon: Polygon) -> Polygon:
    array = np.asarray(polygon, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or not len(array):
        raise AnnotationError(
            f"a polygon must be numbers of shape (N, 2), (x, y), got shape {array.shape}."
        )
    if not (np.abs(array) <= MAX_COORDINATE).all():  # NaN is not
        raise AnnotationError(
            f"coordinates of a polygon must be finite and at most {MAX_COORDINATE:.0f} pixels away."
        )
    return array


def _spread(first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """List first..last for each edge: the edge each number belongs to, and the number."""
    counts = np.maximum(last - first + 1, 0)
    edge = np.repeat(np.arange(len(counts)), counts)
    start = np.concatenate(([0], np.cumsum(counts)[:-1]))
    return edge, np.arange(int(counts.sum())) - start[edge] + first[edge]


def _crossings(line: Polygon, height: int, width: int) -> NDArray[np.int64]:
    """Return the pixels, counted down the columns, above which the line crosses a column."""
    corners = np.trunc(_SCALE * line + 0.5).astype(np.int64)
    start, end = corners[:-1], corners[1:]
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
        one, at = edge[chosen], before[chosen]
        if is_flat:
            y[chosen] = _lower_of_two(low[one], slope[one], at)
        else:
            y[chosen] = _row_of_step(low[one], slope[one], at)
    row = np.ceil(np.clip((y + 0.5) / _SCALE - 0.5, 0, height)).astype(np.int64)
    return column * height + row


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


def _inner(line: Polygon, height: int, width: int) -> NDArray[np.int64]:
    """Return where a line between pixels' centres crosses columns: the first pixel not above."""
    pixels = line.astype(np.int64)
    start, end = pixels[:-1], pixels[1:]
    leftmost, rightmost = np.minimum(start[:, 0], end[:, 0]), np.maximum(start[:, 0], end[:, 0])
    edge, column = _spread(np.maximum(leftmost, 0), np.minimum(rightmost - 1, width - 1))
    run = (end - start)[edge, 0]
    rise = (end - start)[edge, 1] * (column - start[edge, 0])
    row = start[edge, 1] - (-rise * np.sign(run)) // np.abs(run)
    first: NDArray[np.int64] = column * height + np.clip(row, 0, height)
    return first


def _outline(line: Polygon, height: int, width: int) -> NDArray[np.int64]:
    """Return the pixels of a line through pixels' centres, counted down the columns."""
    pixels = line.astype(np.int64)
    start, end = pixels[:-1], pixels[1:]
    delta = np.abs(end - start)
    found = []
    for along, limit in ((0, width), (1, height)):
        chosen = (delta[:, 0] >= delta[:, 1]) == (along == 0)
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
    return np.concatenate(found)
