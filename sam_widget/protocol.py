"""The contract with js/src/protocol.ts: every synced trait and every message.

The page is not trusted: :func:`parse_request` checks types, ranges and sizes before anything acts
on a message. Both sides run the examples in ``tests/protocol/*.json``, so neither drifts alone.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypedDict

from sam_widget.annotations import MAX_LABEL
from sam_widget.errors import (
    AnnotationError,
    DownloadError,
    ImageError,
    ModelError,
    NotEnoughMemory,
    PromptError,
    ProtocolError,
    StaleGesture,
    WeightsError,
    WidgetClosed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sized

    from sam_widget.annotations import Annotation
    from sam_widget.candidates import Candidates
    from sam_widget.images import Encoded, RgbImage
    from sam_widget.masks import Rle
    from sam_widget.session import Committed, Session

__all__ = [
    "EVERYTHING",
    "GESTURES",
    "PUSH",
    "QUERIES",
    "TILE_SIZE",
    "Problem",
    "Request",
    "annotation_wire",
    "annotations_delta",
    "document_trait",
    "error_reply",
    "image_trait",
    "parse_request",
    "prediction_trait",
    "preview_fields",
    "problem_of",
    "request_id",
]

MAX_ID: Final = 64
MAX_COORDINATE: Final = 1e7
"""Far beyond any image; keeps 1e308 out of the arithmetic."""
TILE_SIZE: Final = 512
MAX_ROWS: Final = 100_000
PUSH: Final = os.urandom(66_000)
"""What makes a small answer leave at once where Nagle's algorithm would hold it back: more than one
full packet of a loopback interface (65,483 bytes). Random, so that no compression shrinks it."""


class Problem(TypedDict):
    """What went wrong, in words for the person in front of it, and what to do next."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True)
class Request:
    """A checked message from the page.

    Attributes
    ----------
    type : str
        One of :data:`GESTURES`, :data:`QUERIES` or :data:`EVERYTHING`.
    id : str
        Chosen by the page; the one reply bears it as ``to``. (Not as ``id``: ipykernel remembers
        every id that a kernel sends, for ever.)
    version : int
        Document version on the page when the person acted.
    arguments : dict
        Named as in protocol.ts, each of its declared type and finite.
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


_LABEL = _text(MAX_LABEL)
_ID = _text(MAX_ID)
_POINT = {"x": _number, "y": _number}
_BOX = {"x0": _number, "y0": _number, "x1": _number, "y1": _number}

Fields = dict[str, "Callable[[object], Any]"]

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
    "accept": {"label": _or_none(_LABEL)},
    "update_annotation": {"annotation_id": _ID},
    "remove_annotation": {"annotation_id": _ID},
}
"""Gestures and the fields each must have."""

_OPTIONAL: Final[dict[str, Fields]] = {
    "update_annotation": {"label": _LABEL, "color": _color, "visible": _flag},
}

QUERIES: Final[dict[str, Fields]] = {
    "preview": {**_POINT},
    "tile": {"level": _count, "column": _count, "row": _count, "image_id": _ID},
    "annotations": {"start": _count},
    "ping": {},
}
"""Questions that change nothing, and the fields each must have."""


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

_ALL: Final[dict[str, Fields]] = {**GESTURES, **QUERIES, **EVERYTHING}


def parse_request(content: object, buffers: Sized = ()) -> Request:
    """Check a message from the page.

    Parameters
    ----------
    content : object
        Whatever arrived: decoded JSON, untrusted.
    buffers : sized
        What came with it; no request takes any.

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
    if len(buffers) > 0:
        raise ProtocolError(f"{kind} takes no binary buffers, got {len(buffers)}.")
    identity = _checked(kind, content, "id", _ID)
    version = _checked(kind, content, "version", _count)
    arguments = {name: _checked(kind, content, name, check) for name, check in fields.items()}
    for name, check in _OPTIONAL.get(kind, {}).items():
        if name in content:
            arguments[name] = _checked(kind, content, name, check)
    push = "push" in content and bool(_checked(kind, content, "push", _flag))
    return Request(kind, identity, version, arguments, push)


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


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# ---- traits -----------------------------------------------------------------------------------


def image_trait(image: RgbImage, preview: Encoded, image_id: str) -> dict[str, Any]:
    """Lay out ``image_state``: the preview, and the pyramid above it."""
    shrink = max(image.width, image.height) / max(preview.width, preview.height)
    # Level k halves k times: the coarsest one still sharper than the preview.
    max_level = math.ceil(math.log2(shrink)) - 1 if shrink > 1 else -1
    return {
        "id": image_id,
        "width": image.width,
        "height": image.height,
        "note": image.note,
        "preview": preview.data,
        "preview_mime": preview.mime,
        "preview_width": preview.width,
        "preview_height": preview.height,
        "max_level": max_level,
        "tile_size": TILE_SIZE,
    }


