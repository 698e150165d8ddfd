"""The bundled model: small, trained by this project, ready without a download.

It sees the image with its longest side at 512 pixels and predicts on a grid of 256 x 256 cells,
which is the grid of :class:`~sam_widget.predictors.frame.ModelFrame`. How it was trained, on what,
how good it is and where it fails: ``docs/lite-model-card.md``.
"""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from sam_widget.errors import ModelError, WeightsError
from sam_widget.images import load_image
from sam_widget.predictors import onnx_runtime, torch_runtime
from sam_widget.predictors.base import (
    SAM_PROMPTS,
    Embedding,
    Prediction,
    check_request,
    wants_three,
)
from sam_widget.predictors.batch import BatchPrediction, check_batch
from sam_widget.predictors.devices import resolve_device
from sam_widget.predictors.frame import ModelFrame
from sam_widget.predictors.lite.components import keep_clicked
from sam_widget.predictors.lite.features import GRID_SIDE, EncodedImage, nbytes_of, pack, unpack
from sam_widget.predictors.lite.picture import picture_of
from sam_widget.predictors.lite.prompts import include_cells, prompt_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sam_widget.predictors.base import Progress
    from sam_widget.predictors.lite.features import Array
    from sam_widget.predictors.lite.prompts import PromptArrays
    from sam_widget.prompts import Prompts

WEIGHTS_PATH = Path(__file__).parent.parent.parent / "weights" / "lite.safetensors"
WEIGHTS_SHA256 = "5fedcea372171002b6f3e4fd455679abf28ef2f2b6573d3b93ca13062c62b434"
_PAD_LOGIT = -20.0
_ELSEWHERE = (
    'Reinstall sam_widget, or use another model: model="vit_b" downloads the official network, '
    'model="fake" needs no weights.'
)


class Runner(Protocol):
    """What computes: torch or ONNX Runtime. The features of either are good for the other."""

    name: str
    device: str
    channels_last: bool
    """How it lays features out in memory, as ``features.unpack`` has to."""

    # What each method does is said by TorchRunner.
    def encode(self, picture: NDArray[np.float32]) -> EncodedImage: ...  # noqa: D102

    def adopt(self, encoded: EncodedImage) -> EncodedImage: ...  # noqa: D102

    def decode(  # noqa: D102
        self, encoded: EncodedImage, prompts: PromptArrays, outputs: list[int]
    ) -> tuple[NDArray[np.float32], Array]: ...

    def rate(  # noqa: D102
        self, encoded: EncodedImage, tokens: Array, logits: NDArray[np.float32]
    ) -> NDArray[np.float32]: ...


def load_lite(device: str | None = "auto", runtime: str = "auto") -> Lite:
    """Load the bundled model.

    Parameters
    ----------
    device : str
        ``"auto"``, ``"cpu"``, or a device of torch, such as ``"cuda:1"``. ``"auto"`` is the CPU
        with ONNX Runtime, and what is fastest (CUDA, else MPS, else CPU) with torch.
    runtime : {"auto", "torch", "onnx"}
        ONNX Runtime is faster and runs on the CPU only; ``"auto"`` takes it where it is installed
        and no other device is asked for.

    Raises
    ------
    WeightsError
        If the file of weights is missing or is not the one this version was released with.
    ModelError
        If the device is not there, or a runtime is asked for and not installed.
    """
    weights = read_weights(WEIGHTS_PATH, WEIGHTS_SHA256)
    return Lite(runner_for(weights, device, runtime), WEIGHTS_SHA256)


def runner_for(
    weights: Mapping[str, NDArray[np.float32]], device: str | None = "auto", runtime: str = "auto"
) -> Runner:
    """Return what computes with the weights; device, runtime and errors as for :func:`load_lite`.

    Parameters
    ----------
    weights : mapping of str to ndarray
        float32 tensors by parameter name.
    """
    on_cpu = device in (None, "auto", "cpu")
    if runtime == "onnx" and not on_cpu:
        raise ModelError(
            f'expected device "cpu" with runtime="onnx", got {device!r}. Use runtime="torch".'
        )
    if runtime == "onnx" or (runtime == "auto" and on_cpu and onnx_runtime.installed()):
        from sam_widget.predictors.lite.onnx_runner import OnnxRunner

        return OnnxRunner(WEIGHTS_PATH.parent, weights)
    torch_runtime.require(f'the model "lite" with runtime={runtime!r}, device={device!r}')
    from sam_widget.predictors.lite.torch_runner import TorchRunner, network_of

    return TorchRunner(network_of(weights), resolve_device(device))


def read_weights(path: Path, sha256: str) -> dict[str, NDArray[np.float32]]:
    """Read tensors by parameter name from safetensors, after checking the file's digest.

    Raises
    ------
    WeightsError
        If the file is missing or its digest is another.
    """
    import safetensors.numpy

    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"the weights of the lite model are missing: expected {path}, got: {error}. "
            f"{_ELSEWHERE}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise WeightsError(
            f"{path} is damaged or of another version: expected SHA-256 {sha256[:16]}..., got "
            f"{found[:16]}... ({len(content)} bytes). {_ELSEWHERE}"
        )
    # The file holds half precision.
    stored = safetensors.numpy.load(content)
    return {name: value.astype(np.float32) for name, value in stored.items()}


