"""Filter the candidates of everything mode: which stay, and which rule removed the others.

The rules, their order and their quirks are those of ``SamAutomaticMaskGenerator``; see
:class:`Thresholds`.

References
----------
.. [1] Kirillov et al., "Segment Anything", ICCV 2023, appendix B, "Filtering" and
   "Postprocessing". facebookresearch/segment-anything, ``automatic_mask_generator.py``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from sam_widget.automatic.candidates import box_from
from sam_widget.errors import PromptError
from sam_widget.masks import box_nms, remove_small_regions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sam_widget.automatic.candidates import CandidateTable
    from sam_widget.automatic.grid import Crop
    from sam_widget.masks import Rle

__all__ = ["RULES", "Cleaner", "Selection", "Thresholds", "judge_each", "select"]

RULES: Final = (
    "kept",
    "predicted_iou",
    "stability",
    "cut_off",
    "outside",
    "duplicate",
    "crop_duplicate",
    "cleaned_duplicate",
)
"""What can become of a candidate; the numbers in :attr:`Selection.fate` count along."""

KEPT, LOW_IOU, UNSTABLE, CUT_OFF, OUTSIDE, DUPLICATE, CROP_DUPLICATE, CLEANED_DUPLICATE = range(8)

_INSIDE = 0.9
"""Share of a mask's box that must lie in the region asked for."""


@dataclass(frozen=True)
class Thresholds:
    """What can be changed after the model has answered. Any float; names as in the official code.

    Attributes
    ----------
    pred_iou_thresh : float
        Candidates must have a higher predicted IoU. 0 or less switches the rule off.
    stability_score_thresh : float
        Candidates must be at least as stable. 0 or less switches the rule off.
    box_nms_thresh : float
        Of candidates in one crop whose boxes overlap more (IoU), the one with the highest
        predicted IoU stays.
    crop_nms_thresh : float
        The same between crops; the one from the smaller crop stays.
    min_mask_region_area : int
        Holes and islands with fewer pixels are removed; then boxes that overlap more than the
        larger of the two thresholds are thinned again, unchanged masks first. 0 switches it off.
    """

    pred_iou_thresh: float = 0.88
    stability_score_thresh: float = 0.95
    box_nms_thresh: float = 0.7
    crop_nms_thresh: float = 0.7
    min_mask_region_area: int = 0

    def __post_init__(self) -> None:
        for threshold in fields(self):
            name, value = threshold.name, getattr(self, threshold.name)
            if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
                raise PromptError(f"{name} must be a number, got {value!r:.60}.")
            if math.isnan(value):
                raise PromptError(f"{name} must be a number, got NaN.")

    def changed(self, **changes: float) -> Thresholds:
        """Return other thresholds, with some of these changed.

        Raises
        ------
        PromptError
            If there is no such threshold, or it is no number.
        """
        known = {threshold.name for threshold in fields(self)}
        unknown = sorted(changes.keys() - known)
        if unknown:
            raise PromptError(
                f"no threshold is called {', '.join(unknown)}. Those that can be changed without "
                f"asking the model again are {', '.join(sorted(known))}."
            )
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Selection:
    """The candidates that stay under some thresholds.

    Attributes
    ----------
    kept : int64 (K,)
        Rows of the table, in the order of the official records.
    fate : uint8 (N,)
        What became of each row, an index into :data:`RULES`.
    cleaned : dict of int to Rle
        Masks that the clean-up changed, by row.
    """

    kept: NDArray[np.int64]
    fate: NDArray[np.uint8] = field(repr=False)
    cleaned: dict[int, Rle] = field(repr=False)

    @property
    def removed(self) -> dict[str, int]:
        """How many candidates each rule removed; a candidate counts for the first that did."""
        counts = np.bincount(self.fate, minlength=len(RULES))
        return {rule: int(count) for rule, count in zip(RULES[1:], counts[1:], strict=True)}


class Cleaner:
    """Masks without small holes and islands, each computed once.

    Parameters
    ----------
    rles : sequence of Rle
        The masks of a table.
    """

    def __init__(self, rles: Sequence[Rle]) -> None:
        self._rles = rles
        self._known: dict[tuple[float, int], Rle | None] = {}

    def clean(self, rows: NDArray[np.int64], min_area: float) -> list[Rle | None]:
        """Return the clean mask of each row, None where nothing had to be changed."""
        missing = [row for row in rows.tolist() if (min_area, row) not in self._known]
        for start in range(0, len(missing), 64):
            some = missing[start : start + 64]
            found = remove_small_regions([self._rles[row] for row in some], min_area)
            for row, (rle, changed) in zip(some, found, strict=True):
                self._known[min_area, row] = rle if changed else None
        return [self._known[min_area, row] for row in rows.tolist()]


