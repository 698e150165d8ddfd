"""The official Segment Anything networks, with the official checkpoints or one's own.

The image encoder is that of the ``segment-anything`` package (``modeling/``, assembled by
``build_sam.py``); prompts and masks are computed by ``decoder.py`` with the same weights; and what
happens around them is what the package's ``SamPredictor`` does (``predictor.py``,
``utils/transforms.py``), so that the same weights give the same masks: Kirillov et al., "Segment
Anything", ICCV 2023, section 3 and appendix A, arXiv:2304.02643. Official files:
``sam_vit_b_01ec64.pth``, ``sam_vit_l_0b3195.pth``, ``sam_vit_h_4b8939.pth`` (``checkpoints.py``).

What differs is the frame around it: nothing is remembered between calls but the weights, the
checkpoint is read without executing anything in it, and full-size masks are computed by
:class:`~sam_widget.predictors.frame.ModelFrame` when someone asks for them.
"""

from __future__ import annotations

import threading
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from sam_widget.errors import ModelError
from sam_widget.images import load_image
from sam_widget.predictors import onnx_runtime
from sam_widget.predictors.base import (
    SAM_PROMPTS,
    Embedding,
    Prediction,
    check_arrays,
    check_request,
    mask_logits,
    wants_three,
)
from sam_widget.predictors.batch import BatchPrediction, check_batch
from sam_widget.predictors.devices import resolve_device
from sam_widget.predictors.frame import ModelFrame
from sam_widget.predictors.precision import resolve_precision
from sam_widget.predictors.sam import checkpoints
from sam_widget.predictors.sam.decoder import MaskDecoder
from sam_widget.predictors.sam.decoder_onnx import OnnxDecoder, open_in_background
from sam_widget.predictors.sam.decoder_prompts import (
    BOX_LABELS,
    INPUT_SIDE,
    PADDING_LABEL,
    PromptEncoder,
)
from sam_widget.predictors.sam.decoder_values import PreparedImage
from sam_widget.predictors.sam.download import fetch
from sam_widget.predictors.sam.weights import SamCheckpoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor

    from sam_widget.images import RgbImage
    from sam_widget.predictors.base import Progress
    from sam_widget.prompts import Prompts

# Appendix A of the paper takes them from ImageNet; RGB, 0 to 255.
_PIXEL_MEAN = (123.675, 116.28, 103.53)
_PIXEL_STD = (58.395, 57.12, 57.375)
_FEATURES_SHAPE = (1, 256, 64, 64)
_SINGLE, _THREE = [0], [1, 2, 3]


def load_sam(
    name: str,
    *,
    checkpoint: str | Path | None = None,
    device: str | None = "auto",
    runtime: str = "auto",
    precision: str = "fp32",
) -> SegmentAnything:
    """Load an official network.

    Parameters
    ----------
    name : {"vit_b", "vit_l", "vit_h"}
        Size of the image encoder.
    checkpoint : path, optional
        File with the weights, official or fine-tuned. By default the official file from the cache
        folder, downloaded first if need be.
    device : str
        ``"auto"`` (CUDA, else MPS, else CPU) or a device of torch, such as ``"cuda:1"``.
    runtime : {"auto", "torch", "onnx"}
        What computes masks; see :func:`sam_widget.load`.
    precision : {"fp32", "bf16"}
        What it is computed in; see :func:`sam_widget.load`.

    Raises
    ------
    UnknownModel
        If there is no such model.
    WeightsError
        If the file is missing, damaged, or not of this model; DownloadError if it cannot be had.
    ModelError
        If the device, the runtime or the precision is not there.
    """
    checkpoints.official(name)  # names before paths: the simplest mistake is reported first
    chosen = resolve_device(device)
    check_runtime(runtime)
    resolve_precision(precision, chosen)
    path = fetch(name) if checkpoint is None else Path(checkpoint).expanduser()
    opened = SamCheckpoint(name, path)
    return SegmentAnything(opened, device=chosen, runtime=runtime, precision=precision)


