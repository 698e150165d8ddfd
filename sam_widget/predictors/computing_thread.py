"""Ending threads before the interpreter does.

At its end the interpreter stops daemon threads where they next ask for its lock. One that comes
back from native code of a model is unwound through C++ that allows no such thing, and the process
aborts. So threads that compute are stopped and waited for first.
"""

from __future__ import annotations

import atexit
import logging
import os
import time
from threading import Lock, Thread, current_thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ComputingThread", "end_before_others"]

PATIENCE: Final = 20.0
"""Seconds to wait in all: a model may encode an image in one piece."""

_log = logging.getLogger(__name__)
_lock = Lock()
_running: dict[Thread, Callable[[], object]] = {}


class ComputingThread(Thread):
    """A daemon thread that is ended before the interpreter is.

    Parameters
    ----------
    run : callable
        What the thread does.
    stop : callable
        Makes it end soon; may be called when it has ended, and more than once.
    name : str
    """

    def __init__(self, run: Callable[[], object], stop: Callable[[], object], name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._work: Callable[[], object] | None = run
        self._stop_work = stop

    def start(self) -> None:
        """Start it."""
        with _lock:
            _running[self] = self._stop_work
        end_before_others()
        super().start()

    def run(self) -> None:
        """Do the work, and hold nothing of it afterwards."""
        work, self._work = self._work, None
        try:
            if work is not None:
                work()
        finally:
            with _lock:
                _running.pop(self, None)


def end_before_others() -> None:
    """Have threads ended before the hooks run of what has been imported by now."""
    atexit.unregister(_end_all)
    atexit.register(_end_all)


def _end_all() -> None:
    with _lock:
        running = dict(_running)
    for stop in running.values():
        stop()
    deadline = time.monotonic() + PATIENCE
    for thread in running:
        if thread is not current_thread():
            thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            _log.warning("sam_widget: a model still computes at the end of the process.")


def _start_anew() -> None:
    global _lock  # noqa: PLW0603 - a forked child has none of its parent's threads
    _lock = Lock()
    _running.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
