"""Prompts: normalisation, validation, edits, and fitting to an image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sam_widget.errors import PromptError, UnsupportedPrompt
from sam_widget.masks.rle import Rle
from sam_widget.prompts import Prompts, logits_from_bytes

FINITE = st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.lists(st.tuples(FINITE, FINITE), max_size=5)
LOGITS = np.zeros((1, 256, 256), dtype=np.float32)
MASK = np.array([[True, False, False], [False, True, False]])


def test_nothing_is_empty():
    prompts = Prompts()
    assert prompts.is_empty
    assert not prompts.is_single_point
    assert (prompts.points, prompts.labels, prompts.boxes, prompts.mask) == ((), (), (), None)
    assert prompts.box is None
    assert prompts.point_coords.shape == (0, 2)
    assert prompts.point_labels.shape == (0,)
    assert prompts == Prompts(None, None, None, None) == Prompts([], [], [])
    assert prompts == Prompts(np.empty((0, 2)), None, np.empty((0, 4)))


@pytest.mark.parametrize(
    "points", [[(1, 2), (3, 4)], [[1, 2], [3, 4]], np.array([[1, 2], [3, 4]], dtype=np.float32)]
)
def test_array_likes_become_tuples_of_floats(points):
    prompts = Prompts(points=points, boxes=np.array([[0, 1, 2, 3]]))
    assert prompts.points == ((1.0, 2.0), (3.0, 4.0))
    assert all(type(value) is float for point in prompts.points for value in point)
    assert prompts.labels == (1, 1)
    assert prompts.boxes == ((0.0, 1.0, 2.0, 3.0),)
    assert prompts.box == (0.0, 1.0, 2.0, 3.0)


def test_point_arrays():
    prompts = Prompts([(1, 2), (3, 4)], [1, 0])
    assert prompts.point_coords.dtype == np.float64
    np.testing.assert_array_equal(prompts.point_coords, [[1, 2], [3, 4]])
    assert prompts.point_labels.dtype == np.int64
    np.testing.assert_array_equal(prompts.point_labels, [1, 0])


@pytest.mark.parametrize(
    "labels", [[1, 0], (True, False), np.array([1.0, 0.0]), np.array([1, 0], dtype=np.uint8)]
)
def test_labels(labels):
    prompts = Prompts([(1, 2), (3, 4)], labels)
    assert prompts.labels == (1, 0)
    assert all(type(label) is int for label in prompts.labels)


@pytest.mark.parametrize(
    "points",
    [
        (1, 2),
        [(1, 2, 3)],
        [(1,)],
        [[(1, 2)]],
        [(1, 2), (3,)],
        [("1", "2")],
        "12",
        [(1, None)],
        [(1, 2j)],
        [(True, False)],
        5,
        {"x": 1},
        [(float("nan"), 1)],
        [(float("inf"), 1)],
        [(10**400, 1)],
        np.empty((0, 3)),
    ],
)
def test_malformed_points(points):
    with pytest.raises(PromptError, match=r"points must be numbers of shape \(N, 2\)"):
        Prompts(points=points)


@pytest.mark.parametrize(
    "labels", [[1], [1, 0, 1], [1, 2], [1, -1], [1, 0.5], ["1", "0"], [[1, 0]], 1, [1, None]]
)
def test_malformed_labels(labels):
    with pytest.raises(PromptError, match="labels must be one 1"):
        Prompts([(1, 2), (3, 4)], labels)


def test_labels_without_points():
    with pytest.raises(PromptError, match="expected 0 for 0 points"):
        Prompts(labels=[1])


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (5, 5, 9, 5), (9, 5, 5, 9), (5, 9, 9, 5)])
def test_empty_and_reversed_boxes(box):
    with pytest.raises(PromptError, match=r"box must have x0 < x1 and y0 < y1, got \("):
        Prompts(boxes=[box])


@pytest.mark.parametrize(
    "boxes", [(0, 0, 1, 1), [(0, 0, 1)], [(0, 0, 1, float("nan"))], [("a", 0, 1, 1)], 3]
)
def test_malformed_boxes(boxes):
    with pytest.raises(PromptError, match=r"boxes must be numbers of shape \(1, 4\)"):
        Prompts(boxes=boxes)


def test_two_boxes_are_two_objects():
    with pytest.raises(UnsupportedPrompt, match="got 2 boxes"):
        Prompts(boxes=[(0, 0, 1, 1), (2, 2, 3, 3)])


@pytest.mark.parametrize("mask", [MASK, MASK.astype(np.uint8), MASK.tolist(), MASK.T.copy().T])
def test_bool_masks(mask):
    stored = Prompts(mask=mask).mask
    assert stored.dtype == np.bool_
    np.testing.assert_array_equal(stored, MASK)
    assert not stored.flags.writeable
    assert stored.flags.c_contiguous


@pytest.mark.parametrize("array", [MASK.copy(), LOGITS.copy()])
def test_masks_are_copied(array):
    prompts = Prompts(mask=array)
    before = prompts.mask.copy()
    array[...] = 1
    np.testing.assert_array_equal(prompts.mask, before)
    with pytest.raises(ValueError, match="read-only"):
        prompts.mask[...] = 0


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (MASK.astype(np.uint8) * 255, "mask > 0"),
        (MASK.astype(int), "int64"),
        (MASK.astype(float), "float64"),
        (MASK[0], r"shape \(3,\)"),
        (MASK[np.newaxis], r"shape \(1, 2, 3\)"),
        (np.zeros((0, 3), dtype=bool), r"shape \(0, 3\)"),
        (LOGITS[0], r"shape \(256, 256\)"),
        (LOGITS[:, :-1], r"shape \(1, 255, 256\)"),
        (LOGITS[[0, 0]], r"shape \(2, 256, 256\)"),
        (np.zeros((1, 0, 0), np.float32), r"shape \(1, 0, 0\)"),
        (np.zeros((1, 513, 513), np.float32), r"shape \(1, 513, 513\)"),
        (LOGITS.astype(np.float64), "float64"),
        (np.full_like(LOGITS, np.nan), "not all finite"),
        ("mask.png", "mask must be"),
        ([[True], [True, False]], "no regular array"),
    ],
)
def test_malformed_masks(mask, message):
    with pytest.raises(PromptError, match=message):
        Prompts(mask=mask)


@pytest.mark.parametrize("side", [1, 16, 256, 288, 512])
def test_logits_of_any_model_are_taken_and_read_again(side):
    logits = np.linspace(-1, 1, side * side, dtype=np.float32).reshape(1, side, side)
    assert Prompts(mask=logits).mask.shape == (1, side, side)
    np.testing.assert_array_equal(logits_from_bytes(logits.tobytes()), logits)


@pytest.mark.parametrize("count", [0, 1, 4 * 6, 4 * 9 + 1, 4 * 513 * 513])
def test_bytes_that_are_no_square_of_logits(count):
    with pytest.raises(PromptError, match=f"a square of at most 512 a side, got {count} bytes"):
        logits_from_bytes(b"0" * count)


def test_equality_and_hash_are_by_value():
    first = Prompts([(1, 2)], [0], [(0, 0, 5, 5)], MASK)
    second = Prompts(np.array([[1, 2]]), [False], [[0, 0, 5, 5]], MASK.copy())
    assert first == second
    assert hash(first) == hash(second)
    assert len({first, second}) == 1
    for other in (
        first.with_point(1, 1),
        Prompts([(1, 2)], [1], [(0, 0, 5, 5)], MASK),
        first.without_box(),
        first.with_mask(None),
        first.with_mask(~MASK),
        first.with_mask(LOGITS),
        "prompts",
    ):
        assert first != other


def test_prompts_are_frozen():
    with pytest.raises(AttributeError):
        Prompts().points = ()


def test_single_point():
    point = Prompts([(1, 1)], [0])
    assert point.is_single_point
    assert not point.is_empty
    assert not point.with_point(2, 2).is_single_point
    assert not point.with_box(0, 0, 1, 1).is_single_point
    assert not point.with_mask(MASK).is_single_point
    assert not Prompts(boxes=[(0, 0, 1, 1)]).is_single_point


def test_extends():
    one = Prompts([(1, 1)])
    two = one.with_point(2, 2, positive=False)
    boxed = one.with_box(0, 0, 9, 9)
    assert two.extends(one)
    assert two.with_point(3, 3).extends(one)
    assert one.extends(Prompts())
    assert boxed.with_point(2, 2).extends(boxed)
    assert one.with_mask(MASK).with_point(2, 2).extends(one.with_mask(MASK))
    assert not one.extends(one)
    assert not one.extends(two)
    assert not two.extends(Prompts([(1, 1)], [0]))
    assert not two.extends(Prompts([(5, 1)]))
    assert not boxed.extends(one)
    assert not boxed.with_point(2, 2).extends(one)
    assert not two.with_mask(MASK).extends(one)


def test_edits_return_new_prompts():
    start = Prompts()
    prompts = start.with_point(1, 2).with_point(3, 4, positive=False).with_box(0, 0, 9, 9)
    assert start.is_empty
    assert prompts == Prompts([(1, 2), (3, 4)], [1, 0], [(0, 0, 9, 9)])
    assert prompts.move_point(1, 5, 6).points == ((1, 2), (5, 6))
    assert prompts.move_point(1, 5, 6).labels == (1, 0)
    assert prompts.without_point(0) == Prompts([(3, 4)], [0], [(0, 0, 9, 9)])
    assert prompts.with_box(1, 1, 2, 2).boxes == ((1, 1, 2, 2),)
    assert prompts.without_box().boxes == ()
    assert prompts.without_box().without_box().boxes == ()
    assert prompts.with_mask(MASK).with_mask(None) == prompts


def test_edits_keep_the_mask_without_copying_it():
    prompts = Prompts(mask=MASK)
    edited = prompts.with_point(1, 1).with_box(0, 0, 1, 1).without_box()
    assert edited.compact_mask is prompts.compact_mask


def test_a_large_mask_is_kept_small():
    mask = np.zeros((2000, 3000), dtype=np.bool_)
    mask[500:900, 800:1400] = True
    for prompts in (Prompts(mask=mask), Prompts(mask=Rle.encode(mask))):
        assert prompts.has_mask
        assert prompts.compact_mask == Rle.encode(mask)
        assert prompts.compact_mask.counts.nbytes < 10_000
        np.testing.assert_array_equal(prompts.mask, mask)
        assert prompts == Prompts(mask=mask)
    assert not Prompts().has_mask
    assert Prompts(mask=LOGITS).compact_mask.shape == (1, 256, 256)


def test_edits_are_checked():
    with pytest.raises(PromptError, match="points must be"):
        Prompts().with_point(float("nan"), 0)
    with pytest.raises(PromptError, match="x0 < x1"):
        Prompts().with_box(5, 5, 1, 1)


@pytest.mark.parametrize("index", [2, -1, 1.0, "0", None, np.float64(0)])
def test_point_index(index):
    prompts = Prompts([(1, 2), (3, 4)])
    with pytest.raises(PromptError, match="integer from 0 to 1"):
        prompts.without_point(index)
    with pytest.raises(PromptError, match="integer from 0 to 1"):
        prompts.move_point(index, 0, 0)


def test_point_index_of_no_points():
    with pytest.raises(PromptError, match="no points"):
        Prompts().without_point(0)


def test_numpy_integers_are_indices():
    assert Prompts([(1, 2), (3, 4)]).without_point(np.int64(1)).points == ((1, 2),)


@pytest.mark.parametrize("point", [(0, 0), (40, 30), (40, 0), (0.5, 29.999)])
def test_points_inside_the_image(point):
    prompts = Prompts([point])
    assert prompts.fitted(40, 30) is prompts


@pytest.mark.parametrize("point", [(-0.001, 0), (40.001, 0), (0, -1), (0, 30.5), (1e308, 0)])
def test_points_outside_the_image(point):
    prompts = Prompts([(1, 1), point])
    with pytest.raises(PromptError, match=r"outside the image, which is 40 pixels wide and 30"):
        prompts.fitted(40, 30)


def test_boxes_are_clipped():
    prompts = Prompts([(1, 1)], [0], [(-5, -1, 50, 20)])
    assert prompts.fitted(40, 30) == Prompts([(1, 1)], [0], [(0, 0, 40, 20)])
    inside = Prompts(boxes=[(0, 0, 40, 30)])
    assert inside.fitted(40, 30) is inside


@pytest.mark.parametrize("box", [(40, 0, 50, 30), (-9, 0, 0, 30), (0, 30, 9, 31), (0, -9, 9, 0)])
def test_boxes_outside_the_image(box):
    with pytest.raises(PromptError, match="lies outside the image"):
        Prompts(boxes=[box]).fitted(40, 30)


def test_masks_must_have_the_shape_of_the_image():
    assert Prompts(mask=MASK).fitted(3, 2).mask is not None
    assert Prompts(mask=LOGITS).fitted(3, 2).mask.shape == (1, 256, 256)
    with pytest.raises(PromptError, match=r"\(2, 4\), got \(2, 3\)"):
        Prompts(mask=MASK).fitted(4, 2)


def test_wire_form():
    assert Prompts().to_wire() == {"points": [], "box": None, "has_mask": False}
    assert Prompts([(1, 2), (3, 4)], [1, 0], [(0, 1, 2, 3)], MASK).to_wire() == {
        "points": [
            {"x": 1.0, "y": 2.0, "positive": True},
            {"x": 3.0, "y": 4.0, "positive": False},
        ],
        "box": {"x0": 0.0, "y0": 1.0, "x1": 2.0, "y1": 3.0},
        "has_mask": True,
    }


@settings(deadline=None)  # the machine may be busy
@given(POINTS, st.data())
def test_normalising_twice_changes_nothing(points, data):
    labels = data.draw(
        st.lists(st.sampled_from([0, 1]), min_size=len(points), max_size=len(points))
    )
    prompts = Prompts(points, labels)
    again = Prompts(prompts.point_coords, prompts.point_labels)
    assert again == prompts
    assert hash(again) == hash(prompts)
    assert prompts.with_point(0, 0).without_point(len(points)) == prompts
    assert prompts.with_point(0, 0).extends(prompts)


@settings(deadline=None)  # the machine may be busy
@given(st.tuples(FINITE, FINITE, FINITE, FINITE), st.integers(1, 99), st.integers(1, 99))
def test_a_fitted_box_lies_inside_the_image(box, width, height):
    try:
        fitted = Prompts(boxes=[box]).fitted(width, height)
    except PromptError:
        x0, y0, x1, y1 = box
        assert not (x0 < x1 and y0 < y1) or x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height
        return
    x0, y0, x1, y1 = fitted.box
    assert 0 <= x0 < x1 <= width
    assert 0 <= y0 < y1 <= height
    assert fitted.fitted(width, height) is fitted
