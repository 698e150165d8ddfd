"""Overlap policies, splitting and merging, on masks small enough to see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from sam_widget.errors import EditError
from sam_widget.masks.overlap import (
    checked_overlap,
    resolve_overlap,
    split_along,
    split_islands,
)
from sam_widget.masks.rle import Rle
from sam_widget.masks.runs import mask_union

MASKS = st.tuples(st.integers(1, 14), st.integers(1, 14)).flatmap(
    lambda shape: arrays(np.bool_, shape)
)


def rle(*rows):
    return Rle.encode(np.array([[cell == "#" for cell in row] for row in rows]))


def rows_of(mask):
    return ["".join("#" if cell else "." for cell in row) for row in mask.decode()]


OLD = rle("###...", "###...")
NEW = rle("..###.", "..###.")
APART = rle("......", ".....#")


def test_all_keep_their_pixels():
    assert resolve_overlap(NEW, [OLD, APART], "keep") == (NEW, {})


def test_the_newest_wins():
    new, cut = resolve_overlap(NEW, [OLD, APART], "newest_wins")
    assert new == NEW
    assert {at: rows_of(one) for at, one in cut.items()} == {0: ["##....", "##...."]}


def test_the_new_one_is_cut():
    new, cut = resolve_overlap(NEW, [OLD, APART], "subtract")
    assert rows_of(new) == ["...##.", "...##."]
    assert cut == {}


def test_only_what_an_edit_adds_is_new():
    # They overlapped before: an edit elsewhere leaves that as it is.
    edited = rle("..###.", "..####")
    assert resolve_overlap(edited, [OLD, APART], "newest_wins", before=NEW)[1].keys() == {1}
    assert (
        rows_of(resolve_overlap(edited, [OLD, APART], "subtract", before=NEW)[0]) == ["..###."] * 2
    )


def test_policies_have_names():
    assert checked_overlap("subtract") == "subtract"
    with pytest.raises(EditError, match="one of 'keep', 'newest_wins', 'subtract', got 'top'"):
        checked_overlap("top")


def test_masks_merge():
    assert rows_of(mask_union([OLD, NEW, APART])) == ["#####.", "######"]


def test_islands_come_apart_largest_first():
    parts = split_islands(rle("#..##", "...##", "#...."))
    assert [rows_of(part) for part in parts] == [
        ["...##", "...##", "....."],
        ["#....", ".....", "....."],
        [".....", ".....", "#...."],
    ]


def test_too_many_islands_are_refused():
    mask = np.zeros((100, 100), np.bool_)
    mask[::2, ::2] = True
    with pytest.raises(EditError, match="2500 objects, more than the 1000"):
        split_islands(Rle.encode(mask))


def line(*points):
    return np.array(points, np.float32)


def test_a_line_cuts_in_two_and_loses_no_pixel():
    whole = rle(*["..########.."] * 6)
    parts = split_along(whole, line((5, -1), (5, 7)))
    assert mask_union(parts) == whole
    assert [part.area for part in parts] == [30, 18]
    assert rows_of(parts[1])[0] == "..###......."


def test_a_line_that_ends_inside_divides_nothing():
    whole = rle(*["########"] * 6)
    assert split_along(whole, line((4, -1), (4, 3))) == [whole]
    assert split_along(whole, line((40, -1), (40, 3))) == [whole]


def test_islands_that_the_line_misses_stay_with_the_largest_part():
    whole = rle("#.......", "........", "..######", "..######", "..######")
    parts = split_along(whole, line((4.5, 0), (4.5, 9)))
    assert len(parts) == 2
    assert rows_of(parts[0])[0] == "#......."
    assert mask_union(parts) == whole


@given(MASKS)
def test_parts_are_the_islands(mask):
    parts = split_islands(Rle.encode(mask)) if mask.any() else []
    _, count = ndimage.label(mask, np.ones((3, 3)))
    assert len(parts) == count
    assert np.array_equal(sum((part.decode().astype(int) for part in parts), 0 * mask), mask)


POINT = st.tuples(st.floats(-3, 17, width=32), st.floats(-3, 17, width=32))


@given(MASKS, st.lists(POINT, min_size=1, max_size=5))
def test_cutting_shares_every_pixel_out_once(mask, points):
    parts = split_along(Rle.encode(mask), line(*points))
    assert np.array_equal(sum(part.decode().astype(int) for part in parts), mask)
    assert len(parts) == 1 or all(part.area for part in parts)
    assert parts[0].area == max(part.area for part in parts)
