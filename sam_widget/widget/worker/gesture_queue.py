"""Gestures in the order in which they were made, one at a time."""

from __future__ import annotations

from collections import deque
from threading import Condition, Thread, current_thread
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sam_widget.errors import PromptError, WidgetClosed

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sam_widget.session import Session

__all__ = ["GestureQueue", "Turn"]

T = TypeVar("T")

QUEUE_LIMIT = 1000
"""Gestures waiting for an answer, after which more are refused: nobody clicks that far ahead."""


class Turn(NamedTuple):
    """A gesture whose turn it is."""

    gesture: Callable[[Session], Any]
    session: Session
    future: Future[Any]
    is_taken: bool
    """Whether it was taken from the queue's owner, and is to be given back."""


class GestureQueue:
    """Apply gestures one after the other, each on a thread that is free to.

    Parameters
    ----------
    wake : Condition
        Guards the queue; notified when a turn ends.
    """

    def __init__(self, wake: Condition) -> None:
        self._wake = wake
        self._waiting: deque[tuple[Callable[[Session], Any], Future[Any]]] = deque()
        self._applier: Thread | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no gesture waits for its turn."""
        return not self._waiting

    @property
    def is_next_free(self) -> bool:
        """Whether a gesture waits, and its turn has come."""
        return bool(self._waiting) and self._applier is None

    @property
    def is_busy_elsewhere(self) -> bool:
        """Whether another thread is applying a gesture."""
        return self._applier is not None and self._applier is not current_thread()

    def begin(
        self,
        gesture: Callable[[Session], T],
        session: Session,
        future: Future[T],
        *,
        wait: bool,
    ) -> Turn | None:
        """Take a turn at once, or queue the gesture and return None. The lock is held.

        Parameters
        ----------
        wait : bool
            Whether it has to be queued even if no other gesture is there.

        Raises
        ------
        PromptError
            If too many gestures wait already.
        """
        if self._applier is current_thread():  # one gesture makes another
            return Turn(gesture, session, future, is_taken=False)
        if not (wait or self._waiting or self._applier):
            self._applier = current_thread()
            return Turn(gesture, session, future, is_taken=True)
        if len(self._waiting) >= QUEUE_LIMIT:
            raise PromptError(
                f"more than {QUEUE_LIMIT} gestures are waiting. Let the model catch up."
            )
        self._waiting.append((gesture, future))
        return None

    def next(self, session: Session) -> Turn:
        """Take the turn of the oldest gesture that waits. The lock is held."""
        gesture, future = self._waiting.popleft()
        self._applier = current_thread()
        return Turn(gesture, session, future, is_taken=True)

    def apply(self, turn: Turn) -> None:
        """Apply a gesture; disk, page and observers follow when its turn is over."""

        def in_turn() -> object:
            try:
                return turn.gesture(turn.session)
            finally:
                if turn.is_taken:
                    with self._wake:
                        self._applier = None
                        self._wake.notify_all()

        try:
            result = turn.session.together(in_turn)
        except Exception as error:  # noqa: BLE001 - whoever made the gesture gets it
            turn.future.set_exception(error)
        else:
            turn.future.set_result(result)

    def drop(self, message: str) -> Callable[[], None]:
        """Empty the queue; the result tells those who wait. The lock is held."""
        dropped = [future for _, future in self._waiting]
        self._waiting.clear()

        def refuse() -> None:
            for future in dropped:
                future.set_exception(WidgetClosed(message))

        return refuse
