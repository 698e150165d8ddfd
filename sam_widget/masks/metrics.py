"""Figures about masks: how much two overlap, and how stable one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sam_widget.errors import AnnotationError
from sam_widget.masks.rle import checked_mask

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["mask_iou", "stability_score"]


def stability_score(logits: ArrayLike, threshold: float = 0.0, offset: float = 1.0) -> float:
    """Overlap of the masks at a raised and a lowered threshold.

    Parameters
    ----------
    logits : array-like of float
        Mask logits of any shape.
    threshold : float
        The mask's own threshold.
    offset : float
        Distance of the two others from it.

    Returns
    -------
    float
        Pixels above threshold + offset over pixels above threshold - offset, in [0, 1];
        0 when there are none.

    References
    ----------
    .. [1] Kirillov et al., "Segment Anything", ICCV 2023, appendix B: stable masks.
    """
    values = np.asarray(logits)
    outer = int(np.count_nonzero(values > threshold - offset))
    inner = int(np.count_nonzero(values > threshold + offset))
    return inner / outer if outer else 0.0


def mask_iou(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks of one shape; 0 when both are empty.

    Parameters
    ----------
    first, second : bool (H, W)

    Returns
    -------
    float
        In [0, 1].
    """
    first, second = checked_mask(first), checked_mask(second)
    if first.shape != second.shape:
        raise AnnotationError(
            f"masks to compare must have one shape, got {first.shape} and {second.shape}."
        )
    intersection = int(np.count_nonzero(first & second))
    union = int(np.count_nonzero(first)) + int(np.count_nonzero(second)) - intersection
    return intersection / union if union else 0.0
