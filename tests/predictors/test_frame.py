"""The models' frames against torch and the official transforms, and where points and masks lie."""

import math
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_frames import FRAME_OF, upsampled

from sam_widget.errors import ModelError, PromptError
from sam_widget.predictors.frame import ModelFrame

SIZES = [(683, 1024), (1024, 683), (375, 500), (1, 1), (3, 700), (1500, 2250), (2049, 1023)]
SIDE = st.integers(1, 5000)


@pytest.fixture(scope="module", params=FRAME_OF)
def frame_of(request):
    """Make the frame of an image, of each model in turn."""
    return FRAME_OF[request.param]


def smooth_logits(seed=0, scale=8.0, side=256):
    import torch

    coarse = np.random.default_rng(seed).normal(scale=scale, size=(1, 1, 9, 9))
    fine = torch.nn.functional.interpolate(
        torch.from_numpy(coarse.astype(np.float32)), (side, side), mode="bicubic"
    )
    return fine[0, 0].numpy()


def official_upsample(logits, frame, size_hw):
    import torch

    def bilinear(tensor, size):
        return torch.nn.functional.interpolate(tensor, size, mode="bilinear", align_corners=False)

    given = torch.from_numpy(logits)[None, None]
    if frame.upsampling == "direct":  # as SAM 2 and SAM 3, which stretch
        return bilinear(given, size_hw)[0, 0].numpy()
    height, width = frame.resized_hw
    square = bilinear(given, (frame.input_side, frame.input_side))
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
def test_upsampling_is_the_official_one(size, frame_of):
    frame = frame_of(*size)
    logits = smooth_logits(side=frame.logits_side)
    expected = official_upsample(logits, frame, size)
    result = upsampled(frame, logits)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, atol=2e-5)
    masks = frame.masks(logits[None])
    assert masks.shape == (1, *size)
    assert masks.dtype == np.bool_
    assert np.count_nonzero(masks[0] != (expected > 0)) <= expected.size / 1e5


@pytest.mark.parametrize("size_hw", [(64, 96), (300, 200), (683, 1024), (5, 4100)])
def test_upsampling_to_another_size(size_hw, frame_of):
    frame = frame_of(683, 1024)
    logits = smooth_logits(1, side=frame.logits_side)
    expected = official_upsample(logits, frame, size_hw)
    np.testing.assert_allclose(upsampled(frame, logits, size_hw), expected, atol=2e-5)


@settings(deadline=None)  # the machine may be busy
@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 5))
def test_masks_agree_with_the_logits(frame_of, height, width, seed):
    rng = np.random.default_rng(seed)
    frame = frame_of(height, width)
    logits = rng.normal(size=(2, *frame.logits_shape[1:])).astype(np.float32)
    masks = frame.masks(logits, threshold=0.25)
    for candidate, mask in zip(logits, masks, strict=True):
        np.testing.assert_array_equal(mask, upsampled(frame, candidate) > 0.25)


def test_no_candidates(frame_of):
    frame = frame_of(3, 4)
    none = np.empty((0, *frame.logits_shape[1:]), dtype=np.float32)
    assert frame.masks(none).shape == (0, 3, 4)


def test_logits_of_another_shape():
    with pytest.raises(PromptError, match=r"\(256, 256\), got \(64, 64\)"):
        ModelFrame(3, 4).masks(np.zeros((1, 64, 64), dtype=np.float32))
    with pytest.raises(PromptError, match=r"\(288, 288\), got \(256, 256\)"):
        FRAME_OF["stretched"](3, 4).masks(np.zeros((1, 256, 256), dtype=np.float32))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"logits_side": 0}, "logits_side from 1"),
        ({"logits_side": 300, "input_side": 200}, "to input_side = 200"),
        ({"logits_side": 600}, "at most 512, got 600"),
        ({"fit": "crop"}, "fit to be one of pad, stretch, got 'crop'"),
        ({"upsampling": "cubic"}, "upsampling to be one of through_input, direct"),
    ],
)
def test_frames_that_no_model_has(change, said):
    with pytest.raises(ModelError, match=said):
        ModelFrame(3, 4, **change)


def test_a_frame_of_an_image_alone_is_the_official_one():
    frame = ModelFrame(3, 4)
    assert (frame.input_side, frame.logits_side) == (1024, 256)
    assert (frame.fit, frame.upsampling) == ("pad", "through_input")


# Tall, wide, tiny, large: sides and places in them.
IMAGE = st.one_of(
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
    st.tuples(SIDE, st.integers(1, 9)),
    st.tuples(st.integers(1, 9), SIDE),
    st.tuples(SIDE, SIDE),
)


