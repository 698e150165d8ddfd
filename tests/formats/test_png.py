"""Label images: OpenCV and Pillow are the readers; what overlaps is said."""

from __future__ import annotations

import json
import struct
import zlib

import cv2
import numpy as np
import pytest
import skimage.io
from PIL import Image

from sam_widget import Annotation, AnnotationError, AnnotationStore
from sam_widget.formats import FormatLossWarning, png
from sam_widget.masks.rle import Rle


def test_independent_readers_see_the_numbers(store, tmp_path, differences):
    path = store.save(tmp_path / "a.png")
    numbers = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert numbers.dtype == np.uint16
    assert np.array_equal(numbers, np.array(Image.open(path)))
    assert np.array_equal(numbers, skimage.io.imread(path))
    for number, annotation in enumerate(store, start=1):
        assert np.array_equal(numbers == number, annotation.mask)
    table = json.loads((tmp_path / "a.classes.json").read_text())
    assert table["classes"] == [
        {"id": 1, "name": 'Löffel, "klein"\n=1+1'},
        {"id": 2, "name": "cup"},
    ]
    assert [one["class_id"] for one in table["instances"]] == [2, 0, 1, 2]
    assert differences(store, AnnotationStore.load(path)) == set()


def overlapping():
    left, right = np.zeros((2, 4, 6), dtype=bool)
    left[:, :4] = right[:, 2:] = True
    made = [Annotation(Rle.encode(mask), label) for mask, label in ((left, "a"), (right, "b"))]
    hidden = Annotation(Rle.encode(left), "under", id="under")
    return AnnotationStore([hidden, *made], width=6, height=4)


@pytest.mark.parametrize(
    ("policy", "row"), [("newest", [2, 2, 3, 3, 3, 3]), ("oldest", [1, 1, 1, 1, 3, 3])]
)
def test_a_pixel_belongs_to_one_object_and_that_is_said_once(tmp_path, policy, row):
    with pytest.warns(FormatLossWarning, match=f"belongs to one: to the {policy}") as caught:
        path = overlapping().save(tmp_path / "a.png", overlap=policy)
    assert len(caught) == 1
    assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[0].tolist() == row
    loaded = AnnotationStore.load(path)
    assert [one.label for one in loaded] == ["under", "a", "b"]
    assert [one.area // 4 for one in loaded] == [row.count(number) for number in (1, 2, 3)]


def test_overlap_may_be_refused(tmp_path):
    with pytest.raises(AnnotationError, match=r"object 2 \('a'\) overlaps .* in 16 pixels"):
        overlapping().save(tmp_path / "a.png", overlap="refuse")
    with pytest.raises(AnnotationError, match="overlap must be"):
        overlapping().save(tmp_path / "a.png", overlap="blend")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_label_images_of_others_need_no_table(tmp_path, dtype):
    numbers = np.array([[0, 7, 7], [2, 2, 0]], dtype=dtype)
    cv2.imwrite(str(tmp_path / "a.png"), numbers)
    loaded = AnnotationStore.load(tmp_path / "a.png")
    assert [one.mask.tolist() for one in loaded] == [(numbers == n).tolist() for n in (2, 7)]
    assert [one.label for one in loaded] == ["", ""]
    palette = Image.fromarray(numbers.astype(np.uint8), "L").convert("P")
    palette.save(tmp_path / "p.png")
    assert len(AnnotationStore.load(tmp_path / "p.png")) == 2


def test_ten_thousand_instances(tmp_path):
    numbers = np.arange(1, 10_001, dtype=np.uint16).reshape(100, 100)
    cv2.imwrite(str(tmp_path / "a.png"), numbers)
    loaded = AnnotationStore.load(tmp_path / "a.png")
    assert len(loaded) == 10_000
    assert np.argwhere(loaded[1234].mask).tolist() == [[12, 34]]


def bomb(width, height, mode=0, depth=8, rows=b""):
    def chunk(kind, content):
        crc = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, depth, mode, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bomb(2**14, 10_000), "has 16384 x 10000 pixels"),
        (bomb(2**15, 2**15), "is not a PNG that can be read"),
        (bomb(10_000, 10_000), "is cut short"),
        (bomb(2**31 - 1, 2**31 - 1), "pixels"),
        (bomb(4, 4, mode=2, rows=(b"\0" + bytes(range(12))) * 4), "one channel"),
        (bomb(4, 4), "is not a PNG that can be read"),
        (bomb(0, 4), "is not a PNG that can be read"),
        (b"", "is not a PNG that can be read"),
        (b"GIF89a", "is not a PNG that can be read"),
    ],
)
def test_bombs_and_other_files_are_refused(tmp_path, content, message):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(AnnotationError, match=message):
        AnnotationStore.load(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 81}, "is of an image of"),
        ({"width": "x"}, "width: must be a whole number"),
        ({"pair": "0123"}, "belongs to another image"),
        ({"instances": {}}, "instances: must be a list"),
        ({"instances": [{"instance": 0}]}, "instances[0].instance: must be from 1"),
        ({"instances": [{"instance": 1}] * 2}, "instances[1]: the id '1' is used twice"),
        ({"instances": [{"instance": 1, "label": 7}]}, "instances[0].label: must be a text"),
    ],
)
def test_a_fault_in_the_table_is_named(store, tmp_path, change, message):
    path = store.save(tmp_path / "a.png")
    table = tmp_path / "a.classes.json"
    table.write_text(json.dumps({**json.loads(table.read_text()), **change}))
    with pytest.raises(AnnotationError) as caught:
        AnnotationStore.load(path, strict=True)
    assert str(caught.value).startswith("a.classes.json: ")
    assert message in str(caught.value)


