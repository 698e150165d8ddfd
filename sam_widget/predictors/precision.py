"""Whether bfloat16 is worth it here: where the processor multiplies it natively."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias, get_args

import torch

from sam_widget.errors import ModelError

__all__ = ["Precision", "resolve_precision"]

Precision: TypeAlias = Literal["fp32", "bf16"]

_NATIVE = ("avx512_bf16", "amx_bf16")
_CPU_INFO = Path("/proc/cpuinfo")


def resolve_precision(precision: str, device: str) -> Precision:
    """Return what will be computed in: bfloat16 if that is asked for and fast here.

    Parameters
    ----------
    precision : {"fp32", "bf16"}
        What is asked for.
    device : str
        A device of torch that is there.

    Raises
    ------
    ModelError
        If there is no such precision.
    """
    if precision not in get_args(Precision):
        raise ModelError(f'expected precision "fp32" or "bf16", got {precision!r}.')
    if precision == "bf16" and _has_bfloat16(torch.device(device).type):
        return "bf16"
    return "fp32"


def _has_bfloat16(kind: str) -> bool:
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return kind == "cpu" and _cpu_has_bfloat16()


def _cpu_has_bfloat16() -> bool:
    """Tell whether the CPU has AVX512-BF16 or AMX-BF16; elsewhere bfloat16 is emulated, slowly."""
    capabilities = getattr(torch.cpu, "get_capabilities", None)
    if capabilities is not None:
        found = capabilities()
        return any(bool(found.get(name)) for name in _NATIVE)
    # Older versions of torch do not say; Linux does.
    try:
        text = _CPU_INFO.read_text()
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return any(name in flags.split() for name in _NATIVE)
