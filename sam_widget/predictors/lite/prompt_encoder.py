"""The prompt side of the lite network: tokens made of image features, position and type."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sam_widget.predictors.lite.features import (
    FINE_CHANNELS,
    GRID_SIDE,
    MIDDLE_CHANNELS,
    PIXEL_CHANNELS,
    WIDTH,
    ImageFeatures,
)
from sam_widget.predictors.lite.geometry import PromptBatch, cell_centres
from sam_widget.predictors.lite.layers import sinusoidal
from sam_widget.predictors.lite.prompts import COARSE_SIDE

SAMPLED_CHANNELS = PIXEL_CHANNELS + FINE_CHANNELS + MIDDLE_CHANNELS + WIDTH
"""Width of the image features sampled at one place."""


class PromptEncoder(nn.Module):
    """Turn prompts into tokens made of image features, position and type."""

    POINT_TYPES = 2
    BOX_TOKENS = 4
    MASK_TOKENS = 2

    def __init__(self) -> None:
        super().__init__()
        self.sampled = nn.Linear(SAMPLED_CHANNELS, WIDTH)
        self.pooled = nn.Linear(SAMPLED_CHANNELS, WIDTH)
        self.place = nn.Linear(WIDTH, WIDTH)
        self.point_type = nn.Embedding(self.POINT_TYPES, WIDTH)
        self.box_type = nn.Embedding(self.BOX_TOKENS, WIDTH)
        self.box_size = nn.Linear(WIDTH, WIDTH)
        self.mask_type = nn.Embedding(self.MASK_TOKENS, WIDTH)

    def forward(self, features: ImageFeatures, prompts: PromptBatch) -> tuple[Tensor, Tensor]:
        """Return tokens (P, T, WIDTH) and which of them count (P, T) bool."""
        tokens, allowed = [], []
        count = prompts.points.shape[0]
        if prompts.points.shape[1]:
            tokens.append(self._points(features, prompts))
            allowed.append(prompts.labels >= 0)
        if bool(prompts.has_box.any()):
            tokens.append(self._boxes(features, prompts.boxes))
            allowed.append(prompts.has_box[:, None].expand(count, self.BOX_TOKENS))
        if prompts.mask is not None:
            tokens.append(self._masks(features, prompts.mask))
            allowed.append(prompts.has_mask[:, None].expand(count, self.MASK_TOKENS))
        return torch.cat(tokens, dim=1), torch.cat(allowed, dim=1)

    def _points(self, features: ImageFeatures, prompts: PromptBatch) -> Tensor:
        looks = self.sampled(sample_features(features, prompts.points))
        place = self.place(sinusoidal(prompts.points, WIDTH))
        out: Tensor = looks + place + self.point_type(prompts.labels.clamp(min=0))
        return out

    def _boxes(self, features: ImageFeatures, boxes: Tensor) -> Tensor:
        """Return two corners, the mean look of the inside, and that of the border."""
        low, high = boxes[:, :2], boxes[:, 2:]
        steps = torch.linspace(0.1, 0.9, 7, device=boxes.device)
        inside = torch.cartesian_prod(steps, steps)
        ends = torch.linspace(0.0, 1.0, 8, device=boxes.device)
        zeros, ones = torch.zeros_like(ends), torch.ones_like(ends)
        border = torch.cat(
            [
                torch.stack([ends, zeros], 1),
                torch.stack([ends, ones], 1),
                torch.stack([zeros, ends], 1),
                torch.stack([ones, ends], 1),
            ]
        )
        pattern = torch.cat([inside, border])
        spots = low[:, None] + pattern * (high - low)[:, None]
        looks = sample_features(features, spots)
        inner = looks[:, : len(inside)].mean(1)
        outer = looks[:, len(inside) :].mean(1)
        kinds = self.box_type.weight
        size = self.box_size(sinusoidal(high - low, WIDTH))
        centre = self.place(sinusoidal((low + high) / 2, WIDTH))
        return torch.stack(
            [
                self.place(sinusoidal(low, WIDTH)) + kinds[0],
                self.place(sinusoidal(high, WIDTH)) + kinds[1],
                self.pooled(inner) + size + centre + kinds[2],
                self.pooled(outer) + size + kinds[3],
            ],
            dim=1,
        )

    def _masks(self, features: ImageFeatures, mask: Tensor) -> Tensor:
        """Return the mean look of what the mask covers and of what it leaves out."""
        height, width = features.coarse.shape[-2:]
        weight = functional.interpolate(
            mask[:, None].sigmoid(), size=(COARSE_SIDE // 4, COARSE_SIDE // 4), mode="area"
        )[:, 0, :height, :width].flatten(1)
        levels = [
            _shrink(level, 16 // stride)
            for level, stride in zip(features, (2, 4, 8, 16), strict=True)
        ]
        looks = torch.cat(levels, dim=1)[0].flatten(1)
        inner = weight @ looks.T / (weight.sum(1, keepdim=True) + 1e-3)
        rest = 1 - weight
        outer = rest @ looks.T / (rest.sum(1, keepdim=True) + 1e-3)
        cells = cell_centres(height, width, COARSE_SIDE // 4, mask.device)[0]
        centre = weight @ cells / (weight.sum(1, keepdim=True) + 1e-3)
        kinds = self.mask_type.weight
        return torch.stack(
            [
                self.pooled(inner) + self.place(sinusoidal(centre, WIDTH)) + kinds[0],
                self.pooled(outer) + kinds[1],
            ],
            dim=1,
        )


def _shrink(x: Tensor, times: int) -> Tensor:
    return x if times == 1 else functional.avg_pool2d(x, times)


def sample_features(features: ImageFeatures, xy: Tensor) -> Tensor:
    """Read every level of the pyramid at the given places.

    Parameters
    ----------
    features : ImageFeatures
    xy : Tensor
        (P, N, 2) fractions of the frame.

    Returns
    -------
    Tensor
        (P, N, SAMPLED_CHANNELS), interpolated bilinearly, clamped at the borders.
    """
    height, width = features.pixels.shape[-2:]
    x, y = xy.unbind(-1)
    # No tensor is made of the sides, so that a trace keeps them free.
    grid = torch.stack([2 * x * (GRID_SIDE / width) - 1, 2 * y * (GRID_SIDE / height) - 1], dim=-1)
    grid = grid.flatten(0, 1)[None, None]
    columns = [
        functional.grid_sample(
            level, grid, mode="bilinear", padding_mode="border", align_corners=False
        )[0, :, 0]
        for level in features
    ]
    return torch.cat(columns).T.unflatten(0, xy.shape[:2])
