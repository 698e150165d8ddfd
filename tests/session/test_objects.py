from __future__ import annotations

import numpy as np
import pytest

from sam_widget import FakePredictor, Session, load_image
from sam_widget.annotations.annotation import PALETTE, Annotation
from sam_widget.errors import AnnotationError, StaleGesture
from sam_widget.masks.rle import Rle
from sam_widget.store.store import AnnotationStore

pytestmark = pytest.mark.usefixtures("any_frame")


def square(label="", color=PALETTE[0], **properties):
    mask = np.zeros((8, 10), bool)
    mask[2:4, 3:6] = True
    return Annotation(rle=Rle.encode(mask), label=label, color=color, **properties)


@pytest.fixture
def session():
    image = load_image(np.zeros((8, 10, 3), np.uint8))
    objects = [
        square("cup", PALETTE[0]),
        square("cup", PALETTE[0]),
        square("spoon", PALETTE[1]),
        square("", PALETTE[2]),
    ]
    store = AnnotationStore(objects, width=10, height=8)
    return Session(image, FakePredictor(), annotations=store)


def ids(session, *indices):
    return [session.annotations[index].id for index in indices]


def of(session, name):
    return [getattr(one, name) for one in session.annotations]


def test_a_duplicate_lies_right_after_its_original_in_one_step(session):
    before = tuple(session.annotations)
    original = before[1]
    session.update_annotation(original.id, visible=False)
    hidden = session.annotations[1]
    version = session.version
    assert session.duplicate_annotation(original.id) == version + 1
    assert [found.id for found in session.annotations if found.id in ids(session, 0, 1, 3, 4)] == [
        found.id for found in before
    ]
    copied = session.annotations[2]
    assert copied.id not in {found.id for found in before}
    same = ("rle", "label", "color", "visible", "prompts", "recipe", "predicted_iou", "extra")
    assert [getattr(copied, name) for name in same] == [getattr(hidden, name) for name in same]
    session.undo()
    assert ids(session, 0, 1, 2, 3) == [found.id for found in before]
    session.redo()
    assert session.annotations[2] is copied
    session.remove_annotation(original.id)
    assert session.annotations[1] is copied
    with pytest.raises(StaleGesture, match="no longer there"):
        session.duplicate_annotation(original.id)


def test_objects_made_elsewhere_are_one_step(coffee):
    session = Session(load_image(coffee), FakePredictor())
    session.add_point(20, 20)
    first = session.accept("cup")
    rle = first.rle
    made = [
        Annotation(rle=rle, label="cup", color="#000000"),
        Annotation(rle=rle, label="spoon", color="#111111"),
        Annotation(rle=rle, label="spoon", color="#222222"),
        Annotation(rle=rle, color="#333333"),
    ]
    session.add_point(30, 30)
    added = session.add_annotations(made)
    assert tuple(session.annotations) == (first, *added)
    assert [one.color for one in added] == [first.color, "#111111", "#111111", "#333333"]
    assert [one.id for one in added] == [one.id for one in made]
    assert session.labels == ("cup", "spoon")
    assert session.prompts.points == ((30.0, 30.0),)
    session.undo()
    assert tuple(session.annotations) == (first,)
    version = session.version
    assert session.add_annotations([]) == ()
    assert session.version == version


def test_several_objects_change_in_one_step(session):
    before = tuple(session.annotations)
    session.update_annotations(ids(session, 0, 3), label="spoon", visible=False)
    assert of(session, "label") == ["spoon", "cup", "spoon", "spoon"]
    assert of(session, "visible") == [False, True, True, False]
    # A label brings its colour.
    assert of(session, "color") == [PALETTE[1], PALETTE[0], PALETTE[1], PALETTE[1]]
    assert session.cursor == 1
    session.undo()
    assert tuple(session.annotations) == before
    session.redo()
    assert of(session, "label") == ["spoon", "cup", "spoon", "spoon"]


def test_a_new_label_keeps_a_colour_of_its_own_and_else_gets_another(session):
    session.update_annotations(ids(session, 3), label="table")
    assert session.label_colors["table"] == PALETTE[2]
    session.update_annotations(ids(session, 0), label="plate")
    assert session.label_colors["plate"] not in {PALETTE[0], PALETTE[1], PALETTE[2]}
    assert session.label_colors["cup"] == PALETTE[0]
    session.update_annotations(ids(session, 1), label="plate", color="#010203")
    assert session.annotations[1].color == "#010203"


