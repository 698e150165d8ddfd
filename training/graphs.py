"""Export the lite network as ONNX graphs, without their weights.

Graphs for ``encode`` (once an image), ``decode`` (once a prompt; one graph for points alone, one
for all prompts) and ``rate`` (predicted IoU of the masks that are kept). Their initialisers are
external and bear the names of the network's parameters, so one set of graphs serves every training
of the network: whoever opens a graph hands over the tensors of ``lite.safetensors``
(:mod:`sam_widget.predictors.lite.onnx_runner`).
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import onnx
import torch
from torch import Tensor, nn

from sam_widget.predictors.lite.features import GRID_SIDE, EncodedImage
from sam_widget.predictors.lite.geometry import PromptBatch, grid_axes, pixel_geometry
from sam_widget.predictors.lite.network import LiteNetwork, evaluate_grid
from sam_widget.predictors.lite.onnx_runner import (
    DECODE_INPUTS,
    DECODE_OUTPUTS,
    FEATURES,
    GRAPHS,
    POINT_INPUTS,
    RATE_INPUTS,
)
from sam_widget.predictors.lite.prompts import COARSE_SIDE

if TYPE_CHECKING:
    from pathlib import Path

OPSET = 18


class _Part(nn.Module):
    """A part of the network's work as a module of its own; its parameters keep their names."""

    def __init__(self, network: LiteNetwork) -> None:
        super().__init__()
        for name, child in network.named_children():
            self.add_module(name, child)
        self.mask_tokens = network.mask_tokens
        self._whole = [network]  # in a list, so that it is not registered a second time

    @property
    def whole(self) -> LiteNetwork:
        return self._whole[0]


class _Encode(_Part):
    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.whole.encode(picture).parts)


class _Decode(_Part):
    def forward(
        self,
        points: Tensor,
        labels: Tensor,
        outputs: Tensor,
        boxes: Tensor,
        has_box: Tensor,
        mask: Tensor | None,
        has_mask: Tensor,
        *features: Tensor,
    ) -> tuple[Tensor, Tensor]:
        prompts = PromptBatch(points, labels, boxes, has_box, mask, has_mask)
        encoded = EncodedImage.of_parts(list(features))
        tokens, networks = self.whole.prompt(encoded, prompts)
        tokens = tokens.index_select(1, outputs)
        networks = type(networks)(*(part.index_select(1, outputs) for part in networks))
        pixels = encoded.features.pixels
        height, width = pixels.shape[-2:]
        x, y = grid_axes(height, width, GRID_SIDE, pixels.device)
        return evaluate_grid(networks, pixels, pixel_geometry(prompts, x, y)), tokens


class _DecodePoints(_Decode):
    def forward(
        self, points: Tensor, labels: Tensor, outputs: Tensor, *features: Tensor
    ) -> tuple[Tensor, Tensor]:
        no = torch.tensor([False])
        return super().forward(points, labels, outputs, torch.zeros(1, 4), no, None, no, *features)


class _Rate(_Part):
    def forward(self, tokens: Tensor, pixels: Tensor, logits: Tensor) -> Tensor:
        return self.whole.predicted_iou(tokens, pixels.flatten(1), logits.flatten(1)[None])[0]


def export_graphs(folder: Path) -> None:
    """Write the graphs into ``folder``, under the names of ``GRAPHS``."""
    folder.mkdir(parents=True, exist_ok=True)
    network = LiteNetwork().eval()
    with torch.no_grad():
        for parameter in network.parameters():  # the exporter would merge those that are equal
            parameter.normal_(0, 0.02)
        picture = torch.zeros(1, 3, 384, 512)
        encode = _Encode(network)
        features = encode(picture)
        # Every kind of prompt at once: the trace then holds all of them, each with its switch.
        prompts = (
            torch.tensor([[[0.3, 0.3], [0.6, 0.5]]]),
            torch.tensor([[1, 0]]),
            torch.tensor([1, 2, 3]),
            torch.tensor([[0.1, 0.1, 0.7, 0.6]]),
            torch.tensor([True]),
            torch.randn(1, COARSE_SIDE, COARSE_SIDE),
            torch.tensor([True]),
        )
        decode = _Decode(network)
        logits, tokens = decode(*prompts, *features)
        rate_inputs = (tokens, features[0][0, :, ::2, ::2], logits[:, ::2, ::2])
    sides = {2: "height", 3: "width"}
    axes = {name: {i: f"{name}_{side}" for i, side in sides.items()} for name in FEATURES[:4]}
    axes |= {name: {2: f"{name}_cells"} for name in FEATURES[4:]}
    axes |= {"picture": sides, "points": {1: "points"}, "labels": {1: "points"}}
    axes |= {"outputs": {0: "masks"}, "logits": {0: "masks", 1: "rows", 2: "columns"}}
    axes |= {"tokens": {1: "masks"}, "scores": {0: "masks"}}
    axes |= {"kept_pixels": {1: "rows", 2: "columns"}}
    axes |= {"kept_logits": {0: "masks", 1: "rows", 2: "columns"}}
    parts = [
        (encode, (picture,), ["picture"], list(FEATURES), axes),
        (decode, (*prompts, *features), [*DECODE_INPUTS, *FEATURES], list(DECODE_OUTPUTS), axes),
        (
            _DecodePoints(network),
            (*prompts[: len(POINT_INPUTS)], *features),
            [*POINT_INPUTS, *FEATURES],
            list(DECODE_OUTPUTS),
            axes,
        ),
        (_Rate(network), rate_inputs, list(RATE_INPUTS), ["scores"], axes),
    ]
    for name, (part, inputs, names, outputs, of_part) in zip(GRAPHS, parts, strict=True):
        (folder / name).write_bytes(_export(part, inputs, names, outputs, of_part))


def _export(
    part: nn.Module,
    inputs: tuple[Tensor, ...],
    names: list[str],
    outputs: list[str],
    axes: dict[str, dict[int, str]],
) -> bytes:
    buffer = io.BytesIO()
    used = {name: axes[name] for name in [*names, *outputs] if name in axes}
    with warnings.catch_warnings():
        # The trace takes the branches of the example, which is what is wanted here.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            part,
            inputs,
            buffer,
            input_names=names,
            output_names=outputs,
            dynamic_axes=used,
            opset_version=OPSET,
            do_constant_folding=False,  # folding would rename and copy the parameters
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    parameters = {name for name, _ in part.named_parameters()}
    for tensor in model.graph.initializer:
        if tensor.name not in parameters:
            continue
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="lite.safetensors")
    for node in model.graph.node:
        node.ClearField("doc_string")
        node.ClearField("metadata_props")
    model.producer_name, model.producer_version = "sam_widget", ""
    return model.SerializeToString()
