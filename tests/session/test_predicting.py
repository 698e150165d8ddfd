from __future__ import annotations

import threading

import numpy as np
import pytest

from sam_widget import EmbeddingCache, FakePredictor, Session, load_image
from sam_widget.errors import ModelError, UnsupportedPrompt
from sam_widget.prompts import Prompts

pytestmark = pytest.mark.usefixtures("any_frame")


def test_one_point_gives_three_candidates_from_subpart_to_whole(session):
    session.add_point(300, 200)
    masks = session.masks
    assert masks.shape == (3, 400, 600)
    assert masks.dtype == np.bool_
    areas = masks.sum(axis=(1, 2))
    assert list(areas) == sorted(areas)
    candidates = session.answer.candidates
    assert candidates.areas == tuple(areas)
    assert session.answer.selected == int(np.argmax(candidates.scores))
    assert all(0 <= one <= 1 for one in candidates.stabilities)


def test_candidates_keep_score_and_logits_together(session, predictor):
    session.add_point(300, 200)
    session.predict()
    raw = predictor.inner.decode(session.embedding, session.prompts)
    candidates = session.answer.candidates
    for logits, score in zip(candidates.logits, candidates.scores, strict=True):
        at = next(i for i in range(3) if np.array_equal(raw.logits[i], logits))
        assert raw.scores[at] == score


def test_more_prompts_give_one_mask_and_feed_the_choice_back(session, predictor):
    session.add_point(300, 200)
    session.choose(2)
    chosen = session.answer.candidates.logits[2]
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
    assert session.answer.candidates is None
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


def test_a_preview_is_the_best_mask_and_no_step(session):
    assert session.preview(10, 10) is None  # not encoded yet
    session.encode()
    preview = session.preview(300, 200)
    assert session.version == 0
    session.add_point(300, 200)
    assert session.predict()
    answer = session.answer.candidates
    assert preview.shown == (answer.shown[answer.best],)
    assert preview.scores == answer.scores.max()
    assert session.preview(300, 200) is None


def test_a_model_that_takes_no_mask_is_fed_none(coffee):
    predictor = Counting(accepts=("points", "box"))
    session = Session(load_image(coffee), predictor)
    session.add_point(300, 200)
    session.predict()
    session.add_point(310, 210)
    session.predict()
    session.set_box(10, 10, 400, 300)
    session.predict()
    assert [prompts.has_mask for prompts, _ in predictor.asked] == [False] * 3
    session.undo()
    made = session.accept("cup")
    (step,) = made.recipe.steps
    assert step.prompts.points == ((300, 200), (310, 210))
    again = made.recipe.run(predictor, predictor.encode(coffee))
    assert again.rle == made.rle
    session.reopen(made.id)
    assert np.array_equal(session.masks[session.committed.selected], made.mask)
    session.set_mask(made.mask)
    with pytest.raises(UnsupportedPrompt, match="takes no prompt of mask; it accepts box, points"):
        session.predict()


def test_steps_of_a_model_that_refines_are_followed_without_masks(session, coffee):
    session.add_point(300, 200)
    session.choose(2)
    session.add_point(310, 210)
    made = session.accept("cup")
    assert len(made.recipe.steps) == 2
    other = Counting(accepts=("points",))
    made.recipe.run(other, other.encode(coffee))
    assert [prompts.has_mask for prompts, _ in other.asked] == [False] * 2


class Counting(FakePredictor):
    def __init__(self, **options):
        super().__init__(**options)
        self.asked = []

    def decode(self, embedding, prompts, multimask=None):
        self.asked.append((prompts, multimask))
        return super().decode(embedding, prompts, multimask)


def test_a_click_where_the_preview_was_asks_the_model_only_once(coffee):
    session = Session(load_image(coffee), Counting())
    session.encode()
    session.preview(40, 50)
    session.preview(300, 200)
    session.add_point(300, 200)
    assert session.predict()
    there = Prompts(points=[(300, 200)])
    assert session.predicting.model().asked == [(Prompts(points=[(40, 50)]), None), (there, None)]
    assert session.decode_ms > 0
    plain = Session(load_image(coffee), FakePredictor())
    plain.add_point(300, 200)
    plain.predict()
    answer, expected = session.answer.candidates, plain.answer.candidates
    assert answer.shown == expected.shown
    assert np.array_equal(answer.logits, expected.logits)
    # Anything else is another question.
    session.set_multimask(True)
    session.predict()
    session.clear()
    session.add_point(40, 50)
    session.predict()
    session.clear()
    session.add_point(300, 200, positive=False)
    session.predict()
    assert len(session.predicting.model().asked) == 5


def test_large_images_show_smaller_masks_and_keep_exact_objects():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (300, 5000, 3), dtype=np.uint8)
    session = Session(load_image(pixels), FakePredictor())
    session.add_point(2500, 150)
    session.predict()
    candidates = session.answer.candidates
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
    assert session.embedding is None
    assert session.encode_ms is None
