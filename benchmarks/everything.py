"""Everything mode against the official generator: time, memory, masks; and filtering again.

Without the official weights masks would be noise, so their place is taken: on both sides the real
ViT-B-size decoder runs, with random weights, and its outputs are then replaced by those of one
shared table. In it every point has three nested SLIC regions of a photograph, as clipped signed
distances times a slope of 6 to 30 per logit, and predicted IoUs spread evenly over 0.72 to 1, so
that filters keep a realistic number. Encoding is left out on both sides.

Each run is a process of its own, one after the other. Prints ratios to the official run beside it.

    python benchmarks/everything.py                  # 32 x 32 points at 0.7 megapixels
    python benchmarks/everything.py --size 3000x2000 --points 16 --batch 32   # and peak memory
    python benchmarks/everything.py --refilter       # 3,072 stored candidates
    python benchmarks/everything.py --large          # 20 megapixels within the estimate
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import skimage.data
import skimage.segmentation
import skimage.transform
import torch
from one_click import random_checkpoint
from scipy import ndimage
from segment_anything import SamAutomaticMaskGenerator, sam_model_registry

from sam_widget import AutomaticMaskGenerator, Embedding, Prompts, load
from sam_widget.automatic.candidates import CandidateTable, measure_candidates
from sam_widget.automatic.filters import Thresholds
from sam_widget.automatic.result import AutomaticMasks
from sam_widget.predictors.batch import BatchPrediction
from sam_widget.predictors.frame import ModelFrame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

OURS = ("torch", "onnx", "bf16")
SEGMENTS = (400, 90, 18)
LIMIT = 25.0
"""Largest logit of the table."""


def photo_of(width: int, height: int) -> NDArray[np.uint8]:
    """Return a photograph of this size."""
    scaled = skimage.transform.resize(skimage.data.coffee(), (height, width), preserve_range=True)
    return scaled.astype(np.uint8)


class SharedTable:
    """What stands in for the decoder's outputs, the same in every process.

    Parameters
    ----------
    width, height : int
        Of the image in pixels.
    points : int
        Along a side of the grid.
    """

    def __init__(self, width: int, height: int, points: int) -> None:
        self.size_wh = np.array([width, height])
        self.points = points
        random = np.random.default_rng(7)
        self.scores = random.uniform(0.72, 1, (points * points, 3)).astype(np.float32)
        self.slopes = random.uniform(6, 30, (points * points, 3)).astype(np.float32)
        frame = ModelFrame(height, width)
        rows, columns = (-(-side // 4) for side in frame.resized_hw)
        small = photo_of(columns, rows)
        self._distances: list[list[NDArray[np.float32]]] = []
        self._labels = []
        for count in SEGMENTS:
            labels = skimage.segmentation.slic(small, n_segments=count, start_label=0)
            self._labels.append(labels)
            self._distances.append([_signed(labels == one) for one in range(labels.max() + 1)])
        self._hw = rows, columns

    def rows(self, xy: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return which points of the grid these are, (x, y) in pixels of the image."""
        place = np.rint(xy / self.size_wh * self.points - 0.5).astype(np.int64)
        return place[:, 1] * self.points + place[:, 0]

    def logits(self, row: int, kind: int) -> NDArray[np.float32]:
        """Return the logits of a candidate, float32 (256, 256)."""
        line, column = divmod(row, self.points)
        rows, columns = self._hw
        y = int((line + 0.5) / self.points * rows)
        x = int((column + 0.5) / self.points * columns)
        distance = self._distances[kind][self._labels[kind][y, x]]
        whole = np.full((256, 256), -LIMIT, dtype=np.float32)
        np.clip(distance * self.slopes[row, kind], -LIMIT, LIMIT, out=whole[:rows, :columns])
        return whole


def _signed(region: NDArray[np.bool_]) -> NDArray[np.float32]:
    inside = ndimage.distance_transform_edt(region)
    outside = ndimage.distance_transform_edt(~region)
    return np.clip(inside - outside, -6, 6).astype(np.float32)


# ---- one run, in a process of its own -----------------------------------------------------------


def random_features() -> NDArray[np.float32]:
    """Stand for the image encoder, whose time does not count."""
    return np.random.default_rng(1).standard_normal((1, 256, 64, 64), dtype=np.float32)


