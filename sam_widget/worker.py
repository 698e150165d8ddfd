"""The thread that computes for one widget, so that no message handler ever has to.

It loads the model, encodes the image, answers the newest prompts and previews the newest hover.
Gestures are applied at once by whoever makes them, unless one needs an answer first (accept,
choose): then it waits here, and all later ones behind it, so their order is kept.
"""

from __future__ import annotations

import traceback
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Condition, Thread, current_thread
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sam_widget.errors import PromptError, SamWidgetError, WidgetClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sam_widget.candidates import Candidates
    from sam_widget.predictors.base import Predictor
    from sam_widget.session import Session

__all__ = ["Worker"]

T = TypeVar("T")
Status = Literal["loading", "encoding", "ready", "predicting", "error"]

QUEUE_LIMIT = 1000
"""Gestures waiting for an answer, after which more are refused: nobody clicks that far ahead."""


@dataclass
class _Preview:
    x: float
    y: float
    answer: Callable[[tuple[Candidates, int] | None], None]


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
            self._wake.notify_all()
        return future

    def preview(
        self, x: float, y: float, answer: Callable[[tuple[Candidates, int] | None], None]
    ) -> None:
        """Preview the newest point; one that is overtaken is answered with None."""
        with self._wake:
            overtaken, self._preview = self._preview, _Preview(x, y, answer)
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

    def reset(self, session: Session) -> None:
        """Turn to another session; gestures still queued for the old one are refused."""
        with self._wake:
            dropped = list(self._gestures)
            self._gestures.clear()
            self._session = session
            self._load_failure = None
            self._stage = "loading" if self._predictor is None else "encoding"
            self._wake.notify_all()
        self._refuse(dropped, "the image was replaced. Repeat the gesture on the new one.")

    def close(self) -> None:
        """Stop the thread after what it is computing now, and let go of the model."""
        with self._wake:
            self._closed = True
            dropped = list(self._gestures)
            self._gestures.clear()
            self._predictor = None
            overtaken, self._preview = self._preview, None
            self._wake.notify_all()
        self._refuse(dropped, "this widget is closed. Make a new one.")
        if overtaken is not None:
            overtaken.answer(None)

    # ---- on the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._has_work())
                if self._closed:
                    return
                session = self._session
                preview = None
                gesture = None
                if self._stage == "idle" or self._load_failure is not None:
                    if self._gestures:
                        gesture = self._gestures.popleft()
                        self._applying = True
                    elif not session.pending:
                        preview, self._preview = self._preview, None
            try:
                if gesture is not None:
                    self._apply_queued(session, *gesture)
                elif preview is not None:
                    self._answer_preview(session, preview)
                elif self._load_failure is None and self._stage != "idle":
                    self._prepare(session)
                else:
                    self._predict(session)
                self._changed()
            except Exception:  # noqa: BLE001 - one message that cannot be sent is not the end
                traceback.print_exc()

    def _has_work(self) -> bool:
        preparing = self._stage != "idle" and self._load_failure is None
        return bool(
            preparing or self._gestures or self._preview is not None or self._session.pending
        )

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
            session.encode()
        except Exception as error:  # noqa: BLE001 - shown on the page and raised in Python
            with self._wake:
                if session is self._session:
                    self._load_failure = error
                    session.fail(error)
            return
        with self._wake:
            # The image may have been replaced meanwhile: then there is another one to encode.
            if session is self._session:
                self._stage = "idle"

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
            return

    def _answer_preview(self, session: Session, preview: _Preview) -> None:
        found = None
        try:
            found = session.preview(preview.x, preview.y)
        except SamWidgetError:
            pass  # off the image, or no model: a click there will say so
        finally:
            preview.answer(found)

    def _changed(self) -> None:
        with self._wake:
            self._wake.notify_all()
        self._on_change()

    @staticmethod
    def _refuse(dropped: list[tuple[Callable[[Session], Any], Future[Any]]], message: str) -> None:
        for _, future in dropped:
            future.set_exception(WidgetClosed(message))


def _apply(gesture: Callable[[Session], T], session: Session, future: Future[T]) -> None:
    try:
        result = gesture(session)
    except Exception as error:  # noqa: BLE001 - whoever made the gesture gets it
        future.set_exception(error)
    else:
        future.set_result(result)
