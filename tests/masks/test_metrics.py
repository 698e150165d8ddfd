"""Overlap of masks, on masks small enough to count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from sam_widget.errors import AnnotationError
from sam_widget.masks.metrics import mask_iou

MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40))
STEP = np.array([[0, 0, 1], [0, 1, 1]], dtype=bool)


def test_mask_iou():
    empty = np.zeros_like(STEP)
    assert mask_iou(STEP, STEP) == 1
    assert mask_iou(STEP, ~STEP) == 0
    assert mask_iou(STEP, np.ones_like(STEP)) == 0.5
    assert mask_iou(empty, empty) == 0
    with pytest.raises(AnnotationError, match="one shape"):
        mask_iou(STEP, STEP.T)
    with pytest.raises(AnnotationError, match="mask must be bool"):
        mask_iou(STEP, STEP.astype(int))


@settings(deadline=None)  # the machine may be busy
@given(MASKS)
def test_a_mask_overlaps_itself_wholly(mask):
    assert mask_iou(mask, mask) == float(mask.any())
