"""Values of the mask decoder: a prepared image, and decoded tokens from which masks are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sam_widget.predictors.sam.decoder_weights import (
    HEAD_WIDTH,
    HEADS,
    IMAGE_TOKENS,
    PROJECTED,
    PROJECTIONS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["DecodedTokens", "PreparedImage", "places_by_prompt"]


@dataclass(frozen=True, eq=False)
class PreparedImage:
    """Everything about an image that no prompt changes.

    Attributes
    ----------
    features : Tensor (256, 4096)
        From the image encoder, one column for each of 64 x 64 image tokens.
    mean : Tensor (1, 4096)
        Of each column.
    projected : Tensor (1280, 4096)
        Keys, values and queries of the first layer, 128 rows each; the features' share of those of
        the second layer, and of keys and values of the last reading, as many; and of the first
        upscaling, 256 rows.
    """

    features: Tensor = field(repr=False)
    mean: Tensor = field(repr=False)
    projected: Tensor = field(repr=False)

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        tensors = (self.features, self.mean, self.projected)
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)

    def heads(self, projection: str) -> Tensor:
        """Return the rows of one of ``PROJECTIONS``, (8, 16, 4096)."""
        start = PROJECTIONS.index(projection) * PROJECTED
        return self.projected[start : start + PROJECTED].view(HEADS, HEAD_WIDTH, IMAGE_TOKENS)

    @property
    def upscaled(self) -> Tensor:
        """The features' share of the first upscaling, (256, 4096)."""
        return self.projected[len(PROJECTIONS) * PROJECTED :]


@dataclass(frozen=True, eq=False)
class DecodedTokens:
    """The answers to B prompts, before any mask is computed.

    Attributes
    ----------
    scores : Tensor (B, 4)
        Predicted IoU: of the single mask, then of subpart, part and whole.
    tokens : Tensor (B, 4, 256)
        One for each mask.
    basis : Tensor (B, R, 4096)
        What the prompts changed in the image's tokens, as few rows; the last row is the size of
        each token before its last normalisation.
    gains : Tensor (B, 256, R)
        What those rows mean to the first upscaling.
    image : PreparedImage
        The image they were asked about.
    """

    scores: Tensor
    tokens: Tensor = field(repr=False)
    basis: Tensor = field(repr=False)
    gains: Tensor = field(repr=False)
    image: PreparedImage = field(repr=False)

    def __len__(self) -> int:
        """Count the prompts."""
        return len(self.scores)


def places_by_prompt(pairs: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    """Group (prompt, mask) pairs by prompt: where in the sequence each prompt's pairs stand."""
    places: dict[int, list[int]] = {}
    for place, (prompt, _) in enumerate(pairs):
        places.setdefault(prompt, []).append(place)
    return places
