from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sam_widget import Session, load_image
from sam_widget.annotations.candidates import Candidates
from sam_widget.images.encoding import encode_preview
from sam_widget.masks.rle import Rle
from sam_widget.predictors.frame import ModelFrame
from sam_widget.session.document import Answer
from sam_widget.widget.wire import state as traits

KERNEL = json.loads((Path(__file__).parents[2] / "protocol" / "kernel.json").read_text())


def test_document_looks_like_the_example():
    session = Session(load_image(np.zeros((2, 3, 3), np.uint8)))
    session.add_point(1.5, 0.5)
    session.set_box(0, 0, 3, 2)
    assert traits.document_trait(session) == KERNEL["document"]


def test_answer_looks_like_the_example():
    expected = KERNEL["answer"]
    areas = [one["area"] for one in expected["candidates"]]
    masks = [area > np.arange(8).reshape(4, 2).T for area in areas]
    candidates = Candidates(
        logits=np.zeros((3, 256, 256), np.float32),
        scores=np.array([one["score"] for one in expected["candidates"]], np.float32),
        stabilities=(1.0, 1.0, 1.0),
        areas=tuple(areas),
        shown=tuple(Rle.encode(np.ascontiguousarray(mask)) for mask in masks),
        frame=ModelFrame(2, 4),
    )
    trait = traits.answer_trait(Answer(3, 5, candidates, 1, 3))
    assert trait | {"masks": trait["masks"].decode()} == expected


@pytest.mark.parametrize("case", KERNEL["masks"], ids=lambda case: case["rle"])
def test_masks_travel_as_in_the_example(case):
    mask = np.array([[cell == "#" for cell in row] for row in case["rows"]])
    assert Rle.encode(mask).compressed().decode() == case["rle"]


def test_pyramid_stops_where_the_preview_is_as_sharp(coffee):
    def max_level(height, width):
        image = load_image(np.zeros((height, width, 3), np.uint8))
        return traits.image_trait(image, encode_preview(image), "x")["max_level"]

    assert max_level(400, 600) == -1
    assert max_level(2048, 10) == -1
    assert max_level(100, 4096) == 0
    assert max_level(100, 4100) == 1
