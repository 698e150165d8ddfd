"""Masks as intervals, against the same done on pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sam_widget import AnnotationError
from sam_widget.masks.intervals import from_intervals, pixels, placed, union
from sam_widget.masks.rle import Rle
from sam_widget.masks.runs import runs_of

masks = arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9)))


@given(masks)
def test_intervals_and_pixels_are_those_of_the_mask(mask):
    rle = Rle.encode(mask)
    assert from_intervals(runs_of(rle), *mask.shape) == rle
    assert np.array_equal(pixels(rle), np.flatnonzero(mask.T))


@given(st.data(), st.integers(1, 9), st.integers(1, 9))
def test_union(data, height, width):
    some = data.draw(st.lists(arrays(np.bool_, (height, width)), min_size=1, max_size=4))
    assert union([Rle.encode(one) for one in some]) == Rle.encode(np.any(some, axis=0))


@given(masks, st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_placed(mask, left, top, right, bottom):
    expected = np.pad(mask, ((top, bottom), (left, right)))
    assert placed(Rle.encode(mask), left, top, *expected.shape) == Rle.encode(expected)


def test_what_does_not_fit_is_refused():
    one, other = (Rle.encode(np.ones(shape, dtype=bool)) for shape in ((2, 3), (3, 2)))
    with pytest.raises(AnnotationError, match="one size"):
        union([one, other])
    for place in ((-1, 0), (0, -1), (2, 0), (0, 3)):
        with pytest.raises(AnnotationError, match="does not fit"):
            placed(one, *place, 4, 4)
