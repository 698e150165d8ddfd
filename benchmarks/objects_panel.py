"""Many objects: from a person's event to the end of the frame that painted it, in JupyterLab.

An image with 500 objects is opened in headless Chromium. One object at a time is selected, hidden
and relabelled as a person does it; a time runs from the browser's event to the end of the animation
frame that painted the change. The page shows what was asked for at once; until the kernel has
confirmed it, which is the second time, it does not say that it is saved. Then an object is accepted
on an image that has none, and one on that which has them all: the bytes that reach the page for
each. Run by ``make bench``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from lab import LabServer, Notebook, WidgetPage, launch_chromium  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator

CELL = """
import json
import numpy as np
import skimage.data
from sam_widget import SamWidget
from sam_widget import AnnotationStore
from sam_widget.annotations import PALETTE, Annotation
from sam_widget.masks import Rle
from sam_widget.widget.page.padding import PADDING
from sam_widget.session import Kept

photo = skimage.data.astronaut().repeat(2, axis=0).repeat(2, axis=1)
random = np.random.default_rng(0)
rows, columns = np.ogrid[-80:80, -80:80]
angle = np.arctan2(rows, columns)

def blob(at):
    y, x = random.integers(80, 944, 2)
    radius, waves = random.uniform(12, 60), random.integers(3, 9)
    mask = np.zeros((1024, 1024), bool)
    rim = radius * (1 + 0.25 * np.sin(waves * angle))
    mask[y - 80 : y + 80, x - 80 : x + 80] = rows**2 + columns**2 < rim**2
    return Annotation(Rle.encode(mask), ["cup", "spoon", "table"][at % 3], PALETTE[at % 3])

sent = []
send = SamWidget._send

def noted(widget, message, buffers=None):
    # What only pushes an answer along is not the object's.
    own = [one for one in buffers or [] if one is not PADDING]
    sent.append(len(json.dumps(message)) + sum(map(len, own)))
    send(widget, message, buffers)

SamWidget._send = noted
w = SamWidget([photo, photo.copy()], model="fake", labels=["cup", "spoon", "table"], cache=False)
objects = AnnotationStore(map(blob, range({count})), width=1024, height=1024)
w.series.keep(1, Kept(objects))
w
"""

# Resolves after the frame in which the element's attribute, or its text, has changed. The page
# draws in the next animation frame after a change; the frame ends before the next task.
AWAIT_CHANGE = """([root, element, kind]) => {
    const clock = () => performance.timeOrigin + performance.now();
    globalThis.changed = new Promise((resolve) => {
        let start = 0;
        const note = (event) => { start ||= performance.timeOrigin + event.timeStamp; };
        for (const type of ["pointerdown", "keydown"])
            root.addEventListener(type, note, {capture: true, once: true});
        const observer = new MutationObserver(() => {
            observer.disconnect();
            requestAnimationFrame(() => {
                const {port1, port2} = new MessageChannel();
                port1.onmessage = () => {
                    const end = clock();
                    const settle = () => {
                        if (root.dataset.status !== "ready") setTimeout(settle);
                        else resolve({start, end, settled: clock()});
                    };
                    settle();
                };
                port2.postMessage(0);
            });
        });
        observer.observe(element, {
            attributes: true, attributeFilter: [kind],
            characterData: true, subtree: kind === "text",
        });
    });
}"""


def timed(
    widget: WidgetPage, element: Locator, kind: str, act: Callable[[], None]
) -> tuple[float, float]:
    """Do something; return the milliseconds from its event to the paint, and to the answer."""
    widget.page.wait_for_timeout(120)
    handles = [widget.root.element_handle(), element.element_handle(), kind]
    widget.page.evaluate(AWAIT_CHANGE, handles)
    act()
    seen = widget.page.evaluate("() => globalThis.changed")
    return seen["end"] - seen["start"], seen["settled"] - seen["start"]


def press_at(widget: WidgetPage, element: Locator) -> None:
    """Press the mouse at an element without moving over it first: what hovering paints is over."""
    box = element.bounding_box()
    assert box is not None  # noqa: S101
    widget.page.mouse.move(box["x"] + 30, box["y"] + box["height"] / 2)
    widget.page.wait_for_timeout(60)
    widget.page.mouse.down()
    widget.page.mouse.up()


def work_on(
    widget: WidgetPage, row: Locator, label_key: str
) -> Iterator[tuple[str, tuple[float, float]]]:
    """Select, hide, show and relabel one object; yield what was done and how long it took."""
    keyboard = widget.page.keyboard
    yield "select", timed(widget, row, "aria-selected", lambda: press_at(widget, row))
    yield "hide", timed(widget, row, "data-visible", lambda: keyboard.press("Shift+H"))
    timed(widget, row, "data-visible", lambda: keyboard.press("Shift+H"))
    label = row.get_by_test_id("object-label")
    yield "relabel", timed(widget, label, "text", lambda: keyboard.press(label_key))


def rounds_of(widget: WidgetPage, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Work on one object after another, all over the list."""
    root = widget.root
    ids = widget.notebook.python("[one.id for one in w.annotations]") if widget.notebook else []
    times: dict[str, list[tuple[float, float]]] = {"select": [], "hide": [], "relabel": []}
    for number in range(rounds):
        at = (number * 37) % len(ids)
        root.get_by_test_id("object-list").evaluate("(list, top) => list.scrollTo(0, top)", 30 * at)
        row = root.locator(f"[data-testid=object-row][data-id='{ids[at]}']")
        row.wait_for()
        for what, took in work_on(widget, row, f"Shift+Digit{(at + 1) % 3 + 1}"):
            times[what].append(took)
    return times


