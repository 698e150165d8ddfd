"""Write and read what this package knows of an object beyond the keys of a format, as JSON."""

from __future__ import annotations

import base64
import binascii
import math
from typing import TYPE_CHECKING, Any

from sam_widget.formats.reading.field import MAX_POINTS
from sam_widget.masks import Rle
from sam_widget.prompts import MAX_LOGITS_SIDE, Prompts, logits_from_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sam_widget.annotations import Annotation
    from sam_widget.formats.reading.budget import Budget
    from sam_widget.formats.reading.field import Field

__all__ = ["KEY", "finite_or_none", "from_json", "read_points", "read_scores", "to_json"]

KEY = "sam_widget"
"""Under this key of a format's record stands what :func:`to_json` returns."""


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
        "prompts": _prompts_to_json(annotation.prompts),
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
        found["prompts"] = _prompts_from_json(prompts, size, budget)
    return found


def _prompts_to_json(prompts: Prompts) -> dict[str, Any]:
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


def _prompts_from_json(field: Field, size: tuple[int, int], budget: Budget) -> Prompts:
    """Check what :func:`_prompts_to_json` returned."""
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
            points=() if points is None else read_points(points, budget),
            labels=None if labels is None else labels.numbers(),
            boxes=() if box is None else [box.numbers(4)],
            mask=prompt,
        )
        found.fitted(size[1], size[0])
    return found


def read_points(field: Field, budget: Budget) -> NDArray[np.float64]:
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


def read_scores(field: Field) -> dict[str, Any]:
    """Return ``predicted_iou`` and ``stability_score`` of a record, each a number or missing."""
    found: dict[str, Any] = {}
    for key in ("predicted_iou", "stability_score"):
        value = field.get(key)
        if value is not None:
            found[key] = value.number(-1000, 1000)
    return found


def finite_or_none(value: float | None) -> float | None:
    """Return a number that JSON has, or None."""
    return float(value) if value is not None and math.isfinite(value) else None
