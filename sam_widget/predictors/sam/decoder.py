"""The official mask decoder, exact and faster, in plain torch.

Two things make the official code slow: it does for every click what only the image decides, and it
projects 4096 image tokens where it could project the seven or so tokens of a click. Here

- what only the image decides is computed once per image (:meth:`MaskDecoder.prepare`);
- a projection next to an attention is applied on the side of the few tokens;
- the image's tokens are *features + gains @ basis*: what a click adds to them has few rows (8 per
  token). What is linear in them, the projections of all attentions and the first upscaling, is
  applied to the gains, and to the features once per image;
- transposed convolutions, 2 x 2 with stride 2, are matrix products; pixels are put in their places
  at the very end, on the masks alone;
- scores are known before anything is upscaled (:class:`DecodedTokens`), and only masks that are
  asked for are computed (:meth:`MaskDecoder.logits`);
- large intermediate results live in buffers that are kept, because fresh memory costs more than the
  arithmetic.

Nothing is approximated: in float32 logits agree with the official decoder's up to rounding.
"Reading" is a token's attention to the image, "writing" an image token's attention to the tokens.

References
----------
.. [1] Kirillov et al., "Segment Anything", ICCV 2023, appendix A, "Lightweight mask decoder".
   arXiv:2304.02643; facebookresearch/segment-anything, ``modeling/mask_decoder.py``.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import torch

from sam_widget.predictors.sam.decoder_layers import Buffers, Layers
from sam_widget.predictors.sam.decoder_values import DecodedTokens, PreparedImage, places_by_prompt
from sam_widget.predictors.sam.decoder_weights import (
    CHANNELS,
    GRID,
    IMAGE_TOKENS,
    PROJECTIONS,
    UPSCALE_EPS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from sam_widget.predictors.sam.decoder_weights import Weights

__all__ = ["DecodedTokens", "MaskDecoder", "PreparedImage"]

_TILE_ROWS = 16
"""Rows of image tokens that are upscaled together: 1024 tokens, 2 MB of pixels."""


class MaskDecoder:
    """The mask decoder on one device; one call computes at a time, others wait.

    Parameters
    ----------
    weights : dict of str to Tensor
        From :func:`~sam_widget.predictors.sam.decoder_weights.fold`.
    device : str or torch.device
        Where to compute.
    dtype : torch.dtype
        Of everything that has a row per image token; tokens and scores are always float32.
    at_once : int, optional
        Prompts decoded together. One on a CPU, where more gain nothing and leave the cache.
    """

    def __init__(
        self,
        weights: Weights,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        at_once: int | None = None,
    ) -> None:
        self.device, self.dtype = torch.device(device), dtype
        self._weights = {
            name: value.to(self.device, dtype if _meets_image(name, value) else torch.float32)
            for name, value in weights.items()
        }
        self._at_once = at_once or (1 if self.device.type == "cpu" else 64)
        self._buffers = Buffers(self.device, dtype)
        self._lock = threading.Lock()

    def prepare(self, features: Tensor) -> PreparedImage:
        """Do once what depends on the image alone.

        Parameters
        ----------
        features : Tensor (1, 256, 64, 64) or (256, 4096)
            From the image encoder.
        """
        weights = self._weights
        with torch.inference_mode():
            flat = features.to(self.device, self.dtype).reshape(CHANNELS, IMAGE_TOKENS)
            flat = flat.contiguous()
            projected = weights["image.weight"] @ flat
            image = PreparedImage(flat, flat.mean(0, keepdim=True), projected)
            for projection in PROJECTIONS[:3]:
                image.heads(projection).flatten(0, 1).add_(weights[f"image.{projection}"])
            return image

    def decode_tokens(
        self, image: PreparedImage, prompts: Tensor, masks: Tensor | None = None
    ) -> DecodedTokens:
        """Answer prompts up to the scores; masks come from :meth:`logits`.

        Parameters
        ----------
        image : PreparedImage
            From :meth:`prepare` of this decoder.
        prompts : Tensor (B, N, 256)
            Tokens of points and boxes; N may be 0 if there are masks.
        masks : Tensor (B, 17, 4096), optional
            Features of mask prompts.
        """
        parts = []
        with self._lock, torch.inference_mode():
            for start in range(0, len(prompts), self._at_once):
                part = slice(start, start + self._at_once)
                mask = None if masks is None else masks[part].to(self.dtype)
                layers = Layers(self._weights, self._buffers, image, prompts[part], mask)
                parts.append(layers.run())
        if len(parts) == 1:
            return parts[0]
        scores, tokens, basis, gains = (
            torch.cat([getattr(part, name) for part in parts])
            for name in ("scores", "tokens", "basis", "gains")
        )
        return DecodedTokens(scores, tokens, basis, gains, image)

    def logits(self, decoded: DecodedTokens, pairs: Sequence[tuple[int, int]]) -> Tensor:
        """Compute the masks that are wanted.

        Parameters
        ----------
        decoded : DecodedTokens
            From :meth:`decode_tokens`.
        pairs : sequence of (int, int)
            Index of the prompt, and of the mask: 0 is the single one, 1 to 3 subpart to whole.

        Returns
        -------
        Tensor (len(pairs), 256, 256)
            float32.
        """
        side = 4 * GRID
        result = torch.empty(len(pairs), side, side, device=self.device)
        with self._lock, torch.inference_mode():
            for prompt, places in places_by_prompt(pairs).items():
                kinds = [pairs[place][1] for place in places]
                masks = self._hypernetworks(decoded.tokens[prompt], kinds)
                whole = len(places) == len(pairs)
                out = result if whole else torch.empty(len(places), side, side, device=self.device)
                self._upscale(decoded, prompt, masks, out)
                if not whole:
                    result[places] = out
        return result

    def _hypernetworks(self, tokens: Tensor, kinds: list[int]) -> Tensor:
        """Return the weights of the last product for the masks of these kinds, (K, 32)."""
        first, last = min(kinds), max(kinds)
        # A slice, as three neighbours are asked for nearly always: picking would copy the weights.
        span = slice(first, last + 1)
        x = tokens[span, None]
        for depth in range(3):
            weight = self._weights[f"hyper.{depth}.weight"][span]
            x = torch.baddbmm(self._weights[f"hyper.{depth}.bias"][span, None], x, weight.mT)
            x = x.relu_() if depth < 2 else x
        if kinds != list(range(first, last + 1)):
            x = x[[kind - first for kind in kinds]]
        return x[:, 0].to(self.dtype)

    def _upscale(self, decoded: DecodedTokens, prompt: int, masks: Tensor, out: Tensor) -> None:
        """Write logits (K, 256, 256): K products with pixels that are made tile by tile."""
        weights, count = self._weights, _TILE_ROWS * GRID
        places = out.view(len(out), GRID, 2, 2, GRID, 2, 2)
        pixels = self._buffers.take("pixels", CHANNELS, count)
        squares = self._buffers.take("pixel squares", 4, CHANNELS // 4, count)
        fine = self._buffers.take("fine pixels", 4, 128, count)
        products = self._buffers.take("products", 16, len(masks), count)
        by_pixel = pixels.view(4, CHANNELS // 4, count)
        for row in range(0, GRID, _TILE_ROWS):
            tile = slice(row * GRID, row * GRID + count)
            basis = decoded.basis[prompt, :, tile]
            torch.addmm(decoded.image.upscaled[:, tile], decoded.gains[prompt], basis, out=pixels)
            # Means are zero by the choice of the weights: what is left of the norm is a division.
            torch.mul(by_pixel, by_pixel, out=squares)
            size = squares.mean(1, keepdim=True)
            size.add_(basis[-1] ** 2, alpha=UPSCALE_EPS)
            by_pixel.mul_(size.rsqrt_()).mul_(weights["up.0.scale"]).add_(weights["up.0.shift"])
            _gelu(pixels)
            torch.bmm(weights["up.1.weight"].expand(4, -1, -1), by_pixel, out=fine)
            _gelu(fine.add_(weights["up.1.bias"]))
            torch.bmm(masks.expand(16, -1, -1), fine.view(16, 32, count), out=products)
            # From (row, column, finer row, finer column, mask, token's row, token's column).
            tiles = products.view(2, 2, 2, 2, len(masks), _TILE_ROWS, GRID)
            places[:, row : row + _TILE_ROWS].copy_(tiles.permute(4, 5, 0, 2, 6, 1, 3))


def _meets_image(name: str, value: Tensor) -> bool:
    """Tell whether a weight is multiplied with something that has a column per image token."""
    return value.shape[-1] == IMAGE_TOKENS or name.startswith(("image.", "up.", "1.mean"))


def _gelu(x: Tensor) -> None:
    torch.ops.aten.gelu_(x)
