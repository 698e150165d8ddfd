import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

QUALITY = Path(__file__).parents[2] / "benchmarks" / "quality.py"


@pytest.fixture(scope="module")
def quality():
    spec = importlib.util.spec_from_file_location("quality", QUALITY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_one_run_gives_one_table(quality, promptable, tmp_path, capsys):
    out = tmp_path / "quality.json"
    quality.main(
        [
            "--data",
            str(promptable),
            "--models",
            "fake",
            "--count",
            "3",
            "--clicked",
            "1",
            "--clicks",
            "2",
            "--json",
            str(out),
        ]
    )
    text = capsys.readouterr().out
    table = json.loads(out.read_text())
    assert set(table) == {"fake", "classical"}
    assert set(table["fake"]) == {"shapes", "more_shapes"}
    assert text.count("mean over sets") == 2
    assert table["classical"]["shapes"]["box"] > 0.5
    assert table["classical"]["shapes"]["oracle"] > 0.5


def test_grabcut_finds_a_bright_square(quality):
    image = np.full((40, 40, 3), 20, np.uint8)
    image[12:28, 12:28] = 220
    mask = quality.grabcut(image, (8, 8, 32, 32))
    assert mask[12:28, 12:28].mean() > 0.95
    assert mask.sum() < 1.1 * 16 * 16


def test_grabcut_has_nothing_to_learn_from_a_box_around_everything(quality):
    assert quality.grabcut(np.zeros((10, 10, 3), np.uint8), (0, 0, 10, 10)).all()
