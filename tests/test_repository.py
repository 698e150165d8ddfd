"""The files around the code: versions agree, the wheel is whole, nothing refers to one machine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import sam_widget

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
MAX_IMAGE_BYTES = 300_000


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True, capture_output=True,
    )  # fmt: skip
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_the_wheel_holds_the_bundle_and_all_of_the_package(wheel):
    names = set(wheel.namelist())
    for bundle in ("sam_widget/static/widget.js", "sam_widget/static/widget.css"):
        assert wheel.read(bundle) == (ROOT / bundle).read_bytes()
        assert len(wheel.read(bundle)) > 1000
    package = ROOT / "sam_widget"
    kept = {".py", ".typed", ".safetensors", ".onnx"}
    own = {path.relative_to(ROOT).as_posix() for path in package.rglob("*") if path.suffix in kept}
    assert own | {"sam_widget/py.typed"} <= names


def test_the_wheel_stays_small(wheel):
    assert sum(entry.compress_size for entry in wheel.infolist()) < 25e6


def test_the_wheel_holds_nothing_else(wheel):
    whole = f"sam_widget-{sam_widget.__version__}"
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"sam_widget", f"{whole}.dist-info", f"{whole}.data"}
    # What is installed beside the package: the server extension's switch.
    data = [name for name in wheel.namelist() if name.startswith(f"{whole}.data/")]
    assert data == [f"{whole}.data/data/etc/jupyter/jupyter_server_config.d/sam_widget.json"]


def test_the_version_is_the_same_everywhere():
    version = sam_widget.__version__
    assert re.search(r'^version = "(.*)"', read("pyproject.toml"), re.MULTILINE)[1] == version
    assert json.loads(read("package.json"))["version"] == version
    assert json.loads(read("package-lock.json"))["version"] == version
    assert re.search(r"^version: (.*)", read("CITATION.cff"), re.MULTILINE)[1] == version


def test_the_lock_file_names_no_host():
    # Everybody's npm asks the registry that it is set up for.
    lock = read("package-lock.json")
    assert '"resolved"' not in lock
    assert not re.search(r"https?://[^\"]*registry", lock)
    assert '"integrity": "sha512-' in lock


def test_imports_point_down():
    run = subprocess.run(
        [BIN / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


def test_pre_commit_and_make_check_run_the_same_tools():
    hooks = read(".pre-commit-config.yaml")
    check = read("Makefile").split("\ncheck:")[1].split("\n\n")[0]
    for tool in (
        "ruff check",
        "ruff format --check",
        "mypy",
        "lint-imports",
        "sam_widget.widget.wire.typescript --check",
        "npm run check",
        "mkdocs build --strict",
    ):
        assert tool in hooks
        assert tool in check
    assert "http" not in hooks


def test_ci_runs_what_the_readme_tells():
    lines = read(".ci/run").splitlines()
    commands = [line for line in lines if not line.startswith(("#", "set ", "cd "))]
    assert commands == ["make test", "make check"]


@pytest.mark.parametrize("name", ["light", "dark", "narrow", "candidates", "objects"])
def test_the_pictures_are_there_small_and_used(name):
    path = ROOT / "docs" / "images" / f"{name}.webp"
    assert path.stat().st_size < MAX_IMAGE_BYTES
    assert f"docs/images/{name}.webp" in read("README.md")


def test_the_code_map_has_a_row_for_each_folder():
    rows = re.findall(
        r"^\| `((?:sam_widget|js/src)/\w+)/` \|", read("CONTRIBUTING.md"), re.MULTILINE
    )
    assert sorted(rows) == folders("js/src") + folders("sam_widget")


def test_the_architecture_page_has_a_row_for_each_folder():
    python, typescript = read("docs/architecture.md").split("| `js/src/` |")
    python = python.split("| `sam_widget/` |")[1]
    for text, root in ((python, "sam_widget"), (typescript, "js/src")):
        rows = re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE)
        assert sorted(f"{root}/{name}" for name in rows) == folders(root)


def test_the_code_map_names_only_what_is_there():
    paths = re.findall(
        r"`((?:sam_widget|js|tests|docs|benchmarks)/[^`]*)`", read("CONTRIBUTING.md")
    )
    assert len(paths) > 30
    wrong = [path for path in paths if "*" not in path and not (ROOT / path).exists()]
    assert wrong == []


def folders(root):
    """Folders of code right under `root`, sorted; `sam_widget/static` holds no code."""
    files = [*(ROOT / root).glob("*/*.py"), *(ROOT / root).glob("*/*.ts*")]
    return sorted({path.parent.relative_to(ROOT).as_posix() for path in files})
