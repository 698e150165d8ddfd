"""Segment Anything, inline in a notebook.

>>> from sam_widget import SamWidget
>>> w = SamWidget("photo.jpg")  # doctest: +SKIP

Names are imported when they are first used: the notebook server, which loads only
:mod:`sam_widget.server_extension`, shall not load the widget.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sam_widget.annotations import Annotation, AnnotationStore
    from sam_widget.automatic import AutomaticMaskGenerator, AutomaticMasks, AutomaticRun
    from sam_widget.detections import segment_boxes
    from sam_widget.editing import (
        BrushStroke,
        DropIslands,
        FillHoles,
        PolygonEdit,
        Smooth,
    )
    from sam_widget.embeddings import EmbeddingCache
    from sam_widget.errors import (
        AnnotationError,
        BundleMissing,
        DownloadError,
        EditError,
        EmbeddingMismatch,
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
    from sam_widget.islands import Islands
    from sam_widget.journal import open_annotations
    from sam_widget.masks import Rle
    from sam_widget.precomputation import Precomputed, precompute
    from sam_widget.predictors import (
        Embedding,
        FakePredictor,
        Prediction,
        Predictor,
        available,
        load,
    )
    from sam_widget.prompts import Prompts
    from sam_widget.recipes import Recipe, Step
    from sam_widget.series import Series
    from sam_widget.session import Session
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

_MODULES = (
    "errors",
    "prompts",
    "masks",
    "islands",
    "editing",
    "images",
    "recipes",
    "annotations",
    "journal",
    "predictors",
    "embeddings",
    "precomputation",
    "series",
    "automatic",
    "detections",
    "session",
    "widget",
)
"""Where the names are, the light ones first."""


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return importlib.import_module(f"sam_widget.{name}")
    if name in __all__:
        for home in _MODULES:
            module = importlib.import_module(f"sam_widget.{home}")
            if name in module.__all__:
                return getattr(module, name)
    raise AttributeError(f"module 'sam_widget' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
