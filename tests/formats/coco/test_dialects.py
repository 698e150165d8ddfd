"""COCO files as other tools write them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from sam_widget import AnnotationError, AnnotationStore
from sam_widget.formats import coco

BOX = [1, 1, 3, 1, 3, 2, 1, 2]


def write(tmp_path, annotations, images=None, categories=None, **more):
    document = {
        "images": images or [{"id": 7, "file_name": "a.jpg", "width": 4, "height": 3}],
        "categories": categories or [{"id": 18, "name": "dog"}],
        "annotations": annotations,
        **more,
    }
    path = tmp_path / "x.coco.json"
    path.write_text(json.dumps(document))
    return path


def entry(**changes):
    return {"id": 5, "image_id": 7, "category_id": 18, "segmentation": [BOX], **changes}


def test_an_id_used_twice_is_of_two_objects(tmp_path):
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 4, "height": 3} for n in (7, 8)]
    path = write(tmp_path, [entry(), entry(), entry(image_id=8)], images)
    first, second = coco.load_images(path)
    assert len({item.id for item in first}) == 2
    assert [item.id for item in second] == ["5"]
    coco.save_images([first, second], path)
    ids = [record["id"] for record in json.loads(path.read_text())["annotations"]]
    assert ids[0] == 5
    assert len(set(ids)) == 3


def test_two_categories_of_one_name_keep_their_ids(tmp_path):
    categories = [{"id": 18, "name": "dog"}, {"id": 19, "name": "dog", "supercategory": "animal"}]
    made = [entry(), entry(id=6, category_id=19)]
    store = AnnotationStore.load(write(tmp_path, made, categories=categories))
    assert [item.label for item in store] == ["dog", "dog"]
    written = coco.to_dict(store.image_annotations())
    assert written["categories"] == categories
    assert [record["category_id"] for record in written["annotations"]] == [18, 19]
    store.update(store[1].id, label="cat")
    assert coco.to_dict(store.image_annotations())["annotations"][1]["category_id"] == 20


def test_the_size_is_that_of_the_picture_or_as_told(tmp_path):
    images = [{"id": 7, "file_name": "photos\\a.png"}]
    path = write(tmp_path, [entry()], images)
    with pytest.raises(AnnotationError, match=r"images\[0\]: has no width and height.*size_wh"):
        AnnotationStore.load(path)
    told = AnnotationStore.load(path, size_wh=(5, 6))
    assert (told.width, told.height) == (5, 6)
    Image.new("RGB", (9, 8)).save(tmp_path / "a.png")
    found = AnnotationStore.load(path)
    assert (found.width, found.height) == (9, 8)
    assert [(one.width, one.height) for one in coco.load_images(path)] == [(9, 8)]


def test_ids_may_be_texts(tmp_path):
    images = [{"id": "img-a", "file_name": "a.jpg", "width": 4, "height": 3}]
    made = [entry(id="obj-1", image_id="img-a", category_id="dog")]
    categories = [{"id": "dog", "name": "Dog"}]
    path = write(tmp_path, made, images, categories)
    store = AnnotationStore.load(path, image="img-a")
    assert [(item.id, item.label) for item in store] == [("obj-1", "Dog")]
    written = coco.to_dict(store.image_annotations())
    assert (written["images"], written["categories"]) == (images, categories)
    record = written["annotations"][0]
    assert (record["id"], record["image_id"], record["category_id"]) == ("obj-1", "img-a", "dog")


def test_an_image_id_in_quotes_is_the_same_id(tmp_path):
    assert len(AnnotationStore.load(write(tmp_path, [entry(image_id="7")]))) == 1


def test_an_unknown_category_gets_a_name_of_its_number(tmp_path):
    store = AnnotationStore.load(write(tmp_path, [entry(category_id=3)]))
    assert store[0].label == "category 3"
    written = coco.to_dict(store.image_annotations())
    assert written["categories"][1] == {"id": 3, "name": "category 3", "supercategory": ""}
    assert written["annotations"][0]["category_id"] == 3


@pytest.mark.parametrize(
    "code",
    [
        {"size": [3, 4], "counts": [4.0, 2.0, 6.0]},
        {"size": [3.0, 4.0], "counts": [4, 2, 6]},
        {"size": [3, 4], "counts": [4, 2]},
    ],
)
def test_run_lengths_may_have_a_point_and_lack_the_last(tmp_path, code):
    (found,) = AnnotationStore.load(write(tmp_path, [entry(segmentation=code)]))
    assert found.rle.counts.tolist() == [4, 2, 6]


def test_a_bare_list_of_results_is_read(tmp_path):
    code = {"size": [3, 4], "counts": [4, 2, 6]}
    made = [
        {"image_id": 7, "category_id": 18, "segmentation": code, "score": 0.75},
        {"image_id": 8, "category_id": 18, "segmentation": code, "score": 0.5},
    ]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(made))
    store = AnnotationStore.load(path, "coco", image=7)
    assert [(item.label, item.predicted_iou) for item in store] == [("category 18", 0.75)]
    assert [len(one) for one in coco.load_images(path)] == [1, 1]
    assert AnnotationStore.load(path, image=8)[0].predicted_iou == 0.5


def test_an_image_is_found_without_its_folders(tmp_path):
    images = [
        {"id": 7, "file_name": "train/a.jpg", "width": 4, "height": 3},
        {"id": 8, "file_name": "val\\b.jpg", "width": 4, "height": 3},
        {"id": 9, "file_name": "val/a.jpg", "width": 4, "height": 3},
    ]
    path = write(tmp_path, [entry(image_id=8)], images)
    assert len(AnnotationStore.load(path, image="b.jpg")) == 1
    assert len(AnnotationStore.load(path, image="val/a.jpg")) == 0
    with pytest.raises(AnnotationError, match=r"several images called .a\.jpg."):
        AnnotationStore.load(path, image="a.jpg")


def test_all_other_keys_of_the_file_come_back(tmp_path):
    path = write(tmp_path, [entry()], videos=[{"id": 1}], type="instances")
    written = coco.to_dict(AnnotationStore.load(path).image_annotations())
    assert (written["videos"], written["type"]) == ([{"id": 1}], "instances")


def test_an_object_of_no_image_is_left_out_and_written_back(tmp_path):
    stray = entry(id=6, image_id=99)
    path = write(tmp_path, [entry(), stray])
    with pytest.warns(UserWarning, match=r"annotations\[1\]\.image_id: there is no such image"):
        (found,) = coco.load_images(path)
    coco.save_images([found], path)
    assert json.loads(path.read_text())["annotations"][1] == stray
    assert np.array_equal(found[0].mask, AnnotationStore.load(path)[0].mask)
