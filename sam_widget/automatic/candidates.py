"""The table of candidates of everything mode: one row each, with what the filters look at.

The model is asked once. What is kept here is enough to change every threshold afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np

from sam_widget.masks import paste_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sam_widget.automatic.grid import Crop
    from sam_widget.masks import Rle
    from sam_widget.predictors import TracedMask

__all__ = ["CandidateTable", "box_from", "measure_candidates"]

EDGE_TOLERANCE = 20
"""Pixels from a crop's edge within which a mask counts as cut off by it, as officially."""


@dataclass(frozen=True, eq=False)
class CandidateTable:
    """N candidates in the order in which they were found, in pixels of the whole image.

    Attributes
    ----------
    predicted_iou, stability : float32 (N,)
        The scores that filters look at; stability at the offset of the run.
    area : int64 (N,)
        Pixels.
    boxes_xyxy : int64 (N, 4)
        First and last column and row of each mask: one pixel narrower than the box around it, as
        the official records have it. All zero for an empty mask.
    points : float64 (N, 2)
        The prompt (x, y).
    crop : int64 (N,)
        Index of the crop it was found in.
    rank : int64 (N,)
        Place in its crop in the order of the official code, which settles ties.
    cut_off : bool (N,)
        Whether it ends at an edge of its crop that is none of the image.
    rles : tuple of Rle
        The masks.
    """

    predicted_iou: NDArray[np.float32]
    stability: NDArray[np.float32]
    area: NDArray[np.int64]
    boxes_xyxy: NDArray[np.int64]
    points: NDArray[np.float64] = field(repr=False)
    crop: NDArray[np.int64] = field(repr=False)
    rank: NDArray[np.int64] = field(repr=False)
    cut_off: NDArray[np.bool_] = field(repr=False)
    rles: tuple[Rle, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.rles)

    @classmethod
    def empty(cls) -> CandidateTable:
        """Return a table without rows."""
        return cls(
            np.zeros(0, np.float32),
            np.zeros(0, np.float32),
            np.zeros(0, np.int64),
            np.zeros((0, 4), np.int64),
            np.zeros((0, 2)),
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
            np.zeros(0, np.bool_),
            (),
        )

    @classmethod
    def concatenate(cls, parts: Sequence[CandidateTable]) -> CandidateTable:
        """Return one table of the rows of several."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.empty()
        columns = {
            column.name: np.concatenate([getattr(part, column.name) for part in parts])
            for column in fields(cls)
            if column.name != "rles"
        }
        return cls(**columns, rles=tuple(rle for part in parts for rle in part.rles))

    def select(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> CandidateTable:
        """Return some of the rows."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        columns = {
            column.name: getattr(self, column.name)[index]
            for column in fields(self)
            if column.name != "rles"
        }
        return CandidateTable(**columns, rles=tuple(self.rles[row] for row in index))


def measure_candidates(
    traced: Sequence[TracedMask],
    predicted_iou: NDArray[np.float32],
    points: NDArray[np.float64],
    rank: NDArray[np.int64],
    crop: Crop,
    crop_index: int,
    image_hw: tuple[int, int],
) -> CandidateTable:
    """Return the rows of masks that were traced in a crop, in the frame of the whole image.

    Parameters
    ----------
    traced : sequence of TracedMask
        At the crop's size.
    predicted_iou : float32 (N,)
    points : float64 (N, 2)
        (x, y) in pixels of the whole image.
    rank : int64 (N,)
        Place in the crop, in the official order.
    crop : Crop
    crop_index : int
    image_hw : (int, int)
        Size of the whole image.
    """
    height, width = image_hw
    whole = crop.box == (0, 0, width, height)
    boxes = np.array([box_from(mask.rle) for mask in traced], dtype=np.int64).reshape(-1, 4)
    boxes += (crop.x0, crop.y0, crop.x0, crop.y0)
    rles = tuple(
        mask.rle if whole else paste_mask(mask.rle, crop.x0, crop.y0, height, width)
        for mask in traced
    )
    at_crop = np.abs(boxes - crop.box) <= EDGE_TOLERANCE
    at_image = np.abs(boxes - (0, 0, width, height)) <= EDGE_TOLERANCE
    return CandidateTable(
        predicted_iou=np.asarray(predicted_iou, dtype=np.float32),
        stability=np.array([mask.stability for mask in traced], dtype=np.float32),
        area=np.array([mask.area for mask in traced], dtype=np.int64),
        boxes_xyxy=boxes,
        points=np.asarray(points, dtype=np.float64).reshape(-1, 2),
        crop=np.full(len(traced), crop_index, dtype=np.int64),
        rank=np.asarray(rank, dtype=np.int64),
        cut_off=(at_crop & ~at_image).any(axis=1),
        rles=rles,
    )


def box_from(rle: Rle) -> tuple[int, int, int, int]:
    """Return first and last column and row of a mask, (x0, y0, x1, y1); all zero if it is empty."""
    x, y, width, height = rle.bbox_xywh
    return (x, y, x + width - 1, y + height - 1) if width else (0, 0, 0, 0)
