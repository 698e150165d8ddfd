"""One line of a journal: a JSON object that ends with a digest of itself.

Lines are checked before they are believed, and objects before memory is asked for: a journal may
have been through anything.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.annotations import Annotation, Recipe, Step
from sam_widget.errors import AnnotationError, SamWidgetError
from sam_widget.masks import Rle
from sam_widget.prompts import MAX_LOGITS_SIDE, Prompts, logits_from_bytes, same_mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sam_widget.prompts import MaskPrompt

__all__ = ["annotation_fields", "annotation_of", "seal", "unseal"]

_SEAL = b',"check":"'
_SEAL_LENGTH = len(_SEAL) + 16 + len(b'"}')
_PLAIN = (
    "label",
    "color",
    "visible",
    "predicted_iou",
    "stability_score",
    "candidate",
    "model_name",
    "model_digest",
    "id",
    "created",
)
_LOGITS_BYTES = 4 * MAX_LOGITS_SIDE**2
_MOST_STEPS = 10_000
_MOST_MASKS = 64
"""Of one object, all different. A mask of a few bytes may be one of many pixels."""


def seal(record: Mapping[str, Any]) -> bytes:
    """Write a record as one line, with its digest at the end."""
    body = json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii")[:-1]
    return body + _SEAL + _digest(body) + b'"}\n'


def unseal(line: bytes) -> dict[str, Any] | None:
    """Read a line without its end; None if it is not what was written."""
    body, end = line[:-_SEAL_LENGTH], line[-_SEAL_LENGTH:]
    if end != _SEAL + _digest(body) + b'"}':
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=8).hexdigest().encode("ascii")


# ---- objects ------------------------------------------------------------------------------------


def annotation_fields(annotation: Annotation, before: Annotation | None = None) -> dict[str, Any]:
    """Lay out an object for JSON; ``before`` leaves out what has not changed since."""
    fields: dict[str, Any] = {
        name: _figure(getattr(annotation, name))
        for name in _PLAIN
        if name == "id" or before is None or getattr(annotation, name) != getattr(before, name)
    }
    if before is None or annotation.rle != before.rle:
        fields["rle"] = annotation.rle.to_coco()
    if annotation.extra != ({} if before is None else before.extra):
        fields["extra"] = dict(annotation.extra)
    masks: list[MaskPrompt] = []
    if before is None or annotation.prompts != before.prompts:
        fields["prompts"] = _prompts_fields(annotation.prompts, masks)
    if before is None or annotation.recipe != before.recipe:
        fields["recipe"] = (
            None if annotation.recipe is None else _recipe_fields(annotation.recipe, masks)
        )
    if masks:
        fields["masks"] = [_mask_fields(mask) for mask in masks]
    return fields


def annotation_of(
    fields: object, height: int, width: int, before: Annotation | None = None
) -> Annotation:
    """Read an object; undo :func:`annotation_fields`.

    Raises
    ------
    AnnotationError
        Naming what is wrong with it.
    """
    try:
        return _annotation_of(fields, height, width, before)
    except AnnotationError:
        raise
    except SamWidgetError as error:
        raise AnnotationError(str(error)) from error
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise AnnotationError(f"an object in the journal is malformed: {error!r:.120}") from error


def _annotation_of(
    fields: object, height: int, width: int, before: Annotation | None
) -> Annotation:
    if not isinstance(fields, dict):
        raise AnnotationError("an object in the journal must be a JSON object.")
    values = {name: fields[name] for name in _PLAIN if name in fields}
    for name, value in values.items():
        if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) != (name == "visible")):
            raise AnnotationError(f"{name!r} of an object in the journal is {value!r:.60}.")
    if len(fields.get("masks", ())) > _MOST_MASKS or len(_steps_in(fields)) > _MOST_STEPS:
        raise AnnotationError("an object in the journal was made in more steps than anybody makes.")
    masks = [Prompts(mask=_mask_of(mask, height, width)) for mask in fields.get("masks", ())]
    readers: dict[str, Callable[[Any], Any]] = {
        "rle": lambda code: _rle_of(code, height, width),
        "prompts": lambda prompts: _prompts_of(prompts, masks),
        "recipe": lambda recipe: _recipe_of(recipe, masks),
        "extra": dict,
    }
    values |= {name: read(fields[name]) for name, read in readers.items() if name in fields}
    if before is not None:
        return replace(before, **values)
    missing = {"rle", "id", "created"} - values.keys()
    if missing:
        raise AnnotationError(f"an object in the journal has no {sorted(missing)}.")
    return Annotation(**values)


_TYPES: dict[str, Any] = {
    "label": str,
    "color": str,
    "visible": bool,
    "predicted_iou": int | float | None,
    "stability_score": int | float | None,
    "candidate": int | None,
    "model_name": str,
    "model_digest": str,
    "id": str,
    "created": str,
}


def _figure(value: Any) -> Any:  # noqa: ANN401 - each field has its own type
    if isinstance(value, np.generic):
        value = value.item()
    # JSON has no infinity, and a model may predict one.
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _rle_of(code: Any, height: int, width: int) -> Rle:  # noqa: ANN401 - JSON
    if code["size"] != [height, width]:  # before anything of that size is made
        raise AnnotationError(
            f"a mask in the journal has size {code['size']!r:.60}, not [{height}, {width}]."
        )
    return Rle.from_coco(code)


def _prompts_fields(prompts: Prompts, masks: list[MaskPrompt]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "points": [[x, y, k] for (x, y), k in zip(prompts.points, prompts.labels, strict=True)]
    }
    if prompts.box is not None:
        fields["box"] = list(prompts.box)
    own = prompts.compact_mask
    if own is not None:
        # Steps of one object share their mask: it is written once.
        known = [at for at, mask in enumerate(masks) if same_mask(mask, own)]
        if not known:
            masks.append(own)
        fields["mask"] = known[0] if known else len(masks) - 1
    return fields


def _prompts_of(fields: Any, masks: list[Prompts]) -> Prompts:  # noqa: ANN401 - JSON
    points = fields["points"]
    prompts = Prompts(
        [(x, y) for x, y, _ in points],
        [label for _, _, label in points],
        [fields["box"]] if "box" in fields else [],
    )
    if "mask" not in fields:
        return prompts
    # Steps of one object share their mask in memory, as they did when it was made.
    shared: Prompts = masks[fields["mask"]]
    if prompts.box is not None:
        shared = shared.with_box(*prompts.box)
    for (x, y), label in zip(prompts.points, prompts.labels, strict=True):
        shared = shared.with_point(x, y, label == 1)
    return shared


def _recipe_fields(recipe: Recipe, masks: list[MaskPrompt]) -> dict[str, Any]:
    steps = [
        {**_prompts_fields(step.prompts, masks), "multimask": step.multimask, "at": step.candidate}
        for step in recipe.steps
    ]
    return {"digest": recipe.digest, "steps": steps}


def _steps_in(fields: dict[str, Any]) -> list[Any]:
    recipe = fields.get("recipe")
    return [] if recipe is None else list(recipe["steps"])


def _recipe_of(fields: Any, masks: list[Prompts]) -> Recipe | None:  # noqa: ANN401 - JSON
    if fields is None:
        return None
    steps = []
    for step in fields["steps"]:
        multimask, candidate = step["multimask"], step["at"]
        if not isinstance(multimask, bool | None) or type(candidate) is not int or candidate < 0:
            raise AnnotationError("a step in the journal is malformed.")
        steps.append(Step(_prompts_of(step, masks), multimask, candidate))
    return Recipe(tuple(steps), str(fields["digest"]))


def _mask_fields(mask: MaskPrompt) -> dict[str, Any]:
    if isinstance(mask, Rle):
        return {"rle": mask.to_coco()}
    packed = zlib.compress(mask.astype("<f4").tobytes())
    return {"logits": base64.b64encode(packed).decode("ascii")}


def _mask_of(fields: Any, height: int, width: int) -> MaskPrompt:  # noqa: ANN401 - JSON
    if "rle" in fields:
        return _rle_of(fields["rle"], height, width)
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(base64.b64decode(fields["logits"]), _LOGITS_BYTES)
    except zlib.error as error:
        raise AnnotationError(f"logits in the journal are damaged: {error}") from error
    return logits_from_bytes(raw)
