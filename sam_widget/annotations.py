"""Accepted objects: what they are, and the sequence of them that can be saved."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from sam_widget.errors import AnnotationError
from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from sam_widget.masks import Rle

__all__ = ["MAX_LABEL", "PALETTE", "Annotation", "AnnotationStore"]

MAX_LABEL = 200

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
    return uuid.uuid4().hex[:12]


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


@dataclass(frozen=True, eq=False)
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

    Raises
    ------
    AnnotationError
        If the label is not a text of at most 200 characters, or the colour not of that form.
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

    def __post_init__(self) -> None:
        if not isinstance(self.label, str) or len(self.label) > MAX_LABEL:
            raise AnnotationError(
                f"a label must be a text of at most {MAX_LABEL} characters, got {self.label!r:.60}."
            )
        if not isinstance(self.color, str) or not re.fullmatch("#[0-9a-fA-F]{6}", self.color):
            raise AnnotationError(f"a colour must look like '#3b82f6', got {self.color!r:.60}.")

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


class AnnotationStore(Sequence[Annotation]):
    """The accepted objects of one image, oldest first: a read-only snapshot.

    Parameters
    ----------
    items : iterable of Annotation
    width, height : int
        Size of the original image in pixels.
    file_name : str
        Name of the image's file, or empty.
    """

    def __init__(
        self, items: Iterable[Annotation] = (), *, width: int, height: int, file_name: str = ""
    ) -> None:
        self._items = tuple(items)
        self.width = width
        self.height = height
        self.file_name = file_name

    @overload
    def __getitem__(self, index: int) -> Annotation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Annotation, ...]: ...
    def __getitem__(self, index: int | slice) -> Annotation | tuple[Annotation, ...]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        labels = ", ".join(one.label or "unlabelled" for one in self._items[:5])
        more = ", ..." if len(self) > 5 else ""
        return f"<{len(self)} annotations on {self.width} x {self.height}: {labels}{more}>"

    extra: Mapping[str, Any] = MappingProxyType({})
    """What the file they were read from said of the image, by format, to be written back there."""

    def save(
        self,
        path: str | os.PathLike[str],
        format: str | None = None,  # noqa: A002 - what everybody calls it
        **options: Any,  # noqa: ANN401 - each format has its own
    ) -> Path:
        """Write all objects to a file; a file that was there is replaced in one step.

        Parameters
        ----------
        path : path
            Its ending tells the format: ``.coco.json``, ``.sa1b.json``, ``.labelme.json``,
            ``.csv``, ``.png``; a folder for YOLO.
        format : str, optional
            ``"coco"``, ``"sa1b"``, ``"labelme"``, ``"csv"``, ``"png"`` or ``"yolo"``, whatever the
            ending.
        **options
            Of that format, for example ``polygons=True`` for COCO; see ``sam_widget.formats``.

        Returns
        -------
        Path
            Where it was written.

        Raises
        ------
        AnnotationError
            If neither the file name nor ``format`` tells the format.
        """
        from sam_widget import formats  # noqa: PLC0415 - formats are made of stores

        return formats.save(self, path, format, **options)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        format: str | None = None,  # noqa: A002
        **options: Any,  # noqa: ANN401
    ) -> AnnotationStore:
        """Read the objects of one image from a file that is checked before it is believed.

        Parameters
        ----------
        path, format, **options
            As for :meth:`save`; a bare ``.json`` is recognised by its content. ``image=`` chooses
            among the images of a COCO file.

        Returns
        -------
        AnnotationStore

        Raises
        ------
        AnnotationError
            If the file is malformed, naming the record, or its format unknown.
        """
        from sam_widget import formats  # noqa: PLC0415 - formats are made of stores

        return formats.load(path, format, **options)
