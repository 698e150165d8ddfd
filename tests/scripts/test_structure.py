"""What the layout forbids is found in tiny trees, one fault at a time."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"

CLEAN = {
    "pyproject.toml": """
[[tool.importlinter.contracts]]
type = "layers"
layers = [
  "sam_widget.store", # "a comment"
  "sam_widget.masks | sam_widget.images",
  "sam_widget.errors : sam_widget.prompts",
]
""",
    "sam_widget/__init__.py": "def load(name):\n    from sam_widget.store import Store\n",
    "sam_widget/errors.py": "_count = 0\n",
    "sam_widget/prompts.py": "import sam_widget.errors\n",
    "sam_widget/images/__init__.py": '"""Read pictures, e.g. photographs, of any kind."""\n',
    "sam_widget/images/loading.py": "from sam_widget import errors\n",
    "sam_widget/masks/__init__.py": (
        '"""Masks as run lengths,\nand what is done with them."""\n'
        "from sam_widget.masks.rle import Rle\n"
    ),
    "sam_widget/masks/rle.py": (
        "import os\nfrom sam_widget.errors import ImageError\n_cached = {}\n"
        "class Rle:\n    __slots__ = ('_slot',)\n    _field: int\n"
        "    def __init__(self):\n        self._code, (self._size, _) = 1, (2, 3)\n"
        "    def _same(self, other):\n"
        "        return other._code, other._size, other._field, other._slot, self._same\n"
        "def leave():\n    os._exit(leave.__code__._cached)\n"
    ),
    "sam_widget/masks/runs.py": "from .rle import Rle\nfrom . import rle\n",
    "sam_widget/store/__init__.py": '"""Own the objects of an image."""\n',
    "sam_widget/store/store.py": (
        "from typing import TYPE_CHECKING\nfrom sam_widget.masks import Rle\n"
        "if TYPE_CHECKING:\n    from sam_widget.images import load_image\n"
    ),
    "js/src/index.ts": 'import { mount } from "./app";\nimport "./widget.css";\n',
    "js/src/app.tsx": (
        'import {\n  type Store,\n  createStore,\n} from "./state/store";\n'
        '// import { a } from "./index";\n/*\nimport "./index";\n*/\n'
        'const address = "https://example.org"; // export * from "./index"\n'
    ),
    "js/src/state/store.ts": 'import { Box } from "../geometry";\nimport "../protocol";\n',
    "js/src/geometry/index.ts": 'export type { Box } from "./box.ts";\n',
    "js/src/geometry/box.ts": 'const from = Array.from("./index");\n',
    "js/src/protocol.ts": 'export * from "./protocol.generated";\n',
    "js/src/protocol.generated.ts": "// line\n" * 600,
}


@pytest.fixture
def structure(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("structure")


def build(folder, files):
    for name, text in {**CLEAN, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def findings(structure, root, capsys, *arguments):
    status = structure.main(arguments, root)
    found = re.findall(r"^[\w./]+:\d+: .*", capsys.readouterr().out, re.MULTILINE)
    assert status == bool(found)
    return found


def test_a_clean_tree_has_no_findings(structure, tmp_path, capsys):
    build(tmp_path, {})
    assert findings(structure, tmp_path, capsys) == []


FAULTS = {
    "a circle of modules": (
        {"sam_widget/images/loading.py": "\ndef f():\n    import sam_widget.images.loading\n"},
        ["sam_widget/images/loading.py:3: 1 modules import each other in a circle"],
    ),
    "a circle under TYPE_CHECKING": (
        {
            "sam_widget/errors.py": (
                "from typing import TYPE_CHECKING\n"
                "if TYPE_CHECKING:\n    from sam_widget.prompts import Prompts\n"
            )
        },
        [
            (
                "sam_widget/errors.py:3: 2 modules import each other in a circle, for example "
                "sam_widget.errors -> sam_widget.prompts -> sam_widget.errors"
            )
        ],
    ),
    "a circle of folders and none of modules": (
        {
            "sam_widget/masks/deep/__init__.py": '"""Hold deep things."""\n',
            "sam_widget/masks/deep/one.py": "from sam_widget.masks.runs import strips\n",
            "sam_widget/masks/deep/two.py": "",
            "sam_widget/masks/runs.py": "import importlib\n"
            "importlib.import_module('sam_widget.masks.deep.two')\n",
        },
        [
            (
                "sam_widget/masks/deep/one.py:1: 2 folders import each other in a circle, for "
                "example sam_widget.masks.deep -> sam_widget.masks.runs -> sam_widget.masks.deep"
            )
        ],
    ),
    "a circle of types of the page": (
        {"js/src/geometry/box.ts": '\nexport type { Box } from ".";\n'},
        [
            (
                "js/src/geometry/box.ts:2: 2 modules import each other in a circle, for example "
                "geometry/box -> geometry/index -> geometry/box"
            )
        ],
    ),
    "too many modules in a folder": (
        {f"sam_widget/images/a{number}.py": "" for number in range(16)},
        ["sam_widget/images/:1: 17 modules in one folder, at most 16"],
    ),
    "a long module": (
        {"sam_widget/prompts.py": "\n" * 451, "js/src/geometry/box.ts": "\n" * 450},
        ["sam_widget/prompts.py:451: 451 lines in one module, at most 450"],
    ),
    "a long module of the page": (
        {"js/src/geometry/box.ts": "\n" * 451},
        ["js/src/geometry/box.ts:451: 451 lines in one module"],
    ),
    "a private name imported": (
        {"sam_widget/prompts.py": "from sam_widget.errors import _count\n"},
        ["sam_widget/prompts.py:1: uses _count, a private name of another file (lines 1)"],
    ),
    "a private name of a module": (
        {"sam_widget/prompts.py": "from sam_widget import errors\nerrors._count\n"},
        ["sam_widget/prompts.py:2: uses _count"],
    ),
    "a private attribute": (
        {
            "sam_widget/prompts.py": (
                "def f(rle):\n    rle._code += 1\n    _code = 1\n    return (rle.\n    __secret)\n"
            )
        },
        [
            "sam_widget/prompts.py:2: uses _code, a private name of another file (lines 2)",
            "sam_widget/prompts.py:5: uses __secret",
        ],
    ),
    "a private name set on another object": (
        {"sam_widget/prompts.py": "def f(rle):\n    rle._code = 1\n"},
        ["sam_widget/prompts.py:2: uses _code"],
    ),
    "an inherited private name": (
        {
            "sam_widget/store/store.py": (
                "from sam_widget.masks import Rle\n"
                "class Own(Rle):\n    def f(self):\n        return self._size\n"
            )
        },
        ["sam_widget/store/store.py:4: uses _size"],
    ),
    "an inherited private name that is assigned": (
        {
            "sam_widget/store/store.py": (
                "from sam_widget import masks\n"
                "class Between(masks.Rle): ...\n"
                "class Own(Between):\n    def f(self):\n        self._size = 1\n"
            )
        },
        ["sam_widget/store/store.py:5: uses _size"],
    ),
    "past the front door": (
        {"sam_widget/store/store.py": "\nfrom sam_widget.masks.rle import Rle, decode\n"},
        [
            (
                "sam_widget/store/store.py:2: imports sam_widget.masks.rle past the front door of "
                "its folder. Write: from sam_widget.masks import Rle, decode."
            )
        ],
    ),
    "a module past the front door, from the top": (
        {"sam_widget/__init__.py": "from sam_widget.masks import rle\n"},
        [
            (
                "sam_widget/__init__.py:1: imports sam_widget.masks.rle past the front door of its "
                "folder. Write: from sam_widget.masks import what you need."
            )
        ],
    ),
    "through its own front door": (
        {"sam_widget/masks/runs.py": "from sam_widget.masks import Rle\n"},
        ["sam_widget/masks/runs.py:1: imports sam_widget.masks, the front door of the folder"],
    ),
    "up": (
        {
            "sam_widget/images/loading.py": (
                "def f():\n    import os\n    from sam_widget.store import Store\n"
            ),
            "sam_widget/store/store.py": "",
        },
        ["sam_widget/images/loading.py:3: imports sam_widget.store, which is above it"],
    ),
    "sideways": (
        {"sam_widget/images/loading.py": "from sam_widget.masks import Rle\n"},
        ["sam_widget/images/loading.py:1: imports sam_widget.masks, which is beside it"],
    ),
    "up in the page": (
        {
            "js/src/geometry/box.ts": 'const x = 1;\nconst app = await import("../panels/a");\n',
            "js/src/panels/a.tsx": "",
        },
        ["js/src/geometry/box.ts:2: imports panels/a, which is above it"],
    ),
    "sideways in the page": (
        {"js/src/stage/b.ts": 'import "../panels/a";\n', "js/src/panels/a.tsx": ""},
        ["js/src/stage/b.ts:1: imports panels/a, which is beside it"],
    ),
    "out of the protocol": (
        {"js/src/protocol.ts": 'import type { Box } from "./geometry/box";\n'},
        ["js/src/protocol.ts:1: imports geometry/box, which is above it"],
    ),
    "in no layer": (
        {"js/src/masks.ts": ""},
        ["js/src/masks.ts:1: no layer has this module"],
    ),
    "a folder without a docstring": (
        {"sam_widget/store/__init__.py": "# Own the objects.\n"},
        ["sam_widget/store/__init__.py:1: the folder has no docstring of one sentence"],
    ),
    "a folder of two sentences": (
        {"sam_widget/store/__init__.py": '"""Own the objects.\n\nAll of them."""\n'},
        ["sam_widget/store/__init__.py:1: the folder has no docstring of one sentence"],
    ),
    "a folder that is no package": (
        {"sam_widget/jobs/run.py": ""},
        ["sam_widget/jobs/__init__.py:1: the folder has no docstring of one sentence"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(structure, tmp_path, capsys, fault):
    files, expected = FAULTS[fault]
    build(tmp_path, files)
    found = findings(structure, tmp_path, capsys)
    assert len(found) == len(expected), found
    for line, beginning in zip(found, expected, strict=True):
        assert line.startswith(beginning)


def test_layers_may_be_written_inside_a_container(structure, tmp_path):
    text = """