@given(IMAGE, st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_points_go_to_the_model_and_back(frame_of, size, place):
    height, width = size
    frame = frame_of(height, width)
    point = np.array([place[0] * width, place[1] * height])
    corners = np.array([(0, 0), (width, height), point])
    first, last, there = frame.points_to_model(corners)
    assert first.tolist() == [0, 0]
    np.testing.assert_allclose(last, frame.resized_hw[::-1], rtol=1e-12)
    np.testing.assert_allclose(there * (width, height) / last, point, rtol=1e-12)
    box = frame.boxes_to_model([(0, 0, *point)])
    np.testing.assert_array_equal(box, [[0, 0, *there]])
    # The longest side fills the square; a stretched image fills it all.
    sides = {*frame.resized_hw} if frame.fit == "stretch" else {max(frame.resized_hw)}
    assert sides == {frame.input_side}


@settings(max_examples=60)
@given(size=st.tuples(st.integers(1, 900), st.integers(1, 900)))
def test_logits_come_back_to_where_points_went(frame_of, size):
    """Logits that are their own place in the model give each pixel the place of its centre."""
    height, width = size
    frame = frame_of(height, width)
    cell = frame.input_side / frame.logits_side
    places = ((np.arange(frame.logits_side) + 0.5) * cell).astype(np.float32)
    x, y = np.meshgrid(places, places)
    for axis, field in enumerate((x, y)):
        count = (width, height)[axis]
        centres = np.zeros((count, 2))
        centres[:, axis] = np.arange(count) + 0.5
        expected = frame.points_to_model(centres)[:, axis]
        found = upsampled(frame, field)
        found = found[0] if axis == 0 else found[:, 0]
        # Beyond the centre of the last logit, and of the last pixel of the input, there is nothing
        # to interpolate with.
        margin = cell / 2 + 1
        end = frame.resized_hw[::-1][axis]
        inner = (expected > margin) & (expected < min(end - 1, frame.input_side - margin))
        np.testing.assert_allclose(found[inner], expected[inner], atol=2e-3)
        np.testing.assert_allclose(found, expected, atol=margin)


@given(IMAGE, st.data())
def test_a_box_as_a_mask_prompt_comes_back_where_it_is(frame_of, size, data):
    height, width = size
    frame = frame_of(height, width)
    x0, x1 = sorted(data.draw(st.tuples(st.integers(0, width), st.integers(0, width))))
    y0, y1 = sorted(data.draw(st.tuples(st.integers(0, height), st.integers(0, height))))
    mask = np.zeros(size, bool)
    mask[y0:y1, x0:x1] = True
    back = frame.masks(frame.logits_from_mask(mask))[0]
    # Two cells of the logits in pixels of the image: one for each resize.
    cell = frame.input_side / frame.logits_side
    far_y, far_x = (
        int(np.ceil(2 * cell * side / resized)) + 1
        for side, resized in zip(size, frame.resized_hw, strict=True)
    )
    grown = np.zeros(size, bool)
    grown[max(0, y0 - far_y) : y1 + far_y, max(0, x0 - far_x) : x1 + far_x] = True
    assert not np.any(back & ~grown)
    assert back[y0 + far_y : max(0, y1 - far_y), x0 + far_x : max(0, x1 - far_x)].all()


@pytest.mark.parametrize("size", [(300, 400), (400, 300), (256, 256), (100, 90), (1, 1000)])
def test_mask_prompt(size, frame_of):
    height, width = size
    frame = frame_of(height, width)
    side = frame.logits_side
    mask = np.zeros(size, dtype=bool)
    mask[height // 4 : height - height // 4, width // 3 : width - width // 4] = True
    before = mask.copy()
    logits = frame.logits_from_mask(mask)
    np.testing.assert_array_equal(mask, before)
    assert logits.shape == frame.logits_shape == (1, side, side)
    assert logits.dtype == np.float32
    inside = np.float32(math.log(999))
    assert set(np.unique(logits)) == {-inside, inside}
    if frame.fit == "pad":
        small_height = max(1, int(height * side / max(size) + 0.5))
        small_width = max(1, int(width * side / max(size) + 0.5))
        assert (logits[0, small_height:] < 0).all()
        assert (logits[0, :, small_width:] < 0).all()
    round_trip = frame.masks(logits)[0]
    union = np.count_nonzero(round_trip | mask)
    # An edge is at most half a cell off, and 16 logits have few cells.
    least = 0.95 if side > 16 else 0.8
    assert np.count_nonzero(round_trip & mask) > least * union


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
        from sam_widget.predictors.frame import ModelFrame

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
