import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.ops import nms

from sam_widget.masks.nms import box_nms


@given(st.integers(0, 2**32 - 1), st.integers(0, 400), st.floats(-0.5, 1.5), st.booleans())
def test_what_stays_is_what_torchvision_keeps(seed, count, threshold, ties):
    random = np.random.default_rng(seed)
    corners = random.integers(0, 60, (count, 2, 2))
    boxes = np.concatenate([corners.min(1), corners.max(1)], axis=1)
    scores = random.random(count).astype(np.float32)
    if ties:
        scores = np.round(scores, 1)
    kept = nms(torch.from_numpy(boxes).float(), torch.from_numpy(scores), threshold)
    np.testing.assert_array_equal(box_nms(boxes, scores, threshold), kept.numpy())


@pytest.mark.parametrize("threshold", [0.5, 0.7])
def test_a_threshold_that_a_pair_meets_exactly(threshold):
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 7]])
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    kept = nms(torch.from_numpy(boxes).float(), torch.from_numpy(scores), threshold)
    np.testing.assert_array_equal(box_nms(boxes, scores, threshold), kept.numpy())
