"""Trace masks as polygons, in the two ways that annotation files mean them.

*Corners* are continuous coordinates: pixel (row r, column c) covers [c, c + 1) x [r, r + 1), and a
polygon runs along the pixels' edges. So COCO files mean them, and
:func:`sam_widget.masks.polygon_fill.fill_corners_each` agrees with ``pycocotools`` to the pixel.

*Centres* are whole pixels: a polygon runs through the outermost pixels of the mask, and its
outline belongs to the mask. So ``cv2.fillPoly`` and ``PIL.ImageDraw.polygon`` draw, and therefore
the readers of YOLO and Labelme files.

A polygon made here, filled in the way it is meant, gives exactly the mask it was made from. Parts
that touch at most at corners become polygons of their own. A hole is joined to its surrounding by
a bridge, two coinciding lines through the mask: the polygon stays one ring, and the hole open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sam_widget.masks.rle import Rle

__all__ = ["Meaning", "Polygon", "join_rings", "trace_polygons"]

Polygon: TypeAlias = "NDArray[np.float64]"
Meaning: TypeAlias = Literal["corners", "centres"]

_CANDIDATES = 512

_RIGHT, _DOWN, _LEFT, _UP = range(4)
"""Where a pixel's edge leads, the mask on the right-hand side: its top, right, bottom, left."""
_START_ROW = np.array([0, 0, 1, 1])
_START_COLUMN = np.array([0, 1, 1, 0])


def trace_polygons(rle: Rle, meaning: Meaning = "corners") -> list[Polygon]:
    """Trace a mask exactly.

    Parameters
    ----------
    rle : Rle
    meaning : "corners" or "centres"
        Along the edges of the pixels, or through the pixels.

    Returns
    -------
    list of float64 (N, 2)
        One (x, y) ring per 4-connected part, in reading order of their leftmost pixels; not
        closed, without points on straight lines. Parts of one or two pixels have fewer than three
        centres. Empty for an empty mask.
    """
    left, top, width, height = rle.bbox_xywh
    if not width:
        return []
    edges = _edges(rle.decode()[top : top + height, left : left + width])
    rings = _bridged(edges, meaning)
    corner = np.array([left, top])
    return [_simplified(ring) + corner for ring in rings]


