"""Non-maximum suppression (NMS): of boxes that overlap, only the best stays.

The same numbers, in the same precision and order, as ``torchvision.ops.nms``, in NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["box_iou", "box_nms"]

_BLOCK = 128
"""Boxes that are compared with all later ones at a time: the table stays in the cache."""


def box_nms(boxes_xyxy: ArrayLike, scores: ArrayLike, threshold: float) -> NDArray[np.int64]:
    """Drop each box that overlaps a better box by more than a threshold.

    Parameters
    ----------
    boxes_xyxy : array-like (N, 4)
        (x0, y0, x1, y1); compared in float32.
    scores : array-like (N,)
        Of equal ones, the earlier box is the better.
    threshold : float
        IoU above which the worse box goes. Any float: 1 or more drops nothing.

    Returns
    -------
    int64 (K,)
        Indices of the boxes that stay, best first.

    Examples
    --------
    >>> box_nms([(0, 0, 10, 10), (0, 0, 10, 9), (20, 0, 30, 10)], [0.7, 0.9, 0.8], 0.5).tolist()
    [1, 2]
    """
    boxes = np.asarray(boxes_xyxy, dtype=np.float32).reshape(-1, 4)
    # Infinities, NaN and ties in the order that a stable descending sort gives them.
    order = np.argsort(-np.asarray(scores, dtype=np.float32), kind="stable")
    if threshold >= 1:  # no overlap is larger
        return order
    kept: list[NDArray[np.int64]] = []
    rest = order
    while len(rest):
        block, rest = rest[:_BLOCK], rest[_BLOCK:]
        winners = _keep_best(boxes[block], threshold)
        kept.append(block[winners])
        if len(rest):
            overlaps = box_iou(boxes[block[winners]], boxes[rest])
            rest = rest[~np.any(overlaps > np.float64(threshold), axis=0)]
    return np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64)


def _keep_best(boxes: NDArray[np.float32], threshold: float) -> NDArray[np.int64]:
    """Return the indices that stay among few boxes, which come best first."""
    clash = box_iou(boxes, boxes) > np.float64(threshold)
    alive = np.ones(len(boxes), dtype=np.bool_)
    for index in range(len(boxes)):
        if alive[index]:
            alive[index + 1 :] &= ~clash[index, index + 1 :]
    return np.flatnonzero(alive)


def box_iou(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the IoU of every box of a list with every box of another, float32 (N, M).

    Two boxes without area give NaN, which is above no threshold.
    """
    left = np.maximum(first[:, None, 0], second[None, :, 0])
    right = np.minimum(first[:, None, 2], second[None, :, 2])
    right -= left
    np.maximum(right, 0, out=right)
    top = np.maximum(first[:, None, 1], second[None, :, 1])
    bottom = np.minimum(first[:, None, 3], second[None, :, 3])
    bottom -= top
    np.maximum(bottom, 0, out=bottom)
    shared = np.multiply(right, bottom, out=right)
    union = _areas(first)[:, None] + _areas(second)[None, :]
    union -= shared
    with np.errstate(invalid="ignore", divide="ignore"):
        overlaps: NDArray[np.float32] = np.divide(shared, union, out=union)
    return overlaps


def _areas(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    areas: NDArray[np.float32] = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas
