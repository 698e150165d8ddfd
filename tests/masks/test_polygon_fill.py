"""Filling polygons: pycocotools to the pixel; OpenCV to the pixel where it can be."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as oracle

from sam_widget import AnnotationError
from sam_widget.masks.metrics import mask_iou
from sam_widget.masks.polygon_fill import fill_centres_each, fill_corners_each, filling_costs

# pycocotools 2.0 on NumPy 2: its own conversion of masks to arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

sizes = st.tuples(st.integers(1, 50), st.integers(1, 50))
numbers = st.one_of(
    st.integers(-60, 120).map(float),
    st.integers(-120, 240).map(lambda number: number / 2),
    st.floats(-60, 120),
    st.floats(0, 5),
)
polygons = st.lists(st.tuples(numbers, numbers), min_size=3, max_size=12)


def fill_corners(polygons, height, width):
    (mask,) = fill_corners_each([polygons], height, width)
    return mask


def fill_centres(polygons, height, width):
    (mask,) = fill_centres_each([polygons], height, width)
    return mask


@given(polygons, sizes)
def test_any_polygon_is_filled_as_pycocotools_fills_it(points, size):
    polygon = np.array(points)
    expected = oracle.decode(oracle.frPyObjects([polygon.ravel().tolist()], *size))[..., 0]
    assert np.array_equal(fill_corners([polygon], *size).decode(), expected)


@given(st.lists(polygons, min_size=1, max_size=4), sizes)
def test_several_polygons_are_united_as_pycocotools_does(rings, size):
    flat = [np.array(ring).ravel().tolist() for ring in rings]
    expected = oracle.decode(oracle.merge(oracle.frPyObjects(flat, *size)))
    found = fill_corners([np.array(ring) for ring in rings], *size)
    assert np.array_equal(found.decode(), expected)


@pytest.mark.parametrize("seed", range(20))
def test_outlines_belong_to_it_as_in_opencv(seed):
    rng = np.random.default_rng(seed)
    polygon = rng.integers(0, 200, (5, 2)).astype(float)
    canvas = np.zeros((200, 200), dtype=np.uint8)
    cv2.fillPoly(canvas, [polygon.astype(np.int32)], 1)
    assert mask_iou(fill_centres([polygon + 0.7], 200, 200).decode(), canvas > 0) > 0.98


@given(polygons, sizes)
def test_what_lies_outside_is_cut_off(points, size):
    polygon = np.floor(points)
    found = fill_centres([polygon], *size)
    padded = fill_centres([polygon + 70], size[0] + 200, size[1] + 200).decode()
    cut = padded[70 : 70 + size[0], 70 : 70 + size[1]]
    assert np.array_equal(found.decode(), cut)


@pytest.mark.parametrize(
    "polygon",
    [[[0, 0], [1, np.nan], [2, 2]], [[0, 0], [1, 1e9], [2, 2]], [[0, 0, 0]], [1, 2, 3, 4], []],
)
def test_what_is_no_polygon_is_refused(polygon):
    for fill in (fill_corners, fill_centres):
        with pytest.raises(AnnotationError, match="polygon"):
            fill([np.array(polygon, dtype=float)], 5, 5)


def test_the_cost_is_known_before():
    square = np.array([[0.0, 0], [100, 0], [100, 100], [0, 100]])
    assert filling_costs([square, square * 1e4], 100, 100).tolist() == [404, 404]
    assert filling_costs([], 100, 100).tolist() == []


@pytest.mark.parametrize(
    ("fill", "fill_each"), [(fill_corners, fill_corners_each), (fill_centres, fill_centres_each)]
)
def test_many_at_once_are_what_each_is_alone(fill, fill_each):
    rng = np.random.default_rng(0)
    size = 31, 47
    objects = [
        [rng.normal(20, 25, (rng.integers(1, 9), 2)) for _ in range(rng.integers(0, 4))]
        for _ in range(200)
    ]
    # All of the mask, up to its last pixel, and nothing of it.
    objects += [[np.array([[-9.0, -9], [99, -9], [99, 99], [-9, 99]])], [np.full((3, 2), -50.0)]]
    assert fill_each(objects, *size) == [fill(polygons, *size) for polygons in objects]
    assert fill_each([], *size) == []
