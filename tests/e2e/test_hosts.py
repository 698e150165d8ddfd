"""The same widget in the other hosts that it promises: Notebook 7 and marimo."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager

import pytest
from lab import LabServer, Notebook, WidgetPage, free_port, wait_until_served

pytestmark = pytest.mark.e2e

CELL = """
import skimage.data
from sam_widget import SamWidget
w = SamWidget(skimage.data.coffee(), model="fake", labels=["cup"])
w
"""

MARIMO = """
import marimo

app = marimo.App()


@app.cell
def _():
    import skimage.data
    from sam_widget import SamWidget

    w = SamWidget(skimage.data.coffee(), model="fake", labels=["cup"])
    w
    return (w,)


if __name__ == "__main__":
    app.run()
"""


def test_notebook_7(browser, tmp_path):
    server = LabServer.start(tmp_path, app="notebook")
    try:
        name = server.write_notebook("a.ipynb", [CELL])
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        notebook = Notebook.open(context, server, name, at="notebooks")
        notebook.run_all()
        widget = notebook.widget()
        widget.click(300, 150)
        assert widget.root.locator("[data-testid^=candidate-]").count() == 3
        assert notebook.python("list(w.masks.shape)") == [3, 400, 600]
        for key in ("b", "d", "d", "m"):
            widget.page.keyboard.press(key)
        assert widget.page.locator(".jp-Cell").count() == 1
        before = widget.revision
        widget.page.keyboard.press("Enter")
        widget.wait_ready(before)
        assert notebook.python("len(w.annotations)") == 1
        context.close()
    finally:
        server.stop()


MARIMO_ROW = MARIMO.replace(
    "    w\n    return (w,)",
    """    import marimo as mo

    other = SamWidget(skimage.data.coffee(), model="fake")
    mo.hstack([mo.ui.anywidget(w), mo.ui.anywidget(other)])
    return""",
)


@contextmanager
def marimo_page(browser, folder, text):
    """Run an app in marimo, and open it in a window of 1200 pixels."""
    (folder / "app.py").write_text(text)
    port = free_port()
    command = [sys.executable, "-m", "marimo", "run", "app.py", "--headless", "--no-token"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        wait_until_served(f"http://127.0.0.1:{port}/health", process)
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}")
        yield page
        context.close()
    finally:
        process.terminate()
        process.wait(20)


def test_marimo(browser, tmp_path):
    with marimo_page(browser, tmp_path, MARIMO) as page:
        widget = WidgetPage(page, page.locator(".sam-widget").first)
        widget.root.wait_for()
        widget.wait_ready()
        assert widget.data("theme") == "light"
        widget.click(300, 150)
        assert widget.root.locator("[data-testid^=candidate-]").count() == 3
        # A stroke's points travel as a buffer, which is another way through a host.
        widget.page.keyboard.press("d")
        widget.click(40, 380)
        widget.root.get_by_text("2 islands").wait_for()
        before = widget.revision
        widget.page.keyboard.press("Enter")
        widget.wait_ready(before)
        assert widget.root.get_by_test_id("object-row").count() == 1


def test_in_a_row_of_marimo_each_takes_its_share_and_fills_the_window(browser, tmp_path):
    with marimo_page(browser, tmp_path, MARIMO_ROW) as page:
        both = [WidgetPage(page, page.locator(".sam-widget").nth(index)) for index in (0, 1)]
        for widget in both:
            widget.root.wait_for()
            widget.wait_ready()
        first, second = (widget.root.bounding_box() for widget in both)
        assert first["y"] == second["y"]
        assert first["width"] == pytest.approx(second["width"], abs=2)
        assert first["width"] >= 300
        assert second["x"] + second["width"] <= 1200
        both[0].stage.focus()
        page.keyboard.press("f")
        page.wait_for_function(
            "root => root.getBoundingClientRect().width === innerWidth"
            " && root.getBoundingClientRect().height === innerHeight",
            arg=both[0].root.element_handle(),
        )
        both[0].click(300, 150)
        assert both[0].root.locator("[data-testid^=candidate-]").count() == 3
        page.keyboard.press("f")
        page.wait_for_function(
            "([root, width]) => Math.abs(root.getBoundingClientRect().width - width) < 2",
            arg=[both[0].root.element_handle(), first["width"]],
        )
