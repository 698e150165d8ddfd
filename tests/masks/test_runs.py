"""Masks as runs, against plain arrays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sam_widget import AnnotationError
from sam_widget.masks.rle import Rle
from sam_widget.masks.runs import (
    combine,
    complement,
    mask_of_ranges,
    mask_union,
    masks_of_ranges,
    merge_ranges,
    pixel_positions,
    rle_of,
    runs_of,
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
    first, second = pair
    for rule in (np.logical_and, np.logical_or, np.greater, np.not_equal):
        both = combine(runs(first), runs(second), rule)
        assert np.array_equal(mask_of(both, first), rule(first, second))


def test_ranges_are_joined_in_any_order():
    ranges = np.array([[5, 7], [3, 3], [0, 2], [6, 9], [9, 10], [2, 3]])
    assert merge_ranges(ranges).tolist() == [[0, 3], [5, 10]]
    assert merge_ranges(np.zeros((0, 2), np.int64)).shape == (0, 2)


@given(MASKS)
def test_ranges_and_positions_are_those_of_the_mask(mask):
    rle = Rle.encode(mask)
    assert mask_of_ranges(runs_of(rle), *mask.shape) == rle
    assert np.array_equal(pixel_positions(rle), np.flatnonzero(mask.T))


@given(st.data(), SIDES, SIDES)
def test_masks_are_united(data, height, width):
    masks = data.draw(st.lists(arrays(np.bool_, (height, width)), min_size=1, max_size=4))
    assert mask_union([Rle.encode(mask) for mask in masks]) == Rle.encode(np.any(masks, axis=0))


@given(st.data(), SIDES, SIDES)
def test_many_masks_at_once_are_what_each_is_alone(data, height, width):
    masks = data.draw(st.lists(arrays(np.bool_, (height, width)), max_size=4))
    moved = [runs(mask) + number * (height * width + 1) for number, mask in enumerate(masks)]
    made = masks_of_ranges(moved[::-1], len(masks), height, width)
    assert made == [Rle.encode(mask) for mask in masks]


def test_masks_of_two_sizes_are_not_united():
    masks = [Rle.encode(np.ones(shape, dtype=bool)) for shape in ((2, 3), (3, 2))]
    with pytest.raises(AnnotationError, match="one size"):
        mask_union(masks)
