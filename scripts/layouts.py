"""Take pictures of the widget in every layout: windows, columns, themes, photos, states.

``python scripts/layouts.py FOLDER`` puts 48 pictures into the folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import skimage.data
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from lab import LabServer, Notebook, WidgetPage, launch_chromium  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
PHOTOS = {"small": (600, 400), "large": (6000, 4000)}
STATES = ("candidates", "objects", "everything")
# Window in CSS pixels, and width of the widget; None is what the notebook gives it.
PLACES = {
    "1280x720": ((1280, 720), None),
    "1440x900": ((1440, 900), None),
    "column-700": ((900, 1000), 700),
    "column-400": ((700, 1000), 400),
}
NO_NEWS = {"checkForUpdates": False, "fetchNews": "false"}
CELL = """
from sam_widget import SamWidget
w = SamWidget.from_folder("{folder}", model="{model}", labels=["cup", "saucer", "spoon"])
w.go_to(1)
w
"""
TWENTY = """
height, width = w.image.shape[:2]
for i in range(20):
    x, y = (i % 5 + 0.5) * width / 5, (i // 5 + 0.5) * height / 4
    w.set_box(x - width / 14, y - height / 12, x + width / 14, y + height / 12)
    w.accept(["cup", "saucer", "spoon"][i % 3])
"""


def bring_about(state: str, widget: WidgetPage, notebook: Notebook) -> None:
    """Do what leads from the state before to this one; they come in the order of ``STATES``."""
    if state == "objects":
        notebook.execute("w.clear()\n" + TWENTY)
        widget.wait_ready()
    if state == "everything":
        notebook.execute("w.clear()")
        widget.root.get_by_test_id("everything").click()
        widget.root.get_by_test_id("everything-run").click()
        widget.root.get_by_test_id("everything-keep-all").wait_for()
        widget.root.locator("[data-testid=everything-panel][data-stage=finished]").wait_for(
            timeout=120_000
        )
    else:
        width, height = notebook.python("list(w.image.shape[1::-1])")
        widget.click(0.5 * width, 0.45 * height)
        widget.root.get_by_test_id("candidate-2").wait_for()


def put(widget: WidgetPage, notebook: Notebook, window: tuple[int, int], width: int | None) -> None:
    """Give the widget its place, and scroll the notebook to it."""
    page = notebook.page
    page.set_viewport_size({"width": window[0], "height": window[1]})
    wanted = f"{width}px" if width else None
    notebook.execute(f"w.layout.width = {wanted!r}")
    page.mouse.move(2, 2)
    widget.show()
    widget.root.evaluate("root => root.scrollIntoView({block: 'start'})")
    # Until everything is painted, thumbnails and tiles too.
    page.wait_for_timeout(400)


def take_all(browser: Browser, server: LabServer, into: Path, model: str, names: list[str]) -> None:
    """Take the pictures of one notebook after the other: one for each theme and photo."""
    for theme, lab_theme in THEMES.items():
        for photo in PHOTOS:
            stem = f"{theme}-{photo}"
            if names and stem not in names:
                continue
            context = browser.new_context(viewport={"width": 1280, "height": 720})
            cell = CELL.format(folder=photo, model=model).strip()
            name = server.write_notebook(f"{stem}.ipynb", [cell])
            notebook = Notebook.open(context, server, name, theme=lab_theme)
            notebook.run_all()
            widget = notebook.widget()
            for state in STATES:
                put(widget, notebook, *PLACES["1280x720"])
                bring_about(state, widget, notebook)
                for place, where in PLACES.items():
                    put(widget, notebook, *where)
                    notebook.page.screenshot(path=into / f"{stem}-{state}-{place}.png")
                    print(f"{stem}-{state}-{place}.png", widget.root.bounding_box(), flush=True)
            notebook.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
            context.close()


def main() -> None:
    """Take the pictures that are named (``light-small``), or all."""
    parser = argparse.ArgumentParser(description="Take pictures of the widget in every layout.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="such as light-small; all by default")
    parser.add_argument("--model", default="lite", help="model on the pictures (default: lite)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = Path(folder) / ".private/settings/@jupyterlab/apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(NO_NEWS))
        for name, size in PHOTOS.items():
            (Path(folder) / name).mkdir()
            for photo in ("chelsea", "coffee", "rocket"):
                picture = Image.fromarray(getattr(skimage.data, photo)()).resize(size)
                picture.save(Path(folder) / name / f"{photo}.jpg")
        server = LabServer.start(Path(folder))
        browser = launch_chromium(playwright)
        try:
            take_all(browser, server, options.folder, options.model, options.names)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
