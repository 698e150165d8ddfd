"""Editing by hand in a session and a widget: what is edited, what undo brings back, who loses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sam_widget import BrushStroke, FakePredictor, FillHoles, SamWidget, Session, load_image
from sam_widget.errors import EditError, StaleGesture
from sam_widget.masks.rle import Rle

pytestmark = pytest.mark.usefixtures("any_frame")

SIDE = 64


@pytest.fixture
def session():
    made = Session(load_image(np.zeros((SIDE, SIDE, 3), np.uint8)), FakePredictor())
    made.encode()
    return made


def square(x0, y0, x1, y1):
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def accept_square(session, *corners, label="thing"):
    """Accept exactly these pixels: a candidate, replaced by hand."""
    session.add_point(SIDE / 2, SIDE / 2)
    session.add_polygon(square(*corners))
    session.subtract_polygon([*square(-1, -1, 70, 70), (-1, -1), *square(*corners), corners[:2]])
    return session.accept(label)


def masks_of(session):
    return [one.mask for one in session.annotations]


def test_an_edited_candidate_is_what_is_shown_and_accepted(session):
    session.add_point(32, 32)
    before, revision = session.masks, session.answer.revision
    chosen = session.answer.selected
    session.brush([(2, 2), (9, 2)], radius=1.5)
    assert session.answer.revision == revision + 1
    after = session.masks
    assert after.shape == before.shape
    assert not before[chosen][2, 5]
    assert after[chosen][2, 5]
    others = np.arange(len(before)) != chosen
    assert np.array_equal(after[others], before[others])
    assert session.prompts.points == ((32, 32),)
    made = session.accept("thing")
    assert np.array_equal(made.mask, after[chosen])
    assert made.area == after[chosen].sum()


def test_each_stroke_is_one_step_back_and_forth(session):
    session.add_point(32, 32)
    states = [session.masks]
    session.brush([(2, 2)], 2)
    states.append(session.masks)
    session.erase([(32, 32)], 4)
    states.append(session.masks)
    session.fill_holes()
    states.append(session.masks)
    for state in reversed(states[:-1]):
        session.undo()
        assert np.array_equal(session.masks, state)
    for state in states[1:]:
        session.redo()
        assert np.array_equal(session.masks, state)
    assert not session.can_redo


def test_an_edit_that_changes_nothing_is_no_step(session):
    session.add_point(32, 32)
    session.predict()
    version = session.version
    assert session.erase([(1, 1)], 0.7) == version
    made = session.accept("thing")
    version = session.version
    assert session.brush([(32.5, 32.5)], 0.6, made.id) == version


def test_a_prompt_after_an_edit_starts_from_the_edited_mask(session):
    session.add_point(32, 32)
    session.brush([(5, 5), (5, 60)], 3)
    edited = session.masks[session.answer.selected]
    seen = []
    decode = session.predicting.model().decode

    def watch(embedding, prompts, multimask=None):
        seen.append(prompts)
        return decode(embedding, prompts, multimask)

    session.predicting.model().decode = watch
    session.add_point(30, 30)
    session.predict()
    assert np.array_equal(seen[-1].mask, edited)
    # Undo returns to the edit, and redo to the same answer without another decode.
    session.undo()
    assert np.array_equal(session.masks[session.answer.selected], edited)
    session.redo()
    assert not session.pending
    assert len(seen) == 1


def test_without_a_mask_there_is_nothing_to_edit(session):
    for edit in (BrushStroke([(3, 3)], 2, erase=True), FillHoles(), BrushStroke([(-9, 3)], 2)):
        with pytest.raises(EditError, match="no mask on screen to edit, and this draws none"):
            session.edit(edit)
    assert not session.can_undo
    with pytest.raises(StaleGesture):
        session.brush([(3, 3)], 2, "nobody")
    assert session.islands().islands == ()


def test_an_object_is_drawn_without_any_prompt(session):
    session.brush([(10.5, 10.5)], 3)
    session.add_polygon(square(30, 30, 40, 40))
    candidates = session.answer.candidates
    assert (len(candidates), candidates.areas) == (1, (129,))
    assert np.isnan(candidates.scores).all()
    assert session.decode_ms is None
    session.set_multimask(True)
    made = session.accept("drawn")
    assert (made.area, made.predicted_iou, made.candidate, made.model_name) == (129, None, None, "")
    for _ in range(4):
        session.undo()
    assert session.answer.candidates is None
    session.redo()
    assert session.answer.candidates.areas == (29,)
    session.clear()
    assert session.answer.candidates is None
    session.undo()
    assert session.answer.candidates.areas == (29,)


def test_a_drawing_is_where_the_model_starts_from(session):
    session.add_polygon(square(20, 20, 44, 44))
    drawn = session.masks[0]
    session.add_point(32, 32)
    session.predict()
    assert np.array_equal(session.document.entry.feedback, drawn)
    assert session.masks.any()


def test_an_accepted_object_is_edited_in_its_place(session):
    first = accept_square(session, 2, 2, 10, 10)
    accept_square(session, 30, 30, 40, 40)
    session.brush([(20.5, 5.5)], 0.5, first.id)
    assert [one.area for one in session.annotations] == [65, 100]
    assert session.annotations[0].id == first.id
    session.erase([(6, 6)], 2, first.id)
    session.undo()
    session.undo()
    assert [one.area for one in session.annotations] == [64, 100]


def test_an_edit_that_leaves_nothing_is_refused(session):
    made = accept_square(session, 2, 2, 10, 10)
    version = session.version
    with pytest.raises(EditError, match=r"nothing of thing .* Delete the object"):
        session.erase([(6, 6)], 20, made.id)
    assert session.version == version


def test_all_edits_work_on_objects(session):
    made = accept_square(session, 10, 10, 30, 30)
    session.subtract_polygon(square(15, 15, 18, 18), made.id)
    session.add_polygon(square(40, 40, 42, 43), made.id)
    found = session.islands(made.id)
    assert (found.islands, found.holes) == ((6, 391), (9,))
    session.fill_holes(8, made.id)
    assert session.islands(made.id).holes == (9,)
    session.fill_holes(None, made.id)
    session.drop_islands(10, made.id)
    assert session.annotations[0].area == 400
    session.smooth(2, made.id)
    assert 380 < session.annotations[0].area < 400


def test_objects_may_overlap_unless_asked_otherwise(session):
    accept_square(session, 10, 10, 30, 30, label="old")
    accept_square(session, 20, 20, 40, 40, label="new")
    assert [one.area for one in session.annotations] == [400, 400]


def test_the_newest_wins_and_one_undo_gives_back(session):
    session.overlap = "newest_wins"
    accept_square(session, 10, 10, 30, 30, label="old")
    accept_square(session, 20, 20, 40, 40, label="new")
    assert [one.area for one in session.annotations] == [300, 400]
    old, new = masks_of(session)
    assert not (old & new).any()
    session.undo()
    assert [one.area for one in session.annotations] == [400]


def test_the_new_object_is_cut(session):
    session.overlap = "subtract"
    accept_square(session, 10, 10, 30, 30, label="old")
    accept_square(session, 20, 20, 40, 40, label="new")
    assert [one.area for one in session.annotations] == [400, 300]


@pytest.mark.parametrize(
    ("policy", "says"),
    [("newest_wins", "leave nothing of old"), ("subtract", "nothing is left to accept")],
)
def test_no_object_vanishes_unseen(session, policy, says):
    accept_square(session, 10, 10, 30, 30, label="old")
    session.overlap = policy
    session.add_point(32, 32)
    session.add_polygon(square(10, 10, 30, 30))
    if policy == "subtract":
        session.subtract_polygon(
            [*square(-1, -1, 70, 70), (-1, -1), *square(10, 10, 30, 30), (10, 10)]
        )
    with pytest.raises(EditError, match=says):
        session.accept("new")
    # Nothing is lost: neither the object nor the mask on screen.
    assert [one.label for one in session.annotations] == ["old"]
    assert session.masks.any()


def test_strokes_follow_the_policy_too(session):
    old = accept_square(session, 10, 10, 20, 20, label="old")
    new = accept_square(session, 20, 10, 30, 20, label="new")
    session.overlap = "newest_wins"
    session.add_polygon(square(18, 10, 20, 20), new.id)
    assert [one.area for one in session.annotations] == [80, 120]
    session.overlap = "subtract"
    session.add_polygon(square(17, 10, 24, 20), old.id)
    assert [one.area for one in session.annotations] == [80, 120]


def test_unknown_policies_are_refused(session):
    with pytest.raises(EditError, match="overlap must be one of"):
        session.overlap = "top"
    assert session.overlap == "keep"
    session.overlap = "subtract"
    assert Session(session.image, after=session).overlap == "subtract"


def test_an_object_is_split_into_its_islands(session):
    made = accept_square(session, 10, 10, 30, 30, label="cup")
    accept_square(session, 50, 50, 60, 60, label="other")
    session.add_polygon(square(40, 10, 44, 14), made.id)
    session.split(made.id)
    areas = [(one.label, one.area) for one in session.annotations]
    assert areas == [("cup", 400), ("cup", 16), ("other", 100)]
    assert session.annotations[0].id == made.id
    assert session.annotations[0].color == session.annotations[1].color
    assert session.annotations[0].predicted_iou is None
    session.undo()
    assert [one.area for one in session.annotations] == [416, 100]
    assert session.annotations[0].predicted_iou == made.predicted_iou


def test_an_object_is_split_along_a_line(session):
    made = accept_square(session, 10, 10, 30, 30)
    session.split(made.id, [(16, 0), (16, 60)])
    assert [one.area for one in session.annotations] == [280, 120]


def test_what_is_in_one_piece_is_not_split(session):
    made = accept_square(session, 10, 10, 30, 30)
    with pytest.raises(EditError, match=r"one piece\. Draw a line"):
        session.split(made.id)
    with pytest.raises(EditError, match="right across"):
        session.split(made.id, [(16, 0), (16, 15)])


def test_objects_are_merged_in_the_place_of_the_first(session):
    ids = [
        accept_square(session, 10, 10, 20, 20, label="").id,
        accept_square(session, 40, 40, 50, 50, label="middle").id,
        accept_square(session, 15, 10, 25, 20, label="dog").id,
    ]
    session.merge([ids[2], ids[0]])
    assert [(one.id, one.label, one.area) for one in session.annotations] == [
        (ids[0], "dog", 150),
        (ids[1], "middle", 100),
    ]
    session.undo()
    session.merge(ids, "all")
    assert [(one.label, one.area) for one in session.annotations] == [("all", 250)]
    assert "all" in session.labels
    session.undo()
    assert len(session.annotations) == 3
    with pytest.raises(EditError, match="two objects or more, got 1"):
        session.merge([ids[0], ids[0]])
    with pytest.raises(StaleGesture):
        session.merge([ids[0], "nobody"])


def test_a_large_image_is_edited_at_full_size():
    session = Session(load_image(np.zeros((100, 5000, 3), np.uint8)), FakePredictor())
    session.add_point(2500, 50)
    session.brush([(4000.5, 50.5)], 0.5)
    mask = session.masks[session.answer.selected]
    assert mask[50, 4000]
    assert not mask[50, 3999]
    shown = session.answer.candidates.shown[session.answer.selected]
    assert (shown.height, shown.width) == (41, 2048)
    assert session.accept().mask[50, 4000]


# ---- the widget, and the page's messages ------------------------------------------------------


@pytest.fixture
def widget(recording_comm):
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    with SamWidget(image, model="fake", overlap="newest_wins") as made:
        made.wait()
        yield made


ids = itertools.count()


def ask(widget, kind, points=None, **fields):
    message = {"type": kind, "id": f"edit-{next(ids)}", "version": 0, **fields}
    buffers = [] if points is None else [np.array(points, "<f4").tobytes()]
    return widget.comm.ask(message, buffers)[0]


def test_the_page_and_python_edit_alike(widget):
    widget.add_point(32, 32)
    widget.brush([(3, 3), (9.5, 20)], radius=2)
    by_python = widget.mask
    widget.undo()
    reply = ask(widget, "brush", [(3, 3), (9.5, 20)], radius=2, annotation_id=None)
    assert reply["type"] == "reply"
    widget.wait()
    assert np.array_equal(widget.mask, by_python)
    assert widget.points == [(32, 32, True)]
    made = widget.accept("thing")
    assert np.array_equal(made.mask, by_python)
    ask(widget, "erase", [(32, 32)], radius=3, annotation_id=made.id)
    assert not widget.annotations[0].mask[32, 32]
    ask(widget, "split", [(0, 32), (64, 32)], annotation_id=made.id)
    assert len(widget.annotations) == 2
    ask(widget, "merge", ids=[one.id for one in widget.annotations], label=None)
    assert len(widget.annotations) == 1


def test_an_edit_is_sent_as_one_object(widget):
    widget.add_point(32, 32)
    widget.accept("thing")
    widget.add_point(10, 10)
    made = widget.accept("other")
    before = len(widget.comm.messages())
    widget.brush([(60, 60)], 2, made.id)
    deltas = [c for c, _ in widget.comm.messages()[before:] if c["type"] == "annotations_changed"]
    assert [[one["annotation"]["id"] for one in delta["changed"]] for delta in deltas] == [
        [made.id]
    ]


def test_the_page_is_told_of_islands(widget):
    widget.add_point(32, 32)
    widget.add_polygon(square(1, 1, 3, 3))
    reply = ask(widget, "islands", annotation_id=None)
    assert (reply["of"], reply["island_count"], reply["islands"][0]) == ("islands", 2, 4)
    assert widget.islands().islands == tuple(reply["islands"])
    assert ask(widget, "islands", annotation_id="nobody")["code"] == "stale"


def test_a_drawing_has_no_figures_on_the_page(widget):
    ask(widget, "brush", [(30, 30)], radius=4, annotation_id=None)
    widget.wait()
    (candidate,) = widget.answer["candidates"]
    assert (candidate["score"], candidate["stability"]) == (None, None)
    assert widget.model_info["decode_ms"] is None
    made = widget.accept()
    assert made.area == candidate["area"]


def test_a_refused_edit_is_said_in_words(widget):
    reply = ask(widget, "smooth", radius=2, annotation_id=None)
    assert (reply["type"], reply["code"]) == ("error", "edit")
    assert "no mask on screen" in reply["message"]


def test_overlap_is_a_parameter_and_may_be_changed(widget):
    assert widget.overlap == "newest_wins"
    widget.overlap = "keep"
    assert widget.overlap == "keep"
    with pytest.raises(EditError, match="overlap must be one of"):
        SamWidget(np.zeros((8, 8, 3), np.uint8), model="fake", overlap="nobody")


def test_any_edit_is_taken_as_a_value(widget):
    widget.add_point(32, 32)
    before = Rle.encode(widget.mask)
    stroke = BrushStroke([(3, 3)], 2)
    widget.edit(stroke)
    assert Rle.encode(widget.mask) == stroke.apply(before)


def test_the_recipe_of_an_edited_mask_tells_its_steps_and_not_the_edit(session):
    session.add_point(40, 30)
    session.brush([(5, 5), (20, 5)], 3)
    session.accept("edited")
    (edited,) = session.annotations
    assert not edited.recipe.makes(edited.rle)
    again = edited.recipe.run(
        session.predicting.model(), session.predicting.model().encode(session.image)
    )
    assert edited.recipe.makes(again.rle)


def test_refining_an_edited_mask_starts_its_recipe_with_that_mask(session):
    session.add_point(40, 30)
    session.brush([(5, 5), (20, 5)], 3)
    drawn = session.masks[session.answer.selected]
    session.add_point(10, 5)
    session.accept("refined")
    (refined,) = session.annotations
    (step,) = refined.recipe.steps
    np.testing.assert_array_equal(step.prompts.mask, drawn)
    assert step.prompts.points == ((40.0, 30.0), (10.0, 5.0))
    again = refined.recipe.run(
        session.predicting.model(), session.predicting.model().encode(session.image)
    )
    assert again.rle == refined.rle


def test_what_was_drawn_without_a_model_has_no_recipe(session):
    session.brush([(5, 5), (20, 5)], 3)
    session.accept("drawn")
    assert session.annotations[0].recipe is None


def test_an_edited_object_is_reopened_as_it_is(session):
    session.add_point(40, 30)
    session.accept("thing")
    (made,) = session.annotations
    session.brush([(5, 5), (20, 5)], 3, made.id)
    (edited,) = session.annotations
    session.reopen(edited.id)
    np.testing.assert_array_equal(session.masks[session.answer.selected], edited.mask)
    assert session.prompts.points == ((40.0, 30.0),)
    session.add_point(10, 5)
    assert session.masks[session.answer.selected].shape == edited.mask.shape
    session.accept()
    assert [one.id for one in session.annotations] == [made.id]
