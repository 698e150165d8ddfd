"""Models behind one protocol, each imported when it is first loaded."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from sam_widget.errors import ModelError, UnknownModel, WeightsError
from sam_widget.predictors import torch_runtime
from sam_widget.predictors.base import (
    Capabilities,
    Embedding,
    Prediction,
    Predictor,
    Progress,
    PromptKind,
    StorablePredictor,
    capabilities,
    check_accepts,
    encode_with,
)
from sam_widget.predictors.batch import BatchPredictor, decode_batch
from sam_widget.predictors.computing_thread import ComputingThread, end_before_others
from sam_widget.predictors.fake import FakePredictor
from sam_widget.predictors.frame import ModelFrame
from sam_widget.predictors.mask_tracing import TracedMask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = [
    "BatchPredictor",
    "Capabilities",
    "ComputingThread",
    "Embedding",
    "FakePredictor",
    "ModelFrame",
    "Prediction",
    "Predictor",
    "Progress",
    "PromptKind",
    "StorablePredictor",
    "TracedMask",
    "available",
    "capabilities",
    "check_accepts",
    "decode_batch",
    "encode_with",
    "end_before_others",
    "load",
]


def load(
    name: str = "lite",
    *,
    checkpoint: str | Path | None = None,
    device: str | None = "auto",
    runtime: str = "auto",
    precision: str = "fp32",
) -> Predictor:
    """Load a model.

    Parameters
    ----------
    name : str
        ``"lite"``, bundled with the package; ``"vit_b"``, ``"vit_l"``, ``"vit_h"``, the official
        networks; ``"fake"``, a stand-in without weights.
    checkpoint : path, optional
        File with the weights of an official network. By default the official file, downloaded once
        to the user's cache folder (or ``$SAM_WIDGET_CACHE``) and verified by its digest.
    device : str
        ``"auto"``, or a device of torch such as ``"cpu"``, ``"cuda:1"``. ``"auto"`` is CUDA, else
        MPS, else the CPU for the official networks, and the CPU for ``"lite"``.
    runtime : {"auto", "torch", "onnx"}
        What computes the masks. ``"onnx"`` is ONNX Runtime on the CPU, with which ``"lite"`` needs
        no torch. For an official network a graph is made from the weights (``pip install
        "sam-widget[torch,onnx]"``), once, and kept in the cache folder, and loading waits for it.
        ``"auto"`` takes ONNX Runtime if it is installed and the device is the CPU, and torch until
        the graph is ready. Masks are the same.
    precision : {"fp32", "bf16"}
        ``"fp32"`` agrees with the official code. ``"bf16"`` encodes faster
        where the CPU has AVX512-BF16 or AMX, and on most CUDA devices; masks differ
        in some pixels along their edges. Elsewhere, and for models that know no other, it is
        ``"fp32"``: ``predictor.precision`` tells.

    Returns
    -------
    Predictor
        Safe to share between widgets and threads.

    Raises
    ------
    UnknownModel
        If no model has that name.
    WeightsError
        If the weights are missing, damaged or of another model, or a checkpoint was given to a
        model that takes none; DownloadError if they cannot be downloaded.
    ModelError
        If the device is not there, torch or ONNX Runtime is needed and not installed, or a runtime
        or precision is unknown or of no use to the model.
    """
    for option, value, allowed in (
        ("runtime", runtime, ("auto", "torch", "onnx")),
        ("precision", precision, ("fp32", "bf16")),
    ):
        if value not in allowed:
            raise ModelError(f"expected {option} to be one of {', '.join(allowed)}, got {value!r}.")
    loader = _LOADERS.get(name) if isinstance(name, str) else None
    if loader is None:
        raise UnknownModel(
            f"expected one of the models {', '.join(_LOADERS)}, got {name!r}. "
            'To load weights from a file: load("vit_b", checkpoint="weights.pth").'
        )
    return loader(name, _Options(checkpoint, device, runtime, precision))


def available() -> tuple[str, ...]:
    """Return the names that :func:`load` takes, the default first."""
    return tuple(_LOADERS)


@dataclass(frozen=True)
class _Options:
    checkpoint: str | Path | None
    device: str | None
    runtime: str
    precision: str


def _load_lite(name: str, options: _Options) -> Predictor:
    _refuse_checkpoint(name, options, "its weights are part of the package")
    from sam_widget.predictors.lite.predictor import load_lite

    return load_lite("auto" if options.device is None else options.device, options.runtime)


def _load_official(name: str, options: _Options) -> Predictor:
    torch_runtime.require(f"the official network {name!r}", "torchvision")
    from sam_widget.predictors.sam.predictor import load_sam

    return load_sam(name, **vars(options))


def _load_fake(name: str, options: _Options) -> Predictor:
    _refuse_checkpoint(name, options, "it has no weights")
    if options.runtime == "onnx":
        raise ModelError(f'expected runtime "auto" or "torch" for {name!r}, got "onnx".')
    if options.device not in (None, "auto", "cpu"):
        raise ModelError(f'expected device "auto" or "cpu" for {name!r}, got {options.device!r}.')
    return FakePredictor()


def _refuse_checkpoint(name: str, options: _Options, reason: str) -> None:
    if options.checkpoint is not None:
        raise WeightsError(
            f"expected no checkpoint for model {name!r}, because {reason}, got "
            f"{str(options.checkpoint)!r}. Checkpoints "
            'are for the official networks: load("vit_b", checkpoint=...).'
        )


_LOADERS: Mapping[str, Callable[[str, _Options], Predictor]] = MappingProxyType(
    {
        "lite": _load_lite,
        "vit_b": _load_official,
        "vit_l": _load_official,
        "vit_h": _load_official,
        "fake": _load_fake,
    }
)
