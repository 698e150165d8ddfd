"""Masks as vertical runs, against plain arrays, scipy and OpenCV."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mask_examples import a_mask
from scipy import ndimage

from sam_widget import AnnotationError
from sam_widget.masks.columns import ColumnRuns, components, paste_mask, resize_mask
from sam_widget.masks.rle import Rle
from sam_widget.masks.runs import rle_of

seeds = st.integers(0, 2**32 - 1)
SIDES = st.integers(1, 12)
MASKS = st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.bool_, shape))


@given(seeds)
def test_runs_say_what_the_code_says(seed):
    rle = Rle.encode(a_mask(seed))
    assert ColumnRuns.of(rle).to_rle() == rle
    outside = ColumnRuns.of(rle, inside=False).to_rle()
    np.testing.assert_array_equal(outside.decode(), ~rle.decode())


@given(seeds, st.integers(0, 4), st.integers(0, 4))
def test_a_mask_in_a_larger_image(seed, x, y):
    mask = a_mask(seed)
    whole = np.zeros((22, 29), bool)
    whole[y : y + 17, x : x + 23] = mask
    pasted = paste_mask(Rle.encode(mask), x, y, 22, 29)
    np.testing.assert_array_equal(pasted.decode(), whole)


@given(seeds, st.integers(1, 40), st.integers(1, 40))
def test_another_size_is_sampled_at_the_centres(seed, height, width):
    mask = a_mask(seed)
    rows = ((np.arange(height) + 0.5) * 17 / height).astype(int)
    columns = ((np.arange(width) + 0.5) * 23 / width).astype(int)
    resized = resize_mask(Rle.encode(mask), height, width)
    np.testing.assert_array_equal(resized.decode(), mask[np.ix_(rows, columns)])


@given(seeds)
def test_parts_are_those_that_opencv_finds(seed):
    import cv2

    mask = a_mask(seed)
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    runs = ColumnRuns.of(Rle.encode(mask))
    parts, areas = components(runs, diagonal=True)
    seen = labels[runs.tops, runs.columns]
    assert len(set(zip(parts.tolist(), seen.tolist(), strict=True))) == count - 1
    assert len(set(parts.tolist())) == len(areas) == count - 1


@given(MASKS, st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_a_pasted_mask_is_a_padded_one(mask, left, top, right, bottom):
    expected = np.pad(mask, ((top, bottom), (left, right)))
    assert paste_mask(Rle.encode(mask), left, top, *expected.shape) == Rle.encode(expected)


def test_what_does_not_fit_is_refused():
    mask = Rle.encode(np.ones((2, 3), dtype=bool))
    for place in ((-1, 0), (0, -1), (2, 0), (0, 3)):
        with pytest.raises(AnnotationError, match="does not fit"):
            paste_mask(mask, *place, 4, 4)


@given(MASKS, st.booleans())
def test_components_are_those_of_scipy(mask, diagonal):
    runs = ColumnRuns.of(Rle.encode(mask))
    labels, areas = components(runs, diagonal=diagonal)
    expected, count = ndimage.label(mask, np.ones((3, 3)) if diagonal else None)
    assert len(areas) == count
    for at, area in enumerate(areas):
        part = rle_of(runs.runs(labels == at), *mask.shape).decode()
        assert np.array_equal(runs.select(labels == at).to_rle().decode(), part)
        number = expected[part][0]
        assert np.array_equal(part, expected == number)
        assert area == part.sum()


def test_a_spiral_is_one_component():
    # Long and thin: labels have far to travel.
    mask = np.zeros((41, 41), np.bool_)
    for ring in range(0, 20, 2):
        mask[ring, ring : 41 - ring] = mask[ring : 41 - ring, 40 - ring] = True
        mask[40 - ring, ring : 41 - ring] = mask[ring + 2 : 41 - ring, ring] = True
        mask[ring + 2, ring : ring + 3] = True
    _, areas = components(ColumnRuns.of(Rle.encode(mask)), diagonal=False)
    assert areas.tolist() == [mask.sum()]
