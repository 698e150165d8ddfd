"""The official mask decoder's weights, rearranged once so that a click multiplies less.

Nothing is approximated. Matrices that follow each other without anything nonlinear in between are
multiplied here, in float64, and everything that neither image nor prompts can change (the
positional encoding seen through a projection, biases behind a normalisation) becomes a constant.
:mod:`sam_widget.predictors.sam.decoder` says what each is for; the parameters' names are those of
``modeling/mask_decoder.py``, ``transformer.py`` and ``prompt_encoder.py`` of ``segment-anything``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

CHANNELS = 256
HEADS = 8
HEAD_WIDTH = 16
"""Of an attention between tokens and image; among tokens a head is twice as wide."""
PROJECTED = HEADS * HEAD_WIDTH
PROJECTIONS = (
    "0.read.keys", "0.read.values", "0.write.queries",
    "1.read.keys", "1.read.values", "1.write.queries",
    "final.read.keys", "final.read.values",
)  # fmt: skip
"""What attentions want of an image's tokens; those after layer 0 of its features alone."""
GRID = 64
"""Image tokens are a grid of 64 x 64."""
IMAGE_TOKENS = GRID * GRID
MASK_FEATURES = 17
"""Rows of an encoded mask prompt, the first of which is 1."""
MASK_TOKENS = 4
"""The first is the single mask, the others subpart, part and whole."""
NORM_EPS = 1e-5
UPSCALE_EPS = 1e-6

Weights: TypeAlias = "dict[str, Tensor]"

_PARTS = ("mask_decoder.", "prompt_encoder.")


def is_decoder_weight(name: str) -> bool:
    """Tell whether a parameter of a checkpoint is the mask decoder's or the prompt encoder's."""
    return name.startswith(_PARTS)


def fold(state: Mapping[str, Tensor]) -> Weights:
    """Rearrange the parameters of the mask decoder and the prompt encoder.

    Parameters
    ----------
    state : mapping of str to Tensor
        A checkpoint's; parameters of the image encoder are not looked at.

    Returns
    -------
    dict of str to Tensor
        float32, on the CPU. ``read`` is a token's attention to the image, ``write`` an image
        token's attention to the tokens; 0 and 1 are the layers.
    """
    source = {
        name: value.detach().to("cpu", torch.float64)
        for name, value in state.items()
        if is_decoder_weight(name)
    }
    folded = _second_layer(source)
    folded |= _image_weights(source, folded)
    for part in (_token_weights, _prompt_weights, _upscaling):
        folded |= part(source)
    return {name: value.to(torch.float32).contiguous() for name, value in folded.items()}


def _linear(source: Weights, name: str, scale: float = 1.0) -> Weights:
    return {part: scale * source[f"{name}.{part}"] for part in ("weight", "bias")}


def _named(name: str, parts: Weights) -> Weights:
    return {f"{name}.{part}": value for part, value in parts.items()}


def _token_weights(source: Weights) -> Weights:
    """Fold what is between tokens: attention's divisions move into the queries."""
    decoder, transformer = "mask_decoder", "mask_decoder.transformer"
    among, across = 1 / math.sqrt(2 * HEAD_WIDTH), 1 / math.sqrt(HEAD_WIDTH)
    own = [source[f"{decoder}.{kind}.weight"] for kind in ("iou_token", "mask_tokens")]
    folded = {"tokens": torch.cat(own)}
    for index in (0, 1):
        layer = f"{transformer}.layers.{index}"
        read, write = (
            f"{layer}.cross_attn_token_to_image",
            f"{layer}.cross_attn_image_to_token",
        )
        query = _linear(source, f"{layer}.self_attn.q_proj", among)
        key = _linear(source, f"{layer}.self_attn.k_proj")
        both = {part: torch.cat([query[part], key[part]]) for part in query}
        folded |= _named(f"{index}.self.query_key", both)
        folded |= _named(f"{index}.self.value", _linear(source, f"{layer}.self_attn.v_proj"))
        folded |= _named(f"{index}.self.out", _linear(source, f"{layer}.self_attn.out_proj"))
        for norm in ("norm1", "norm2", "norm3"):
            folded |= _named(f"{index}.{norm}", _linear(source, f"{layer}.{norm}"))
        folded |= _named(f"{index}.mlp.0", _linear(source, f"{layer}.mlp.lin1"))
        folded |= _named(f"{index}.mlp.1", _linear(source, f"{layer}.mlp.lin2"))
        folded |= _named(f"{index}.read.query", _linear(source, f"{read}.q_proj", across))
        folded |= _named(f"{index}.read.out", _linear(source, f"{read}.out_proj"))
        folded |= _named(f"{index}.write.key", _linear(source, f"{write}.k_proj", across))
        folded |= _named(f"{index}.write.value", _linear(source, f"{write}.v_proj"))
        # (heads, width, channels), without the mean over channels, which the norm takes away.
        lift = _heads(_centred(source[f"{write}.out_proj.weight"]).T)
        folded[f"{index}.write.lift"] = lift
    final = f"{transformer}.final_attn_token_to_image"
    folded |= _named("final.read.query", _linear(source, f"{final}.q_proj", across))
    folded |= _named("final.read.out", _linear(source, f"{final}.out_proj"))
    folded |= _named("final.norm", _linear(source, f"{transformer}.norm_final_attn"))
    for depth in range(3):
        folded |= _named(
            f"iou.{depth}", _linear(source, f"{decoder}.iou_prediction_head.layers.{depth}")
        )
        for part in ("weight", "bias"):
            networks = [
                source[f"{decoder}.output_hypernetworks_mlps.{mask}.layers.{depth}.{part}"]
                for mask in range(MASK_TOKENS)
            ]
            folded[f"hyper.{depth}.{part}"] = torch.stack(networks)
    return folded


