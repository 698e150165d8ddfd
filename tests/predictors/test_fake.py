import dataclasses
import itertools
import threading

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from mask_examples import stability_score
from model_frames import upsampled

from sam_widget.errors import EmbeddingMismatch, PromptError
from sam_widget.predictors import FakePredictor
from sam_widget.prompts import Prompts

pytestmark = pytest.mark.usefixtures("any_frame")


@pytest.fixture(scope="module")
def predictor(any_frame):
    return FakePredictor()


@pytest.fixture(scope="module")
def photo(predictor):
    return predictor.encode(skimage.data.astronaut())


def at_least(share, frame):
    """Return the share of pixels that are to agree: fewer of 16 logits, whose cells are large."""
    return share if frame.logits_side > 16 else share - 0.1


def pixel(embedding, x, y):
    """Row and column of the pixel that a point is in."""
    return min(int(y), embedding.frame.height - 1), min(int(x), embedding.frame.width - 1)


def assert_nested(masks):
    for inner, outer in itertools.pairwise(masks):
        assert not np.any(inner & ~outer)


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    fraction=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    seed=st.integers(0, 9),
)
def test_candidates_are_nested_and_contain_the_click(height, width, fraction, seed):
    """On noise too, where every way is full of edges, and at the border of any image."""
    predictor = FakePredictor()
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    embedding = predictor.encode(image)
    x, y = fraction[0] * width, fraction[1] * height
    prediction = predictor.decode(embedding, Prompts(points=[(x, y)]))
    assert prediction.masks[(slice(None), *pixel(embedding, x, y))].all()
    assert_nested(prediction.masks)
    assert np.all((prediction.scores > 0) & (prediction.scores < 1))


@pytest.mark.parametrize("shape_hw", [(3, 2000), (2000, 3), (1, 1), (4, 5), (2400, 1700)])
def test_extreme_shapes(predictor, shape_hw):
    height, width = shape_hw
    embedding = predictor.encode(np.zeros((height, width, 3), np.uint8))
    for x, y in [(0, 0), (width, height), (width / 2, height / 2)]:
        masks = predictor.decode(embedding, Prompts(points=[(x, y)])).masks
        assert masks.shape == (3, height, width)
        assert masks[(slice(None), *pixel(embedding, x, y))].all()


def test_on_a_photo_the_areas_grow_and_the_logits_are_smooth(predictor, photo):
    best = set()
    for point in [(230, 120), (60, 60), (420, 110), (240, 420), (400, 400), (350, 60)]:
        prediction = predictor.decode(photo, Prompts(points=[point]))
        areas = prediction.masks.sum(axis=(1, 2))
        assert 0 < areas[0] < areas[1] < areas[2] < 0.6 * 512 * 512
        assert len(set(prediction.scores.tolist())) == 3
        assert np.abs(prediction.logits).max() == 20
        for logits in prediction.logits:
            assert 0.6 < stability_score(upsampled(prediction.frame, logits)) < 1
        best.add(int(prediction.scores.argmax()))
    assert len(best) > 1  # no candidate is always the best


def test_edges_of_the_image_stop_a_click(predictor):
    image = np.full((200, 200, 3), 230, np.uint8)
    image[60:140, 60:140] = (200, 30, 30)
    prediction = predictor.decode(predictor.encode(image), Prompts(points=[(100, 100)]))
    square = np.zeros((200, 200), bool)
    square[60:140, 60:140] = True
    middle = prediction.masks[2]
    # The square is six of 16 cells wide, and its edge is blurred over one on either side.
    least = 0.8 if prediction.frame.logits_side > 16 else 0.4
    assert (middle & square).sum() / (middle | square).sum() > least


def test_the_same_question_gets_the_same_answer(predictor, photo):
    prompts = Prompts(points=[(100, 100), (300, 200)], labels=[1, 0])
    first = predictor.decode(photo, prompts)
    other = FakePredictor()
    again = other.decode(other.encode(skimage.data.astronaut()), prompts)
    np.testing.assert_array_equal(first.logits, again.logits)
    np.testing.assert_array_equal(first.scores, again.scores)


@settings(max_examples=60, deadline=None)
@given(
    corners=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    shape_hw=st.sampled_from([(300, 500), (800, 200), (64, 64)]),
    multimask=st.booleans(),
)
def test_a_box_holds_its_mask(corners, shape_hw, multimask):
    height, width = shape_hw
    predictor = FakePredictor()
    frame = predictor.frame(shape_hw)
    # Narrower than two cells of the logits, a box is widened to be seen.
    cells_hw = np.multiply(frame.resized_hw, frame.logits_side / frame.input_side)
    least_y, least_x = 2 * np.divide(shape_hw, cells_hw)
    x0, x1 = sorted((corners[0] * width, corners[1] * width))
    y0, y1 = sorted((corners[2] * height, corners[3] * height))
    x0, y0 = min(x0, width - least_x), min(y0, height - least_y)
    x1, y1 = max(x1, x0 + least_x), max(y1, y0 + least_y)
    embedding = predictor.encode(np.zeros((height, width, 3), np.uint8))
    masks = predictor.decode(embedding, Prompts(boxes=[(x0, y0, x1, y1)]), multimask).masks
    assert_nested(masks)
    columns, rows = np.arange(width) + 0.5, np.arange(height) + 0.5
    outside = ((columns < x0) | (columns > x1))[None] | ((rows < y0) | (rows > y1))[:, None]
    # Within half a cell of the image's border there is nothing to interpolate with.
    half_y, half_x = least_y / 4, least_x / 4
    inner = ((columns > half_x) & (columns < width - half_x))[None]
    inner = inner & ((rows > half_y) & (rows < height - half_y))[:, None]
    assert not np.any(masks & outside & inner)
    # Across a few pixels, those cut by the border are a large share.
    if x1 - x0 > max(4 * least_x, 10) and y1 - y0 > max(4 * least_y, 10):
        assert at_least(0.8, frame) < masks[-1].sum() / ((x1 - x0) * (y1 - y0)) < 1


