"""Run-length codes and boxes, against pycocotools."""

import json

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco

from sam_widget.errors import AnnotationError
from sam_widget.masks.rle import MAX_PIXELS, Rle

MASKS = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40))
STEP = np.array([[0, 0, 1], [0, 1, 1]], dtype=bool)


def coco_encode(mask):
    return coco.encode(np.asfortranarray(mask.view(np.uint8)))


def disc(height, width):
    y, x = np.mgrid[:height, :width]
    return (y - height / 2) ** 2 + (x - width / 2) ** 2 < (min(height, width) / 3) ** 2


def check_against_pycocotools(mask):
    rle = Rle.encode(mask)
    expected = coco_encode(mask)
    assert rle.compressed() == expected["counts"]
    assert rle.to_coco() == {"size": expected["size"], "counts": expected["counts"].decode()}
    np.testing.assert_array_equal(rle.decode(), mask)
    assert rle.area == coco.area(expected) == mask.sum()
    assert list(rle.bbox_xywh) == coco.toBbox(expected).tolist()
    assert Rle.from_coco(expected) == Rle.from_coco(rle.to_coco()) == rle
    assert Rle.from_coco(json.loads(json.dumps(rle.to_coco(compressed=False)))) == rle


@settings(deadline=None)  # the machine may be busy
@given(MASKS)
def test_any_mask_against_pycocotools(mask):
    check_against_pycocotools(mask)


@pytest.mark.parametrize(
    "mask",
    [
        np.zeros((3, 4), dtype=bool),
        np.ones((3, 4), dtype=bool),
        np.ones((1, 1), dtype=bool),
        np.zeros((1, 1), dtype=bool),
        np.eye(70, dtype=bool),
        np.indices((50, 60)).sum(axis=0) % 2 == 0,
        disc(683, 1024),
        disc(1500, 2250),
        np.random.default_rng(0).random((300, 400)) < 0.5,
        disc(100, 100).T[::2, ::-1],
        np.arange(100_000).reshape(1, -1) % 40_000 > 30_000,
        np.arange(100_000).reshape(-1, 1) % 40_000 > 30_000,
    ],
    ids=lambda mask: "x".join(map(str, mask.shape)),
)
def test_masks_against_pycocotools(mask):
    check_against_pycocotools(mask)


def test_chunk_borders(monkeypatch):
    mask = np.random.default_rng(1).random((37, 11)) < 0.5
    for chunk in (1, 11, 22, 100):
        monkeypatch.setattr("sam_widget.masks.rle._CHUNK_BYTES", chunk)
        check_against_pycocotools(mask)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.integers(0, 2**22), min_size=1, max_size=30))
def test_long_runs_against_pycocotools(runs):
    runs = [runs[0], *(max(1, run) for run in runs[1:])]
    height = sum(runs)
    if not height:
        return
    rle = Rle(height, 1, runs)
    reference = coco.frPyObjects({"size": [height, 1], "counts": runs}, height, 1)
    assert rle.compressed() == reference["counts"]
    assert Rle.from_coco(reference) == rle


@settings(deadline=None)  # the machine may be busy
@given(
    hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12))),
    st.data(),
)
def test_codes_with_empty_runs_equal_the_canonical_one(mask, data):
    rle = Rle.encode(mask)
    counts = rle.counts.tolist()
    for _ in range(3):
        at = data.draw(st.integers(0, len(counts) - 1))
        cut = data.draw(st.integers(0, counts[at]))
        counts[at : at + 1] = [cut, 0, counts[at] - cut]
    assert Rle.from_coco({"size": list(mask.shape), "counts": counts}) == rle


def test_small_masks_of_a_large_image_take_little_memory():
    mask = np.zeros((8000, 8000), dtype=np.bool_)
    mask[4000:4040, 5000:5050] = True
    rle = Rle.encode(mask)
    before = psutil.Process().memory_info().rss
    decoded = [rle.decode() for _ in range(12)]
    grown = psutil.Process().memory_info().rss - before
    assert grown < mask.nbytes * 3  # and not twelve times the size
    np.testing.assert_array_equal(decoded[-1], mask)


def test_uncompressed_form():
    assert Rle.encode(STEP).to_coco(compressed=False) == {"size": [2, 3], "counts": [3, 3]}
    assert Rle.encode(~STEP).to_coco(compressed=False) == {"size": [2, 3], "counts": [0, 3, 3]}
    assert json.loads(json.dumps(Rle.encode(STEP).to_coco()))["size"] == [2, 3]


def test_counts_are_an_array_of_their_own():
    counts = np.array([3, 3], dtype=np.uint32)
    rle = Rle(2, 3, counts)
    counts[:] = 1
    assert rle.counts.tolist() == [3, 3]
    assert rle.counts.dtype == np.uint32
    with pytest.raises(ValueError, match="read-only"):
        rle.counts[0] = 1


