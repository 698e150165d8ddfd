"""Requests of the page, which is not trusted: types, ranges and sizes are checked by the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sam_widget.errors import ProtocolError
from sam_widget.widget.wire.fields import Points, shortened
from sam_widget.widget.wire.table import (
    ENVELOPE,
    GESTURES,
    IDENTITY,
    MESSAGES,
    OPTIONAL_ENVELOPE,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sam_widget.widget.wire.fields import Kind

__all__ = ["Request", "method_arguments", "needs_answer", "parse_request", "request_id"]


@dataclass(frozen=True)
class Request:
    """A checked message from the page.

    Attributes
    ----------
    type : str
        A key of :data:`~sam_widget.widget.wire.table.MESSAGES`.
    id : str
        Chosen by the page; the one reply bears it as ``to``. (Not as ``id``: ipykernel remembers
        every id that a kernel sends, for ever.)
    version : int
        Document version on the page when the person acted.
    arguments : dict
        Named as in the table, each checked; points, which travel as a buffer, as a tuple of (x, y).
    push : bool
        Whether bytes are to follow the answer, see ``page/padding.py``.
    """

    type: str
    id: str
    version: int
    arguments: dict[str, Any]
    push: bool = False


def parse_request(content: object, buffers: Sequence[object] = ()) -> Request:
    """Check a message from the page.

    Parameters
    ----------
    content : object
        Whatever arrived: decoded JSON, untrusted.
    buffers : sequence
        What came with it: the points of a stroke, a polygon or a line, and nothing else.

    Returns
    -------
    Request

    Raises
    ------
    ProtocolError
        Naming the field, what was expected and what came. Unknown extra fields are ignored.
    """
    if not isinstance(content, dict):
        raise ProtocolError(f"a message must be an object, got {shortened(content)}.")
    kind = content.get("type")
    message = MESSAGES.get(kind) if isinstance(kind, str) else None
    if message is None:
        known = ", ".join(MESSAGES)
        raise ProtocolError(f"unknown message type {shortened(kind)}. Types are: {known}.")
    arguments = _points(message.type, message.required, buffers)
    envelope = _checked(message.type, content, ENVELOPE)
    envelope |= _checked(message.type, content, OPTIONAL_ENVELOPE, absent=True)
    plain = {name: kind for name, kind in message.required.items() if not isinstance(kind, Points)}
    arguments |= _checked(message.type, content, plain)
    arguments |= _checked(message.type, content, message.optional, absent=True)
    return Request(message.type, arguments=arguments, **envelope)


def method_arguments(gesture: Request) -> dict[str, Any]:
    """Return a gesture's arguments for the session's method of the same name."""
    arguments = dict(gesture.arguments)
    as_of = GESTURES[gesture.type].as_of
    if as_of == "version":
        arguments["as_of"] = gesture.version
    elif as_of == "revision":
        arguments["as_of"] = arguments.pop("revision")
    return arguments


def needs_answer(gesture: Request) -> bool:
    """Return whether a gesture is about the answer on screen, and so has to wait for it."""
    waits = GESTURES[gesture.type].waits
    return waits == "always" or (
        waits == "without annotation_id" and gesture.arguments["annotation_id"] is None
    )


def request_id(content: object) -> str | None:
    """Return the id of a message that may be broken otherwise, so that its error can bear it."""
    identity = content.get("id") if isinstance(content, dict) else None
    return identity if isinstance(identity, str) and len(identity) <= IDENTITY.most else None


def _checked(
    message: str, content: Mapping[str, object], fields: Mapping[str, Kind], *, absent: bool = False
) -> dict[str, Any]:
    """Return the fields of a message, checked; some may be absent."""
    values = {}
    for name, kind in fields.items():
        if name in content:
            try:
                values[name] = kind.check(content[name])
            except (TypeError, ValueError) as error:
                raise ProtocolError(
                    f"{message}: {name!r} must be {error}, got {shortened(content[name])}."
                ) from None
        elif not absent:
            raise ProtocolError(f"{message} needs the field {name!r}.")
    return values


def _points(message: str, fields: Mapping[str, Kind], buffers: Sequence[object]) -> dict[str, Any]:
    """Return the points that came in a buffer, under the name of their field, if any did."""
    for name, kind in fields.items():
        if isinstance(kind, Points):
            try:
                points = kind.check(buffers)
            except ValueError as error:
                raise ProtocolError(f"{message} needs {error}.") from None
            return {} if points is None else {name: points}
    if len(buffers) > 0:
        raise ProtocolError(f"{message} takes no binary buffers, got {len(buffers)}.")
    return {}
