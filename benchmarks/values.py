"""What surrounds the model, side by side with the field's own code in the same run: ratios.

Upsampling and measuring a candidate against torch's two interpolations and a threshold, and the
run-length code against pycocotools. Run by ``make bench``.
"""

from __future__ import annotations

import numpy as np
import torch
from one_click import interleaved, median
from pycocotools import mask as coco_mask

from sam_widget import Rle
from sam_widget.predictors.frame import ModelFrame


def smooth_logits() -> np.ndarray:
    """Logits of a blob with a wavy outline, float32 (256, 256)."""
    rows, columns = np.mgrid[:256, :256].astype(np.float32)
    distance = np.hypot(rows - 90, columns - 120)
    angle = np.arctan2(rows - 90, columns - 120)
    return (60 + 8 * np.sin(7 * angle) - distance) / 2


def official(logits: np.ndarray, frame: ModelFrame) -> np.ndarray:
    """Upsample and threshold as the official predictor does, bool (H, W)."""
    tensor = torch.from_numpy(logits)[None, None]
    large = torch.nn.functional.interpolate(tensor, (1024, 1024), mode="bilinear")
    height, width = frame.resized_hw
    size = (frame.height, frame.width)
    full = torch.nn.functional.interpolate(large[..., :height, :width], size, mode="bilinear")
    return (full > 0)[0, 0].numpy()


def main() -> None:
    """Print one row for each size of image."""
    logits = smooth_logits()
    print("| image | pixels that differ | mask, area, stability / torch's mask ", end="")
    print("| run-length code / pycocotools |")
    print("|---|---|---|---|")
    for height, width in ((683, 1024), (2000, 3000)):
        frame = ModelFrame(height, width)
        (mask,) = frame.masks(logits[None])
        times = interleaved(
            {
                "ours": lambda frame=frame: frame.trace(logits[None]),
                "torch": lambda frame=frame: official(logits, frame),
                "rle": lambda mask=mask: Rle.encode(mask).compressed(),
                "coco": lambda mask=mask: coco_mask.encode(np.asfortranarray(mask, np.uint8)),
            },
            rounds=20,
        )
        ms = {name: median(taken) for name, taken in times.items()}
        print(
            f"| {width} x {height} | {np.mean(mask != official(logits, frame)):.1e} "
            f"| {ms['ours'] / ms['torch']:.2f} | {ms['rle'] / ms['coco']:.2f} |"
        )


if __name__ == "__main__":
    main()
