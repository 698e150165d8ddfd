"""Gestures of a session as methods of a widget, under the same names and with the same words."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

from sam_widget.errors import StaleGesture

if TYPE_CHECKING:
    from collections.abc import Callable

    from sam_widget.session import Session

    class Performer(Protocol):
        """Performs gestures on its session."""

        def perform(self, gesture: Callable[[Session], T], *, computes: bool = False) -> T:
            """Apply a gesture after all earlier ones, and wait for the answer to it."""


__all__ = ["gesture", "gesture_with_result", "still"]

P = ParamSpec("P")
T = TypeVar("T")


def gesture(
    method: Callable[Concatenate[Session, P], object], *, computes: bool = False
) -> Callable[Concatenate[Performer, P], None]:
    """Make a widget's method of a session's, which returns nothing.

    Parameters
    ----------
    method : callable
        A method of :class:`~sam_widget.Session`; its parameters and its documentation are kept.
    computes : bool
        Whether it is about the answer on screen, and so has to wait for that.
    """

    @wraps(method)
    def perform(widget: Performer, /, *arguments: P.args, **named: P.kwargs) -> None:
        widget.perform(lambda session: method(session, *arguments, **named), computes=computes)

    return perform


def gesture_with_result(
    method: Callable[Concatenate[Session, P], T], *, computes: bool = False
) -> Callable[Concatenate[Performer, P], T]:
    """Make a widget's method of a session's, which returns what that returns; see above."""

    @wraps(method)
    def perform(widget: Performer, /, *arguments: P.args, **named: P.kwargs) -> T:
        return widget.perform(
            lambda session: method(session, *arguments, **named), computes=computes
        )

    return perform


def still(then: Session | None, now: Session) -> Session:
    """Return the session that is shown now, if what was found for another one is for it.

    Raises
    ------
    StaleGesture
        If another image is shown by now.
    """
    if now is not then:
        raise StaleGesture("another image is shown by now. Find the masks of this one.")
    return now
