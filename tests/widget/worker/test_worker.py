from __future__ import annotations

import threading

import pytest

from sam_widget import EmbeddingCache, FakePredictor, Prompts, Session, load_image
from sam_widget.widget.worker import worker as module
from sam_widget.widget.worker.worker import Worker


@pytest.fixture
def worker(coffee):
    started = Worker(Session(load_image(coffee)), FakePredictor, lambda: None)
    started.start()
    assert started.wait(30)
    yield started
    started.close()


def test_waiting_outlasts_a_gesture_that_is_being_applied(worker):
    entered, proceed = threading.Event(), threading.Event()

    def gesture(session):
        entered.set()
        assert proceed.wait(30)
        return session.add_point(300, 200)

    future = worker.submit(gesture, computes=True)
    assert entered.wait(30)
    assert not worker.wait(0.05)
    proceed.set()
    assert future.result(30) == 1
    assert worker.wait(30)
    assert not worker.session.pending


def test_later_gestures_stay_behind_one_that_waits(worker):
    order, proceed = [], threading.Event()
    worker.submit(lambda _: proceed.wait(30), computes=True)
    futures = [worker.submit(lambda _, n=n: order.append(n), computes=False) for n in range(5)]
    assert not any(future.done() for future in futures)
    proceed.set()
    for future in futures:
        future.result(30)
    assert order == [0, 1, 2, 3, 4]


class Encoding:
    """A worker that encodes, and what it told on the way."""

    def __init__(self, image, predictor, cache=None):
        self.told = []
        self.begun = threading.Event()
        self.worker = Worker(Session(image, cache=cache), lambda: predictor, self._changed)
        self.worker.start()

    def _changed(self):
        share = self.worker.encode_progress
        self.told.append(share)
        if share is not None:
            self.begun.set()


@pytest.mark.parametrize(("every", "count"), [(0, 9), (1e9, 1)])
def test_progress_is_told_now_and_then(coffee, monkeypatch, every, count):
    monkeypatch.setattr(module, "PROGRESS_EVERY", every)
    encoding = Encoding(load_image(coffee), FakePredictor(encode_delay=0.1))
    assert encoding.worker.wait(30)
    encoding.worker.close()
    encoding.worker._thread.join(30)
    shares = [share for share in encoding.told if share is not None]
    assert shares == pytest.approx([(part + 1) / 10 for part in range(count)])
    assert encoding.told[-1] is None
    assert encoding.worker.encode_progress is None


def test_what_cannot_be_shown_does_not_end_the_encoding(coffee, capsys):
    def fail():
        raise RuntimeError("the page is gone")

    predictor = FakePredictor(encode_delay=0.05)
    worker = Worker(Session(load_image(coffee)), lambda: predictor, fail)
    worker.start()
    assert worker.wait(30)
    assert (predictor.encode_calls, worker.status) == (1, "ready")
    worker.close()
    worker._thread.join(30)
    assert "the page is gone" in capsys.readouterr().err


def test_another_image_cancels_the_encoding(coffee, cat):
    predictor = FakePredictor(encode_delay=3)
    encoding = Encoding(load_image(coffee), predictor)
    assert encoding.begun.wait(30)
    predictor.encode_delay = 0
    old, new = encoding.worker.session, Session(load_image(cat))
    encoding.worker.reset(new)()
    assert encoding.worker.wait(30)
    assert predictor.encode_calls == 1  # the first was not brought to its end
    assert (encoding.worker.failure, old.failure, old.embedding) == (None, None, None)
    assert new.embedding.image_digest == load_image(cat).digest
    encoding.worker.close()


def test_closing_cancels_the_encoding(coffee):
    predictor = FakePredictor(encode_delay=5)
    encoding = Encoding(load_image(coffee), predictor)
    assert encoding.begun.wait(60)
    encoding.worker.close()
    encoding.worker._thread.join(60)
    assert not encoding.worker._thread.is_alive()
    assert predictor.encode_calls == 0
    assert encoding.worker.failure is None


