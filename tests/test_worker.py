from __future__ import annotations

import threading

import pytest

from sam_widget import FakePredictor, Session, load_image
from sam_widget.worker import Worker


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
