"""Replay annotations with another model, to compare the masks."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from sam_widget.annotations.recipe import Recipe, Step
from sam_widget.errors import AnnotationError, SamWidgetError
from sam_widget.images import load_image
from sam_widget.masks import Rle, mask_iou

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sam_widget.annotations.annotation import Annotation
    from sam_widget.predictors import Predictor

__all__ = ["Replay", "ReplayRow", "recipe_of", "replay_annotations", "steps_of"]

_COLUMNS = ("id", "label", "iou", "old_predicted_iou", "new_predicted_iou", "note")


@dataclass(frozen=True, eq=False)
class ReplayRow:
    """One object, made again by another model.

    Attributes
    ----------
    id, label : str
        Of the object.
    iou : float or None
        Overlap of its mask with the new one, in [0, 1]; None where there is no new one.
    old_predicted_iou, new_predicted_iou : float or None
        As the two models predict it.
    rle : Rle or None
        The new mask, at the original size.
    note : str
        Why there is none; empty otherwise.
    """

    id: str
    label: str
    iou: float | None = None
    old_predicted_iou: float | None = None
    new_predicted_iou: float | None = None
    rle: Rle | None = field(default=None, repr=False)
    note: str = ""


class Replay(Sequence[ReplayRow]):
    """A table of replayed objects; ``print`` it, look at it in a notebook, or iterate.

    Parameters
    ----------
    rows : iterable of ReplayRow
    model_name : str
        The model that made the new masks.
    """

    def __init__(self, rows: Iterable[ReplayRow], model_name: str) -> None:
        self._rows = tuple(rows)
        self.model_name = model_name

    @overload
    def __getitem__(self, index: int) -> ReplayRow: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[ReplayRow, ...]: ...
    def __getitem__(self, index: int | slice) -> ReplayRow | tuple[ReplayRow, ...]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def mean_iou(self) -> float | None:
        """Mean overlap of the objects that were made again; None if there are none."""
        found = [row.iou for row in self._rows if row.iou is not None]
        return float(np.mean(found)) if found else None

    def __repr__(self) -> str:
        table = [_COLUMNS, *(self._cells(row) for row in self._rows)]
        widths = [max(len(line[at]) for line in table) for at in range(len(_COLUMNS))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in table
        ]
        return "\n".join([*lines, self._summary()])

    def _repr_html_(self) -> str:
        def row(cells: Iterable[str], tag: str) -> str:
            inner = "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
            return f"<tr>{inner}</tr>"

        body = "".join(row(self._cells(replayed), "td") for replayed in self._rows)
        caption = f"<caption>{html.escape(self._summary())}</caption>"
        return f"<table>{caption}<thead>{row(_COLUMNS, 'th')}</thead><tbody>{body}</tbody></table>"

    def to_dataframe(self) -> Any:  # noqa: ANN401 - pandas is optional
        """Return the table as a pandas DataFrame, one row an object; needs pandas."""
        try:
            import pandas as pd  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415
        except ImportError as error:
            raise AnnotationError("to_dataframe needs pandas: pip install pandas.") from error
        columns = [*_COLUMNS, "rle"]
        rows = [[getattr(row, name) for name in columns] for row in self._rows]
        return pd.DataFrame(rows, columns=columns)

    def _summary(self) -> str:
        mean = self.mean_iou
        count = sum(row.iou is not None for row in self._rows)
        shown = "" if mean is None else f", mean IoU {mean:.3f}"
        return f"{count} of {len(self)} objects replayed with {self.model_name}{shown}"

    @staticmethod
    def _cells(row: ReplayRow) -> tuple[str, ...]:
        figures = (row.iou, row.old_predicted_iou, row.new_predicted_iou)
        shown = ("-" if figure is None else f"{figure:.3f}" for figure in figures)
        return (row.id, row.label or "-", *shown, row.note)


def recipe_of(annotation: Annotation) -> Recipe | None:
    """Return the steps that lead to an object, or to what it was before it was edited by hand.

    An object that came with prompts but without steps is taken for the answer to those prompts.

    Returns
    -------
    Recipe or None
        None for an object without prompts.
    """
    if annotation.recipe is not None:
        return annotation.recipe
    if annotation.prompts.is_empty:
        return None
    return Recipe((Step(annotation.prompts, None, annotation.candidate or 0),), "")


def steps_of(annotation: Annotation) -> tuple[Step, ...]:
    """Return the steps that bring an object back, to be refined.

    Where they do not make its mask, because it was edited by hand or came from elsewhere, the mask
    itself is a prompt.
    """
    recipe = recipe_of(annotation)
    if recipe is not None and (not recipe.digest or recipe.makes(annotation.rle)):
        return recipe.steps
    return (Step(annotation.prompts.with_mask(annotation.rle)),)


def replay_annotations(items: Iterable[Annotation], predictor: Predictor, source: object) -> Replay:
    """Redo annotations with a model; see :meth:`AnnotationStore.replay`."""
    image = load_image(source)
    embedding = None
    rows = []
    for annotation in items:
        known = (annotation.id, annotation.label)
        size = (annotation.rle.height, annotation.rle.width)
        if size != (image.height, image.width):
            raise AnnotationError(
                f"the objects are of an image of (height, width) = {size}, got one of "
                f"({image.height}, {image.width})."
            )
        recipe = recipe_of(annotation)
        if recipe is None:
            rows.append(ReplayRow(*known, None, annotation.predicted_iou, note="has no prompts"))
            continue
        if embedding is None:
            embedding = predictor.encode(image)
        try:
            made = recipe.run(predictor, embedding)
        except SamWidgetError as error:
            rows.append(ReplayRow(*known, None, annotation.predicted_iou, note=str(error)))
            continue
        rle = made.rle
        iou = 1.0 if rle == annotation.rle else mask_iou(annotation.rle.decode(), rle.decode())
        rows.append(ReplayRow(*known, iou, annotation.predicted_iou, made.predicted_iou, rle))
    return Replay(rows, predictor.name)
