"""The thread that computes for one widget, so that no message handler ever has to.

It loads the model, encodes the image, answers the newest prompts and previews the newest hover.
Gestures are applied at once by whoever makes them, unless one needs an answer first (accept,
choose): then it waits here, and all later ones behind it, so their order is kept.
"""

from __future__ import annotations

import math
import time
import traceback
from concurrent.futures import Future
from dataclasses import dataclass
from threading import TIMEOUT_MAX, Condition, current_thread
from typing import TYPE_CHECKING, Literal, TypeVar

from sam_widget.embeddings import trim_heap
from sam_widget.errors import SamWidgetError, WidgetClosed
from sam_widget.predictors import ComputingThread, end_before_others
from sam_widget.widget.worker.gesture_queue import GestureQueue, Turn
from sam_widget.widget.worker.pace import Pace
from sam_widget.widget.worker.prefetch import Ahead, Cancelled, Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from sam_widget.annotations import Candidates
    from sam_widget.images import RgbImage
    from sam_widget.predictors import Predictor, Progress
    from sam_widget.session import Session

__all__ = ["Worker"]

T = TypeVar("T")
Status = Literal["loading", "encoding", "ready", "predicting", "error"]

PROGRESS_EVERY = 0.25
"""Seconds between two reports of how far an encoding is."""


@dataclass
class _Preview:
    x: float
    y: float
    answer: Callable[[Candidates | None], None]


