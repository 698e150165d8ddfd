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
import safetensors.torch
import torch
from PIL import Image

from sam_widget.errors import ModelError, WeightsError
from sam_widget.images import load_image
from sam_widget.predictors import onnx_runtime
from sam_widget.predictors.base import (
    SAM_PROMPTS,
    Embedding,
    Prediction,
    check_request,
    mask_logits,
    wants_three,
)
from sam_widget.predictors.batch import BatchPrediction, check_batch
from sam_widget.predictors.devices import resolve_device
from sam_widget.predictors.frame import ModelFrame
from sam_widget.predictors.lite.backbone import normalise
from sam_widget.predictors.lite.components import keep_clicked
from sam_widget.predictors.lite.features import nbytes_of, pack, picture_hw, unpack
from sam_widget.predictors.lite.geometry import PromptBatch
from sam_widget.predictors.lite.network import EncodedImage, LiteNetwork
from sam_widget.predictors.lite.pyramid import GRID_SIDE
from sam_widget.predictors.lite.torch_runner import TorchRunner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sam_widget.images import RgbImage
    from sam_widget.predictors.base import Progress
    from sam_widget.prompts import Prompts

WEIGHTS_PATH = Path(__file__).parent.parent.parent / "weights" / "lite.safetensors"
WEIGHTS_SHA256 = "5fedcea372171002b6f3e4fd455679abf28ef2f2b6573d3b93ca13062c62b434"
_PAD_LOGIT = -20.0
_ELSEWHERE = (
    'Reinstall sam_widget, or use another model: model="vit_b" downloads the official network, '
    'model="fake" needs no weights.'
)


class Runner(Protocol):
    """What computes: torch or ONNX Runtime."""

    name: str
    device: str

    def encode(self, picture: torch.Tensor) -> EncodedImage: ...  # noqa: D102 - see TorchRunner

    def decode(  # noqa: D102
        self, encoded: EncodedImage, batch: PromptBatch, outputs: list[int]
    ) -> tuple[NDArray[np.float32], torch.Tensor]: ...

    def rate(  # noqa: D102
        self, encoded: EncodedImage, tokens: torch.Tensor, logits: NDArray[np.float32]
    ) -> NDArray[np.float32]: ...


def load_lite(device: str | None = "auto", runtime: str = "auto") -> Lite:
    """Load the bundled model.

    Parameters
    ----------
    device : str
        ``"auto"`` (CUDA, else MPS, else CPU) or a device of torch, such as ``"cuda:1"``.
    runtime : {"auto", "torch", "onnx"}
        ONNX Runtime is faster and runs on the CPU only; ``"auto"`` takes it where it is installed
        and nothing faster is there.

    Raises
    ------
    WeightsError
        If the file of weights is missing or is not the one this version was released with.
    ModelError
        If the device is not there, or ONNX Runtime is asked for and is not.
    """
    network = read_weights(WEIGHTS_PATH, WEIGHTS_SHA256)
    chosen = resolve_device(device)
    if runtime == "auto":
        runtime = fastest_runtime(chosen)
    if runtime == "onnx" and chosen != "cpu":
        raise ModelError(
            f'expected device "cpu" with runtime="onnx", got {chosen!r}. Use runtime="torch".'
        )
    return Lite(network, WEIGHTS_SHA256, chosen, runtime=runtime)


def fastest_runtime(device: str) -> str:
    """Return ``"onnx"`` on a CPU that has ONNX Runtime, else ``"torch"``."""
    return "onnx" if device == "cpu" and onnx_runtime.installed() else "torch"


def read_weights(path: Path, sha256: str) -> LiteNetwork:
    """Read a network from safetensors, after checking the file's digest.

    Raises
    ------
    WeightsError
        If the file is missing or its digest is another.
    """
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
    network = LiteNetwork()
    weights = {name: value.float() for name, value in safetensors.torch.load(content).items()}
    network.load_state_dict(weights)
    return network