def _prompt_weights(source: Weights) -> Weights:
    """Fold the prompt encoder: a table of labels -1 to 3, and the mask's two small convolutions."""
    encoder = "prompt_encoder"
    rows = [source[f"{encoder}.not_a_point_embed.weight"]]
    rows += [source[f"{encoder}.point_embeddings.{label}.weight"] for label in range(4)]
    folded = {
        "prompt.labels": torch.cat(rows),
        "prompt.frequencies": source[f"{encoder}.pe_layer.positional_encoding_gaussian_matrix"],
    }
    for step, (convolution, norm) in enumerate(((0, 1), (3, 4))):
        weight = source[f"{encoder}.mask_downscaling.{convolution}.weight"]
        # Inputs in the order (row, column, channel) of a 2 x 2 patch.
        folded[f"mask.{step}.weight"] = weight.permute(0, 2, 3, 1).flatten(1)
        folded[f"mask.{step}.bias"] = source[f"{encoder}.mask_downscaling.{convolution}.bias"]
        folded |= _named(f"mask.{step}.norm", _linear(source, f"{encoder}.mask_downscaling.{norm}"))
    return folded


def _image_weights(source: Weights, second: Weights) -> Weights:
    """Fold the first layer as the image sees it: one product per image, corrections for a mask.

    The image's tokens are ``features + no_mask``; a mask prompt adds ``dense @ mask_features`` to
    them, the first of whose rows is 1. All is linear, so what a mask changes is added to what was
    computed without it.
    """
    layer = "mask_decoder.transformer.layers.0"
    read, write = f"{layer}.cross_attn_token_to_image", f"{layer}.cross_attn_image_to_token"
    key, value = source[f"{read}.k_proj.weight"], source[f"{read}.v_proj.weight"]
    query = source[f"{write}.q_proj.weight"]
    none = source["prompt_encoder.no_mask_embed.weight"].T
    change = source["prompt_encoder.mask_downscaling.6.bias"][:, None] - none
    dense = source["prompt_encoder.mask_downscaling.6.weight"].flatten(1)
    dense = torch.cat([change, dense], dim=1)  # (256, 17)
    position = _position(source)
    # Biases of keys shift all scores of one query alike, and a softmax does not see them.
    return {
        "image.weight": torch.cat([key, value, query, *_later(second), _first_part(source)]),
        "image.0.read.keys": key @ (none + position),
        "image.0.read.values": value @ none + source[f"{read}.v_proj.bias"][:, None],
        "image.0.write.queries": query @ (none + position)
        + source[f"{write}.q_proj.bias"][:, None],
        "mask.read.keys": _heads(key @ dense),
        "mask.read.values": _heads(value @ dense).mT,
        "mask.write.queries": _heads(query @ dense),
        "mask.lift": _centred(dense),
        "0.write.offset": _centred(none + source[f"{write}.out_proj.bias"][:, None]),
    }


def _later(second: Weights) -> list[Tensor]:
    """Return the projections of the later attentions, (128, 256), as the features come to them."""
    found = []
    for name in PROJECTIONS[3:]:
        heads = second[name].mT if name.endswith("values") else second[name]
        rows = heads.flatten(0, 1)
        # What the last reading sees has been through both norms.
        found.append(rows * second["1.scale"].T if name.startswith("final") else rows)
    return found


