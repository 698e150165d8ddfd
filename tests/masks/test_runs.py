"""Masks as runs, against plain arrays and scipy's labelling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from sam_widget.masks.rle import Rle
from sam_widget.masks.runs import (
    Window,
    combine,
    complement,
    components,
    join,
    rle_of,
    runs_of,
    strips_of,
)

SIDES = st.integers(1, 12)
MASKS = st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.bool_, shape))
PAIRS = st.tuples(SIDES, SIDES).flatmap(
    lambda shape: st.tuples(arrays(np.bool_, shape), arrays(np.bool_, shape))
)


def runs(mask):
    return runs_of(Rle.encode(mask))


def mask_of(runs, like):
    return rle_of(runs, *like.shape).decode()


@given(MASKS)
def test_runs_are_the_mask(mask):
    assert np.array_equal(mask_of(runs(mask), mask), mask)
    assert np.array_equal(mask_of(complement(runs(mask), mask.size), mask), ~mask)


@given(PAIRS)
def test_masks_are_combined_pixel_by_pixel(pair):
    one, other = pair
    for rule in (np.logical_and, np.logical_or, np.greater, np.not_equal):
        both = combine(runs(one), runs(other), rule)
        assert np.array_equal(mask_of(both, one), rule(one, other))


def test_ranges_are_joined_in_any_order():
    ranges = np.array([[5, 7], [3, 3], [0, 2], [6, 9], [9, 10], [2, 3]])
    assert join(ranges).tolist() == [[0, 3], [5, 10]]
    assert join(np.zeros((0, 2), np.int64)).shape == (0, 2)


@given(MASKS, st.booleans())
def test_components_are_those_of_scipy(mask, diagonal):
    strips = strips_of(runs(mask), mask.shape[0])
    labels, areas = components(strips, diagonal=diagonal)
    expected, count = ndimage.label(mask, np.ones((3, 3)) if diagonal else None)
    assert len(areas) == count
    for at, area in enumerate(areas):
        part = mask_of(strips.runs(labels == at), mask)
        number = expected[part][0]
        assert np.array_equal(part, expected == number)
        assert area == part.sum()


def test_a_spiral_is_one_component():
    # Long and thin: labels have far to travel.
    mask = np.zeros((41, 41), np.bool_)
    for ring in range(0, 20, 2):
        mask[ring, ring : 41 - ring] = mask[ring : 41 - ring, 40 - ring] = True
        mask[40 - ring, ring : 41 - ring] = mask[ring + 2 : 41 - ring, ring] = True
        mask[ring + 2, ring : ring + 3] = True
    _, areas = components(strips_of(runs(mask), 41), diagonal=False)
    assert areas.tolist() == [mask.sum()]


@given(MASKS, st.integers(0, 3))
def test_a_window_holds_all_of_the_mask(mask, margin):
    window = Window.around([runs(mask)], margin, *mask.shape)
    pixels = window.pixels(runs(mask))
    expected = mask[window.top : window.bottom, window.left : window.right]
    assert np.array_equal(pixels, expected.T)
    assert np.array_equal(window.runs(pixels), runs(mask))
    strips = strips_of(runs(mask), mask.shape[0])
    labels = window.labels(strips, np.arange(1, len(strips.columns) + 1))
    assert np.array_equal(labels > 0, pixels)
    assert len(np.unique(labels[labels > 0])) == len(strips.columns)


@pytest.mark.parametrize("margin", [0, 1, 5])
def test_a_window_is_no_larger_than_it_has_to_be(margin):
    mask = np.zeros((20, 30), np.bool_)
    mask[8:10, 6:11] = True
    window = Window.around([runs(mask)], margin, 20, 30)
    assert (window.left, window.top) == (6 - margin, 8 - margin)
    assert (window.right, window.bottom) == (11 + margin, 10 + margin)
