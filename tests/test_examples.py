"""The notebooks run from top to bottom in a real kernel, and hold what their text says."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOKS = sorted(path.name for path in EXAMPLES.glob("*.ipynb"))

# Run as a last cell, in the notebook's own namespace.
CHECKS = {
    "01_click.ipynb": """
        import json
        from pathlib import Path

        saved = json.loads(Path("coffee.coco.json").read_text())
        assert [one["name"] for one in saved["categories"]] == ["coffee"]
        assert saved["images"][0]["width"] == photo.shape[1]
        assert accepted.mask.shape == photo.shape[:2]
        assert accepted.mask[150, 300]
        assert accepted.prompts.points == ((300.0, 150.0),)
        assert list(w.annotations) == [accepted]
        assert w.points == [] and w.masks.shape == (0, 400, 600)
        assert w.status == "ready"
    """,
    "02_prompting.ipynb": """
        assert sorted(areas) == list(areas) and areas[0] > 0
        assert chosen.shape == boxed.shape == photo.shape[:2]
        assert mask_iou(chosen, boxed) > 0.5
        assert three == (3, 300, 451)
        assert first[243, 262] and not less[185, 236] and more[225, 190]
        assert mask_iou(rough, eye.mask) > 0.5
        assert before == ([(290.0, 110.0, 345.0, 165.0)], 0)
        assert [one.label for one in w.annotations] == ["eye"]
        assert w.points == [(170.0, 118.0, True)]
        assert np.array_equal(prediction.masks[by_area], w.masks)
        assert w.status == "ready"
        # Observers run on the thread that made the change: here, the widget's own.
        worker = w._worker._thread
        w.close()
        worker.join(60)
        assert area.value.startswith("chosen mask: ")
    """,
    "03_everything.ipynb": """
        assert len(found.table) == 3 * 64 and len(found) > 2
        assert len(found) > len(found.refilter(pred_iou_thresh=0.7))
        assert len(chosen.masks) == len(chosen) > 3
        assert [one.label for one in kept] == ["large"] * 3
        assert part.table.points[:, 0].min() > 160 and part.table.points[:, 1].max() < 300
        assert [one.label for one in w.annotations][-2:] == ["cup", "spoon"]
        assert cup.mask[15:290, 165:425].sum() > 0.9 * cup.area > 0
        assert len(records) == len(stream.result) > 0 and isinstance(records[0], dict)
        assert w.status == "ready"
    """,
}


def dedented(code):
    return "\n".join(line.removeprefix("        ") for line in code.strip("\n").splitlines())


@pytest.fixture(params=NOTEBOOKS)
def notebook(request):
    return request.param, nbformat.read(EXAMPLES / request.param, as_version=4)


def test_a_notebook_runs_and_holds_what_it_says(notebook, tmp_path):
    name, cells = notebook
    cells.cells.append(nbformat.v4.new_code_cell(dedented(CHECKS[name])))
    client = NotebookClient(
        cells, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()  # an exception in a cell is raised here
    streams = [
        output.text
        for cell in cells.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr"
    ]
    assert streams == []


def test_a_notebook_is_committed_clean(notebook):
    _, cells = notebook
    for cell in cells.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_a_notebook_names_its_model_once_and_credits_its_photo(notebook):
    _, cells = notebook
    code = "\n".join(cell.source for cell in cells.cells if cell.cell_type == "code")
    assert len(re.findall(r"^MODEL = ", code, re.MULTILINE)) == 1
    text = "\n".join(cell.source for cell in cells.cells if cell.cell_type == "markdown")
    assert "CC0" in text
