"""The thread that computes for one widget, so that no message handler ever has to.

It loads the model, encodes the image, answers the newest prompts and previews the newest hover.
Gestures are applied at once by whoever makes them, unless one needs an answer first (accept,
choose): then it waits here, and all later ones behind it, so their order is kept.
"""

from __future__ import annotations

import math
import statistics
import time
import traceback
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from threading import TIMEOUT_MAX, Condition, Thread, current_thread
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sam_widget.embeddings import give_back
from sam_widget.errors import PromptError, SamWidgetError, WidgetClosed
from sam_widget.widget.prefetch import Ahead, Cancelled, Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from sam_widget.annotations import Candidates
    from sam_widget.images import RgbImage
    from sam_widget.predictors import Predictor, Progress
    from sam_widget.session import Session

__all__ = ["Worker"]

T = TypeVar("T")
Status = Literal["loading", "encoding", "ready", "predicting", "error"]

QUEUE_LIMIT = 1000
"""Gestures waiting for an answer, after which more are refused: nobody clicks that far ahead."""
PROGRESS_EVERY = 0.25
"""Seconds between two reports of how far an encoding is."""
SOON_MS = 60.0
"""An answer that comes within this time is waited for before anything else is shown."""
PREVIEWS_MEASURED = 7
PREVIEW_DRIFT = 0.25
"""By this share the time of a preview has to change before it is told again."""


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
        self._session = session
        self._load = load
        self._on_change = on_change
        self._predictor: Predictor | None = None
        self._load_failure: Exception | None = None
        self._stage: Literal["loading", "encoding", "idle"] = "loading"
        self._gestures: deque[tuple[Callable[[Session], Any], Future[Any]]] = deque()
        self._preview: _Preview | None = None
        self._preview_times: deque[float] = deque(maxlen=PREVIEWS_MEASURED)
        self._preview_ms: float | None = None
        self._answer_ms: float | None = None
        self._encode_progress: float | None = None
        self._ahead = Ahead()
        self._wake = Condition()
        self._applying = False
        self._closed = False
        self._thread: Thread | None = None

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
        return "predicting" if self._session.pending or self._gestures else "ready"

    @property
    def encode_progress(self) -> float | None:
        """Share of the encoding that is done, in [0, 1]; None when none is going on."""
        return self._encode_progress

    @property
    def preview_ms(self) -> float | None:
        """Milliseconds that a preview takes: the median of the last few; None before the first.

        It follows changes of more than a quarter, so that it need not be told with every preview.
        """
        return self._preview_ms

    @property
    def answers_soon(self) -> bool:
        """Whether the prompts wait for an answer and it will, as far as is known, come at once."""
        took = self._answer_ms
        ready = self._stage == "idle" and self._load_failure is None
        return ready and took is not None and took < SOON_MS and self._session.pending

    @property
    def here(self) -> bool:
        """Whether the caller runs on this worker's thread, where waiting for it would never end."""
        return current_thread() is self._thread

    def start(self) -> None:
        """Begin to load and encode; does nothing when called again."""
        with self._wake:
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._run, name="sam_widget", daemon=True)
                self._thread.start()

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
            waits = computes or self._gestures or self._applying
            if waits and not self.here:
                if len(self._gestures) >= QUEUE_LIMIT:
                    raise PromptError(
                        f"more than {QUEUE_LIMIT} gestures are waiting. Let the model catch up."
                    )
                self._gestures.append((gesture, future))
            else:
                _apply(gesture, self._session, future)
            self._ahead.asked()
            self._wake.notify_all()
        return future

    def preview(self, x: float, y: float, answer: Callable[[Candidates | None], None]) -> None:
        """Preview the newest point; one that is overtaken is answered with None."""
        newest = _Preview(x, y, answer)
        with self._wake:
            if self._closed:
                overtaken: _Preview | None = newest
            else:
                overtaken, self._preview = self._preview, newest
            self._ahead.asked()
            self._wake.notify_all()
        if overtaken is not None:
            overtaken.answer(None)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the image is encoded and every prompt answered, or something failed.

        Returns
        -------
        bool
            False if the time ran out.
        """
        if self.here:
            return True
        with self._wake:
            return self._wake.wait_for(
                lambda: (
                    self._closed
                    # A gesture off the queue may be half applied: its prompts are still to come.
                    or (not self._applying and self.status in ("ready", "error"))
                ),
                timeout,
            )

    def encode_ahead(
        self, image: RgbImage, encode: Callable[[Predictor, Progress], object]
    ) -> None:
        """Encode another image when there is nothing else to do; the newest such wish counts.

        Whatever is asked for ends it, and it starts again when that is done; only when this image
        is turned to meanwhile it goes on.

        Parameters
        ----------
        image : RgbImage
        encode : callable
            Takes the predictor and a progress, and keeps the embedding where it is looked for.
        """
        with self._wake:
            self._ahead.wish = Wish(image, encode)
            self._wake.notify_all()

    def settle(self) -> None:
        """Block until the gestures made so far have been applied to their session."""
        if self.here:
            return
        with self._wake:
            waiting = bool(self._gestures or self._applying) and not self._closed
        if waiting:
            self.submit(lambda _session: None, computes=True).exception()

    def applied(self) -> None:
        """Block until no gesture is being applied."""
        if self.here:
            return
        with self._wake:
            self._wake.wait_for(lambda: not self._applying or self._closed)

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
            Refuses the gestures that were still queued for the old session, and answers its
            preview. For the caller to call when it holds no lock.
        """
        with self._wake:
            refuse = self._dropping("the image was replaced. Repeat the gesture on the new one.")
            self._session = session
            self._load_failure = failure
            self._stage = "loading" if self._predictor is None else "encoding"
            self._preview_times.clear()
            self._preview_ms = self._answer_ms = None
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

    def _dropping(self, message: str) -> Callable[[], None]:
        """Take all that waits off the queue; the result tells those who wait."""
        dropped = list(self._gestures)
        self._gestures.clear()
        overtaken, self._preview = self._preview, None

        def refuse() -> None:
            for _, future in dropped:
                future.set_exception(WidgetClosed(message))
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
            gesture = None
            idle = not self._has_work()
            if self._stage == "idle" or self._load_failure is not None:
                if self._gestures:
                    gesture = self._gestures.popleft()
                    self._applying = True
                elif not session.pending:
                    preview, self._preview = self._preview, None
        try:
            if idle:
                self._encode_ahead()
                return True
            if gesture is not None:
                self._apply_queued(session, *gesture)
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
            preparing or self._gestures or self._preview is not None or self._session.pending
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
                with self._wake:
                    if self._closed:
                        return
                    self._predictor = predictor
                    self._stage = "encoding"
                self._changed()
            session.attach(self._predictor)
            give_back()  # what the image before this one left
            session.encode(self._progress_of(session))
            give_back()
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

    def _apply_queued(
        self, session: Session, gesture: Callable[[Session], Any], future: Future[Any]
    ) -> None:
        try:
            _apply(gesture, session, future)
        finally:
            with self._wake:
                self._applying = False

    def _predict(self, session: Session) -> None:
        if self._load_failure is not None:
            session.fail(self._load_failure)
            return
        try:
            session.predict()
        except Exception:  # noqa: BLE001 - kept as session.failure, shown and raised from there
            self._answer_ms = None
            return
        self._answer_ms = session.decode_ms

    def _answer_preview(self, session: Session, preview: _Preview) -> None:
        found = None
        known = self._preview_ms
        start = time.perf_counter()
        try:
            found = session.preview(preview.x, preview.y)
        except SamWidgetError:
            pass  # off the image, or no model: a click there will say so
        finally:
            if found is not None:
                self._measure((time.perf_counter() - start) * 1e3)
            preview.answer(found)
        if self._preview_ms != known:  # else the answer itself was all there is to tell
            self._changed()

    def _measure(self, preview_ms: float) -> None:
        self._preview_times.append(preview_ms)
        median = statistics.median(self._preview_times)
        known = self._preview_ms
        if known is None or abs(median - known) > PREVIEW_DRIFT * known:
            self._preview_ms = median

    def _changed(self) -> None:
        with self._wake:
            self._wake.notify_all()
        try:
            self._on_change()
        except Exception:  # noqa: BLE001 - a message that cannot be sent is no failure of the model
            traceback.print_exc()


def _apply(gesture: Callable[[Session], T], session: Session, future: Future[T]) -> None:
    try:
        result = gesture(session)
    except Exception as error:  # noqa: BLE001 - whoever made the gesture gets it
        future.set_exception(error)
    else:
        future.set_result(result)
