"""Rasterise strokes and polygons: which pixel centres they cover, exactly.

The centre of pixel (row r, column c) is (c + 1/2, r + 1/2). A shape is cut by the centre line of
every column it reaches, so the cost follows the length of its border and not its area.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sam_widget.masks.runs import Runs, combine, merge_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["polygon_runs", "stroke_runs"]

_GRID = 2.0**-20
"""Pixels."""
_CUTS_AT_ONCE = 1 << 20
"""Crossings of a shape with columns held in memory at a time."""


def stroke_runs(points: NDArray[np.float32], radius: float, height: int, width: int) -> Runs:
    """Return the pixels whose centre is within ``radius`` of a polyline: round caps, round joins.

    Parameters
    ----------
    points : float32 (N, 2)
        (x, y) in pixels, N >= 1, rounded to 2**-20 of a pixel; parts outside the mask are cut off.
    radius : float
        In pixels, above 0.
    height, width : int
        Of the mask.

    Returns
    -------
    Runs
        A centre at the distance ``radius`` exactly is within.
    """
    # The quotient by what a segment goes across, next to nothing, would be nothing but rounding.
    path = np.round(points.astype(np.float64) / _GRID) * _GRID
    vertices = np.unique(path, axis=0)
    segments = np.concatenate([path[:-1], path[1:]], axis=1)
    segments = segments[(segments[:, :2] != segments[:, 2:]).any(axis=1)]
    covered = np.zeros((0, 2), np.int64)
    for ranges in (
        *_discs(vertices, radius, height, width),
        *_bands(segments, radius, height, width),
    ):
        covered = merge_ranges(np.concatenate([covered, ranges]))
    return covered


def polygon_runs(vertices: NDArray[np.float32], height: int, width: int) -> Runs:
    """Return the pixels whose centre is inside a closed polygon, by the even-odd rule.

    Parameters
    ----------
    vertices : float32 (N, 2)
        (x, y) in pixels, N >= 3; the last is joined to the first, whatever crosses itself
        alternates, and parts outside the mask are cut off.
    height, width : int
        Of the mask.

    Returns
    -------
    Runs
        A centre on a left or top side is inside, on a right or bottom one outside, so polygons
        that share a side share no pixel.
    """
    start = vertices.astype(np.float64)
    end = np.roll(start, -1, axis=0)
    # From left to right, so that a side shared by two polygons is cut at the same height.
    swap = start[:, 0] > end[:, 0]
    start[swap], end[swap] = end[swap], start[swap]
    covered = np.zeros((0, 2), np.int64)
    for edge, column in _by_columns(np.ceil(start[:, 0] - 0.5), np.ceil(end[:, 0] - 0.5), width):
        (x0, y0), (x1, y1) = start[edge].T, end[edge].T
        crossing = y0 + (column + 0.5 - x0) * ((y1 - y0) / (x1 - x0))
        rows = np.clip(np.ceil(crossing - 0.5), 0, height).astype(np.int64)
        # From the crossing to the end of the column; what two of them cover is outside again.
        order = np.lexsort((rows, column))
        covered = combine(covered, _alternating(column[order], rows[order], height), np.not_equal)
    return covered


def _alternating(columns: NDArray[np.int64], rows: NDArray[np.int64], height: int) -> Runs:
    """Return runs that begin and end, in turn, at these rows; the last ends with its column."""
    count = np.bincount(columns)
    odd = np.flatnonzero(count % 2)
    columns = np.concatenate([columns, odd])
    rows = np.concatenate([rows, np.full(len(odd), height)])
    order = np.lexsort((rows, columns))
    return merge_ranges((columns * height + rows)[order].reshape(-1, 2))


def _discs(
    centres: NDArray[np.float64], radius: float, height: int, width: int
) -> Iterator[NDArray[np.int64]]:
    # One column more on either side than the rounded ends say; it may turn out to hold nothing.
    first, end = np.floor(centres[:, 0] - radius) - 1, np.floor(centres[:, 0] + radius) + 2
    for disc, column in _by_columns(first, end, width):
        x, y = centres[disc].T
        across = column + 0.5 - x
        half = np.sqrt(np.maximum(radius * radius - across * across, 0))

        def covers(
            row: NDArray[np.int64],
            y: NDArray[np.float64] = y,
            across: NDArray[np.float64] = across,
        ) -> NDArray[np.bool_]:
            down = row + 0.5 - y
            inside: NDArray[np.bool_] = across * across + down * down <= radius * radius
            return inside

        yield _exact(column, y - half, y + half, covers, height)


def _bands(
    segments: NDArray[np.float64], radius: float, height: int, width: int
) -> Iterator[NDArray[np.int64]]:
    """Yield rectangles along the segments, ``radius`` to either side, without the caps."""
    if not len(segments):
        return
    dx, dy = segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]
    aside = radius * np.abs(dy) / np.hypot(dx, dy)
    first = np.floor(np.minimum(segments[:, 0], segments[:, 2]) - aside) - 1
    end = np.floor(np.maximum(segments[:, 0], segments[:, 2]) + aside) + 2
    for band, column in _by_columns(first, end, width):
        x, y = segments[band, :2].T
        across = column + 0.5 - x
        yield _band_ranges(column, across, y, dx[band], dy[band], radius, height)


def _band_ranges(
    column: NDArray[np.int64],
    across: NDArray[np.float64],
    y: NDArray[np.float64],
    dx: NDArray[np.float64],
    dy: NDArray[np.float64],
    radius: float,
    height: int,
) -> NDArray[np.int64]:
    squared = dx * dx + dy * dy
    reach = radius * np.sqrt(squared)
    # Between the two ends: 0 <= across * dx + down * dy <= squared; beside the line:
    # |across * dy - down * dx| <= reach. Each is a range of `down`, or all or nothing.
    low, high = np.full(len(y), -np.inf), np.full(len(y), np.inf)
    for factor, least, most in (
        (dy, -across * dx, squared - across * dx),
        (dx, across * dy - reach, across * dy + reach),
    ):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            from_least, from_most = least / factor, most / factor
        level, holds = factor == 0, (least <= 0) & (most >= 0)
        begin = np.where(level, np.where(holds, -np.inf, np.inf), np.minimum(from_least, from_most))
        end = np.where(level, np.where(holds, np.inf, -np.inf), np.maximum(from_least, from_most))
        low, high = np.maximum(low, begin), np.minimum(high, end)

    def covers(row: NDArray[np.int64]) -> NDArray[np.bool_]:
        down = row + 0.5 - y
        along, beside = across * dx + down * dy, across * dy - down * dx
        near = beside * beside <= radius * radius * squared
        inside: NDArray[np.bool_] = (along >= 0) & (along <= squared) & near
        return inside

    return _exact(column, y + low, y + high, covers, height)


def _exact(
    column: NDArray[np.int64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    covers: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
    height: int,
) -> NDArray[np.int64]:
    """Return ranges of the rows whose centres are from ``low`` to ``high``.

    Both were computed with divisions and roots, so each end is off by one row at times: whether a
    row belongs is for ``covers`` to say, which has neither.
    """
    top = np.clip(np.ceil(low - 0.5), -1, height + 1).astype(np.int64)
    bottom = np.clip(np.floor(high - 0.5) + 1, -1, height + 1).astype(np.int64)
    top = np.where(covers(top - 1), top - 1, np.where(covers(top), top, top + 1))
    bottom = np.where(covers(bottom), bottom + 1, np.where(covers(bottom - 1), bottom, bottom - 1))
    top, bottom = np.clip(top, 0, height), np.clip(bottom, 0, height)
    return np.stack([column * height + top, column * height + bottom], axis=1)


def _by_columns(
    first: NDArray[np.float64], end: NDArray[np.float64], width: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int64]]]:
    """Yield (which shape, which column) for the columns that each reaches, some at a time."""
    first = np.clip(first, 0, width).astype(np.int64)
    counts = np.maximum(np.clip(end, 0, width).astype(np.int64) - first, 0)
    ends = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        done = ends[begin] - counts[begin]
        stop = max(begin + 1, int(np.searchsorted(ends, done + _CUTS_AT_ONCE, side="right")))
        part = counts[begin:stop]
        which = np.repeat(np.arange(begin, stop), part)
        column = np.arange(len(which)) - np.repeat(np.cumsum(part) - part, part) + first[which]
        if len(which):
            yield which, column
        begin = stop
