"""The layers of the mask decoder: tokens and image tokens attend to each other, twice.

See :mod:`sam_widget.predictors.sam.decoder` for the plan. "Reading" is a token's attention to the
image, "writing" an image token's attention to the tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from sam_widget.predictors.sam.decoder_values import DecodedTokens
from sam_widget.predictors.sam.decoder_weights import (
    CHANNELS,
    HEAD_WIDTH,
    HEADS,
    IMAGE_TOKENS,
    MASK_TOKENS,
    NORM_EPS,
)

if TYPE_CHECKING:
    from torch import Tensor

    from sam_widget.predictors.sam.decoder_values import PreparedImage
    from sam_widget.predictors.sam.decoder_weights import Weights

__all__ = ["Buffers", "Layers"]


class Buffers:
    """Memory that is used again: a name has one piece of it, as large as was ever asked for."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype
        self._pieces: dict[str, Tensor] = {}

    def take(self, name: str, *shape: int) -> Tensor:
        """Return a contiguous tensor with unknown content, valid until the next of that name."""
        size = 1
        for side in shape:
            size *= side
        piece = self._pieces.get(name)
        if piece is None or piece.numel() < size:
            piece = torch.empty(size, device=self._device, dtype=self._dtype)
            self._pieces[name] = piece
        return piece[:size].view(shape)


