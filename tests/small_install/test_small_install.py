"""The install without extras, in an environment of its own: no torch, and small."""

import os
import subprocess
from pathlib import Path

import pytest

from benchmarks.first_mask import environment_bytes, packages_of

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-small"
LIMIT = 450e6


@pytest.fixture(scope="module")
def python():
    folder = "Scripts" if os.name == "nt" else "bin"
    path = ENVIRONMENT / folder / "python"
    if not path.exists():
        pytest.fail(f"expected the environment {ENVIRONMENT}. Run `make small` to make it.")
    return path


def test_a_first_day_without_torch(python, tmp_path):
    # Nothing of this process's environment may lend its packages.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["SAM_WIDGET_CACHE"] = str(tmp_path / "cache")
    (tmp_path / "day").mkdir()
    script = Path(__file__).with_name("first_day.py")
    run = subprocess.run(
        [python, "-W", "error", script, tmp_path / "day"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=280,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == "no torch"


def test_the_environment_is_small(python):
    packages = packages_of(ENVIRONMENT)
    assert {"onnxruntime", "ipycanvas", "segment_anything"} <= packages.keys()
    assert not {"torch", "onnx", "jupyterlab"} & packages.keys()
    size = environment_bytes(ENVIRONMENT)
    print(f"{size / 1e6:.0f} MB without JupyterLab")
    assert size < LIMIT
