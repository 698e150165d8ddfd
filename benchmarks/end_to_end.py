"""From the pointer to the painted mask: a real JupyterLab in headless Chromium, the lite model.

A click's time runs from the browser's pointer event to the end of the animation frame that painted
the answer; what the decoder took in the same run is measured in the kernel and subtracted. Both
clocks are the machine's. ``SamPredictor.predict`` of a ViT-B with random weights is timed in the
same run, for scale. Run by ``make bench``; docs/performance.md says what the columns mean.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from around_decode import official_predictor, set_size
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from lab import LabServer, Notebook, WidgetPage, launch_chromium  # noqa: E402
from slow_link import SlowLink  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ROUND_TRIP = 0.05
BITS_PER_SECOND = 10e6
WIDTH, HEIGHT = 600, 400
HOVERS = 5

CELL = """
import time
import skimage.data
from sam_widget import SamWidget
from sam_widget.annotations import Candidates

marks = []

def timed(owner, name, label):
    call = getattr(owner, name)
    def measured(*args, **options):
        start = time.time()
        try:
            return call(*args, **options)
        finally:
            marks.append([label, start * 1e3, time.time() * 1e3])
    setattr(owner, name, measured)

timed(SamWidget, "_handle_msg", "handle")
timed(SamWidget, "_send", "send")
timed(Candidates, "of", "trace")
w = SamWidget(skimage.data.coffee(), model="{model}")
w.wait()
timed(w._worker.predictor, "decode", "decode")
w
"""

# The times and sizes of all that passes the page's sockets, on the machine's clock.
WATCH_SOCKETS = """
globalThis.wire = [];
const clock = () => performance.timeOrigin + performance.now();
const size = (data) => data.byteLength ?? data.size ?? data.length;
// The message that bears an answer names the trait; what it says of it lies at its beginning.
const isAnswer = (data) => {
    const head = data instanceof ArrayBuffer ? data.slice(0, 4096) : String(data);
    const text = head instanceof ArrayBuffer ? new TextDecoder("latin1").decode(head) : head;
    return text.includes('"answer"');
};
globalThis.WebSocket = class extends WebSocket {
    constructor(...details) {
        super(...details);
        this.addEventListener("message", ({data}) => {
            wire.push([isAnswer(data) ? "answer" : "in", clock(), size(data)]);
        });
    }
    send(data) {
        wire.push(["out", clock(), size(data)]);
        super.send(data);
    }
};
"""

# When the mask previewed there and when the answer was painted: the frame that told so ends before
# the next task of the page, which is the most urgent one.
AWAIT_PAINT = """root => {
    wire.length = 0;
    const clock = () => performance.timeOrigin + performance.now();
    globalThis.painted = new Promise((resolve) => {
        const before = root.dataset.revision;
        const seen = {pointer: 0, mask: null, end: null, wire};
        root.addEventListener("pointerup", (event) => {
            seen.pointer = performance.timeOrigin + event.timeStamp;
        }, {capture: true, once: true});
        const atEndOfFrame = (name, then) => scheduler.postTask(() => {
            seen[name] ??= clock();
            then();
        }, {priority: "user-blocking"});
        const observer = new MutationObserver(() => {
            if (root.dataset.foreseenAt !== "") atEndOfFrame("mask", () => {});
            if (root.dataset.revision === before) return;
            observer.disconnect();
            atEndOfFrame("end", () => resolve({...seen, wire: [...wire]}));
        });
        observer.observe(root, {attributes: true});
    });
}"""


# When the pointer last moved, and where and when a preview was last painted.
AWAIT_PREVIEWS = """root => {
    globalThis.painted = {moved: 0, at: "", end: 0};
    root.addEventListener("pointermove", (event) => { painted.moved = event.timeStamp; });
    new MutationObserver(() => {
        const at = root.dataset.previewAt;
        scheduler.postTask(() => Object.assign(painted, {at, end: performance.now()}), {
            priority: "user-blocking",
        });
    }).observe(root, {attributes: true, attributeFilter: ["data-preview-at"]});
}"""


@dataclass
class Click:
    """One click's milliseconds and bytes, stage by stage."""

    mask: float
    beyond_decode: float
    answered: float
    to_kernel: float
    handler: float
    decode: float
    trace: float
    publish: float
    to_page: float
    paint: float
    sent_and_received: float


