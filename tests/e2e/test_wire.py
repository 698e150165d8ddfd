"""What travels between the page and the kernel: how much, in which order, on which link."""

from __future__ import annotations

import random

import pytest
from lab import LabServer, Notebook
from slow_link import SlowLink

pytestmark = pytest.mark.e2e

CELL = """
import skimage.data
from sam_widget import SamWidget, FakePredictor
model = FakePredictor()
w = SamWidget(skimage.data.coffee(), model=model)
w
"""

COUNT_BYTES = """
globalThis.wireBytes = 0;
const size = (data) => data.byteLength ?? data.size ?? data.length;
globalThis.WebSocket = class extends WebSocket {
    constructor(...details) {
        super(...details);
        this.addEventListener("message", ({data}) => { globalThis.wireBytes += size(data); });
    }
    send(data) {
        globalThis.wireBytes += size(data);
        super.send(data);
    }
};
"""

# Notes, in the kernel, when a preview is asked for and when it is answered.
WATCH_PREVIEWS = """
log = []
def watch(page):
    ask, reply = page._queries["preview"], page._replies.reply
    def asked(request):
        log.append("asked")
        ask(request)
    def replied(request, fields, buffers=()):
        if request.type == "preview":
            log.append("answered")
        reply(request, fields, buffers)
    page._queries["preview"], page._replies.reply = asked, replied
watch(w._page)
before = model.decode_calls
"""

BUSY_CELL = """
import random, time
rng = random.Random(5)
raised = []
while True:
    try:
        if rng.random() < 0.5:
            w.add_point(rng.uniform(1, 599), rng.uniform(1, 399), rng.random() < 0.7)
        else:
            w.undo()
    except Exception as error:
        raised.append(repr(error))
    time.sleep(rng.uniform(0, 0.03))
"""


def settled_link(widget):
    """Wait until the view knows how its answers travel, and return what it found."""
    widget.page.wait_for_function(
        "root => root.dataset.push !== ''", arg=widget.root.element_handle()
    )
    return widget.data("push")


def test_on_a_slow_link_a_click_and_its_answer_are_small(browser, tmp_path):
    server = LabServer.start(tmp_path, nodelay=True)
    try:
        with SlowLink(int(server.url.rsplit(":", 1)[1])) as link:
            far = LabServer(
                server.folder, f"http://127.0.0.1:{link.port}", server.token, server.process
            )
            context = browser.new_context(viewport={"width": 1200, "height": 900})
            context.add_init_script(COUNT_BYTES)
            notebook = Notebook.open(context, far, far.write_notebook("far.ipynb", [CELL]))
            notebook.run_all()
            widget = notebook.widget()
            # Bytes behind the answers could save nothing here.
            assert settled_link(widget) == "false"
            widget.page.keyboard.press("v")
            before = widget.page.evaluate("() => globalThis.wireBytes")
            widget.click(300, 150)
            size = widget.page.evaluate("() => globalThis.wireBytes") - before
            print(f"a click and its answer: {size} bytes on the wire")
            assert 500 < size < 12_000
            assert notebook.python("list(w.masks.shape)") == [3, 400, 600]
            context.close()
    finally:
        server.stop()


def test_three_hundred_moves_leave_no_backlog(open_notebook):
    notebook = open_notebook(CELL)
    notebook.run_all()
    widget = notebook.widget()
    settled_link(widget)
    notebook.execute(WATCH_PREVIEWS)
    widget.show()
    rng = random.Random(2)
    x, y = 300.0, 200.0
    for _ in range(300):
        x = min(max(x + rng.uniform(-30, 30), 5), 595)
        y = min(max(y + rng.uniform(-30, 30), 5), 395)
        widget.page.mouse.move(*widget.client(x, y))
    widget.page.wait_for_function(
        """([root, x, y]) => {
            const [px, py] = root.dataset.previewAt.split(" ").map(Number);
            return Math.hypot(px - x, py - y) < 1.5;
        }""",
        arg=[widget.root.element_handle(), x, y],
    )
    log = notebook.python("log")
    assert len(log) >= 4
    # Never more than one in flight: each was answered before the next was asked for.
    assert log == ["asked", "answered"] * (len(log) // 2)
    assert notebook.python("model.decode_calls - before") <= len(log) // 2 <= 301
    assert notebook.python("[len(w.points), w.revision]") == [0, 0]


def test_a_click_where_the_preview_was_shows_its_mask_at_once(open_notebook):
    notebook = open_notebook(CELL)
    notebook.run_all()
    widget = notebook.widget()
    settled_link(widget)
    widget.show()
    widget.page.mouse.move(*widget.client(300, 150))
    root = widget.root.element_handle()
    widget.page.wait_for_function("root => root.dataset.previewAt !== ''", arg=root)
    at = widget.data("preview-at")
    # Python's answer is held back until the lock is released.
    notebook.execute(
        "before = model.decode_calls\nw._worker.session.predicting._computing.acquire()"
    )
    widget.page.mouse.down()
    widget.page.mouse.up()
    widget.page.wait_for_function("([root, at]) => root.dataset.foreseenAt === at", arg=[root, at])
    assert widget.data("status") == "predicting"
    assert widget.revision == 0
    shown = widget.alpha_at([(300, 150), (2, 398)])
    notebook.execute("w._worker.session.predicting._computing.release()")
    widget.wait_ready(0)
    assert widget.data("foreseen-at") == ""
    assert widget.alpha_at([(300, 150), (2, 398)]) == shown
    best = notebook.python("[bool(w.mask[150, 300]), bool(w.mask[398, 2])]")
    assert [alpha == 255 for alpha in shown] == best
    assert best[0]
    assert notebook.python("model.decode_calls - before") == 0


def test_clicks_and_a_busy_cell_interleave_and_agree(open_notebook):
    notebook = open_notebook(CELL)
    notebook.run_all()
    widget = notebook.widget()
    settled_link(widget)
    notebook.execute(BUSY_CELL, wait=False)
    rng = random.Random(6)
    widget.show()
    for _ in range(200):
        act = rng.random()
        if act < 0.5:
            place = widget.client(rng.uniform(5, 595), rng.uniform(5, 395))
            widget.page.mouse.click(*place, button=rng.choice(["left", "left", "right"]))
        else:
            widget.page.keyboard.press("Control+z" if act < 0.85 else "Control+Shift+z")
    assert not notebook.page.evaluate("() => globalThis.cellIsDone")
    notebook.page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()"
    )
    notebook.page.wait_for_function("() => globalThis.cellIsDone")
    notebook.execute("w.wait()")
    revision = notebook.python("w.revision")
    widget.page.wait_for_function(
        "([root, revision]) => root.dataset.status === 'ready'"
        " && Number(root.dataset.revision) === revision",
        arg=[widget.root.element_handle(), revision],
    )
    assert notebook.python("raised") == []
    assert widget.root.get_by_test_id("notice").count() == 0
    shown = widget.root.locator("[data-testid^=prompt-point-][data-kind]")
    points = notebook.python("w.points")
    texts = [text.strip() for text in shown.all_inner_texts()]
    assert texts == [f"{round(x)}, {round(y)}" for x, y, _ in points]
    kinds = [one.get_attribute("data-kind") for one in shown.all()]
    assert kinds == ["include" if positive else "exclude" for *_, positive in points]
    # And both go on.
    widget.click(300, 150)
    assert notebook.python("len(w.points)") == len(points) + 1
