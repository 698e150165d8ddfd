"""Candidates as people see them: edited, drawn, and at the size that travels."""

from __future__ import annotations

import numpy as np
import pytest

from sam_widget.annotations.candidates import Candidates, display_hw, display_rle
from sam_widget.masks.rle import Rle


@pytest.mark.parametrize("shape", [(3000, 2500), (5000, 30), (1, 4000), (2049, 2049), (20, 30)])
def test_a_mask_is_shown_by_the_pixels_in_the_middle(shape):
    rng = np.random.default_rng(0)
    height, width = shape
    shown = display_hw(height, width)
    rows = ((np.arange(shown[0]) + 0.5) * height / shown[0]).astype(int)
    columns = ((np.arange(shown[1]) + 0.5) * width / shown[1]).astype(int)
    part = np.zeros(shape, np.bool_)
    part[height // 3 : height // 2 + 1, width // 3 : width // 2 + 1] = True
    part &= rng.random(shape) > 0.3
    for mask in (part, np.zeros(shape, np.bool_), np.ones(shape, np.bool_)):
        assert display_rle(Rle.encode(mask)) == Rle.encode(mask[np.ix_(rows, columns)])


def test_a_mask_drawn_by_hand_takes_a_candidates_place():
    empty = Candidates.drawn(10, 3000)
    assert not empty.masks().any()
    assert empty.shown[0].width == 2048
    mask = np.zeros((10, 3000), np.bool_)
    mask[4, 2999] = True
    edited = empty.with_mask(0, Rle.encode(mask))
    assert edited.areas == (1,)
    assert np.array_equal(edited.masks()[0], mask)
    assert edited.rle(0) == Rle.encode(mask)
    assert np.array_equal(edited.feedback(0), mask)
    assert empty.areas == (0,)  # values stay as they are
