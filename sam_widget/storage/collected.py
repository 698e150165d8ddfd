"""Release what an object held when nobody can reach it any more.

A finalizer may run in the middle of anything, on a thread that holds any lock. So it only says
what is to be released, and a thread of its own does it.
"""

from __future__ import annotations

import os
import traceback
import weakref
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["finish_releasing", "when_gone"]


class _Releaser:
    """The thread, started with the first object that it is to look after."""

    def __init__(self) -> None:
        self.waiting: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the thread, if that has not happened."""
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="sam_widget releasing", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            # What is released is free while the thread waits for the next.
            self._release(self.waiting.get())

    @staticmethod
    def _release(release: Callable[[], object]) -> None:
        try:
            release()
        except Exception:  # noqa: BLE001 - there is nobody to tell, and others wait
            traceback.print_exc()


_releaser = _Releaser()


def when_gone(owner: object, release: Callable[[], object]) -> Callable[[], object]:
    """Call ``release`` some time after ``owner`` was garbage collected, on a thread of its own.

    Parameters
    ----------
    owner : object
        Anything that can be weakly referenced.
    release : callable
        Called without arguments; must not lead to ``owner``. Not called at the end of the process.

    Returns
    -------
    callable
        Calls it off, because the owner has released everything itself.
    """
    _releaser.start()
    finalizer = weakref.finalize(owner, _say, release)
    finalizer.atexit = False
    return finalizer.detach


def finish_releasing(timeout: float | None = None) -> bool:
    """Wait until what is gone by now is released; False if the time ran out."""
    done = Event()
    _releaser.start()
    _say(done.set)
    return done.wait(timeout)


def _say(release: Callable[[], object]) -> None:
    _releaser.waiting.put(release)  # may interrupt itself, unlike other queues


def _start_anew() -> None:
    global _releaser  # noqa: PLW0603 - a forked child has none of its parent's threads
    _releaser = _Releaser()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
