"""The lite model beside the official ViT-B, in turns, in one run: encoding and one click.

A click is timed to the three masks at the size of the photograph on both sides. ViT-B has random
weights: speed does not depend on training.

    python benchmarks/lite_speed.py
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import skimage.data
import torch
from segment_anything import SamPredictor, sam_model_registry

from sam_widget import Prompts
from sam_widget.predictors.lite.predictor import load_lite

if TYPE_CHECKING:
    from collections.abc import Callable

CLICK = (280.0, 230.0)


def in_turns(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Call each in turn, once uncounted and then ``rounds`` times; return milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for i in range(rounds + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if i:
                times[name].append(1e3 * (time.perf_counter() - start))
    return times


def report(title: str, times: dict[str, list[float]], reference: str) -> None:
    """Print medians and the median ratio to the reference, round by round."""
    print(title)
    for name, values in times.items():
        ratios = [mine / theirs for mine, theirs in zip(values, times[reference], strict=True)]
        ratio = statistics.median(ratios)
        print(f"  {name:<22}{statistics.median(values):9.1f} ms   1/{1 / ratio:.1f}")


def main(argv: list[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--encodes", type=int, default=2, help="rounds of encoding (default 2)")
    parser.add_argument("--clicks", type=int, default=40, help="rounds of clicks (default 40)")
    arguments = parser.parse_args(argv)
    photo = skimage.data.coffee()
    torch.manual_seed(0)
    official = SamPredictor(sam_model_registry["vit_b"]().eval())
    models = {f"lite, {name}": load_lite("cpu", runtime=name) for name in ("torch", "onnx")}
    calls: dict[str, Callable[[], object]] = {"ViT-B, official": lambda: official.set_image(photo)}
    calls |= {name: lambda model=model: model.encode(photo) for name, model in models.items()}
    print(f"{photo.shape[1]} x {photo.shape[0]} pixels, {torch.get_num_threads()} threads")
    report("encode", in_turns(calls, arguments.encodes), "ViT-B, official")
    point, label = np.array([CLICK]), np.array([1])
    calls = {"ViT-B, official": lambda: official.predict(point, label)}
    for name, model in models.items():
        embedding = model.encode(photo)
        calls[name] = lambda model=model, embedding=embedding: (
            model.decode(embedding, Prompts(points=[CLICK])).masks
        )
    report("one click, three masks", in_turns(calls, arguments.clicks), "ViT-B, official")


if __name__ == "__main__":
    main()
