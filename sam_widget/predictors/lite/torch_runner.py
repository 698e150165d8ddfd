"""The lite network run by torch: the reference that every other runtime agrees with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from sam_widget.predictors.lite.features import GRID_SIDE, converted
from sam_widget.predictors.lite.geometry import PromptBatch, grid_axes, pixel_geometry
from sam_widget.predictors.lite.network import LiteNetwork, evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sam_widget.predictors.lite.features import EncodedImage
    from sam_widget.predictors.lite.prompts import PromptArrays

__all__ = ["TorchRunner", "as_tensors", "network_of", "prompt_batch"]

_CELLS_AT_ONCE = 8192
"""Cells whose masks are computed together: what is in between stays in the processor's cache."""


def network_of(weights: Mapping[str, NDArray[np.float32]]) -> LiteNetwork:
    """Return the network with these weights, for use and not for training."""
    network = LiteNetwork()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return network.requires_grad_(requires_grad=False).eval()


def as_tensors(encoded: EncodedImage, device: str) -> EncodedImage:
    """Return the same image in torch, on a device; arrays are not copied to the CPU."""

    def tensor(part: NDArray[np.float32] | Tensor) -> Tensor:
        return (torch.from_numpy(part) if isinstance(part, np.ndarray) else part).to(device)

    return converted(encoded, tensor)


def prompt_batch(prompts: PromptArrays) -> PromptBatch:
    """Return one prompt as the network takes it."""
    points, labels, boxes, has_box, mask, has_mask = prompts
    return PromptBatch(
        torch.from_numpy(points),
        torch.from_numpy(labels),
        torch.from_numpy(boxes),
        torch.from_numpy(has_box),
        None if mask is None else torch.from_numpy(mask),
        torch.from_numpy(has_mask),
    )


class TorchRunner:
    """Encode, decode and rate with torch, on any device.

    Parameters
    ----------
    network : LiteNetwork
        In evaluation mode.
    device : str
        A device of torch.
    """

    name = "torch"
    channels_last = True

    def __init__(self, network: LiteNetwork, device: str) -> None:
        self.device = device
        self._network = network.to(device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def encode(self, picture: NDArray[np.float32]) -> EncodedImage:
        """Encode one normalised picture (1, 3, h, w)."""
        pixels = torch.from_numpy(picture).to(self.device)
        return self._network.encode(pixels.contiguous(memory_format=torch.channels_last))

    def adopt(self, encoded: EncodedImage) -> EncodedImage:
        """Return features from elsewhere as tensors on the device."""
        return as_tensors(encoded, self.device)

    @torch.inference_mode()
    def decode(
        self, encoded: EncodedImage, prompts: PromptArrays, outputs: list[int]
    ) -> tuple[NDArray[np.float32], Tensor]:
        """Compute the masks of one prompt.

        Returns
        -------
        logits : ndarray
            float32 (K, h / 2, w / 2), on the grid of the padded picture.
        tokens : Tensor
            (1, K, WIDTH), for :meth:`rate`.
        """
        encoded = self.adopt(encoded)
        batch = prompt_batch(prompts).to(self.device)
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
        pixels = self.adopt(encoded).features.pixels
        seen = pixels[0, :, ::2, ::2].flatten(1)
        kept = torch.from_numpy(logits).to(seen.device)
        scores = self._network.predicted_iou(tokens, seen, kept.flatten(1)[None])
        found: NDArray[np.float32] = scores[0].cpu().numpy()
        return found
