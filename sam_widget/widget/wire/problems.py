"""Exceptions in words for the person: what happened, what to do next."""

from __future__ import annotations

from typing import Any, Final, TypedDict

from sam_widget.errors import (
    AnnotationError,
    DownloadError,
    EditError,
    ExportError,
    ImageError,
    JournalError,
    ModelError,
    NotEnoughMemory,
    PromptError,
    ProtocolError,
    StaleGesture,
    WeightsError,
    WidgetClosed,
)

__all__ = ["Problem", "error_reply", "problem_of"]


class Problem(TypedDict):
    """What went wrong, in words for the person in front of it, and what to do next."""

    code: str
    message: str
    hint: str


_HINTS: Final[tuple[tuple[type[Exception], str, str], ...]] = (
    (StaleGesture, "stale", "Look at the current state and repeat the gesture."),
    (EditError, "edit", "Nothing was changed: adjust the edit and try again."),
    (PromptError, "prompt", "Adjust the prompt and try again."),
    (ProtocolError, "protocol", "Reload the page; if it stays, report this as a bug."),
    (DownloadError, "download", "Connect to the network, or pass checkpoint= with a local file."),
    (WeightsError, "weights", 'Use another model, such as model="fake", or another checkpoint.'),
    (ModelError, "model", "Check the model's name and device, then run the cell again."),
    (ImageError, "image", "Give another image, or convert this one first."),
    (AnnotationError, "annotation", "Check the file or the mask, then try again."),
    (
        ExportError,
        "export",
        "Nothing is lost: the objects are kept, and w.annotations.save(path) writes elsewhere.",
    ),
    (
        JournalError,
        "journal",
        "Nothing is lost: it stays in memory, and w.annotations.save(...) writes it elsewhere.",
    ),
    (WidgetClosed, "closed", "Run the cell again to make a new widget."),
    (NotEnoughMemory, "memory", "Use fewer points, or close other notebooks."),
    (MemoryError, "memory", "Close other widgets, use a smaller image or a smaller model."),
)


def problem_of(error: BaseException) -> Problem:
    """Say in words what an exception means to the person in front of the widget."""
    message = str(error) or type(error).__name__
    for kind, code, hint in _HINTS:
        if isinstance(error, kind):
            return {"code": code, "message": message, "hint": hint}
    if "out of memory" in message.lower():
        hint = 'Use a smaller image, a smaller model, or device="cpu".'
        return {"code": "memory", "message": message, "hint": hint}
    return {
        "code": "internal",
        "message": f"{type(error).__name__}: {message}",
        "hint": "This is a bug: the kernel's log has the traceback.",
    }


def error_reply(identity: str | None, error: BaseException) -> dict[str, Any]:
    """Answer a request with what went wrong."""
    return {"type": "error", "to": identity, **problem_of(error)}
