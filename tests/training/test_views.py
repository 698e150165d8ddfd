import dataclasses

import numpy as np
import torch

from training.data import Sampler, read_sets
from training.loop import Run
from training.views import Views


def _frozen(tiny):
    return dataclasses.replace(tiny, frozen_encoder=True, pool=3, visits=2)


class _Counting:
    """A sampler that notes what it is asked for."""

    def __init__(self, sampler):
        self.asked = []
        self._sampler = sampler

    def __call__(self, index):
        self.asked.append(index)
        return self._sampler(index)


def test_with_a_frozen_encoder_each_image_is_encoded_once_and_visited_often(promptable, tiny):
    config = dataclasses.replace(tiny, frozen_encoder=True, pool=3, visits=4)
    run = Run.start(config, pretrained=False)
    sampler = _Counting(Sampler(read_sets(promptable), config))
    views = Views(sampler, config)
    seen = [views(run.network, visit) for visit in range(40)]
    assert len(sampler.asked) == len(set(sampler.asked)) == len({id(view) for view in seen})
    assert len(sampler.asked) <= 10 + config.pool
    assert max(sampler.asked) >= 9
    assert all(not level.requires_grad for level in seen[0].features)


def test_a_visit_depends_on_its_number_alone(promptable, tiny):
    config = _frozen(tiny)
    network = Run.start(config, pretrained=False).network
    sampler = Sampler(read_sets(promptable), config)
    in_order = Views(sampler, config)
    expected = [in_order(network, visit).sample for visit in range(9)]
    at_once = Views(sampler, config)(network, 8).sample
    np.testing.assert_array_equal(at_once.image, expected[8].image)


def test_a_trained_encoder_sees_every_sample_once_and_learns(promptable, tiny):
    run = Run.start(tiny, pretrained=False)
    sampler = _Counting(Sampler(read_sets(promptable), tiny))
    views = Views(sampler, tiny)
    assert views(run.network, 4).features.pixels.requires_grad
    assert sampler.asked == [4]


def test_a_frozen_encoder_keeps_its_weights(promptable, tiny):
    config = _frozen(tiny)
    run = Run.start(config, pretrained=False)
    before = [parameter.clone() for parameter in run.network.encoder.parameters()]
    decoding = run.network.mask_tokens.clone()
    run.advance(Views(Sampler(read_sets(promptable), config), config))
    for old, new in zip(before, run.network.encoder.parameters(), strict=True):
        assert torch.equal(old, new)
    assert not torch.equal(decoding, run.network.mask_tokens)
