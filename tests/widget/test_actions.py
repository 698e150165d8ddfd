from __future__ import annotations

import json

import numpy as np
import pytest
from page_gestures import gesture

from sam_widget.errors import AnnotationError

pytestmark = pytest.mark.usefixtures("any_frame")


def test_accept_rename_recolour_hide_delete_undo(widget, tmp_path):
    widget.add_point(300, 200)
    made = widget.accept("cup")
    assert [one.label for one in widget.annotations] == ["cup"]
    widget.update_annotation(made.id, label="mug", color="#010203", visible=False)
    changed = widget.annotations[0]
    assert (changed.label, changed.color, changed.visible) == ("mug", "#010203", False)
    assert widget.labels == ["cup", "mug"]
    saved = json.loads(widget.annotations.save(tmp_path / "a.coco.json").read_text())
    assert saved["categories"][0]["name"] == "mug"
    widget.remove_annotation(made.id)
    assert len(widget.annotations) == 0
    widget.undo()
    assert widget.annotations[0].label == "mug"
    deltas = [c for c, _ in widget.comm.messages() if c["type"] == "annotations_changed"]
    assert [delta["version"] for delta in deltas] == [1, 2, 3, 4]
    assert deltas[2]["removed"] == [made.id]


def test_the_page_reopens_an_object_and_accepting_replaces_it(widget):
    widget.add_point(300, 200)
    cup = widget.accept("cup")
    assert gesture(widget, "reopen", annotation_id=cup.id)["type"] == "reply"
    widget.wait()
    assert widget.document["reopened"] == cup.id
    assert widget.points == [(300.0, 200.0, True)]
    assert np.array_equal(widget.mask, cup.mask)
    widget.add_point(320, 210)
    assert gesture(widget, "accept", label=None)["type"] == "reply"
    assert widget.document["reopened"] is None
    (again,) = widget.annotations
    assert (again.id, again.label) == (cup.id, "cup")
    assert len(again.prompts.points) == 2
    widget.reopen(cup.id)
    assert widget.accept("mug").label == "mug"
    assert gesture(widget, "reopen", annotation_id="nobody")["code"] == "stale"


def test_changes_of_the_store_are_on_the_page_and_undone_there(widget):
    widget.add_point(300, 200)
    cup = widget.accept("cup")
    widget.annotations.remove(cup.id)
    delta = [c for c, _ in widget.comm.messages() if c["type"] == "annotations_changed"][-1]
    assert delta["removed"] == [cup.id]
    assert gesture(widget, "undo")["type"] == "reply"
    assert list(widget.annotations) == [cup]
    widget.annotations.update(cup.id, label="mug")
    assert widget.labels == ["cup", "mug"]
    widget.undo()
    assert list(widget.annotations) == [cup]


def test_labels_and_colours_are_checked(widget):
    widget.add_point(300, 200)
    for label in (5, "x" * 201):
        with pytest.raises(AnnotationError, match="label"):
            widget.accept(label)
    made = widget.accept("cup")
    with pytest.raises(AnnotationError, match="colour"):
        widget.update_annotation(made.id, color="red")
    assert widget.labels == ["cup"]
