from __future__ import annotations

import numpy as np
import pytest

from sam_widget import Prompts
from sam_widget.errors import PromptError, StaleGesture, UnsupportedPrompt

pytestmark = pytest.mark.usefixtures("any_frame")


def test_accept_keeps_everything_that_made_the_object(session, predictor):
    session.add_point(300, 200)
    session.choose(1)
    mask, candidates = session.masks[1], session.answer.candidates
    annotation = session.accept("cup")
    assert np.array_equal(annotation.mask, mask)
    assert annotation.area == mask.sum()
    assert annotation.predicted_iou == pytest.approx(float(candidates.scores[1]))
    assert annotation.stability_score == candidates.stabilities[1]
    assert annotation.candidate == 1
    assert annotation.prompts == Prompts(points=[(300, 200)])
    assert annotation.model_digest == predictor.model_digest
    assert session.prompts.is_empty
    assert session.labels == ("cup",)


def test_objects_of_one_label_share_a_colour_and_others_do_not(session):
    colors = []
    for x, label in ((100, "cup"), (200, "cup"), (300, "plate"), (400, ""), (500, "")):
        session.add_point(x, 200)
        colors.append(session.accept(label).color)
    assert colors[0] == colors[1]
    assert len({colors[0], colors[2], colors[3], colors[4]}) == 4


def test_nothing_to_accept_is_said(session):
    with pytest.raises(PromptError, match="nothing to accept"):
        session.accept("cup")


def test_an_accepted_object_can_prompt(session, predictor):
    session.add_point(300, 200)
    annotation = session.accept("cup")
    session.set_mask(annotation)
    assert np.array_equal(session.prompts.mask, annotation.mask)
    assert session.masks.shape[0] == 1
    session.remove_mask()
    assert session.prompts.is_empty
    session.set_mask_from(annotation.id)
    with pytest.raises(StaleGesture):
        session.set_mask_from("no such object")


def test_multimask_can_be_forced(session, predictor):
    session.add_point(300, 200)
    session.set_multimask(False)
    assert len(session.masks) == 1
    session.set_multimask(True)
    session.add_point(310, 200)
    assert len(session.masks) == 3
    assert [multimask for _, multimask in predictor.asked] == [False, True]


@pytest.mark.parametrize("point", [(-0.1, 5), (5, -1), (600.5, 5), (5, 401), (np.nan, 5)])
def test_points_outside_raise_and_change_nothing(session, point):
    with pytest.raises(PromptError):
        session.add_point(*point)
    assert session.version == 0
    assert not session.can_undo


def test_boxes_are_clipped_replaced_and_checked(session):
    session.set_box(-50, -50, 100, 100)
    session.set_box(500, 300, 900, 900)
    assert session.prompts.boxes == ((500, 300, 600, 400),)
    for bad in ((10, 10, 10, 20), (30, 10, 20, 20), (700, 10, 800, 20)):
        with pytest.raises(PromptError):
            session.set_box(*bad)
    with pytest.raises(UnsupportedPrompt):
        Prompts(boxes=[(0, 0, 1, 1), (2, 2, 3, 3)])


def test_clear_takes_prompts_only(session):
    session.add_point(300, 200)
    session.accept("cup")
    version = session.version
    session.clear()
    assert session.version == version
    session.add_point(100, 100)
    session.clear()
    assert session.prompts.is_empty
    assert len(session.annotations) == 1


def test_an_index_from_before_a_removal_is_stale(session):
    session.add_point(1, 1)
    seen = session.add_point(2, 2)
    session.add_point(3, 3)
    session.move_point(1, 5, 5, as_of=seen)  # points only came: the index still means the same
    session.remove_point(0)
    with pytest.raises(StaleGesture):
        session.move_point(1, 6, 6, as_of=seen)
    assert session.prompts.points == ((5, 5), (3, 3))


def test_a_choice_from_before_the_answer_is_stale(session):
    session.add_point(300, 200)
    session.predict()
    seen = session.answer.revision
    session.choose(0, as_of=seen)
    session.choose(2, as_of=seen)  # pressed before the first choice came back: same candidates
    session.add_point(200, 100)
    with pytest.raises(StaleGesture):
        session.choose(0, as_of=seen)
    with pytest.raises(PromptError, match="no candidate 1"):
        session.choose(1)


def test_a_choice_waits_for_prompts_that_came_in_between(session):
    session.add_point(300, 200)
    session.predict()
    predict, interrupted = session.predict, []

    def then_somebody_prompts():
        answered = predict()
        if not interrupted:
            interrupted.append(session.add_point(310, 210))
            session.set_multimask(True)
        return answered

    session.predict = then_somebody_prompts
    session.choose(2)
    assert session.answer.candidates is not None
    assert session.answer.selected == 2
    assert not session.pending
