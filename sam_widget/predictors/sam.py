"""The official Segment Anything networks, with the official checkpoints or one's own.

The layers are those of the ``segment-anything`` package (``modeling/``, assembled by
``build_sam.py``), and what happens around them is what its ``SamPredictor`` does (``predictor.py``,
``utils/transforms.py``), so that the same weights give the same masks: Kirillov et al., "Segment
Anything", ICCV 2023, section 3 and appendix A, arXiv:2304.02643. Official files:
``sam_vit_b_01ec64.pth``, ``sam_vit_l_0b3195.pth``, ``sam_vit_h_4b8939.pth``
(:mod:`sam_widget.predictors.checkpoints`).

What differs is the frame around it: nothing is remembered between calls but the weights, the
checkpoint is read without executing anything in it, and full-size masks are computed by
:class:`~sam_widget.frames.ModelFrame` when someone asks for them.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from segment_anything import sam_model_registry

from sam_widget.errors import ModelError, WeightsError
from sam_widget.frames import ModelFrame
from sam_widget.images import load_image
from sam_widget.predictors import checkpoints
from sam_widget.predictors.base import (
    Embedding,
    Prediction,
    check_request,
    mask_logits,
    wants_three,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sam_widget.images import RgbImage
    from sam_widget.predictors.base import Progress
    from sam_widget.prompts import Prompts

_WIDTHS: Mapping[int, str] = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}
"""Width of the image encoder (paper, appendix A) to the model's name."""

_RELATIVES: Mapping[str, str] = {
    "mask_decoder.hf_token.weight": "a SAM-HQ checkpoint",
    "image_encoder.patch_embed.seq.0.c.weight": "a MobileSAM checkpoint (vit_t)",
    "vision_encoder.patch_embed.projection.weight": "a SAM checkpoint in transformers' layout",
    "sam_mask_decoder.iou_token.weight": "a SAM 2 checkpoint",
}
"""Parameters that give away a neighbour whose file is easily mistaken for SAM's."""

# Appendix A of the paper takes them from ImageNet; RGB, 0 to 255.
_PIXEL_MEAN = (123.675, 116.28, 103.53)
_PIXEL_STD = (58.395, 57.12, 57.375)


