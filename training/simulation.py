"""Simulated annotators: first prompts and corrections.

Positions are grid cells (row, column) until they leave this module as (x, y) fractions of the
model frame.

References
----------
.. [1] Kirillov et al., "Segment Anything", ICCV 2023, appendix A. arXiv:2304.02643
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BOX_NOISE = 0.06
"""Standard deviation of a box's corners, as a share of its sides."""
BOX_NOISE_LIMIT = 20 / 1024
"""Largest shift of a corner, as a share of the frame."""


def innermost(mask: NDArray[np.uint8]) -> tuple[int, int]:
    """Return the (row, column) farthest from the mask's boundary, which the image edge is too."""
    padded = np.pad(mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(row), int(column)


def anywhere(rng: np.random.Generator, mask: NDArray[np.uint8]) -> tuple[int, int]:
    """Return a uniformly drawn (row, column) of the mask."""
    places = np.flatnonzero(mask)
    row, column = divmod(int(places[rng.integers(len(places))]), mask.shape[1])
    return row, column


def click_in(
    rng: np.random.Generator, mask: NDArray[np.uint8], others: NDArray[np.uint8] | None = None
) -> tuple[int, int]:
    """Return a click inside the mask: its innermost place or any, with equal chance.

    With ``others`` (N, H, W) it is every second time the innermost place of one of those that lie
    within the mask, if there is any: whoever clicks a part may mean the whole.
    """
    if others is not None and rng.random() < 1 / 2:
        areas = others.sum((1, 2), dtype=np.int64)
        shared = (others & mask).sum((1, 2), dtype=np.int64)
        within = (shared > 0.9 * areas) & (areas < 0.7 * mask.sum(dtype=np.int64))
        parts = np.flatnonzero(within & (areas > 0))
        if len(parts):
            row, column = innermost(others[rng.choice(parts)])
            if mask[row, column]:
                return row, column
    return innermost(mask) if rng.random() < 0.5 else anywhere(rng, mask)


def box_around(
    rng: np.random.Generator | None, mask: NDArray[np.uint8], side: int
) -> tuple[float, float, float, float]:
    """Return the (x0, y0, x1, y1) box of the mask in fractions of ``side`` cells, with noise.

    ``rng`` None gives the exact box.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    low = np.array([columns[0], rows[0]], float) / side
    high = np.array([columns[-1] + 1, rows[-1] + 1], float) / side
    if rng is not None:
        spread = np.tile(high - low, 2) * BOX_NOISE * rng.random()
        noise = rng.normal(0, 1, 4) * spread
        noise = noise.clip(-BOX_NOISE_LIMIT, BOX_NOISE_LIMIT)
        frame = np.array(mask.shape[::-1]) / side
        low = (low + noise[:2]).clip(0, frame)
        high = (high + noise[2:]).clip(0, frame)
        high = np.maximum(high, low + 2 / side)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def correction(
    rng: np.random.Generator | None,
    prediction: NDArray[np.bool_],
    truth: NDArray[np.bool_],
) -> tuple[int, int, int] | None:
    """Return the next click (row, column, label), or None when nothing is wrong.

    With ``rng`` the place is the innermost of the larger error or any wrong place, with equal
    chance; without, the innermost of the largest error, as an evaluation clicks.
    """
    missed, extra = truth & ~prediction, prediction & ~truth
    if not missed.any() and not extra.any():
        return None
    if rng is not None and rng.random() < 0.5:
        row, column = anywhere(rng, (missed | extra).astype(np.uint8))
        return row, column, int(truth[row, column])
    depths = [_depth(missed), _depth(extra)]
    label = int(depths[0].max() >= depths[1].max())
    depth = depths[1 - label]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(row), int(column), label


def _depth(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    padded = np.pad(mask.astype(np.uint8), 1)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def degraded(rng: np.random.Generator, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a clumsy version of the mask: grown, shrunk or shifted."""
    size = max(int(np.sqrt(mask.sum()) * rng.uniform(0.02, 0.2)), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * size + 1, 2 * size + 1))
    chance = rng.random()
    if chance < 0.35:
        worse = cv2.dilate(mask, kernel)
    elif chance < 0.7:
        worse = cv2.erode(mask, kernel)
    else:
        worse = np.roll(mask, tuple(rng.integers(-size, size + 1, 2)), (0, 1))
    return np.asarray(worse if worse.any() else mask, np.uint8)


def alternatives(
    masks: NDArray[np.uint8], target: int, row: int, column: int, limit: int = 2
) -> list[int]:
    """Return other masks that hold the clicked place and differ from the target: parts, wholes.

    Parameters
    ----------
    masks : ndarray
        (N, H, W) zeros and ones.
    target : int
        Index of the mask meant.
    """
    found = []
    for i in np.flatnonzero(masks[:, row, column]):
        if i == target:
            continue
        both = int((masks[i] & masks[target]).sum(dtype=np.int64))
        either = int((masks[i] | masks[target]).sum(dtype=np.int64))
        if both < 0.85 * either:
            found.append(int(i))
    return found[:limit]


def loss_places(
    rng: np.random.Generator,
    truth: NDArray[np.uint8],
    extent: NDArray[np.uint8],
    count: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Draw the places at which a mask's loss is taken.

    A quarter anywhere, 40 % in the widened box of ``extent``, the rest along the border of
    ``truth``.

    Returns
    -------
    places : ndarray
        (count,) flat indices.
    weights : ndarray
        (count,) inverse density, mean about 1: sums weighted by it estimate sums over the grid.
    """
    height, width = truth.shape
    total = height * width
    rows, columns = np.flatnonzero(extent.any(1)), np.flatnonzero(extent.any(0))
    margin_h, margin_w = max((rows[-1] - rows[0]) // 4, 4), max((columns[-1] - columns[0]) // 4, 4)
    y0, y1 = max(rows[0] - margin_h, 0), min(rows[-1] + 1 + margin_h, height)
    x0, x1 = max(columns[0] - margin_w, 0), min(columns[-1] + 1 + margin_w, width)
    kernel = np.ones((5, 5), np.uint8)
    ring = cv2.dilate(truth, kernel) - cv2.erode(truth, kernel)
    border = np.flatnonzero(ring)
    shares = np.array([0.25, 0.4, 0.35 if len(border) else 0.0])
    shares /= shares.sum()
    near_box, near_border = int(count * shares[1]), int(count * shares[2])
    picks = [
        rng.integers(0, total, count - near_box - near_border),
        rng.integers(y0, y1, near_box) * width + rng.integers(x0, x1, near_box),
    ]
    if near_border:
        picks.append(border[rng.integers(0, len(border), near_border)])
    places = np.concatenate(picks)
    row, column = places // width, places % width
    boxed = (row >= y0) & (row < y1) & (column >= x0) & (column < x1)
    density = shares[0] / total + shares[1] * boxed / ((y1 - y0) * (x1 - x0))
    if near_border:
        density = density + shares[2] * ring.ravel()[places] / len(border)
    return places, (1 / (density * total)).astype(np.float32)