def click_once(notebook: Notebook, widget: WidgetPage, x: float, y: float) -> Click:
    """Click at an image position and take the time apart."""
    root = widget.root.element_handle()
    widget.page.mouse.move(*widget.client(x, y))
    widget.page.wait_for_timeout(150)  # the preview has come, and the page is at rest
    notebook.execute("marks.clear()")
    widget.page.wait_for_timeout(60)
    widget.page.evaluate(AWAIT_PAINT, root)
    widget.page.mouse.down()
    widget.page.mouse.up()
    seen = widget.page.evaluate("() => globalThis.painted")
    marks: dict[str, list[list[float]]] = {}
    for label, start, end in notebook.python("marks"):
        marks.setdefault(label, []).append([start, end])
    handle = marks["handle"][0]
    trace = next(mark for mark in marks["trace"] if mark[0] >= handle[0])
    # Where a preview was, nothing is left to decode.
    decodes = [mark for mark in marks.get("decode", []) if mark[0] >= handle[0]]
    decode = decodes[0] if decodes else [trace[0], trace[0]]
    answer = next(mark for mark in marks["send"] if mark[0] >= trace[1])
    arrived = next(at for way, at, _ in seen["wire"] if way == "answer" and at >= answer[0])
    beyond_decode = seen["end"] - seen["pointer"] - (decode[1] - decode[0])
    return Click(
        mask=beyond_decode if seen["mask"] is None else seen["mask"] - seen["pointer"],
        beyond_decode=beyond_decode,
        answered=arrived - seen["pointer"] - (decode[1] - decode[0]),
        to_kernel=handle[0] - seen["pointer"],
        handler=decode[0] - handle[0],
        decode=decode[1] - decode[0],
        trace=trace[1] - trace[0],
        publish=answer[1] - trace[1],
        to_page=arrived - answer[1],
        paint=seen["end"] - arrived,
        sent_and_received=sum(size for _, at, size in seen["wire"] if at <= seen["end"]),
    )


def click_around(notebook: Notebook, widget: WidgetPage, count: int) -> list[Click]:
    """Click at different places, clearing in between."""
    rng = random.Random(0)  # noqa: S311 - places, not secrets
    clicks = []
    for number in range(count + 3):
        x, y = rng.uniform(20, WIDTH - 20), rng.uniform(20, HEIGHT - 20)
        click = click_once(notebook, widget, x, y)
        if number >= 3:  # the first three warm up
            clicks.append(click)
        before = widget.revision
        widget.page.keyboard.press("c")
        widget.wait_ready(before)
    return clicks


def percentile(values: list[float], share: float) -> float:
    """Return the value that this share of all lie below."""
    return float(np.quantile(values, share))


def report(title: str, clicks: list[Click]) -> None:
    """Print one row: what is left beyond the decoder, and where it goes."""
    columns = {name: [getattr(one, name) for one in clicks] for name in Click.__annotations__}
    stages = ("to_kernel", "handler", "trace", "publish", "to_page", "paint")
    print(
        f"| {title} | {spread(columns['mask'])} | {spread(columns['beyond_decode'])} "
        f"| {statistics.median(columns['decode']):.0f} | "
        + " | ".join(f"{statistics.median(columns[name]):.1f}" for name in stages)
        + f" | {statistics.median(columns['sent_and_received']) / 1000:.1f} kB |",
        flush=True,
    )


def spread(times: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(times):.0f} / {percentile(times, 0.95):.0f}"


