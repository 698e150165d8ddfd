"""Prompts as the mask decoder takes them: tokens for points and boxes, features for a mask.

The same numbers as ``modeling/prompt_encoder.py`` of ``segment-anything``, which see for the
meaning of the labels, in a tenth of the operations.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from sam_widget.predictors.sam.decoder_weights import GRID, IMAGE_TOKENS, UPSCALE_EPS

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray
    from torch import Tensor

    from sam_widget.predictors.sam.decoder_weights import Weights

__all__ = ["BOX_LABELS", "INPUT_SIDE", "PADDING_LABEL", "PromptEncoder"]

INPUT_SIDE = 1024
"""Pixels along a side of the square input, in which points are given."""
PADDING_LABEL = -1
"""Of the point that stands where no box is."""
BOX_LABELS = (2, 3)
"""Of a box's corners; 0 is an exclude point, 1 an include point."""


class PromptEncoder:
    """Encode points, boxes and masks.

    Parameters
    ----------
    weights : dict of str to Tensor
        From :func:`~sam_widget.predictors.sam.decoder_weights.fold`.
    device : str or torch.device
        Where to compute.
    """

    def __init__(self, weights: Weights, device: str | torch.device = "cpu") -> None:
        self._device = torch.device(device)
        self._weights = {
            name: value.to(self._device)
            for name, value in weights.items()
            if name.startswith("mask.")
        }
        self._frequencies = weights["prompt.frequencies"].numpy()
        self._labels = weights["prompt.labels"].numpy()

    def tokens(self, xy: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]) -> Tensor:
        """Encode points: a few numbers, for which NumPy is quicker than any device.

        Parameters
        ----------
        xy : float (B, N, 2)
            In pixels of the square input. A box is its two corners.
        labels : int (B, N)
            -1 to 3.

        Returns
        -------
        Tensor (B, N, 256)
            On the encoder's device.
        """
        unit = 2 * ((xy.astype(np.float32) + np.float32(0.5)) / np.float32(INPUT_SIDE)) - 1
        angles = np.float32(2 * math.pi) * (unit @ self._frequencies)
        position = np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)
        position[labels == PADDING_LABEL] = 0
        position += self._labels[labels + 1]
        return torch.from_numpy(position).to(self._device)

    def mask_features(self, logits: Tensor) -> Tensor:
        """Encode masks, up to the last projection, which is part of the decoder's weights.

        The first row is 1, for what that projection adds.

        Parameters
        ----------
        logits : Tensor (B, 1, 256, 256)
            float32.

        Returns
        -------
        Tensor (B, 17, 4096)
        """
        with torch.inference_mode():
            # Each image token looks at 4 x 4 logits: 2 x 2 patches of 2 x 2.
            patches = logits.to(self._device).reshape(-1, GRID, 2, 2, GRID, 2, 2)
            x = patches.permute(0, 2, 5, 3, 6, 1, 4).reshape(len(logits), 4, 4, IMAGE_TOKENS)
            x = self._step(0, x).reshape(len(logits), 1, 16, IMAGE_TOKENS)
            return functional.pad(self._step(1, x)[:, 0], (0, 0, 1, 0), value=1.0)

    def _step(self, index: int, x: Tensor) -> Tensor:
        """Convolution with its stride, norm over channels, GELU, on (B, patches, inputs, 4096)."""
        weights = self._weights
        x = weights[f"mask.{index}.weight"] @ x + weights[f"mask.{index}.bias"][:, None]
        variance, mean = torch.var_mean(x, dim=2, correction=0, keepdim=True)
        x = (x - mean) * (variance + UPSCALE_EPS).rsqrt()
        x = x * weights[f"mask.{index}.norm.weight"][:, None]
        return functional.gelu(x + weights[f"mask.{index}.norm.bias"][:, None])
