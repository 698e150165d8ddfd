"""Keep the part of a mask that was clicked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DROPPED_LOGIT = -8.0
"""Takes the place of logits that belong to a part without a click."""


def keep_clicked(logits: NDArray[np.float32], seeds: Sequence[tuple[int, int]]) -> None:
    """Drop the parts of masks that no include click lies in, in place.

    A small network takes whatever looks like the clicked object for a part of it. A mask that
    none of the clicks lies in is left alone.

    Parameters
    ----------
    logits : ndarray
        (K, H, W) float32, writable; a mask is where they are above 0.
    seeds : sequence of (row, column)
        Include clicks.
    """
    for candidate in logits:
        mask = candidate > 0
        kept = connected(mask, seeds)
        if kept.any():
            candidate[mask & ~kept] = DROPPED_LOGIT


def connected(mask: NDArray[np.bool_], seeds: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Return what is connected to a seed through edges of pixels, (H, W) bool.

    The runs of each row are numbered, and marks are passed between runs that touch, downwards and
    upwards in turn until nothing changes: twice or thrice for most shapes.
    """
    runs = _runs(mask)
    touching = mask[:-1] & mask[1:]
    pairs = np.stack([runs[:-1][touching], runs[1:][touching]])
    fresh = np.ones(pairs.shape[1], dtype=np.bool_)
    fresh[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)
    links: list[list[int]] = pairs[:, fresh].T.tolist()
    hit = [False] * (int(runs.max(initial=0)) + 1)
    for row, column in seeds:
        hit[runs[row, column]] = True
    hit[0] = False
    changed = True
    while changed:
        changed = False
        for above, below in links:
            if hit[above] != hit[below]:
                hit[above] = hit[below] = changed = True
        links.reverse()
    return np.array(hit)[runs]


def _runs(mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Count the runs of each row from 1 on; 0 where the mask is not."""
    begins = mask.copy()
    begins[:, 1:] &= ~mask[:, :-1]
    numbers: NDArray[np.int32] = np.cumsum(begins, dtype=np.int32).reshape(mask.shape) * mask
    return numbers
