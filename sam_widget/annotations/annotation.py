"""One accepted object, with everything that made it."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sam_widget.errors import AnnotationError
from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sam_widget.annotations.recipe import Recipe
    from sam_widget.masks import Rle

__all__ = ["MAX_LABEL", "PALETTE", "Annotation", "check_label", "is_color"]

MAX_LABEL = 200
_COLOR = re.compile("#[0-9a-fA-F]{6}")

PALETTE = (
    "#3b82f6",
    "#f59e0b",
    "#10b981",
    "#ef4444",
    "#8b5cf6",
    "#06b6d4",
    "#f97316",
    "#84cc16",
    "#ec4899",
    "#14b8a6",
    "#eab308",
    "#6366f1",
)
"""Colours for objects, told apart on photographs and by most colour-blind eyes."""


def _new_id() -> str:
    # Never a number: files that number their objects have those for ids.
    while (made := uuid.uuid4().hex[:12]).isdecimal():
        pass
    return made


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


@dataclass(frozen=True, eq=False, slots=True)
class Annotation:
    """One accepted object, with everything that made it.

    Attributes
    ----------
    rle : Rle
        The mask at the original image's size.
    label : str
        Class name; empty when none was given.
    color : str
        CSS colour ``"#rrggbb"``.
    visible : bool
        Whether the page draws it.
    predicted_iou, stability_score : float or None
        As shown beside the candidate when it was accepted; None where no model told.
    prompts : Prompts
        The points, box and mask that made it, in pixels of the original image.
    candidate : int or None
        Which of the candidates it was, subpart to whole; None when it came from elsewhere.
    model_name, model_digest : str
        The predictor, and the digest of its weights; empty when it came from elsewhere.
    id : str
        Unique among all objects.
    created : str
        UTC, ISO 8601.
    extra : mapping
        What the file it was read from said beyond all this, by format, to be written back there;
        only what JSON has.
    recipe : Recipe or None
        The steps that made the mask, click by click; None where it came from elsewhere.

    Raises
    ------
    AnnotationError
        If the label is not a text of at most 200 characters, or the colour not of that form.

    Examples
    --------
    >>> import numpy as np
    >>> from sam_widget import Rle
    >>> made = Annotation(Rle.encode(np.ones((4, 5), bool)), label="cup")
    >>> made.area, made.bbox_xywh
    (20, (0.0, 0.0, 5.0, 4.0))
    """

    rle: Rle = field(repr=False)
    label: str = ""
    color: str = PALETTE[0]
    predicted_iou: float | None = None
    stability_score: float | None = None
    prompts: Prompts = field(default_factory=Prompts, repr=False)
    candidate: int | None = None
    model_name: str = ""
    model_digest: str = field(default="", repr=False)
    visible: bool = True
    id: str = field(default_factory=_new_id)
    created: str = field(default_factory=_now)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    recipe: Recipe | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _check_text(self.label)
        _check_color(self.color)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The mask, bool (H, W) of the original image, decoded at each access."""
        return self.rle.decode()

    @property
    def area(self) -> int:
        """Pixels in the mask."""
        return self.rle.area

    @property
    def bbox_xywh(self) -> tuple[float, float, float, float]:
        """Bounding box (x, y, width, height) in pixels, as ``pycocotools.mask.toBbox``."""
        x, y, width, height = self.rle.bbox_xywh
        return float(x), float(y), float(width), float(height)


def is_color(value: object) -> bool:
    """Tell whether a value is a CSS colour of the form ``"#rrggbb"``."""
    return isinstance(value, str) and _COLOR.fullmatch(value) is not None


def check_label(label: str, color: str | None = None) -> None:
    """Refuse a label that nothing can be called, or a colour that none can have.

    Raises
    ------
    AnnotationError
        If the label is no text, empty or too long, or the colour given is not ``"#rrggbb"``.
    """
    if not label:
        raise AnnotationError("a label must be a text of at least one character.")
    _check_text(label)
    if color is not None:
        _check_color(color)


def _check_text(label: object) -> None:
    if not isinstance(label, str) or len(label) > MAX_LABEL:
        raise AnnotationError(
            f"a label must be a text of at most {MAX_LABEL} characters, got {label!r:.60}."
        )


def _check_color(color: object) -> None:
    if not is_color(color):
        raise AnnotationError(f"a colour must look like '#3b82f6', got {color!r:.60}.")
