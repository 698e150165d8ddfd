"""Segment Anything, inline in a notebook.

>>> from sam_widget import SamWidget
>>> w = SamWidget("photo.jpg")  # doctest: +SKIP
"""

from sam_widget.annotations import Annotation, Annotations
from sam_widget.embeddings import EmbeddingCache
from sam_widget.errors import (
    AnnotationError,
    BundleMissing,
    DownloadError,
    EmbeddingMismatch,
    ImageError,
    ModelError,
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
from sam_widget.masks import Rle
from sam_widget.precompute import Precomputed, precompute
from sam_widget.predictors import (
    Embedding,
    FakePredictor,
    Prediction,
    Predictor,
    available,
    load,
)
from sam_widget.prompts import Prompts
from sam_widget.session import Session
from sam_widget.widget import SamWidget

__version__ = "0.1.0"

__all__ = [
    "Annotation",
    "AnnotationError",
    "Annotations",
    "BundleMissing",
    "DownloadError",
    "Embedding",
    "EmbeddingCache",
    "EmbeddingMismatch",
    "FakePredictor",
    "ImageError",
    "ModelError",
    "Precomputed",
    "Prediction",
    "Predictor",
    "PromptError",
    "Prompts",
    "ProtocolError",
    "RgbImage",
    "Rle",
    "SamWidget",
    "SamWidgetError",
    "Session",
    "StaleGesture",
    "UnknownModel",
    "UnsupportedPrompt",
    "WeightsError",
    "WidgetClosed",
    "available",
    "load",
    "load_image",
    "precompute",
]
