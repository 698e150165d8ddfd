"""Label Studio's export; brushes are packed here by a plain writer of rle-pack."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sam_widget import AnnotationError, AnnotationStore
from sam_widget.formats import FormatLossWarning, SkippedRecordsWarning, load_images

SIZE = {"original_width": 80, "original_height": 60, "image_rotation": 0}


def packed(values, word=8, sizes=(3, 4, 8, 16)):
    """Pack bytes as rle-pack does: runs of equal words, and words as they are."""
    bits = f"{len(values):032b}{word - 1:05b}" + "".join(f"{size - 1:04b}" for size in sizes)
    at = 0
    while at < len(values):
        run = 1
        while at + run < len(values) and values[at + run] == values[at] and run < 65536:
            run += 1
        if run > 1:
            count, is_run = run, "1"
        else:
            count, is_run = 1, "0"
            while (
                at + count + 1 < len(values)
                and values[at + count] != values[at + count + 1]
                and count < 8
            ):
                count += 1
        which = next(i for i, size in enumerate(sizes) if count <= 1 << size)
        bits += is_run + f"{which:02b}" + f"{count - 1:0{sizes[which]}b}"
        words = values[at : at + 1] if is_run == "1" else values[at : at + count]
        bits += "".join(f"{int(value):0{word}b}" for value in words)
        at += count
    bits += "0" * (-len(bits) % 8)
    return [int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)]


def brush(mask):
    channels = np.zeros((*mask.shape, 4), np.uint8)
    channels[mask] = (10, 20, 30, 255)
    value = {"format": "rle", "rle": packed(channels.ravel()), "brushlabels": ["cup"]}
    return {"id": "b", "type": "brushlabels", "value": value, **SIZE}


def result(kind, label="cup", **value):
    return {"type": f"{kind}labels", "value": {**value, f"{kind}labels": [label]}, **SIZE}


def write(tmp_path, results, **task):
    image = "/data/local-files/?d=photos%2Fa%20b.jpg"
    made = {"id": 3, "data": {"image": image}, "annotations": [{"result": results}], **task}
    path = tmp_path / "project.json"
    path.write_text(json.dumps([made, {"id": 4, "data": {"image": "c.jpg"}, "annotations": []}]))
    return path


def test_areas_are_read_whatever_drew_them(tmp_path):
    row, column = np.mgrid[:60, :80]
    mask = ((row - 30) ** 2 + (column - 40) ** 2 < 300) & (row % 5 > 0)
    shapes = [
        brush(mask),
        result("polygon", points=[[0, 0], [50, 0], [50, 50], [0, 50]]),
        result("rectangle", "plate", x=25, y=50, width=50, height=25, rotation=0),
        result("ellipse", x=50, y=50, radiusX=12.5, radiusY=25, rotation=0),
        result("rectangle", x=50, y=50, width=25, height=10, rotation=90) | {"score": 0.75},
    ]
    store = AnnotationStore.load(write(tmp_path, shapes))
    assert (store.width, store.height, store.file_name) == (80, 60, "a b.jpg")
    assert [item.label for item in store] == ["cup", "cup", "plate", "cup", "cup"]
    assert np.array_equal(store[0].mask, mask)
    assert store[1].bbox_xywh == (0, 0, 40, 30)
    assert store[2].bbox_xywh == (20, 30, 40, 15)
    assert store[3].area == pytest.approx(np.pi * 150, rel=0.03)
    assert (store[4].bbox_xywh, store[4].predicted_iou) == ((34, 30, 6, 20), 0.75)


def test_the_newest_annotation_that_was_not_cancelled_counts(tmp_path):
    old = {"result": [result("rectangle", "old", x=1, y=1, width=9, height=9)]}
    new = {"result": [result("rectangle", "new", x=1, y=1, width=9, height=9)]}
    cancelled = {"result": old["result"], "was_cancelled": True}
    path = write(tmp_path, [], annotations=[old, new, cancelled])
    assert [item.label for item in AnnotationStore.load(path)] == ["new"]
    assert [len(made) for made in load_images(path)] == [1]
    assert len(AnnotationStore.load(path, image=3)) == 1
    with pytest.raises(AnnotationError, match=r"has 1 images, 0 of them as asked"):
        AnnotationStore.load(path, image="c.jpg")


def test_what_is_no_area_or_cannot_be_used_is_left_out(tmp_path):
    whole = brush(np.ones((60, 80), bool))
    cut = json.loads(json.dumps(whole))
    cut["value"]["rle"] = cut["value"]["rle"][:8]
    small = brush(np.ones((6, 8), bool))
    shapes = [
        {"type": "choices", "value": {"choices": ["good"]}, **SIZE},
        result("keypoint", x=1, y=1),
        cut,
        small,
        result("polygon", points=[[0, 0], [50, 0]]),
        result("rectangle", x="1", y=1, width=1, height=1),
        whole,
    ]
    with (
        pytest.warns(FormatLossWarning, match="2 results are no areas"),
        pytest.warns(SkippedRecordsWarning, match=r"4 records .*rle: is cut short"),
    ):
        store = AnnotationStore.load(write(tmp_path, shapes))
    assert [item.area for item in store] == [4800]
    with pytest.raises(AnnotationError, match="is cut short"):
        AnnotationStore.load(write(tmp_path, shapes), strict=True)


def test_a_file_that_says_no_size_is_refused(tmp_path):
    bare = {"type": "polygonlabels", "value": {"points": [[0, 0], [9, 0], [9, 9]]}}
    with pytest.raises(AnnotationError, match="'original_width' is missing"):
        AnnotationStore.load(write(tmp_path, [bare]))
