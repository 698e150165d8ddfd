"""Measures of promptable segmentation, for any predictor on any set in the promptable format.

References
----------
.. [1] Kirillov et al., "Segment Anything", ICCV 2023, appendix D.1: the first click at the
   centre of the distance transform, the next at the centre of the largest error.
   arXiv:2304.02643
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import cv2
import numpy as np

from sam_widget.masks.metrics import mask_iou
from sam_widget.predictors.lite.picture import INPUT_SIDE
from sam_widget.prompts import Prompts
from training.simulation import box_around, correction, innermost

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sam_widget.predictors import Embedding, Predictor
    from training.data import Record

MIN_AREA = 64
NESTED_IOU = 0.5


@dataclasses.dataclass
class Measurements:
    """What was measured on one set, one entry a mask unless said otherwise.

    Attributes
    ----------
    click_best, click_oracle : list of float
        IoU of the candidate of best predicted IoU, and of the best of three.
    box : list of float
        IoU for the exact box.
    clicks : list of list of float
        IoU after 1, 2, ... clicks, of the masks that were clicked on.
    predicted, true : list of float
        Predicted and true IoU of every candidate.
    border : list of float
        Boundary F of the box's mask.
    nested : list of bool
        For each click on a part whose whole is labelled too: whether both were among the three.
    """

    click_best: list[float] = dataclasses.field(default_factory=list)
    click_oracle: list[float] = dataclasses.field(default_factory=list)
    box: list[float] = dataclasses.field(default_factory=list)
    border: list[float] = dataclasses.field(default_factory=list)
    clicks: list[list[float]] = dataclasses.field(default_factory=list)
    predicted: list[float] = dataclasses.field(default_factory=list)
    true: list[float] = dataclasses.field(default_factory=list)
    nested: list[bool] = dataclasses.field(default_factory=list)

    def row(self) -> dict[str, float]:
        """Return the figures of the table; nan where nothing was measured."""
        return {
            "masks": float(len(self.box)),
            "click": _mean(self.click_best),
            "oracle": _mean(self.click_oracle),
            "box": _mean(self.box),
            "border": _mean(self.border),
            "noc80": clicks_needed(self.clicks, 0.8),
            "noc90": clicks_needed(self.clicks, 0.9),
            "drops": drops(self.clicks),
            "rank": rank_correlation(self.predicted, self.true),
            "nested": _mean([float(found) for found in self.nested]),
        }


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def clicks_needed(curves: Sequence[Sequence[float]], goal: float) -> float:
    """Return the mean number of clicks to reach an IoU; a curve that never does counts in full."""
    needed = [
        next((i + 1 for i, value in enumerate(curve) if value >= goal), len(curve))
        for curve in curves
    ]
    return _mean([float(n) for n in needed])


def drops(curves: Sequence[Sequence[float]], depth: float = 0.05) -> float:
    """Return how often, per curve, one more click costs more than ``depth`` of IoU."""
    return _mean([float(sum(a - b > depth for a, b in itertools.pairwise(c))) for c in curves])


def boundary_f(mask: NDArray[np.bool_], truth: NDArray[np.bool_], reach: int = 2) -> float:
    """Return the F-measure of a mask's border.

    A place of one border counts as found when the other has one within ``reach`` pixels. Masks
    are brought to a longest side of 512 pixels first, so that sizes of photos do not matter.
    """
    found, meant = _border(mask), _border(truth)
    if not found.any() or not meant.any():
        return float(found.any() == meant.any())
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    precision = float((found & cv2.dilate(meant, kernel)).sum() / found.sum())
    recall = float((meant & cv2.dilate(found, kernel)).sum() / meant.sum())
    return 2 * precision * recall / max(precision + recall, 1e-9)


def _border(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    scale = INPUT_SIDE / max(mask.shape)
    size = (max(round(mask.shape[1] * scale), 1), max(round(mask.shape[0] * scale), 1))
    scaled = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    inner = cv2.erode(scaled, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(scaled - inner, np.uint8)


def click_curve(curves: Sequence[Sequence[float]], clicks: int) -> list[float]:
    """Return the mean IoU after 1, 2, ..., ``clicks`` clicks."""
    return [_mean([curve[min(i, len(curve) - 1)] for curve in curves]) for i in range(clicks)]


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Return Spearman's correlation, ties sharing their mean rank; nan for fewer than 3 pairs."""
    if len(a) < 3:
        return float("nan")
    x, y = _ranks(np.asarray(a)), _ranks(np.asarray(b))
    if x.std() == 0 or y.std() == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])


