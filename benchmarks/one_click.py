"""One click, side by side with the official predictor in the same run: ratios, not promises.

Random ViT-B weights, as speed and agreement do not depend on training. ``load("vit_b")`` with torch
alone, with ONNX Runtime and in bfloat16 takes turns with ``SamPredictor.predict`` of the
``segment-anything`` package: one point, three candidates. Run by ``make bench``; with ``--quick``
nothing is encoded, and made-up features stand in.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import skimage.data
import skimage.transform
import torch
from segment_anything import SamPredictor, sam_model_registry

from sam_widget import Prompts, load
from sam_widget.predictors.frame import ModelFrame

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = ((683, 1024), (2000, 3000))
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
    network = sam_model_registry["vit_b"]()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            # Norms, biases and relative positions are ones and zeros in a fresh network.
            if parameter.ndim == 1 or "rel_pos" in name:
                parameter.add_(torch.randn_like(parameter), alpha=0.2)
    path = folder / "vit_b.pth"
    torch.save(network.state_dict(), path)
    return path


def interleaved(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each call, taking turns so that noise hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 2):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn >= 2:  # the first two warm up
                times[name].append(time.perf_counter() - start)
    return times


def median(times: list[float]) -> float:
    """Milliseconds."""
    return 1000 * statistics.median(times)


class Contest:
    """The official predictor and ours, with the same weights."""

    def __init__(self, checkpoint: Path, rounds: int) -> None:
        self.rounds = rounds
        self.official = SamPredictor(sam_model_registry["vit_b"](checkpoint=str(checkpoint)))
        ours = partial(load, "vit_b", checkpoint=checkpoint, device="cpu")
        self.ours = {
            "torch": ours(runtime="torch"),
            "onnx": ours(runtime="onnx"),
            "bf16": ours(runtime="torch", precision="bf16"),
        }

    def encode(self, photo: np.ndarray) -> np.ndarray:
        """Compare the encoders, print their ratios, and return the features."""
        times = {name: [] for name in ("official", "fp32", "bf16")}
        for turn in range(3):
            for name, call in (
                ("official", partial(self.official.set_image, photo)),
                ("fp32", partial(self.ours["torch"].encode, photo)),
                ("bf16", partial(self.ours["bf16"].encode, photo)),
            ):
                start = time.perf_counter()
                found = call()
                if turn:  # the first warms up
                    times[name].append(time.perf_counter() - start)
                if name == "fp32":
                    features = self.ours["torch"].pack(found)["features"]
                elif name == "bf16":
                    narrow = self.ours["bf16"].pack(found)["features"]
        expected = self.official.features.numpy()
        official, fp32, bf16 = (median(times[name]) for name in times)
        print(
            f"\nEncoding, ViT-B: fp32 / official {fp32 / official:.2f}, "
            f"bf16 / fp32 {bf16 / fp32:.2f} (official {official:.0f} ms). Largest difference of "
            f"features of size {expected.std():.2f}: fp32 {np.abs(features - expected).max():.1e}, "
            f"bf16 {np.abs(narrow - expected).max():.1e}."
        )
        if self.ours["bf16"].precision != "bf16":
            print("This machine has no bfloat16 instructions: bf16 stands for fp32 here.")
        return expected

    def click(self, height: int, width: int, features: np.ndarray) -> list[str]:
        """Compare one click on an image of this size; return a table's rows."""
        frame = ModelFrame(height, width)
        self.official.reset_image()
        self.official.features = torch.from_numpy(features)
        self.official.original_size, self.official.input_size = (height, width), frame.resized_hw
        self.official.is_image_set = True
        point = np.array([[width * 0.4, height * 0.6]])
        prompts = Prompts(points=point)
        predict = partial(self.official.predict, point, np.array([1]))
        embeddings = {
            name: predictor.unpack({"features": features}, frame, "")
            for name, predictor in self.ours.items()
        }
        calls: dict[str, Callable[[], object]] = {"official": predict}
        for name, predictor in self.ours.items():
            decode = partial(predictor.decode, embeddings[name], prompts)
            calls[name] = decode
            calls[f"{name} masks"] = lambda decode=decode: decode().masks
        times = interleaved(calls, self.rounds)

        masks, scores, logits = predict()
        official = median(times["official"])
        rows = []
        for name in self.ours:
            found = calls[name]()
            both, either = (masks & found.masks).sum(), (masks | found.masks).sum()
            rows.append(
                f"| {width} x {height} | {name} | {median(times[name]) / official:.2f} "
                f"| {median(times[f'{name} masks']) / official:.2f} "
                f"| {median(times[name]):.1f} / {official:.1f} ms "
                f"| {np.abs(found.logits - logits).max():.1e} of {logits.std():.2f} "
                f"| {np.abs(found.scores - scores).max():.1e} "
                f"| {np.mean(found.masks != masks):.1e} | {both / either:.4f} |"
            )
        return rows

    def breakdown(self, height: int, width: int, features: np.ndarray) -> str:
        """Say where the time of one click goes, step by step; return a table's row."""
        frame = ModelFrame(height, width)
        predictor = self.ours["onnx"]
        embedding = predictor.unpack({"features": features}, frame, "")
        prompts = Prompts(points=[(width * 0.4, height * 0.6)])
        prediction = predictor.decode(embedding, prompts)
        logits = prediction.logits
        calls = {
            "prepare": lambda: predictor.unpack({"features": features}, frame, ""),
            "decode": lambda: predictor.decode(embedding, prompts),
            "masks": lambda: frame.masks(logits),
            "trace": lambda: frame.trace(logits),
        }
        times = interleaved(calls, self.rounds)
        cells = " | ".join(f"{median(times[name]):.1f}" for name in calls)
        return f"| {width} x {height} | {cells} |"


def made_up_features() -> np.ndarray:
    """Return features without an encoder: smooth, with noise."""
    torch.manual_seed(1)
    coarse = torch.randn(1, 256, 9, 9)
    smooth = torch.nn.functional.interpolate(coarse, (64, 64), mode="bicubic")
    return (smooth + 0.2 * torch.randn(1, 256, 64, 64)).numpy()


def print_memory_of_a_large_image() -> None:
    """Print what 100 megapixels cost."""
    # A shell in between: a child of this process would inherit its peak.
    command = f"\"{sys.executable}\" -c '{LARGE}'"
    out = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    print(f"\n100 megapixels, widget and one click: {out.stdout.strip()} MB beyond the array")


def main() -> None:
    """Run every comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="timed calls of each kind")
    parser.add_argument("--quick", action="store_true", help="no encoding, no large image")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        contest = Contest(random_checkpoint(Path(folder)), arguments.rounds)
        photo = skimage.transform.resize(skimage.data.coffee(), SIZES[0], preserve_range=True)
        quick = arguments.quick
        features = made_up_features() if quick else contest.encode(photo.astype(np.uint8))
        print("\nOne click, three candidates, against `SamPredictor.predict`:\n")
        print(
            "| photo | ours | logits and scores / official | with masks / official | medians "
            "| largest logit difference | scores | mask pixels that differ | mask IoU |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for size in SIZES:
            print(*contest.click(*size, features), sep="\n")
        print("\nWhere the time goes, with ONNX Runtime, ms:\n")
        print("| photo | once per image | logits and scores | full-size masks | traced |")
        print("|---|---|---|---|---|")
        for size in SIZES:
            print(contest.breakdown(*size, features))
    if not quick:
        print_memory_of_a_large_image()


if __name__ == "__main__":
    main()
