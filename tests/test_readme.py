"""The README fits on a page, and begins with what everybody needs."""

from __future__ import annotations

import re
from pathlib import Path

from sam_widget import predictors

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
MAX_LINES = 150


def test_the_readme_is_one_page():
    assert len(README.splitlines()) <= MAX_LINES


def test_the_readme_begins_with_the_two_commands():
    first = re.search(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)[1]
    assert [line.split("#")[0].strip() for line in first.splitlines()] == ["make demo", "make test"]


def test_the_readme_installs_everything_first_and_the_small_set_second():
    lines = re.findall(r"^pip install (\S+) +# .*", README, re.MULTILINE)
    assert lines == ['"sam-widget[all]"', "sam-widget"]
    assert "(https://pytorch.org/get-started/locally/)" in README


def test_the_readme_names_every_model():
    assert [name for name in predictors.available() if f'`"{name}"`' not in README] == []