def _second_layer(source: Weights) -> Weights:
    """Fold the later attentions, which take the image's tokens unscaled and unprojected."""
    transformer = "mask_decoder.transformer"
    first, second = (f"{transformer}.layers.{index}" for index in (0, 1))
    position = _position(source)
    write = f"{second}.cross_attn_image_to_token"
    scale, shift = (source[f"{first}.norm4.{part}"] for part in ("weight", "bias"))
    query = source[f"{write}.q_proj.weight"]
    seen = query @ (shift[:, None] + position) + source[f"{write}.q_proj.bias"][:, None]
    folded = {
        "1.scale": scale[:, None],
        "1.mean": scale[None] / CHANNELS,
        "1.write.queries": _heads(query * scale),
        "1.write.position": _heads(seen),
        "1.write.offset": _centred(shift + source[f"{write}.out_proj.bias"])[:, None],
    }
    for name, attention, norm in (
        ("1", f"{second}.cross_attn_token_to_image", f"{first}.norm4"),
        ("final", f"{transformer}.final_attn_token_to_image", f"{second}.norm4"),
    ):
        scale, shift = (source[f"{norm}.{part}"] for part in ("weight", "bias"))
        key = source[f"{attention}.k_proj.weight"]
        value = _linear(source, f"{attention}.v_proj")
        folded[f"{name}.read.keys"] = _heads(key * scale)
        folded[f"{name}.read.position"] = _heads(key @ position)
        folded[f"{name}.read.values"] = _heads(value["weight"] * scale).mT
        folded[f"{name}.read.offset"] = value["weight"] @ shift + value["bias"]
    return folded


def _upscaling(source: Weights) -> Weights:
    """Fold the transposed convolutions: each makes 2 x 2 pixels of one, by four matrices."""
    up = "mask_decoder.output_upscaling"
    first, bias = _to_first_pixels(source)
    second = source[f"{up}.3.weight"].permute(2, 3, 1, 0).flatten(0, 2)  # (128, 64)
    return {
        "up.0.weight": first,
        "up.0.from_first": _first_part(source),
        "up.0.bias": bias[:, None],
        "up.0.scale": source[f"{up}.1.weight"][:, None],
        "up.0.shift": source[f"{up}.1.bias"][:, None],
        "up.1.weight": second[None],
        "up.1.bias": source[f"{up}.3.bias"].repeat(4)[None, :, None],
    }


def _to_first_pixels(source: Weights) -> tuple[Tensor, Tensor]:
    """Weight (256, 256) and bias (256,) from normalised tokens to 4 pixels of 64 channels.

    Each pixel's mean over its channels is taken out, as the norm behind it would do.
    """
    up = "mask_decoder.output_upscaling.0"
    norm = "mask_decoder.transformer.layers.1.norm4"
    weight = source[f"{up}.weight"].permute(2, 3, 1, 0).flatten(0, 1)  # (4, 64, 256)
    bias = source[f"{up}.bias"] + weight @ source[f"{norm}.bias"]
    weight = weight - weight.mean(1, keepdim=True)
    bias = bias - bias.mean(1, keepdim=True)
    return (weight * source[f"{norm}.weight"]).flatten(0, 1), bias.flatten()


def _first_part(source: Weights) -> Tensor:
    """Weight (256, 256) from the features, as far as they come through both layers unchanged."""
    first = source["mask_decoder.transformer.layers.0.norm4.weight"]
    return _to_first_pixels(source)[0] * first


def _position(source: Weights) -> Tensor:
    """Positional encoding of the image's tokens, (256, 4096)."""
    frequencies = source["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"]
    centres = (torch.arange(GRID, dtype=torch.float64) + 0.5) / GRID
    rows, columns = torch.meshgrid(centres, centres, indexing="ij")
    xy = torch.stack([columns, rows], dim=-1).flatten(0, 1)
    angles = 2 * math.pi * (2 * xy - 1) @ frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=-1).T


def _heads(matrix: Tensor) -> Tensor:
    """Cut the rows (128, n) of a projection into heads, (8, 16, n)."""
    return matrix.unflatten(0, (HEADS, HEAD_WIDTH))


def _centred(columns: Tensor) -> Tensor:
    """Take the mean over channels out of each column."""
    return columns - columns.mean(0)
