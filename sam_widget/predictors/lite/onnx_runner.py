"""The lite network in ONNX Runtime: the graphs of the package, the weights of the safetensors file.

The graphs hold no weights: their initialisers are external and bear the names of the network's
parameters. So there is one file of weights, and its digest vouches for both runtimes.
``training/graphs.py`` exports them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.predictors.lite.features import EncodedImage, as_arrays
from sam_widget.predictors.lite.prompts import COARSE_SIDE
from sam_widget.predictors.onnx_runtime import open_session, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from sam_widget.predictors.lite.prompts import PromptArrays

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
    channels_last = False

    def __init__(self, folder: Path, weights: Mapping[str, NDArray[np.float32]]) -> None:
        def opened(name: str) -> Any:  # noqa: ANN401 - a session, see open_session
            return open_session(
                folder / name,
                {k: v for k, v in weights.items() if used_by(name, k)},
                keeps_memory=name != GRAPHS[0],
            )

        # Opening a graph optimises it, a tenth of a second of one core, without Python's lock.
        with ThreadPoolExecutor(len(GRAPHS)) as pool:
            self._encode, self._decode, self._decode_points, self._rate = pool.map(opened, GRAPHS)

    def encode(self, picture: NDArray[np.float32]) -> EncodedImage:
        """Encode one normalised picture (1, 3, h, w)."""
        return EncodedImage.of_parts(run(self._encode, FEATURES, {"picture": picture}))

    def adopt(self, encoded: EncodedImage) -> EncodedImage:
        """Return features from elsewhere as arrays."""
        return as_arrays(encoded)

    def decode(
        self, encoded: EncodedImage, prompts: PromptArrays, outputs: list[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Compute the masks of one prompt, as :meth:`TorchRunner.decode` does."""
        inputs: dict[str, NDArray[Any]]
        inputs = dict(zip(FEATURES, self.adopt(encoded).parts, strict=True))
        inputs["outputs"] = np.array(outputs, np.int64)
        if prompts.mask is None and not prompts.has_box.any():
            inputs |= {"points": prompts.points, "labels": prompts.labels}
            logits, tokens = run(self._decode_points, DECODE_OUTPUTS, inputs)
        else:
            inputs |= _as_inputs(prompts)
            logits, tokens = run(self._decode, DECODE_OUTPUTS, inputs)
        return logits, tokens

    def rate(
        self,
        encoded: EncodedImage,
        tokens: NDArray[np.float32],
        logits: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """Return the predicted IoU (K,), as :meth:`TorchRunner.rate` does."""
        pixels = self.adopt(encoded).features.pixels[0, :, ::2, ::2]
        inputs = dict(zip(RATE_INPUTS, (tokens, pixels, logits), strict=True))
        (scores,) = run(self._rate, ["scores"], inputs)
        return scores


def _as_inputs(prompts: PromptArrays) -> dict[str, NDArray[Any]]:
    """Return one prompt as the graph takes it: what is absent is there and switched off."""
    inputs = prompts._asdict()
    if prompts.points.shape[1] == 0:
        inputs["points"] = np.zeros((1, 1, 2), np.float32)
        inputs["labels"] = np.full((1, 1), -1, np.int64)
    if prompts.mask is None:
        inputs["mask"] = np.zeros((1, COARSE_SIDE, COARSE_SIDE), np.float32)
    return inputs