[[tool.importlinter.contracts]]
name = "down"
type = "layers"
containers = ["sam_widget"]
exhaustive = true
layers = [
  "store", # "not this"
  "(masks) | images",
  "predictors.base : errors",
]
layers_of_others = ["store"]
"""
    build(tmp_path, {"pyproject.toml": text})
    assert structure.python_layers(tmp_path) == [
        structure.Layer(("store",)),
        structure.Layer(("masks", "images")),
        structure.Layer(("predictors/base", "errors"), independent=False),
    ]


def test_a_project_without_layers_is_refused(structure, tmp_path):
    build(tmp_path, {"pyproject.toml": "layers = []\n"})
    with pytest.raises(ValueError, match=r"layers = \[...\] in pyproject.toml"):
        structure.main(["--python"], tmp_path)


def test_the_report_counts_modules_floors_and_arrows(structure, tmp_path, capsys):
    build(tmp_path, {"sam_widget/masks/rle_generated.py": ""})
    assert structure.main(["--python"], tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == [
        "sam_widget: 6 modules in 4 folders",
        "    2 sam_widget/",
        "    1 sam_widget/images/",
        "    2 sam_widget/masks/",
        "    1 sam_widget/store/",
        # store.store -> masks -> masks.rle -> errors
        "  modules: 4 import floors, 8 arrows, 0 circles",
        # sam_widget -> store -> masks -> errors
        "  folders: 4 import floors, 6 arrows, 0 circles",
    ]


def test_a_circle_is_one_floor_and_is_printed_with_its_members(structure, tmp_path, capsys):
    build(tmp_path, {"js/src/geometry/box.ts": 'import "./index";\n'})
    assert structure.main(["--page"], tmp_path) == 1
    out = capsys.readouterr().out
    # index -> app -> state/store -> protocol -> protocol.generated
    assert "  modules: 5 import floors, 7 arrows, 1 circles\n" in out
    assert "    circle of 2: geometry/box, geometry/index\n" in out


def test_the_folders_tell_what_they_are_for(structure, tmp_path, capsys):
    build(tmp_path, {})
    assert structure.main(["--folders"], tmp_path) == 0
    assert [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()] == [
        ["store/", "Own the objects of an image."],
        ["images/", "Read pictures, e.g. photographs, of any kind."],
        ["masks/", "Masks as run lengths, and what is done with them."],
    ]
