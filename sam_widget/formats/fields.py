"""What this package knows of an object beyond a format's own keys, as JSON, and back."""

from __future__ import annotations

import base64
import binascii
import math
from array import array
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from sam_widget.annotations import Annotation
from sam_widget.formats.reading.untrusted import MAX_POINTS, Field, Records
from sam_widget.masks import Rle
from sam_widget.prompts import MAX_LOGITS_SIDE, Prompts, logits_from_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sam_widget.formats.reading.budget import Budget

__all__ = [
    "KEY",
    "MAX_NUMBER",
    "Numbers",
    "claim",
    "from_json",
    "id_from_number",
    "numbered",
    "plain",
    "pointed",
    "score",
    "scores",
    "shared",
    "to_json",
]

KEY = "sam_widget"
"""Under this key of a format's record stands what :func:`to_json` returns."""

Id = TypeVar("Id", int, str)

MAX_NUMBER = 2**53 - 1
"""Largest id that every JSON reader keeps exactly."""


def to_json(annotation: Annotation) -> dict[str, Any]:
    """Return id, colour, prompts and origin of an object, ready for JSON."""
    return {
        "id": annotation.id,
        "created": annotation.created,
        "color": annotation.color,
        "visible": annotation.visible,
        "candidate": annotation.candidate,
        "model_name": annotation.model_name,
        "model_digest": annotation.model_digest,
        "prompts": prompts_to_json(annotation.prompts),
    }


def from_json(field: Field | None, size: tuple[int, int], budget: Budget) -> dict[str, Any]:
    """Check what :func:`to_json` returned; give keyword arguments of ``Annotation``.

    Parameters
    ----------
    field : Field or None
        None gives none.
    size : (int, int)
        Height and width of the image.
    budget : Budget
        Of the file.
    """
    if field is None:
        return {}
    found: dict[str, Any] = {}
    for key in ("id", "created", "color", "model_name", "model_digest"):
        text = field.get(key)
        if text is not None:
            found[key] = text.text(200)
    if found.get("id") == "":
        field.fail("the id is empty.")
    visible, candidate, prompts = field.get("visible"), field.get("candidate"), field.get("prompts")
    if visible is not None:
        found["visible"] = visible.boolean()
    if candidate is not None:
        found["candidate"] = candidate.integer(0, 2**16)
    if prompts is not None:
        found["prompts"] = prompts_from_json(prompts, size, budget)
    return found


def prompts_to_json(prompts: Prompts) -> dict[str, Any]:
    """Return prompts ready for JSON, a mask among them as run lengths or as packed logits."""
    found: dict[str, Any] = {
        "points": [list(point) for point in prompts.points],
        "labels": list(prompts.labels),
    }
    if prompts.box is not None:
        found["box"] = list(prompts.box)
    mask = prompts.compact_mask
    if isinstance(mask, Rle):
        found["mask"] = mask.to_coco()
    elif mask is not None:
        packed = mask.astype("<f4").tobytes()
        found["logits"] = base64.b64encode(packed).decode("ascii")
    return found


def prompts_from_json(field: Field, size: tuple[int, int], budget: Budget) -> Prompts:
    """Check what :func:`prompts_to_json` returned."""
    points, labels = field.get("points"), field.get("labels")
    box, mask, logits = field.get("box"), field.get("mask"), field.get("logits")
    prompt: Rle | NDArray[Any] | None = None
    if mask is not None:
        prompt = mask.rle(size)
        budget.hold(mask, 0, prompt.counts.nbytes)
    elif logits is not None:
        prompt = _logits(logits)
    with field.named():
        found = Prompts(
            points=() if points is None else pointed(points, budget),
            labels=None if labels is None else labels.numbers(),
            boxes=() if box is None else [box.numbers(4)],
            mask=prompt,
        )
        found.fitted(size[1], size[0])
    return found


def pointed(field: Field, budget: Budget) -> NDArray[np.float64]:
    """Return the points of a prompt, float64 (N, 2)."""
    found = field.pairs(MAX_POINTS)
    budget.point(field, len(found))
    return found


def _logits(field: Field) -> NDArray[np.float32]:
    text = field.text(6 * MAX_LOGITS_SIDE**2)
    try:
        packed = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        field.fail(f"is not Base64: {error}")
    with field.named():
        return logits_from_bytes(packed)


def scores(field: Field) -> dict[str, Any]:
    """Return ``predicted_iou`` and ``stability_score`` of a record, each a number or missing."""
    found: dict[str, Any] = {}
    for key in ("predicted_iou", "stability_score"):
        value = field.get(key)
        if value is not None:
            found[key] = value.number(-1000, 1000)
    return found


def score(value: float | None) -> float | None:
    """Return a number that JSON has, or None."""
    return float(value) if value is not None and math.isfinite(value) else None


def claim(taken: set[Id], field: Field, identity: Id) -> None:
    """Add an id to those that are taken; fail if it is."""
    if identity in taken:
        field.fail(f"the id {identity!r} is used twice.")
    taken.add(identity)


class Numbers:
    """Ids of a list's records that must differ, held compactly; those without one may be left."""

    def __init__(self) -> None:
        self._found = array("q")

    def add(self, number: Field | None) -> int | None:
        """Check the next record's id, a whole number or missing, and return it."""
        found = None if number is None else number.integer(0, MAX_NUMBER)
        self._found.append(-1 if found is None else found)
        return found

    def check(self, records: Field, key: str = "") -> None:
        """Fail at the first record of a list, or at its key, whose id one before it has."""
        found = np.frombuffer(self._found, dtype=np.int64)
        order = np.argsort(found, kind="stable")
        ordered = found[order]
        again = order[1:][(ordered[1:] == ordered[:-1]) & (ordered[1:] >= 0)]
        if len(again):
            at = int(again.min())
            place = Field(None, f"{records.where}[{at}]{key}", records.file_name)
            place.fail(f"the id {int(found[at])} is used twice.")


def shared() -> dict[str, Any]:
    """Return what the objects of one file have in common: arguments of ``Annotation``."""
    made = Annotation(Rle(1, 1, np.ones(1, np.uint32)))
    return {"created": made.created, "prompts": made.prompts, "extra": made.extra}


def plain(field: Field, value: Any) -> Any:
    """Return a parsed value of a field as JSON has it: without arrays, of finite numbers."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: plain(field, one) for key, one in value.items()}
    if isinstance(value, list | Records):
        return [plain(field, one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        field.fail("has a number that is too large.")
    return value


def id_from_number(field: Field) -> str:
    """Return the id for an object that a file numbers."""
    return str(field.integer(0, MAX_NUMBER))


def numbered(annotations: list[Annotation]) -> list[int]:
    """Give objects numbers for a format whose ids are numbers.

    Those that came from such a file keep their number; the others get what is free, from 1.
    """
    kept = [_number(one) for one in annotations]
    taken = {number for number in kept if number is not None}
    used: set[int] = set()
    free = 0
    result = []
    for number in kept:
        chosen = number
        if chosen is None or chosen in used:
            free += 1
            while free in taken:
                free += 1
            chosen = free
        used.add(chosen)
        result.append(chosen)
    return result


def _number(annotation: Annotation) -> int | None:
    text = annotation.id
    if not (text.isascii() and text.isdecimal()) or len(text) > 16 or text != str(int(text)):
        return None
    return int(text) if int(text) <= MAX_NUMBER else None