class Worker:
    """Compute for one session at a time, on a thread of its own.

    Parameters
    ----------
    session : Session
        What to work on; see :meth:`reset`.
    load : callable
        Makes the predictor; called once, on the thread.
    on_change : callable
        Called without arguments, on the thread, after anything that should be shown has changed.
    """

    def __init__(
        self, session: Session, load: Callable[[], Predictor], on_change: Callable[[], None]
    ) -> None:
        self._session, self._load, self._on_change = session, load, on_change
        self._predictor: Predictor | None = None
        self._load_failure: Exception | None = None
        self._stage: Literal["loading", "encoding", "idle"] = "loading"
        self._preview: _Preview | None = None
        self._pace = Pace()
        self._encode_progress: float | None = None
        self._ahead, self._wake = Ahead(), Condition()
        self._gestures = GestureQueue(self._wake)
        self._closed = False
        self._thread: ComputingThread | None = None

    # ---- called from anywhere ---------------------------------------------------------------

    @property
    def session(self) -> Session:
        """What is being worked on."""
        return self._session

    @property
    def predictor(self) -> Predictor | None:
        """The model, once it is loaded."""
        return self._predictor

    @property
    def failure(self) -> Exception | None:
        """Why the model was not loaded, the image not encoded, or the prompts not answered."""
        return self._load_failure or self._session.failure

    @property
    def status(self) -> Status:
        """What is going on, in the words of the page's ``data-status``."""
        if self.failure is not None:
            return "error"
        if self._stage != "idle":
            return self._stage
        waiting = self._session.pending or not self._gestures.is_empty
        return "predicting" if waiting else "ready"

    @property
    def encode_progress(self) -> float | None:
        """Share of the encoding that is done, in [0, 1]; None when none is going on."""
        return self._encode_progress

    @property
    def preview_ms(self) -> float | None:
        """Milliseconds that a preview takes, of late; None before the first."""
        return self._pace.preview_ms

    @property
    def answers_soon(self) -> bool:
        """Whether the prompts wait for an answer and it will, as far as is known, come at once."""
        ready = self._stage == "idle" and self._load_failure is None
        return ready and self._pace.is_quick and self._session.pending

    @property
    def here(self) -> bool:
        """Whether the caller runs on this worker's thread, where waiting for it would never end."""
        return current_thread() is self._thread

    def perform(self, gesture: Callable[[Session], T], *, computes: bool = False) -> T:
        """Apply a gesture after all earlier ones, and wait for the answer to it.

        Returns
        -------
        object
            What the gesture returned.

        Raises
        ------
        SamWidgetError
            What the gesture raised, or the model when it answered.
        """
        result = self.submit(gesture, computes=computes).result()
        if not self.here:
            session = self._session
            self.look()
            session.wait(session.version)
            if session.failure is not None:
                raise session.failure
        return result

    def start(self) -> None:
        """Begin to load and encode; does nothing when called again."""
        with self._wake:
            if self._thread is None and not self._closed:
                self._thread = ComputingThread(self._run, self.close, "sam_widget")
                self._thread.start()

    def look(self) -> None:
        """Have the thread look for work: another user of the annotations may have made some."""
        with self._wake:
            self._wake.notify_all()

    def submit(self, gesture: Callable[[Session], T], *, computes: bool) -> Future[T]:
        """Apply a gesture after all earlier ones.

        Parameters
        ----------
        gesture : callable
            Takes the session; what it returns or raises goes into the future.
        computes : bool
            Whether it needs the answer to the current prompts, and so has to run on the thread.

        Returns
        -------
        Future
            Already done, unless the gesture has to wait.
        """
        future: Future[T] = Future()
        with self._wake:
            if self._closed:
                raise WidgetClosed("this widget is closed. Make a new one.")
            if self.here:
                # At once, before all that wait for this thread.
                turn: Turn | None = Turn(gesture, self._session, future, is_taken=False)
            else:
                turn = self._gestures.begin(gesture, self._session, future, wait=computes)
            self._ahead.asked()
            self._wake.notify_all()
        if turn is not None:
            self._gestures.apply(turn)
        return future

    def preview(self, x: float, y: float, answer: Callable[[Candidates | None], None]) -> None:
        """Preview the newest point; one that is overtaken is answered with None."""
        overtaken: _Preview | None = _Preview(x, y, answer)
        with self._wake:
            if not self._closed:
                overtaken, self._preview = self._preview, overtaken
            self._ahead.asked()
            self._wake.notify_all()
        if overtaken is not None:
            overtaken.answer(None)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until all is answered, or something failed; return False if the time ran out."""
        if self.here:
            return True
        self.look()
        with self._wake:
            return self._wake.wait_for(
                lambda: (
                    self._closed
                    # A gesture off the queue may be half applied: its prompts are still to come.
                    or (not self._gestures.is_busy_elsewhere and self.status in ("ready", "error"))
                ),
                timeout,
            )

    def encode_ahead(
        self, image: RgbImage, encode: Callable[[Predictor, Progress], object]
    ) -> None:
        """Encode another image, for ``encode`` to keep; the newest such wish counts.

        Whatever is asked for ends it, and it starts again when nothing is; it goes on when the
        widget turns to this image.
        """
        with self._wake:
            self._ahead.wish = Wish(image, encode)
            self._wake.notify_all()

    def finish_gestures(self) -> None:
        """Block until the gestures made so far have been applied to their session."""
        with self._wake:
            busy = not self._gestures.is_empty or self._gestures.is_busy_elsewhere
        if busy and not (self.here or self._closed):
            self.submit(lambda _session: None, computes=True).exception()

    def wait_until_applied(self) -> None:
        """Block until no gesture is being applied."""
        with self._wake:
            self._wake.wait_for(
                lambda: self.here or self._closed or not self._gestures.is_busy_elsewhere
            )

    def reset(self, session: Session, failure: Exception | None = None) -> Callable[[], None]:
        """Turn to another session; an encoding for the old one is cancelled.

        Parameters
        ----------
        session : Session
        failure : Exception, optional
            Why there is nothing to compute for it: its image could not be read.

        Returns
        -------
        callable
            Refuses what was still queued for the old session. To be called when no lock is held.
        """
        with self._wake:
            refuse = self._dropping("the image was replaced. Repeat the gesture on the new one.")
            self._session = session
            self._load_failure = failure
            self._stage = "loading" if self._predictor is None else "encoding"
            self._pace.forget()
            self._ahead.asked()
            self._wake.notify_all()
        return refuse

    def close(self) -> None:
        """Stop the thread, cancel its encoding, and let go of the model."""
        with self._wake:
            self._closed = True
            refuse = self._dropping("this widget is closed. Make a new one.")
            self._predictor = None
            self._ahead.wish = None
            self._wake.notify_all()
        refuse()

    def join(self) -> None:
        """Wait for the end of the thread, after :meth:`close`."""
        if self._thread is not None:
            self._thread.join()

    def _dropping(self, message: str) -> Callable[[], None]:
        """Take all that waits off the queue; the result tells those who wait."""
        refuse_gestures = self._gestures.drop(message)
        overtaken, self._preview = self._preview, None

        def refuse() -> None:
            refuse_gestures()
            if overtaken is not None:
                overtaken.answer(None)

        return refuse

    # ---- on the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        # A step is a call of its own: what it held is free while the thread waits for the next.
        while self._step():
            pass

    def _step(self) -> bool:
        with self._wake:
            self._await_work()
            if self._closed:
                return False
            session = self._session
            preview = None
            turn = None
            idle = not self._has_work()
            if self._stage == "idle" or self._load_failure is not None:
                if self._gestures.is_next_free:
                    turn = self._gestures.next(session)
                elif not session.pending:
                    preview, self._preview = self._preview, None
        try:
            if idle:
                self._encode_ahead()
                return True
            if turn is not None:
                self._gestures.apply(turn)
            elif preview is not None:
                self._answer_preview(session, preview)
                return True
            elif self._load_failure is None and self._stage != "idle":
                self._prepare(session)
            else:
                self._predict(session)
            self._changed()
        except Exception:  # noqa: BLE001 - one preview that failed is not the end
            traceback.print_exc()
        return True

    def _await_work(self) -> None:
        """Wait until there is something to do, if only ahead; the condition is held."""
        while not (self._closed or self._has_work() or self._quiet_for() <= 0):
            self._wake.wait(min(self._quiet_for(), TIMEOUT_MAX))

    def _has_work(self) -> bool:
        preparing = self._stage != "idle" and self._load_failure is None
        return bool(
            preparing
            or self._gestures.is_next_free
            or self._preview is not None
            or self._session.pending
        )

    def _quiet_for(self) -> float:
        """Seconds until something may be encoded ahead; infinite when there is nothing."""
        if self._predictor is None or self._has_work():
            return math.inf
        return self._ahead.due_in()

    def _encode_ahead(self) -> None:
        with self._wake:
            wish, predictor = self._ahead.wish, self._predictor
            if wish is None or predictor is None or self._quiet_for() > 0:
                return

        def progress(share: float) -> None:
            turned_to = self._session.image is wish.image
            unwanted = self._ahead.wish is not wish or self._has_work()
            if self._closed or (unwanted and not turned_to):
                raise Cancelled
            if turned_to:
                self._encode_progress = share
                self._changed()

        try:
            self._ahead.encode(wish, predictor, progress)
        finally:
            self._encode_progress = None

    def _prepare(self, session: Session) -> None:
        try:
            if self._predictor is None:
                predictor = self._load()
                end_before_others()  # than what has just been imported
                with self._wake:
                    if self._closed:
                        return
                    self._predictor = predictor
                    self._stage = "encoding"
                self._changed()
            session.attach(self._predictor)
            trim_heap()  # what the image before this one left
            session.encode(self._progress_of(session))
            trim_heap()
        except Cancelled:
            return  # the next step turns to the image that took its place, or ends
        except Exception as error:  # noqa: BLE001 - shown on the page and raised in Python
            with self._wake:
                if session is self._session:
                    self._load_failure = error
                    session.fail(error)
            return
        finally:
            self._encode_progress = None
        with self._wake:
            # The image may have been replaced meanwhile: then there is another one to encode.
            if session is self._session:
                self._stage = "idle"

    def _progress_of(self, session: Session) -> Progress:
        """Return what reports on the encoding for this session, and ends it when it is in vain."""
        told = -PROGRESS_EVERY

        def progress(share: float) -> None:
            nonlocal told
            if self._closed or session is not self._session:
                raise Cancelled
            self._encode_progress = share
            now = time.monotonic()
            # At its end there is something better to tell.
            if share < 1 and now - told >= PROGRESS_EVERY:
                told = now
                self._changed()

        return progress

    def _predict(self, session: Session) -> None:
        if self._load_failure is not None:
            session.fail(self._load_failure)
            return
        try:
            session.predict()
        except Exception:  # noqa: BLE001 - kept as session.failure, shown and raised from there
            self._pace.add_answer(None)
            return
        self._pace.add_answer(session.decode_ms)

    def _answer_preview(self, session: Session, preview: _Preview) -> None:
        found = None
        known = self._pace.preview_ms
        start = time.perf_counter()
        try:
            found = session.preview(preview.x, preview.y)
        except SamWidgetError:
            pass  # off the image, or no model: a click there will say so
        finally:
            if found is not None:
                self._pace.add_preview((time.perf_counter() - start) * 1e3)
            preview.answer(found)
        if self._pace.preview_ms != known:  # else the answer itself was all there is to tell
            self._changed()

    def _changed(self) -> None:
        with self._wake:
            self._wake.notify_all()
        try:
            self._on_change()
        except Exception:  # noqa: BLE001 - a message that cannot be sent is no failure of the model
            traceback.print_exc()
