from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sam_widget import Annotation, AnnotationStore, Series, open_annotations
from sam_widget.images import image as image_reading
from sam_widget.masks.rle import Rle
from sam_widget.session.series import Kept
from sam_widget.session.series_summary import summarize

MASK = Rle.encode(np.ones((4, 6), bool))


@pytest.fixture
def folder(tmp_path):
    for name, labels in {"a": "cup cup ant", "b": "", "c": "cup"}.items():
        Image.new("RGB", (6, 4)).save(tmp_path / f"{name}.png")
        if labels:
            with open_annotations(tmp_path / f"{name}.png") as store:
                for label in labels.split():
                    store.add(Annotation(MASK, label))
    return tmp_path


def test_objects_of_unopened_images_are_counted_without_reading_them(folder, monkeypatch):
    series = Series.from_folder(folder)
    monkeypatch.setattr(Series, "load", None)
    monkeypatch.setattr(image_reading, "load_image", None)
    found = series.summary()
    assert (found.images, found.objects, found.labels) == (3, 4, {"ant": 1, "cup": 3})
    assert found.statuses == {"todo": 3, "done": 0, "skipped": 0}
    assert (found.empty, found.unknown, found.finished) == ((1,), (), False)
    assert str(found) == "3 images (0 done, 0 skipped, 3 to do), 4 objects: 1 ant, 3 cup"


def test_it_is_finished_when_every_image_is_done_or_skipped(folder):
    series = Series.from_folder(folder)
    for index, status in enumerate(("done", "skipped", "done")):
        assert not series.summary().finished
        series.mark(status, index)
    assert series.summary().finished


def test_it_follows_the_open_image_and_journals_that_change(folder):
    series = Series.from_folder(folder)
    now = AnnotationStore([Annotation(MASK, "new")], width=6, height=4)
    series.follow(lambda: now)
    assert series.summary().labels == {"cup": 1, "new": 1}
    with open_annotations(folder / "b.png") as store:
        store.add(Annotation(MASK))
        assert series.summary().labels == {"": 1, "cup": 1, "new": 1}
        store.undo()
    assert series.summary().empty == (1,)


def test_a_journal_that_cannot_be_read_is_neither_empty_nor_counted(folder):
    (folder / "a.png.sam.jsonl").write_bytes(b"no journal\n")
    found = Series.from_folder(folder).summary()
    assert (found.unknown, found.empty, found.objects) == ((0,), (1,), 1)


def test_without_journals_it_is_what_was_kept():
    pixels = np.zeros((4, 6, 3), np.uint8)
    series = Series([pixels, pixels])
    series.keep(1, Kept(AnnotationStore([Annotation(MASK, "cup")], width=6, height=4)))
    assert series.summary() == summarize(("todo", "todo"), [{}, {"cup": 1}])
