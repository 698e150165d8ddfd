"""The lite network in ONNX Runtime: the graphs of the package, the weights of the safetensors file.

The graphs hold no weights: their initialisers are external and bear the names of the network's
parameters. So there is one file of weights, and its digest vouches for both runtimes.
``training/graphs.py`` exports them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.predictors.lite.geometry import COARSE_SIDE
from sam_widget.predictors.lite.network import EncodedImage
from sam_widget.predictors.lite.pyramid import ImageFeatures
from sam_widget.predictors.onnx_runtime import open_session, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from sam_widget.predictors.lite.geometry import PromptBatch

__all__ = ["OnnxRunner"]

GRAPHS = ("lite-encode.onnx", "lite-decode.onnx", "lite-decode-points.onnx", "lite-rate.onnx")
"""Points alone have a graph of their own: most prompts are, and what a box and a mask take would be
computed for nothing."""
FEATURES = (
    "pixels",
    "fine",
    "middle",
    "coarse",
    *(f"{kind}{layer}" for layer in range(3) for kind in ("keys", "values")),
)
"""What ``encode`` returns and ``decode`` takes; the names of the network's ``EncodedImage``."""
POINT_INPUTS = ("points", "labels", "outputs")
DECODE_INPUTS = (*POINT_INPUTS, "boxes", "has_box", "mask", "has_mask")
DECODE_OUTPUTS = ("logits", "tokens")
RATE_INPUTS = ("tokens", "kept_pixels", "kept_logits")


def used_by(graph: str, parameter: str) -> bool:
    """Tell whether a graph holds a parameter of the network."""
    encode, decode, decode_points, rate = GRAPHS
    if parameter.startswith("rate."):
        return graph == rate
    once_an_image = parameter.startswith("encoder.") or ".image.key" in parameter
    if once_an_image or ".image.value" in parameter:
        return graph == encode
    of_boxes_and_masks = ("pooled", "box_type", "box_size", "mask_type")
    if parameter.startswith(tuple(f"prompt_encoder.{name}" for name in of_boxes_and_masks)):
        return graph == decode
    return graph in (decode, decode_points)


class OnnxRunner:
    """Encode, decode and rate with ONNX Runtime, on the CPU.

    Parameters
    ----------
    folder : path
        Holds the graphs.
    weights : mapping of str to ndarray
        float32 tensors by parameter name.

    Raises
    ------
    ModelError
        If ONNX Runtime is not installed, or a graph is missing or damaged.
    """

    name = "onnx"
    device = "cpu"

    def __init__(self, folder: Path, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self._encode, self._decode, self._decode_points, self._rate = (
            open_session(
                folder / name,
                {k: v for k, v in weights.items() if used_by(name, k)},
                keeps_memory=name != GRAPHS[0],
            )
            for name in GRAPHS
        )

    def encode(self, picture: Tensor) -> EncodedImage:
        """Encode one normalised picture (1, 3, h, w)."""
        parts = run(self._encode, FEATURES, {"picture": picture.numpy()})
        memory = tuple(zip(parts[4::2], parts[5::2], strict=True))
        return EncodedImage(ImageFeatures(*parts[:4]), memory)

    def decode(
        self, encoded: EncodedImage, batch: PromptBatch, outputs: list[int]
    ) -> tuple[NDArray[np.float32], Tensor]:
        """Compute the masks of one prompt, as :meth:`TorchRunner.decode` does."""
        parts = [*encoded.features, *(part for pair in encoded.memory for part in pair)]
        inputs = dict(zip(FEATURES, (part.numpy() for part in parts), strict=True))
        inputs["outputs"] = np.array(outputs, np.int64)
        if batch.mask is None and not bool(batch.has_box.any()):
            inputs |= {"points": batch.points.numpy(), "labels": batch.labels.numpy()}
            logits, tokens = run(self._decode_points, DECODE_OUTPUTS, inputs)
        else:
            inputs |= _as_inputs(batch)
            logits, tokens = run(self._decode, DECODE_OUTPUTS, inputs)
        return logits.numpy(), tokens

    def rate(
        self, encoded: EncodedImage, tokens: Tensor, logits: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the predicted IoU (K,), as :meth:`TorchRunner.rate` does."""
        # Copied by NumPy: torch would wake its threads for it, which a busy machine makes wait.
        pixels = np.ascontiguousarray(encoded.features.pixels.numpy()[0, :, ::2, ::2])
        inputs = dict(zip(RATE_INPUTS, (tokens.numpy(), pixels, logits), strict=True))
        (scores,) = run(self._rate, ["scores"], inputs)
        found: NDArray[np.float32] = scores.numpy()
        return found


def _as_inputs(batch: PromptBatch) -> dict[str, NDArray[Any]]:
    """Return one prompt as the graph takes it: what is absent is there and switched off."""
    points, labels = batch.points.numpy(), batch.labels.numpy()
    if points.shape[1] == 0:
        points, labels = np.zeros((1, 1, 2), np.float32), np.full((1, 1), -1, np.int64)
    mask = (
        np.zeros((1, COARSE_SIDE, COARSE_SIDE), np.float32)
        if batch.mask is None
        else batch.mask.numpy()
    )
    return {
        "points": points,
        "labels": labels,
        "boxes": batch.boxes.numpy(),
        "has_box": batch.has_box.numpy(),
        "mask": mask,
        "has_mask": batch.has_mask.numpy() if batch.mask is not None else np.zeros(1, np.bool_),
    }
