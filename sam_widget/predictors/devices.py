"""Which of torch's devices is meant, and whether it is there."""

from __future__ import annotations

from sam_widget.errors import ModelError
from sam_widget.predictors import torch_runtime

__all__ = ["resolve_device"]


def resolve_device(device: str | None) -> str:
    """Turn ``"auto"`` or a device's name into the name of a device that is there.

    Raises
    ------
    ModelError
        If torch does not know the device, cannot use it here, or is not installed.
    """
    torch_runtime.require(f"device={device!r}")
    import torch

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
