"""Everything mode on the page: found, sieved, pointed at, kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

CELL = """
import skimage.data
from sam_widget import SamWidget
w = SamWidget(skimage.data.coffee())
w
"""


@pytest.fixture
def widget(open_notebook):
    notebook = open_notebook(CELL)
    notebook.run_all()
    return notebook.widget()


def of(widget, name):
    return widget.root.get_by_test_id(f"everything-{name}")


def found(widget):
    """Wait until the run has ended and all that stays is painted; return how many that are."""
    panel = of(widget, "panel")
    expect(panel).to_have_attribute("data-stage", "finished", timeout=120_000)
    return settled(widget)


def settled(widget):
    panel = of(widget, "panel")
    widget.page.wait_for_function(
        "panel => panel.dataset.kept === panel.dataset.painted", arg=panel.element_handle()
    )
    return int(panel.get_attribute("data-painted"))


def draw(widget, start, end):
    """Draw the region; unlike a box prompt it asks for no answer."""
    mouse = widget.page.mouse
    mouse.move(*widget.client(*start))
    mouse.down()
    for share in (0.3, 0.7, 1):
        between = [a + share * (b - a) for a, b in zip(start, end, strict=True)]
        mouse.move(*widget.client(*between))
    mouse.up()


def test_find_sieve_select_and_keep(widget):
    python = widget.notebook.python
    widget.root.get_by_test_id("everything").click()
    of(widget, "points").select_option("8")
    of(widget, "run").click()
    first = found(widget)
    panel = of(widget, "panel")
    assert first == python("len(w._page.everything._present().result)") > 2
    assert int(panel.get_attribute("data-candidates")) == 3 * 8 * 8
    painted = "() => { const c = document.querySelector('[data-testid=layer-everything]');"
    painted += " return c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
    painted += ".reduce((n, a, i) => n + (i % 4 === 3 && a > 0), 0); }"
    everywhere = widget.page.evaluate(painted)
    assert everywhere > 1000

    of(widget, "pred_iou_thresh").fill("0.6")
    expect(panel).not_to_have_attribute("data-kept", str(first))
    fewer = settled(widget)
    assert fewer < first
    assert fewer == python("len(w._page.everything._present().result)")
    removed = python("w._page.everything._present().result.removed['predicted_iou']")
    expect(of(widget, "removed-pred_iou_thresh")).to_have_text(f"\N{MINUS SIGN}{removed}")

    of(widget, "look-edges").click()
    widget.page.wait_for_function(f"before => ({painted})() < before / 2", arg=everywhere)
    of(widget, "look-colours").click()

    # Into the middle of a mask that stays, and on to the one beneath, if there is one.
    x, y = python(
        "(lambda run: [float(v) for v in run.table.points[run.selection.kept[0]]])"
        "(w._page.everything._present().result)"
    )
    at = widget.client(x, y)
    widget.page.mouse.move(*at)
    widget.page.mouse.click(*at)
    expect(of(widget, "keep-selected")).to_have_text("Keep 1")
    expect(of(widget, "selection")).to_have_text("1 mask selected.")
    widget.root.get_by_test_id("label-input").fill("thing")
    of(widget, "keep-selected").click()
    expect(widget.root.get_by_test_id("object-count")).to_have_text("1")
    assert python("[one.label for one in w.annotations]") == ["thing"]
    assert python(f"bool(w.annotations[0].mask[int({y}), int({x})])")

    # What was kept is no longer on offer.
    of(widget, "keep-all").click()
    expect(widget.root.get_by_test_id("object-count")).to_have_text(str(fewer))
    widget.root.get_by_test_id("toolbar-undo").click()
    expect(widget.root.get_by_test_id("object-count")).to_have_text("1")


def test_cancel_in_a_region_clicks_meanwhile_and_a_reload(widget):
    python = widget.notebook.python
    widget.root.get_by_test_id("everything").click()
    draw(widget, (150, 20), (420, 300))
    expect(of(widget, "run")).to_have_attribute("title", "Find all masks in the box")
    of(widget, "points").select_option("64")
    of(widget, "run").click()
    panel = of(widget, "panel")
    widget.page.wait_for_function(
        "panel => Number(panel.dataset.candidates) > 0", arg=panel.element_handle()
    )
    widget.root.get_by_test_id("tool-point").click()
    widget.click(300, 150)
    assert python("list(w.masks.shape)") == [3, 400, 600]
    expect(panel).to_have_attribute("data-stage", "decoding")
    of(widget, "cancel").click()
    expect(panel).to_have_attribute("data-stage", "cancelled")
    count = int(panel.get_attribute("data-candidates"))
    assert count == python("len(w._page.everything._present().result.table)") < 3 * 64 * 64
    x0, y0, x1, y1 = python(
        "(lambda p: [*p.min(0).tolist(), *p.max(0).tolist()])"
        "(w._page.everything._present().result.table.points)"
    )
    assert x0 > 148
    assert x1 < 422
    assert y0 > 18
    assert y1 < 302

    # Another view of the same widget finds what is there.
    notebook = widget.notebook
    notebook.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    notebook.page.goto(notebook.page.url.replace("&reset", ""))
    notebook.wait_for_kernel()
    again = notebook.widget()
    again.wait_ready(0)
    again.root.get_by_test_id("everything").click()
    expect(of(again, "panel")).to_have_attribute("data-candidates", str(count))
    expect(of(again, "panel")).to_have_attribute("data-stage", "cancelled")


def test_a_run_from_a_cell_is_seen(widget):
    widget.notebook.execute(
        "run = w.everything(points_per_side=4, pred_iou_thresh=0.3); run.wait()"
    )
    count = found(widget)
    assert count == widget.notebook.python("len(run.result)") > 0
    widget.notebook.execute("run.refilter(pred_iou_thresh=0.99)")
    expect(of(widget, "panel")).to_have_attribute("data-painted", "0")