def test_what_changes_nothing_is_no_step(session):
    version = session.version
    session.update_annotations(ids(session, 0, 1), label="cup", visible=True)
    session.update_annotations([], label="dog")
    session.remove_annotations([])
    session.show_only(ids(session, 0, 1, 2, 3))
    assert (session.version, session.cursor) == (version, 0)


def test_several_objects_are_deleted_in_one_step(session):
    kept = ids(session, 1, 3)
    session.remove_annotations(ids(session, 0, 2))
    assert of(session, "id") == kept
    session.undo()
    assert len(session.annotations) == 4


def test_all_others_are_hidden_and_hidden_ones_shown(session):
    session.update_annotations(ids(session, 2), visible=False)
    session.show_only(ids(session, 1, 2))
    assert of(session, "visible") == [False, True, True, False]
    session.undo()
    assert of(session, "visible") == [True, True, False, True]


@pytest.mark.parametrize("act", ["update_annotations", "remove_annotations", "show_only"])
def test_all_or_none(session, act):
    version = session.version
    with pytest.raises(StaleGesture, match="1 of those 2 objects"):
        getattr(session, act)([*ids(session, 0), "gone"])
    with pytest.raises(AnnotationError, match="several ids"):
        getattr(session, act)("abc")
    assert session.version == version


def test_a_wrong_colour_or_label_changes_nothing(session):
    with pytest.raises(AnnotationError, match="colour"):
        session.update_annotations(ids(session, 0, 1), color="red")
    with pytest.raises(AnnotationError, match="label"):
        session.update_annotations(ids(session, 0, 1), label="x" * 201)
    assert session.cursor == 0


def test_labels_are_offered_with_a_colour_before_they_are_used(session):
    session.add_label("table")
    session.add_label("chair", "#123456")
    session.add_label("table")
    assert session.labels == ("cup", "spoon", "table", "chair")
    colors = session.label_colors
    assert list(colors) == list(session.labels)
    assert colors["chair"] == "#123456"
    assert len(set(colors.values())) == 4
    session.add_point(5, 4)
    assert session.accept("chair").color == "#123456"
    with pytest.raises(AnnotationError, match="at least one character"):
        session.add_label("")


def test_a_recoloured_label_recolours_its_objects_and_undo_gives_it_back(session):
    session.recolor_label("cup", "#abcdef")
    assert of(session, "color") == ["#abcdef", "#abcdef", PALETTE[1], PALETTE[2]]
    assert session.label_colors["cup"] == "#abcdef"
    session.undo()
    assert session.label_colors["cup"] == PALETTE[0]
    session.add_label("table")
    version = session.version
    session.add_label("table", "#222222")
    assert session.label_colors["table"] == "#222222"
    assert session.version == version


def test_a_label_has_the_colour_of_most_of_its_objects(session):
    session.add_point(5, 4)
    third = session.accept("cup")
    session.update_annotation(third.id, color="#101010")
    assert session.label_colors["cup"] == PALETTE[0]


def test_a_renamed_label_renames_its_objects_in_one_step(session):
    session.rename_label("cup", "mug")
    assert of(session, "label") == ["mug", "mug", "spoon", ""]
    assert session.labels == ("mug", "spoon")
    assert session.label_colors["mug"] == PALETTE[0]
    session.undo()
    assert of(session, "label") == ["cup", "cup", "spoon", ""]
    assert set(session.labels) == {"mug", "spoon", "cup"}
    session.rename_label("spoon", "spoon")


def test_a_label_renamed_like_another_is_taken_in_by_it(session):
    session.rename_label("spoon", "cup")
    assert of(session, "label") == ["cup", "cup", "cup", ""]
    assert of(session, "color")[:3] == [PALETTE[0]] * 3
    assert session.labels == ("cup",)


def test_only_labels_that_are_there_and_unused_can_be_removed(session):
    with pytest.raises(AnnotationError, match="2 object"):
        session.remove_label("cup")
    session.add_label("table")
    session.remove_label("table")
    assert "table" not in session.labels
    for act in (
        lambda: session.remove_label("table"),
        lambda: session.rename_label("table", "x"),
        lambda: session.recolor_label("table", "#000000"),
    ):
        with pytest.raises(StaleGesture, match="no label 'table'"):
            act()
