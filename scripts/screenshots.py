"""Make docs/images/*.webp: the widget in a real JupyterLab, in headless Chromium.

Run it with ``make screenshots``, after anything that changes how the widget looks. The photographs
are scikit-image's `coffee` (Rachel Michetti, CC0) and `chelsea` (Stefan van der Walt, CC0).
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from lab import LabServer, Notebook, WidgetPage, launch_chromium  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

IMAGES = ROOT / "docs" / "images"
MARGIN = 6  # CSS pixels around what is cut out of the page

LIGHT = "JupyterLab Light"
DARK = "JupyterLab Dark"
NO_NEWS = {"checkForUpdates": False, "fetchNews": "false"}
QUIET_CSS = """
    .jp-toastContainer, .jp-cell-toolbar, .jp-Notebook-footer { display: none !important; }
    .jp-Collapser { visibility: hidden !important; }
"""
ALONE_CSS = ".jp-InputArea, .jp-OutputPrompt { visibility: hidden !important; }"
CELLS = """
import skimage
from sam_widget import SamWidget

w = SamWidget(skimage.data.{photo}(), model="{model}", labels={labels})
w
"""


@dataclass(frozen=True)
class Shot:
    """One picture.

    Attributes
    ----------
    name : str
        File name without its ending.
    photo : str
        Function of ``skimage.data``.
    labels : list of str
        Offered by the widget.
    act : callable
        What a person does before the picture is taken.
    width : int
        Of the browser's window, in CSS pixels.
    theme : str
        JupyterLab's theme.
    after : str
        Code of a second cell, run after ``act``; with it, the cells are in the picture, too.
    """

    name: str
    photo: str
    labels: list[str]
    act: Callable[[WidgetPage], None]
    width: int = 1010
    theme: str = LIGHT
    after: str = ""


def face(widget: WidgetPage) -> None:
    """Click the astronaut's face."""
    widget.click(225, 110)


def eye(widget: WidgetPage) -> None:
    """Click the cat's left eye and choose the middle one of the three masks."""
    widget.click(170, 118)
    choose(widget, 1)


def three_objects(widget: WidgetPage) -> None:
    """Drag boxes round both eyes of the cat and its nose, and accept each."""
    boxes = (
        ("eye", (130, 82), (208, 152)),
        ("eye", (290, 108), (346, 166)),
        ("nose", (228, 196), (300, 268)),
    )
    for label, start, end in boxes:
        widget.drag(start, end)
        widget.root.get_by_test_id("label-input").fill(label)
        before = widget.revision
        widget.root.get_by_test_id("accept").click()
        widget.wait_ready(before)


def choose(widget: WidgetPage, index: int) -> None:
    """Press a thumbnail, and wait for it to be the chosen one."""
    widget.root.get_by_test_id(f"candidate-{index}").click()
    widget.root.locator(f"[data-testid=candidate-{index}][aria-pressed=true]").wait_for()
    widget.wait_ready()


def everything(widget: WidgetPage) -> None:
    """Find all masks, and wait until all that stay are painted."""
    widget.root.get_by_test_id("everything").click()
    part(widget, "run").click()
    widget.page.wait_for_function(
        """root => {
            const {stage, kept, painted} = root.querySelector(
                "[data-testid=everything-panel]").dataset;
            return stage === "finished" && kept === painted;
        }""",
        arg=widget.root.element_handle(),
    )


def sieve(widget: WidgetPage) -> None:
    """Find all masks, and keep only those that the model is surer of."""
    everything(widget)
    panel = part(widget, "panel")
    before = panel.get_attribute("data-kept")
    part(widget, "pred_iou_thresh").fill("0.7")
    widget.page.wait_for_function(
        "([panel, n]) => panel.dataset.kept !== n && panel.dataset.kept === panel.dataset.painted",
        arg=[panel.element_handle(), before],
    )


def pick(widget: WidgetPage) -> None:
    """Find all masks, and select the one on the cup."""
    everything(widget)
    widget.page.mouse.move(*widget.client(300, 80))
    widget.page.mouse.click(*widget.client(300, 80))
    widget.root.locator("[data-testid=everything-keep-selected]:has-text('Keep 1')").wait_for()


def part(widget: WidgetPage, name: str) -> Locator:
    """Return an element of everything mode."""
    return widget.root.get_by_test_id(f"everything-{name}")


