"""Exports go beside the photos, and never over what somebody else made."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam_widget import Annotation, ExportError, Series, open_annotations
from sam_widget.formats import FORMATS, load, load_images
from sam_widget.masks.rle import Rle
from sam_widget.session import export_image, export_series

pytestmark = pytest.mark.filterwarnings("ignore::sam_widget.formats.FormatLossWarning")
SIZE = 24, 16
EXPECTED = {
    "coco": "photo.coco.json",
    "sa1b": "photo.sa1b.json",
    "labelme": "photo.labelme.json",
    "csv": "photo.csv",
    "png": "photo.masks.png",
    "yolo": "yolo",
}


@pytest.fixture
def photo(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    path = tmp_path / "photos" / "photo.jpg"
    path.parent.mkdir()
    Image.new("RGB", SIZE).save(path)
    with open_annotations(path) as store:
        mask = np.zeros(SIZE[::-1], bool)
        mask[2:9, 3:12] = True
        store.add(Annotation(Rle.encode(mask), "cup"))
    return path


def objects(photo):
    with open_annotations(photo) as store:
        return store.image_annotations()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_written_beside_the_photo(photo, name):
    exported = export_image(objects(photo), photo, name)
    assert exported.path == photo.parent / EXPECTED[name]
    assert (exported.images, exported.objects, exported.note) == (1, 1, "")
    assert all(path.is_file() for path in exported.files)
    found = load(exported.path, name, **({"size_wh": SIZE} if name == "yolo" else {}))
    assert found[0].area == 63
    # Again: it is ours, and is replaced.
    before = sorted(path.name for path in photo.parent.rglob("*"))
    assert export_image(objects(photo), photo, name).path == exported.path
    assert sorted(path.name for path in photo.parent.rglob("*")) == before


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_somebody_else_stays_as_it_is(photo, name):
    first = export_image(objects(photo), photo, name)
    changed = first.files[0]
    changed.write_bytes(b"mine")
    second = export_image(objects(photo), photo, name)
    assert changed.read_bytes() == b"mine"
    assert second.path != first.path
    assert "-2" in second.path.name
    assert second.note == (
        f"{first.path.name} was not exported here, or has been changed since, and was left as it "
        "is."
    )
    # The one with the new name is ours in turn.
    assert export_image(objects(photo), photo, name).path == second.path


def test_what_was_exported_in_another_process_is_known(photo):
    first = export_image(objects(photo), photo, "coco")
    record = json.loads((photo.parent / ".sam-exports.json").read_text())
    assert list(record["files"]) == ["photo.coco.json"]
    (photo.parent / ".sam-exports.json").write_text("damaged")
    assert export_image(objects(photo), photo, "coco").path.name == "photo-2.coco.json"
    assert first.path.is_file()


def test_images_in_memory_go_to_the_working_directory(photo):
    exported = export_image(objects(photo), None, "labelme")
    assert exported.path == Path.cwd() / "photo.labelme.json"


def test_a_series_is_one_file_or_a_folder_of_files(photo):
    series = Series.from_folder(photo.parent)
    one = export_series(series.images_to_save(), photo.parent, "coco", ["dog", "cup"])
    assert one.path == photo.parent / "annotations.coco.json"
    assert [image.file_name for image in load_images(one.path)] == ["photo.jpg"]
    many = export_series(series.images_to_save(), photo.parent, "labelme")
    assert many.path == photo.parent / "labelme"
    assert many.files == (photo.parent / "labelme" / "photo.labelme.json",)


def test_categories_keep_their_ids_when_a_series_is_exported_again(photo):
    series = Series.from_folder(photo.parent)
    for labels in (["dog", "cup"], ["cup", "ant", "dog"], []):
        made = export_series(series.images_to_save(), photo.parent, "coco", labels)
        names = [one["name"] for one in json.loads(made.path.read_text())["categories"]]
        assert names[:2] == ["dog", "cup"]
    assert names == ["dog", "cup", "ant"]


def test_a_changed_file_in_a_folder_leaves_the_whole_folder_alone(photo):
    series = Series.from_folder(photo.parent)
    first = export_series(series.images_to_save(), photo.parent, "csv")
    first.files[0].write_text("mine")
    second = export_series(series.images_to_save(), photo.parent, "csv")
    assert second.path.name == "csv-2"
    assert first.files[0].read_text() == "mine"


def test_where_the_photos_may_not_be_written_it_is_elsewhere_and_said(photo, monkeypatch):
    opened = Path.open

    def refuse(path, mode="r", *args, **kwargs):
        if "x" in mode and path.parent == photo.parent:
            raise OSError(errno.EROFS, "Read-only file system")
        return opened(path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    exported = export_image(objects(photo), photo, "coco")
    assert exported.path == Path.cwd() / "photo.coco.json"
    assert exported.note == (
        f"{photo.parent} may not be written (Read-only file system): this is elsewhere."
    )
    made = export_series(Series.from_folder(photo.parent).images_to_save(), photo.parent, "coco")
    # Images are named from where the file is.
    assert load_images(made.path)[0].file_name == "../photos/photo.jpg"


def test_a_full_disk_is_said_in_words_and_leaves_what_was_there(photo, monkeypatch):
    first = export_image(objects(photo), photo, "coco")
    content = first.path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    kept = objects(photo)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match=r"nothing can be written in .*: No space left on device"):
        export_image(kept, photo, "coco")
    assert first.path.read_bytes() == content