def run_ours(options: argparse.Namespace, table: SharedTable, photo: NDArray[np.uint8]) -> int:
    """Run this package's generator; returns the number of masks."""
    runtime = "onnx" if options.one == "onnx" else "torch"
    precision = "bf16" if options.one == "bf16" else "fp32"
    predictor: Any = load(
        "vit_b",
        checkpoint=options.checkpoint,
        device="cpu",
        runtime=runtime,
        precision=precision,
    )
    if predictor.precision != precision:
        raise SystemExit("this processor has no fast bfloat16")
    decode = predictor.decode_batch

    def replaced(
        embedding: Embedding,
        points: NDArray[np.float64],
        boxes: None = None,
        multimask: bool | None = None,
    ) -> BatchPrediction:
        real = decode(embedding, points, boxes, multimask)
        rows = table.rows(np.asarray(points))

        def compute(pairs: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
            real.logits(pairs)
            return np.stack([table.logits(int(rows[prompt]), kind) for prompt, kind in pairs])

        return BatchPrediction(table.scores[rows], real.frame, compute)

    predictor.decode_batch = replaced
    height, width = photo.shape[:2]
    embedding = predictor.unpack({"features": random_features()}, ModelFrame(height, width), "")
    predictor.decode_batch = decode
    warm = decode(embedding, [(5, 5)] * 2)
    warm.logits([(0, 0), (1, 2)])
    predictor.decode_batch = replaced
    generator = AutomaticMaskGenerator(
        predictor,
        points_per_side=options.points,
        points_per_batch=options.our_batch or 64,
        min_mask_region_area=100,
    )
    options.began = time.perf_counter()
    run = generator.stream(photo, keep_all=False, embedding=embedding)
    return len(run.finish().records())


def run_official(options: argparse.Namespace, table: SharedTable, photo: NDArray[np.uint8]) -> int:
    """Run the official generator; returns the number of masks."""
    model = sam_model_registry["vit_b"](checkpoint=options.checkpoint)
    generator = SamAutomaticMaskGenerator(
        model,
        points_per_side=options.points,
        points_per_batch=options.batch,
        min_mask_region_area=100,
    )
    predictor = generator.predictor
    height, width = photo.shape[:2]
    features = torch.from_numpy(random_features())

    def set_image(_: object) -> None:
        predictor.features = features
        predictor.original_size = (height, width)
        predictor.input_size = ModelFrame(height, width).resized_hw
        predictor.is_image_set = True

    asked: list[NDArray[np.int64]] = []
    predict, decode = predictor.predict_torch, model.mask_decoder.forward
    scale = np.array([width, height]) / np.array(ModelFrame(height, width).resized_hw[::-1])

    def predict_torch(points: torch.Tensor, *rest: object, **options: object) -> object:
        asked[:] = [table.rows(points[:, 0].numpy() * scale)]
        return predict(points, *rest, **options)

    def forward(**inputs: object) -> tuple[torch.Tensor, torch.Tensor]:
        masks, _ = decode(**inputs)
        for into, row in zip(masks, asked[0], strict=True):
            for kind in range(3):
                into[kind] = torch.from_numpy(table.logits(int(row), kind))
        return masks, torch.from_numpy(table.scores[asked[0]])

    predictor.set_image, predictor.predict_torch = set_image, predict_torch
    model.mask_decoder.forward = forward
    options.began = time.perf_counter()
    return len(generator.generate(photo))


def run_one(options: argparse.Namespace) -> None:
    """Do what the process was started for, and print it as JSON."""
    width, height = options.size
    photo = photo_of(width, height)
    table = SharedTable(width, height, options.points)
    run = run_official if options.one == "official" else run_ours
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count = run(options, table, photo)
    seconds = time.perf_counter() - options.began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        json.dumps(
            {"seconds": seconds, "peak": peak / 2**20, "start": before / 2**20, "masks": count}
        )
    )