def chosen_masks(
    records: Sequence[Record], count: int, seed: int = 0
) -> Iterator[tuple[Record, list[int]]]:
    """Yield images with the masks to measure: ``count`` masks, spread over the images."""
    rng = np.random.default_rng(seed)
    each = max(1, -(-count // len(records)))
    left = count
    for i in rng.permutation(len(records)):
        if left <= 0:
            return
        record = records[i]
        which = rng.permutation(len(record.rle_counts))[: min(each, left)]
        left -= len(which)
        yield record, sorted(int(j) for j in which)


def measure(
    predictor: Predictor,
    records: Sequence[Record],
    count: int,
    *,
    clicks: int = 0,
    clicked: int = 0,
    seed: int = 0,
) -> Measurements:
    """Measure a predictor on a set.

    Parameters
    ----------
    predictor : Predictor
        Any.
    records : sequence of Record
        The set.
    count : int
        Masks to measure.
    clicks : int
        Length of the click curves.
    clicked : int
        Masks that get a click curve, the first of the ``count``.
    """
    result = Measurements()
    for record, which in chosen_masks(records, count, seed):
        embedding = predictor.encode(record.path)
        masks = record.masks()
        for i in which:
            if masks[i].sum() < MIN_AREA:
                continue
            measure_mask(predictor, embedding, masks, i, result)
            if len(result.clicks) < clicked:
                curve = click_through(predictor, embedding, masks[i] > 0, clicks)
                result.clicks.append(curve)
    return result


def measure_mask(
    predictor: Predictor,
    embedding: Embedding,
    masks: NDArray[np.uint8],
    index: int,
    result: Measurements,
) -> None:
    """Add one mask's click, box and nested figures to the result."""
    truth = masks[index] > 0
    row, column = innermost(masks[index])
    three = predictor.decode(embedding, Prompts(points=[(column + 0.5, row + 0.5)]))
    ious = [mask_iou(mask, truth) for mask in three.masks]
    result.click_best.append(ious[int(np.argmax(three.scores))])
    result.click_oracle.append(max(ious))
    result.predicted.extend(float(score) for score in three.scores)
    result.true.extend(ious)
    box = predictor.decode(embedding, Prompts(boxes=[box_around(None, masks[index], 1)]))
    result.box.append(mask_iou(box.masks[0], truth))
    result.border.append(boundary_f(box.masks[0], truth))
    whole = enclosing(masks, index, row, column)
    if whole is not None:
        outer = [mask_iou(mask, masks[whole] > 0) for mask in three.masks]
        result.nested.append(max(ious) >= NESTED_IOU and max(outer) >= NESTED_IOU)


def enclosing(masks: NDArray[np.uint8], index: int, row: int, column: int) -> int | None:
    """Return the smallest mask that holds nearly all of this one and is 1.5 times as large."""
    part = masks[index]
    area = int(part.sum(dtype=np.int64))
    found: tuple[int, int] | None = None
    for i in np.flatnonzero(masks[:, row, column]):
        other = int(masks[i].sum(dtype=np.int64))
        if other < 1.5 * area or int((masks[i] & part).sum(dtype=np.int64)) < 0.9 * area:
            continue
        if found is None or other < found[0]:
            found = (other, int(i))
    return None if found is None else found[1]


def click_through(
    predictor: Predictor, embedding: Embedding, truth: NDArray[np.bool_], clicks: int
) -> list[float]:
    """Return the IoU after each click, up to ``clicks`` of them.

    The first click takes the candidate of best predicted IoU; each further one is put at the
    centre of the largest error, with the logits of the mask before fed back.
    """
    row, column = innermost(truth.astype(np.uint8))
    prompts = Prompts(points=[(column + 0.5, row + 0.5)])
    curve: list[float] = []
    for _ in range(clicks):
        prediction = predictor.decode(embedding, prompts)
        best = int(np.argmax(prediction.scores))
        mask = prediction.masks[best]
        curve.append(mask_iou(mask, truth))
        click = correction(None, mask, truth)
        if click is None:
            break
        row, column, label = click
        prompts = prompts.with_point(column + 0.5, row + 0.5, positive=bool(label))
        prompts = prompts.with_mask(prediction.logits[best : best + 1])
    return curve