def judge_each(
    table: CandidateTable, thresholds: Thresholds, region: Sequence[float] | None = None
) -> NDArray[np.uint8]:
    """Apply the rules that look at one candidate at a time; see :attr:`Selection.fate`."""
    fate = np.full(len(table), KEPT, dtype=np.uint8)
    if region is not None:
        fate[~_within(table.boxes_xyxy, region)] = OUTSIDE
    fate[table.cut_off] = CUT_OFF
    # Earlier rules last: they have the word. Compared in float32, as torch does with a number.
    if thresholds.stability_score_thresh > 0:
        fate[~(table.stability >= np.float32(thresholds.stability_score_thresh))] = UNSTABLE
    if thresholds.pred_iou_thresh > 0:
        fate[~(table.predicted_iou > np.float32(thresholds.pred_iou_thresh))] = LOW_IOU
    return fate


def _within(boxes: NDArray[np.int64], region: Sequence[float]) -> NDArray[np.bool_]:
    x0, y0, x1, y1 = boxes.T
    across = np.minimum(x1 + 1, region[2]) - np.maximum(x0, region[0])
    down = np.minimum(y1 + 1, region[3]) - np.maximum(y0, region[1])
    shared = np.maximum(across, 0) * np.maximum(down, 0)
    within: NDArray[np.bool_] = shared >= _INSIDE * (x1 + 1 - x0) * (y1 + 1 - y0)
    return within


def select(
    table: CandidateTable,
    crops: Sequence[Crop],
    thresholds: Thresholds,
    cleaner: Cleaner,
    region: Sequence[float] | None = None,
) -> Selection:
    """Apply every rule.

    Parameters
    ----------
    table : CandidateTable
    crops : sequence of Crop
        That ``table.crop`` counts.
    thresholds : Thresholds
    cleaner : Cleaner
        Of the table's masks.
    region : (x0, y0, x1, y1), optional
        Masks must lie in it, nine tenths of their boxes.
    """
    fate = judge_each(table, thresholds, region)
    kept = _thin_crops(table, fate, thresholds.box_nms_thresh)
    if len(crops) > 1:
        areas = np.array([(crop.x1 - crop.x0) * (crop.y1 - crop.y0) for crop in crops])
        small_first = np.float32(1) / areas[table.crop[kept]].astype(np.float32)
        boxes = table.boxes_xyxy[kept]
        winners = kept[box_nms(boxes, small_first, thresholds.crop_nms_thresh)]
        fate[np.setdiff1d(kept, winners)] = CROP_DUPLICATE
        kept = winners
    cleaned: dict[int, Rle] = {}
    if thresholds.min_mask_region_area > 0 and len(kept):
        kept, cleaned = _cleaned(table, kept, thresholds, cleaner, fate)
    return Selection(kept, fate, cleaned)


def _thin_crops(
    table: CandidateTable, fate: NDArray[np.uint8], threshold: float
) -> NDArray[np.int64]:
    """Keep the best of overlapping candidates in each crop, crop by crop."""
    left = np.flatnonzero(fate == KEPT)
    winners = [np.zeros(0, dtype=np.int64)]
    # Rows come crop by crop.
    for rows in np.split(left, np.flatnonzero(np.diff(table.crop[left])) + 1):
        rows = rows[np.argsort(table.rank[rows], kind="stable")]  # noqa: PLW2901 - as they came
        best = box_nms(table.boxes_xyxy[rows], table.predicted_iou[rows], threshold)
        winners.append(rows[best])
    kept = np.concatenate(winners)
    fate[np.setdiff1d(left, kept)] = DUPLICATE
    return kept


def _cleaned(
    table: CandidateTable,
    kept: NDArray[np.int64],
    thresholds: Thresholds,
    cleaner: Cleaner,
    fate: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], dict[int, Rle]]:
    """Clean what was kept and thin it once more."""
    clean = cleaner.clean(kept, thresholds.min_mask_region_area)
    boxes = table.boxes_xyxy[kept].copy()
    for place, rle in enumerate(clean):
        if rle is not None:
            boxes[place] = box_from(rle)
    unchanged = np.array([rle is None for rle in clean], dtype=np.float32)
    limit = max(thresholds.box_nms_thresh, thresholds.crop_nms_thresh)
    winners = box_nms(boxes, unchanged, limit)
    fate[np.setdiff1d(kept, kept[winners])] = CLEANED_DUPLICATE
    changed = {int(kept[place]): rle for place in winners if (rle := clean[place]) is not None}
    return kept[winners], changed
