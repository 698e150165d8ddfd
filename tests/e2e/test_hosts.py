"""The same widget in the other hosts that it promises: Notebook 7 and marimo."""

from __future__ import annotations

import subprocess
import sys

import pytest
from lab import LabServer, Notebook, WidgetPage, free_port, wait_until_served
from playwright.sync_api import expect

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
        expect(widget.root.locator("[data-testid^=candidate-]")).to_have_count(3)
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


def test_marimo(browser, tmp_path):
    (tmp_path / "app.py").write_text(MARIMO)
    port = free_port()
    command = [sys.executable, "-m", "marimo", "run", "app.py", "--headless", "--no-token"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        wait_until_served(f"http://127.0.0.1:{port}/health", process)
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}")
        widget = WidgetPage(page, page.locator(".sam-widget").first)
        widget.root.wait_for()
        widget.wait_ready()
        assert widget.data("theme") == "light"
        widget.click(300, 150)
        expect(widget.root.locator("[data-testid^=candidate-]")).to_have_count(3)
        # A stroke's points travel as a buffer, which is another way through a host.
        widget.page.keyboard.press("d")
        widget.click(40, 380)
        widget.root.get_by_text("2 islands").wait_for()
        before = widget.revision
        widget.page.keyboard.press("Enter")
        widget.wait_ready(before)
        expect(widget.root.get_by_test_id("object-row")).to_have_count(1)
        context.close()
    finally:
        process.terminate()
        process.wait(20)
