"""Whoever changes an annotation: when the change returns or is acknowledged, it is on disk."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from contextlib import suppress

import pytest
from ipywidgets import DOMWidget
from moves import FROM_THE_PAGE, IN_A_CELL, IN_A_SERIES, ON_A_STORE, PROMPTS, accepted, drawn, place
from PIL import Image

from sam_widget import (
    AnnotationError,
    AnnotationStore,
    SamWidget,
    SamWidgetError,
    Series,
    Session,
    load,
    load_image,
    open_annotations,
)
from sam_widget.storage import LockedFile
from sam_widget.widget.wire.table import EVERYTHING, GESTURES, NAVIGATION

READ = """
import json, sys
import numpy as np
from sam_widget import load_image
from sam_widget.store.journal_reading import read

for line in sys.stdin:
    image, journal = json.loads(line)
    with open(journal, "rb") as file:
        log = read(file.read(), load_image(image), "x").log
    labels = log.properties.get("labels", []) + [item.label for item in log.items if item.label]
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


def prepared(widget):
    """Make something to change, and the numbers to go on with."""
    rng = random.Random(0)
    accepted(widget, rng)
    widget.annotations.edit(put=[drawn(widget, rng) for _ in range(3)])
    return rng


def kept_on_disk(widget, rng, move):
    """Make a move until it changes what is on disk; some random ones find nothing to change."""
    for _ in range(20):
        rng.choice((widget.undo, lambda: widget.add_point(*place(widget, rng))))()
        before = widget.annotations.journal.read_bytes()
        with suppress(SamWidgetError):
            move(widget, rng)
        assert widget.annotations.saved is True
        if widget.annotations.journal.read_bytes() != before:
            return
    raise AssertionError("the move never reached the disk")


@pytest.mark.parametrize(
    "move",
    [*IN_A_CELL.values(), *ON_A_STORE.values()],
    ids=[*IN_A_CELL, *(f"annotations.{name}" for name in ON_A_STORE)],
)
def test_a_change_from_a_cell_is_on_disk_when_it_returns(widget, other_process, move):
    rng = prepared(widget)
    kept_on_disk(widget, rng, move)
    if move is not ON_A_STORE["set_property"]:  # the labels kept, not those that the widget offers
        assert other_process(widget.annotations) == expected(widget)


NO_ANNOTATIONS = {
    "add_point", "move_point", "remove_point", "set_box", "remove_box", "set_mask_from", "clear",
    "remove_mask", "set_multimask", "choose", "reopen", "everything_run", "everything_cancel",
    "everything_filter", "everything_list",
}  # fmt: skip
"""What the page may send that changes what is on screen, and nothing that is kept."""


@pytest.mark.parametrize("name", sorted(FROM_THE_PAGE.keys() - NO_ANNOTATIONS))
def test_a_gesture_of_the_page_is_on_disk_when_it_is_acknowledged(widget, other_process, name):
    rng = prepared(widget)
    send = widget.comm.send
    seen = []

    def watched(data=None, *arguments, **named):
        if (data or {}).get("content", {}).get("type") == "reply":
            seen.append(widget.annotations.journal.read_bytes())
        return send(data, *arguments, **named)

    def move(widget, rng):
        seen.clear()
        assert FROM_THE_PAGE[name](widget, rng)["type"] == ("reply" if seen else "error")

    widget.comm.send = watched
    kept_on_disk(widget, rng, move)
    assert seen[0] == widget.annotations.journal.read_bytes()
    assert other_process(widget.annotations) == expected(widget)


def test_every_message_of_the_page_is_a_move():
    assert FROM_THE_PAGE.keys() == GESTURES.keys() | EVERYTHING.keys()
    assert {f"{name} on the page" for name in NAVIGATION} <= IN_A_SERIES.keys()


def test_every_method_that_changes_something_is_a_move():
    looks = {
        "islands",
        "wait",
        "everything",
        "from_folder",
        "open",
        "close",
        "notify_change",
        "changed",
        "export",
        "edit",
    }
    own = {name for name in dir(SamWidget) if not name.startswith("_")} - set(dir(DOMWidget))
    methods = {name for name in own if callable(getattr(SamWidget, name))}
    assert methods - looks <= PROMPTS.keys() | IN_A_CELL.keys() | IN_A_SERIES.keys()
    looks = {"close", "get", "image_annotations", "query", "replay", "save", "script", "snapshot",
             "subscribe", "of", "load", "from_image_annotations", "count", "index"}  # fmt: skip
    own = {name for name in dir(AnnotationStore) if not name.startswith("_")}
    methods = {name for name in own if callable(getattr(AnnotationStore, name))}
    assert methods - looks == ON_A_STORE.keys()


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
        accepted(widget, random.Random(0))
        widget.next()
        widget.previous()
        accepted(widget, random.Random(1))
        assert widget.annotations.saved is True
        assert len(other_process(widget.annotations)) == 2 + len(widget.labels)
        assert other_process(widget.annotations) == expected(widget)


def test_every_image_of_a_series_has_its_annotations_after_a_restart(
    tmp_path, coffee, cat, recording_comm
):
    for name, pixels in (("a.png", coffee), ("b.png", cat), ("c.png", coffee)):
        Image.fromarray(pixels).save(tmp_path / name)
    with SamWidget.from_folder(tmp_path, model="fake") as widget:
        first = accepted(widget, random.Random(0))
        widget.next()
        second = accepted(widget, random.Random(1))
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
    held = LockedFile(tmp_path / "a.png.sam.jsonl")  # as another process has it
    with SamWidget.from_folder(tmp_path, model="fake") as widget:
        assert widget.problem["code"] == "journal"
        assert [item.id for item in widget.series.annotations(0)] == here[0]
        with pytest.raises(AnnotationError, match=r"a\.png is not open"):
            widget.series.annotations(0).remove(first.id)
        held.close()
        widget.go_to(0)  # it is the open one, and now it can be opened
        assert widget.problem is None
        accepted(widget, random.Random(2))
        assert widget.annotations.saved is True
        widget.undo()
    with SamWidget.from_folder(tmp_path, model="fake", journal=False) as widget:
        assert [len(widget.series.annotations(index)) for index in range(3)] == [0, 0, 0]