class Lite:
    """A :class:`~sam_widget.predictors.base.StorablePredictor` on the lite network.

    Parameters
    ----------
    runner : Runner
        What computes, with trained weights.
    model_digest : str
        Digest of the weights.
    """

    name = "lite"
    preprocessing = "1: longest side 512, padded to 32, float32"
    accepts = SAM_PROMPTS
    previews = True
    automatic_defaults: ClassVar = {
        "pred_iou_thresh": 0.5,
        "stability_score_thresh": 0.45,
        "min_mask_region_area": 100,
    }
    """Thresholds for everything mode that suit it: it is less sure of its masks than the official
    networks, and their edges are softer."""

    def __init__(self, runner: Runner, model_digest: str) -> None:
        self.device = runner.device
        self.model_digest = model_digest
        self._runner = runner
        self._encoding = threading.Lock()
        self._decoding = threading.Lock()

    @property
    def runtime(self) -> str:
        """What computes: ``"torch"`` or ``"onnx"``."""
        return self._runner.name

    def __repr__(self) -> str:
        return f"<Lite on {self.device}, {self.runtime}>"

    def frame(self, image_hw: tuple[int, int]) -> ModelFrame:
        """Return the frame of an image, which is SAM's; see :meth:`~sam_widget.Predictor.frame`."""
        return ModelFrame(*image_hw)

    def encode(self, image: object, progress: Progress | None = None) -> Embedding:
        """Encode an image; see :meth:`~sam_widget.Predictor.encode`."""
        rgb = load_image(image)
        picture = picture_of(rgb)
        with self._encoding:
            encoded = self._runner.encode(picture)
        if progress is not None:
            progress(1.0)
        frame = self.frame((rgb.height, rgb.width))
        return Embedding(encoded, frame, self.model_digest, rgb.digest, nbytes_of(encoded))

    def pack(self, embedding: Embedding) -> dict[str, NDArray[Any]]:
        """Name the features; see :class:`~sam_widget.predictors.base.StorablePredictor`."""
        return pack(_encoded(embedding))

    def unpack(
        self, arrays: Mapping[str, NDArray[Any]], frame: ModelFrame, image_digest: str
    ) -> Embedding:
        """Undo :meth:`pack`; see :class:`~sam_widget.predictors.base.StorablePredictor`."""
        encoded = self._runner.adopt(
            unpack(arrays, frame, channels_last=self._runner.channels_last)
        )
        return Embedding(encoded, frame, self.model_digest, image_digest, nbytes_of(encoded))

    def decode(
        self, embedding: Embedding, prompts: Prompts, multimask: bool | None = None
    ) -> Prediction:
        """Predict candidates; see :meth:`~sam_widget.Predictor.decode`."""
        prompts = check_request(embedding, prompts, self)
        logits, scores = self._answer(embedding, prompts, multimask)
        return Prediction(_whole_frame(logits, embedding.frame), scores, embedding.frame)

    @property
    def batch_size(self) -> int:
        """Prompts at a time. They are computed one by one: more at once would be no faster."""
        return 4

    def decode_batch(
        self,
        embedding: Embedding,
        points: ArrayLike | None = None,
        boxes: ArrayLike | None = None,
        multimask: bool | None = None,
    ) -> BatchPrediction:
        """Answer many prompts; see :class:`~sam_widget.predictors.batch.BatchPredictor`."""
        frame = embedding.frame
        answers = [
            self._answer(embedding, prompts, multimask)
            for prompts in check_batch(self, embedding, points, boxes)
        ]
        scores = (
            np.stack([scores for _, scores in answers]) if answers else np.zeros((0, 3), np.float32)
        )

        def compute(pairs: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
            # The rating looks at the masks, so they are there; only their frame is not.
            return _whole_frame(
                np.stack([answers[prompt][0][kind] for prompt, kind in pairs]), frame
            )

        return BatchPrediction(scores, frame, compute)

    def _answer(
        self, embedding: Embedding, prompts: Prompts, multimask: bool | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return logits on the grid of the padded picture, and scores."""
        encoded = _encoded(embedding)
        arrays = prompt_arrays(prompts, embedding.frame)
        outputs = [1, 2, 3] if wants_three(prompts, multimask) else [0]
        seeds = [] if prompts.box is not None else include_cells(arrays)
        with self._decoding:
            return _predict(self._runner, encoded, arrays, outputs, seeds)


def _encoded(embedding: Embedding) -> EncodedImage:
    encoded = embedding.features
    if not isinstance(encoded, EncodedImage):
        raise TypeError(f"expected features of the lite network, got {type(encoded)}.")
    return encoded


def _predict(
    runner: Runner,
    encoded: EncodedImage,
    prompts: PromptArrays,
    outputs: list[int],
    seeds: list[tuple[int, int]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return logits (K, h, w) on the grid of the padded picture, and scores (K,)."""
    logits, tokens = runner.decode(encoded, prompts, outputs)
    if seeds:
        height, width = logits.shape[1:]
        inside = [(min(row, height - 1), min(column, width - 1)) for row, column in seeds]
        keep_clicked(logits, inside)
    return logits, runner.rate(encoded, tokens, logits[:, ::2, ::2].copy())


def _whole_frame(logits: NDArray[np.float32], frame: ModelFrame) -> NDArray[np.float32]:
    """Put logits (K, h, w) into the model's square, (K, 256, 256).

    What lies beyond the image is padding. Its first row and column repeat the image's last, so
    that a mask that touches the border is not eaten by interpolation with the padding.
    """
    height, width = (
        min(-(-side // 4), limit)
        for side, limit in zip(frame.resized_hw, logits.shape[1:], strict=True)
    )
    whole = np.full((len(logits), GRID_SIDE, GRID_SIDE), _PAD_LOGIT, np.float32)
    whole[:, :height, :width] = logits[:, :height, :width]
    whole[:, height : height + 1, :width] = whole[:, height - 1 : height, :width]
    whole[:, : height + 1, width : width + 1] = whole[:, : height + 1, width - 1 : width]
    return whole
