"""Objects to be written and read, and what is said of losses forgotten before each test."""

from __future__ import annotations

import numpy as np
import pytest

from sam_widget import Annotation, AnnotationStore, Prompts
from sam_widget.formats import loss_warnings
from sam_widget.masks.rle import Rle

FIELDS = (
    "rle", "label", "color", "predicted_iou", "stability_score", "prompts", "candidate",
    "model_name", "model_digest", "visible", "id", "created",
)  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_said():
    loss_warnings._said.clear()


@pytest.fixture
def masks():
    """bool (H, W) = (60, 80): a ring, two discs, a bar, and noise, apart from each other."""
    row, column = np.mgrid[:60, :80]

    def disc(y, x, radius):
        return (row - y) ** 2 + (column - x) ** 2 <= radius**2

    noise = np.random.default_rng(0).random((60, 80)) < 0.5
    return {
        "ring": disc(30, 40, 18) & ~disc(30, 40, 7),
        "discs": disc(10, 10, 6) | disc(50, 70, 6),
        "bar": (row < 3) & (column > 30),
        "noise": noise & (column < 15) & (row > 25),
    }


@pytest.fixture
def store(masks):
    """One image's objects with everything that an object can have."""
    logits = np.linspace(-8, 8, 256 * 256, dtype=np.float32).reshape(1, 256, 256)
    made = [
        Annotation(
            Rle.encode(masks["ring"]), "cup", "#123abc", 0.9375, 0.5,
            Prompts([(40.25, 14), (3, 3)], [1, 0], [(10.5, 5, 70, 59)]), 1, "lite", "abc123",
        ),
        Annotation(
            Rle.encode(masks["discs"]), "", visible=False, prompts=Prompts(mask=masks["discs"]),
        ),
        Annotation(Rle.encode(masks["bar"]), 'Löffel, "klein"\n=1+1', prompts=Prompts(mask=logits)),
        Annotation(Rle.encode(masks["noise"]), "cup"),
    ]  # fmt: skip
    return AnnotationStore(made, width=80, height=60, file_name="photo.jpg")


def differences(first, second, fields=FIELDS):
    """Names of the fields in which objects of two stores differ; empty when all are equal."""
    assert len(first) == len(second)
    assert (first.width, first.height) == (second.width, second.height)
    pairs = zip(first, second, strict=True)
    return {name for a, b in pairs for name in fields if getattr(a, name) != getattr(b, name)}


@pytest.fixture(name="differences")
def differences_between():
    return differences
