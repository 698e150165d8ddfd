"""What a click costs in the kernel besides the decoder: from the message in to the last one out.

The model's answer is a stored one and takes no time, so all that is measured is the widget's:
checking the message, applying the gesture, tracing the masks, laying out traits and handing them
to the comm. Beside it, in the same run and taking turns, ``SamPredictor.predict`` of a ViT-B with
random weights (its speed does not depend on training), and the same masks pixel by pixel. How much
there is to trace depends on how soft the masks' edges are: the bundled model's are the softest, the
fake one's about as hard as those of the official networks. Run by ``make bench``.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import comm
import numpy as np
import skimage.data
import skimage.transform
import torch
from comm.base_comm import BaseComm
from segment_anything import SamPredictor, sam_model_registry

from sam_widget import FakePredictor, Prompts, SamWidget, load
from sam_widget.annotations.candidates import display_hw
from sam_widget.predictors.mask_tracing import trace_all_pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from sam_widget import Embedding, Prediction, Predictor

SIZES = ((683, 1024), (2000, 3000), (3873, 5164))
EDGE = 256


class TimedComm(BaseComm):
    """Notes when the last message left; serialising it is the host's part."""

    last = 0.0

    def publish_msg(self, *_args: object, **_options: object) -> None:
        """Take a message as sent."""
        self.last = time.perf_counter()


class StoredPredictor(FakePredictor):
    """Answers every prompt with one stored prediction, at once."""

    answer: Prediction

    def decode(
        self, embedding: Embedding, prompts: Prompts, multimask: bool | None = None
    ) -> Prediction:
        """Answer any prompts."""
        del prompts, multimask
        return replace(self.answer, frame=embedding.frame)


def photo_of(size: tuple[int, int]) -> np.ndarray:
    """Return a photograph of that size, uint8 (H, W, 3)."""
    photo = skimage.transform.resize(skimage.data.coffee(), size, preserve_range=True)
    return photo.astype(np.uint8)


def stored_answer(model: Predictor, photo: np.ndarray) -> Prediction:
    """Return what a model says to one click on the photograph."""
    height, width = photo.shape[:2]
    prompts = Prompts(points=[(width * 0.5, height * 0.4)])
    return model.decode(model.encode(photo), prompts)


def one_click(widget: SamWidget, number: int) -> float:
    """Seconds from a click's message to the last message of its answer."""
    height, width = widget.image.shape[:2]
    x, y = width * (0.2 + 0.6 * (number % 7) / 7), height / 2
    content = {"type": "add_point", "id": f"click-{number}", "x": x, "y": y, "positive": True}
    content["version"] = widget.document["version"]
    message = {"content": {"data": {"method": "custom", "content": content}}, "buffers": []}
    answered = threading.Event()
    widget.observe(lambda _: answered.set(), "revision")
    start = time.perf_counter()
    widget.comm.handle_msg(message)
    if not answered.wait(60):
        raise RuntimeError("no answer came")
    took = widget.comm.last - start
    widget.unobserve_all("revision")
    widget.clear()
    widget.wait()
    return took


def official_predictor() -> SamPredictor:
    """``SamPredictor`` with random weights and a random embedding: only its decoder is timed."""
    torch.manual_seed(0)
    predictor = SamPredictor(sam_model_registry["vit_b"]())
    predictor.features = torch.randn(1, 256, EDGE // 4, EDGE // 4)
    predictor.is_image_set = True
    return predictor


def set_size(predictor: SamPredictor, size: tuple[int, int]) -> None:
    """Tell the official predictor which image its embedding is of."""
    predictor.original_size = size
    predictor.input_size = predictor.transform.get_preprocess_shape(*size, 1024)


def compare(
    size: tuple[int, int], answer: Prediction, official: SamPredictor, rounds: int
) -> dict[str, float]:
    """Median milliseconds of each, taking turns so that noise hits all alike."""
    model = StoredPredictor()
    model.answer = answer
    set_size(official, size)
    point = np.array([[size[1] * 0.5, size[0] * 0.4]])
    frame = replace(answer.frame, height=size[0], width=size[1])
    shown_hw = display_hw(*size)

    def by_pixel() -> None:
        for one in answer.logits:
            trace_all_pixels(one, shown_hw, frame.axes, (0.0, 1.0, -1.0))

    times: dict[str, list[float]] = {"around": [], "official": [], "traced": [], "by pixel": []}
    with SamWidget(photo_of(size), model=model) as widget:
        widget.wait()
        for number in range(rounds + 2):
            took = {"around": one_click(widget, number)}
            calls: dict[str, Callable[[], object]] = {
                "official": lambda: official.predict(point, np.array([1])),
                "traced": lambda: frame.trace(answer.logits, shown_hw),
                "by pixel": by_pixel,
            }
            for name, call in calls.items():
                start = time.perf_counter()
                call()
                took[name] = time.perf_counter() - start
            if number >= 2:  # the first two warm up
                for name, seconds in took.items():
                    times[name].append(seconds * 1e3)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Print one row for each size and kind of answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30, help="timed clicks of each kind")
    rounds = parser.parse_args().rounds
    comm.create_comm = TimedComm
    official = official_predictor()
    print(
        "| photo | masks of | around the decoder | / official predict | of it tracing masks ",
        end="",
    )
    print("| tracing / pixel by pixel |\n|---|---|---|---|---|---|")
    for size in SIZES:
        for name in ("lite", "fake"):
            answer = stored_answer(load(name), photo_of((400, 600)))
            took = compare(size, answer, official, rounds)
            print(
                f"| {size[1]} x {size[0]} | {name} | {took['around']:.1f} ms "
                f"| {took['around'] / took['official']:.3f} | {took['traced']:.1f} ms "
                f"| {took['traced'] / took['by pixel']:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
