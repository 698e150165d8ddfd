"""Many images in one COCO file: pycocotools is the oracle."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as oracle
from pycocotools.coco import COCO

from sam_widget.annotations import Annotation, ImageAnnotations
from sam_widget.errors import AnnotationError
from sam_widget.formats import FormatLossWarning, coco, load, load_images, save, save_images
from sam_widget.masks.rle import Rle

# pycocotools 2.0 on NumPy 2: its own conversion of masks to arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def image(name, size_wh, *labels, seed=0, **fields):
    width, height = size_wh
    masks = np.random.default_rng(seed).random((len(labels), height, width)) < 0.4
    items = [Annotation(Rle.encode(m), label) for m, label in zip(masks, labels, strict=True)]
    return ImageAnnotations(items, width=width, height=height, file_name=name, **fields)


def several():
    return [
        image("a.jpg", (8, 6), "dog", "cat", "dog"),
        image("sub/b.jpg", (5, 9), "", "ant", seed=1),
        image("c.jpg", (4, 4)),
        image("d.jpg", (7, 3), "cat", seed=2),
    ]


@pytest.mark.parametrize("polygons", [False, True])
@pytest.mark.filterwarnings("ignore::sam_widget.formats.FormatLossWarning")
def test_pycocotools_reads_the_masks_of_all_images(tmp_path, capsys, polygons):
    images = several()
    read = COCO(save_images(iter(images), tmp_path / "all.coco.json", polygons=polygons))
    named = {entry["file_name"]: entry for entry in read.imgs.values()}
    assert list(named) == ["a.jpg", "sub/b.jpg", "c.jpg", "d.jpg"]
    for made in images:
        entry = named[made.file_name]
        assert (entry["width"], entry["height"]) == (made.width, made.height)
        records = read.loadAnns(read.getAnnIds(entry["id"]))
        for annotation, record in zip(made, records, strict=True):
            assert isinstance(record["segmentation"], list) == polygons
            assert np.array_equal(read.annToMask(record), annotation.mask)
            rle = oracle.encode(np.asfortranarray(annotation.mask.astype(np.uint8)))
            assert record["area"] == oracle.area(rle)
            assert record["bbox"] == oracle.toBbox(rle).tolist()
            assert read.cats[record["category_id"]]["name"] == (annotation.label or "object")
    assert sorted(read.anns) == [1, 2, 3, 4, 5, 6]
    assert [one["name"] for one in read.dataset["categories"]] == ["cat", "dog", "ant", "object"]


def test_what_was_written_is_read_image_by_image(tmp_path, store, differences):
    images = [store.image_annotations(), *several()]
    loaded = load_images(save_images(images, tmp_path / "all.coco.json"))
    for made, found in zip(images, loaded, strict=True):
        assert differences(made, found) == set()
        assert found.file_name == made.file_name
        assert differences(load(tmp_path / "all.coco.json", image=made.file_name), found) == set()
    assert (
        save_images(loaded, tmp_path / "b.json", "coco").read_bytes()
        == (tmp_path / "all.coco.json").read_bytes()
    )
    assert len(load_images(tmp_path / "b.json")) == 5


def test_one_image_is_written_as_before(tmp_path):
    alone = several()[0]
    save(alone, tmp_path / "one.coco.json")
    save_images([alone], tmp_path / "many.coco.json")
    one, many = (json.loads((tmp_path / f"{n}.coco.json").read_text()) for n in ("one", "many"))
    assert one == many


def test_categories_given_first_keep_their_ids_whatever_is_there(tmp_path):
    labels = ["dog", "horse", "cat"]
    for number, images in enumerate((several()[:1], several()[1:], [])):
        path = save_images(images, tmp_path / f"{number}.coco.json", labels=labels)
        categories = json.loads(path.read_text())["categories"]
        assert [(c["id"], c["name"]) for c in categories[:3]] == [
            (1, "dog"), (2, "horse"), (3, "cat"),
        ]  # fmt: skip


def others_file(tmp_path, name, image_id, category, license_name):
    made = {
        "info": {"year": 2017},
        "licenses": [{"id": 3, "name": license_name}],
        "images": [
            {"id": image_id, "file_name": f"{name}.jpg", "width": 4, "height": 3, "license": 3,
             "coco_url": "x"},
        ],
        "categories": [{"id": 18, "name": category, "supercategory": "animal", "isthing": 1}],
        "annotations": [
            {"id": 5, "image_id": image_id, "category_id": 18, "iscrowd": 1, "bbox": [1, 1, 2, 1],
             "area": 2, "segmentation": {"size": [3, 4], "counts": [4, 1, 2, 1, 4]},
             "attributes": {"occluded": True}},
        ],
    }  # fmt: skip
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(made))
    return path


def test_what_others_wrote_is_kept_and_what_clashes_gets_a_free_id(tmp_path):
    files = [
        others_file(tmp_path, "a", 7, "dog", "CC"),
        others_file(tmp_path, "b", 7, "cat", "BSD"),
        others_file(tmp_path, "c", 9, "dog", "CC"),
    ]
    path = save_images([load(file) for file in files], tmp_path / "all.coco.json")
    made = json.loads(path.read_text())
    assert made["info"] == {"year": 2017}
    assert made["licenses"] == [{"id": 3, "name": "CC"}, {"id": 4, "name": "BSD"}]
    assert [(i["id"], i["license"], i["coco_url"]) for i in made["images"]] == [
        (7, 3, "x"), (1, 4, "x"), (9, 3, "x"),
    ]  # fmt: skip
    assert made["categories"] == [
        {"id": 18, "name": "dog", "supercategory": "animal", "isthing": 1},
        {"id": 19, "name": "cat", "supercategory": "animal", "isthing": 1},
    ]
    records = made["annotations"]
    assert [(r["id"], r["image_id"], r["category_id"]) for r in records] == [
        (5, 7, 18), (1, 1, 19), (2, 9, 18),
    ]  # fmt: skip
    assert all(r["attributes"] == {"occluded": True} and r["iscrowd"] == 1 for r in records)


def test_images_are_held_one_at_a_time(tmp_path, monkeypatch):
    alive = 0
    most = 0

    class Counted(ImageAnnotations):
        def __init__(self, made):
            nonlocal alive, most
            super().__init__(
                made.items, width=made.width, height=made.height, file_name=made.file_name
            )
            alive += 1
            most = max(most, alive)

        def __del__(self):
            nonlocal alive
            alive -= 1

    save_images((Counted(made) for made in several() * 5), tmp_path / "all.coco.json")
    # The one that is written, and the one that is made meanwhile.
    assert most <= 2
    assert len(load_images(tmp_path / "all.coco.json")) == 20


def test_a_failure_on_the_way_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    path = save_images(several(), tmp_path / "all.coco.json")
    former = path.read_bytes()

    def broken():
        yield several()[0]
        raise ValueError("the second cannot be read")

    with pytest.raises(ValueError, match="the second"):
        save_images(broken(), path)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_images(several()[:1], path)
    assert path.read_bytes() == former
    assert [one.name for one in tmp_path.iterdir()] == ["all.coco.json"]


def test_polygons_are_warned_of_once(tmp_path):
    with pytest.warns(FormatLossWarning, match="COCO polygons have no holes"):
        save_images(several(), tmp_path / "all.coco.json", polygons=True)


@pytest.mark.parametrize("name", ["labelme", "png", "yolo", "csv", "sa1b"])
def test_formats_of_one_image_a_file_are_refused(tmp_path, name):
    for attempt in (
        lambda: save_images(several(), tmp_path / "x", name),
        lambda: load_images(tmp_path / "x", name),
    ):
        with pytest.raises(AnnotationError, match=f"{name!r} has a file for each image"):
            attempt()
    with pytest.raises(AnnotationError, match=r"cannot tell the format of 'x.json'.*'coco'"):
        save_images(several(), tmp_path / "x.json")


@given(st.lists(st.lists(st.sampled_from(["", "a", "b", "object"]), max_size=3), max_size=5))
def test_ids_are_unique_and_point_to_what_is_there(labels):
    images = [image(f"{n}.jpg", (4, 3), *each) for n, each in enumerate(labels)]
    layout = coco.writing._Layout(polygons=False)
    records = [record for made in images for record in layout.records(made)]
    ids = [record["id"] for record in records]
    assert len(set(ids)) == len(ids)
    known = {category["id"]: category["name"] for category in layout.categories.listed}
    assert len(set(known.values())) == len(known)
    expected = [(n, label or "object") for n, each in enumerate(labels, 1) for label in each]
    assert [(r["image_id"], known[r["category_id"]]) for r in records] == expected


def test_an_object_of_an_image_that_is_not_there_is_named(tmp_path):
    path = others_file(tmp_path, "a", 7, "dog", "CC")
    made = json.loads(path.read_text())
    made["annotations"][0]["image_id"] = 8
    path.write_text(json.dumps(made))
    with pytest.raises(AnnotationError, match=r"annotations\[0\].image_id: there is no such image"):
        load_images(path, strict=True)


def test_names_and_sizes_of_images_may_be_changed_on_the_way(tmp_path):
    images = [replace(made, file_name=f"photos/{made.file_name}") for made in several()]
    names = [
        found.file_name for found in load_images(save_images(images, tmp_path / "x.coco.json"))
    ]
    assert names == ["photos/a.jpg", "photos/sub/b.jpg", "photos/c.jpg", "photos/d.jpg"]
