"""SA-1B files: what was published is read, filtered, and written back as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from pycocotools import mask as oracle

from sam_widget import Annotation, AnnotationError, AnnotationStore
from sam_widget.formats import FormatLossWarning, sa1b
from sam_widget.masks.rle import Rle

# pycocotools 2.0 on NumPy 2: its own conversion of masks to arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
PUBLISHED = {
    "id", "segmentation", "area", "bbox", "predicted_iou", "stability_score", "crop_box",
    "point_coords",
}  # fmt: skip


@pytest.fixture
def published(masks):
    """A file as the dataset has them: boxes one pixel narrower than pycocotools', odd ids."""
    records = []
    for number, mask in enumerate(masks.values()):
        code = oracle.encode(np.asfortranarray(mask.astype(np.uint8)))
        x, y, width, height = oracle.toBbox(code).tolist()
        records.append(
            {
                "bbox": [x, y, width - 1, height - 1],
                "area": int(oracle.area(code)),
                "segmentation": {"size": [60, 80], "counts": code["counts"].decode("ascii")},
                "predicted_iou": 0.9 + number / 50,
                "point_coords": [[40.5, 20.25 + number]],
                "crop_box": [0, 0, 80, 60],
                "id": 532_011_000 + 7 * number,
                "stability_score": 0.99 - number / 50,
            }
        )
    image = {"image_id": 223750, "width": 80, "height": 60, "file_name": "sa_223750.jpg"}
    return {"image": image, "annotations": records}


def write(tmp_path, value):
    path = tmp_path / "sa_223750.json"
    path.write_text(json.dumps(value))
    return path


def test_a_published_file_comes_back_equal(published, masks, tmp_path):
    published["annotations"][1]["note"] = {"by": ["someone", None, 1.5]}
    published["image"]["licence"] = published["version"] = 3
    del published["annotations"][2]["crop_box"], published["annotations"][3]["point_coords"]
    published["annotations"][2]["predicted_iou"] = None
    loaded = AnnotationStore.load(write(tmp_path, published))
    for annotation, mask, record in zip(
        loaded, masks.values(), published["annotations"], strict=True
    ):
        assert np.array_equal(annotation.mask, mask)
        assert annotation.predicted_iou == record["predicted_iou"]
        assert annotation.stability_score == record["stability_score"]
        assert annotation.id == str(record["id"])
        points = [tuple(point) for point in record.get("point_coords", [])]
        assert list(annotation.prompts.points) == points
    written = json.loads(loaded.save(tmp_path / "b.sa1b.json").read_text())
    assert written == published
    assert [list(one) for one in written["annotations"]] == [
        list(one) for one in published["annotations"]
    ]


def test_a_file_without_objects_comes_back_equal(published, tmp_path):
    published["annotations"] = []
    loaded = AnnotationStore.load(write(tmp_path, published))
    assert (loaded.width, loaded.height, len(loaded)) == (80, 60, 0)
    assert sa1b.to_dict(loaded) == published


def test_objects_are_filtered_by_their_figures(published, tmp_path):
    published["annotations"][3]["stability_score"] = None
    loaded = AnnotationStore.load(write(tmp_path, published))
    assert [one.predicted_iou for one in loaded] == pytest.approx([0.9, 0.92, 0.94, 0.96])
    kept = sa1b.filtered(loaded, min_predicted_iou=0.915, min_stability_score=0.96)
    assert [one.id for one in kept] == ["532011007"]
    assert sa1b.filtered(loaded, min_predicted_iou=0.92)[0] is loaded[1]
    assert len(sa1b.filtered(loaded)) == 4
    assert sa1b.to_dict(kept) == published | {"annotations": published["annotations"][1:2]}


def test_what_has_changed_is_written_anew(published, masks, tmp_path):
    loaded = AnnotationStore.load(write(tmp_path, published))
    edited = replace(loaded[0], rle=Rle.encode(masks["bar"]), predicted_iou=0.5)
    store = AnnotationStore([edited, loaded[1]], width=80, height=60)
    first, second = sa1b.to_dict(store)["annotations"]
    assert second == published["annotations"][1]
    assert first["area"] == masks["bar"].sum()
    assert first["bbox"] == list(edited.bbox_xywh)
    assert first["predicted_iou"] == 0.5
    assert first["id"] == published["annotations"][0]["id"]
    # A copy of an object is another one.
    twins = AnnotationStore([loaded[0], replace(loaded[0], id="copy")], width=80, height=60)
    assert [one["id"] for one in sa1b.to_dict(twins)["annotations"]] == [532_011_000, 1]


def test_our_own_objects_have_the_published_keys_and_no_others(store, tmp_path):
    with pytest.warns(FormatLossWarning) as caught:
        path = store.save(tmp_path / "a.sa1b.json")
    assert [str(one.message)[:26] for one in caught] == [
        "SA-1B files have no place ",
        "SA-1B files want a predict",
    ]
    assert {one.filename for one in caught} == {__file__}
    written = json.loads(path.read_text())
    assert set(written["image"]) == {"image_id", "width", "height", "file_name"}
    for record, annotation in zip(written["annotations"], store, strict=True):
        assert set(record) == PUBLISHED
        assert np.array_equal(oracle.decode(record["segmentation"]), annotation.mask)
        assert isinstance(record["predicted_iou"], float)
    assert written["annotations"][0]["point_coords"] == [[40.25, 14.0]]
    store.save(path)  # said once


def test_with_own_fields_nothing_is_lost(store, tmp_path, differences):
    path = store.save(tmp_path / "a.sa1b.json", own_fields=True)
    assert differences(store, AnnotationStore.load(path)) == set()
    again = AnnotationStore.load(AnnotationStore.load(path).save(tmp_path / "b.sa1b.json"))
    assert differences(store, again) == set()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"segmentation": {"size": [80, 60], "counts": [4800]}}, "segmentation: the mask is 80 x"),
        ({"segmentation": None}, ": the key 'segmentation' is missing"),
        ({"id": 532_011_007}, "annotations[1].id: the id '532011007' is used twice"),
        ({"id": 2**60}, "annotations[0].id: must be from 0 to"),
        ({"stability_score": []}, "annotations[0].stability_score: must be a number"),
        ({"bbox": [1, 2]}, "annotations[0].bbox: must have 4 numbers"),
        ({"crop_box": "all"}, "annotations[0].crop_box: must be a list"),
        ({"point_coords": [[1, 2, 3]]}, "annotations[0].point_coords: [0] must be [x, y]"),
    ],
)
def test_a_fault_in_a_record_is_named(published, tmp_path, change, message):
    published["annotations"][0] |= change
    with pytest.raises(AnnotationError) as caught:
        AnnotationStore.load(write(tmp_path, published), strict=True)
    assert message in str(caught.value)


def test_missing_figures_stay_apart_from_zero():
    blank = Annotation(Rle.encode(np.ones((2, 2), dtype=bool)))
    store = AnnotationStore([blank, replace(blank, id="b", predicted_iou=0.0)], width=2, height=2)
    records = sa1b.to_dict(store, own_fields=True)["annotations"]
    assert [one["predicted_iou"] for one in records] == [0.0, 0.0]
    assert records[0]["sam_widget"]["unscored"] == ["predicted_iou", "stability_score"]
    assert records[1]["sam_widget"]["unscored"] == ["stability_score"]