def document_trait(session: Session) -> dict[str, Any]:
    """Lay out ``document``. Call with the session's lock held."""
    return {
        "version": session.version,
        "prompts": session.prompts.to_wire(),
        "can_undo": session.can_undo,
        "can_redo": session.can_redo,
        "cursor": session.cursor,
        "length": len(session.history),
        "multimask": session.multimask,
    }


def prediction_trait(committed: Committed) -> dict[str, Any]:
    """Lay out ``prediction``: one atomic value, each mask a run-length string in a buffer."""
    candidates = committed.candidates
    listed: list[dict[str, Any]] = []
    height = width = 0
    if candidates is not None:
        height, width = candidates.shown[0].height, candidates.shown[0].width
        listed = [
            {
                "score": float(candidates.scores[i]),
                "stability": candidates.stabilities[i],
                "area": candidates.areas[i],
                "rle": candidates.shown[i].compressed(),
            }
            for i in range(len(candidates))
        ]
    return {
        "revision": committed.revision,
        "version": committed.version,
        "width": width,
        "height": height,
        "selected": committed.selected,
        "candidates": listed,
    }


# ---- replies ----------------------------------------------------------------------------------


def preview_fields(
    request: Request, found: tuple[Candidates, int] | None
) -> tuple[dict[str, Any], list[bytes]]:
    """Lay out a hover preview: the best mask, or nothing once prompts have been placed."""
    if found is None:
        return {"of": "preview", "preview": None}, []
    candidates, best = found
    rle = candidates.shown[best]
    preview = {
        "x": request.arguments["x"],
        "y": request.arguments["y"],
        "score": float(candidates.scores[best]),
        "width": rle.width,
        "height": rle.height,
    }
    return {"of": "preview", "preview": preview}, [rle.compressed()]


def annotation_wire(annotation: Annotation, shown: Rle, buffer: int) -> dict[str, Any]:
    """Lay out one accepted object; its mask as shown is buffer number ``buffer``."""
    return {
        "id": annotation.id,
        "label": annotation.label,
        "color": annotation.color,
        "visible": annotation.visible,
        "score": annotation.predicted_iou,
        "stability": annotation.stability_score,
        "area": annotation.area,
        "bbox": list(annotation.bbox_xywh),
        "width": shown.width,
        "height": shown.height,
        "buffer": buffer,
    }


def annotations_delta(
    before: Iterable[Annotation], after: Iterable[Annotation]
) -> tuple[list[tuple[int, Annotation]], list[str]]:
    """Compare two lists of objects: what is new or changed, with its index, and what is gone.

    Objects are values: an unchanged one is the same object in both.
    """
    old = {annotation.id: annotation for annotation in before}
    new = list(after)
    changed = [(i, one) for i, one in enumerate(new) if old.get(one.id) is not one]
    removed = sorted(old.keys() - {one.id for one in new})
    return changed, removed


_HINTS: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (StaleGesture, "stale", "Look at the current state and repeat the gesture."),
    (PromptError, "prompt", "Adjust the prompt and try again."),
    (ProtocolError, "protocol", "Reload the page; if it stays, report this as a bug."),
    (DownloadError, "download", "Connect to the network, or pass checkpoint= with a local file."),
    (WeightsError, "weights", 'Use another model, such as model="fake", or another checkpoint.'),
    (ModelError, "model", "Check the model's name and device, then run the cell again."),
    (ImageError, "image", "Give another image, or convert this one first."),
    (AnnotationError, "annotation", "Check the file or the mask, then try again."),
    (WidgetClosed, "closed", "Run the cell again to make a new widget."),
    (NotEnoughMemory, "memory", "Use fewer points, or close other notebooks."),
    (MemoryError, "memory", "Close other widgets, use a smaller image or a smaller model."),
)


def problem_of(error: BaseException) -> Problem:
    """Say in words what an exception means to the person in front of the widget."""
    message = str(error) or type(error).__name__
    for kind, code, hint in _HINTS:
        if isinstance(error, kind):
            return {"code": code, "message": message, "hint": hint}
    if "out of memory" in message.lower():
        hint = 'Use a smaller image, a smaller model, or device="cpu".'
        return {"code": "memory", "message": message, "hint": hint}
    return {
        "code": "internal",
        "message": f"{type(error).__name__}: {message}",
        "hint": "This is a bug: the kernel's log has the traceback.",
    }


def error_reply(identity: str | None, error: BaseException) -> dict[str, Any]:
    """Answer a request with what went wrong."""
    return {"type": "error", "to": identity, **problem_of(error)}
