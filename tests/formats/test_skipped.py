"""One bad record costs itself alone: it is left out, named, kept as it is, and written back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from sam_widget import AnnotationError, AnnotationStore
from sam_widget.formats import SkippedRecordsWarning
from sam_widget.masks import Rle

SQUARE = [[10, 10], [30, 10], [30, 30], [10, 30]]
FLAT = [number for corner in SQUARE for number in corner]


def coco(*bad):
    good = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [FLAT]}
    records = [{"id": 2 + n, "image_id": 1, "category_id": 1, **one} for n, one in enumerate(bad)]
    return {
        "images": [{"id": 1, "file_name": "photo.jpg", "width": 80, "height": 60}],
        "categories": [{"id": 1, "name": "cup"}],
        "annotations": [records[0], good, *records[1:]],
    }


def labelme(*bad):
    shape = {"label": "cup", "points": SQUARE, "shape_type": "polygon"}
    shapes = [{**shape, **bad[0]}, shape, *({**shape, **one} for one in bad[1:])]
    return {"imagePath": "photo.jpg", "imageHeight": 60, "imageWidth": 80, "shapes": shapes}


def sa1b(*bad):
    mask = np.zeros((60, 80), bool)
    mask[10:30, 10:30] = True
    good = {"id": 1, "segmentation": Rle.encode(mask).to_coco(), "predicted_iou": 0.9}
    records = [{**good, "id": 2 + n, **one} for n, one in enumerate(bad)]
    image = {"image_id": 1, "file_name": "photo.jpg", "width": 80, "height": 60}
    return {"image": image, "annotations": [records[0], good, *records[1:]]}


CASES = {
    "coco": (
        coco(
            {"segmentation": []},
            {"segmentation": None},
            {"segmentation": [[1, 1, 2, 2]]},
            {"bbox": [1, 2, 3, 4]},
            {"segmentation": {"size": [3, 4], "counts": "4121"}},
        ),
        "annotations",
        [0, 2, 3, 4, 5],
    ),
    "labelme": (
        labelme(
            {"points": []},
            {"points": [[1, 1], [2, 2]]},
            {"shape_type": "star"},
            {"points": [[1, 1], [2, "x"], [3, 3]]},
            {"label": ["a"]},
        ),
        "shapes",
        [0, 2, 3, 4, 5],
    ),
    "sa1b": (
        sa1b({"segmentation": None}, {"bbox": [1]}, {"id": 1}, {"predicted_iou": "high"}),
        "annotations",
        [0, 2, 3, 4],
    ),
}


@pytest.mark.filterwarnings("ignore::sam_widget.formats.FormatLossWarning")
@pytest.mark.parametrize("name", CASES)
def test_in_json_the_others_are_read_and_all_is_written_back(tmp_path, name):
    document, records, bad = CASES[name]
    path = tmp_path / f"photo.{name}.json"
    path.write_text(json.dumps(document))
    count = len(bad)
    with pytest.warns(SkippedRecordsWarning, match=rf"^{count} records could not be used: photo\."):
        store = AnnotationStore.load(path)
    assert len(store) == 1
    assert (store[0].area > 390, store.width) == (True, 80)
    assert len(store.skipped) == count
    for reason, index in zip(store.skipped, bad, strict=True):
        assert reason.startswith(f"photo.{name}.json: {records}[{index}]")
    # What was left out is in the file that is written, word for word, and is left out again.
    again = tmp_path / f"again.{name}.json"
    store.save(again)
    written = json.loads(again.read_text())[records]
    kept = [document[records][index] for index in bad]
    assert written[1:] == kept
    with pytest.warns(SkippedRecordsWarning):
        reread = AnnotationStore.load(again)
    assert (len(reread), len(reread.skipped)) == (1, count)
    with pytest.raises(AnnotationError, match=rf"{records}\[{bad[0]}\]"):
        AnnotationStore.load(path, strict=True)


@pytest.mark.filterwarnings("ignore::sam_widget.formats.FormatLossWarning")
def test_in_lines_and_rows_too(tmp_path):
    folder = tmp_path / "set"
    (folder / "labels").mkdir(parents=True)
    (folder / "images").mkdir()
    Image.new("RGB", (80, 60)).save(folder / "images" / "photo.jpg")
    lines = ["0 0.1 0.1 x", "0 0.1 0.1 0.5 0.1 0.5 0.5", "0 1", "-3 0 0 1 0 1 1"]
    (folder / "labels" / "photo.txt").write_text("\n".join(lines))
    with pytest.warns(SkippedRecordsWarning, match=r"3 records.*photo\.txt: line 1"):
        store = AnnotationStore.load(folder)
    assert len(store) == 1
    store.save(folder, "yolo")
    kept = (folder / "labels" / "photo.txt").read_text().splitlines()
    assert kept[1:] == [lines[0], lines[2], lines[3]]

    rows = "width,height,rle,label,source\n4,3,444,dog,a\n4,3,~,cat,b\n4,3,444,hen,c\n"
    (tmp_path / "a.csv").write_text(rows)
    with pytest.warns(SkippedRecordsWarning, match=r"1 record .*a\.csv: row 2\.rle"):
        store = AnnotationStore.load(tmp_path / "a.csv")
    assert [item.label for item in store] == ["dog", "hen"]
    store.save(tmp_path / "b.csv")
    written = (tmp_path / "b.csv").read_text().splitlines()
    assert written[0].endswith(",prompts,source")
    assert [row.rsplit(",", 1)[1] for row in written[1:]] == ["a", "c", "b"]
    assert "4,3," in written[3]
    assert ",~," in written[3]


def test_a_label_image_leaves_out_records_of_its_table(store, tmp_path):
    path = store.save(tmp_path / "a.png")
    table = tmp_path / "a.classes.json"
    content = json.loads(table.read_text())
    content["instances"][1]["label"] = 7
    table.write_text(json.dumps(content))
    with pytest.warns(SkippedRecordsWarning, match=r"instances\[1\]\.label"):
        found = AnnotationStore.load(path)
    assert len(found.skipped) == 1
    assert len(found) == len(store)


def test_what_costs_too_much_is_refused_all_the_same(tmp_path):
    document = coco({"segmentation": []})
    document["images"][0] |= {"width": 30_000, "height": 4_000}
    zigzag = [number for at in range(5000) for number in (30_000 * (at % 2), at % 4000)]
    document["annotations"][1]["segmentation"] = [zigzag]
    (tmp_path / "x.coco.json").write_text(json.dumps(document))
    with pytest.raises(AnnotationError, match="a polygon may have"):
        AnnotationStore.load(tmp_path / "x.coco.json")
