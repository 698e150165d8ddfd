"""The objects of a series as files: opened or not, in every format."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from sam_widget import Annotation, AnnotationError, AnnotationStore, Series, open_annotations
from sam_widget.formats import FORMATS, FormatLossWarning, load, load_images
from sam_widget.masks.rle import Rle
from sam_widget.session.series import Kept

pytestmark = [
    # pycocotools 2.0 on NumPy 2: its own conversion of masks to arrays.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:(Labelme|YOLO|SA-1B|Objects overlap)"),
]
SIZE = 24, 16


def annotation(seed, label):
    mask = np.zeros(SIZE[::-1], bool)
    mask[2 + seed : 9 + seed, 3 : 9 + seed] = True
    return Annotation(Rle.encode(mask), label)


@pytest.fixture
def photos(tmp_path):
    """Five photos, three of them with objects in their journals."""
    root = tmp_path / "photos"
    (root / "sub").mkdir(parents=True)
    for number, name in enumerate(["a.png", "b.png", "c.png", "sub/a.png", "sub/d.png"]):
        Image.new("RGB", SIZE, (number, 0, 0)).save(root / name)
    for name, labels in {
        "a.png": ["cup", "cup"],
        "b.png": ["", "cup"],
        "sub/a.png": ["ant"],
    }.items():
        with open_annotations(root / name) as store:
            for seed, label in enumerate(labels):
                store.add(annotation(seed, label))
    return root


def test_unopened_images_are_in_one_coco_file(photos, capsys):
    series = Series.from_folder(photos, "**/*.png")
    exported = series.save(photos.parent / "all.coco.json")
    assert (exported.images, exported.objects, exported.left_out) == (3, 5, {})
    assert str(exported) == f"5 objects of 3 images in {photos.parent / 'all.coco.json'}"
    read = COCO(exported.path)
    names = [image["file_name"] for image in read.imgs.values()]
    assert names == ["photos/a.png", "photos/b.png", "photos/sub/a.png"]
    for image in read.imgs.values():
        with open_annotations(photos.parent / image["file_name"]) as store:
            masks = [read.annToMask(entry) for entry in read.imgToAnns[image["id"]]]
            assert np.array_equal(masks, [item.mask for item in store])


def test_the_open_image_counts_as_it_is_now_and_one_without_a_journal_as_it_was_left():
    pixels = np.zeros((*SIZE[::-1], 3), np.uint8)
    series = Series([pixels, pixels, pixels])
    left = AnnotationStore([annotation(0, "cup")], width=SIZE[0], height=SIZE[1])
    series.keep(2, Kept(left))
    now = AnnotationStore([annotation(1, "ant")], width=SIZE[0], height=SIZE[1])
    series.follow(lambda: now)
    found = {image.name: image.read() for image in series.images_to_save()}
    assert found["image 2"] is None
    assert [each.label for name in ("image 1", "image 3") for each in found[name]] == ["ant", "cup"]


def test_done_images_without_objects_are_in_it_and_others_are_not_read(photos):
    series = Series.from_folder(photos, "**/*.png")
    series.mark("done", 2)
    (photos / "sub" / "d.png").write_bytes(b"no image")
    exported = series.save(photos / "all.coco.json")
    assert [image.file_name for image in load_images(exported.path)] == [
        "a.png", "b.png", "c.png", "sub/a.png",
    ]  # fmt: skip
    assert series.failures == {}


def test_images_that_cannot_be_read_are_counted_and_named(photos):
    series = Series.from_folder(photos, "**/*.png")
    (photos / "b.png").write_bytes(b"no image")
    (photos / "sub" / "a.png.sam.jsonl").write_bytes(b"no journal\n")
    with pytest.warns(FormatLossWarning, match=r"2 images could not be read and are left out: b"):
        exported = series.save(photos / "all.coco.json")
    assert list(exported.left_out) == ["b.png", "sub/a.png"]
    assert "is not a journal" in exported.left_out["sub/a.png"]
    assert [len(image) for image in load_images(exported.path)] == [2]
    # Again: what is known to have failed fails in the same way.
    with pytest.warns(FormatLossWarning, match="2 images could not"):
        assert series.save(photos / "all.coco.json").left_out == exported.left_out


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("coco", "yolo")])
def test_other_formats_become_a_folder_with_a_file_for_each_image(photos, name):
    series = Series.from_folder(photos, "**/*.png")
    exported = series.save(photos / "out", name)
    ending = FORMATS[name].SUFFIX
    assert exported.path == photos / "out"
    written = [photos / "out" / f"{stem}{ending}" for stem in ("a", "b", "sub/a")]
    assert [path for path in exported.files if not path.name.endswith(".classes.json")] == written
    for path, image in zip(written, ("a.png", "b.png", "sub/a.png"), strict=True):
        with open_annotations(photos / image) as store:
            assert len(load(path, name)) == len(store)
    if name == "labelme":
        place = json.loads(written[2].read_text())["imagePath"]
        assert (written[2].parent / place).resolve() == photos / "sub" / "a.png"


def test_yolo_folders_have_one_text_for_each_image_and_shared_classes(photos):
    series = Series.from_folder(photos, "**/*.png")
    exported = series.save(photos / "out", "yolo")
    texts = sorted(path.stem for path in (photos / "out" / "labels").iterdir())
    assert texts == ["a", "b", "sub_a"]
    assert (photos / "out" / "classes.txt").read_text().split() == ["cup", "object", "ant"]
    assert len(load(photos / "out", "yolo", name="sub_a", size_wh=SIZE)) == 1
    assert len(exported.files) == 5


def test_images_that_differ_in_their_ending_only_get_files_of_their_own(photos):
    Image.new("RGB", SIZE).save(photos / "a.bmp")
    with open_annotations(photos / "a.bmp") as store:
        store.add(annotation(3, "cup"))
    exported = Series.from_folder(photos, "*").save(photos / "out", "labelme")
    assert [path.name for path in exported.files] == [
        "a.labelme.json", "a.png.labelme.json", "b.labelme.json",
    ]  # fmt: skip


def test_an_image_of_the_series_is_never_replaced(photos):
    series = Series.from_folder(photos)
    before = (photos / "a.png").read_bytes()
    with pytest.raises(AnnotationError, match=r"a.png is an image of the series"):
        series.save(photos, "png")
    assert (photos / "a.png").read_bytes() == before


def test_label_images_are_no_photos(photos):
    Series.from_folder(photos).save(photos / "masks", "png")
    with open_annotations(photos / "b.png") as store:
        store.save(photos / "b.masks.png")
    assert Series.from_folder(photos, "**/*").names == (
        "a.png", "b.png", "c.png", "sub/a.png", "sub/d.png",
    )  # fmt: skip
    # A photo that only has such a neighbour is one.
    (photos / "c.classes.json").write_text("{}")
    assert "c.png" in Series.from_folder(photos).names


def test_unknown_formats_and_options_are_refused_before_anything_is_written(photos):
    series = Series.from_folder(photos)
    with pytest.raises(AnnotationError, match="there is no format 'xyz'"):
        series.save(photos / "out", "xyz")
    with pytest.raises(TypeError, match="overlap"):
        series.save(photos / "x.coco.json", overlap="newest")
    assert not (photos / "out").exists()
    assert not (photos / "x.coco.json").exists()
