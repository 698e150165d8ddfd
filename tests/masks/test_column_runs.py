import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from segment_anything.utils.amg import remove_small_regions

from sam_widget.masks.column_runs import ColumnRuns, clean_regions, components
from sam_widget.masks.rle import Rle


def a_mask(seed, height=17, width=23):
    """Blobs of several sizes, with specks: what a mask decoder makes, and what cleans are for."""
    random = np.random.default_rng(seed)
    block = random.integers(1, 6)
    coarse = random.random((height // block + 1, width // block + 1)) < random.random()
    mask = np.kron(coarse, np.ones((block, block), bool))[:height, :width].astype(bool)
    return mask ^ (random.random(mask.shape) < 0.05)


seeds = st.integers(0, 2**32 - 1)


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
    placed = ColumnRuns.of(Rle.encode(mask)).placed(x, y, 22, 29).to_rle()
    np.testing.assert_array_equal(placed.decode(), whole)


@given(seeds, st.integers(1, 40), st.integers(1, 40))
def test_another_size_is_sampled_at_the_centres(seed, height, width):
    mask = a_mask(seed)
    rows = ((np.arange(height) + 0.5) * 17 / height).astype(int)
    columns = ((np.arange(width) + 0.5) * 23 / width).astype(int)
    resized = ColumnRuns.of(Rle.encode(mask)).resized(height, width).to_rle()
    np.testing.assert_array_equal(resized.decode(), mask[np.ix_(rows, columns)])


@given(seeds)
def test_parts_are_those_that_opencv_finds(seed):
    import cv2

    mask = a_mask(seed)
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    runs = ColumnRuns.of(Rle.encode(mask))
    parts = components(runs)
    seen = labels[runs.top, runs.column]
    assert len(set(zip(parts.tolist(), seen.tolist(), strict=True))) == count - 1
    assert len(set(parts.tolist())) == count - 1


@given(st.lists(seeds, max_size=4), st.integers(0, 60) | st.integers(0, 400))
def test_cleaning_is_the_official_one(list_of_seeds, area):
    masks = [a_mask(seed) for seed in list_of_seeds]
    masks += [np.zeros((17, 23), bool), np.ones((17, 23), bool)]
    # Much is left out around this one, in columns that are whole.
    ring = np.zeros((17, 23), bool)
    ring[5:10, 9:15] = True
    ring[7, 11:13] = False
    masks += [ring, ~ring]
    codes = [Rle.encode(mask) for mask in masks]
    for mask, code, (clean, changed) in zip(masks, codes, clean_regions(codes, area), strict=True):
        expected, filled = remove_small_regions(mask, area, mode="holes")
        expected, dropped = remove_small_regions(expected, area, mode="islands")
        assert changed == (filled or dropped)
        if not changed:
            assert clean is code
        # Of several largest islands the official code may keep another.
        if clean.area == expected.sum() and not np.array_equal(clean.decode(), expected):
            assert clean.area < area
            continue
        np.testing.assert_array_equal(clean.decode(), expected)
