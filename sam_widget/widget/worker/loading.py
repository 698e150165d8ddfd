"""Loading the model of a widget, later and on its worker's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sam_widget import predictors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sam_widget.predictors import Predictor

__all__ = ["loader"]


def loader(
    model: str | Predictor, checkpoint: str | Path | None, options: dict[str, str]
) -> Callable[[], Predictor]:
    """Return what loads the model, as :func:`sam_widget.load` does; an unknown name is refused now.

    Parameters
    ----------
    model : str or Predictor
    checkpoint : path, optional
    options : dict
        Of :func:`sam_widget.load`: device, runtime, precision.
    """
    if not isinstance(model, str):
        return lambda: model
    if model not in predictors.available():
        predictors.load(model)  # says so in the cell, not only later on the page
    return lambda: predictors.load(model, checkpoint=checkpoint, **options)