def test_a_tiny_box_is_still_seen(predictor, photo):
    assert predictor.decode(photo, Prompts(boxes=[(100, 100, 100.5, 300)])).masks.any()


def test_an_excluded_point_bites(predictor, photo):
    include = Prompts(points=[(240, 120)])
    whole = predictor.decode(photo, include, multimask=True)
    bitten = predictor.decode(photo, include.with_point(280, 130, positive=False), multimask=True)
    assert not bitten.masks[:, 130, 280].any()
    assert bitten.masks[:, 120, 240].all()
    assert not np.any(bitten.masks & ~whole.masks)
    assert_nested(bitten.masks)


def test_excluded_points_alone_leave_the_rest(predictor, photo):
    prediction = predictor.decode(photo, Prompts(points=[(240, 120)], labels=[0]), multimask=False)
    assert not prediction.masks[0, 120, 240]
    assert prediction.masks[0].mean() > 0.7


def test_more_clicks_grow_and_join(predictor, photo):
    from skimage.measure import label

    one = predictor.decode(photo, Prompts(points=[(100, 100)]), multimask=False).masks[0]
    two = predictor.decode(photo, Prompts(points=[(100, 100), (400, 350)])).masks[0]
    assert two[100, 100]
    assert two[350, 400]
    assert two.sum() > one.sum()
    assert not np.any(one & ~two)
    assert label(two).max() == 1


def test_a_mask_prompt_is_followed(predictor, photo):
    rows, columns = np.ogrid[:512, :512]
    # Wider than the bite below, which is at least 3.5 cells of the logits.
    radius = max(90, 5.5 * 512 / photo.frame.logits_side)
    mask = np.hypot(rows - 300, columns - 200) < radius
    followed = predictor.decode(photo, Prompts(mask=mask)).masks[0]
    least = at_least(0.95, photo.frame)
    assert (followed & mask).sum() / (followed | mask).sum() > least

    candidates = predictor.decode(photo, Prompts(mask=mask), multimask=True).masks
    assert_nested(candidates)
    assert candidates[0].any()

    corrected = predictor.decode(photo, Prompts(points=[(200, 300)], labels=[0], mask=mask)).masks[
        0
    ]
    assert not corrected[300, 200]
    assert corrected[300, int(200 - 0.78 * radius)]


def test_logits_fed_back_give_the_mask_they_came_from(predictor, photo):
    first = predictor.decode(photo, Prompts(points=[(240, 120)]))
    again = predictor.decode(photo, Prompts(mask=first.logits[1:2]))
    np.testing.assert_array_equal(again.masks[0], first.masks[1])


def test_three_or_one(predictor, photo):
    point, box = Prompts(points=[(9, 9)]), Prompts(boxes=[(10, 10, 90, 90)])
    assert len(predictor.decode(photo, point)) == 3
    assert len(predictor.decode(photo, point, multimask=False)) == 1
    assert len(predictor.decode(photo, box)) == 1
    assert len(predictor.decode(photo, box, multimask=True)) == 3


def test_what_it_refuses(predictor, photo):
    with pytest.raises(PromptError, match="got empty prompts"):
        predictor.decode(photo, Prompts())
    with pytest.raises(PromptError):
        predictor.decode(photo, Prompts(points=[(513, 5)]))
    with pytest.raises(EmbeddingMismatch):
        predictor.decode(dataclasses.replace(photo, model_digest="0"), Prompts(points=[(1, 1)]))


def test_delays_and_counts(monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    predictor = FakePredictor(encode_delay=2.5, decode_delay=0.5)
    embedding = predictor.encode(np.zeros((9, 9, 3), np.uint8))
    predictor.decode(embedding, Prompts(points=[(1, 1)]))
    predictor.decode(embedding, Prompts(points=[(2, 1)]))
    assert slept == [2.5, 0.5, 0.5]
    assert (predictor.encode_calls, predictor.decode_calls) == (1, 2)


def test_threads(predictor, photo):
    prompts = [Prompts(points=[(20 * k + 10, 200)]) for k in range(8)]
    alone = [predictor.decode(photo, each).logits for each in prompts]
    together = [None] * len(prompts)

    def work(index):
        together[index] = predictor.decode(photo, prompts[index]).logits

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(prompts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(together, alone)
