"""Exporting by method and by message: the same file, and nothing that the page says is a path."""

from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sam_widget import (
    AnnotationError,
    ExportError,
    FakePredictor,
    ImageError,
    SamWidget,
    WidgetClosed,
)
from sam_widget.formats import FORMATS, FormatLossWarning, load, load_images
from sam_widget.formats.loss_warnings import _said

pytestmark = pytest.mark.usefixtures("recording_comm")
ids = itertools.count()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for number in (1, 2, 3):
        pixels = np.random.default_rng(number).integers(0, 255, (60, 80, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"im{number}.png")
    _said.clear()
    return tmp_path / "photos"


@pytest.fixture
def widget(folder):
    with SamWidget.from_folder(folder, model="fake", labels=["cup"]) as made:
        yield made


def ask(widget, kind, **fields):
    return widget.comm.ask({"type": kind, "id": f"x{next(ids)}", "version": 0, **fields})[0]


def draw(widget, label):
    widget.set_box(10, 10, 40, 40)
    return widget.accept(label)


def test_the_open_image_goes_beside_its_photo(widget, folder):
    draw(widget, "cup")
    exported = widget.export()
    assert exported.path == folder / "im1.coco.json"
    assert [one.label for one in load(exported.path)] == ["cup"]


def test_the_series_has_the_objects_of_all_images_opened_or_not(folder):
    with SamWidget.from_folder(folder, model="fake", labels=["saucer", "cup"]) as first:
        draw(first, "cup")
        first.next()
        draw(first, "saucer")
    with SamWidget.from_folder(folder, model="fake", labels=["saucer", "cup"]) as second:
        second.go_to(2)
        draw(second, "cup")
        exported = second.export(scope="series")
        assert str(exported) == f"3 objects of 3 images in {folder / 'annotations.coco.json'}"
    found = {image.file_name: [one.label for one in image] for image in load_images(exported.path)}
    assert found == {"im1.png": ["cup"], "im2.png": ["saucer"], "im3.png": ["cup"]}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("scope", ["image", "series"])
def test_the_page_gets_the_path_of_every_format(widget, folder, name, scope, recwarn):
    draw(widget, "cup")
    reply = ask(widget, "export", format=name, scope=scope)
    assert (reply["type"], reply["of"]) == ("reply", "export")
    assert Path(reply["path"]).exists()
    assert Path(reply["path"]).parent == folder
    assert (reply["images"], reply["objects"]) == (1, 1)
    # What a format loses is said there, and in Python where Python asked.
    assert (name == "yolo") == ("YOLO files keep" in reply["note"])
    assert not [one for one in recwarn if issubclass(one.category, FormatLossWarning)]
    if name == "yolo":
        with pytest.warns(FormatLossWarning, match="YOLO files keep"):
            widget.export("yolo", scope)


def test_an_accept_that_waits_for_its_answer_is_in_the_export(widget):
    widget.wait()
    ask(widget, "set_box", x0=10, y0=10, x1=40, y1=40)
    ask(widget, "accept", label="cup")
    assert ask(widget, "export", format="coco", scope="image")["objects"] == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "xyz", "scope": "image"},
        {"format": "../x", "scope": "image"},
        {"format": "coco", "scope": "/tmp"},
        {"format": None, "scope": "image"},
        {"format": "coco"},
        {"format": ["coco"], "scope": "image"},
    ],
)
def test_messages_of_another_form_are_refused(widget, folder, fields):
    before = sorted(folder.iterdir())
    reply = ask(widget, "export", **fields)
    assert (reply["type"], reply["code"]) == ("error", "protocol")
    assert sorted(folder.iterdir()) == before
    # What else a message has is not looked at: there is no saying where.
    reply = ask(widget, "export", format="coco", scope="image", path="/tmp/elsewhere.json")
    assert Path(reply["path"]) == folder / "im1.coco.json"


def test_a_full_disk_is_told_in_words(widget, monkeypatch):
    draw(widget, "cup")
    before = list(widget.annotations)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        reply = ask(widget, "export", format="coco", scope="series")
        with pytest.raises(ExportError, match="No space left"):
            widget.export()
    assert (reply["code"], reply["type"]) == ("export", "error")
    assert "No space left on device" in reply["message"]
    assert "Nothing is lost" in reply["hint"]
    assert list(widget.annotations) == before
    assert widget.export().objects == 1


def test_images_that_cannot_be_read_are_named(widget, folder):
    draw(widget, "cup")
    widget.next()
    (folder / "im1.png").write_bytes(b"no image")
    (folder / "im3.png.sam.jsonl").write_bytes(b"no journal\n")
    reply = ask(widget, "export", format="coco", scope="series")
    # The first was open in this process, so its objects are known.
    assert reply["objects"] == 1
    assert reply["note"] == "1 image could not be read and is left out: im3.png."
    with pytest.warns(FormatLossWarning, match=r"left out: im3.png"):
        widget.export(scope="series")


def test_what_cannot_be_exported_says_why(widget, folder):
    with pytest.raises(AnnotationError, match="there is no format 'xyz'"):
        widget.export("xyz")
    with pytest.raises(ImageError, match="scope must be 'image' or 'series', got 'all'"):
        widget.export(scope="all")
    (folder / "im3.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"im3.png"):
        widget.go_to(2)
    with pytest.raises(ImageError, match="this image cannot be opened"):
        widget.export()
    widget.close()
    with pytest.raises(WidgetClosed):
        widget.export()


def test_one_image_in_memory_goes_to_the_working_directory(folder, coffee):
    with SamWidget(coffee, model=FakePredictor()) as widget:
        assert widget.export("csv").path == Path.cwd() / "image.csv"
        with pytest.raises(ImageError, match="one image, no series"):
            widget.export(scope="series")


def test_images_in_memory_are_called_by_their_number(folder, coffee):
    with SamWidget([coffee, coffee], model=FakePredictor()) as widget:
        widget.next()
        assert widget.export().path == Path.cwd() / "image 2.coco.json"
        widget.mark("done")
        found = load_images(widget.export(scope="series").path)
        assert [image.file_name for image in found] == ["image 2"]


def test_the_summary_counts_what_was_made(widget):
    draw(widget, "cup")
    draw(widget, "saucer")
    widget.next()
    reply = ask(widget, "summary")
    assert reply["labels"] == [["cup", 1], ["saucer", 1]]
    assert (reply["objects"], reply["label_count"], reply["empty"]) == (2, 2, "011")
