"""Whoever changes an annotation: when the change returns or is acknowledged, it is on disk."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from page_gestures import gesture
from PIL import Image

from sam_widget import (
    Annotation,
    AnnotationError,
    Rle,
    SamWidget,
    Series,
    Session,
    load,
    load_image,
    open_annotations,
)

READ = """
import json, sys
import numpy as np
from sam_widget import load_image
from sam_widget.store.journal_reading import read

for line in sys.stdin:
    image, journal = json.loads(line)
    with open(journal, "rb") as file:
        log = read(file.read(), load_image(image), "x").log
    labels = log.properties.get("labels", []) + [item.label for item in log.items]
    items = [[item.id, item.label, item.area] for item in log.items]
    print(json.dumps(items + list(dict.fromkeys(labels))), flush=True)
"""


@pytest.fixture(scope="module")
def other_process():
    """Read journals in another process, as a restarted kernel does."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", READ]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:

        def read(store):
            process.stdin.write(json.dumps([str(store.image.path), str(store.journal)]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield read
        process.stdin.close()


@pytest.fixture
def photo(tmp_path, coffee):
    path = tmp_path / "coffee.png"
    Image.fromarray(coffee).save(path)
    return path


@pytest.fixture
def widget(photo, recording_comm):
    with SamWidget(photo, model="fake", labels=["cup"]) as made:
        made.wait()
        yield made


def expected(widget):
    items = [[item.id, item.label, item.area] for item in widget.annotations]
    return items + widget.labels


def accepted(widget, x=300):
    widget.add_point(x, 200)
    return widget.accept("cup")


def disc(widget, label="cup"):
    mask = np.zeros(widget.image.shape[:2], bool)
    mask[20:40, 30:60] = True
    return Annotation(Rle.encode(mask), label)


FROM_A_CELL = {
    "accept": accepted,
    "edit": lambda w: w.brush([(10, 10), (40, 10)], 5, accepted(w).id),
    "split": lambda w: w.split(accepted(w).id, [(300, 0), (300, 399)]),
    "merge": lambda w: w.merge([accepted(w).id, accepted(w, 100).id]),
    "update_annotation": lambda w: w.update_annotation(accepted(w).id, label="mug"),
    "remove_annotations": lambda w: w.remove_annotations([accepted(w).id]),
    "duplicate_annotation": lambda w: w.duplicate_annotation(
        min(accepted(w), accepted(w, 100), key=lambda made: made.id).id
    ),
    "show_only": lambda w: w.show_only([accepted(w).id]),
    "add_label": lambda w: w.add_label("plate"),
    "rename_label": lambda w: (accepted(w), w.rename_label("cup", "mug")),
    "recolor_label": lambda w: (accepted(w), w.recolor_label("cup", "#123456")),
    "remove_label": lambda w: w.remove_label("cup"),
    "undo": lambda w: (accepted(w), w.undo()),
    "redo": lambda w: (accepted(w), w.undo(), w.redo()),
    "segment_boxes": lambda w: w.segment_boxes([[50, 50, 150, 150], [200, 100, 400, 300]], "cup"),
    "everything.keep": lambda w: _everything(w).keep("cup"),
    "annotations.add": lambda w: w.annotations.add(disc(w)),
    "annotations.update": lambda w: w.annotations.update(accepted(w).id, label="mug"),
    "annotations.remove": lambda w: w.annotations.remove(accepted(w)),
    "annotations.edit": lambda w: w.annotations.edit(remove=[accepted(w)], put=[disc(w)]),
    "annotations.reorder": lambda w: w.annotations.reorder(
        [accepted(w).id, w.annotations.add(disc(w)).id][::-1]
    ),
    "annotations.undo": lambda w: (accepted(w), w.annotations.undo()),
    "annotations.redo": lambda w: (accepted(w), w.annotations.undo(), w.annotations.redo()),
    "annotations.set_property": lambda w: w.annotations.set_property("labels", ["cup", "mug"]),
    "session": lambda w: (w.session.add_point(300, 200), w.session.accept("cup")),
    "perform": lambda w: w.perform(lambda session: session.add_annotations([disc(w), disc(w)])),
}


def _everything(widget):
    run = widget.everything(points_per_side=4, pred_iou_thresh=0.0, stability_score_thresh=0.0)
    assert len(run.wait(60)) > 0
    return run


@pytest.mark.parametrize("name", FROM_A_CELL)
def test_a_change_from_a_cell_is_on_disk_when_it_returns(widget, other_process, name):
    before = widget.annotations.journal.read_bytes()
    FROM_A_CELL[name](widget)
    assert widget.annotations.saved is True
    assert widget.annotations.journal.read_bytes() != before
    if name != "annotations.set_property":  # the labels kept, not those that the widget offers
        assert other_process(widget.annotations) == expected(widget)


FROM_THE_PAGE = {
    "accept": lambda w: (w.add_point(300, 200), ("accept", {"label": "cup"}))[1],
    "remove_annotation": lambda w: ("remove_annotation", {"annotation_id": accepted(w).id}),
    "duplicate_annotation": lambda w: ("duplicate_annotation", {"annotation_id": accepted(w).id}),
    "update_annotations": lambda w: (
        "update_annotations",
        {"ids": [accepted(w).id], "label": "mug", "visible": False},
    ),
    "merge": lambda w: ("merge", {"ids": [accepted(w).id, accepted(w, 100).id], "label": None}),
    "smooth": lambda w: ("smooth", {"radius": 3, "annotation_id": accepted(w).id}),
    "undo": lambda w: (accepted(w), ("undo", {}))[1],
    "add_label": lambda w: ("add_label", {"label": "plate"}),
    "everything_keep": lambda w: (
        _everything(w),
        ("everything_keep", {"rows": None, "label": "cup"}),
    )[1],
}


@pytest.mark.parametrize("name", FROM_THE_PAGE)
def test_a_gesture_of_the_page_is_on_disk_when_it_is_acknowledged(widget, other_process, name):
    kind, fields = FROM_THE_PAGE[name](widget)
    before = widget.annotations.journal.read_bytes()
    seen = []
    send = widget.comm.send

    def watched(data=None, *arguments, **named):
        if (data or {}).get("content", {}).get("type") == "reply":
            seen.append(widget.annotations.journal.read_bytes())
        return send(data, *arguments, **named)

    widget.comm.send = watched
    assert gesture(widget, kind, **fields)["type"] == "reply"
    assert seen[0] != before
    assert seen[0] == widget.annotations.journal.read_bytes()
    assert other_process(widget.annotations) == expected(widget)


def test_a_session_without_a_widget_takes_the_same_road(photo, other_process):
    image = load_image(photo)
    with open_annotations(image) as store:
        session = Session(image, load("fake"), annotations=store)
        session.add_point(300, 200)
        made = session.accept("cup")
        assert other_process(store) == [[made.id, "cup", made.area], "cup"]
        session.undo()
        assert other_process(store) == ["cup"]


def test_an_image_of_a_series_that_is_opened_again_goes_on_with_its_journal(
    tmp_path, coffee, cat, recording_comm, other_process
):
    for name, pixels in (("a.png", coffee), ("b.png", cat)):
        Image.fromarray(pixels).save(tmp_path / name)
    with SamWidget.from_folder(tmp_path, model="fake") as widget:
        accepted(widget)
        widget.next()
        widget.previous()
        accepted(widget, 100)
        assert widget.annotations.saved is True
        assert len(other_process(widget.annotations)) == 2 + len(widget.labels)
        assert other_process(widget.annotations) == expected(widget)


def test_every_image_of_a_series_has_its_annotations_after_a_restart(
    tmp_path, coffee, cat, recording_comm
):
    for name, pixels in (("a.png", coffee), ("b.png", cat), ("c.png", coffee)):
        Image.fromarray(pixels).save(tmp_path / name)
    with SamWidget.from_folder(tmp_path, model="fake") as widget:
        first = accepted(widget)
        widget.next()
        second = accepted(widget, 100)
        here = [[item.id for item in widget.series.annotations(index)] for index in range(3)]
        assert here == [[first.id], [second.id], []]
    again = Series.from_folder(tmp_path)
    assert [[item.id for item in again.annotations(index)] for index in range(3)] == here
    with SamWidget.from_folder(tmp_path, model="fake") as widget:
        found = [widget.series.annotations(index) for index in range(3)]
        assert [[item.id for item in store] for store in found] == here
        assert (found[0].width, found[0].height) == (600, 400)
        with pytest.raises(AnnotationError, match=r"a\.png is not open.*go_to"):
            found[0].remove(first.id)
        widget.go_to(0)
        widget.series.annotations(0).update(first.id, label="mug")
        assert widget.annotations[0].label == "mug"
    with SamWidget.from_folder(tmp_path, model="fake", journal=False) as widget:
        assert [len(widget.series.annotations(index)) for index in range(3)] == [0, 0, 0]
