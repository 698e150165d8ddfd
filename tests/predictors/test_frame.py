"""The model's frame against torch and the official transforms."""

import math
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sam_widget.errors import PromptError
from sam_widget.predictors.frame import ModelFrame

SIZES = [(683, 1024), (1024, 683), (375, 500), (1, 1), (3, 700), (1500, 2250), (2049, 1023)]
SIDE = st.integers(1, 5000)


def smooth_logits(seed=0, scale=8.0):
    import torch

    coarse = np.random.default_rng(seed).normal(scale=scale, size=(1, 1, 9, 9))
    fine = torch.nn.functional.interpolate(
        torch.from_numpy(coarse.astype(np.float32)), (256, 256), mode="bicubic"
    )
    return fine[0, 0].numpy()


def official_upsample(logits, frame, size_hw):
    import torch

    def bilinear(tensor, size):
        return torch.nn.functional.interpolate(tensor, size, mode="bilinear", align_corners=False)

    height, width = frame.resized_hw
    square = bilinear(torch.from_numpy(logits)[None, None], (1024, 1024))
    return bilinear(square[..., :height, :width], size_hw)[0, 0].numpy()


@settings(deadline=None)  # the machine may be busy
@given(SIDE, SIDE)
def test_resized_size_and_points_are_the_official_ones(height, width):
    from segment_anything.utils.transforms import ResizeLongestSide

    frame = ModelFrame(height, width)
    official = ResizeLongestSide(1024)
    expected = official.get_preprocess_shape(height, width, 1024)
    assert frame.resized_hw == tuple(max(1, side) for side in expected)
    if min(expected):
        points = np.array([[0.25, 0.75], [width, height], [width / 3, height / 7]])
        np.testing.assert_array_equal(
            frame.points_to_model(points), official.apply_coords(points, (height, width))
        )
        boxes = np.array([[0.0, 0.5, width, height / 2]])
        np.testing.assert_array_equal(
            frame.boxes_to_model(boxes), official.apply_boxes(boxes, (height, width))
        )


def test_points_are_not_modified_and_may_be_none():
    frame = ModelFrame(100, 200)
    points = np.array([[10.0, 20.0]])
    assert frame.points_to_model(points).tolist() == [[51.2, 102.4]]
    assert points.tolist() == [[10, 20]]
    assert frame.points_to_model([]).shape == (0, 2)
    assert frame.boxes_to_model([]).shape == (0, 4)
    assert frame.points_to_model([(1, 2)]).dtype == np.float64


@pytest.mark.parametrize("size", SIZES)
def test_upsampling_is_the_official_one(size):
    frame = ModelFrame(*size)
    logits = smooth_logits()
    expected = official_upsample(logits, frame, size)
    result = frame.upsample(logits)
    assert result.dtype == np.float32
    assert result.flags.c_contiguous
    np.testing.assert_allclose(result, expected, atol=2e-5)
    masks = frame.masks(logits[None])
    assert masks.shape == (1, *size)
    assert masks.dtype == np.bool_
    assert np.count_nonzero(masks[0] != (expected > 0)) <= expected.size / 1e5


@pytest.mark.parametrize("size_hw", [(64, 96), (300, 200), (683, 1024), (5, 4100)])
def test_upsampling_to_another_size(size_hw):
    frame = ModelFrame(683, 1024)
    logits = smooth_logits(1)
    expected = official_upsample(logits, frame, size_hw)
    np.testing.assert_allclose(frame.upsample(logits, size_hw), expected, atol=2e-5)


@settings(deadline=None)  # the machine may be busy
@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 5))
def test_masks_agree_with_the_logits(height, width, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(2, 256, 256)).astype(np.float32)
    frame = ModelFrame(height, width)
    masks = frame.masks(logits, threshold=0.25)
    for candidate, mask in zip(logits, masks, strict=True):
        np.testing.assert_array_equal(mask, frame.upsample(candidate) > 0.25)


def test_no_candidates():
    assert ModelFrame(3, 4).masks(np.empty((0, 256, 256), dtype=np.float32)).shape == (0, 3, 4)


def test_logits_of_another_shape():
    with pytest.raises(PromptError, match=r"\(256, 256\), got \(64, 64\)"):
        ModelFrame(3, 4).upsample(np.zeros((64, 64), dtype=np.float32))


@pytest.mark.parametrize("size", [(300, 400), (400, 300), (256, 256), (100, 90), (1, 1000)])
def test_mask_prompt(size):
    height, width = size
    frame = ModelFrame(height, width)
    mask = np.zeros(size, dtype=bool)
    mask[height // 4 : height - height // 4, width // 3 : width - width // 4] = True
    before = mask.copy()
    logits = frame.logits_from_mask(mask)
    np.testing.assert_array_equal(mask, before)
    assert logits.shape == (1, 256, 256)
    assert logits.dtype == np.float32
    inside = np.float32(math.log(999))
    assert set(np.unique(logits)) == {-inside, inside}
    small_height = max(1, int(height * 256 / max(size) + 0.5))
    small_width = max(1, int(width * 256 / max(size) + 0.5))
    assert (logits[0, small_height:] < 0).all()
    assert (logits[0, :, small_width:] < 0).all()
    round_trip = frame.masks(logits)[0]
    union = np.count_nonzero(round_trip | mask)
    assert np.count_nonzero(round_trip & mask) > 0.95 * union


def test_mask_prompt_follows_the_official_resize():
    from segment_anything.utils.transforms import ResizeLongestSide

    y, x = np.mgrid[:683, :1024]
    mask = (y - 300) ** 2 / 4 + (x - 500) ** 2 < 150**2
    resized = ResizeLongestSide(256).apply_image(mask.astype(np.uint8) * 255) > 127
    logits = ModelFrame(683, 1024).logits_from_mask(mask)[0]
    np.testing.assert_array_equal(logits[: resized.shape[0], : resized.shape[1]] > 0, resized)
    assert (logits > 0).sum() == resized.sum()


@pytest.mark.parametrize("mask", [np.ones((3, 4), np.uint8), np.ones((4, 3), bool), np.ones(3)])
def test_mask_prompt_of_another_shape(mask):
    with pytest.raises(PromptError, match=r"bool of the image's shape \(3, 4\)"):
        ModelFrame(3, 4).logits_from_mask(mask)


def test_memory_of_a_hundred_megapixels():
    script = """
        import resource
        import numpy as np
        from sam_widget.frames import ModelFrame

        frame = ModelFrame(10_000, 10_000)
        logits = np.random.default_rng(0).normal(size=(3, 256, 256)).astype(np.float32)
        ModelFrame(700, 500).masks(logits)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        masks = frame.masks(logits)
        assert masks.shape == (3, 10_000, 10_000)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
    """
    # Through a shell: a process's peak starts at that of the process it was started from.
    output = subprocess.run(
        ["sh", "-c", '"$0" -c "$1"; exit $?', sys.executable, textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    print(f"3 masks of 100 megapixels: {float(output):.0f} MB extra")
    assert 250 < float(output) < 500
