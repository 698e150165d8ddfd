"""Models behind one protocol: one backend, one file; ``load`` is the door.

Importing this package imports no torch: each backend is imported when it is first loaded.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sam_widget.errors import ModelError, UnknownModel, WeightsError
from sam_widget.predictors.base import Embedding, Prediction, Predictor
from sam_widget.predictors.fake import FakePredictor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["Embedding", "FakePredictor", "Prediction", "Predictor", "available", "load"]


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
        ``"auto"`` (CUDA, else MPS, else CPU), or a device of torch such as ``"cpu"``, ``"cuda:1"``.

    runtime : {"auto", "torch", "onnx"}
        What decodes.
    precision : {"fp32", "bf16"}
        Numbers that an official network encodes with.

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
        If the device is not there, or the runtime or the precision is none of those.
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
    return loader(name, checkpoint, device)


def available() -> tuple[str, ...]:
    """Return the names that :func:`load` takes, the default first."""
    return tuple(_LOADERS)


def _load_lite(name: str, checkpoint: str | Path | None, device: str | None) -> Predictor:
    _refuse_checkpoint(name, checkpoint, "its weights are part of the package")
    from sam_widget.predictors.lite import load_lite

    return load_lite("auto" if device is None else device)


def _load_official(name: str, checkpoint: str | Path | None, device: str | None) -> Predictor:
    from sam_widget.predictors.sam import load_sam

    return load_sam(name, checkpoint=checkpoint, device=device)


def _load_fake(name: str, checkpoint: str | Path | None, device: str | None) -> Predictor:
    _refuse_checkpoint(name, checkpoint, "it has no weights")
    if device not in (None, "auto", "cpu"):
        raise ModelError(f'expected device "auto" or "cpu" for {name!r}, got {device!r}.')
    return FakePredictor()


def _refuse_checkpoint(name: str, checkpoint: str | Path | None, reason: str) -> None:
    if checkpoint is not None:
        raise WeightsError(
            f"expected no checkpoint for model {name!r}, because {reason}, got "
            f"{str(checkpoint)!r}. Checkpoints "
            'are for the official networks: load("vit_b", checkpoint=...).'
        )


_LOADERS: Mapping[str, Callable[[str, str | Path | None, str | None], Predictor]] = (
    MappingProxyType(
        {
            "lite": _load_lite,
            "vit_b": _load_official,
            "vit_l": _load_official,
            "vit_h": _load_official,
            "fake": _load_fake,
        }
    )
)
