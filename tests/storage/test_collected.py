from __future__ import annotations

import gc
import threading

import pytest

from sam_widget.storage import finish_releasing, when_gone


class Owner:
    def __init__(self):
        self.itself = self  # a cycle: only the collector finds it


def test_what_was_held_is_released_on_another_thread_when_the_owner_is_gone():
    released = []
    owner = Owner()
    when_gone(owner, lambda: released.append(threading.current_thread()))
    gc.collect()
    assert finish_releasing(30)
    assert not released
    del owner
    gc.collect()
    assert finish_releasing(30)
    assert len(released) == 1
    assert released[0] is not threading.current_thread()


def test_one_that_cannot_be_released_stops_no_other(capsys):
    def failing():
        raise OSError("no")

    released = []
    for release in (failing, lambda: released.append(1)):
        when_gone(Owner(), release)
    gc.collect()
    assert finish_releasing(30)
    assert released == [1]
    assert "OSError: no" in capsys.readouterr().err


def test_the_owner_may_go_while_a_lock_is_held_that_its_release_needs():
    lock = threading.Lock()
    released = threading.Event()

    def release():
        with lock:
            released.set()

    owner = Owner()
    when_gone(owner, release)
    del owner
    with lock:
        gc.collect()
        assert not released.is_set()
    assert released.wait(30)


def test_an_owner_that_has_released_everything_calls_it_off():
    released = []
    owner = Owner()
    call_off = when_gone(owner, lambda: released.append(1))
    call_off()
    call_off()
    del owner
    gc.collect()
    assert finish_releasing(30)
    assert released == []


def test_only_what_can_be_weakly_referenced_has_an_end():
    with pytest.raises(TypeError, match="weak reference"):
        when_gone(3, print)
