import numpy as np
import pytest

from sam_widget.masks.metrics import mask_iou
from training.config import Config
from training.data import Sampler, read_sets
from training.parts import MAX_SHARE, MIN_CELLS, parts_of
from training.rounds import FOUND_WEIGHT, _truths, first_prompts
from training.simulation import click_in


@pytest.fixture
def scene():
    """A square object with a bright disc on it, at twice the masks' resolution."""
    rows, columns = np.mgrid[:128, :192]
    square = (abs(rows - 64) < 44) & (abs(columns - 80) < 44)
    disc = (rows - 64) ** 2 + (columns - 80) ** 2 < 22**2
    image = np.full((128, 192, 3), 30, np.uint8)
    image[square] = (200, 60, 40)
    image[disc] = (240, 240, 90)
    return image, square[::2, ::2].astype(np.uint8)[None], disc[::2, ::2]


def test_a_part_is_a_region_of_even_look_within_its_object(scene):
    image, masks, disc = scene
    parts = parts_of(np.random.default_rng(0), image, masks)
    for part in parts:
        assert (part <= masks[0]).all()
        assert MIN_CELLS <= part.sum() <= MAX_SHARE * masks[0].sum()
    assert max(mask_iou(part > 0, disc) for part in parts) > 0.8


def test_what_reaches_beyond_the_object_is_no_part(scene):
    image, _, _ = scene
    left_half = np.zeros((1, 64, 96), np.uint8)
    left_half[0, :, :36] = 1  # cuts the disc and the square in two
    assert len(parts_of(np.random.default_rng(0), image, left_half)) == 0


def test_nothing_is_found_without_objects(scene):
    image, _, _ = scene
    empty = np.zeros((0, 64, 96), np.uint8)
    assert parts_of(np.random.default_rng(0), image, empty).shape == (0, 64, 96)


def test_found_parts_are_readings_of_a_click_and_never_prompted_for(promptable):
    config = Config(parts=1.0, paste=0.0, drawn=0.0, sides=(192,), held_out=())
    sampler = Sampler(read_sets(promptable), config)
    readings = 0
    for i in range(20):
        sample = sampler(i)
        simulation = first_prompts(np.random.default_rng(i), sample, 16)
        assert all(meant[0] < sample.labelled for meant in simulation.targets)
        _, present = _truths(simulation)
        for meant, weights in zip(simulation.targets, present.tolist(), strict=True):
            for target, weight in zip(meant, weights, strict=False):
                assert weight == (1.0 if target < sample.labelled else FOUND_WEIGHT)
                readings += target >= sample.labelled
    assert readings > 0


def test_some_clicks_on_an_object_fall_on_the_heart_of_its_part(scene):
    _, masks, disc = scene
    others = np.concatenate([masks, disc[None].astype(np.uint8)])
    off_centre = np.roll(others[1:], 10, axis=2)
    clicks = {
        click_in(np.random.default_rng(seed), masks[0], np.concatenate([masks, off_centre]))
        for seed in range(30)
    }
    assert any(abs(row - 32) < 3 and abs(column - 50) < 3 for row, column in clicks)
    assert all(masks[0, row, column] for row, column in clicks)
