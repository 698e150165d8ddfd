"""Estimate how much memory everything mode takes, before it starts.

A notebook's kernel that asks for too much is killed, and everything in it is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sam_widget.errors import NotEnoughMemory

__all__ = ["MemoryEstimate", "available_bytes", "estimate", "require_memory"]

_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
    ),
)
_RUNS_PER_COLUMN = 2
"""Runs of a mask in a column of its image, counted generously; photographs have 0.5 to 1.5."""
_EXPECTED_MASKS = 256
"""Masks that are expected to stay; photographs have 50 to 150 with the default thresholds."""
_BASE = 192 << 20
"""Buffers of a decoder and of the libraries beneath it, which do not depend on the image."""


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that a run will take at most, besides the model and the image itself.

    Attributes
    ----------
    encoding : int
        While a crop is being encoded, the features kept of it included.
    decoding : int
        While one batch of prompts is decoded and traced.
    candidates : int
        Run-length codes of everything that is kept.
    output : int
        Masks of the records, if they are binary; for 256 of them.
    available : int
        What this process can still get.
    """

    encoding: int
    decoding: int
    candidates: int
    output: int
    available: int

    @property
    def nbytes(self) -> int:
        """The peak: encoding, decoding and making records do not happen at the same time."""
        return max(self.encoding, self.decoding, self.output) + self.candidates

    @property
    def fits(self) -> bool:
        """Whether that much is left."""
        return self.nbytes <= self.available

    def __str__(self) -> str:
        return (
            f"at most {_shown(self.nbytes)} ({_shown(self.encoding)} encoding, "
            f"{_shown(self.decoding)} decoding, {_shown(self.candidates)} candidates, "
            f"{_shown(self.output)} records) of {_shown(self.available)} available"
        )


def estimate(
    image_hw: tuple[int, int],
    *,
    logits_side: int,
    prompts: int,
    batch: int,
    keep_all: bool,
    binary: bool,
    encoding: int = 0,
) -> MemoryEstimate:
    """Estimate a run.

    Parameters
    ----------
    image_hw : (int, int)
        Height and width in pixels.
    logits_side : int
        Logits along a side of one candidate, as the model gives it.
    prompts : int
        In all crops together.
    batch : int
        Prompts decoded at a time.
    keep_all : bool
        Whether candidates that fail the filters are kept.
    binary : bool
        Whether records hold arrays.
    encoding : int
        What the predictor says that encoding takes.
    """
    height, width = image_hw
    pixels = height * width
    each = 16 * width * _RUNS_PER_COLUMN  # two counts of four bytes, in the making twice
    rows = 3 * prompts if keep_all else min(3 * prompts, 4 * _EXPECTED_MASKS)
    # A traced mask has its blocks' first and last rows (a quarter of a byte a pixel), its changes
    # while they are sorted, and its logits.
    logits = 4 * logits_side**2
    traced = 3 * batch * (3 * logits + pixels // 2 + 8 * each)
    output = min(3 * prompts, _EXPECTED_MASKS) * pixels if binary else 0
    crop_copy = 3 * pixels
    return MemoryEstimate(
        encoding=encoding + crop_copy + _BASE,
        decoding=traced + _BASE,
        candidates=rows * (each + 512),
        # The mask that is being unpacked exists twice for a moment.
        output=output + (2 * pixels if binary else 0),
        available=available_bytes(),
    )


def require_memory(nbytes: int, what: str) -> None:
    """Refuse to make something that does not fit.

    Raises
    ------
    NotEnoughMemory
        Saying how much was asked for and what to do instead.
    """
    available = available_bytes()
    if nbytes > available:
        raise NotEnoughMemory(
            f"{what} take {_shown(nbytes)}, and {_shown(available)} are available. "
            'Use output_mode="coco_rle", which takes a thousandth, or decode masks one at a time.'
        )


def available_bytes() -> int:
    """Return the bytes that this process can still get, within the limit of its container too."""
    import psutil  # noqa: PLC0415 - who only clicks does without

    available = int(psutil.virtual_memory().available)
    for limit_path, usage_path, stat_path in _CGROUPS:
        try:
            limit = int(Path(limit_path).read_text(encoding="ascii"))
            used = int(Path(usage_path).read_text(encoding="ascii"))
            stat = Path(stat_path).read_text(encoding="ascii").split()
        except (OSError, ValueError):  # no such limit ("max"), or not on Linux
            continue
        # Cached files count as used, and are given up when memory is asked for.
        values = dict(zip(stat[::2], stat[1::2], strict=False))
        used -= int(values.get("inactive_file", values.get("total_inactive_file", 0)))
        available = min(available, max(0, limit - used))
    return available


def _shown(nbytes: int) -> str:
    return f"{nbytes / 1e9:.1f} GB" if nbytes >= 1e9 else f"{nbytes / 1e6:.0f} MB"
