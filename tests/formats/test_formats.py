"""Which format it is: by ending, by name, by content."""

from __future__ import annotations

import errno
import json
import os

import numpy as np
import pytest

from sam_widget import Annotation, AnnotationError, AnnotationStore, SamWidget
from sam_widget.formats import FORMATS, load, save
from sam_widget.formats.reading.files import read_bounded

pytestmark = pytest.mark.filterwarnings("ignore::sam_widget.formats.FormatLossWarning")
ENDINGS = {name: module.SUFFIX for name, module in FORMATS.items() if module.SUFFIX}


@pytest.mark.parametrize(("name", "ending"), ENDINGS.items())
def test_endings_and_names_tell_the_same(store, tmp_path, name, ending):
    first = store.save(tmp_path / f"a{ending.upper()}")
    second = save(store, tmp_path / f"b{ending}", name)
    assert len(load(first)) == len(AnnotationStore.load(second, name)) == len(store)


@pytest.mark.parametrize("name", ["coco", "sa1b", "labelme"])
def test_bare_json_is_named_on_the_way_out_and_recognised_on_the_way_in(store, tmp_path, name):
    path = tmp_path / "a.json"
    with pytest.raises(AnnotationError, match=r"cannot tell the format of 'a.json'. Give format="):
        store.save(path)
    assert store.save(path, name) == path
    loaded = AnnotationStore.load(path)
    assert [one.rle for one in loaded] == [one.rle for one in store]


@pytest.mark.parametrize("text", ["{}", '{"images": []}', "[]", '{"log": {"entries": []}}'])
def test_json_of_something_else_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(AnnotationError, match=r"a.json: (is neither COCO|must be an object)"):
        AnnotationStore.load(tmp_path / "a.json")


def test_unknown_formats_are_refused_with_those_there_are(store, tmp_path):
    for attempt in (
        lambda: store.save(tmp_path / "a.coco.json", "voc"),
        lambda: store.save(tmp_path / "a.xml"),
        lambda: AnnotationStore.load(tmp_path / "a.abc"),
    ):
        with pytest.raises(AnnotationError, match=r"'coco' \(.coco.json\), .*'yolo' \(a folder\)"):
            attempt()


def test_files_are_replaced_in_one_step(store, tmp_path, monkeypatch):
    path = store.save(tmp_path / "a.coco.json")
    former = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for name in ENDINGS:
        with pytest.raises(OSError, match="No space left"):
            AnnotationStore(width=8, height=6).save(path, name)
    assert path.read_bytes() == former
    assert [one.name for one in tmp_path.iterdir()] == ["a.coco.json"]


def test_what_is_no_file_or_too_large_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(AnnotationError, match=r"a.csv: is not a file"):
        AnnotationStore.load(tmp_path / "a.csv")
    with (tmp_path / "b.png").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(AnnotationError, match=r"b.png: is larger than"):
        AnnotationStore.load(tmp_path / "b.png")
    with pytest.raises(FileNotFoundError):
        AnnotationStore.load(tmp_path / "c.coco.json")
    (tmp_path / "d").write_bytes(bytes(5))
    assert read_bounded(tmp_path / "d", 5) == bytes(5)


def test_objects_of_a_widget_travel(recording_comm, coffee, tmp_path):
    with SamWidget(coffee, model="fake", labels=["cup"]) as widget:
        widget.add_point(300, 200)
        widget.accept("cup")
        path = widget.annotations.save(tmp_path / "photo.sa1b.json", own_fields=True)
        loaded = AnnotationStore.load(path)
        (made,), (read,) = widget.annotations, loaded
        assert read.prompts == made.prompts
        assert read.model_digest == made.model_digest
        assert np.array_equal(read.mask, made.mask)


def test_labels_have_a_limit_everywhere(tmp_path):
    with pytest.raises(AnnotationError, match="at most 200"):
        Annotation(None, "x" * 201)
    entry = {"label": "x" * 201, "points": [[0, 0]] * 3, "shape_type": "polygon"}
    text = json.dumps({"imageHeight": 4, "imageWidth": 4, "shapes": [entry]})
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(AnnotationError, match=r"shapes\[0\].label: has 201 characters"):
        AnnotationStore.load(tmp_path / "a.json", strict=True)