class Lite:
    """A :class:`~sam_widget.predictors.base.StorablePredictor` on the lite network.

    Parameters
    ----------
    network : LiteNetwork
        With trained weights.
    model_digest : str
        Digest of the weights.
    device : str
        As for :func:`load_lite`.
    runtime : {"torch", "onnx"}
        What computes.
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

    def __init__(
        self,
        network: LiteNetwork,
        model_digest: str,
        device: str | None = "auto",
        *,
        runtime: str = "torch",
    ) -> None:
        self.device = resolve_device(device)
        self.model_digest = model_digest
        network.requires_grad_(requires_grad=False).eval()
        self._runner: Runner
        if runtime == "onnx":
            from sam_widget.predictors.lite.onnx_runner import OnnxRunner

            values = {name: value.numpy() for name, value in network.state_dict().items()}
            self._runner = OnnxRunner(WEIGHTS_PATH.parent, values)
        else:
            self._runner = TorchRunner(network, self.device)
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
        picture = normalise(torch.from_numpy(_fit(rgb)).permute(2, 0, 1)[None])
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
        encoded = unpack(arrays, frame, self.device, channels_last=self.runtime == "torch")
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
        scores = np.stack([one for _, one in answers]) if answers else np.zeros((0, 3), np.float32)

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
        batch = prompt_batch(prompts, embedding.frame)
        outputs = [1, 2, 3] if wants_three(prompts, multimask) else [0]
        seeds = [] if prompts.box is not None else _include_cells(batch)
        with self._decoding:
            return _predict(self._runner, encoded, batch, outputs, seeds)


def _encoded(embedding: Embedding) -> EncodedImage:
    encoded = embedding.features
    if not isinstance(encoded, EncodedImage):
        raise TypeError(f"expected features of the lite network, got {type(encoded)}.")
    return encoded


def prompt_batch(prompts: Prompts, frame: ModelFrame) -> PromptBatch:
    """Return the prompts of one request as tensors in the network's coordinates."""
    points = frame.points_to_model(prompts.point_coords) / frame.input_side
    box = (0.0, 0.0, 1.0, 1.0)
    if prompts.box is not None:
        (box,) = frame.boxes_to_model([prompts.box]) / frame.input_side
    mask = mask_logits(prompts, frame)
    return PromptBatch(
        torch.from_numpy(points).float().reshape(1, -1, 2),
        torch.from_numpy(prompts.point_labels).reshape(1, -1),
        torch.as_tensor(box, dtype=torch.float32).reshape(1, 4),
        torch.tensor([prompts.box is not None]),
        # Two by two cells of the logits' grid make one of the network's coarse grid.
        None if mask is None else torch.nn.functional.avg_pool2d(torch.tensor(mask), 2),
        torch.tensor([mask is not None]),
    )


def _fit(rgb: RgbImage) -> NDArray[np.uint8]:
    """Scale the longest side to 512 pixels; pad right and bottom to multiples of 32."""
    (height, width), padded_hw = picture_hw(rgb.height, rgb.width)
    picture = Image.fromarray(rgb.pixels).resize(
        (width, height), Image.Resampling.BILINEAR, reducing_gap=3.0
    )
    # 127 is the backbone's zero, which its convolutions pad with.
    padded = np.full((*padded_hw, 3), 127, np.uint8)
    padded[:height, :width] = np.asarray(picture)
    return padded


def _include_cells(batch: PromptBatch) -> list[tuple[int, int]]:
    """Return the (row, column) of the grid that each include point lies in."""
    points = batch.points[batch.labels == 1].cpu().numpy()
    cells = (points * GRID_SIDE).astype(int).clip(0, GRID_SIDE - 1)
    return [(int(row), int(column)) for column, row in cells]


def _predict(
    runner: Runner,
    encoded: EncodedImage,
    batch: PromptBatch,
    outputs: list[int],
    seeds: list[tuple[int, int]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return logits (K, h, w) on the grid of the padded picture, and scores (K,)."""
    logits, tokens = runner.decode(encoded, batch, outputs)
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