class SegmentAnything:
    """A :class:`~sam_widget.predictors.base.StorablePredictor` on an official network.

    Made by :func:`load_sam`; ``sam_widget.load("vit_b")`` is the usual way there. Encoding and
    decoding have a lock each: a click on one image need not wait for another to be encoded.

    Parameters
    ----------
    checkpoint : SamCheckpoint
        The weights. Those of the image encoder are read when an image is first encoded.
    device : str
        A device of torch that is there.
    runtime, precision : str
        As for :func:`load_sam`.
    """

    accepts = SAM_PROMPTS
    previews = True
    automatic_defaults: ClassVar[Mapping[str, float]] = MappingProxyType({})

    def __init__(
        self,
        checkpoint: SamCheckpoint,
        *,
        device: str,
        runtime: str = "auto",
        precision: str = "fp32",
    ) -> None:
        self.name = checkpoint.name
        self.model_digest = checkpoint.digest
        self.device = device
        self.precision = resolve_precision(precision, device)
        self._checkpoint = checkpoint
        self._encoder: Any = None
        self._encoding = threading.Lock()
        # ONNX Runtime is for float32 on a CPU; where bfloat16 is fast, torch with it is faster.
        fits = device == "cpu" and self.precision == "fp32" and onnx_runtime.installed()
        with_graph = runtime == "onnx" or (runtime == "auto" and fits)
        narrow = self.precision == "bf16" and not with_graph
        weights = checkpoint.decoder()
        where = "cpu" if with_graph else device
        self._decoder = MaskDecoder(weights, where, torch.bfloat16 if narrow else torch.float32)
        self._prompts = PromptEncoder(weights, where)
        self._graph: Future[OnnxDecoder] | None = None
        if with_graph:
            self._graph = open_in_background(weights, checkpoint.digest)
        if runtime == "onnx" and self._graph is not None:
            self._graph.result()

    def __repr__(self) -> str:
        return f"<SegmentAnything {self.name} on {self.device}, {self.model_digest[:12]}>"

    @property
    def encoder_loaded(self) -> bool:
        """Whether the image encoder's weights have been read: not before an image is encoded."""
        return self._encoder is not None

    @property
    def runtime(self) -> Literal["torch", "onnx"]:
        """What computes masks at present: torch, until the graph for ONNX Runtime is ready."""
        return "onnx" if isinstance(self._fastest(), OnnxDecoder) else "torch"

    @property
    def preprocessing(self) -> str:
        """Version of everything between pixels and features besides the weights."""
        return f"sam-1/{self.precision}"

    def frame(self, image_hw: tuple[int, int]) -> ModelFrame:
        """Return the frame of an image; see :meth:`~sam_widget.Predictor.frame`."""
        return ModelFrame(*image_hw)

    def encode(self, image: object, progress: Progress | None = None) -> Embedding:
        """Encode an image; see :meth:`~sam_widget.Predictor.encode`.

        Takes seconds on a CPU, whatever the size of the image, and holds 25 MB afterwards.
        ``progress`` is called before the first and after every block of the network.
        """
        rgb = load_image(image)
        frame = self.frame((rgb.height, rgb.width))
        report = progress or _silent
        with self._encoding, torch.inference_mode():
            report(0.0)
            try:
                features = self._features(_resize(rgb, frame), report)
            except torch.cuda.OutOfMemoryError as error:
                raise ModelError(
                    f"expected room to encode an image with {self.name} on {self.device}, but its "
                    f'memory is full: {error} Free some, or load("{self.name}", device="cpu").'
                ) from error
            embedding = self._embedding(features, frame, rgb.digest)
        report(1.0)
        return embedding

    def decode(
        self, embedding: Embedding, prompts: Prompts, multimask: bool | None = None
    ) -> Prediction:
        """Predict candidates; see :meth:`~sam_widget.Predictor.decode`."""
        prompts = check_request(embedding, prompts, self)
        frame, image = embedding.frame, _prepared(embedding)
        decoder = self._fastest()
        kinds = _THREE if wants_three(prompts, multimask) else _SINGLE
        tokens = self._prompts.tokens(*_points(frame, prompts))
        mask = mask_logits(prompts, frame)
        masks = None
        if mask is not None:
            masks = self._prompts.mask_features(torch.from_numpy(np.array(mask))[None])
        decoded = decoder.decode_tokens(image, tokens, masks)
        logits = decoder.logits(decoded, [(0, kind) for kind in kinds])
        return Prediction(logits.cpu().numpy(), decoded.scores[0, kinds].cpu().numpy(), frame)

    @property
    def encoding_bytes(self) -> int:
        """Memory that encoding an image takes on the CPU: attention, and weights not read yet."""
        if torch.device(self.device).type != "cpu":
            return 0
        attention = 2_600_000_000 if self.name == "vit_b" else 3_500_000_000
        weights = {"vit_b": 360_000_000, "vit_l": 1_230_000_000}.get(self.name, 2_550_000_000)
        return attention + (0 if self.encoder_loaded else weights)

    @property
    def batch_size(self) -> int:
        """Prompts at a time; more gain nothing on a CPU, and let a click wait."""
        return 4 if self.device == "cpu" else 64

    def decode_batch(
        self,
        embedding: Embedding,
        points: ArrayLike | None = None,
        boxes: ArrayLike | None = None,
        multimask: bool | None = None,
    ) -> BatchPrediction:
        """Answer many prompts; see :class:`~sam_widget.predictors.batch.BatchPredictor`."""
        prompts = check_batch(self, embedding, points, boxes)
        frame, image = embedding.frame, _prepared(embedding)
        if not prompts:
            return BatchPrediction(np.zeros((0, 3), np.float32), frame, _no_masks)
        decoder = self._fastest()
        kinds = _THREE if wants_three(prompts[0], multimask) else _SINGLE
        xy, labels = zip(*(_points(frame, prompt) for prompt in prompts), strict=True)
        decoded = decoder.decode_tokens(
            image, self._prompts.tokens(np.concatenate(xy), np.concatenate(labels))
        )

        def compute(pairs: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
            chosen = [(int(prompt), kinds[kind]) for prompt, kind in pairs]
            logits: NDArray[np.float32] = decoder.logits(decoded, chosen).cpu().numpy()
            return logits

        return BatchPrediction(decoded.scores[:, kinds].cpu().numpy(), frame, compute)

    def pack(self, embedding: Embedding) -> dict[str, NDArray[Any]]:
        """Return the encoder's features, float32 (1, 256, 64, 64).

        See :meth:`~sam_widget.predictors.base.StorablePredictor.pack`.
        """
        image = _prepared(embedding)
        return {"features": image.features.float().cpu().numpy().reshape(_FEATURES_SHAPE)}

    def unpack(
        self, arrays: Mapping[str, NDArray[Any]], frame: ModelFrame, image_digest: str
    ) -> Embedding:
        """Return the embedding again, without the image encoder.

        See :meth:`~sam_widget.predictors.base.StorablePredictor.unpack`.
        """
        check_arrays(arrays, {"features": _FEATURES_SHAPE}, self.name)
        features = torch.from_numpy(np.array(arrays["features"]))
        return self._embedding(features, frame, image_digest)

    def _features(self, resized: NDArray[np.uint8], report: Progress) -> Tensor:
        """Run the image encoder, (1, 256, 64, 64)."""
        if self._encoder is None:
            self._encoder = self._checkpoint.take_encoder(self.device)
        encoder = self._encoder
        narrow = self.precision == "bf16"
        kind = torch.device(self.device).type
        with torch.autocast(kind, dtype=torch.bfloat16, enabled=narrow):
            x = encoder.patch_embed(_normalise(resized, self.device)) + encoder.pos_embed
            steps = len(encoder.blocks) + 1
            for index, block in enumerate(encoder.blocks):
                x = block(x)
                report((index + 1) / steps)
            features: Tensor = encoder.neck(x.permute(0, 3, 1, 2))
        return features.float()

    def _embedding(self, features: Tensor, frame: ModelFrame, image_digest: str) -> Embedding:
        image = self._decoder.prepare(features)
        return Embedding(image, frame, self.model_digest, image_digest, image.nbytes)

    def _fastest(self) -> MaskDecoder | OnnxDecoder:
        """Return the graph if it is ready, else torch; a graph that cannot be had is no loss."""
        if self._graph is not None and self._graph.done() and self._graph.exception() is None:
            return self._graph.result()
        return self._decoder


def _no_masks(pairs: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
    raise IndexError(f"there are no prompts, and so no candidates {list(pairs)[:3]}.")


def _prepared(embedding: Embedding) -> PreparedImage:
    image = embedding.features
    if not isinstance(image, PreparedImage):
        raise TypeError(f"expected features of an official network, got {type(image)}.")
    return image


def check_runtime(runtime: str) -> None:
    """Refuse a runtime that is unknown or not installed.

    Raises
    ------
    ModelError
        If it is.
    """
    if runtime not in {"auto", "torch", "onnx"}:
        raise ModelError(f'expected runtime "auto", "torch" or "onnx", got {runtime!r}.')
    if runtime == "onnx":
        onnx_runtime.require()


def _silent(share: float) -> None:
    """Tell nobody."""


def _resize(image: RgbImage, frame: ModelFrame) -> NDArray[np.uint8]:
    """Scale to the longest side of 1024 as the official code does, uint8 (h, w, 3), writeable.

    Through Pillow and in uint8: resizing a float tensor gives other pixels.
    """
    height, width = frame.resized_hw
    resized = Image.fromarray(image.pixels).resize((width, height), Image.Resampling.BILINEAR)
    return np.array(resized)


def _normalise(resized: NDArray[np.uint8], device: str) -> Tensor:
    """Return pixels as the network was trained with them, (1, 3, 1024, 1024), padded with zeros."""
    pixels = torch.from_numpy(resized).to(device).permute(2, 0, 1).contiguous()
    mean, std = (
        torch.tensor(values, device=device).view(-1, 1, 1) for values in (_PIXEL_MEAN, _PIXEL_STD)
    )
    height, width = resized.shape[:2]
    padding = (0, INPUT_SIDE - width, 0, INPUT_SIDE - height)
    return functional.pad((pixels - mean) / std, padding)[None]


def _points(frame: ModelFrame, prompts: Prompts) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points and corners (1, N, 2) in the model's square, and their labels (1, N)."""
    xy = [frame.points_to_model(prompts.point_coords)]
    labels = [int(label) for label in prompts.labels]
    if prompts.box is not None:
        xy.append(frame.points_to_model(np.reshape(prompts.box, (2, 2))))
        labels += BOX_LABELS
    elif labels:
        xy.append(np.zeros((1, 2)))
        labels.append(PADDING_LABEL)
    return np.concatenate(xy)[None], np.array([labels], dtype=np.int64)