def accepted_bytes(notebook: Notebook, widget: WidgetPage) -> int:
    """Accept what a click gives; return the bytes that were sent to the page for it."""
    widget.click(500, 500)
    widget.page.wait_for_timeout(500)
    before = widget.revision
    notebook.execute("sent.clear()")
    widget.page.keyboard.press("Enter")
    widget.wait_ready(before)
    widget.page.wait_for_timeout(500)
    return int(notebook.python("sum(sent)"))


def main() -> None:
    """Print the table of times, and the two sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=500, help="objects on the image")
    parser.add_argument("--rounds", type=int, default=50, help="objects worked on")
    parser.add_argument("--quick", action="store_true", help="10 rounds")
    options = parser.parse_args()
    rounds = 10 if options.quick else options.rounds
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch_chromium(playwright)
        server = LabServer.start(Path(folder))
        try:
            context = browser.new_context(viewport={"width": 1200, "height": 900})
            cell = CELL.replace("{count}", str(options.objects))
            name = server.write_notebook("bench.ipynb", [cell])
            notebook = Notebook.open(context, server, name)
            notebook.run_all()
            widget = notebook.widget()
            widget.stage.press("v")  # previews would be counted with what they follow
            accepted_bytes(notebook, widget)  # the label's colour and the first of everything
            first = accepted_bytes(notebook, widget)
            notebook.execute("w.next()")
            badge = widget.root.get_by_test_id("object-count")
            badge.get_by_text(str(options.objects), exact=True).wait_for()
            widget.wait_ready()
            times = rounds_of(widget, rounds + 3)
            last = accepted_bytes(notebook, widget)
        finally:
            server.stop()
            browser.close()
    print(f"One of {options.objects} objects, medians of {rounds}, slowest in brackets:\n")
    print("| | event to painted frame | event to confirmed |\n|---|---|---|")
    for what, pairs in times.items():
        columns = list(zip(*pairs[3:], strict=True))  # the first three warm up
        shown = [f"{statistics.median(one):.0f} ({max(one):.0f}) ms" for one in columns]
        print(f"| {what} | {shown[0]} | {'' if what == 'select' else shown[1]} |")
    print(
        f"\nAccepting one more: {last} bytes to the page with {options.objects} objects, "
        f"{first} bytes with one."
    )


if __name__ == "__main__":
    main()
