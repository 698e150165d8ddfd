"""axe-core finds nothing to object to, in any state and either theme."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
CELL = """
from pathlib import Path
from PIL import Image
import numpy as np
from sam_widget import SamWidget
folder = Path("{name}")
folder.mkdir(exist_ok=True)
pixels = np.random.default_rng(0).integers(0, 255, (400, 600, 3), dtype=np.uint8)
for name in ("a.png", "b.png"):
    Image.fromarray(pixels).save(folder / name)
w = SamWidget.from_folder(folder, model="fake", labels=["cup", "saucer", "spoon"])
w
"""
TWENTY = """
for i in range(20):
    x, y = (i % 5 + 0.5) * 120, (i // 5 + 0.5) * 100
    w.set_box(x - 30, y - 20, x + 30, y + 20)
    w.accept(["cup", "saucer", ""][i % 3])
"""


def violations(widget):
    """What axe-core objects to within the widget: rule, what it is about, and why."""
    return widget.root.evaluate(
        """async (root) => {
            const {violations} = await axe.run(root, {resultTypes: ["violations"]});
            return violations.flatMap(({id, nodes}) =>
                nodes.map(({html, failureSummary}) => [id, html.slice(0, 160), failureSummary]));
        }"""
    )


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_no_violation(open_notebook, request, theme):
    name = request.node.name.translate(str.maketrans("[] ", "___"))
    viewport = {"width": 1280, "height": 1000}
    notebook = open_notebook(CELL.format(name=name), viewport=viewport, theme=theme)
    notebook.run_all()
    widget, page = notebook.widget(), notebook.page
    page.add_script_tag(path=AXE)
    part = widget.root.get_by_test_id
    found = {}

    part("first-step").wait_for()
    found["empty"] = violations(widget)
    widget.click(300, 200)
    part("candidate-2").wait_for()
    found["candidates"] = violations(widget)
    part("label-chip").first.click()
    found["label chosen"] = violations(widget)
    part("tool-brush").click()
    part("edit-merge").wait_for()
    found["edit"] = violations(widget)
    part("tool-point").click()
    part("editing-open").click()
    notebook.execute(TWENTY)
    expect(part("object-count")).to_have_text("20")
    widget.wait_ready()
    found["objects"] = violations(widget)
    part("object-label").first.click()
    part("selection-bar").wait_for()
    found["selection"] = violations(widget)
    part("everything").click()
    part("everything-run").click()
    part("everything-keep-all").wait_for()
    found["everything"] = violations(widget)
    part("everything").click()
    part("help-open").click()
    expect(part("help")).to_be_visible()
    found["help"] = violations(widget)
    part("help-close").click()
    part("full-window").click()
    expect(widget.root).to_have_attribute("data-full", "true")
    found["full window"] = violations(widget)
    part("full-window").click()
    notebook.execute("w.layout.width = '400px'")
    page.wait_for_function(
        "root => root.getBoundingClientRect().width === 400", arg=widget.root.element_handle()
    )
    found["narrow"] = violations(widget)
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()")
    part("problem").wait_for()
    found["kernel lost"] = violations(widget)
    assert {state: those for state, those in found.items() if those} == {}
