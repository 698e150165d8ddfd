"""Write a checkpoint's averaged weights as the package ships them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import safetensors.torch
import torch

from sam_widget.predictors.lite.predictor import Lite, runner_for

if TYPE_CHECKING:
    from pathlib import Path


def export(checkpoint: Path, out: Path) -> str:
    """Write half-precision safetensors and return their SHA-256, which ``load_lite`` checks."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    weights = {name: value.half().contiguous() for name, value in saved["average"].items()}
    infinite = [name for name, value in weights.items() if not torch.isfinite(value).all()]
    if infinite:
        raise ValueError(f"weights outside the range of half precision: {', '.join(infinite)}.")
    out.parent.mkdir(parents=True, exist_ok=True)
    content = safetensors.torch.save(weights, metadata={"steps": str(saved["step"])})
    out.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def load_checkpoint(checkpoint: Path, device: str = "cpu") -> Lite:
    """Return a predictor on a checkpoint's averaged weights."""
    saved = torch.load(checkpoint, map_location="cpu", weights_only=True)
    weights = {k: value.float().contiguous().numpy() for k, value in saved["average"].items()}
    return Lite(runner_for(weights, device), f"{checkpoint.name}, step {saved['step']}")
