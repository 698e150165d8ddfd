import numpy as np
import pytest

from training.simulation import (
    alternatives,
    box_around,
    click_in,
    correction,
    degraded,
    innermost,
    loss_places,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def _rectangle(rows, columns, shape=(20, 30)):
    mask = np.zeros(shape, np.uint8)
    mask[slice(*rows), slice(*columns)] = 1
    return mask


def test_innermost_is_the_centre_and_the_image_edge_counts_as_boundary():
    assert innermost(_rectangle((5, 10), (10, 15))) == (7, 12)
    assert innermost(_rectangle((0, 5), (0, 5))) == (2, 2)


def test_clicks_fall_inside(rng):
    mask = _rectangle((3, 5), (4, 20))
    for _ in range(20):
        row, column = click_in(rng, mask)
        assert mask[row, column]


def test_the_exact_box_has_continuous_edges():
    assert box_around(None, _rectangle((5, 10), (10, 16)), 1) == (10, 5, 16, 10)
    assert box_around(None, _rectangle((5, 10), (10, 16)), 10) == (1.0, 0.5, 1.6, 1.0)


def test_a_noisy_box_stays_in_the_frame_and_upright(rng):
    mask = _rectangle((0, 20), (0, 3))
    for _ in range(50):
        x0, y0, x1, y1 = box_around(rng, mask, 30)
        assert 0 <= x0 < x1
        assert 0 <= y0 < y1 <= 20 / 30 + 2 / 30


def test_corrections_include_what_is_missed_and_exclude_what_is_extra():
    truth = _rectangle((0, 10), (0, 10)) > 0
    nothing = np.zeros_like(truth)
    assert correction(None, nothing, truth) == (*innermost(truth.astype(np.uint8)), 1)
    everything = np.ones_like(truth)
    row, column, label = correction(None, everything, truth)
    assert label == 0
    assert not truth[row, column]
    assert correction(None, truth, truth) is None


def test_random_corrections_have_the_label_of_their_place(rng):
    truth = _rectangle((0, 10), (0, 10)) > 0
    guess = _rectangle((5, 15), (5, 15)) > 0
    for _ in range(20):
        row, column, label = correction(rng, guess, truth)
        assert guess[row, column] != truth[row, column]
        assert label == truth[row, column]


def test_alternatives_are_other_masks_at_the_click():
    whole, part = _rectangle((0, 16), (0, 16)), _rectangle((4, 8), (4, 8))
    same = _rectangle((0, 16), (0, 15))  # too alike to be another reading
    elsewhere = _rectangle((0, 5), (20, 25))
    masks = np.stack([whole, part, same, elsewhere])
    assert alternatives(masks, 0, 5, 5) == [1]
    assert alternatives(masks, 1, 5, 5) == [0, 2]


def test_a_degraded_mask_is_never_empty(rng):
    mask = _rectangle((5, 8), (5, 8))
    for _ in range(30):
        assert degraded(rng, mask).any()


def test_weighted_places_estimate_areas(rng):
    mask = _rectangle((20, 60), (30, 90), (128, 160))
    places, weights = loss_places(rng, mask, mask, 20000)
    share = (mask.ravel()[places] * weights).sum() / weights.sum()
    assert share == pytest.approx(mask.mean(), rel=0.05)
    assert weights.mean() == pytest.approx(1, rel=0.05)
