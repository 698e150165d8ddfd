"""YOLO folders: supervision is the reader; classes are shared by many images."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import supervision
from PIL import Image

from sam_widget import Annotation, AnnotationError, AnnotationStore
from sam_widget.formats import FormatLossWarning
from sam_widget.masks.metrics import mask_iou
from sam_widget.masks.rle import Rle

pytestmark = pytest.mark.filterwarnings("ignore::sam_widget.formats.FormatLossWarning")


@pytest.fixture
def folder(store, tmp_path):
    """A folder with the objects and the image."""
    path = store.save(tmp_path / "set", "yolo")
    (path / "images").mkdir()
    Image.new("RGB", (80, 60)).save(path / "images" / "photo.jpg")
    return path


def test_what_is_lost_is_said(store, tmp_path):
    with pytest.warns(FormatLossWarning, match="keep the label and outline") as caught:
        assert [store.save(tmp_path / "set", "yolo") for _ in range(2)]
    assert len(caught) == 1


def test_supervision_sees_the_masks(store, folder):
    dataset = supervision.DetectionDataset.from_yolo(
        images_directory_path=str(folder / "images"),
        annotations_directory_path=str(folder / "labels"),
        data_yaml_path=str(folder / "data.yaml"),
        force_masks=True,
    )
    (found,) = dataset.annotations.values()
    assert dataset.classes == ['Löffel, "klein"\n=1+1', "cup", "object"]
    assert [dataset.classes[number] for number in found.class_id] == [
        one.label or "object" for one in store
    ]
    for annotation, mask in zip(store, found.mask, strict=True):
        # Between separate parts lines of one pixel's width are drawn, and nothing is missing.
        assert not (annotation.mask & ~mask).any()
        if annotation.label != "cup" or annotation is store[0]:
            assert mask_iou(mask, annotation.mask) > (0.7 if not annotation.label else 0.999)
    assert np.array_equal(found.mask[0], store[0].mask)
    assert np.array_equal(found.mask[2], store[2].mask)


def test_readers_that_cut_coordinates_off_see_the_same(store, folder):
    lines = (folder / "labels" / "photo.txt").read_text().splitlines()
    polygon = np.array(lines[0].split()[1:], dtype=np.float32).reshape(-1, 2) * (80, 60)
    canvas = np.zeros((60, 80), dtype=np.uint8)
    cv2.fillPoly(canvas, [polygon.astype(np.int32)], 1)
    assert np.array_equal(canvas, store[0].mask)


def test_labels_and_outlines_come_back(store, folder, differences):
    loaded = AnnotationStore.load(folder)
    assert loaded.file_name == "photo.jpg"
    whole = AnnotationStore([store[0], store[2]], width=80, height=60)
    kept = AnnotationStore([loaded[0], loaded[2]], width=80, height=60)
    assert differences(whole, kept, ("rle", "label")) == set()
    assert [one.label for one in loaded] == [one.label for one in store]
    by_file = AnnotationStore.load(folder / "labels" / "photo.txt", size_wh=(80, 60))
    assert differences(loaded, by_file, ("rle", "label", "color")) == set()


def test_classes_keep_their_numbers_from_image_to_image(store, folder):
    other = AnnotationStore([replace(store[0], label="apple")], width=80, height=60)
    other.save(folder, "yolo", name="other")
    names = ['Löffel, "klein" =1+1', "cup", "object", "apple"]
    assert (folder / "classes.txt").read_text(encoding="utf-8").splitlines() == names
    assert (folder / "labels" / "other.txt").read_text().startswith("3 ")
    with pytest.raises(AnnotationError, match=r"has 2 label files.*name=: 'other', 'photo'"):
        AnnotationStore.load(folder)
    assert AnnotationStore.load(folder, name="photo")[3].label == "cup"
    assert AnnotationStore.load(folder, name="other", size_wh=(80, 60))[0].label == "apple"


def test_single_pixels_and_empty_masks(tmp_path):
    masks = np.zeros((3, 5, 5), dtype=bool)
    masks[0, 2, 3] = masks[1, 2, 3] = masks[1, 2, 4] = True
    made = [Annotation(Rle.encode(mask), "x") for mask in masks]
    store = AnnotationStore(made, width=5, height=5, file_name="a.png")
    loaded = AnnotationStore.load(store.save(tmp_path / "set", "yolo"), size_wh=(5, 5))
    assert [np.argwhere(one.mask).tolist() for one in loaded] == [[[2, 3]], [[2, 3], [2, 4]]]


def test_the_size_may_come_from_an_image_that_is_turned(store, folder, tmp_path):
    turned = Image.new("RGB", (60, 80))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    loaded = AnnotationStore.load(folder, image=tmp_path / "turned.jpg")
    assert (loaded.width, loaded.height) == (80, 60)


def test_name_and_size_must_be_known(store, folder, tmp_path):
    unnamed = AnnotationStore(store, width=80, height=60)
    for name in (None, "", "a/b", ".."):
        with pytest.raises(AnnotationError, match="cannot tell the name"):
            unnamed.save(folder, "yolo", name=name)
    (folder / "images" / "photo.jpg").unlink()
    with pytest.raises(AnnotationError, match=r"no image images/photo.*size_wh=\(width, height\)"):
        AnnotationStore.load(folder)
    with pytest.raises(AnnotationError, match=r"name must be that of a file"):
        AnnotationStore.load(folder, name="../photo")
    with pytest.raises(AnnotationError, match=r"has no labels/\*.txt"):
        AnnotationStore.load(folder / "images", "yolo")
    (folder / "images" / "photo.png").write_bytes(b"no image")
    with pytest.raises(AnnotationError, match=r"photo\.png: is not an image"):
        AnnotationStore.load(folder)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0.5 0.5 0.2 0", "line 2: a box must have a width and a height"),
        ("0 0.5", "line 2: must be 'class x1 y1"),
        ("0 0 0 1 0 1 x", "line 2: must be numbers"),
        ("0 0 0 1 0 1 nan", "line 2: all numbers must be finite"),
        ("0 0 0 1 0 1 1e400", "line 2: all numbers must be finite"),
        ("-1 0 0 1 0 1 1", "line 2: must be from 0"),
        ("0.5 0 0 1 0 1 1", "line 2: must be a whole number"),
        ("0 0 0 300 0 300 200", "line 2: coordinates must be divided"),
    ],
)
def test_a_fault_in_a_line_is_named(folder, line, message):
    (folder / "labels" / "photo.txt").write_text(f"0 0 0 1 0 1 1\n{line}\n")
    with pytest.raises(AnnotationError) as caught:
        AnnotationStore.load(folder, strict=True)
    assert str(caught.value).startswith(f"photo.txt: {message}")


def test_a_confidence_at_the_end_is_read(folder):
    (folder / "labels" / "photo.txt").write_text("9 0 0 0.5 0 0.5 0.5 0.75\n")
    (read,) = AnnotationStore.load(folder)
    assert (read.label, read.predicted_iou) == ("class 9", 0.75)


LINE = "1 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75\n"


@pytest.mark.parametrize(
    ("labels", "images"),
    [("labels/train", "images/train"), ("train/labels", "train/images"), ("labels", "images")],
)
def test_the_usual_trees_are_read_with_the_names_above(tmp_path, labels, images):
    for folder in (labels, images):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / labels / "a.txt").write_text(LINE)
    Image.new("RGB", (80, 60)).save(tmp_path / images / "a.jpg")
    (tmp_path / "data.yaml").write_text("train: ../train/images\nnames: ['cat', 'object']\n")
    for path in (tmp_path / labels / "a.txt", tmp_path):
        (found,) = AnnotationStore.load(path, "yolo")
        assert (found.label, found.bbox_xywh[:2]) == ("object", (20, 15))
        assert AnnotationStore.load(path, "yolo").file_name == "a.jpg"
    Image.new("RGB", (80, 60)).save(tmp_path / images / "empty.jpg")
    assert len(AnnotationStore.load(tmp_path, "yolo", name="empty")) == 0


def test_boxes_among_outlines_become_rectangles_said_once(folder):
    lines = "0 0.5 0.5 0.25 0.5\n" + LINE + "0 0.5 0.5 0.1 0.1 0.875\n"
    (folder / "labels" / "photo.txt").write_text(lines)
    with pytest.warns(FormatLossWarning, match="2 lines are boxes of a detector"):
        store = AnnotationStore.load(folder)
    assert [item.bbox_xywh for item in store][::2] == [(30, 15, 20, 30), (36, 27, 8, 6)]
    assert [item.predicted_iou for item in store] == [None, None, 0.875]
    AnnotationStore.load(folder)  # said once


def test_what_reaches_a_little_beyond_the_image_is_cut_there(folder):
    (folder / "labels" / "photo.txt").write_text("0 -0.05 -0.05 1.05 -0.05 1.05 1.05 -0.05 1.05\n")
    (found,) = AnnotationStore.load(folder)
    assert found.area == 80 * 60


@pytest.mark.filterwarnings("ignore::sam_widget.formats.FormatLossWarning")
def test_a_class_that_is_really_called_object_stays_apart(store, tmp_path):
    named = AnnotationStore(
        [replace(store[0], label="object"), replace(store[2], label="")],
        width=80, height=60, file_name="photo.jpg",
    )  # fmt: skip
    path = named.save(tmp_path / "own", "yolo")
    labels = [item.label for item in AnnotationStore.load(path, size_wh=(80, 60))]
    assert labels == ["object", ""]


@pytest.mark.filterwarnings("ignore::sam_widget.formats.FormatLossWarning")
def test_two_images_of_one_stem_are_refused(store, folder):
    Image.new("RGB", (80, 60)).save(folder / "images" / "photo.png")
    with pytest.raises(AnnotationError, match=r"photo\.jpg and photo\.png would both have"):
        store.save(folder, "yolo")