def test_equality_and_hash_are_by_value():
    assert Rle.encode(STEP) == Rle(2, 3, [3, 3]) != Rle(3, 2, [3, 3])
    assert len({Rle.encode(STEP), Rle(2, 3, [3, 3]), Rle(2, 3, [6])}) == 2
    assert Rle.encode(STEP) != "rle"


def test_encode_does_not_modify_the_mask():
    mask = disc(60, 80)
    before = mask.copy()
    Rle.encode(mask)
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize("size", [(2, 3), np.array([2, 3]), [np.int32(2), np.int64(3)]])
@pytest.mark.parametrize("counts", [[3, 3], (3, 3), np.array([3, 3]), b"33", "33"])
def test_forms_that_are_read(size, counts):
    np.testing.assert_array_equal(Rle.from_coco({"size": size, "counts": counts}).decode(), STEP)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ({"counts": [6]}, "keys 'size' and 'counts'"),
        ({"size": [2, 3]}, "keys 'size' and 'counts'"),
        (None, "keys 'size' and 'counts'"),
        ([[2, 3], [6]], "keys 'size' and 'counts'"),
        ({"size": [2], "counts": [6]}, "two whole numbers"),
        ({"size": [2, 3, 1], "counts": [6]}, "two whole numbers"),
        ({"size": [2.0, 3], "counts": [6]}, "two whole numbers"),
        ({"size": [True, 6], "counts": [6]}, "two whole numbers"),
        ({"size": "23", "counts": [6]}, "two whole numbers"),
        ({"size": None, "counts": [6]}, "two whole numbers"),
        ({"size": [0, 3], "counts": [0]}, "1 to 134217728 pixels"),
        ({"size": [-2, -3], "counts": [6]}, "1 to 134217728 pixels"),
        ({"size": [2**14, 2**14], "counts": [2**28]}, "1 to 134217728 pixels"),
        ({"size": [10**9, 10**9], "counts": "0"}, "1 to 134217728 pixels"),
        ({"size": [10**400, 1], "counts": [1]}, "1 to 134217728 pixels"),
        ({"size": [2, 3], "counts": []}, "at least one"),
        ({"size": [2, 3], "counts": [[6]]}, "list of whole numbers"),
        ({"size": [2, 3], "counts": [6.0]}, "list of whole numbers"),
        ({"size": [2, 3], "counts": [None]}, "list of whole numbers"),
        ({"size": [2, 3], "counts": [True]}, "list of whole numbers"),
        ({"size": [2, 3], "counts": 6}, "list of whole numbers"),
        ({"size": [2, 3], "counts": None}, "list of whole numbers"),
        ({"size": [2, 3], "counts": {"a": 6}}, "list of whole numbers"),
        ({"size": [2, 3], "counts": [10**30]}, "list of whole numbers"),
        ({"size": [2, 3], "counts": [[1], [2, 3]]}, "must be whole numbers"),
        ({"size": [2, 3], "counts": [7, -1]}, "got -1 to 7"),
        ({"size": [2, 3], "counts": [2**63 + 5]}, "runs of a 2 x 3 mask"),
        ({"size": [2, 3], "counts": [5]}, "add up to height x width = 2 x 3 = 6, got 5"),
        ({"size": [2, 3], "counts": [3, 4]}, "got 7"),
        ({"size": [2, 3], "counts": ""}, "at least one"),
        ({"size": [2, 3], "counts": "3 3"}, "characters '0' to 'o'"),
        ({"size": [2, 3], "counts": "3p"}, "characters '0' to 'o'"),
        ({"size": [2, 3], "counts": "3\u00e9"}, "ASCII"),
        ({"size": [2, 3], "counts": "3S"}, "cut short or damaged"),
        ({"size": [2, 3], "counts": "S" * 7 + "0"}, "cut short or damaged"),
        ({"size": [2, 3], "counts": "oooooo0"}, "runs of a 2 x 3 mask"),
        ({"size": [2, 3], "counts": "34"}, "got 7"),
    ],
)
def test_malformed_codes(code, message):
    with pytest.raises(AnnotationError, match=message):
        Rle.from_coco(code)


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=60), st.integers(1, 50), st.integers(1, 50))
def test_random_text_is_refused_or_read_as_pycocotools_reads_it(text, height, width):
    try:
        rle = Rle.from_coco({"size": [height, width], "counts": text})
    except AnnotationError:
        return
    np.testing.assert_array_equal(
        rle.decode(), coco.decode({"size": [height, width], "counts": text}).astype(bool)
    )


def test_the_limit_is_above_a_hundred_megapixels():
    assert MAX_PIXELS > 100e6
    largest = Rle(2**13, 2**14, [2**27])
    assert Rle.from_coco(largest.to_coco()) == largest


@pytest.mark.parametrize(
    "mask", [STEP.astype(np.uint8), STEP[0], STEP[np.newaxis], np.zeros((0, 3), dtype=bool)]
)
def test_what_is_no_mask(mask):
    with pytest.raises(AnnotationError, match="mask must"):
        Rle.encode(mask)
