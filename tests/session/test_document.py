from __future__ import annotations

import numpy as np
import pytest

from sam_widget import Prompts
from sam_widget.session.history import HISTORY_LIMIT

pytestmark = pytest.mark.usefixtures("any_frame")


def test_a_choice_is_not_a_step_of_history(session):
    session.add_point(300, 200)
    session.choose(2)
    session.undo()
    assert session.prompts == Prompts()
    session.redo()
    session.predict()
    assert session.answer.selected == 2


def test_undo_and_redo_return_exactly_without_the_model(session, predictor):
    session.add_point(300, 200)
    session.choose(0)
    session.add_point(320, 230, positive=False)
    session.set_box(100, 100, 500, 390)
    after = session.masks
    asked = len(predictor.asked)
    for _ in range(3):
        session.undo()
    assert session.masks.shape[0] == 0
    for _ in range(3):
        session.redo()
    assert np.array_equal(session.masks, after)
    # The box state alone was never looked at before the last one was drawn.
    assert len(predictor.asked) == asked


def test_history_is_data(session):
    session.add_point(1, 2)
    session.add_point(3, 4)
    session.undo()
    assert session.prompts == session.history[session.cursor]
    assert [len(prompts.points) for prompts in session.history] == [0, 1, 2]
    session.add_point(5, 6)
    assert [one.points[-1:] for one in session.history] == [(), ((1, 2),), ((5, 6),)]


def test_history_has_an_end(session):
    for step in range(HISTORY_LIMIT + 20):
        session.add_point(step % 600, 10)
    assert len(session.history) == HISTORY_LIMIT
    for _ in range(HISTORY_LIMIT + 5):
        session.undo()
    assert not session.can_undo


def test_one_stack_covers_prompts_accepts_edits_and_deletes(session):
    session.add_point(300, 200)
    first = session.accept("cup")
    session.update_annotation(first.id, label="mug", color="#112233")
    session.remove_annotation(first.id)
    assert len(session.annotations) == 0
    session.undo()
    assert (session.annotations[0].label, session.annotations[0].color) == ("mug", "#112233")
    session.undo()
    assert session.annotations[0] is first
    session.undo()
    assert len(session.annotations) == 0
    assert session.masks.shape[0] == 3
    session.undo()
    assert session.prompts.is_empty
    session.undo()  # at the beginning: nothing
    assert not session.can_undo


def test_revision_grows_with_answers_and_choices_only(session):
    revisions = []
    for gesture in (
        lambda: session.add_point(300, 200),
        lambda: session.choose(2),
        lambda: session.choose(2),
        lambda: session.accept("cup"),
        lambda: session.update_annotation(session.annotations[0].id, visible=False),
    ):
        gesture()
        session.predict()
        revisions.append(session.answer.revision)
    assert revisions == [1, 2, 2, 3, 3]
    assert not session.pending
