"""Encoded training images, kept for a while when the encoder is not trained.

With a frozen encoder what an image looks like does not change, so its features may serve several
steps, each with prompts of its own. Encoding is the dearest part of a step; shared in this way it
costs little, and a step can take more images with fewer prompts each.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import torch

from sam_widget.predictors.lite.backbone import normalise

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from sam_widget.predictors.lite.features import ImageFeatures
    from sam_widget.predictors.lite.network import LiteNetwork
    from training.config import Config
    from training.data import Sample


@dataclasses.dataclass(frozen=True, eq=False)
class View:
    """A training image and its features."""

    sample: Sample
    features: ImageFeatures


class Views:
    """Encodes samples; visit ``i`` depends on the seed and ``i`` alone.

    With a frozen encoder a visit is to one of ``config.pool`` successive samples, drawn at random;
    every ``config.visits`` visits the first of them makes way for a new one. So each is visited
    about as often, among others, and encoded once.

    Parameters
    ----------
    sampler : callable
        Returns sample ``i``.
    config : Config
        Of the run.
    """

    def __init__(self, sampler: Callable[[int], Sample], config: Config) -> None:
        self._sampler = sampler
        self._config = config
        self._kept: dict[int, View] = {}

    def __call__(self, network: LiteNetwork, visit: int) -> View:
        """Return what is to be seen at a visit."""
        config = self._config
        if not config.frozen_encoder:
            sample = self._sampler(visit)
            return View(sample, network.encoder(image_tensor(sample.image)))
        first = visit // config.visits
        for index in [index for index in self._kept if index < first]:
            del self._kept[index]
        rng = np.random.default_rng([config.seed, 3, visit])
        index = first + int(rng.integers(config.pool))
        if index not in self._kept:
            sample = self._sampler(index)
            with torch.no_grad():
                features = network.encoder(image_tensor(sample.image))
            self._kept[index] = View(sample, features)
        return self._kept[index]


def image_tensor(image: NDArray[np.uint8]) -> Tensor:
    """Return the network's input (1, 3, H, W)."""
    tensor = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
    return normalise(tensor).contiguous(memory_format=torch.channels_last)
