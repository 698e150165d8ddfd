"""The prompts of one request as the lite network takes them, in NumPy.

All coordinates are fractions of the model frame's side, (x, y), origin top-left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sam_widget.predictors.base import mask_logits
from sam_widget.predictors.lite.features import GRID_SIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sam_widget.predictors.frame import ModelFrame
    from sam_widget.prompts import Prompts

__all__ = ["COARSE_SIDE", "PromptArrays", "include_cells", "prompt_arrays"]

COARSE_SIDE = 128
"""Side of the grid for fed-back masks."""


class PromptArrays(NamedTuple):
    """One prompt on one image; the fields are those of the network's ``PromptBatch``."""

    points: NDArray[np.float32]
    """(1, N, 2) fractions."""
    labels: NDArray[np.int64]
    """(1, N): 1 include, 0 exclude."""
    boxes: NDArray[np.float32]
    """(1, 4) x0, y0, x1, y1; anything where there is no box."""
    has_box: NDArray[np.bool_]
    """(1,)"""
    mask: NDArray[np.float32] | None
    """(1, 128, 128) logits on the coarse grid."""
    has_mask: NDArray[np.bool_]
    """(1,)"""


def prompt_arrays(prompts: Prompts, frame: ModelFrame) -> PromptArrays:
    """Return the prompts of one request in the network's coordinates."""
    points = frame.points_to_model(prompts.point_coords) / frame.input_side
    box = (0.0, 0.0, 1.0, 1.0)
    if prompts.box is not None:
        (box,) = frame.boxes_to_model([prompts.box]) / frame.input_side
    mask = mask_logits(prompts, frame)
    return PromptArrays(
        points.astype(np.float32).reshape(1, -1, 2),
        prompts.point_labels.reshape(1, -1),
        np.asarray(box, dtype=np.float32).reshape(1, 4),
        np.array([prompts.box is not None]),
        None if mask is None else _halved(mask),
        np.array([mask is not None]),
    )


def _halved(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average two by two cells of the logits' grid: they make one of the coarse grid."""
    first, second = mask[:, ::2], mask[:, 1::2]
    # In this order, as torch's average pooling adds them.
    total = first[..., ::2] + first[..., 1::2] + second[..., ::2] + second[..., 1::2]
    return total * np.float32(0.25)


def include_cells(prompts: PromptArrays) -> list[tuple[int, int]]:
    """Return the (row, column) of the grid that each include point lies in."""
    points = prompts.points[prompts.labels == 1]
    cells = (points * GRID_SIDE).astype(int).clip(0, GRID_SIDE - 1)
    return [(int(row), int(column)) for column, row in cells]
