"""Layers of the lite network that know nothing of images and prompts."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


def sinusoidal(xy: Tensor, width: int) -> Tensor:
    """Encode positions with sines and cosines at octaves.

    Parameters
    ----------
    xy : Tensor
        (..., 2) fractions of the frame.
    width : int
        A multiple of 4.

    Returns
    -------
    Tensor
        (..., width).
    """
    frequencies = 2.0 ** torch.linspace(-1, 7, width // 4, device=xy.device) * math.pi
    angles = xy[..., None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(-2)


class Block(nn.Module):
    """A residual 3x3 convolution and, unless it is cheap, a residual pointwise network."""

    def __init__(self, channels: int, *, cheap: bool = False) -> None:
        super().__init__()
        self.spatial = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.GroupNorm(8, channels)
        self.pointwise = (
            None
            if cheap
            else nn.Sequential(
                nn.Conv2d(channels, 2 * channels, 1),
                nn.ReLU(),
                nn.Conv2d(2 * channels, channels, 1),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape."""
        x = self.norm(x + self.spatial(functional.relu(x)))
        return x if self.pointwise is None else x + self.pointwise(x)


class Attention(nn.Module):
    """Multi-head attention; keys and values may be shared by all prompts."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(-2, -3)

    def remember(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Project what is attended to, (P, N, width) each, and split it by head."""
        return self._split(self.key(keys)), self._split(self.value(values))

    def forward(
        self, queries: Tensor, memory: tuple[Tensor, Tensor], allowed: Tensor | None = None
    ) -> Tensor:
        """Attend.

        Parameters
        ----------
        queries : Tensor
            (P, T, width).
        memory : tuple of Tensor
            From :meth:`remember`, of P or of one when every prompt looks at the same N.
        allowed : Tensor, optional
            (P, N) bool: which keys count.

        Returns
        -------
        Tensor
            (P, T, width).
        """
        prompts, tokens, width = queries.shape
        if memory[0].shape[0] == 1 and prompts > 1:  # one product instead of P small ones
            queries = queries.reshape(1, prompts * tokens, width)
        mask = None if allowed is None else allowed[:, None, None, :]
        y = functional.scaled_dot_product_attention(
            self._split(self.query(queries)), *memory, attn_mask=mask
        )
        y = y.transpose(-2, -3).flatten(-2).reshape(prompts, tokens, width)
        out: Tensor = self.out(y)
        return out


class TokenLayer(nn.Module):
    """Tokens attend to each other, then to the image, then through a pointwise network."""

    def __init__(self, width: int, *, context: bool) -> None:
        super().__init__()
        self.among = Attention(width)
        self.norm_among = nn.LayerNorm(width)
        self.image = Attention(width) if context else None
        self.norm_image = nn.LayerNorm(width) if context else None
        self.pointwise = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width)
        )
        self.norm_pointwise = nn.LayerNorm(width)

    def forward(
        self,
        tokens: Tensor,
        allowed: Tensor | None = None,
        memory: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """Map (P, T, width) to the same shape; ``memory`` is the image's, from :meth:`remember`."""
        x = self.norm_among(tokens)
        tokens = tokens + self.among(x, self.among.remember(x, x), allowed)
        if self.image is not None and self.norm_image is not None and memory is not None:
            tokens = tokens + self.image(self.norm_image(tokens), memory)
        out: Tensor = tokens + self.pointwise(self.norm_pointwise(tokens))
        return out


def double(x: Tensor) -> Tensor:
    """Double the sides of (B, C, H, W) bilinearly."""
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
