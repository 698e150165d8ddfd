import numpy as np
import pytest

from sam_widget.predictors import FakePredictor
from training.data import read_set
from training.evaluation import (
    boundary_f,
    chosen_masks,
    click_curve,
    clicks_needed,
    drops,
    enclosing,
    measure,
    rank_correlation,
)


def test_clicks_needed_counts_curves_that_never_get_there_in_full():
    assert clicks_needed([[0.5, 0.8], [0.9], [0.1, 0.2, 0.3]], 0.8) == pytest.approx(2)


def test_click_curves_are_held_at_their_end():
    assert click_curve([[0.5, 1.0], [0.3, 0.4, 0.6]], 3) == pytest.approx([0.4, 0.7, 0.8])


def test_clicks_that_cost_much_are_counted_per_curve():
    assert drops([[0.5, 0.4, 0.8, 0.7], [0.6, 0.58, 0.9]]) == pytest.approx(1)


def _square(side, low, high):
    mask = np.zeros((side, side), bool)
    mask[low:high, low:high] = True
    return mask


def test_a_border_within_reach_is_right():
    truth = _square(512, 100, 300)
    assert boundary_f(truth, truth) == 1
    assert boundary_f(_square(512, 102, 302), truth) == pytest.approx(1, abs=0.02)
    assert boundary_f(_square(512, 110, 290), truth) == 0
    half = truth.copy()
    half[:, 200:] = False
    assert 0.5 < boundary_f(half, truth) < 0.8


def test_borders_are_compared_at_the_same_size_whatever_the_photo():
    small, large = _square(256, 50, 150), _square(1024, 200, 600)
    off_small, off_large = _square(256, 53, 153), _square(1024, 212, 612)
    assert boundary_f(off_small, small) == pytest.approx(boundary_f(off_large, large), abs=0.05)


def test_an_empty_mask_has_no_border_to_find():
    assert boundary_f(np.zeros((64, 64), bool), _square(64, 10, 20)) == 0
    assert boundary_f(np.zeros((64, 64), bool), np.zeros((64, 64), bool)) == 1


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
    assert 0 < row["border"] <= 1
    assert row["drops"] >= 0
    assert 1 <= row["noc80"] <= 3
    assert len(result.predicted) == len(result.true) == 45
    assert len(result.nested) == 5  # the discs in their squares
