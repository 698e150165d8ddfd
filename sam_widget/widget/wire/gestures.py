"""The contract with js/src/protocol.ts: every request of the page, and its checks.

The page is not trusted: :func:`parse_request` checks types, ranges and sizes before anything acts
on a message. What goes the other way is laid out in ``state.py``, ``replies.py`` and
``problems.py``. Both sides run the examples in ``tests/protocol/*.json``, so neither drifts alone.
"""

from __future__ import annotations

import math
import os
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sam_widget.annotations import MAX_LABEL
from sam_widget.errors import ProtocolError
from sam_widget.masks import MAX_POINTS, MAX_RADIUS, MAX_SMOOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "EVERYTHING",
    "GESTURES",
    "NAVIGATION",
    "PUSH",
    "QUERIES",
    "Request",
    "needs_answer",
    "parse_request",
    "request_id",
]

MAX_ID: Final = 64
MAX_IDS: Final = 100_000
"""Objects that one gesture may speak of."""
MAX_COORDINATE: Final = 1e7
"""Far beyond any image; keeps 1e308 out of the arithmetic."""
MAX_ROWS: Final = 100_000
PUSH: Final = os.urandom(66_000)
"""What makes a small answer leave at once where Nagle's algorithm would hold it back: more than one
full packet of a loopback interface (65,483 bytes). Random, so that no compression shrinks it."""


@dataclass(frozen=True)
class Request:
    """A checked message from the page.

    Attributes
    ----------
    type : str
        One of :data:`GESTURES`, :data:`QUERIES`, :data:`NAVIGATION` or :data:`EVERYTHING`.
    id : str
        Chosen by the page; the one reply bears it as ``to``. (Not as ``id``: ipykernel remembers
        every id that a kernel sends, for ever.)
    version : int
        Document version on the page when the person acted.
    arguments : dict
        Named as in protocol.ts, each of its declared type and finite; ``points``, which travel as
        a buffer, as a tuple of (x, y).
    push : bool
        Whether the answer is to be followed by :data:`PUSH`: the page has measured that small
        answers are held back on its link and that bytes cost nothing there.
    """

    type: str
    id: str
    version: int
    arguments: dict[str, Any]
    push: bool = False


# ---- checks -----------------------------------------------------------------------------------


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("a number")
    if not (math.isfinite(value) and abs(value) <= MAX_COORDINATE):
        raise ValueError(f"a number between -{MAX_COORDINATE:g} and {MAX_COORDINATE:g}")
    return float(value)


def _count(value: object) -> int:
    number = _number(value)
    if number < 0 or number != int(number):
        raise ValueError("a whole number, 0 or more")
    return int(number)


def _count_up_to(most: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        number = _count(value)
        if number > most:
            raise ValueError(f"a whole number, at most {most}")
        return number

    return check


def _box(value: object) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) != 4:
        raise TypeError("four numbers, x0, y0, x1, y1")
    return tuple(_number(one) for one in value)


def _rows(value: object) -> list[int]:
    if not isinstance(value, list) or len(value) > MAX_ROWS:
        raise TypeError(f"a list of at most {MAX_ROWS} rows")
    return [_count(one) for one in value]


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")
    return value


def _text(limit: int) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or len(value) > limit:
            raise TypeError(f"a text of at most {limit} characters")
        # Lone surrogates cannot be written to a file later.
        return value.encode("utf-8", "replace").decode("utf-8")

    return check


