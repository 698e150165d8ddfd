"""The lite network: an image pyramid, prompt tokens, and a small network per mask.

An image is encoded once. A prompt becomes a few tokens; these attend to each other and to the
coarse features of the image, and four of them, the mask tokens, each emit the weights of a
two-layer network that is then applied to every pixel. Its inputs are the fine features of the
pixel and where the pixel lies relative to the prompt.

All coordinates here are fractions of the model frame's side, (x, y), origin top-left.

References
----------
.. [1] Tian et al., "Conditional Convolutions for Instance Segmentation", ECCV 2020.
   arXiv:2003.05664 (weights emitted per object, relative coordinates as input).
.. [2] Kirillov et al., "Segment Anything", ICCV 2023. arXiv:2304.02643 (prompts, mask tokens,
   predicted IoU).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from sam_widget.predictors.lite.features import (
    PIXEL_CHANNELS,
    WIDTH,
    EncodedImage,
    ImageFeatures,
)
from sam_widget.predictors.lite.geometry import GEOMETRY_CHANNELS, PromptBatch, cell_centres
from sam_widget.predictors.lite.layers import Attention, TokenLayer, sinusoidal
from sam_widget.predictors.lite.picture import INPUT_SIDE
from sam_widget.predictors.lite.prompt_encoder import PromptEncoder
from sam_widget.predictors.lite.pyramid import ImageEncoder

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = 16
"""Hidden units of the network a mask token emits."""
OUTPUTS = 4
"""Mask tokens: 0 for unambiguous prompts, 1 to 3 for the readings of a single point."""
STATISTICS = 4
"""Figures about a mask that its predicted IoU is based on."""


class MaskNetworks(NamedTuple):
    """The per-pixel networks of P prompts, K masks each."""

    feature_weight: Tensor
    """(P, K, HIDDEN, PIXEL_CHANNELS)"""
    geometry_weight: Tensor
    """(P, K, HIDDEN, GEOMETRY_CHANNELS)"""
    hidden_bias: Tensor
    """(P, K, HIDDEN)"""
    output_weight: Tensor
    """(P, K, HIDDEN)"""
    output_bias: Tensor
    """(P, K)"""

    def take(self, which: slice | list[int]) -> MaskNetworks:
        """Return the networks of some of the K masks."""
        return MaskNetworks(*(part[:, which] for part in self))

    def of_prompts(self, which: list[int]) -> MaskNetworks:
        """Return the networks of some of the P prompts."""
        return MaskNetworks(*(part[which] for part in self))


class LiteNetwork(nn.Module):
    """The whole model: ``encode`` an image once, ``prompt`` it, then evaluate masks."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = ImageEncoder()
        self.prompt_encoder = PromptEncoder()
        self.mask_tokens = nn.Parameter(torch.randn(OUTPUTS, WIDTH) * 0.5)
        self.layers = nn.ModuleList([TokenLayer(WIDTH, context=True) for _ in range(3)])
        self.norm = nn.LayerNorm(WIDTH)
        size = HIDDEN * (PIXEL_CHANNELS + GEOMETRY_CHANNELS + 2) + 1
        self.emit = nn.ModuleList(
            [
                nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, size))
                for _ in range(OUTPUTS)
            ]
        )
        self.rate = nn.Sequential(
            nn.Linear(WIDTH + PIXEL_CHANNELS + STATISTICS, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 1)
        )

    def encode(self, image: Tensor) -> EncodedImage:
        """Encode one normalised picture (1, 3, h, w), h and w multiples of 32, at most 512."""
        return self.remember(self.encoder(image))

    def remember(self, features: ImageFeatures) -> EncodedImage:
        """Add to an image's features what the token layers attend to."""
        height, width = features.coarse.shape[-2:]
        values = features.coarse.flatten(2).transpose(1, 2)
        cells = cell_centres(height, width, INPUT_SIDE // 16, values.device)
        keys = values + sinusoidal(cells, WIDTH)
        memory = tuple(layer.remember(keys, values) for layer in self._image_attentions())
        return EncodedImage(features, memory)

    def _image_attentions(self) -> Iterator[Attention]:
        for layer in self.layers:
            attention = layer.image
            if isinstance(attention, Attention):
                yield attention

    def prompt(self, encoded: EncodedImage, prompts: PromptBatch) -> tuple[Tensor, MaskNetworks]:
        """Turn P prompts on one image into mask tokens and per-pixel networks.

        Returns
        -------
        tokens : Tensor
            (P, OUTPUTS, WIDTH), for :meth:`predicted_iou`.
        networks : MaskNetworks
            P x OUTPUTS networks, for :func:`evaluate`.
        """
        tokens, allowed = self.prompt_encoder(encoded.features, prompts)
        count = tokens.shape[0]
        tokens = torch.cat([self.mask_tokens.expand(count, -1, -1), tokens], dim=1)
        allowed = torch.cat([allowed.new_ones(count, OUTPUTS), allowed], dim=1)
        for layer, memory in zip(self.layers, encoded.memory, strict=True):
            tokens = layer(tokens, allowed, memory)
        tokens = self.norm(tokens[:, :OUTPUTS])
        emitted = torch.stack([emit(tokens[:, k]) for k, emit in enumerate(self.emit)], dim=1)
        return tokens, split_weights(emitted)

    def predicted_iou(self, tokens: Tensor, pixels: Tensor, logits: Tensor) -> Tensor:
        """Predict the IoU of masks from their tokens and from what they cover.

        Parameters
        ----------
        tokens : Tensor
            (P, K, WIDTH).
        pixels : Tensor
            (C, N) fine features at N places.
        logits : Tensor
            (P, K, N) at the same places.

        Returns
        -------
        Tensor
            (P, K) in [0, 1].
        """
        inside = logits.sigmoid()
        area = inside.sum(-1)
        looks = inside @ pixels.T / (area[..., None] + 1e-3)
        firm = (logits > 1).sum(-1) / ((logits > -1).sum(-1) + 1e-3)
        sure = (inside * inside).sum(-1) / (area + 1e-3)
        statistics = torch.stack(
            [
                torch.log((area + 1) / logits.shape[-1]) / 4,
                torch.log(((logits > 0).sum(-1) + 1) / logits.shape[-1]) / 4,
                firm,
                sure,
            ],
            dim=-1,
        )
        rated: Tensor = self.rate(torch.cat([tokens, looks, statistics], dim=-1))
        return rated[..., 0].sigmoid()


def split_weights(emitted: Tensor) -> MaskNetworks:
    """Cut the emitted vectors (P, K, size) into layers.

    The factors keep the activations of the per-pixel network near 1 at the start of training.
    """
    sizes = [HIDDEN * PIXEL_CHANNELS, HIDDEN * GEOMETRY_CHANNELS, HIDDEN, HIDDEN, 1]
    feature, geometry, bias, output, shift = emitted.split(sizes, dim=-1)
    return MaskNetworks(
        feature.unflatten(-1, (HIDDEN, PIXEL_CHANNELS)) * 0.5,
        geometry.unflatten(-1, (HIDDEN, GEOMETRY_CHANNELS)),
        bias,
        output,
        shift[..., 0],
    )


def evaluate(networks: MaskNetworks, pixels: Tensor, geometry: Tensor) -> Tensor:
    """Apply per-pixel networks at N places.

    Parameters
    ----------
    networks : MaskNetworks
        P x K networks.
    pixels : Tensor
        (N, PIXEL_CHANNELS) when the prompts share the places, else (P, N, PIXEL_CHANNELS).
    geometry : Tensor
        (P, GEOMETRY_CHANNELS, N), from :func:`~sam_widget.predictors.lite.geometry.pixel_geometry`.

    Returns
    -------
    Tensor
        Logits (P, K, N).
    """
    count, masks = networks.hidden_bias.shape[:2]
    bias = networks.hidden_bias.flatten(1)
    weight = networks.feature_weight.flatten(1, 2)
    if pixels.dim() == 2:  # one product for all prompts
        hidden = (weight.flatten(0, 1) @ pixels.T).unflatten(0, (count, -1)) + bias[..., None]
    else:
        hidden = torch.baddbmm(bias[..., None], weight, pixels.transpose(1, 2))
    geometry_weight = networks.geometry_weight.flatten(1, 2)
    hidden = torch.baddbmm(hidden, geometry_weight, geometry).relu_()
    hidden = hidden.unflatten(1, (masks, HIDDEN))
    weighted = networks.output_weight[..., None, :] @ hidden
    return weighted[:, :, 0] + networks.output_bias[..., None]


def evaluate_grid(networks: MaskNetworks, pixels: Tensor, geometry: Tensor) -> Tensor:
    """Apply the per-pixel networks of one prompt on a grid, the first layer as a convolution.

    ONNX Runtime adds the bias and cuts at zero within the convolution, so that what is in between
    is written once; elsewhere :func:`evaluate` is the faster one.

    Parameters
    ----------
    networks : MaskNetworks
        1 x K networks.
    pixels : Tensor
        (1, PIXEL_CHANNELS, H, W).
    geometry : Tensor
        (1, GEOMETRY_CHANNELS, H, W).

    Returns
    -------
    Tensor
        Logits (K, H, W).
    """
    weight = torch.cat([networks.feature_weight, networks.geometry_weight], dim=-1)
    weight = weight.flatten(0, 2)[..., None, None]
    seen = torch.cat([pixels, geometry], dim=1)
    hidden = functional.conv2d(seen, weight, networks.hidden_bias.flatten()).relu()
    hidden = hidden.reshape(-1, HIDDEN, pixels.shape[2] * pixels.shape[3])
    logits = networks.output_weight[0, :, None] @ hidden + networks.output_bias[0, :, None, None]
    return logits.reshape(-1, *pixels.shape[2:])
