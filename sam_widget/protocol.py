"""The contract with js/src/protocol.ts: every synced trait and every message.

The page is not trusted: :func:`parse_request` checks types, ranges and sizes before anything acts
on a message. Both sides run the examples in ``tests/protocol/*.json``, so neither drifts alone.
"""

from __future__ import annotations

import math
import os
import re
import struct
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypedDict

from sam_widget.annotations import MAX_LABEL
from sam_widget.editing import MAX_POINTS, MAX_RADIUS, MAX_SMOOTHING
from sam_widget.errors import (
    AnnotationError,
    DownloadError,
    EditError,
    ImageError,
    JournalError,
    ModelError,
    NotEnoughMemory,
    PromptError,
    ProtocolError,
    StaleGesture,
    WeightsError,
    WidgetClosed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sam_widget.annotations import Annotation, AnnotationStore
    from sam_widget.candidates import Candidates
    from sam_widget.images import Encoded, RgbImage
    from sam_widget.islands import Islands
    from sam_widget.series import Series
    from sam_widget.session import Committed, Session

__all__ = [
    "EVERYTHING",
    "GESTURES",
    "NAVIGATION",
    "PUSH",
    "QUERIES",
    "TILE_SIZE",
    "Problem",
    "Request",
    "annotation_wire",
    "annotations_delta",
    "document_trait",
    "error_reply",
    "file_name",
    "image_trait",
    "islands_fields",
    "needs_answer",
    "parse_request",
    "prediction_trait",
    "preview_fields",
    "problem_of",
    "request_id",
    "series_trait",
]

MAX_ID: Final = 64
MAX_IDS: Final = 100_000
"""Objects that one gesture may speak of."""
MAX_COORDINATE: Final = 1e7
"""Far beyond any image; keeps 1e308 out of the arithmetic."""
MAX_SIZES: Final = 100
"""Islands and holes whose size is told to the page."""
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
        "reopened": session.reopened,
        "journal": _journal_fields(session.annotations),
    }


def _journal_fields(store: AnnotationStore) -> dict[str, Any] | None:
    """Say how the objects are on disk: saved, about to be (no note), or not, and why."""
    if store.saved is None and not store.report:
        return None
    if store.saved:
        state = "saved"
    else:
        state = "unsaved" if store.saved is None or store.problem else "saving"
    return {"state": state, "note": store.report}


def prediction_trait(committed: Committed) -> dict[str, Any]:
    """Lay out ``prediction``: one atomic value, each mask a run-length string in a buffer."""
    candidates = committed.candidates
    listed: list[dict[str, Any]] = []
    height = width = 0
    if candidates is not None:
        height, width = candidates.shown[0].height, candidates.shown[0].width
        listed = [
            {
                "score": _figure(float(candidates.scores[i])),
                "stability": _figure(candidates.stabilities[i]),
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


def _figure(value: float) -> float | None:
    """Return None for what no model told: JSON has no NaN."""
    return None if math.isnan(value) else value


def series_trait(series: Series) -> dict[str, Any]:
    """Lay out ``series_state``; names and pictures of the other images come with thumbnails."""
    return {
        "length": len(series),
        "index": series.index,
        "name": file_name(series.names[series.index]),
        "statuses": series.codes,
        "note": file_name(series.note),
    }


def file_name(name: str) -> str:
    """Return a name as a text that can travel: file systems hold some that are none."""
    return name.encode("utf-8", "replace").decode("utf-8")


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


def islands_fields(found: Islands) -> dict[str, Any]:
    """Lay out islands and holes: how many, and the pixels of the smallest ones."""
    return {
        "of": "islands",
        "island_count": len(found.islands),
        "islands": list(found.islands[:MAX_SIZES]),
        "hole_count": len(found.holes),
        "holes": list(found.holes[:MAX_SIZES]),
    }


def annotation_wire(
    annotation: Annotation, size_wh: tuple[int, int], buffer: int | None
) -> dict[str, Any]:
    """Lay out one accepted object.

    Its mask as shown, of that size, is buffer number ``buffer``; None where the page has it.
    """
    return {
        "id": annotation.id,
        "label": annotation.label,
        "color": annotation.color,
        "visible": annotation.visible,
        "score": annotation.predicted_iou,
        "stability": annotation.stability_score,
        "area": annotation.area,
        "bbox": list(annotation.bbox_xywh),
        "width": size_wh[0],
        "height": size_wh[1],
        "buffer": buffer,
    }


def annotations_delta(
    before: Iterable[Annotation], after: Iterable[Annotation]
) -> tuple[list[tuple[int, Annotation]], list[str]]:
    """Compare two lists of objects: what is new or changed, with its index, and what is gone.

    Objects are values: an unchanged one is the same object in both. Of those in another order, as
    few as possible count as changed.
    """
    old = {annotation.id: (place, annotation) for place, annotation in enumerate(before)}
    new = list(after)
    same = [old.get(one.id, (0, None))[1] is one for one in new]
    kept = [i for i, unchanged in enumerate(same) if unchanged]
    staying = {kept[at] for at in _longest_rise([old[new[i].id][0] for i in kept])}
    changed = [(i, one) for i, one in enumerate(new) if i not in staying]
    removed = sorted(old.keys() - {one.id for one in new})
    return changed, removed


def _longest_rise(numbers: list[int]) -> list[int]:
    """Return the indices of a longest rising subsequence of different numbers."""
    ends: list[int] = []  # ends[k]: the smallest number that ends a rise of k + 1
    at: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        place = bisect_left(ends, number)
        before.append(at[place - 1] if place else -1)
        ends[place : place + 1] = [number]
        at[place : place + 1] = [index]
    rise = []
    index = at[-1] if at else -1
    while index >= 0:
        rise.append(index)
        index = before[index]
    return rise


_HINTS: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (StaleGesture, "stale", "Look at the current state and repeat the gesture."),
    (EditError, "edit", "Nothing was changed: adjust the edit and try again."),
    (PromptError, "prompt", "Adjust the prompt and try again."),
    (ProtocolError, "protocol", "Reload the page; if it stays, report this as a bug."),
    (DownloadError, "download", "Connect to the network, or pass checkpoint= with a local file."),
    (WeightsError, "weights", 'Use another model, such as model="fake", or another checkpoint.'),
    (ModelError, "model", "Check the model's name and device, then run the cell again."),
    (ImageError, "image", "Give another image, or convert this one first."),
    (AnnotationError, "annotation", "Check the file or the mask, then try again."),
    (
        JournalError,
        "journal",
        "Nothing is lost: it stays in memory, and w.annotations.save(...) writes it elsewhere.",
    ),
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