def _color(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise TypeError("a colour such as '#3b82f6'")
    return value.lower()


def _or_none(check: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda value: None if value is None else check(value)


def _above_zero(most: float) -> Callable[[object], float]:
    def check(value: object) -> float:
        number = _number(value)
        if not 0 < number <= most:
            raise ValueError(f"a number above 0 and at most {most:g}")
        return number

    return check


def _pixels(most: float = MAX_COORDINATE**2) -> Callable[[object], int]:
    def check(value: object) -> int:
        number = _count(value)
        if not 1 <= number <= most:
            raise ValueError(f"a whole number from 1 to {most:g}")
        return number

    return check


_LABEL = _text(MAX_LABEL)
_ID = _text(MAX_ID)


def _list_of_ids(least: int) -> Callable[[object], list[str]]:
    def check(value: object) -> list[str]:
        if not isinstance(value, list) or not least <= len(value) <= MAX_IDS:
            raise TypeError(f"a list of {least} to {MAX_IDS} ids")
        return [_ID(one) for one in value]

    return check


_ids = _list_of_ids(0)


_POINT = {"x": _number, "y": _number}
_TARGET = {"annotation_id": _or_none(_ID)}
"""What an edit is for: an accepted object, or the mask on screen."""
_BOX = {"x0": _number, "y0": _number, "x1": _number, "y1": _number}

Fields = dict[str, "Callable[[object], Any]"]
_PROPERTIES: Final[Fields] = {"label": _LABEL, "color": _color, "visible": _flag}

GESTURES: Final[dict[str, Fields]] = {
    "add_point": {**_POINT, "positive": _flag},
    "move_point": {"index": _count, **_POINT},
    "remove_point": {"index": _count},
    "set_box": {**_BOX},
    "remove_box": {},
    "remove_mask": {},
    "set_mask_from": {"annotation_id": _ID},
    "set_multimask": {"value": _or_none(_flag)},
    "choose": {"index": _count, "revision": _or_none(_count)},
    "clear": {},
    "undo": {},
    "redo": {},
    "brush": {"radius": _above_zero(MAX_RADIUS), **_TARGET},
    "erase": {"radius": _above_zero(MAX_RADIUS), **_TARGET},
    "add_polygon": {**_TARGET},
    "subtract_polygon": {**_TARGET},
    "fill_holes": {"max_area": _or_none(_pixels()), **_TARGET},
    "drop_islands": {"min_area": _pixels(), **_TARGET},
    "smooth": {"radius": _pixels(MAX_SMOOTHING), **_TARGET},
    "split": {"annotation_id": _ID},
    "merge": {"ids": _list_of_ids(1), "label": _or_none(_LABEL)},
    "accept": {"label": _or_none(_LABEL)},
    "update_annotation": {"annotation_id": _ID},
    "remove_annotation": {"annotation_id": _ID},
    "reopen": {"annotation_id": _ID},
    "update_annotations": {"ids": _ids},
    "remove_annotations": {"ids": _ids},
    "show_only": {"ids": _ids},
    "add_label": {"label": _LABEL},
    "rename_label": {"label": _LABEL, "to": _LABEL},
    "recolor_label": {"label": _LABEL, "color": _color},
    "remove_label": {"label": _LABEL},
}
"""Gestures and the fields each must have."""

_OPTIONAL: Final[dict[str, Fields]] = {
    "update_annotation": _PROPERTIES,
    "update_annotations": _PROPERTIES,
    "add_label": {"color": _color},
}

_POINTS: Final = {
    "brush": (1, MAX_POINTS),
    "erase": (1, MAX_POINTS),
    "add_polygon": (3, MAX_POINTS),
    "subtract_polygon": (3, MAX_POINTS),
    "split": (0, MAX_POINTS),
}
"""Gestures that come with points, as a buffer of float32, little-endian; how many at least and at
most. Splitting without a line needs none, and no buffer."""

_EDITS: Final = frozenset(
    ("brush", "erase", "add_polygon", "subtract_polygon", "fill_holes", "drop_islands", "smooth")
)
"""Gestures that change the mask on screen or an accepted object's."""

QUERIES: Final[dict[str, Fields]] = {
    "preview": {**_POINT},
    "islands": {**_TARGET},
    "tile": {"level": _count, "column": _count, "row": _count, "image_id": _ID},
    "annotations": {"start": _count},
    "ping": {},
    "thumbnail": {"index": _count},
}
"""Questions that change nothing, and the fields each must have."""

NAVIGATION: Final[dict[str, Fields]] = {
    "go_to": {"index": _count},
    "mark": {"index": _count, "status": _text(16)},
}
"""What is done to a series of images, and the fields each must have."""

EVERYTHING: Final[dict[str, Fields]] = {
    "everything_run": {
        "points_per_side": _count_up_to(128),
        "crop_n_layers": _count_up_to(3),
        "region": _or_none(_box),
    },
    "everything_cancel": {},
    "everything_filter": {
        "pred_iou_thresh": _number,
        "stability_score_thresh": _number,
        "box_nms_thresh": _number,
        "crop_nms_thresh": _number,
        "min_mask_region_area": _count,
    },
    "everything_keep": {"rows": _or_none(_rows), "label": _or_none(_LABEL)},
    "everything_list": {"start": _count},
}
"""Requests of everything mode, and the fields each must have."""

_ALL: Final[dict[str, Fields]] = {**GESTURES, **QUERIES, **NAVIGATION, **EVERYTHING}


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
        raise ProtocolError(f"a message must be an object, got {_shown(content)}.")
    kind = content.get("type")
    fields = None
    if isinstance(kind, str):
        fields = _ALL.get(kind)
    if not isinstance(kind, str) or fields is None:
        known = ", ".join(_ALL)
        raise ProtocolError(f"unknown message type {_shown(kind)}. Types are: {known}.")
    points = _checked_points(kind, buffers)
    identity = _checked(kind, content, "id", _ID)
    version = _checked(kind, content, "version", _count)
    arguments = {name: _checked(kind, content, name, check) for name, check in fields.items()}
    for name, check in _OPTIONAL.get(kind, {}).items():
        if name in content:
            arguments[name] = _checked(kind, content, name, check)
    arguments.update(points)
    push = "push" in content and bool(_checked(kind, content, "push", _flag))
    return Request(kind, identity, version, arguments, push)


def needs_answer(request: Request) -> bool:
    """Whether a gesture is about the answer on screen, and so has to wait for it."""
    if request.type in ("accept", "choose"):
        return True
    return request.type in _EDITS and request.arguments["annotation_id"] is None


def request_id(content: object) -> str | None:
    """Return the id of a message that may be broken otherwise, so that its error can bear it."""
    identity = content.get("id") if isinstance(content, dict) else None
    return identity if isinstance(identity, str) and len(identity) <= MAX_ID else None


def _checked(
    kind: str, content: Mapping[str, object], name: str, check: Callable[[object], Any]
) -> Any:  # noqa: ANN401 - each field has its own type, see GESTURES
    if name not in content:
        raise ProtocolError(f"{kind} needs the field {name!r}.")
    try:
        return check(content[name])
    except (TypeError, ValueError, OverflowError) as error:
        raise ProtocolError(
            f"{kind}: {name!r} must be {error}, got {_shown(content[name])}."
        ) from None


def _checked_points(kind: str, buffers: Sequence[object]) -> dict[str, Any]:
    """Read the points that came in a buffer; the argument is called ``line`` when splitting."""
    least, most = _POINTS.get(kind, (0, 0))
    if most == 0 and len(buffers) > 0:
        raise ProtocolError(f"{kind} takes no binary buffers, got {len(buffers)}.")
    if least == 0 and len(buffers) == 0:
        return {}
    what = f"{kind} needs one buffer of {max(least, 1)} to {most} points, pairs of float32"
    if len(buffers) != 1:
        raise ProtocolError(f"{what}, got {len(buffers)} buffers.")
    try:
        data = memoryview(buffers[0]).cast("B")  # type: ignore[arg-type]
    except TypeError:
        raise ProtocolError(f"{what}, got {_shown(buffers[0])}.") from None
    if data.nbytes % 8 or not least <= data.nbytes // 8 <= most or data.nbytes == 0:
        raise ProtocolError(f"{what}, got {data.nbytes} bytes.")
    numbers = struct.unpack(f"<{data.nbytes // 4}f", data)
    if not all(math.isfinite(one) and abs(one) <= MAX_COORDINATE for one in numbers):
        raise ProtocolError(
            f"{what}, finite and between -{MAX_COORDINATE:g} and {MAX_COORDINATE:g}."
        )
    pairs = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return {"line" if kind == "split" else "points": pairs}


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
