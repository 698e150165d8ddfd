import json

import numpy as np
import pytest
from PIL import Image

from sam_widget.masks.rle import Rle
from training.config import Config


def _draw(rng):
    """A picture with a disc in a square, and a second square."""
    height, width = 72, 96
    rows, columns = np.mgrid[:height, :width]
    y, x = rng.integers(24, 48), rng.integers(24, 40)
    square = (abs(rows - y) < 18) & (abs(columns - x) < 18)
    disc = (rows - y) ** 2 + (columns - x) ** 2 < 81
    other = (abs(rows - 36) < 12) & (abs(columns - 78) < 10)
    image = rng.integers(0, 40, (height, width, 3)).astype(np.uint8)
    for mask, colour in ((square, (200, 60, 40)), (disc, (40, 60, 200)), (other, (60, 180, 60))):
        image[mask] = colour
    return image, [square, disc, other]


@pytest.fixture(scope="session")
def promptable(tmp_path_factory):
    """A folder of two sets in the promptable format, ten images in all."""
    root = tmp_path_factory.mktemp("promptable")
    rng = np.random.default_rng(0)
    for name in ("shapes", "more_shapes"):
        (root / name / "images").mkdir(parents=True)
        lines = []
        for i in range(5):
            image, masks = _draw(rng)
            Image.fromarray(image).save(root / name / "images" / f"{i}.png")
            lines.append(
                json.dumps(
                    {
                        "file": f"images/{i}.png",
                        "size_wh": [96, 72],
                        "rle_counts": [Rle.encode(m).to_coco()["counts"] for m in masks],
                    }
                )
            )
        (root / name / "masks.jsonl").write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture
def tiny():
    """A recipe that takes seconds."""
    return Config(
        steps=6,
        warmup=2,
        decay=2,
        rate=3e-4,
        sides=(64, 96),
        max_prompts=4,
        corrected=3,
        points_per_mask=128,
        held_out=(),
    )
