"""Pictures that come from elsewhere, and files that are none."""

from __future__ import annotations

import io
import sys

import fsspec
import numpy as np
import pytest
from PIL import Image

from sam_widget.errors import ImageError
from sam_widget.images.image import load_image

RGB = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><p>404", "is a web page, not a picture"),
        (b"\n<html><body>Log in", "is a web page, not a picture"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "git lfs pull"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "pip install pillow-heif"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is an SVG drawing"),
    ],
)
def test_a_file_that_is_something_else_is_called_what_it_is(tmp_path, content, words, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=rf"photo\.jpg .*{words}"):
        load_image(path)


def jpeg(coffee, **options):
    file = io.BytesIO()
    Image.fromarray(coffee).save(file, "JPEG", **options)
    return file.getvalue()


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_without_its_end_marker_is_taken_with_a_note(coffee, progressive, missing):
    content = jpeg(coffee, progressive=progressive)
    whole, cut = load_image(content), load_image(content[:-missing])
    assert np.array_equal(whole.pixels, cut.pixels)
    assert (whole.note, cut.note) == ("", "the JPEG's end marker was missing")


@pytest.mark.parametrize("missing", [3, 10, 100, 10_000])
def test_a_jpeg_that_lacks_more_is_refused(coffee, missing):
    with pytest.raises(ImageError, match="damaged or cut short"):
        load_image(jpeg(coffee)[:-missing])


def test_open_files_and_rows_of_data_sets(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(RGB).save(path)
    content = path.read_bytes()
    stream = io.BytesIO(content)
    stream.seek(7)
    with path.open("rb") as file:
        for source in (
            stream, file, {"bytes": content, "path": None}, {"bytes": None, "path": str(path)},
        ):  # fmt: skip
            assert np.array_equal(load_image(source).pixels, RGB)
    assert stream.tell() == 7
    with path.open("rb") as file:
        assert load_image(file).path == path
    with pytest.raises(ImageError, match="with one of them, got neither"):
        load_image({"bytes": None, "path": None})
    with pytest.raises(ImageError, match=r"open\(path, 'rb'\)"):
        load_image(io.StringIO("text"))


def test_addresses_are_fetched_by_fsspec():
    content = io.BytesIO()
    Image.fromarray(RGB).save(content, "PNG")
    fsspec.filesystem("memory").pipe("/photos/a.png", content.getvalue())
    found = load_image("memory://photos/a.png")
    assert (np.array_equal(found.pixels, RGB), found.path) == (True, None)
