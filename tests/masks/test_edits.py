"""Edits as values: what they do to tiny masks, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from sam_widget.errors import EditError
from sam_widget.masks.components import Islands, islands_of
from sam_widget.masks.edits import BrushStroke, DropIslands, FillHoles, PolygonEdit, Smooth
from sam_widget.masks.rle import Rle

MASKS = st.tuples(st.integers(1, 14), st.integers(1, 14)).flatmap(
    lambda shape: arrays(np.bool_, shape)
)


def drawn(*rows):
    return np.array([[cell == "#" for cell in row] for row in rows])


def rows_of(rle):
    return ["".join("#" if cell else "." for cell in row) for row in rle.decode()]


def test_a_stroke_adds_and_an_eraser_takes_away():
    mask = drawn("......", "......", "....##")
    line = [(0.5, 1.5), (3.5, 1.5)]
    with_line = BrushStroke(line, 0.5).apply(mask)
    assert rows_of(with_line) == ["......", "####..", "....##"]
    assert rows_of(BrushStroke(line, 0.5, erase=True).apply(with_line)) == rows_of(Rle.encode(mask))


def test_a_stroke_outside_changes_nothing():
    mask = Rle.encode(drawn("#.", ".#"))
    assert BrushStroke([(-50, 3), (1e7, -1e7)], 2).apply(mask) == mask


def test_a_polygon_adds_and_subtracts():
    square = [(1, 1), (3, 1), (3, 3), (1, 3)]
    assert rows_of(PolygonEdit(square).apply(drawn("....", "....", "....", "..##"))) == [
        "....",
        ".##.",
        ".##.",
        "..##",
    ]
    assert rows_of(PolygonEdit(square, subtract=True).apply(np.ones((3, 4), np.bool_))) == [
        "####",
        "#..#",
        "#..#",
    ]


RING = drawn(
    "########",
    "#.##...#",
    "####...#",
    "########",
    "...##...",
)


def test_holes_are_filled_all_or_small_ones():
    assert islands_of(RING) == Islands(islands=(27,), holes=(1, 6))
    assert rows_of(FillHoles().apply(RING)) == ["########"] * 4 + ["...##..."]
    assert rows_of(FillHoles(max_area=5).apply(RING))[1] == "####...#"


def test_a_gap_at_a_corner_closes_no_hole_and_makes_no_island():
    # Background is connected by sides, islands by corners too.
    mask = drawn(".#.", "#.#", ".#.")
    assert islands_of(mask) == Islands(islands=(4,), holes=(1,))


def test_islands_are_dropped_but_for_the_largest():
    mask = drawn("##..#", "##...", "....#", "##..#")
    assert islands_of(mask).islands == (1, 2, 2, 4)
    assert rows_of(DropIslands(2).apply(mask)) == ["##...", "##...", "....#", "##..#"]
    assert rows_of(DropIslands(100).apply(mask)) == ["##...", "##...", ".....", "....."]
    empty = Rle.encode(np.zeros((3, 3), np.bool_))
    assert DropIslands(2).apply(empty) == FillHoles().apply(empty) == Smooth().apply(empty) == empty


def test_smoothing_takes_bumps_and_dents_and_leaves_straight_borders():
    mask = np.zeros((20, 30), np.bool_)
    mask[6:, 4:26] = True
    straight = mask.copy()
    mask[5, 15] = True
    mask[6, 10] = False
    smooth = Smooth(2).apply(mask).decode()
    assert np.array_equal(smooth[:, 8:22], straight[:, 8:22])
    assert smooth[-1, 4:26].all()  # the image's border is no border of the mask
    assert abs(int(smooth.sum()) - int(straight.sum())) < 0.02 * straight.sum()


@given(MASKS, st.integers(1, 4))
def test_smoothing_is_the_majority_of_a_disc(mask, radius):
    reach = np.arange(-radius, radius + 1)
    disc = reach[:, None] ** 2 + reach**2 <= radius * radius + radius
    count = ndimage.convolve(mask.astype(int), disc.astype(int), mode="nearest")
    assert np.array_equal(Smooth(radius).apply(mask).decode(), count > disc.sum() // 2)


def test_a_large_smoothing_counts_beyond_one_byte():
    mask = np.zeros((60, 60), np.bool_)
    mask[10:50, 10:50] = True
    smooth = Smooth(20).apply(mask).decode()
    assert smooth[30, 30]
    assert not smooth[12, 12]


@given(MASKS)
def test_holes_are_what_scipy_fills(mask):
    filled = ndimage.binary_fill_holes(mask)
    assert np.array_equal(FillHoles().apply(mask).decode(), filled)
    assert sum(islands_of(mask).holes) == int(filled.sum() - mask.sum())
    _, count = ndimage.label(mask, np.ones((3, 3)))
    assert len(islands_of(mask).islands) == count


EXAMPLES = [
    BrushStroke([(1, 2), (3.25, 4)], 2.5),
    BrushStroke([(0, 0)], 1, erase=True),
    PolygonEdit([(0, 0), (5, 0), (2, 6)]),
    PolygonEdit([(0, 0), (5, 0), (2, 6)], subtract=True),
    FillHoles(),
    FillHoles(12),
    DropIslands(3),
    Smooth(3),
]


@pytest.mark.parametrize("edit", EXAMPLES, ids=repr)
def test_edits_are_frozen(edit):
    with pytest.raises(AttributeError):
        edit.radius = 3
    if hasattr(edit, "points"):
        with pytest.raises(ValueError, match="read-only"):
            edit.points[0] = 1


def test_points_are_a_copy():
    points = np.zeros((2, 2), np.float32)
    stroke = BrushStroke(points, 1)
    points[:] = 7
    assert not stroke.points.any()


NAN = float("nan")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: BrushStroke([], 1), "1 to 4096 pairs"),
        (lambda: BrushStroke([(1, 2, 3)], 1), "shape \\(1, 3\\)"),
        (lambda: BrushStroke([(1, 2), (3,)], 1), "no regular array"),
        (lambda: BrushStroke([("a", "b")], 1), "pairs"),
        (lambda: BrushStroke([(NAN, 1)], 1), "finite"),
        (lambda: BrushStroke([(1e9, 1)], 1), "at most 1e\\+07"),
        (lambda: BrushStroke(np.zeros((4097, 2)), 1), "got 4097"),
        (lambda: BrushStroke([(1, 2)], 0), "radius must be a number above 0 and at most 2048"),
        (lambda: BrushStroke([(1, 2)], NAN), "radius"),
        (lambda: BrushStroke([(1, 2)], 10**400), "radius"),
        (lambda: BrushStroke([(1, 2)], True), "radius"),
        (lambda: BrushStroke([(1, 2)], 1, erase=1), "erase must be True or False"),
        (lambda: PolygonEdit([(1, 2), (3, 4)]), "3 to 4096 pairs"),
        (lambda: PolygonEdit([(1, 2)] * 3, subtract="yes"), "subtract must be True or False"),
        (lambda: FillHoles(0), "max_area must be a whole number of pixels, 1 or more"),
        (lambda: DropIslands(2.5), "min_area"),
        (lambda: Smooth(21), "radius must be a whole number of pixels, from 1 to 20"),
        (lambda: Smooth(True), "radius"),
    ],
)
def test_malformed_edits_are_refused_in_words(make, says):
    with pytest.raises(EditError, match=says):
        make()