def join_rings(rings: Sequence[Polygon]) -> Polygon:
    """Make one ring of several, joined by double lines between corners that are close.

    Parameters
    ----------
    rings : sequence of float64 (N, 2)
        At least one.

    Returns
    -------
    float64 (N, 2)
    """
    whole = rings[0]
    for ring in rings[1:]:
        # Of long rings some corners do: the lines need not be the shortest there are.
        some = np.arange(0, len(whole), -(-len(whole) // _CANDIDATES))
        others = np.arange(0, len(ring), -(-len(ring) // _CANDIDATES))
        gaps = whole[some][:, None] - ring[others][None]
        nearest = int(np.square(gaps).sum(axis=2).argmin())
        leave, arrive = some[nearest // len(others)], others[nearest % len(others)]
        there = np.roll(ring, -int(arrive), axis=0)
        back = [there[:1], whole[leave : leave + 1]]
        whole = np.concatenate([whole[: leave + 1], there, *back, whole[leave + 1 :]])
    return whole


@dataclass(frozen=True, eq=False)
class _Edges:
    """The edges between inside and outside, in order of their pixels and then of their sides.

    Attributes
    ----------
    row, column, side : int (E,)
        The pixel inside, and which of its sides.
    keys : int (E,)
        Both in one number, ascending.
    width : int
        Of the padded mask that the keys count in.
    following : int (E,)
        The edge that begins where this one ends, turning towards its own pixel if it can.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    side: NDArray[np.int64]
    keys: NDArray[np.int64]
    width: int
    following: NDArray[np.int64]


def _edges(mask: NDArray[np.bool_]) -> _Edges:
    padded = np.pad(mask, 1)
    width = padded.shape[1]
    flat = padded.ravel()
    offsets = np.array([-width, 1, width, -1])  # across the top, right, bottom, left side
    found = [np.flatnonzero(flat[1:-1] & ~np.roll(flat, -step)[1:-1]) + 1 for step in offsets]
    keys = np.sort(np.concatenate([pixels * 4 + side for side, pixels in enumerate(found)]))
    pixel, side = np.divmod(keys, 4)
    ahead = pixel + offsets[(side + 1) % 4]
    across = ahead + offsets[side]
    # Turn right on the same pixel; else left onto the one across the corner; else straight on.
    following = np.where(
        ~flat[ahead],
        pixel * 4 + (side + 1) % 4,
        np.where(flat[across], across * 4 + (side - 1) % 4, ahead * 4 + side),
    )
    row, column = np.divmod(pixel, width)
    return _Edges(row - 1, column - 1, side, keys, width, np.searchsorted(keys, following))


def _points(edges: _Edges, meaning: Meaning) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return columns and rows of the point that stands for each edge."""
    if meaning == "centres":
        return edges.column, edges.row
    return edges.column + _START_COLUMN[edges.side], edges.row + _START_ROW[edges.side]


def _rings(edges: _Edges) -> list[tuple[NDArray[np.int64], bool]]:
    """Follow all edges; each ring begins with its leftmost edge, and may be that of a hole."""
    following = edges.following.tolist()
    seen = bytearray(len(following))
    # By place: the first edge of a ring to be met in this order is its leftmost, topmost one. Of an
    # outer ring that is the left side of a pixel, of a hole the right side of its neighbour.
    upright = np.flatnonzero((edges.side == _UP) | (edges.side == _DOWN))
    place = edges.column[upright] + (edges.side[upright] == _DOWN)
    rings = []
    for first in upright[np.lexsort((edges.row[upright], place))].tolist():
        if seen[first]:
            continue
        ring = []
        at = first
        while not seen[at]:
            seen[at] = 1
            ring.append(at)
            at = following[at]
        rings.append((np.array(ring), bool(edges.side[first] == _DOWN)))
    return rings


def _bridged(edges: _Edges, meaning: Meaning) -> list[NDArray[np.int64]]:
    """Join each hole to the ring that its row meets first on the left; return (x, y) rings.

    A ring met that way reaches further to the left than the hole, so rings hang together as trees
    whose roots are the outer ones.
    """
    rings = _rings(edges)
    following = edges.following.tolist()
    node = list(range(len(following)))  # which edge's point each node stands for
    holes = [int(ring[0]) for ring, is_hole in rings if is_hole]
    keys = (edges.row[holes] + 1) * edges.width + edges.column[holes] + 1
    left_keys = np.flatnonzero(edges.side == _UP)
    pixels = edges.keys[left_keys] // 4
    met = left_keys[np.searchsorted(pixels, keys, side="right") - 1].tolist()
    last = {int(ring[0]): int(ring[-1]) for ring, is_hole in rings if is_hole}
    for hole, edge in zip(holes, met, strict=True):
        # The bridge leaves from where the edge ends, which is where the next one begins.
        anchor = int(edges.following[edge]) if meaning == "corners" else edge
        out, back, home = len(node), len(node) + 1, len(node) + 2
        node += [anchor, hole, anchor]
        following += [hole, home, following[edge]]
        following[last[hole]] = back
        following[edge] = out
    columns, rows = _points(edges, meaning)
    result = []
    for first in (int(ring[0]) for ring, is_hole in rings if not is_hole):
        walk = [node[first]]
        at = following[first]
        while at != first:
            walk.append(node[at])
            at = following[at]
        result.append(np.stack([columns[walk], rows[walk]], axis=1))
    return result


def _simplified(ring: NDArray[np.int64]) -> Polygon:
    """Drop repeated points and those on straight lines, but not where a line turns back."""
    moved = (ring != np.roll(ring, 1, axis=0)).any(axis=1)
    ring = ring[moved] if moved.any() else ring[:1]
    if len(ring) < 3:
        return ring.astype(np.float64)
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    straight = before[:, 0] * after[:, 1] == before[:, 1] * after[:, 0]
    straight &= (before * after).sum(axis=1) > 0
    corners: Polygon = ring[~straight].astype(np.float64)
    return corners
