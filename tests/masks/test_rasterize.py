"""Strokes and polygons, pixel centre by pixel centre."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam_widget.masks.rasterize import polygon_runs, stroke_runs
from sam_widget.masks.runs import rle_of

SIDES = st.integers(1, 24)
# Halves and quarters put centres on borders exactly; the others, never.
COORDINATES = st.one_of(
    st.integers(-40, 140).map(lambda quarter: quarter / 4), st.floats(-10, 35, width=32)
)
PATHS = st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=7).map(
    lambda points: np.array(points, np.float32)
)
RADII = st.one_of(st.sampled_from([0.5, 1.0, 2.5, 5.0, 40.0]), st.floats(1e-3, 20))


def centres(height, width):
    rows, columns = np.mgrid[:height, :width] + 0.5
    return columns, rows


def stroke(points, radius, height, width):
    return rle_of(stroke_runs(points, radius, height, width), height, width).decode()


def polygon(points, height, width):
    return rle_of(polygon_runs(points, height, width), height, width).decode()


def within(points, radius, height, width):
    """Distance to the path at most the radius, without division or root."""
    x, y = centres(height, width)
    path = np.round(points.astype(float) * 2**20) / 2**20
    covered = np.zeros((height, width), np.bool_)
    for px, py in path:
        covered |= (x - px) ** 2 + (y - py) ** 2 <= radius * radius
    for (x0, y0), (x1, y1) in itertools.pairwise(path):
        dx, dy = x1 - x0, y1 - y0
        along, beside = (x - x0) * dx + (y - y0) * dy, (x - x0) * dy - (y - y0) * dx
        squared = dx * dx + dy * dy
        inside = (along >= 0) & (along <= squared) & (squared > 0)
        covered |= inside & (beside * beside <= radius * radius * squared)
    return covered


def test_a_segment_that_leans_by_next_to_nothing():
    points = np.array([[0, 0], [-2.66e-44, 1.75]], np.float32)
    assert stroke(points, 0.5, 2, 1).all()
    assert stroke(points[::-1], 0.5, 2, 1).all()


def crossed_an_odd_number_of_times(points, height, width):
    x, y = centres(height, width)
    inside = np.zeros((height, width), np.bool_)
    ends = points.astype(float)
    for start, end in zip(ends, np.roll(ends, -1, axis=0), strict=True):
        (x0, y0), (x1, y1) = sorted([tuple(start), tuple(end)])
        if x0 < x1:
            above = y >= y0 + (x - x0) * ((y1 - y0) / (x1 - x0))
            inside ^= (x0 <= x) & (x < x1) & above
    return inside


@given(PATHS, RADII, SIDES, SIDES)
def test_a_stroke_is_all_centres_within_its_radius(points, radius, height, width):
    assert np.array_equal(
        stroke(points, radius, height, width), within(points, radius, height, width)
    )


@given(PATHS.filter(lambda points: len(points) >= 3), SIDES, SIDES)
def test_a_polygon_is_all_centres_inside(points, height, width):
    expected = crossed_an_odd_number_of_times(points, height, width)
    assert np.array_equal(polygon(points, height, width), expected)


def test_a_dab_is_a_disc():
    rows = ["..#..", ".###.", "#####", ".###.", "..#.."]
    dab = stroke(np.array([[2.5, 2.5]], np.float32), 2, 5, 5)
    assert ["".join("#" if cell else "." for cell in row) for row in dab] == rows


def test_the_even_odd_rule_leaves_the_middle_of_a_pentagram_out():
    angles = np.pi / 2 + np.arange(5) * 4 * np.pi / 5
    star = (20 + 18 * np.stack([np.cos(angles), -np.sin(angles)], axis=1)).astype(np.float32)
    mask = polygon(star, 40, 40)
    assert not mask[20, 20]
    assert mask[8, 20]


def test_polygons_that_share_a_side_share_no_pixel():
    left = np.array([[0, 0], [7, 0], [3, 10], [0, 10]], np.float32)
    right = np.array([[7, 0], [12, 0], [12, 10], [3, 10]], np.float32)
    one, other = polygon(left, 10, 12), polygon(right, 10, 12)
    assert not (one & other).any()
    assert (one | other).all()


@pytest.mark.parametrize("at_once", [1, 7, 100])
def test_parts_make_the_same_whole(monkeypatch, at_once):
    rng = np.random.default_rng(0)
    points = rng.uniform(-5, 45, (12, 2)).astype(np.float32)
    expected = stroke(points, 3, 40, 40), polygon(points, 40, 40)
    monkeypatch.setattr("sam_widget.masks.rasterize._CUTS_AT_ONCE", at_once)
    assert np.array_equal(stroke(points, 3, 40, 40), expected[0])
    assert np.array_equal(polygon(points, 40, 40), expected[1])
