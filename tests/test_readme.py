"""The README and its neighbours: code runs, tables are complete, links lead somewhere."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import MappingProxyType

import pytest
from PIL import Image

import sam_widget
from sam_widget import FakePredictor, SamWidget, predictors
from sam_widget.publishing import PublishingWidget

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/architecture.md",
    "docs/installing.md",
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
KEYS = (ROOT / "js/src/commands/shortcuts.ts").read_text(encoding="utf-8")
GESTURES = (ROOT / "js/src/commands/pointer-gestures.ts").read_text(encoding="utf-8")


def test_the_code_in_the_readme_runs_from_top_to_bottom(coffee, tmp_path, monkeypatch):
    Image.fromarray(coffee).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    stand_in = MappingProxyType(
        {name: lambda *_arguments: FakePredictor() for name in predictors.available()}
    )
    monkeypatch.setattr(predictors, "_LOADERS", stand_in)
    blocks = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 4
    namespace = {}
    opened = []
    try:
        for block in blocks:
            exec(compile(block, "README.md", "exec"), namespace)
            opened += [one for one in namespace.values() if isinstance(one, SamWidget)]
        assert (tmp_path / "photo.coco.json").is_file()
        assert namespace["prediction"].masks.shape == (1, 400, 600)
        # Widgets on one file share its objects, those of later blocks included.
        assert {one.label for one in opened[0].annotations} == {"dog", "cup", "spoon"}
    finally:
        for one in opened:
            one.close()


def test_the_readme_begins_with_the_two_commands():
    first = re.search(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)[1]
    assert [line.split("#")[0].strip() for line in first.splitlines()] == ["make demo", "make test"]


def test_the_readme_lists_every_public_member_of_the_widget():
    own = [one for one in SamWidget.__mro__ if one.__module__.startswith("sam_widget.")]
    own.remove(PublishingWidget)  # what it has are hooks of ipywidgets
    members = [name for one in own for name in vars(one) if not name.startswith("_")]
    assert {"accept", "brush", "merge", "next", "wait"} <= set(members)
    # Traits that mirror state for the page are the page's own business.
    members = set(members) - {
        "image_state",
        "document",
        "prediction",
        "problem",
        "model_info",
        "labels",
        "series_state",
    }
    assert [name for name in sorted(members) if not re.search(rf"`{name}[`(]", README)] == []


def test_the_readme_shows_the_signature_of_the_widget():
    names = list(inspect.signature(SamWidget).parameters)
    shown = re.search(r"`SamWidget\((image, model.*?)\)`", README)[1]
    assert [part.split("=")[0].strip() for part in re.split(r", (?![^(]*\))", shown)] == [
        *names[:2],
        "*",
        *names[2:],
    ]


def test_the_readme_lists_every_gesture_and_key():
    gestures = re.findall(r'gesture: "(.*?)"', GESTURES)
    assert len(gestures) > 5
    assert [gesture for gesture in gestures if f"| {gesture} |" not in README] == []
    rows = re.findall(r"^    keys: \[(.*?)\]", KEYS, re.MULTILINE)
    keys = {key for row in rows for key in re.findall(r'"(.*?)"', row)}
    assert {"c", "Mod+z"} <= keys
    assert [key for key in sorted(keys) if f"`{_spelled(key)}`" not in README] == []


def _spelled(key):
    # "=" and "_" are "+" and "-" without the Shift key.
    key = {"Escape": "Esc", "=": "+", "_": "-"}.get(key, key.replace("Mod+", "Ctrl+"))
    # A single letter, alone or after a modifier, is shown as on the key.
    return re.sub(r"(^|\+)([a-z])$", lambda match: match[1] + match[2].upper(), key)


def test_the_readme_names_every_model():
    assert [name for name in predictors.available() if f'`"{name}"`' not in README] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for target in targets:
        if target.startswith(("http:", "https:", "#")):
            continue
        path, _, anchor = target.partition("#")
        linked = (ROOT / name).parent / path
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [heading.lower().replace(" ", "-") for heading in headings], target


def test_the_code_map_is_of_this_repository():
    paths = re.findall(r"`((?:sam_widget|js|tests|docs)/[^`]*)`", CONTRIBUTING)
    assert len(paths) > 30
    assert [path for path in paths if "NAME" not in path and not (ROOT / path).exists()] == []


def test_the_code_map_names_every_module():
    package = Path(sam_widget.__file__).parent
    modules = [
        path.relative_to(package.parent).as_posix()
        for path in sorted(package.rglob("*.py"))
        # A package's door and the parts of one model go with the file that uses them.
        if path.name != "__init__.py" and not path.name.startswith("lite_")
    ]
    assert [path for path in modules if f"`{path}`" not in CONTRIBUTING] == []
