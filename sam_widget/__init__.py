"""Segment Anything, inline in a notebook.

>>> from sam_widget import SamWidget
>>> w = SamWidget("photo.jpg")  # doctest: +SKIP

Names are imported when they are first used: the notebook server, which loads only
:mod:`sam_widget.server_extension`, shall not load the widget.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sam_widget.annotations import Annotation, Recipe, Step
    from sam_widget.automatic import (
        AutomaticMaskGenerator,
        AutomaticMasks,
        AutomaticRun,
        segment_boxes,
    )
    from sam_widget.embeddings import EmbeddingCache, Precomputed, precompute
    from sam_widget.errors import (
        AnnotationError,
        BundleMissing,
        DownloadError,
        EditError,
        EmbeddingMismatch,
        ExportError,
        ImageError,
        JournalError,
        JournalInUse,
        JournalWarning,
        ModelError,
        NotEnoughMemory,
        PromptError,
        ProtocolError,
        SamWidgetError,
        StaleGesture,
        UnknownModel,
        UnsupportedPrompt,
        WeightsError,
        WidgetClosed,
    )
    from sam_widget.images import RgbImage, load_image
    from sam_widget.masks import (
        BrushStroke,
        DropIslands,
        FillHoles,
        Islands,
        PolygonEdit,
        Rle,
        Smooth,
    )
    from sam_widget.predictors import (
        Embedding,
        FakePredictor,
        Prediction,
        Predictor,
        available,
        load,
    )
    from sam_widget.prompts import Prompts
    from sam_widget.session import Exported, Series, SeriesSummary, Session
    from sam_widget.store import AnnotationStore, open_annotations
    from sam_widget.widget import SamWidget

__version__ = "0.1.0"

__all__ = [
    "Annotation",
    "AnnotationError",
    "AnnotationStore",
    "AutomaticMaskGenerator",
    "AutomaticMasks",
    "AutomaticRun",
    "BrushStroke",
    "BundleMissing",
    "DownloadError",
    "DropIslands",
    "EditError",
    "Embedding",
    "EmbeddingCache",
    "EmbeddingMismatch",
    "ExportError",
    "Exported",
    "FakePredictor",
    "FillHoles",
    "ImageError",
    "Islands",
    "JournalError",
    "JournalInUse",
    "JournalWarning",
    "ModelError",
    "NotEnoughMemory",
    "PolygonEdit",
    "Precomputed",
    "Prediction",
    "Predictor",
    "PromptError",
    "Prompts",
    "ProtocolError",
    "Recipe",
    "RgbImage",
    "Rle",
    "SamWidget",
    "SamWidgetError",
    "Series",
    "SeriesSummary",
    "Session",
    "Smooth",
    "StaleGesture",
    "Step",
    "UnknownModel",
    "UnsupportedPrompt",
    "WeightsError",
    "WidgetClosed",
    "available",
    "load",
    "load_image",
    "open_annotations",
    "precompute",
    "segment_boxes",
]

_HOMES = {
    "Annotation": "sam_widget.annotations",
    "AnnotationError": "sam_widget.errors",
    "AnnotationStore": "sam_widget.store",
    "AutomaticMaskGenerator": "sam_widget.automatic",
    "AutomaticMasks": "sam_widget.automatic",
    "AutomaticRun": "sam_widget.automatic",
    "BrushStroke": "sam_widget.masks",
    "BundleMissing": "sam_widget.errors",
    "DownloadError": "sam_widget.errors",
    "DropIslands": "sam_widget.masks",
    "EditError": "sam_widget.errors",
    "Embedding": "sam_widget.predictors",
    "EmbeddingCache": "sam_widget.embeddings",
    "EmbeddingMismatch": "sam_widget.errors",
    "ExportError": "sam_widget.errors",
    "Exported": "sam_widget.session",
    "FakePredictor": "sam_widget.predictors",
    "FillHoles": "sam_widget.masks",
    "ImageError": "sam_widget.errors",
    "Islands": "sam_widget.masks",
    "JournalError": "sam_widget.errors",
    "JournalInUse": "sam_widget.errors",
    "JournalWarning": "sam_widget.errors",
    "ModelError": "sam_widget.errors",
    "NotEnoughMemory": "sam_widget.errors",
    "PolygonEdit": "sam_widget.masks",
    "Precomputed": "sam_widget.embeddings",
    "Prediction": "sam_widget.predictors",
    "Predictor": "sam_widget.predictors",
    "PromptError": "sam_widget.errors",
    "Prompts": "sam_widget.prompts",
    "ProtocolError": "sam_widget.errors",
    "Recipe": "sam_widget.annotations",
    "RgbImage": "sam_widget.images",
    "Rle": "sam_widget.masks",
    "SamWidget": "sam_widget.widget",
    "SamWidgetError": "sam_widget.errors",
    "Series": "sam_widget.session",
    "SeriesSummary": "sam_widget.session",
    "Session": "sam_widget.session",
    "Smooth": "sam_widget.masks",
    "StaleGesture": "sam_widget.errors",
    "Step": "sam_widget.annotations",
    "UnknownModel": "sam_widget.errors",
    "UnsupportedPrompt": "sam_widget.errors",
    "WeightsError": "sam_widget.errors",
    "WidgetClosed": "sam_widget.errors",
    "available": "sam_widget.predictors",
    "load": "sam_widget.predictors",
    "load_image": "sam_widget.images",
    "open_annotations": "sam_widget.store",
    "precompute": "sam_widget.embeddings",
    "segment_boxes": "sam_widget.automatic",
}
"""Where each public name is defined; it is imported when it is first used."""


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'sam_widget' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
