"""What a notebook stores that is executed without a page, as papermill and nbconvert do."""

from __future__ import annotations

import base64

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

WIDGETS = "application/vnd.jupyter.widget-state+json"

NOTEBOOKS = {
    "candidates that are gone again": """
        from sam_widget import SamWidget
        w = SamWidget("a.png", model="fake")
        w
        # next
        from ipywidgets import IntSlider
        IntSlider()
        # next
        w.add_point(300, 200)
        assert len(w.masks) == 3
        w.accept("cup")
        assert len(w.masks) == 0
    """,
    "fewer candidates": """
        from sam_widget import SamWidget
        w = SamWidget("a.png", model="fake")
        w.add_point(300, 200)
        w
        # next
        w.add_point(310, 200)
        assert len(w.masks) == 1
    """,
    "an image that cannot be read": """
        from sam_widget import SamWidget
        w = SamWidget.from_folder(".", model="fake")
        w
        # next
        w.add_point(300, 200)
        try:
            w.next()
        except Exception as error:
            assert "b.png" in str(error)
    """,
    "everything": """
        from sam_widget import SamWidget
        w = SamWidget("a.png", model="fake")
        w
        # next
        run = w.everything(points_per_side=4, pred_iou_thresh=0, stability_score_thresh=0)
        run.wait(60)
        run.keep("thing")
        w.undo()
        w.series
    """,
}


def found(state, path):
    """What lies at a path of the state, or its place if that is free; fails where there is none."""
    *parents, last = path
    for key in parents:
        state = state[key]
    assert isinstance(state, dict | list)
    assert not isinstance(state, list) or last < len(state)
    return state.get(last) if isinstance(state, dict) else state[last]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_stored_buffer_has_its_place_in_the_stored_state(name, tmp_path, coffee):
    Image.fromarray(coffee).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no image")
    lines = [line.removeprefix("        ") for line in NOTEBOOKS[name].strip("\n").splitlines()]
    sources = "\n".join(lines).split("# next\n")
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()

    stored = notebook.metadata.widgets[WIDGETS]["state"]
    (widget,) = [one for one in stored.values() if one["model_name"] == "AnyModel"]
    paths = set()
    for buffer in widget["buffers"]:
        assert found(widget["state"], buffer["path"]) is None  # taken out, to be put in again
        paths.add(tuple(buffer["path"]))
    assert paths == {("image_state", "preview"), ("answer", "masks")}
    sizes = {tuple(one["path"]): len(base64.b64decode(one["data"])) for one in widget["buffers"]}
    candidates = widget["state"]["answer"]["candidates"]
    assert sizes["answer", "masks"] == sum(one["bytes"] for one in candidates)
    shown = widget["state"]["image_state"]["id"] != ""
    assert shown == (sizes["image_state", "preview"] > 0)
    assert shown == (name != "an image that cannot be read")
