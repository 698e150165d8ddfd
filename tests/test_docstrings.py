"""Every example in a docstring does what it says."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import sam_widget

PACKAGE = Path(sam_widget.__file__).parent
MODULES = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in sorted(PACKAGE.rglob("*.py"))
    if re.search(r">>> (?!.*# doctest: \+SKIP)", path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name):
    done = doctest.testmod(importlib.import_module(name.removesuffix(".__init__")))
    assert done.attempted > 0
    assert done.failed == 0
