"""Stores from DataFrames, detections and SA-1B files of others, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sam_widget import formats
from sam_widget.store.store import AnnotationStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import supervision

__all__ = ["filtered", "from_dataframe", "from_detections", "to_dataframe", "to_detections"]


def to_dataframe(store: AnnotationStore) -> pd.DataFrame:
    """Return one row an annotation; see :func:`sam_widget.formats.to_dataframe`."""
    return formats.to_dataframe(store.image_annotations())


def from_dataframe(frame: pd.DataFrame) -> AnnotationStore:
    """Make a store of a DataFrame; see :func:`sam_widget.formats.from_dataframe`."""
    return AnnotationStore.from_image_annotations(formats.from_dataframe(frame))


def to_detections(store: AnnotationStore) -> supervision.Detections:
    """Return ``supervision.Detections``; see :func:`sam_widget.formats.to_detections`."""
    return formats.to_detections(store.image_annotations())


def from_detections(
    detections: supervision.Detections,
    *,
    class_names: Sequence[str] = (),
    file_name: str = "",
    size_wh: tuple[int, int] | None = None,
) -> AnnotationStore:
    """Make a store of ``Detections``; see :func:`sam_widget.formats.from_detections`."""
    found = formats.from_detections(
        detections, class_names=class_names, file_name=file_name, size_wh=size_wh
    )
    return AnnotationStore.from_image_annotations(found)


def filtered(store: AnnotationStore, **figures: Any) -> AnnotationStore:  # noqa: ANN401 - see there
    """Return the annotations that reach both figures; see :func:`sam_widget.formats.filtered`."""
    kept = formats.filtered(store.image_annotations(), **figures)
    return AnnotationStore.from_image_annotations(kept)
