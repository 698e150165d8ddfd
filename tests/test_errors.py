"""The exception tree: names, parents, and the drawing of it."""

import inspect

import pytest

from sam_widget import errors

PARENTS = {
    "SamWidgetError": (Exception,),
    "ImageError": (errors.SamWidgetError, ValueError),
    "ExportError": (errors.SamWidgetError, RuntimeError),
    "PromptError": (errors.SamWidgetError, ValueError),
    "UnsupportedPrompt": (errors.PromptError,),
    "EditError": (errors.SamWidgetError, ValueError),
    "ModelError": (errors.SamWidgetError, RuntimeError),
    "UnknownModel": (errors.ModelError, ValueError),
    "WeightsError": (errors.ModelError,),
    "DownloadError": (errors.WeightsError,),
    "EmbeddingMismatch": (errors.ModelError,),
    "NotEnoughMemory": (errors.SamWidgetError, MemoryError),
    "AnnotationError": (errors.SamWidgetError, ValueError),
    "JournalError": (errors.SamWidgetError, RuntimeError),
    "JournalInUse": (errors.JournalError,),
    "JournalWarning": (errors.SamWidgetError, UserWarning),
    "StaleGesture": (errors.SamWidgetError,),
    "ProtocolError": (errors.SamWidgetError, ValueError),
    "WidgetClosed": (errors.SamWidgetError, RuntimeError),
    "BundleMissing": (errors.SamWidgetError, RuntimeError),
}


def test_all_lists_every_exception():
    defined = {name for name, _ in inspect.getmembers(errors, inspect.isclass)}
    assert defined == set(PARENTS) == set(errors.__all__)


@pytest.mark.parametrize(("name", "parents"), PARENTS.items())
def test_parents(name, parents):
    error = getattr(errors, name)
    assert error.__bases__ == parents
    with pytest.raises(errors.SamWidgetError, match="what happened"):
        raise error("what happened")


def test_the_docstring_draws_every_exception_below_its_parent():
    lines = errors.__doc__.splitlines()
    depth = {}
    for line in lines:
        for name in PARENTS:
            if line.replace("|", " ").replace("+--", "   ").split()[:1] == [name]:
                depth[name] = line.index(name)
    assert set(depth) == set(PARENTS)
    for name, parents in PARENTS.items():
        if name != "SamWidgetError":
            assert depth[name] == depth[parents[0].__name__] + 5
