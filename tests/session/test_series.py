from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from sam_widget import Series, load_image
from sam_widget.annotations.annotation import Annotation
from sam_widget.errors import ImageError
from sam_widget.masks.rle import Rle
from sam_widget.prompts import Prompts
from sam_widget.session.series import Kept
from sam_widget.session.series_sources import is_series
from sam_widget.store.store import AnnotationStore


@pytest.fixture
def folder(tmp_path):
    for number in (1, 2, 10):
        Image.new("RGB", (6 + number, 5), (number, 0, 0)).save(tmp_path / f"im{number}.png")
    (tmp_path / "im9.png").write_bytes(b"no image")
    return tmp_path


def test_names_place_and_statuses(folder):
    series = Series.from_folder(folder)
    assert series.names == ("im1.png", "im2.png", "im9.png", "im10.png")
    assert series.statuses == ("todo",) * 4
    series.mark("done")
    series.mark("skipped", -1)
    series.place(1)
    assert series.codes == "dtts"
    assert series.next_todo() == 2
    assert "1 done, at im2.png" in repr(series)


def test_one_stops_and_goes_on_where_one_was(folder):
    first = Series.from_folder(folder)
    first.mark("done", 0)
    first.mark("skipped", 1)
    first.mark("todo", 1)
    first.place(3)
    # By name: an image that came meanwhile moves nothing.
    Image.new("RGB", (3, 3)).save(folder / "im0.png")
    second = Series.from_folder(folder)
    assert second.names[second.index] == "im10.png"
    assert second.statuses == ("todo", "done", "todo", "todo", "todo")
    # What the pattern leaves out stays as it was.
    Series.from_folder(folder, "im2*").mark("done")
    kept = json.loads((folder / ".sam-series.json").read_text())["statuses"]
    assert kept == {"im1.png": "done", "im2.png": "done"}


def test_images_that_cannot_be_read_are_told_apart(folder):
    series = Series.from_folder(folder)
    assert series.load(1).width == 8
    for read in (series.load, series.thumbnail):
        with pytest.raises(ImageError, match=r"im9.png is not an image"):
            read(2)
    assert list(series.failures) == [2]
    assert series.codes == "ttet"
    assert series.load_ahead(2) is None
    series.mark("skipped", 2)
    assert series.codes == "ttst"
    Image.new("RGB", (3, 3)).save(folder / "im9.png")
    series.load(2)
    assert series.failures == {}


def test_an_image_read_ahead_is_read_once(folder):
    series = Series.from_folder(folder)
    ahead = series.load_ahead(1)
    assert series.load(1) is ahead
    series.load_ahead(3)
    assert series.load(1) is not ahead
    series.forget_ahead()
    assert series.load(3) is not series.load(3)


def test_each_image_keeps_its_objects(folder):
    series = Series.from_folder(folder)
    mask = np.zeros((5, 7), bool)
    mask[1:3, 2:4] = True
    one = Annotation(Rle.encode(mask), "cup")
    objects = AnnotationStore([one], width=7, height=5, file_name="im1.png")
    series.keep(0, Kept(objects, Prompts(points=[(1, 1)])))
    store = series.annotations(0)
    assert (tuple(store), store.width, store.height) == ((one,), 7, 5)
    assert store.file_name == "im1.png"
    assert series.kept(0).prompts.points == ((1.0, 1.0),)
    assert len(series.annotations(-1)) == 0
    series.place(1)
    now = AnnotationStore([one], width=7, height=5)
    series.follow(lambda: now)
    assert series.annotations(1) is now
    assert len(series.annotations(0)) == 1


def test_lists_of_anything_that_is_an_image(folder):
    pixels = np.zeros((4, 6, 3), np.uint8)
    sources = [folder / "im1.png", str(folder / "im2.png"), pixels, Image.fromarray(pixels)]
    series = Series([*sources, (folder / "im1.png").read_bytes(), load_image(pixels)])
    assert series.names == ("im1.png", "im2.png", "image 3", "image 4", "image 5", "image 6")
    assert [series.load(index).width for index in range(6)] == [7, 8, 6, 6, 7, 6]
    assert series.thumbnail(2) is series.thumbnail(2)
    series.mark("done", 2)
    assert not (folder / ".sam-series.json").exists()


def test_values_are_scaled_as_for_one_image():
    deep = np.full((4, 4), 500, np.uint16)
    series = Series([deep], value_range=(0, 1000))
    assert series.load(0).pixels.max() == 128


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        (["a.png", "b.png"], True),
        ([np.zeros((2, 2))], True),
        ((b"", Image.new("1", (1, 1))), True),
        ([], False),
        ([[1, 2], [3, 4]], False),
        ([1, 2], False),
        ("a.png", False),
        (b"ab", False),
        (np.zeros((2, 2)), False),
    ],
)
def test_a_list_of_images_is_no_image_and_no_list_of_numbers(source, answer):
    assert is_series(source) is answer


def test_mistakes_say_what_to_do(folder):
    series = Series.from_folder(folder)
    with pytest.raises(ImageError, match="todo, done, skipped, got 'ready'"):
        series.mark("ready")
    for act in (series.load, series.place, series.annotations, lambda at: series.mark("done", at)):
        with pytest.raises(ImageError, match="there is no image 4: the series has 4"):
            act(4)
    with pytest.raises(ImageError, match="at least one"):
        Series([])
