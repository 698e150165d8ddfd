"""A notebook opened again with the state of its widgets saved in it, and a kernel that is new."""

from __future__ import annotations

import nbformat
import pytest
from lab import READY_MS, Notebook
from nbformat.sign import NotebookNotary
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

CELL = """
import skimage.data
from ipywidgets import Widget
from sam_widget import SamWidget
w = SamWidget(skimage.data.coffee(), model="fake", labels=["cup"])
w
"""


@pytest.fixture
def restored(open_notebook, server, browser):
    """The widget as it comes out of a notebook that was saved with a mask on screen."""
    widget = (notebook := open_notebook(CELL)).widget()
    notebook.run_all()
    widget.click(300, 150)
    saved = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "widgets": {
                "application/vnd.jupyter.widget-state+json": notebook.python(
                    "Widget.get_manager_state()"
                )
            },
        },
        cells=[
            nbformat.v4.new_code_cell(
                CELL,
                outputs=[
                    nbformat.v4.new_output(
                        "display_data",
                        {
                            "application/vnd.jupyter.widget-view+json": {
                                "version_major": 2,
                                "version_minor": 0,
                                "model_id": notebook.python("w.model_id"),
                            }
                        },
                    )
                ],
            )
        ],
    )
    nbformat.write(saved, server.folder / "saved.ipynb")
    # JupyterLab shows no widget of a notebook that it does not trust.
    NotebookNotary(data_dir=str(server.folder / ".private" / "data")).sign(saved)
    notebook.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    yield Notebook.open(context, server, "saved.ipynb").widget()
    context.close()


def test_a_restored_page_is_a_picture_that_says_so_until_the_cell_runs_again(restored):
    root = restored.root
    root.wait_for(timeout=READY_MS)
    expect(root).to_have_attribute("data-connection", "absent")
    expect(root.get_by_test_id("picture-note")).to_contain_text("no kernel answers")
    expect(root.get_by_test_id("accept")).to_have_count(0)
    # What was on screen is on screen: the photo, and the mask where the click was.
    restored.page.wait_for_function(
        """() => {
            const canvas = document.querySelector("[data-testid=layer-image]");
            const {width, height} = canvas;
            const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
            return new Set(new Uint32Array(pixels.buffer)).size > 1000;
        }"""
    )
    assert restored.alpha_at([(300, 150)])[0] > 0
    # A click asks nothing, and nothing is said to be busy.
    restored.page.mouse.click(*restored.client(200, 100))
    restored.page.keyboard.press("Enter")
    expect(root).to_have_attribute("data-connection", "absent")
    expect(root.get_by_test_id("notice")).to_have_count(0)

    restored.notebook.run_all(wait=False)
    live = restored.page.locator(".sam-widget[data-connection=live][data-status=ready]")
    live.wait_for(timeout=READY_MS)
    expect(live.get_by_test_id("accept")).to_have_count(1)
    expect(live.get_by_test_id("picture-note")).to_have_count(0)
