"""README, CONTRIBUTING, the site: code runs, tables and reference are complete, links work."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType

import anywidget
import pytest
from PIL import Image

import sam_widget
from sam_widget import FakePredictor, SamWidget, predictors
from sam_widget.formats import FORMATS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REPOSITORY = "https://github.com/sam-widget/sam-widget/blob/main/"
MAX_COLUMNS = 110


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def source(name):
    """The text of a TypeScript file, wherever it lies."""
    (path,) = (ROOT / "js/src").rglob(name)
    return path.read_text(encoding="utf-8")


DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
DOCUMENTS += sorted(path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md"))


def code_of(name):
    return re.findall(r"^```python\n(.*?)^```", read(name), re.DOTALL | re.MULTILINE)


def without_code(text):
    return re.sub(r"^( *)```.*?^\1```", "", text, flags=re.DOTALL | re.MULTILINE)


# ---- code ---------------------------------------------------------------------------------------

CHECKS = {
    "README.md": """
        assert Path("photo.coco.json").is_file()
        assert Path("photo.jpg.sam.jsonl").is_file()
        assert [annotation.label for annotation in w.annotations] == ["dog"]
    """,
    "docs/index.md": """
        assert Path("photo.coco.json").is_file()
        assert w.masks.shape == (0, 400, 600)
    """,
    "docs/jobs/label.md": """
        assert [annotation.label for annotation in w.annotations] == ["dog", "cat"]
        assert Path("photos.coco.json").is_file()
    """,
    "docs/jobs/tutorial.md": """
        assert w.points == [(300, 150, True)]
        assert prediction.masks.shape == (3, 400, 600)
    """,
    "docs/jobs/inspect.md": """
        assert shown.annotations[0].label == "cup"
        assert list(table["label"]) == ["cup"]
        assert len(found.table) == 3 * 16
    """,
    "docs/guides/prompts.md": """
        assert w.status == "ready"
        assert prediction.masks.shape == (1, 400, 600)
        assert prediction.logits.shape == (1, 256, 256)
    """,
    "docs/guides/objects.md": """
        assert [annotation.label for annotation in w.annotations] == ["cat"]  # undone, and redone
        assert replay[0].iou > 0.99  # the stand-in is one model under all names
        assert "annotations" in script
    """,
    "docs/guides/editing.md": """
        assert w.annotations[0].label == "dog"
        assert not w.annotations[0].mask[0, 0]
    """,
    "docs/guides/series.md": """
        assert w.series.statuses == ("done",)
        assert w.series.next_todo() is None
        assert Path("all.coco.json").is_file()
        assert Path("annotations.coco.json").is_file()
    """,
    "docs/guides/everything.md": """
        assert len(kept) == len(found.refilter(pred_iou_thresh=0.5)) > 0
        assert [annotation.label for annotation in added] == ["cup", "spoon"]
        assert [annotation.label for annotation in annotations] == ["cup"]
        assert records[0]["segmentation"]["size"] == [400, 600]
    """,
    "docs/guides/formats.md": """
        assert Path("photo.labelme.json").is_file()
        assert [len(image) for image in images] == [1]
        assert Path("all.coco.json").is_file()
        assert len(annotations) == len(sure) == 1
        assert annotations[0].prompts.points == ((410, 220),)
    """,
    "docs/guides/models.md": """
        assert isinstance(yours, Predictor)
        assert first.masks.shape == second.masks.shape
    """,
    "docs/guides/embeddings.md": """
        assert (done.encoded, done.found, done.failed) == (1, 0, ())
        assert cache.nbytes == 0
    """,
    "docs/guides/images.md": """
        assert photo.pixels.shape == (400, 600, 3)
        assert "200" in load_image(depth).note
        assert w.image.shape == (60, 80, 3)
    """,
    "docs/installing.md": """
        assert sam_widget.__version__
    """,
}


def test_every_page_with_code_is_checked():
    assert sorted(CHECKS) == sorted(name for name in DOCUMENTS if code_of(name))


@pytest.mark.parametrize("name", CHECKS)
def test_the_code_of_a_page_runs_from_top_to_bottom(name, coffee, tmp_path, monkeypatch):
    Image.fromarray(coffee).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    stand_in = MappingProxyType(
        {model: lambda *_arguments: FakePredictor() for model in predictors.available()}
    )
    monkeypatch.setattr(predictors, "_LOADERS", stand_in)
    namespace = {}
    opened = []
    try:
        for block in code_of(name):
            exec(compile(block, name, "exec"), namespace)
            opened += [value for value in namespace.values() if isinstance(value, SamWidget)]
        exec(inspect.cleandoc(CHECKS[name]), {"Path": Path, **namespace})
    finally:
        for widget in opened:
            widget.close()


# ---- what is complete ---------------------------------------------------------------------------


def test_the_widget_page_lists_every_public_member():
    text = read("docs/reference/widget.md")
    own = [kind for kind in SamWidget.__mro__ if kind.__module__.startswith("sam_widget.")]
    members = {name for kind in own for name in vars(kind) if not name.startswith("_")}
    assert {"accept", "brush", "merge", "next", "wait", "close"} <= members
    members -= set(dir(anywidget.AnyWidget)) - {"close"}  # hooks of ipywidgets
    # Traits that mirror state for the page are the page's own business.
    members -= {
        "image_state",
        "document",
        "answer",
        "problem",
        "model_info",
        "labels",
        "offered_labels",
        "series_state",
    }
    assert [name for name in sorted(members) if not re.search(rf"`{name}[`(]", text)] == []


def test_the_widget_page_shows_the_signature():
    names = list(inspect.signature(SamWidget).parameters)
    text = read("docs/reference/widget.md")
    shown = re.search(r"^SamWidget\((image, model.*?)\)$", text, re.DOTALL | re.MULTILINE)[1]
    assert [part.split("=")[0].strip() for part in re.split(r",\s+(?![^(]*\))", shown)] == [
        *names[:2],
        "*",
        *names[2:],
    ]


def test_every_public_name_has_one_entry_in_the_reference():
    pages = [path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md")]
    entries = re.findall(r"^::: sam_widget\.(\S+)$", "\n".join(pages), re.MULTILINE)
    assert sorted(entries) == sorted(sam_widget.__all__)
    overview = read("docs/reference/index.md")
    listed = set(re.findall(r"\]\[sam_widget\.(\w+)\]", overview))
    errors = {name for name in sam_widget.__all__ if name in sam_widget.errors.__all__}
    assert listed == set(sam_widget.__all__) - errors | {"SamWidgetError"}


def test_the_tree_of_errors_is_that_of_the_code():
    tree = re.search(r"```text\n(.*?)```", read("docs/reference/errors.md"), re.DOTALL)[1]
    path, shown = [], {}
    for line in tree.splitlines():
        indent, name = re.match(r"^([ |]*(?:\+-- )?)(\w+)", line).groups()
        path[len(indent) // 5 :] = [name]
        shown[name] = path[-2] if len(path) > 1 else "Exception"
    errors = sam_widget.errors
    assert shown == {name: getattr(errors, name).__bases__[0].__name__ for name in errors.__all__}


def test_the_guide_lists_every_gesture_and_key():
    text = read("docs/guides/gestures.md")
    gestures = re.findall(r'gesture: "(.*?)"', source("words/pointer-gestures.ts"))
    assert len(gestures) > 5
    assert [gesture for gesture in gestures if f"| {gesture} |" not in text] == []
    rows = re.findall(r"^    keys: \[(.*?)\]", source("shortcuts.ts"), re.MULTILINE)
    keys = {key for row in rows for key in re.findall(r'"(.*?)"', row)}
    tool = r'^  tool\(\s*"\w+",\s*"\w+",\s*"(\w)"'
    keys |= set(re.findall(tool, source("shortcuts.ts"), re.MULTILINE))
    assert {"c", "Mod+z", "p", "l", "g"} <= keys
    assert [key for key in sorted(keys) if f"`{_spelled(key)}`" not in text] == []


def _spelled(key):
    # "=" and "_" are "+" and "-" without the Shift key.
    key = {"Escape": "Esc", "=": "+", "_": "-"}.get(key, key.replace("Mod+", "Ctrl+"))
    # A single letter, alone or after a modifier, is shown as on the key.
    return re.sub(r"(^|\+)([a-z])$", lambda match: match[1] + match[2].upper(), key)


def test_the_guide_names_every_model():
    text = read("docs/guides/models.md")
    assert [name for name in predictors.available() if f'`"{name}"`' not in text] == []


def test_the_guide_has_a_row_for_every_format():
    rows = re.findall(r'^\| (.*?) \| `"(\w+)"` \|', read("docs/guides/formats.md"), re.MULTILINE)
    endings = [(f"`{kind.SUFFIX}`" if kind.SUFFIX else "a folder") for kind in FORMATS.values()]
    assert rows == list(zip(endings, FORMATS, strict=True))


# ---- links and layout ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name):
    text = without_code(read(name))
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for target in targets:
        path, _, anchor = target.partition("#")
        if target.startswith(REPOSITORY):
            linked = ROOT / path.removeprefix(REPOSITORY)
        elif target.startswith(("http:", "https:")):
            continue
        else:
            linked = (ROOT / name).parent / path if path else ROOT / name
        assert linked.exists(), target
        if anchor and linked.suffix == ".md":
            headings = re.findall(r"^#+ (.*)", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [_anchor(heading) for heading in headings], target


def _anchor(heading):
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_prose_is_wrapped(name):
    lines = without_code(read(name)).splitlines()
    # Rows of tables cannot be broken.
    prose = [line for line in lines if not line.startswith("|")]
    assert [line for line in prose if len(line) > MAX_COLUMNS] == []


# ---- the site -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The documentation, built as `make check` builds it."""
    folder = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [Path(sys.executable).parent / "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "WARNING" not in run.stderr
    return folder


class Page(HTMLParser):
    """What a page names, and what it loads."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.loaded = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids.add(values.get("id"))
        if tag in {"script", "img", "iframe", "source"}:
            self.loaded.append(values.get("src") or "")
        elif tag == "link" and values.get("rel") != "canonical":
            self.loaded.append(values["href"])


def test_the_site_has_every_public_name_and_loads_nothing_from_elsewhere(site):
    pages = [Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")]
    assert len(pages) > 25
    named = set().union(*(page.ids for page in pages))
    assert [name for name in sam_widget.__all__ if f"sam_widget.{name}" not in named] == []
    assert {"sam_widget.SamWidget.accept", "sam_widget.SamWidget.brush"} <= named
    loaded = {address for page in pages for address in page.loaded}
    assert [address for address in loaded if re.match(r"(https?:)?//", address)] == []
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\(['\"]?(?:https?:)?//|@import", styles) == []


def test_no_role_of_restructured_text_is_left_in_the_reference(site):
    for path in (site / "reference").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r":(?:attr|class|func|meth|mod):|\]_|\.\. \[", text) == [], path.name