def compare(options: argparse.Namespace, arguments: list[str]) -> None:
    """Run the official generator and ours in turns, and print ratios."""
    width, height = options.size
    kinds = ["official", *options.only]
    runs: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = random_checkpoint(Path(folder))
        for _ in range(options.rounds):
            for kind in kinds:
                command = [sys.executable, __file__, *arguments, "--one", kind]
                done = subprocess.run(
                    [*command, "--checkpoint", str(checkpoint)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                runs[kind].append(json.loads(done.stdout.splitlines()[-1]))
    print(f"{options.points} x {options.points} points, {width} x {height} pixels")
    print("| | seconds | official / it | peak GB | share of the official peak | masks |")
    print("|---|---|---|---|---|---|")
    official = {
        key: statistics.median(run[key] for run in runs["official"]) for key in ("seconds", "peak")
    }
    for kind, some in runs.items():
        seconds = statistics.median(run["seconds"] for run in some)
        peak = max(run["peak"] for run in some)
        print(
            f"| {kind} | {seconds:.1f} | {official['seconds'] / seconds:.2f} | {peak:.2f} "
            f"| {peak / official['peak']:.2f} | {some[0]['masks']:.0f} |"
        )


# ---- filtering again, and a large image ---------------------------------------------------------


def refilter() -> None:
    """Print how long 3,072 stored candidates take with new thresholds."""
    width, height, points = 1024, 683, 32
    table = SharedTable(width, height, points)
    frame = ModelFrame(height, width)
    generator = AutomaticMaskGenerator("fake", points_per_side=points)
    crops, places = generator._places(_Sized(width, height), None)  # type: ignore[arg-type]  # noqa: SLF001
    parts = []
    for row in range(points * points):
        logits = np.stack([table.logits(row, kind) for kind in range(3)])
        traced = frame.trace(logits)
        xy = np.repeat(places[0][row][None], 3, axis=0)
        rank = 3 * row + np.arange(3)
        parts.append(
            measure_candidates(traced, table.scores[row], xy, rank, crops[0], 0, (height, width))
        )
    off = Thresholds(pred_iou_thresh=0, stability_score_thresh=0)
    found = AutomaticMasks(
        CandidateTable.concatenate(parts), Thresholds(), tuple(crops), height, width, off
    )
    print(f"{len(found.table)} candidates, {len(found)} kept by default")
    print("| thresholds | kept | ms, first | ms, again |")
    print("|---|---|---|---|")
    for changes in (
        {},
        {"pred_iou_thresh": 0.9},
        {"pred_iou_thresh": 0.0, "stability_score_thresh": 0.0},
        {"pred_iou_thresh": 0.0, "stability_score_thresh": 0.0, "box_nms_thresh": 0.99},
        {"pred_iou_thresh": 0.0, "stability_score_thresh": 0.0, "box_nms_thresh": 1.0},
        {"min_mask_region_area": 100},
        {"pred_iou_thresh": 0.8, "min_mask_region_area": 500},
    ):
        times = []
        for _ in range(7):
            began = time.perf_counter()
            kept = len(found.refilter(**changes))
            times.append((time.perf_counter() - began) * 1e3)
        print(f"| {changes} | {kept} | {times[0]:.1f} | {statistics.median(times[1:]):.1f} |")


class _Sized:
    """An image of which only the size matters."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height


def large(options: argparse.Namespace) -> None:
    """Run 20 megapixels with the bundled model, and compare its peak with what was announced."""
    photo = photo_of(5000, 4000)
    predictor: Any = load("lite", device="cpu")
    generator = AutomaticMaskGenerator(
        predictor, points_per_side=options.points, **predictor.automatic_defaults
    )
    predictor.decode(predictor.encode(photo[:400, :600]), Prompts(points=[(300, 200)]))
    announced = generator.estimate(photo)
    before = high_water(reset=True)
    began = time.perf_counter()
    records = generator.generate(photo)
    seconds = time.perf_counter() - began
    taken = high_water() - before
    print(f"announced: {announced}")
    print(
        f"taken: {taken / 1e9:.2f} GB in {seconds:.0f} s for {len(records)} masks, "
        f"{taken / announced.nbytes:.2f} of what was announced"
    )


def high_water(*, reset: bool = False) -> int:
    """Return the most resident memory since the last reset, in bytes; Linux only."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(one for one in status.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="1024x683", type=_size)
    parser.add_argument("--points", type=int, default=32, help="along a side of the grid")
    parser.add_argument("--batch", type=int, default=64, help="of the official generator")
    parser.add_argument("--our-batch", type=int, help="of ours, at most; its own choice by default")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=list(OURS), choices=OURS)
    parser.add_argument("--refilter", action="store_true")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--one", choices=["official", *OURS], help=argparse.SUPPRESS)
    parser.add_argument("--checkpoint", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_one(options)
    elif options.refilter:
        refilter()
    elif options.large:
        large(options)
    else:
        compare(options, sys.argv[1:])


def _size(text: str) -> tuple[int, int]:
    width, height = (int(part) for part in text.split("x"))
    return width, height


if __name__ == "__main__":
    main()
