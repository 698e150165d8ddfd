"""Mask quality of predictors and of two classical baselines, in one run and one table.

For every set of a folder in the promptable format (``training/data.py``): mean IoU for one click
at the innermost place of a mask, by best predicted IoU and by the best of three; mean IoU for
the exact box; clicks to 80 % and 90 % IoU (at most 20, the next at the centre of the largest
error); rank correlation of predicted and true IoU; how often a part and its whole are both among
the three candidates of a click on the part.

The baselines are GrabCut in the box, and, for the click, the best of three felzenszwalb regions.

    python benchmarks/quality.py --data FOLDER --models lite vit_b=weights.pth
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from skimage.segmentation import felzenszwalb

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sam_widget import predictors
from sam_widget.masks.metrics import mask_iou
from training.data import Record, read_sets
from training.evaluation import MIN_AREA, Measurements, chosen_masks, click_curve, measure
from training.export import load_checkpoint
from training.simulation import box_around, innermost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sam_widget.predictors import Predictor

FELZENSZWALB_SCALES = (100, 300, 900)
GRABCUT_ITERATIONS = 5
COLUMNS = ("masks", "click", "oracle", "box", "noc80", "noc90", "rank", "nested")


def grabcut(image: NDArray[np.uint8], box: Sequence[float]) -> NDArray[np.bool_]:
    """Return GrabCut's mask (H, W) for a box x0, y0, x1, y1."""
    cv2.setRNGSeed(0)
    x0, y0, x1, y1 = (int(value) for value in box)
    labels = np.full(image.shape[:2], cv2.GC_BGD, np.uint8)
    labels[y0:y1, x0:x1] = cv2.GC_PR_FGD
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    if (labels == cv2.GC_BGD).any():  # with nothing outside the box there is nothing to learn
        cv2.grabCut(
            np.ascontiguousarray(image[..., ::-1]),
            labels,
            None,
            background,
            foreground,
            GRABCUT_ITERATIONS,
            cv2.GC_INIT_WITH_MASK,
        )
    return np.asarray((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))


def classical(records: Sequence[Record], count: int) -> Measurements:
    """Measure GrabCut (box) and felzenszwalb (click, best of three scales) on a set."""
    result = Measurements()
    for record, which in chosen_masks(records, count):
        image, masks = record.image(), record.masks()
        regions = [felzenszwalb(image, scale, sigma=0.8) for scale in FELZENSZWALB_SCALES]
        for i in which:
            if masks[i].sum() < MIN_AREA:
                continue
            truth = masks[i] > 0
            row, column = innermost(masks[i])
            ious = [mask_iou(region == region[row, column], truth) for region in regions]
            result.click_oracle.append(max(ious))
            result.box.append(mask_iou(grabcut(image, box_around(None, masks[i], 1)), truth))
    return result


def load(name: str) -> Predictor:
    """Load ``vit_b``, ``vit_b=weights.pth``, ``lite``, or ``lite=last.pt`` from training."""
    model, _, path = name.partition("=")
    if model == "lite" and path:
        return load_checkpoint(Path(path))
    return predictors.load(model, checkpoint=path or None)


def line(set_name: str, method: str, row: dict[str, float]) -> str:
    """Return one line of the table."""
    cells = []
    for name in COLUMNS:
        value = row[name]
        text = "-" if np.isnan(value) else f"{value:.0f}" if name == "masks" else f"{value:.3f}"
        cells.append(f"{text:>7}")
    return f"{set_name:<18}{method:<14}" + "".join(cells)


def _mean_row(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean over sets; a set without a figure does not count for it."""
    means = {}
    for name in COLUMNS:
        values = np.array([row[name] for row in rows])
        values = values[~np.isnan(values)]
        means[name] = float(values.mean()) if len(values) else float("nan")
    return means


def main(argv: list[str] | None = None) -> None:
    """Print the table; write it as JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of promptable sets")
    parser.add_argument("--sets", nargs="*", help="sets to measure on (default: all)")
    parser.add_argument("--models", nargs="*", default=["lite"], help="NAME or NAME=CHECKPOINT")
    parser.add_argument("--count", type=int, default=100, help="masks of each set (default 100)")
    parser.add_argument("--clicked", type=int, default=20, help="masks with click curves")
    parser.add_argument("--clicks", type=int, default=20, help="length of the curves (default 20)")
    parser.add_argument("--no-baselines", action="store_true")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args(argv)
    sets = read_sets(arguments.data)
    names = arguments.sets or sorted(sets)
    models = {name: load(name) for name in arguments.models}
    table: dict[str, dict[str, dict[str, float]]] = {}
    curves: dict[str, list[list[float]]] = {name: [] for name in models}
    print(" " * 32 + "".join(f"{name:>7}" for name in COLUMNS))
    for set_name in names:
        for name, model in models.items():
            result = measure(
                model,
                sets[set_name],
                arguments.count,
                clicks=arguments.clicks,
                clicked=arguments.clicked,
            )
            table.setdefault(name, {})[set_name] = result.row()
            curves[name].extend(result.clicks)
            print(line(set_name, name, result.row()), flush=True)
        if not arguments.no_baselines:
            row = classical(sets[set_name], arguments.count).row()
            table.setdefault("classical", {})[set_name] = row
            print(line(set_name, "classical", row), flush=True)
    for name, rows in table.items():
        print(line("mean over sets", name, _mean_row(list(rows.values()))))
    for name, of_model in curves.items():
        curve = click_curve(of_model, min(arguments.clicks, 8))
        text = "  ".join(f"{value:.3f}" for value in curve)
        print(f"{name}: mean IoU after 1, 2, ... clicks: {text}")
    if arguments.json:
        arguments.json.write_text(json.dumps(table, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
