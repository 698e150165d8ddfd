"""Windows of masks: nothing of the mask is lost, and no pixel too many is looked at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sam_widget.masks.columns import ColumnRuns
from sam_widget.masks.rle import Rle
from sam_widget.masks.runs import runs_of
from sam_widget.masks.window import Window

SIDES = st.integers(1, 12)
MASKS = st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.bool_, shape))


def runs(mask):
    return runs_of(Rle.encode(mask))


@given(MASKS, st.integers(0, 3))
def test_a_window_holds_all_of_the_mask(mask, margin):
    window = Window.around(runs(mask), margin, *mask.shape)
    pixels = window.pixels(runs(mask))
    expected = mask[window.top : window.bottom, window.left : window.right]
    assert np.array_equal(pixels, expected.T)
    assert np.array_equal(window.runs(pixels), runs(mask))
    pieces = ColumnRuns.of(Rle.encode(mask))
    labels = window.labels(pieces, np.arange(1, len(pieces.columns) + 1))
    assert np.array_equal(labels > 0, pixels)
    assert len(np.unique(labels[labels > 0])) == len(pieces.columns)


@pytest.mark.parametrize("margin", [0, 1, 5])
def test_a_window_is_no_larger_than_it_has_to_be(margin):
    mask = np.zeros((20, 30), np.bool_)
    mask[8:10, 6:11] = True
    window = Window.around(runs(mask), margin, 20, 30)
    assert (window.left, window.top) == (6 - margin, 8 - margin)
    assert (window.right, window.bottom) == (11 + margin, 10 + margin)