class Layers:
    """One pass of B prompts through the two layers and the last reading.

    ``x`` are the tokens (B, T, 256); an image token is a column of ``image.features`` plus
    ``gains @ basis``, without its mean and divided by its size only where it is used.
    """

    def __init__(
        self,
        weights: Weights,
        buffers: Buffers,
        image: PreparedImage,
        prompts: Tensor,
        masks: Tensor | None,
    ) -> None:
        self._weights, self._buffers, self._image, self._masks = weights, buffers, image, masks
        count = len(prompts)
        self._tokens = torch.cat([weights["tokens"].expand(count, -1, -1), prompts], dim=1)
        self._rows = HEADS * self._tokens.shape[1]
        # Rows: mean of the features, 1, the mask's; what layer 0 wrote; the mean again and the size
        # of what came of it; what layer 1 wrote; the size after that.
        self._first = 2 + (0 if masks is None else masks.shape[1])
        self._second = self._first + self._rows
        rows = self._second + 2 + self._rows + 1
        self._basis = image.features.new_empty(count, rows, IMAGE_TOKENS)
        self._dtype = self._basis.dtype

    def run(self) -> DecodedTokens:
        """Go through the layers in turn."""
        weights, tokens = self._weights, self._tokens
        x = self._norm("0.norm1", self._among_tokens(0, tokens, tokens))
        x = self._norm("0.norm2", x + self._linear("0.read.out", self._first_reading(x)))
        x = self._norm("0.norm3", x + self._mlp(0, x))
        image, first = self._first_writing(x)

        size = self._sizes(image, NORM_EPS)
        x = self._norm("1.norm1", x + self._among_tokens(1, x + tokens, x))
        x = self._norm(
            "1.norm2", x + self._linear("1.read.out", self._reading("1", x, first, size))
        )
        x = self._norm("1.norm3", x + self._mlp(1, x))
        second = self._second_writing(x, image, first, size)

        last = self._basis[:, -1:]
        size = self._sizes(image, NORM_EPS, self._basis[:, self._second + 1, None])
        torch.reciprocal(size, out=last)
        both = torch.cat([weights["1.scale"].float() * first, second], dim=2)
        read = self._reading("final", x, both, size)
        x = self._norm("final.norm", x + self._linear("final.read.out", read))

        scores = x[:, 0]
        for depth in range(3):
            scores = self._linear(f"iou.{depth}", scores if depth == 0 else scores.relu_())
        bias = weights["up.0.bias"].expand(len(x), -1, -1)
        gains = [
            weights["up.0.from_first"] @ first.to(self._dtype),
            weights["up.0.weight"] @ second.to(self._dtype),
            bias,
        ]
        return DecodedTokens(
            scores, x[:, 1 : 1 + MASK_TOKENS], self._basis, torch.cat(gains, dim=2), self._image
        )

    # -- among tokens ------------------------------------------------------------------------------

    def _linear(self, name: str, x: Tensor) -> Tensor:
        weights = self._weights
        return functional.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def _norm(self, name: str, x: Tensor) -> Tensor:
        weights = self._weights
        return functional.layer_norm(
            x, (CHANNELS,), weights[f"{name}.weight"], weights[f"{name}.bias"], NORM_EPS
        )

    def _mlp(self, layer: int, x: Tensor) -> Tensor:
        return self._linear(f"{layer}.mlp.1", self._linear(f"{layer}.mlp.0", x).relu_())

    def _among_tokens(self, layer: int, x: Tensor, values: Tensor) -> Tensor:
        """Self-attention of the tokens."""
        query, key = _split(self._linear(f"{layer}.self.query_key", x), 2 * HEADS).chunk(2, dim=1)
        value = _split(self._linear(f"{layer}.self.value", values), HEADS)
        mixed = torch.softmax(query @ key.mT, dim=-1) @ value
        return self._linear(f"{layer}.self.out", _join(mixed))

    # -- layer 0: the image's side is known beforehand ---------------------------------------------

    def _first_reading(self, x: Tensor) -> Tensor:
        query = _split(self._linear("0.read.query", x + self._tokens), HEADS)
        scores = self._scores(query, self._image.heads("0.read.keys"))
        if self._masks is not None:
            self._add_rows(scores, query @ self._weights["mask.read.keys"], self._masks)
        shares = torch.softmax(scores, -1, out=scores)
        read = self._product(shares, self._image.heads("0.read.values").mT).float()
        if self._masks is not None:
            seen = torch.matmul(shares, self._masks[:, None].mT).float()
            read = read + seen @ self._weights["mask.read.values"]
        return _join(read)

    def _first_writing(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the image's tokens, centred (B, 256, 4096), and the gains of layer 0's rows."""
        weights, basis, masks = self._weights, self._basis, self._masks
        key = _split(self._linear("0.write.key", x + self._tokens), HEADS)
        scores = self._scores(key, self._image.heads("0.write.queries"))
        offset = weights["0.write.offset"]
        basis[:, 0:1] = self._image.mean
        basis[:, 1] = 1
        gains = [-torch.ones_like(offset), offset]
        if masks is not None:
            self._add_rows(scores, key @ weights["mask.write.queries"], masks)
            basis[:, 2 : self._first] = masks
            gains += [weights["mask.lift"]]
        written = basis[:, self._first : self._second]
        torch.softmax(scores, 2, out=_by_head(written))
        wide = [column.expand(len(x), -1, -1) for column in gains]
        together = torch.cat([*wide, self._lift(0, x)], dim=2)
        image = self._buffers.take("image", len(x), CHANNELS, IMAGE_TOKENS)
        features = self._image.features.expand(len(x), -1, -1)
        _add_product(features, together.to(self._dtype), basis[:, : self._second], out=image)
        return image, together

    def _add_rows(self, scores: Tensor, few: Tensor, rows: Tensor) -> None:
        """Add (B, 8, T, R) times (B, R, 4096) to scores."""
        flat = scores.view(len(few), self._rows, IMAGE_TOKENS)
        _add_product(flat, few.flatten(1, 2).to(self._dtype), rows, out=flat)

    # -- later: the features' share is known beforehand, the rest has few rows ---------------------

    def _reading(self, name: str, x: Tensor, gains: Tensor, size: Tensor) -> Tensor:
        """Read from centred tokens: gains (B, 256, R) of the basis' first R rows, inverse size."""
        weights, basis = self._weights, self._basis[:, : gains.shape[2]]
        query = _split(self._linear(f"{name}.read.query", x + self._tokens), HEADS)
        scores = self._from_image(f"{name}.read.keys", query, gains, size)
        self._add_scores(scores, query, weights[f"{name}.read.position"])
        shares = torch.softmax(scores, -1, out=scores)
        flat = shares.view(len(x), self._rows, IMAGE_TOKENS)
        flat *= size
        seen = self._buffers.take("seen", len(x), self._rows, gains.shape[2])
        _product(flat, basis.mT, out=seen)
        values = _by_head(seen.float() @ gains.mT) @ weights[f"{name}.read.values"]
        values += self._product(shares, self._image.heads(f"{name}.read.values").mT)
        return _join(values) + weights[f"{name}.read.offset"]

    def _second_writing(self, x: Tensor, image: Tensor, first: Tensor, size: Tensor) -> Tensor:
        """Turn ``image`` into the tokens after layer 1, over their size before; return gains."""
        weights, basis, start = self._weights, self._basis, self._second
        key = _split(self._linear("1.write.key", x + self._tokens), HEADS)
        scores = self._from_image("1.write.queries", key, first, size)
        self._add_scores(scores, key, weights["1.write.position"])
        # A norm does not see a common factor: dividing what is new by the inverse size saves
        # multiplying what was there.
        inverse, written = basis[:, start + 1 : start + 2], basis[:, start + 2 : -1]
        torch.reciprocal(size, out=inverse)
        torch.softmax(scores, 2, out=_by_head(written))
        written *= inverse
        mean = weights["1.mean"].expand(len(x), -1, -1)
        _product(mean, image, out=basis[:, start : start + 1])
        offset = weights["1.write.offset"].expand(len(x), -1, -1)
        gains = torch.cat([-torch.ones_like(offset), offset, self._lift(1, x)], dim=2)
        image *= weights["1.scale"]
        _add_product(image, gains.to(self._dtype), basis[:, start:-1], out=image)
        return gains

    def _lift(self, layer: int, x: Tensor) -> Tensor:
        """Return what each head of each token writes, (B, 256, 8 T)."""
        value = _split(self._linear(f"{layer}.write.value", x), HEADS)
        return (value @ self._weights[f"{layer}.write.lift"]).flatten(1, 2).mT

    def _sizes(self, image: Tensor, eps: float, inverse: Tensor | None = None) -> Tensor:
        """Inverse sizes (B, 1, 4096) of centred tokens, if need be of those over ``inverse``."""
        squares = self._buffers.take("squares", *image.shape)
        size = torch.mul(image, image, out=squares).mean(1, keepdim=True)
        if inverse is None:
            return size.add_(eps).rsqrt_()
        return size.add_(inverse * inverse, alpha=eps).rsqrt_()

    # -- products of few rows with all image tokens ------------------------------------------------

    def _scores(self, few: Tensor, heads: Tensor) -> Tensor:
        """(B, 8, T, 16) times (8, 16, 4096), in a buffer (B, 8, T, 4096)."""
        count, _, tokens, _ = few.shape
        out = self._buffers.take("scores", count, HEADS, tokens, IMAGE_TOKENS)
        flat = out.view(count * HEADS, tokens, IMAGE_TOKENS)
        torch.bmm(few.flatten(0, 1).to(self._dtype), _repeated(heads, count), out=flat)
        return out

    def _add_scores(self, scores: Tensor, few: Tensor, heads: Tensor) -> None:
        flat = scores.view(-1, *scores.shape[2:])
        flat.baddbmm_(few.flatten(0, 1).to(self._dtype), _repeated(heads, len(few)))

    def _from_image(self, name: str, few: Tensor, gains: Tensor, size: Tensor) -> Tensor:
        """(B, 8, T, 16) times a projection of centred tokens, in a buffer (B, 8, T, 4096)."""
        scores = self._scores(few, self._image.heads(name))
        more = (few @ self._weights[name]).flatten(1, 2) @ gains
        self._add_rows(scores, _by_head(more), self._basis[:, : gains.shape[2]])
        scores *= size[:, None]
        return scores

    def _product(self, shares: Tensor, heads: Tensor) -> Tensor:
        """(B, 8, T, 4096) times (8, 4096, 16)."""
        mixed = torch.bmm(shares.flatten(0, 1), _repeated(heads, len(shares)))
        return mixed.view(len(shares), HEADS, -1, HEAD_WIDTH)


def _split(x: Tensor, heads: int) -> Tensor:
    """(B, T, n) to (B, heads, T, n / heads)."""
    return x.unflatten(2, (heads, -1)).transpose(1, 2)


def _join(x: Tensor) -> Tensor:
    """(B, heads, T, n) to (B, T, heads * n)."""
    return x.transpose(1, 2).flatten(2)


def _by_head(rows: Tensor) -> Tensor:
    """(B, 8 T, n) to (B, 8, T, n), without copying."""
    return rows.unflatten(1, (HEADS, -1))


def _repeated(heads: Tensor, count: int) -> Tensor:
    """One copy of the heads for each prompt; none if there is one prompt."""
    return heads if count == 1 else heads.repeat(count, 1, 1)


def _product(left: Tensor, right: Tensor, out: Tensor) -> None:
    # For one prompt, the product of two matrices: a batch of one has slower code in bfloat16.
    if len(left) == 1:
        torch.mm(left[0], right[0], out=out[0])
    else:
        torch.bmm(left, right, out=out)


def _add_product(base: Tensor, left: Tensor, right: Tensor, out: Tensor) -> None:
    if len(left) == 1:
        torch.addmm(base[0], left[0], right[0], out=out[0])
    else:
        torch.baddbmm(base, left, right, out=out)
