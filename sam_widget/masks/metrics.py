"""Compare masks: intersection over union."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sam_widget.errors import AnnotationError
from sam_widget.masks.rle import checked_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["mask_iou"]


def mask_iou(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return the intersection over union of two masks of one shape; 0 when both are empty.

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