ASTRONAUT = ["face", "suit", "helmet"]
CAT = ["eye", "nose"]
SHOTS = (
    Shot(
        "light",
        "astronaut",
        ASTRONAUT,
        face,
        after="w.masks.shape, w.masks.dtype, w.scores, w.mask.sum()",
    ),
    Shot("dark", "chelsea", CAT, eye, theme=DARK, after="w.selected, w.mask.sum()"),
    Shot("narrow", "astronaut", ASTRONAUT, face, width=500),
    Shot("candidates", "astronaut", ASTRONAUT, face),
    Shot("objects", "chelsea", CAT, three_objects),
    Shot("everything", "coffee", ["cup"], everything),
    Shot("everything-sieved", "coffee", ["cup"], sieve),
    Shot("everything-selected", "coffee", ["cup"], pick),
)


def take(shot: Shot, server: LabServer, browser: Browser, model: str) -> bytes:
    """Take one picture, as PNG.

    Parameters
    ----------
    shot : Shot
    server : LabServer
    browser : Browser
    model : str
        A name from :func:`sam_widget.predictors.available`.
    """
    first = CELLS.format(photo=shot.photo, model=model, labels=json.dumps(shot.labels)).strip()
    name = server.write_notebook(
        f"{shot.name}.ipynb", [first, shot.after] if shot.after else [first]
    )
    with context_of(browser, shot.width) as context:
        notebook = Notebook.open(context, server, name, theme=shot.theme)
        page = notebook.page
        page.add_style_tag(content=QUIET_CSS + ("" if shot.after else ALONE_CSS))
        page.evaluate(
            """async () => {
                jupyterapp.shell.currentWidget.content.activeCellIndex = 0;
                await jupyterapp.commands.execute('notebook:run-cell');
            }"""
        )
        widget = notebook.widget()
        widget.root.wait_for()
        widget.wait_ready()
        shot.act(widget)
        if shot.after:
            run_second_cell(page)
        settle(page)
        png = cut(page, ".jp-Cell" if shot.after else ".sam-widget")
        page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    return png


@contextmanager
def context_of(browser: Browser, width: int) -> Iterator[BrowserContext]:
    """Open a window of its own, at twice the pixels."""
    context = browser.new_context(viewport={"width": width, "height": 1400}, device_scale_factor=2)
    yield context
    context.close()


def run_second_cell(page: Page) -> None:
    """Run the cell below the widget, and wait for its output."""
    page.evaluate(
        """async () => {
            jupyterapp.shell.currentWidget.content.activeCellIndex = 1;
            await jupyterapp.commands.execute('notebook:run-cell');
        }"""
    )
    page.locator(".jp-Cell").nth(1).locator(".jp-OutputArea-output").first.wait_for()


def settle(page: Page) -> None:
    """Take focus and pointer away, and wait until all is painted: fonts, and two frames."""
    page.mouse.move(2, 2)
    page.evaluate(
        """async () => {
            document.activeElement.blur();
            await document.fonts.ready;
            for (let frame = 0; frame < 2; frame++)
                await new Promise(requestAnimationFrame);
        }"""
    )


def cut(page: Page, selector: str) -> bytes:
    """Take a picture of all that matches the selector, with a margin."""
    boxes = [box for one in page.locator(selector).all() if (box := one.bounding_box())]
    left = max(0, min(box["x"] for box in boxes) - MARGIN)
    top = max(0, min(box["y"] for box in boxes) - MARGIN)
    right = max(box["x"] + box["width"] for box in boxes) + MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + MARGIN
    return page.screenshot(
        clip={"x": left, "y": top, "width": right - left, "height": bottom - top}
    )


def packed(png: bytes) -> bytes:
    """Turn a screenshot into a WebP of good quality: a photograph is large as PNG."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(buffer, "WEBP", quality=90, method=6)
    return buffer.getvalue()


def main() -> None:
    """Take the pictures that are named, or all."""
    parser = argparse.ArgumentParser(description="Make docs/images/*.webp.")
    parser.add_argument("names", nargs="*", help="pictures to take, all by default")
    parser.add_argument("--model", default="lite", help="model on the pictures (default: lite)")
    options = parser.parse_args()
    shots = [shot for shot in SHOTS if not options.names or shot.name in options.names]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = Path(folder) / ".private/settings/@jupyterlab/apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(NO_NEWS))
        server = LabServer.start(Path(folder))
        browser = launch_chromium(playwright)
        try:
            for shot in shots:
                picture = packed(take(shot, server, browser, options.model))
                (IMAGES / f"{shot.name}.webp").write_bytes(picture)
                print(f"docs/images/{shot.name}.webp  {len(picture) / 1000:.0f} kB")
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
