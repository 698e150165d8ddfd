"""The lite network run by torch: the reference that every other runtime agrees with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from sam_widget.predictors.lite.geometry import grid_axes, pixel_geometry
from sam_widget.predictors.lite.network import evaluate
from sam_widget.predictors.lite.pyramid import GRID_SIDE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from sam_widget.predictors.lite.geometry import PromptBatch
    from sam_widget.predictors.lite.network import EncodedImage, LiteNetwork

__all__ = ["TorchRunner"]

_CELLS_AT_ONCE = 8192
"""Cells whose masks are computed together: what is in between stays in the processor's cache."""


class TorchRunner:
    """Encode, decode and rate with torch, on any device.

    Parameters
    ----------
    network : LiteNetwork
        In evaluation mode, on ``device``.
    device : str
        A device of torch.
    """

    name = "torch"

    def __init__(self, network: LiteNetwork, device: str) -> None:
        self.device = device
        self._network = network.to(device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def encode(self, picture: Tensor) -> EncodedImage:
        """Encode one normalised picture (1, 3, h, w)."""
        picture = picture.to(self.device).contiguous(memory_format=torch.channels_last)
        return self._network.encode(picture)

    @torch.inference_mode()
    def decode(
        self, encoded: EncodedImage, batch: PromptBatch, outputs: list[int]
    ) -> tuple[NDArray[np.float32], Tensor]:
        """Compute the masks of one prompt.

        Returns
        -------
        logits : ndarray
            float32 (K, h / 2, w / 2), on the grid of the padded picture.
        tokens : Tensor
            (1, K, WIDTH), for :meth:`rate`.
        """
        batch = batch.to(self.device)
        tokens, networks = self._network.prompt(encoded, batch)
        tokens, networks = tokens[:, outputs], networks.take(outputs)
        pixels = encoded.features.pixels
        height, width = pixels.shape[-2:]
        x, y = grid_axes(height, width, GRID_SIDE, pixels.device)
        geometry = pixel_geometry(batch, x, y).flatten(2)
        flat = pixels[0].flatten(1).T
        parts = [
            evaluate(networks, flat[part], geometry[..., part])[0]
            for part in (slice(i, i + _CELLS_AT_ONCE) for i in range(0, len(flat), _CELLS_AT_ONCE))
        ]
        raw = torch.cat(parts, dim=-1).reshape(-1, height, width)
        return raw.cpu().numpy(), tokens

    @torch.inference_mode()
    def rate(
        self, encoded: EncodedImage, tokens: Tensor, logits: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the predicted IoU (K,) of logits (K, h / 4, w / 4): every second row and column.

        That is the density at which the rating was trained.
        """
        seen = encoded.features.pixels[0, :, ::2, ::2].flatten(1)
        kept = torch.from_numpy(logits).to(seen.device)
        scores = self._network.predicted_iou(tokens, seen, kept.flatten(1)[None])
        found: NDArray[np.float32] = scores[0].cpu().numpy()
        return found
