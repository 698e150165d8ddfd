"""One click, side by side with the official predictor in the same run: ratios, not promises.

Prints agreement and time of ``load("vit_b").decode`` against ``SamPredictor.predict`` with the same
random weights (speed and agreement do not depend on training), and the memory that a
100-megapixel image costs. Run by ``make bench``.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import skimage.data
import skimage.transform
import torch
from segment_anything import SamPredictor, sam_model_registry

from sam_widget import Prompts, load

LARGE = """
import resource, sys
import numpy as np
from sam_widget import SamWidget
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
photo = np.random.default_rng(0).integers(0, 255, (10_000, 10_000, 3), dtype=np.uint8)
before = peak()
w = SamWidget(photo, model="fake")
w.add_point(5000, 5000)
print(f"{peak() - before:.0f}")
"""


def random_checkpoint(folder: Path) -> Path:
    """Save a ViT-B with random weights as the official files are saved."""
    torch.manual_seed(0)
    path = folder / "vit_b.pth"
    torch.save(sam_model_registry["vit_b"]().state_dict(), path)
    return path


def interleaved(calls: dict[str, object], rounds: int) -> dict[str, float]:
    """Median seconds of each call, taking turns so that noise hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 2):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn >= 2:  # the first two warm up
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def compare(checkpoint: Path, photo: np.ndarray, rounds: int) -> None:
    """Print agreement and the ratio of times for one photo."""
    official = SamPredictor(sam_model_registry["vit_b"](checkpoint=str(checkpoint)))
    ours = load("vit_b", checkpoint=checkpoint, device="cpu")
    start = time.perf_counter()
    official.set_image(photo)
    middle = time.perf_counter()
    embedding = ours.encode(photo)
    encode_ratio = (time.perf_counter() - middle) / (middle - start)

    height, width = photo.shape[:2]
    point = np.array([[width * 0.4, height * 0.6]])
    prompts = Prompts(points=point)
    masks, scores, logits = official.predict(point, np.array([1]))
    prediction = ours.decode(embedding, prompts)
    times = interleaved(
        {
            "official": lambda: official.predict(point, np.array([1])),
            "logits": lambda: ours.decode(embedding, prompts),
            "masks": lambda: ours.decode(embedding, prompts).masks,
        },
        rounds,
    )
    print(
        f"| {width} x {height} | {np.abs(prediction.logits - logits).max():.1e} "
        f"| {np.abs(prediction.scores - scores).max():.1e} "
        f"| {np.mean(prediction.masks != masks):.1e} | {encode_ratio:.2f} "
        f"| {times['logits'] / times['official']:.2f} | {times['masks'] / times['official']:.2f} |"
    )


def main() -> None:
    """Run every comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="timed calls of each kind")
    rounds = parser.parse_args().rounds
    print(
        "| photo | max logit difference | max score difference | mask pixels that differ ", end=""
    )
    print("| encode / official | logits and scores / official | with masks / official |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = random_checkpoint(Path(folder))
        for height, width in ((683, 1024), (2000, 3000)):
            photo = skimage.transform.resize(
                skimage.data.coffee(), (height, width), preserve_range=True
            ).astype(np.uint8)
            compare(checkpoint, photo, rounds)
    # A shell in between: a child of this process would inherit its peak.
    command = f"\"{sys.executable}\" -c '{LARGE}'"
    out = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    print(f"\n100 megapixels, widget and one click: {out.stdout.strip()} MB beyond the array")


if __name__ == "__main__":
    main()
