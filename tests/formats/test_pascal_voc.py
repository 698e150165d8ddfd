"""Pascal VOC folders: boxes in XML, masks in two PNGs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sam_widget import AnnotationError, AnnotationStore
from sam_widget.formats import FormatLossWarning, SkippedRecordsWarning

OBJECT = """<object><name>{name}</name><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin>
<xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"""


def write(tmp_path, objects, size="<size><width>80</width><height>60</height></size>"):
    folder = tmp_path / "Annotations"
    folder.mkdir(exist_ok=True)
    named = "".join(OBJECT.format(name=name, box=box) for name, box in objects)
    text = f"<annotation><filename>a.jpg</filename>{size}{named}</annotation>"
    (folder / "a.xml").write_text(text)
    return folder / "a.xml"


def write_masks(tmp_path, classes=(15, 12)):
    objects = np.zeros((60, 80), np.uint8)
    objects[10:20, 10:30], objects[30:50, 40:60] = 1, 2
    objects[9, 10:30] = 255
    kinds = np.array([0, *classes, *[0] * 253], np.uint8)[objects]
    for name, values in (("SegmentationObject", objects), ("SegmentationClass", kinds)):
        (tmp_path / name).mkdir(exist_ok=True)
        picture = Image.fromarray(values, "P")
        picture.putpalette(list(range(256)) * 3)
        picture.save(tmp_path / name / "a.png")


def test_masks_belong_to_the_objects_in_their_order(tmp_path):
    write_masks(tmp_path)
    boxes = [("man", (11, 11, 30, 20)), ("pet", (41, 31, 60, 50)), ("car", (1, 1, 10, 5))]
    with pytest.warns(FormatLossWarning, match="Of 1 objects there are only boxes"):
        store = AnnotationStore.load(write(tmp_path, boxes))
    assert [(item.label, item.area) for item in store] == [("man", 200), ("pet", 400), ("car", 50)]
    assert store[2].bbox_xywh == (0, 0, 10, 5)
    assert (store.width, store.height, store.file_name) == (80, 60, "a.jpg")


def test_without_the_table_classes_have_their_numbers_names(tmp_path):
    write_masks(tmp_path)
    store = AnnotationStore.load(tmp_path / "SegmentationObject" / "a.png", "voc")
    assert [item.label for item in store] == ["person", "dog"]


def test_the_size_may_come_from_the_picture(tmp_path):
    (tmp_path / "JPEGImages").mkdir()
    path = write(tmp_path, [("cup", (1, 1, 4, 4))], size="")
    with pytest.raises(AnnotationError, match=r"a\.xml: has no size"):
        AnnotationStore.load(path)
    Image.new("RGB", (33, 22)).save(tmp_path / "JPEGImages" / "a.jpg")
    with pytest.warns(FormatLossWarning):
        assert AnnotationStore.load(path).width == 33


def test_an_object_that_cannot_be_used_is_left_out(tmp_path):
    boxes = [("cup", ("x", 1, 4, 4)), ("cup", (90, 1, 95, 4)), ("cup", (1, 1, 4, 4))]
    path = write(tmp_path, boxes)
    with (
        pytest.warns(SkippedRecordsWarning, match=r"2 records .*xmin must be a number"),
        pytest.warns(FormatLossWarning),
    ):
        assert len(AnnotationStore.load(path)) == 1
    with pytest.raises(AnnotationError, match="xmin must be a number"):
        AnnotationStore.load(path, strict=True)


def test_masks_of_another_size_are_refused(tmp_path):
    write_masks(tmp_path)
    path = write(tmp_path, [], "<size><width>8</width><height>6</height></size>")
    with pytest.raises(AnnotationError, match=r"a\.png: has 80 x 60 pixels, and the image 8 x 6"):
        AnnotationStore.load(path)