def test_cancelling_does_not_hurt_another_that_waits_for_the_same(coffee):
    predictor, cache = FakePredictor(encode_delay=1), EmbeddingCache()
    first = Encoding(load_image(coffee), predictor, cache)
    assert first.begun.wait(30)
    second = Encoding(load_image(coffee), predictor, cache)
    assert second.begun.wait(30)  # it shows how far the first one is
    first.worker.close()
    assert second.worker.wait(30)
    assert second.worker.status == "ready"
    assert predictor.encode_calls == 1
    second.worker.close()


def test_a_predictor_without_progress_works_and_is_left_for_another_image(coffee, cat):
    class Old:
        name, device, model_digest = "old", "cpu", FakePredictor.model_digest

        def __init__(self):
            self.inner = FakePredictor()
            self.entered, self.proceed = threading.Event(), threading.Event()

        def encode(self, image):
            self.entered.set()
            assert self.proceed.wait(30)
            return self.inner.encode(image)

        def decode(self, embedding, prompts, multimask=None):
            return self.inner.decode(embedding, prompts, multimask)

    predictor = Old()
    encoding = Encoding(load_image(coffee), predictor, EmbeddingCache())
    assert predictor.entered.wait(30)
    encoding.worker.reset(Session(load_image(cat)))()
    predictor.proceed.set()
    assert encoding.worker.wait(30)
    encoding.worker.submit(lambda session: session.add_point(100, 100), computes=False)
    assert encoding.worker.wait(30)
    assert encoding.worker.session.masks.shape == (3, 300, 451)
    assert set(encoding.told) == {None}
    encoding.worker.close()


class Gate(FakePredictor):
    """Decodes when told to, and remembers in which order."""

    def __init__(self):
        super().__init__()
        self.order = []
        self.entered, self.proceed = threading.Semaphore(0), threading.Semaphore(0)

    def decode(self, embedding, prompts, multimask=None):
        self.order.append(prompts)
        self.entered.release()
        assert self.proceed.acquire(timeout=30)
        return super().decode(embedding, prompts, multimask)


def test_a_preview_delays_no_gesture_and_at_most_one_is_in_flight(coffee):
    predictor, answers = Gate(), []
    encoding = Encoding(load_image(coffee), predictor)
    worker = encoding.worker
    assert worker.wait(30)
    for x in range(10):
        worker.preview(x, 5, answers.append)
        if x == 0:
            assert predictor.entered.acquire(timeout=30)
    # While one is being decoded the last alone waits; a click is applied at once.
    assert answers == [None] * 8
    assert worker.submit(lambda session: session.add_point(300, 200), computes=False).done()
    for _ in range(2):
        predictor.proceed.release()
    assert worker.wait(30)
    worker.close()
    worker._thread.join(30)
    # The click went before the preview that waited, which then had nothing to show.
    assert predictor.order == [Prompts(points=[(0, 5)]), Prompts(points=[(300, 200)])]
    assert len(answers) == 10
    assert sum(answer is not None for answer in answers) == 1


def test_the_time_of_a_preview_is_a_median_told_only_when_it_changed(worker):
    assert worker.preview_ms is None
    for took, told in ((20, 20), (22, 20), (18, 20), (500, 20), (40, 20), (40, 31), (40, 40)):
        worker._pace.add_preview(took)
        assert worker.preview_ms == told
    answered = threading.Event()
    worker.reset(Session(load_image(worker.session.image)))()
    assert worker.preview_ms is None
    assert worker.wait(30)
    worker.preview(10, 10, lambda found: answered.set())
    assert answered.wait(30)
    assert worker.preview_ms > 0


def test_every_preview_is_answered_whatever_happens(coffee, cat):
    predictor, answers = FakePredictor(encode_delay=5), []
    encoding = Encoding(load_image(coffee), predictor)
    assert encoding.begun.wait(60)
    encoding.worker.preview(1, 1, answers.append)
    encoding.worker.reset(Session(load_image(cat)))()
    assert answers == [None]
    encoding.worker.preview(2, 2, answers.append)
    encoding.worker.close()
    assert answers == [None, None]
    encoding.worker.preview(3, 3, answers.append)
    assert answers == [None, None, None]
