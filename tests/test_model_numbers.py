"""Nothing outside a model knows how large its input and its logits are: it asks the frame."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import sam_widget

PACKAGE = Path(sam_widget.__file__).parent
MODELS = ("predictors/sam/", "predictors/lite/")
SIDES = (256, 1024)  # of SAM's logits and of its input

ALLOWED = {
    "ModelFrame": "the frame of SAM, the default that version 0.1 had for all models",
    "HISTORY_LIMIT": "states of a session",
    "LOG_LIMIT": "changes that a store remembers",
    "THUMBNAILS_WAITING": "requests of the page",
    "_EXPECTED_MASKS": "masks of an image",
    "_KINDS": "values of a byte",
    "_SHORT": "runs of a mask",
    "_majority": "values of a byte",
}
"""Names of what holds such a number and means something else, with what that is."""

WORDS = re.compile(r"\b(256|1024)(, | x | \u00d7 )(256|1024)\b")
NAMED = {"FakePredictor": "a text that names stored embeddings, and stays as it was"}


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(MODELS):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def found(node, wanted, within="module"):
    """Yield what is wanted of a tree, with the name of the assignment, function or class it is in.

    The outermost name: who looks for a constant looks for that.
    """
    for child in ast.iter_child_nodes(node):
        inner = within
        if within == "module":
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inner = child.name
            elif isinstance(child, ast.Assign | ast.AnnAssign):
                target = child.target if isinstance(child, ast.AnnAssign) else child.targets[0]
                inner = getattr(target, "id", within)
        if wanted(child):
            yield inner, child.lineno
        yield from found(child, wanted, inner)


def is_side(node):
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value in SIDES


def says_side(node):
    return (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and WORDS.search(node.value)
    )


def is_frame_of_nobody(node):
    """Whether a frame is made of a size alone: that is SAM's, whatever the model."""
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    return name == "ModelFrame" and len(node.args) + len(node.keywords) <= 2


def test_only_models_know_their_sides():
    places = [(name, *place) for name, tree in modules() for place in found(tree, is_side)]
    assert [place for place in places if place[1] not in ALLOWED] == []
    assert ALLOWED.keys() == {within for _, within, _ in places}  # none is listed in vain


def test_only_models_speak_of_their_sides():
    places = [(name, *place) for name, tree in modules() for place in found(tree, says_side)]
    assert [place for place in places if place[1] not in NAMED] == []


def test_nobody_else_makes_the_frame_of_one_model():
    places = [
        (name, *place)
        for name, tree in modules()
        if name not in ("predictors/base.py", "predictors/fake.py")  # the defaults, named as such
        for place in found(tree, is_frame_of_nobody)
    ]
    # A key of a stored embedding leaves out the frame that was the only one.
    assert {within for _, within, _ in places} <= {"EmbeddingKey"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A = [0, 256]", is_side),
        ("def f():\n    return g(x=1024)", is_side),
        ('def f():\n    """float32 (N, 256, 256)."""', says_side),
        ("class C:\n    frame = p.ModelFrame(3, width=4)", is_frame_of_nobody),
    ],
)
def test_the_search_finds_what_it_looks_for(text, wanted):
    assert len(list(found(ast.parse(text), wanted))) == 1
