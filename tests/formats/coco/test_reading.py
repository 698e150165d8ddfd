"""COCO files: pycocotools is the oracle, both ways."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as oracle
from pycocotools.coco import COCO

from sam_widget import Annotation, AnnotationError, AnnotationStore
from sam_widget.formats import FormatLossWarning, coco
from sam_widget.formats.reading import budget
from sam_widget.masks.rle import Rle

# pycocotools 2.0 on NumPy 2: its own conversion of masks to arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SMALL = np.asfortranarray([[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]], dtype=np.uint8)


def document(**changes):
    made = {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 4, "height": 3}],
        "categories": [{"id": 18, "name": "dog", "supercategory": "animal"}],
        "annotations": [
            {
                "id": 5, "image_id": 7, "category_id": 18, "iscrowd": 0, "bbox": [1, 1, 2, 1],
                "area": 2, "segmentation": {"size": [3, 4], "counts": [4, 1, 2, 1, 4]},
            }
        ],
    }  # fmt: skip
    return {**made, **changes}


def write(tmp_path, value):
    path = tmp_path / "x.coco.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


@pytest.mark.parametrize("polygons", [False, True])
def test_pycocotools_reads_the_very_masks(store, tmp_path, capsys, polygons):
    path = tmp_path / "photo.coco.json"
    if polygons:
        with pytest.warns(FormatLossWarning, match="COCO polygons have no holes"):
            store.save(path, polygons=True)
    else:
        store.save(path)
    read = COCO(path)
    for annotation, entry in zip(store, read.anns.values(), strict=True):
        assert isinstance(entry["segmentation"], list) == polygons
        assert np.array_equal(read.annToMask(entry), annotation.mask)
        rle = oracle.encode(np.asfortranarray(annotation.mask.astype(np.uint8)))
        assert entry["area"] == oracle.area(rle)
        assert entry["bbox"] == oracle.toBbox(rle).tolist()
        assert read.cats[entry["category_id"]]["name"] == (annotation.label or "object")
    assert [one["id"] for one in read.anns.values()] == [1, 2, 3, 4]


@pytest.mark.parametrize("polygons", [False, True])
@pytest.mark.filterwarnings("ignore::sam_widget.formats.FormatLossWarning")
def test_nothing_is_lost_on_the_way(store, tmp_path, differences, polygons):
    path = store.save(tmp_path / "photo.coco.json", polygons=polygons)
    loaded = AnnotationStore.load(path)
    assert differences(store, loaded) == set()
    assert loaded.file_name == "photo.jpg"
    again = AnnotationStore.load(loaded.save(tmp_path / "again.coco.json", polygons=polygons))
    assert differences(store, again) == set()


def test_what_others_wrote_is_read_and_written_back(tmp_path):
    entry = document()["annotations"][0]
    given_ = document(info={"year": 2017}, licenses=[{"id": 3}])
    given_["images"][0]["license"] = 3
    given_["annotations"] = [
        entry | {"attributes": {"occluded": True}},
        entry | {"id": 6, "iscrowd": 1, "segmentation": [[1, 1, 3, 1, 3, 2, 1, 2]]},
        entry
        | {
            "id": 9,
            "segmentation": {"size": [3, 4], "counts": oracle.encode(SMALL)["counts"].decode()},
        },
    ]
    loaded = AnnotationStore.load(write(tmp_path, given_))
    assert [one.id for one in loaded] == ["5", "6", "9"]
    assert {one.label for one in loaded} == {"dog"}
    assert loaded[0].mask.tolist() == [[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert loaded[0].rle == loaded[1].rle
    written = coco.to_dict(loaded)
    assert written["categories"] == given_["categories"]
    assert written["images"] == given_["images"]
    assert (written["info"], written["licenses"]) == ({"year": 2017}, [{"id": 3}])
    assert [one["id"] for one in written["annotations"]] == [5, 6, 9]
    assert written["annotations"][0]["attributes"] == {"occluded": True}
    assert [one["iscrowd"] for one in written["annotations"]] == [0, 1, 0]


@pytest.mark.parametrize("number", [18.0, -0.0])
def test_whole_numbers_with_a_point_are_ids(tmp_path, number):
    made = document(categories=[{"id": number, "name": "dog"}])
    made["annotations"][0]["category_id"] = int(number)
    read = AnnotationStore.load(write(tmp_path, made))
    read.add(Annotation(read[0].rle, "cat"))
    written = coco.to_dict(read)
    ids = [one["id"] for one in written["categories"]]
    assert ids == [int(number), int(number) + 1]
    assert all(isinstance(one, int) for one in ids)
    assert [one["category_id"] for one in written["annotations"]] == ids


def test_of_several_images_one_must_be_chosen(tmp_path):
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 4, "height": 3} for n in (7, 8)]
    path = write(tmp_path, document(images=images))
    with pytest.raises(AnnotationError, match=r"has 2 images.*image=: '7.jpg', '8.jpg'"):
        AnnotationStore.load(path)
    with pytest.raises(AnnotationError, match=r"has no image 'c.jpg'.*'7.jpg', '8.jpg'"):
        AnnotationStore.load(path, image="c.jpg")
    assert len(AnnotationStore.load(path, image="7.jpg")) == 1
    assert len(AnnotationStore.load(path, image=8)) == 0


@given(arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_any_mask_survives_in_every_form(mask):
    store = AnnotationStore(
        [Annotation(Rle.encode(mask))], width=mask.shape[1], height=mask.shape[0]
    )
    for polygons in (False, True):
        entry = coco.to_dict(store, polygons=polygons)["annotations"][0]["segmentation"]
        if isinstance(entry, list):
            entry = oracle.merge(oracle.frPyObjects(entry, *mask.shape))
        assert np.array_equal(oracle.decode(entry), mask)


FAULTS = {
    "annotations[0].segmentation: ": [
        {"segmentation": {"size": [40000, 40000], "counts": [1600000000]}},
        {"segmentation": {"size": [4, 3], "counts": "41214"}},
        {"segmentation": {"size": [3, 4], "counts": "4121"}},
        {"segmentation": {"size": [3, 4], "counts": [4, -1, 9]}},
        {"segmentation": {"size": [3, 4], "counts": [10**30]}},
        {"segmentation": {"size": [3, 4]}},
        {"segmentation": []},
        {"segmentation": 3},
    ],
    "annotations[0].segmentation[0]: ": [
        {"segmentation": [[1, 1, 2, 2]]},
        {"segmentation": [[1, 1, 2, 2, 3]]},
        {"segmentation": [[1, 1, 2, 2, 3, "x"]]},
        {"segmentation": [[1, 1, 2, 2, 3, True]]},
        {"segmentation": [[1, 1, 2, 2, 3, 1e9]]},
        {"segmentation": [7]},
    ],
    "annotations[0].image_id: ": [{"image_id": []}, {"image_id": -1}, {"image_id": True}],
    "annotations[0].category_id: ": [{"category_id": 1.5}],
    "annotations[0].id: ": [{"id": [5]}],
    "annotations[0].predicted_iou: ": [{"predicted_iou": "high"}, {"predicted_iou": 1e9}],
    "annotations[0].point_coords": [{"point_coords": [[1]]}, {"point_coords": {"x": 1}}],
    "annotations[0].sam_widget": [
        {"sam_widget": []},
        {"sam_widget": {"id": ""}},
        {"sam_widget": {"candidate": -1}},
        {"sam_widget": {"visible": "yes"}},
        {"sam_widget": {"prompts": {"points": [[1, 1]], "labels": [2]}}},
        {"sam_widget": {"prompts": {"points": [[1, 99]], "labels": [1]}}},
        {"sam_widget": {"prompts": {"box": [3, 3, 1, 1]}}},
        {"sam_widget": {"prompts": {"logits": "AAAA"}}},
        {"sam_widget": {"prompts": {"mask": {"size": [9, 9], "counts": [81]}}}},
    ],
    "annotations[0]: ": [{"sam_widget": {"color": "red"}}],
}


@pytest.mark.parametrize(
    ("place", "change"), [(place, one) for place, all_ in FAULTS.items() for one in all_]
)
def test_a_fault_in_a_record_is_named(tmp_path, place, change):
    entry = document()["annotations"][0] | change
    with pytest.raises(AnnotationError) as caught:
        AnnotationStore.load(write(tmp_path, document(annotations=[entry])), strict=True)
    assert str(caught.value).startswith(f"x.coco.json: {place}")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (document(images=[]), "has no image"),
        (document(images={}), "images: must be a list"),
        (document(images=document()["images"] * 2), "images[1]: the id 7 is used twice"),
        (document(categories=document()["categories"] * 2), "categories[1]: the id 18 is"),
        (document(categories=[{"id": 18, "name": "x" * 201}]), "categories[0].name: has 201 char"),
        (document(images=[{"id": 7, "width": 2**14, "height": 2**14}]), "images[0]: an image must"),
        (document(images=[{"id": 7, "width": 0, "height": 3}]), "images[0].width: must be from 1"),
        ("[" * 100_000, "nested too deeply"),
        ('{"images": NaN}', "NaN is no number of JSON"),
        (
            '{"images": [{"id": 1, "width": 4, "height": 4, "x": 1e400}], "annotations": []}',
            "images[0]: has a number that is too large",
        ),
        ('{"images": [' + "9" * 5000 + "]}", "is not JSON"),
        ("[1, 2", "is not JSON"),
        ("", "is not JSON"),
        ("3", "must be an object"),
        ('{"a": [' + "[]," * 600_000 + "[]]}", "more lists and objects than annotations need"),
    ],
)  # fmt: skip
def test_a_fault_in_the_file_is_named(tmp_path, value, message):
    with pytest.raises(AnnotationError) as caught:
        AnnotationStore.load(write(tmp_path, value), "coco")
    assert str(caught.value).startswith("x.coco.json: ")
    assert message in str(caught.value)


def test_polygons_that_would_take_minutes_are_refused(tmp_path, monkeypatch):
    zigzag = [number for at in range(5000) for number in (30_000 * (at % 2), at % 4000)]
    value = document(images=[{"id": 7, "width": 30_000, "height": 4000}])
    value["annotations"][0]["segmentation"] = [zigzag]
    with pytest.raises(AnnotationError, match=r"segmentation\[0\]: a polygon may have 1,048,576"):
        AnnotationStore.load(write(tmp_path, value))
    monkeypatch.setattr(budget, "MAX_FILLING", 2**20)
    entry = value["annotations"][0]
    entry["segmentation"] = [zigzag[:60]]
    value["annotations"] = [entry | {"id": number} for number in range(2)]
    with pytest.raises(AnnotationError, match=r"annotations\[\d+\].*: the polygons .* too many"):
        AnnotationStore.load(write(tmp_path, value))
