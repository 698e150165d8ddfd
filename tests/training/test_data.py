import dataclasses

import numpy as np
import pytest

from training.config import Config
from training.data import Sampler, fit, read_set, read_sets
from training.scenes import draw_scene, paste_objects


def test_masks_are_read_as_they_were_written(promptable):
    record = read_set(promptable / "shapes")[0]
    image, masks = record.image(), record.masks()
    assert masks.shape == (3, *image.shape[:2])
    assert (image[masks[1] > 0] == (40, 60, 200)).all()
    assert record.masks([2]).shape[0] == 1


def test_missing_data_says_what_was_expected(tmp_path):
    with pytest.raises(FileNotFoundError, match="--data"):
        read_sets(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"masks\.jsonl"):
        read_set(tmp_path)


def test_held_out_sets_are_not_read(promptable):
    assert list(read_sets(promptable, without=("shapes",))) == ["more_shapes"]


def test_a_sample_depends_on_its_index_alone(promptable, tiny):
    sampler = Sampler(read_sets(promptable), tiny)
    first = sampler(5)
    sampler(6)
    again = sampler(5)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.masks, again.masks)
    other = Sampler(read_sets(promptable), dataclasses.replace(tiny, seed=1))(5)
    assert other.image.shape != first.image.shape or (other.image != first.image).any()


def test_fit_pads_and_keeps_masks_on_their_pixels(promptable):
    record = read_set(promptable / "shapes")[0]
    masks = record.masks()
    sample = fit(record.image(), masks, 96)
    assert sample.image.shape == (96, 96, 3)
    assert sample.valid_hw == (36, 48)
    assert sample.masks.shape == (3, 48, 48)
    disc = sample.masks[1]
    assert disc.sum() == pytest.approx(masks[1].sum() / 4, rel=0.1)
    assert (sample.image[::2, ::2][disc > 0] == (40, 60, 200)).mean() > 0.9


def test_drawn_scenes_hold_parts_within_wholes(promptable):
    texture = read_set(promptable / "shapes")[0].image()
    nested = 0
    for seed in range(5):
        image, masks = draw_scene(np.random.default_rng(seed), texture)
        assert image.shape == (*masks.shape[1:], 3)
        areas = masks.sum((1, 2))
        inside = np.einsum("ihw,jhw->ij", masks.astype(int), masks) == areas[:, None]
        nested += int((inside & (areas[:, None] < areas)).sum())
    assert nested > 0


def test_pasted_objects_are_labelled_where_the_image_changed(promptable):
    record, source = read_set(promptable / "shapes")[:2]
    image, masks = record.image(), record.masks()
    for seed in range(10):
        after, labels = paste_objects(
            np.random.default_rng(seed), image, masks, (source.image(), source.masks())
        )
        changed = (after != image).any(-1)
        assert labels.shape[1:] == image.shape[:2]
        if len(labels) > len(masks):
            assert changed.any()
    np.testing.assert_array_equal(image, record.image())


def test_a_config_survives_json():
    config = Config(steps=7, sides=(64,), held_out=("a",))
    assert Config.from_json(config.to_json()) == config
