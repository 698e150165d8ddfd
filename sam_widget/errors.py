"""Every exception this package raises on purpose.

::

    SamWidgetError
     +-- ImageError          (ValueError)    the image cannot be read, or is ambiguous
     +-- PromptError         (ValueError)    a prompt is malformed or off the image
     |    +-- UnsupportedPrompt              well-formed, but the model takes no such prompt
     +-- EditError           (ValueError)    an edit of a mask is malformed, or leaves nothing of it
     +-- ModelError          (RuntimeError)  a model cannot be found, loaded or used
     |    +-- UnknownModel   (ValueError)    no model has this name
     |    +-- WeightsError                   the weights are missing, damaged or foreign
     |    |    +-- DownloadError             the weights could not be fetched
     |    +-- EmbeddingMismatch              an embedding made by another model
     +-- NotEnoughMemory     (MemoryError)   what was asked for does not fit into memory
     +-- AnnotationError     (ValueError)    a mask, run-length code or annotation file is malformed
     +-- ExportError         (RuntimeError)  objects cannot be written where they would be exported
     +-- JournalError        (RuntimeError)  a journal cannot be opened, read or written
     |    +-- JournalInUse                   another process writes to it
     +-- JournalWarning      (UserWarning)   warned of: there is no journal, or it was damaged
     +-- StaleGesture                        a gesture acted on prompts or candidates that are gone
     +-- ProtocolError       (ValueError)    the page sent a malformed message
     +-- WidgetClosed        (RuntimeError)  the widget was closed and holds no image any more
     +-- BundleMissing       (RuntimeError)  the page's JavaScript has not been built

The built-in parents let code that knows nothing of this package catch ``ValueError`` or
``RuntimeError`` as usual.
"""

__all__ = [
    "AnnotationError",
    "BundleMissing",
    "DownloadError",
    "EditError",
    "EmbeddingMismatch",
    "ExportError",
    "ImageError",
    "JournalError",
    "JournalInUse",
    "JournalWarning",
    "ModelError",
    "NotEnoughMemory",
    "PromptError",
    "ProtocolError",
    "SamWidgetError",
    "StaleGesture",
    "UnknownModel",
    "UnsupportedPrompt",
    "WeightsError",
    "WidgetClosed",
]


class SamWidgetError(Exception):
    """Parent of every exception in this package."""


class ImageError(SamWidgetError, ValueError):
    """The image cannot be read, or how to show its values is ambiguous."""


class PromptError(SamWidgetError, ValueError):
    """A prompt is malformed, or lies outside the image."""


class UnsupportedPrompt(PromptError):  # noqa: N818 - reads as the fact it states
    """A well-formed prompt that this model or operation does not take."""


class EditError(SamWidgetError, ValueError):
    """An edit of a mask is malformed, has nothing to work on, or would leave nothing."""


class ModelError(SamWidgetError, RuntimeError):
    """A model cannot be found, loaded or used."""


class UnknownModel(ModelError, ValueError):  # noqa: N818
    """No model is registered under this name."""


class WeightsError(ModelError):
    """A weights file is missing, damaged, or belongs to another model."""


class DownloadError(WeightsError):
    """Weights could not be fetched, or what arrived is not what was expected."""


class EmbeddingMismatch(ModelError):  # noqa: N818
    """An embedding was handed to a model that did not make it."""


class NotEnoughMemory(SamWidgetError, MemoryError):  # noqa: N818
    """What was asked for does not fit into the memory that is left; nothing was started."""


class AnnotationError(SamWidgetError, ValueError):
    """A mask, a run-length code or an annotation file is malformed."""


class ExportError(SamWidgetError, RuntimeError):
    """Objects cannot be written where they would be exported: no room, or no permission."""


class JournalError(SamWidgetError, RuntimeError):
    """A journal cannot be opened, is of another image, or cannot be written."""


class JournalInUse(JournalError):  # noqa: N818
    """Another process has the journal open."""


class JournalWarning(SamWidgetError, UserWarning):  # noqa: N818
    """Warned of, not raised: objects are not saved, or a journal was damaged."""


class StaleGesture(SamWidgetError):  # noqa: N818
    """A gesture acted on prompts or candidates that are gone."""


class ProtocolError(SamWidgetError, ValueError):
    """The page sent a message that does not follow the protocol."""


class WidgetClosed(SamWidgetError, RuntimeError):  # noqa: N818
    """The widget was closed; its image, embedding and worker are gone."""


class BundleMissing(SamWidgetError, RuntimeError):  # noqa: N818
    """The JavaScript bundle of the page has not been built."""
