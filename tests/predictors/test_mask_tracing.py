"""Masks traced along their boundary against masks computed pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mask_examples import stability_score
from model_frames import FRAME_OF, FRAMES, upsampled

from sam_widget import FakePredictor, Prompts
from sam_widget.annotations.candidates import Candidates, display_hw
from sam_widget.errors import PromptError
from sam_widget.masks.rle import Rle
from sam_widget.predictors.frame import ModelFrame
from sam_widget.predictors.mask_tracing import trace_all_pixels


def assert_traced_exactly(logits, frame, size_hw=None, threshold=0.0, offset=1.0):
    traced = frame.trace(logits, size_hw, threshold, offset)
    assert len(traced) == len(logits)
    masks = frame.masks(logits, size_hw, threshold)
    for one, candidate, mask in zip(traced, logits, masks, strict=True):
        full = upsampled(frame, candidate, size_hw)
        np.testing.assert_array_equal(mask, full > threshold)
        assert one.rle == Rle.encode(mask)
        assert one.area == mask.sum()
        assert isinstance(one.area, int)
        assert one.stability == stability_score(full, threshold, offset)


@pytest.fixture(scope="module", params=FRAME_OF)
def frame_of(request):
    """Make the frame of an image, of each model in turn."""
    return FRAME_OF[request.param]


def blobs(rng, count, scale, side=256):
    """Logits with smooth boundaries, some ragged: what networks give, and worse."""
    y, x = np.mgrid[:side, :side]
    fields = []
    for _ in range(count):
        cy, cx, radius = rng.uniform(0, side, 3)
        field = (radius / 2 - np.hypot(y - cy, x - cx)) * scale
        fields.append(field + rng.normal(scale=rng.choice([0.0, 0.3]), size=field.shape))
    return np.clip(np.array(fields), -20, 20).astype(np.float32)


SIDE = st.one_of(st.integers(1, 40), st.integers(1, 700), st.sampled_from([1023, 1024, 2047, 2048]))


@given(SIDE, SIDE, st.integers(0, 10_000), st.sampled_from([0.05, 0.5, 4.0]))
def test_blobs_at_any_size(frame_of, height, width, seed, scale):
    rng = np.random.default_rng(seed)
    frame = frame_of(height, width)
    assert_traced_exactly(blobs(rng, 2, scale, frame.logits_side), frame)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 10_000))
def test_noise_at_any_size(frame_of, height, width, seed):
    rng = np.random.default_rng(seed)
    frame = frame_of(height, width)
    logits = rng.normal(size=(2, *frame.logits_shape[1:])).astype(np.float32)
    assert_traced_exactly(logits, frame, None, 0.25, 0.5)


@given(st.integers(1, 500), st.integers(1, 500), st.integers(0, 10_000))
def test_where_rounding_decides(frame_of, height, width, seed):
    # Whole numbers: large flats lie on a threshold, and their mixes a rounding above or below.
    rng = np.random.default_rng(seed)
    frame = frame_of(height, width)
    coarse = rng.integers(-1, 2, size=(2, 8, 8)).astype(np.float32)
    each = frame.logits_side // 8
    logits = np.repeat(np.repeat(coarse, each, axis=1), each, axis=2)
    assert_traced_exactly(logits, frame)


@pytest.mark.parametrize("value", [-20, -1, 0, 1, 20, 1e-30, float("nan")])
@pytest.mark.parametrize("size", [(1, 1), (1, 2048), (683, 1024), (9, 8)])
def test_one_value_everywhere(value, size, frame_of):
    frame = frame_of(*size)
    assert_traced_exactly(np.full(frame.logits_shape, value, dtype=np.float32), frame)


@pytest.mark.parametrize("size", [(400, 600), (683, 1024), (2048, 1365), (3000, 4000)])
@pytest.mark.parametrize("name", FRAMES)
def test_what_a_model_gives_at_the_size_shown(size, name, coffee):
    rows = np.arange(size[0]) * 400 // size[0]
    columns = np.arange(size[1]) * 600 // size[1]
    predictor = FakePredictor(**FRAMES[name])
    embedding = predictor.encode(np.ascontiguousarray(coffee[np.ix_(rows, columns)]))
    prediction = predictor.decode(embedding, Prompts(points=[(size[1] * 0.5, size[0] * 0.4)]))
    assert_traced_exactly(prediction.logits, prediction.frame, display_hw(*size))
    candidates = Candidates.of(prediction)
    # What is accepted has the original's size, and so has the mask in Python.
    for number, mask in enumerate(candidates.masks()):
        assert candidates.rle(number) == Rle.encode(mask)


def test_more_pixels_than_one_stretch_of_an_axis(frame_of):
    frame = frame_of(300, 9000)
    assert_traced_exactly(blobs(np.random.default_rng(4), 1, 0.5, frame.logits_side), frame)


def test_soft_and_hard_candidates_of_one_answer():
    rng = np.random.default_rng(5)
    hard, soft = blobs(rng, 1, 4.0), blobs(rng, 1, 0.01)
    frame = ModelFrame(683, 1024)
    assert_traced_exactly(np.concatenate([hard, soft, hard]), frame)
    levels = (0.0, 1.0, -1.0)
    whole = trace_all_pixels(soft[0], (683, 1024), frame.axes, levels)
    assert frame.trace(soft)[0].rle == whole.rle


def test_no_candidates_and_wrong_shapes():
    frame = ModelFrame(30, 40)
    assert frame.trace(np.empty((0, 256, 256), dtype=np.float32)) == []
    with pytest.raises(PromptError, match=r"\(N, 256, 256\), got \(1, 64, 64\)"):
        frame.trace(np.zeros((1, 64, 64), dtype=np.float32))
