"""Polygons of masks, drawn by the three programs that others draw with, give the mask again."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw
from pycocotools import mask as oracle

from sam_widget.masks.polygon_fill import fill_centres_each, fill_corners_each
from sam_widget.masks.polygons import join_rings, trace_polygons
from sam_widget.masks.rle import Rle

# pycocotools 2.0 on NumPy 2: its own conversion of masks to arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

small_masks = arrays(np.bool_, st.tuples(st.integers(1, 14), st.integers(1, 14)))
coarse_masks = small_masks.map(lambda mask: np.kron(mask, np.ones((3, 2))) > 0)


def drawn_by_pycocotools(rings, shape):
    flat = [ring.ravel().tolist() for ring in rings]
    return oracle.decode(oracle.merge(oracle.frPyObjects(flat, *shape)))


def drawn_by_opencv(rings, shape):
    canvas = np.zeros(shape, dtype=np.uint8)
    for ring in rings:
        cv2.fillPoly(canvas, [ring.astype(np.int32)], 1)
    return canvas


def drawn_by_pillow(rings, shape):
    canvas = np.zeros(shape, dtype=bool)
    for ring in rings:
        picture = Image.new("L", shape[::-1])
        points = [tuple(point) for point in np.concatenate([ring, ring[-1:], ring[-1:]])]
        ImageDraw.Draw(picture).polygon(points, fill=1, outline=1)
        canvas |= np.array(picture) > 0
    return canvas


@given(st.one_of(small_masks, coarse_masks))
def test_any_mask_is_drawn_again_by_everybody(mask):
    rle = Rle.encode(mask)
    corners, centres = trace_polygons(rle, "corners"), trace_polygons(rle, "centres")
    assert fill_corners_each([corners], *mask.shape)[0] == rle
    assert fill_centres_each([centres], *mask.shape)[0] == rle
    if corners:
        assert np.array_equal(drawn_by_pycocotools(corners, mask.shape), mask)
        assert np.array_equal(drawn_by_opencv(centres, mask.shape), mask)
        assert np.array_equal(drawn_by_pillow(centres, mask.shape), mask)
    assert len(corners) == cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)[0] - 1
    assert all(len(ring) >= 4 for ring in corners)


def test_rings_are_short_and_in_place():
    mask = np.zeros((6, 8), dtype=bool)
    mask[2:5, 3:7] = True
    (ring,) = trace_polygons(Rle.encode(mask))
    assert ring.tolist() == [[3, 2], [7, 2], [7, 5], [3, 5]] or len(ring) == 4
    assert {tuple(point) for point in ring} == {(3, 2), (7, 2), (7, 5), (3, 5)}
    (ring,) = trace_polygons(Rle.encode(mask), "centres")
    assert {tuple(point) for point in ring} == {(3, 2), (6, 2), (6, 4), (3, 4)}
    assert trace_polygons(Rle.encode(np.zeros((3, 3), dtype=bool))) == []


def test_holes_in_holes_and_many_of_them():
    mask = np.ones((41, 61), dtype=bool)
    mask[1::2, 1::2] = False
    mask[10:30, 10:50] = False
    mask[15:25, 20:40] = True
    mask[18:21, 25:35] = False
    rle = Rle.encode(mask)
    corners = trace_polygons(rle, "corners")
    assert len(corners) == 2
    assert np.array_equal(drawn_by_pycocotools(corners, mask.shape), mask)
    assert np.array_equal(drawn_by_opencv(trace_polygons(rle, "centres"), mask.shape), mask)


def test_a_large_disc_takes_as_many_points_as_its_outline():
    row, column = np.ogrid[:2000, :3000]
    rle = Rle.encode((row - 1000) ** 2 + (column - 1500) ** 2 < 900**2)
    (ring,) = trace_polygons(rle, "centres")
    assert len(ring) < 4000
    assert fill_centres_each([[ring]], 2000, 3000)[0] == rle


def test_parts_joined_are_drawn_as_parts_and_lines():
    mask = np.zeros((40, 60), dtype=bool)
    mask[5:15, 5:15] = mask[5:10, 40:50] = mask[30:35, 20:30] = True
    ring = join_rings(trace_polygons(Rle.encode(mask), "centres"))
    whole = fill_centres_each([[ring]], 40, 60)[0].decode()
    assert (whole & mask).sum() == mask.sum()
    assert (whole & ~mask).sum() < 60
    assert cv2.connectedComponents(whole.astype(np.uint8))[0] == 2