def test_a_table_of_an_earlier_save_is_not_believed(store, tmp_path):
    path = store.save(tmp_path / "a.png")
    former = path.read_bytes()
    store.save(path)
    path.write_bytes(former)  # as if writing the second file had failed
    with pytest.raises(AnnotationError, match="belongs to another image"):
        AnnotationStore.load(path)
    assert png.class_map_path(path).name == "a.classes.json"


def test_too_many_objects_are_refused(tmp_path):
    rle = Rle.encode(np.ones((1, 1), dtype=bool))
    many = [Annotation(rle, id=str(number)) for number in range(65_536)]
    with pytest.raises(AnnotationError, match="at most 65535 objects"):
        AnnotationStore(many, width=1, height=1).save(tmp_path / "a.png")


def squares():
    numbers = np.zeros((60, 80), np.uint8)
    numbers[5:15, 5:15], numbers[30:50, 40:60] = 1, 2
    return numbers


def test_the_border_of_pascal_voc_belongs_to_no_object(tmp_path):
    numbers = squares()
    numbers[4:16, 4] = numbers[28:52, 62] = 255
    picture = Image.fromarray(numbers, "P")
    picture.putpalette(list(range(256)) * 3)
    picture.save(tmp_path / "a.png")
    assert [item.area for item in AnnotationStore.load(tmp_path / "a.png")] == [100, 400]
    Image.fromarray((numbers > 0).astype(np.uint8) * 255).save(tmp_path / "b.png")
    assert len(AnnotationStore.load(tmp_path / "b.png")) == 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "1"])
def test_black_and_white_pictures_are_masks(tmp_path, mode):
    white = Image.fromarray((squares() == 2).astype(np.uint8) * 255)
    white.convert("RGB" if mode == "1" else mode).convert(mode).save(tmp_path / "a.png")
    (found,) = AnnotationStore.load(tmp_path / "a.png")
    assert found.bbox_xywh == (40, 30, 20, 20)


def test_a_picture_in_colours_is_refused_with_advice(tmp_path):
    Image.new("RGB", (4, 4), (10, 20, 30)).save(tmp_path / "a.png")
    with pytest.raises(AnnotationError, match=r"picture in colours\. A label image has numbers"):
        AnnotationStore.load(tmp_path / "a.png")


@pytest.mark.parametrize("name", ["photo_mask.png", "photo_labels.png", "photo.png"])
def test_the_table_may_be_named_after_the_photo(store, tmp_path, name):
    path = store.save(tmp_path / name)
    table = path.with_suffix(".classes.json")
    other = "photo.png.classes.json" if name == "photo.png" else "photo.classes.json"
    table.rename(tmp_path / other)
    assert [item.label for item in AnnotationStore.load(path)] == [item.label for item in store]
