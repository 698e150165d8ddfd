import numpy as np
import pytest

from sam_widget.predictors import FakePredictor
from training.data import read_set
from training.evaluation import (
    chosen_masks,
    click_curve,
    clicks_needed,
    enclosing,
    measure,
    rank_correlation,
)


def test_clicks_needed_counts_curves_that_never_get_there_in_full():
    assert clicks_needed([[0.5, 0.8], [0.9], [0.1, 0.2, 0.3]], 0.8) == pytest.approx(2)


def test_click_curves_are_held_at_their_end():
    assert click_curve([[0.5, 1.0], [0.3, 0.4, 0.6]], 3) == pytest.approx([0.4, 0.7, 0.8])


def test_rank_correlation():
    assert rank_correlation([1, 2, 3], [10, 20, 40]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert rank_correlation([1, 1, 2, 3], [0, 0, 5, 9]) == pytest.approx(1)
    assert np.isnan(rank_correlation([1, 1, 1], [1, 2, 3]))


def test_the_smallest_whole_around_a_part_is_found():
    masks = np.zeros((3, 20, 20), np.uint8)
    masks[0, 8:12, 8:12] = 1
    masks[1, 5:15, 5:15] = 1
    masks[2] = 1
    assert enclosing(masks, 0, 10, 10) == 1
    assert enclosing(masks, 1, 10, 10) == 2
    assert enclosing(masks, 2, 10, 10) is None


def test_every_mask_counts_once(promptable):
    records = read_set(promptable / "shapes")
    chosen = list(chosen_masks(records, 15))
    assert sum(len(which) for _, which in chosen) == 15
    assert sum(len(which) for _, which in chosen_masks(records, 4)) == 4


def test_any_predictor_can_be_measured(promptable):
    records = read_set(promptable / "shapes")
    result = measure(FakePredictor(), records, 15, clicks=3, clicked=2)
    row = result.row()
    assert row["masks"] == 15
    assert 0 < row["click"] <= row["oracle"] <= 1
    assert 0 < row["box"] <= 1
    assert 1 <= row["noc80"] <= 3
    assert len(result.predicted) == len(result.true) == 45
    assert len(result.nested) == 5  # the discs in their squares
