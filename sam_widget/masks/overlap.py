"""Decide which object has which pixels: overlap policies, and splitting an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from sam_widget.errors import EditError
from sam_widget.masks.columns import ColumnRuns, components
from sam_widget.masks.rasterize import stroke_runs
from sam_widget.masks.runs import Runs, combine, merge_ranges, rle_of, runs_of
from sam_widget.masks.window import Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sam_widget.masks.rle import Rle

__all__ = ["Overlap", "checked_overlap", "resolve_overlap", "split_along", "split_islands"]

Overlap: TypeAlias = Literal["keep", "newest_wins", "subtract"]
"""What happens where a new object lies on older ones.

``keep``: all keep their pixels. ``newest_wins``: the older ones lose what the new one has.
``subtract``: the new one loses what older ones have.
"""

MAX_PARTS = 1000
"""Objects that an object may be split into, at most."""
_CUT_RADIUS = 0.75
"""A line this thick has every pixel it runs through, so that nothing connects across it."""
_NEIGHBOURS = ((0, -1), (0, 1), (-1, 0), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))


def checked_overlap(value: object) -> Overlap:
    """Return the policy of that name, or raise EditError."""
    for policy in get_args(Overlap):
        if value == policy:
            return policy  # type: ignore[no-any-return]
    known = ", ".join(map(repr, get_args(Overlap)))
    raise EditError(f"overlap must be one of {known}, got {value!r:.60}.")


def resolve_overlap(
    new: Rle, others: Sequence[Rle], policy: Overlap, before: Rle | None = None
) -> tuple[Rle, dict[int, Rle]]:
    """Apply an overlap policy.

    Parameters
    ----------
    new : Rle
        The new object's mask, or the edited one's.
    others : sequence of Rle
        All other objects of the image.
    policy : Overlap
    before : Rle, optional
        The edited object's mask before the edit: only what the edit adds is new.

    Returns
    -------
    new : Rle
        What the object gets; may be empty.
    cut : dict of int to Rle
        What is left of each other object that loses pixels, by its index; may be empty.
    """
    if policy == "keep":
        return new, {}
    size = (new.height, new.width)
    added = runs_of(new)
    if before is not None:
        added = combine(added, runs_of(before), np.greater)
    if policy == "subtract":
        theirs = merge_ranges(np.concatenate([np.zeros((0, 2), np.int64), *map(runs_of, others)]))
        lost = combine(added, theirs, np.logical_and)
        return rle_of(combine(runs_of(new), lost, np.greater), *size), {}
    cut = {}
    for index, other in enumerate(others):
        left = rle_of(combine(runs_of(other), added, np.greater), *size)
        if left != other:
            cut[index] = left
    return new, cut


def split_islands(rle: Rle) -> list[Rle]:
    """Return the islands of a mask, connected by sides and corners, largest first.

    Raises
    ------
    EditError
        If there are more than 1000.
    """
    runs = ColumnRuns.of(rle)
    owner, areas = components(runs, diagonal=True)
    _check_count(len(areas))
    order = np.argsort(-areas, kind="stable")
    return [runs.select(owner == number).to_rle() for number in order]


def split_along(rle: Rle, line: NDArray[np.float32]) -> list[Rle]:
    """Cut a mask along a polyline; no pixel is lost.

    Parameters
    ----------
    rle : Rle
    line : float32 (N, 2)
        (x, y) in pixels, N >= 2.

    Returns
    -------
    list of Rle
        The parts that the line divides, largest first. Islands that the line does not touch stay
        with the largest part. One part if the line divides nothing.
    """
    height, width = rle.height, rle.width
    whole = runs_of(rle)
    cut = combine(whole, stroke_runs(line, _CUT_RADIUS, height, width), np.logical_and)
    rest = ColumnRuns.of_runs(combine(whole, cut, np.greater), height, width)
    owner, _ = components(rest, diagonal=True)
    island = _island_of_each(rest, owner, ColumnRuns.of(rle))
    divided = np.flatnonzero(np.bincount(island)[island] > 1)
    if not len(divided):
        return [rle]
    _check_count(len(divided))
    # What the line itself covers goes to the nearest part.
    window = Window.around(cut, 1, height, width)
    column, row, nearest = _spread(window.labels(rest, owner + 1), window.pixels(cut))
    position = (column + window.left) * height + row + window.top
    covered = np.stack([position, position + 1], axis=1)
    parts = [
        merge_ranges(np.concatenate([rest.runs(owner == part), covered[nearest == part + 1]]))
        for part in divided
    ]
    parts.sort(key=_area, reverse=True)
    first = combine(whole, merge_ranges(np.concatenate(parts[1:])), np.greater)
    return [rle_of(runs, height, width) for runs in (first, *parts[1:])]


def _island_of_each(
    rest: ColumnRuns, owner: NDArray[np.intp], islands: ColumnRuns
) -> NDArray[np.intp]:
    """Tell which island, before the cut, each part after it belongs to."""
    of_island, _ = components(islands, diagonal=True)
    _, first = np.unique(owner, return_index=True)
    position = (rest.columns * rest.height + rest.tops)[first]
    begin = islands.columns * islands.height + islands.tops
    return of_island[np.searchsorted(begin, position, side="right") - 1]


def _spread(
    labels: NDArray[np.int32], free: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.int32]]:
    """Give free pixels, from near to far, the label of a neighbour; sides come before corners.

    Returns
    -------
    columns, rows, labels : int (N,)
        Of the free pixels; zero for those that nothing reaches.
    """
    around = np.pad(labels, 1)
    flat, row_length = around.reshape(-1), around.shape[1]
    columns, rows = np.nonzero(free)
    every = todo = (columns + 1) * row_length + rows + 1
    while len(todo):
        found = np.zeros(len(todo), np.int32)
        for across, down in _NEIGHBOURS:
            beside = flat[todo + across * row_length + down]
            found = np.where(found == 0, beside, found)
        if not found.any():
            break
        flat[todo] = found
        todo = todo[found == 0]
    return columns, rows, flat[every]


def _area(runs: Runs) -> int:
    return int((runs[:, 1] - runs[:, 0]).sum())


def _check_count(count: int) -> None:
    if count > MAX_PARTS:
        raise EditError(
            f"this would split the mask into {count} objects, more than the {MAX_PARTS} allowed. "
            "Drop the small islands first."
        )