@contextlib.contextmanager
def opened(
    browser: Browser, model: str, *, nodelay: bool, slow: bool = False
) -> Iterator[tuple[Notebook, WidgetPage]]:
    """Open the widget in a JupyterLab of its own, with or without the server extension."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        server = LabServer.start(Path(folder), nodelay=nodelay)
        stack.callback(server.stop)
        if slow:
            port = int(server.url.rsplit(":", 1)[1])
            link = stack.enter_context(SlowLink(port, ROUND_TRIP, BITS_PER_SECOND))
            url = f"http://127.0.0.1:{link.port}"
            reached = LabServer(server.folder, url, server.token, server.process)
        else:
            reached = server
        context = browser.new_context(viewport={"width": 1200, "height": 900})
        stack.callback(context.close)
        context.add_init_script(WATCH_SOCKETS)
        name = reached.write_notebook("bench.ipynb", [CELL.replace("{model}", model)])
        notebook = Notebook.open(context, reached, name)
        notebook.run_all()
        widget = notebook.widget()
        widget.show()
        widget.page.wait_for_function(
            "root => root.dataset.push !== ''", arg=widget.root.element_handle()
        )
        yield notebook, widget


def hide_previews(widget: WidgetPage) -> None:
    """Have every click decoded afresh."""
    widget.root.get_by_test_id("stage").focus()
    widget.page.keyboard.press("v")


def hover(widget: WidgetPage, notebook: Notebook) -> None:
    """Move 300 times in 3 s, and once, and print how long the last place waits for its preview."""
    widget.page.evaluate(AWAIT_PREVIEWS, widget.root.element_handle())
    notebook.execute("marks.clear()")
    rng = random.Random(1)  # noqa: S311 - places, not secrets
    after_many = [lag_after(widget, rng, 300) for _ in range(HOVERS)]
    decodes = [end - begin for label, begin, end in notebook.python("marks") if label == "decode"]
    after_one = [lag_after(widget, rng, 1) for _ in range(4 * HOVERS)]
    decode = statistics.median(decodes)
    print(
        f"\nHover, {HOVERS} times 300 moves in 3 s: {len(decodes) / HOVERS:.0f} previews of "
        f"{decode:.0f} ms each time. Until the last place's mask was on screen "
        f"{statistics.median(after_many):.0f} ms, {max(after_many):.0f} at most "
        f"({statistics.median(after_many) / decode:.1f} and {max(after_many) / decode:.1f} "
        f"decodes). After a single move {statistics.median(after_one):.0f} ms "
        f"({statistics.median(after_one) / decode:.1f})."
    )


def lag_after(widget: WidgetPage, rng: random.Random, moves: int) -> float:
    """Move to places 10 ms apart; from the last pointer event to the end of its preview's frame."""
    widget.page.wait_for_timeout(400)
    corner, far = widget.client(0, 0), widget.client(WIDTH, HEIGHT)
    x = y = 0.0
    start = time.perf_counter()
    for number in range(moves):
        x, y = rng.uniform(5, WIDTH - 5), rng.uniform(5, HEIGHT - 5)
        across, down = x / WIDTH, y / HEIGHT
        widget.page.mouse.move(
            corner[0] + across * (far[0] - corner[0]), corner[1] + down * (far[1] - corner[1])
        )
        time.sleep(max(0.0, start + 0.01 * (number + 1) - time.perf_counter()))
    lag = widget.page.evaluate(
        """([x, y]) => new Promise((resolve) => {
            const look = () => {
                const [px, py] = painted.at.split(" ").map(Number);
                if (Math.hypot(px - x, py - y) < 1.5) resolve(painted.end - painted.moved);
                else setTimeout(look, 5);
            };
            look();
        })""",
        [x, y],
    )
    return float(lag)


def official_ms(rounds: int) -> float:
    """Median milliseconds of the official predictor's answer to one point on the same image."""
    predictor = official_predictor()
    set_size(predictor, (HEIGHT, WIDTH))
    times = []
    for _ in range(rounds + 2):
        start = time.perf_counter()
        predictor.predict(np.array([[300.0, 150.0]]), np.array([1]))
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[2:])


def main() -> None:
    """Print the table of clicks, the hover figures and the scale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=200, help="clicks of each row")
    parser.add_argument("--quick", action="store_true", help="20 clicks of each row")
    parser.add_argument("--model", default="lite", help="model in the widget (default: lite)")
    options = parser.parse_args()
    count = 20 if options.quick else options.clicks
    print(
        "Milliseconds after the pointer's release, median / p95, less what the decoder took.\n\n"
        "| link | mask on screen | all candidates | decode | to kernel | handler | trace | publish "
        "| to page | paint | wire |\n" + "|---" * 11 + "|"
    )
    slow = f"{ROUND_TRIP * 1e3:.0f} ms, {BITS_PER_SECOND / 1e6:.0f} Mbit/s"
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        for nodelay in (False, True):
            extension = "with" if nodelay else "without"
            with opened(browser, options.model, nodelay=nodelay) as (notebook, widget):
                where = f"loopback, {extension} the extension (push: {widget.data('push')})"
                if not nodelay:
                    hover(widget, notebook)
                report(f"{where}, previews", click_around(notebook, widget, count))
                hide_previews(widget)
                report(f"{where}, no previews", click_around(notebook, widget, count))
            with opened(browser, options.model, nodelay=nodelay, slow=True) as (notebook, widget):
                hide_previews(widget)
                clicks = click_around(notebook, widget, max(10, count // 4))
                report(f"{slow}, {extension} the extension (push: {widget.data('push')})", clicks)
                transfer = [one.sent_and_received * 8e3 / BITS_PER_SECOND for one in clicks]
                answered, painted = (
                    statistics.median(
                        getattr(one, until) - ROUND_TRIP * 1e3 - sent
                        for one, sent in zip(clicks, transfer, strict=True)
                    )
                    for until in ("answered", "beyond_decode")
                )
                print(
                    f"  beyond delay, transfer and decode: {answered:.0f} ms until the answer is "
                    f"there, {painted:.0f} ms until it is painted"
                )
        browser.close()
    official = official_ms(5 if options.quick else 20)
    print(f"\nSamPredictor.predict (ViT-B, {WIDTH} x {HEIGHT}), same run: {official:.0f} ms")


if __name__ == "__main__":
    main()