def load_sam(
    name: str, *, checkpoint: str | Path | None = None, device: str | None = "auto"
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

    Raises
    ------
    UnknownModel
        If there is no such model.
    WeightsError
        If the file is missing, damaged, or not of this model; DownloadError if it cannot be had.
    ModelError
        If the device is not there.
    """
    checkpoints.official(name)  # names before paths: the simplest mistake is reported first
    chosen = resolve_device(device)
    path = checkpoints.fetch(name) if checkpoint is None else Path(checkpoint).expanduser()
    digest = checkpoints.sha256_of(path)
    network = _build(name, path, chosen)
    return SegmentAnything(network, name=name, model_digest=digest)


class SegmentAnything:
    """A :class:`~sam_widget.predictors.base.Predictor` on an official network.

    Made by :func:`load_sam`; ``sam_widget.load("vit_b")`` is the usual way there. Encoding and
    decoding have a lock each: a click on one image need not wait for another to be encoded.

    Parameters
    ----------
    network : segment_anything.modeling.Sam
        In evaluation mode, on its device.
    name : str
        ``"vit_b"``, ``"vit_l"``, ``"vit_h"``.
    model_digest : str
        SHA-256 of the file of weights.
    """

    def __init__(self, network: Any, *, name: str, model_digest: str) -> None:  # noqa: ANN401 - the package has no types
        self.name = name
        self.model_digest = model_digest
        self.device = str(network.device)
        self._network = network
        self._encoding = threading.Lock()
        self._decoding = threading.Lock()
        with torch.inference_mode():
            # A function of the weights alone, which the official code computes anew at every call.
            self._dense_position = network.prompt_encoder.get_dense_pe()

    def __repr__(self) -> str:
        return f"<SegmentAnything {self.name} on {self.device}, {self.model_digest[:12]}>"

    def encode(self, image: object, progress: Progress | None = None) -> Embedding:
        """Encode an image; see :meth:`~sam_widget.predictors.base.Predictor.encode`.

        Takes seconds on a CPU, whatever the size of the image, and holds 4 MB afterwards.
        """
        rgb = load_image(image)
        frame = ModelFrame(rgb.height, rgb.width)
        resized = torch.from_numpy(_resize(rgb, frame))
        with self._encoding, torch.inference_mode():
            try:
                pixels = resized.to(self.device).permute(2, 0, 1).contiguous()[None]
                features = self._network.image_encoder(self._network.preprocess(pixels))
            except torch.cuda.OutOfMemoryError as error:
                raise ModelError(
                    f"expected room to encode an image with {self.name} on {self.device}, but its "
                    f'memory is full: {error} Free some, or load("{self.name}", device="cpu").'
                ) from error
        if progress is not None:
            progress(1.0)
        return Embedding(
            features=features,
            frame=frame,
            model_digest=self.model_digest,
            image_digest=rgb.digest,
            nbytes=features.numel() * features.element_size(),
        )

    def decode(
        self, embedding: Embedding, prompts: Prompts, multimask: bool | None = None
    ) -> Prediction:
        """Predict candidates; see :meth:`~sam_widget.predictors.base.Predictor.decode`."""
        prompts = check_request(embedding, prompts, self)
        frame = embedding.frame
        points, boxes, masks = self._prompt_tensors(frame, prompts)
        with self._decoding, torch.inference_mode():
            sparse, dense = self._network.prompt_encoder(points=points, boxes=boxes, masks=masks)
            logits, scores = self._network.mask_decoder(
                image_embeddings=embedding.features,
                image_pe=self._dense_position,
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
                multimask_output=wants_three(prompts, multimask),
            )
            return Prediction(logits[0].cpu().numpy(), scores[0].cpu().numpy(), frame)

    def _prompt_tensors(
        self, frame: ModelFrame, prompts: Prompts
    ) -> tuple[tuple[torch.Tensor, torch.Tensor] | None, torch.Tensor | None, torch.Tensor | None]:
        """Points (1, N, 2) with labels (1, N), box (1, 4), mask logits (1, 1, 256, 256)."""
        points = boxes = masks = None
        if prompts.points:
            coords = frame.points_to_model(prompts.point_coords)
            labels = prompts.point_labels.astype(np.int32)
            points = (self._tensor(coords)[None], torch.from_numpy(labels).to(self.device)[None])
        if prompts.box is not None:
            boxes = self._tensor(frame.boxes_to_model(np.array([prompts.box])))
        logits = mask_logits(prompts, frame)
        if logits is not None:
            masks = self._tensor(logits)[None]
        return points, boxes, masks

    def _tensor(self, values: NDArray[np.floating[Any]]) -> torch.Tensor:
        # To float32 before the transfer: MPS has no float64. The copy makes it writeable for torch.
        return torch.from_numpy(np.array(values, dtype=np.float32)).to(self.device)


def resolve_device(device: str | None) -> str:
    """Turn ``"auto"`` or a device's name into the name of a device that is there.

    Raises
    ------
    ModelError
        If torch does not know the device, or cannot use it here.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if device is None or device == "auto":
        return "cuda" if cuda else "mps" if mps else "cpu"
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ModelError(
            f'expected device "auto", "cpu", "cuda", "cuda:N" or "mps", got {device!r}.'
        ) from error
    count = torch.cuda.device_count() if cuda else 0
    there = {"cpu": True, "cuda": (chosen.index or 0) < count, "mps": mps}
    if not there.get(chosen.type, False):
        found = [f"cuda:{index}" for index in range(count)] + ["mps"] * mps + ["cpu"]
        raise ModelError(
            f"expected a device that torch can use here ({', '.join(found)}), got {device!r}. "
            'device="auto" takes the fastest of them.'
        )
    return str(chosen)


def _resize(image: RgbImage, frame: ModelFrame) -> NDArray[np.uint8]:
    """Scale to the longest side of 1024 as the official code does, uint8 (h, w, 3), writeable.

    Through Pillow and in uint8: resizing a float tensor gives other pixels.
    """
    height, width = frame.resized_hw
    resized = Image.fromarray(image.pixels).resize((width, height), Image.Resampling.BILINEAR)
    return np.array(resized)


def _read_weights(path: Path, name: str) -> dict[str, torch.Tensor]:
    """Read the state dict in a checkpoint, executing nothing in it."""
    wrong = checkpoints.describe_wrong_file(path)
    if wrong:
        raise WeightsError(f"expected a checkpoint of {name} at {path}, got {wrong}.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch reports damage as RuntimeError, UnpicklingError, EOFError, KeyError, ... by place.
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise WeightsError(
            f"expected a checkpoint of {name} at {path}, got {path.stat().st_size:,} bytes that "
            f"torch.load(..., weights_only=True) cannot read ({first_line[:200]}). The file may be "
            "cut short, or hold more than tensors: copy it again, or save "
            "model.state_dict() alone."
        ) from error
    if not isinstance(state, dict) or not all(torch.is_tensor(value) for value in state.values()):
        keys = f" with keys {_some(state)}" if isinstance(state, dict) else ""
        raise WeightsError(
            f"expected a state dict (parameter name to tensor) at {path}, got a "
            f"{type(state).__name__}{keys}. Save model.state_dict() alone."
        )
    return state


def _build(name: str, path: Path, device: str) -> Any:  # noqa: ANN401 - the package has no types
    """Assemble the network around the weights of a file, after checking that they are its own."""
    state = _read_weights(path, name)
    # On the meta device nothing is allocated and nothing is filled with random numbers.
    with torch.device("meta"):
        network = sam_model_registry[name]()
    problem = _find_difference(name, network.state_dict(), state)
    if problem:
        raise WeightsError(f"expected a checkpoint of {name} at {path}, got {problem}")
    state = {key: value.to(torch.float32) for key, value in state.items()}
    network.load_state_dict(state, assign=True)
    # The two tensors that no checkpoint holds.
    network.pixel_mean = torch.tensor(_PIXEL_MEAN).view(-1, 1, 1)
    network.pixel_std = torch.tensor(_PIXEL_STD).view(-1, 1, 1)
    return network.requires_grad_(False).eval().to(device)


def _find_difference(
    name: str, expected: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]
) -> str | None:
    """Compare names and shapes of the parameters with the network's; None if they agree."""
    for key, what in _RELATIVES.items():
        if key in state:
            return f"{what}, which is another network."
    position = state.get("image_encoder.pos_embed")
    found = _WIDTHS.get(position.shape[-1]) if position is not None and position.ndim else None
    if found not in (None, name):
        return f'one of {found}. Load it as such: load("{found}", checkpoint=...).'
    missing = [key for key in expected if key not in state]
    extra = [key for key in state if key not in expected]
    if missing or extra:
        return (
            f"{len(state)} parameters instead of {len(expected)}: {len(missing)} missing "
            f"{_some(missing)}, {len(extra)} unknown {_some(extra)}. It is of another network."
        )
    for key, parameter in expected.items():
        if state[key].shape != parameter.shape:
            return (
                f"{key} of shape {tuple(state[key].shape)} instead of {tuple(parameter.shape)}. "
                "It is of a changed network."
            )
    return None


def _some(keys: Any) -> str:  # noqa: ANN401 - whatever an unknown file holds
    """Show the first few keys."""
    shown = [str(key) for key in list(keys)[:3]]
    return f"({', '.join(shown)}{', ...' if len(keys) > 3 else ''})"
