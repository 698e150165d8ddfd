"""Edits of a mask on a 20-megapixel image, side by side with OpenCV on the whole picture: ratios.

The other way decodes the mask, works on all of its pixels, and encodes it again, with pycocotools
and OpenCV, as annotation tools do. Run by ``make bench``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from one_click import interleaved, median
from pycocotools import mask as coco_mask

from sam_widget import BrushStroke, DropIslands, FillHoles, PolygonEdit, Rle, Smooth

if TYPE_CHECKING:
    from collections.abc import Callable

HEIGHT, WIDTH = 4000, 5000


def blob() -> np.ndarray:
    """Return an object of 5 megapixels with 40 holes and 60 islands, bool (H, W)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    angle = np.arctan2(rows - 2000, columns - 2500)
    mask = np.hypot(rows - 2000, columns - 2500) < 1250 + 60 * np.sin(23 * angle)
    rng = np.random.default_rng(0)
    for at in range(100):
        turn, far = rng.uniform(0, 2 * np.pi), rng.uniform(0, 900) if at < 40 else 1500
        y, x = int(2000 + far * np.sin(turn)), int(2500 + far * np.cos(turn))
        mask[y : y + 9, x : x + 9] = at >= 40
    return mask


def spiral(count: int) -> np.ndarray:
    """Return a stroke that goes round, float32 (N, 2)."""
    turn = np.linspace(0, 12, count)
    return np.stack([2500 + 90 * turn * np.cos(turn), 2000 + 90 * turn * np.sin(turn)], 1).astype(
        np.float32
    )


def drawn(pixels: np.ndarray, points: np.ndarray, radius: int) -> np.ndarray:
    """Draw a stroke as OpenCV does."""
    return cv2.polylines(pixels, [points.astype(np.int32)], False, 1, 2 * radius)


def filled(pixels: np.ndarray) -> np.ndarray:
    """Fill holes by flooding the background from a corner."""
    flooded = cv2.copyMakeBorder(pixels, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    cv2.floodFill(flooded, None, (0, 0), 2)
    return (flooded[1:-1, 1:-1] != 2).astype(np.uint8)


def large_islands(pixels: np.ndarray) -> np.ndarray:
    """Drop small islands as SAM's automatic masks do."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(pixels, 8)
    kept = statistics[:, cv2.CC_STAT_AREA] >= 1000
    kept[0] = False
    return kept[labels].astype(np.uint8)


def on_all_pixels(code: dict, work: Callable[[np.ndarray], np.ndarray]) -> dict:
    """Decode, work on the picture, encode."""
    pixels = np.ascontiguousarray(coco_mask.decode(code))
    return coco_mask.encode(np.asfortranarray(work(pixels)))


def main() -> None:
    """Print one row for each edit."""
    mask = blob()
    rle = Rle.encode(mask)
    code = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    long, star = spiral(2000), spiral(300)
    edits = {
        "brush, 2,000 points, radius 12": (
            BrushStroke(long, 12),
            lambda pixels: drawn(pixels, long, 12),
        ),
        "brush, a dab, radius 12": (
            BrushStroke(star[:1], 12),
            lambda pixels: drawn(pixels, star[:1], 12),
        ),
        "polygon, 300 corners": (
            PolygonEdit(star),
            lambda pixels: cv2.fillPoly(pixels, [star.astype(np.int32)], 1),
        ),
        "fill holes": (FillHoles(), filled),
        "drop islands": (DropIslands(1000), large_islands),
        "smooth": (Smooth(2), lambda pixels: cv2.medianBlur(pixels, 5)),
    }
    print("| edit, 20 megapixels | ms | / OpenCV on the whole picture |")
    print("|---|---|---|")
    for name, (edit, whole) in edits.items():
        times = interleaved(
            {
                "ours": lambda edit=edit: edit.apply(rle),
                "whole": lambda whole=whole: on_all_pixels(code, whole),
            },
            rounds=7,
        )
        ours, other = median(times["ours"]), median(times["whole"])
        print(f"| {name} | {ours:.1f} | {ours / other:.3f} |")


if __name__ == "__main__":
    main()
