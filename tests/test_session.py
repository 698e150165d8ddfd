from __future__ import annotations

import threading

import numpy as np
import pytest

from sam_widget import (
    Annotation,
    EmbeddingCache,
    FakePredictor,
    Prediction,
    Prompts,
    Session,
    load_image,
)
from sam_widget.errors import ModelError, PromptError, StaleGesture, UnsupportedPrompt
from sam_widget.history import HISTORY_LIMIT


class Recorder:
    """A predictor that remembers what it was asked, and answers as the fake one."""

    def __init__(self):
        self.inner = FakePredictor()
        self.asked = []
        self.before_answer = lambda: None

    name = property(lambda self: self.inner.name)
    device = property(lambda self: self.inner.device)
    model_digest = property(lambda self: self.inner.model_digest)

    def encode(self, image):
        return self.inner.encode(image)

    def decode(self, embedding, prompts, multimask=None) -> Prediction:
        self.asked.append((prompts, multimask))
        self.before_answer()
        return self.inner.decode(embedding, prompts, multimask)


@pytest.fixture
def predictor():
    return Recorder()


@pytest.fixture
def session(coffee, predictor):
    return Session(load_image(coffee), predictor)


def test_one_point_gives_three_candidates_from_subpart_to_whole(session):
    session.add_point(300, 200)
    masks = session.masks
    assert masks.shape == (3, 400, 600)
    assert masks.dtype == np.bool_
    areas = masks.sum(axis=(1, 2))
    assert list(areas) == sorted(areas)
    candidates = session.committed.candidates
    assert candidates.areas == tuple(areas)
    assert session.committed.selected == int(np.argmax(candidates.scores))
    assert all(0 <= one <= 1 for one in candidates.stabilities)


def test_candidates_keep_score_and_logits_together(session, predictor):
    session.add_point(300, 200)
    session.predict()
    raw = predictor.inner.decode(session._embedding, session.prompts)
    candidates = session.committed.candidates
    for logits, score in zip(candidates.logits, candidates.scores, strict=True):
        at = next(i for i in range(3) if np.array_equal(raw.logits[i], logits))
        assert raw.scores[at] == score


def test_more_prompts_give_one_mask_and_feed_the_choice_back(session, predictor):
    session.add_point(300, 200)
    session.choose(2)
    chosen = session.committed.candidates.logits[2]
    session.add_point(310, 210)
    assert session.masks.shape == (1, 400, 600)
    asked, multimask = predictor.asked[-1]
    assert multimask is None
    assert np.array_equal(asked.mask[0], chosen)
    assert session.prompts.mask is None  # what the person placed stays what it was


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.move_point(0, 50, 60),
        lambda s: s.set_box(10, 10, 400, 300),
        lambda s: (s.add_point(20, 20), s.remove_point(0)),
    ],
)
def test_nothing_is_fed_back_when_prompts_did_more_than_grow(session, predictor, change):
    session.add_point(300, 200)
    session.predict()
    change(session)
    session.predict()
    assert predictor.asked[-1][0].mask is None


def test_a_choice_is_not_a_step_of_history(session):
    session.add_point(300, 200)
    session.choose(2)
    session.undo()
    assert session.prompts == Prompts()
    session.redo()
    session.predict()
    assert session.committed.selected == 2


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


def test_accept_keeps_everything_that_made_the_object(session, predictor):
    session.add_point(300, 200)
    session.choose(1)
    mask, candidates = session.masks[1], session.committed.candidates
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
    seen = session.committed.revision
    session.choose(0, as_of=seen)
    session.choose(2, as_of=seen)  # pressed before the first choice came back: same candidates
    session.add_point(200, 100)
    with pytest.raises(StaleGesture):
        session.choose(0, as_of=seen)
    with pytest.raises(PromptError, match="no candidate 1"):
        session.choose(1)


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
        revisions.append(session.committed.revision)
    assert revisions == [1, 2, 2, 3, 3]
    assert not session.pending


def test_an_overtaken_answer_is_kept_for_undo_but_not_shown(session, predictor):
    session.encode()
    deciding, proceed = threading.Event(), threading.Event()

    def pause():
        deciding.set()
        assert proceed.wait(20)

    predictor.before_answer = pause
    session.add_point(300, 200)
    worker = threading.Thread(target=session.predict)
    worker.start()
    assert deciding.wait(20)
    session.add_point(100, 100)  # does not wait for the model
    predictor.before_answer = lambda: None
    proceed.set()
    worker.join(20)
    assert session.pending
    assert session.committed.candidates is None
    session.predict()
    assert not session.pending
    asked = len(predictor.asked)
    session.undo()
    assert len(session.masks) == 3
    assert len(predictor.asked) == asked


def test_a_failing_model_is_reported_and_the_next_gesture_starts_afresh(session, predictor):
    def fail():
        raise RuntimeError("out of memory")

    predictor.before_answer = fail
    session.add_point(300, 200)
    with pytest.raises(RuntimeError):
        session.predict()
    assert isinstance(session.failure, RuntimeError)
    assert not session.pending
    predictor.before_answer = lambda: None
    session.add_point(301, 200)
    assert len(session.masks) == 1
    assert session.failure is None


def test_without_a_predictor_gestures_are_taken_and_predicting_says_so(coffee):
    session = Session(load_image(coffee))
    session.add_point(1, 1)
    with pytest.raises(ModelError, match="no model"):
        session.predict()


def test_preview_keeps_nothing(session):
    assert session.preview(10, 10) is None  # not encoded yet
    session.encode()
    candidates, best = session.preview(300, 200)
    assert candidates.scores[best] == candidates.scores.max()
    assert session.version == 0
    session.add_point(1, 1)
    assert session.preview(300, 200) is None


def test_large_images_show_smaller_masks_and_keep_exact_objects():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (300, 5000, 3), dtype=np.uint8)
    session = Session(load_image(pixels), FakePredictor())
    session.add_point(2500, 150)
    session.predict()
    candidates = session.committed.candidates
    assert (candidates.shown[0].height, candidates.shown[0].width) == (123, 2048)
    masks = session.masks
    assert masks.shape == (3, 300, 5000)
    for area, mask in zip(candidates.areas, masks, strict=True):
        assert area == pytest.approx(mask.sum(), rel=0.02)
    assert np.array_equal(session.accept().mask, masks[candidates.best])


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 3)])
def test_tiny_and_thin_images(shape):
    session = Session(load_image(np.full((*shape, 3), 99, np.uint8)), FakePredictor())
    session.add_point(shape[1] / 2, shape[0] / 2)
    assert session.masks.shape == (3, *shape)
    session.set_box(0, 0, shape[1], shape[0])
    assert session.masks.shape == (1, *shape)


def test_a_session_asks_its_cache_first(coffee):
    cache, predictor = EmbeddingCache(), FakePredictor()
    for _ in range(2):
        session = Session(load_image(coffee), predictor, cache=cache)
        session.add_point(300, 200)
        assert session.masks.shape == (3, 400, 600)
    assert predictor.encode_calls == 1


def test_an_embedding_that_comes_after_the_release_is_not_kept(coffee):
    predictor = FakePredictor()
    session = Session(load_image(coffee), predictor)
    session.encode(lambda share: session.release())
    assert predictor.encode_calls == 1
    assert session._embedding is None
    assert session.encode_ms is None


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
    assert session.committed.candidates is not None
    assert session.committed.selected == 2
    assert not session.pending


def test_objects_made_elsewhere_are_one_step(session):
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
