"""Views, reloads, restarts, busy kernels, broken messages and large images."""

from __future__ import annotations

import random

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

SETUP = """
import skimage.data
from sam_widget import SamWidget, FakePredictor
w = SamWidget(skimage.data.coffee(), model="fake", labels=["cup"])
"""


def test_malformed_messages_do_no_harm(open_notebook):
    notebook = open_notebook(SETUP + "w")
    notebook.run_all()
    widget = notebook.widget()
    notebook.execute("comm_id = w.comm.comm_id")
    comm_id = notebook.python("comm_id")
    rng = random.Random(0)
    odd = [None, True, -1, 1e308, "x" * 3000, [[]] * 40, {"a": {}}, list(range(3000))]
    kinds = ["add_point", "set_box", "tile", "preview", "choose", "accept", "nonsense", 5, None]
    messages = []
    for number in range(500):
        content = {"type": rng.choice(kinds), "id": f"bad-{number}", "version": rng.choice(odd)}
        for field in ("x", "y", "index", "label", "level"):
            if rng.random() < 0.6:
                content[field] = rng.choice(odd)
        data = {"method": rng.choice(["custom", "custom", "custom", "update", 3]), "state": {}}
        data["content"] = rng.choice([content, content, rng.choice(odd)])
        messages.append(data)
    answered = widget.page.evaluate(
        """async ([commId, messages]) => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const answers = [];
            const listen = (_, message) => {
                const content = message.content?.data?.content;
                if (message.content?.comm_id === commId && content?.type === "error")
                    answers.push(content.to);
            };
            kernel.iopubMessage.connect(listen);
            const nan = {method: "custom", content: {type: "add_point", id: "nan", version: 0,
                x: NaN, y: 1, positive: true}};
            for (const data of [...messages, nan]) {
                const message = {
                    channel: "shell", content: {comm_id: commId, data}, metadata: {},
                    buffers: Math.random() < 0.2 ? [new Uint8Array(64).buffer] : [],
                    parent_header: {},
                    header: {
                        date: new Date().toISOString(), msg_id: crypto.randomUUID(),
                        msg_type: "comm_msg", session: kernel.clientId, username: "",
                        version: "5.2",
                    },
                };
                kernel.sendShellMessage(message, false, true);
            }
            await kernel.requestExecute({code: "pass"}).done;
            kernel.iopubMessage.disconnect(listen);
            return answers;
        }""",
        [comm_id, messages],
    )
    assert len(answered) > 200
    notebook.execute("w.clear()")
    widget.wait_ready()
    widget.click(300, 150)
    assert notebook.python("len(w.masks)") == 3


def test_two_widgets_and_one_shown_twice_agree(open_notebook):
    notebook = open_notebook(
        SETUP + "w", "w", "v = SamWidget(skimage.data.chelsea(), model='fake')\nv"
    )
    notebook.run_all(widgets=3)
    first, again, other = (notebook.widget(index) for index in range(3))
    first.click(300, 150)
    again.wait_ready(0)
    assert again.revision == first.revision
    assert other.revision == 0
    other.click(200, 100)
    assert notebook.python("[len(w.points), len(v.points)]") == [1, 1]
    again.click(320, 170)
    first.wait_ready(1)
    assert notebook.python("len(w.points)") == 2
    before = again.revision
    again.page.keyboard.press("Enter")
    again.wait_ready(before)
    for one in (first, again):
        one.root.get_by_test_id("object-row").first.wait_for()
    expect(other.root.get_by_test_id("object-row")).to_have_count(0)


def test_a_view_made_later_shows_everything(open_notebook):
    notebook = open_notebook(
        SETUP + "w.add_point(300, 150); w.accept('cup'); w.add_point(99, 99)", "w"
    )
    notebook.run_all()
    widget = notebook.widget()
    widget.wait_ready(0)
    expect(widget.root.locator("[data-testid^=candidate-]")).to_have_count(3)
    widget.root.get_by_test_id("object-row").first.wait_for()  # asked for on its own
    expect(widget.root.get_by_test_id("object-row")).to_have_count(1)


def test_rerunning_the_cell_starts_a_widget_that_works(open_notebook):
    notebook = open_notebook(SETUP + "w")
    notebook.run_all()
    notebook.widget().click(300, 150)
    notebook.run_all(wait=False)
    notebook.page.wait_for_function(
        "() => document.querySelectorAll('.sam-widget').length === 1"
        " && document.querySelector('.sam-widget').dataset.status === 'ready'"
        " && document.querySelector('.sam-widget').dataset.revision === '0'"
    )
    widget = notebook.widget()
    widget.click(200, 200)
    assert notebook.python("[(round(x), round(y), sure) for x, y, sure in w.points]") == [
        [200, 200, True]
    ]


def test_a_reloaded_page_finds_the_live_widget(open_notebook):
    notebook = open_notebook(SETUP + "w")
    notebook.run_all()
    notebook.widget().click(300, 150)
    notebook.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    notebook.page.goto(notebook.page.url.replace("&reset", ""))
    notebook.wait_for_kernel()
    widget = notebook.widget()
    widget.wait_ready(0)
    expect(widget.root.locator("[data-testid^=candidate-]")).to_have_count(3)
    widget.click(320, 170)
    assert notebook.python("len(w.points)") == 2


@pytest.mark.parametrize("busy", ["time.sleep(60)", "while time.time() < start + 60: pass"])
def test_clicks_are_answered_while_a_cell_runs(open_notebook, busy):
    notebook = open_notebook(SETUP + "w")
    notebook.run_all()
    widget = notebook.widget()
    # The kernel has heard from the page on its own thread once the second message is answered.
    widget.click(300, 150)
    notebook.execute("w.add_point(310, 160)")
    widget.wait_ready(1)
    notebook.execute(f"import time\nstart = time.time()\n{busy}", wait=False)
    for x in (200, 220, 240):
        widget.click(x, 200)
    assert widget.data("connection") == "live"
    assert not notebook.page.evaluate("() => globalThis.cellIsDone")
    notebook.page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()"
    )
    assert notebook.python("len(w.points)") == 5


def test_a_cell_that_displays_the_widget_and_runs_on_holds_nothing_up(open_notebook):
    notebook = open_notebook(SETUP + "import time\ndisplay(w)\ntime.sleep(60)")
    notebook.run_all()
    widget = notebook.widget()
    # The view's first message waits behind the cell; it is asked again on the widget's own thread.
    notebook.page.wait_for_function(
        "root => root.dataset.push !== ''", arg=widget.root.element_handle()
    )
    widget.click(300, 150)
    widget.click(200, 200)
    assert widget.data("connection") == "live"
    prompt = notebook.page.locator(".jp-InputPrompt").first
    expect(prompt).to_have_text("[*]:")
    notebook.page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()"
    )
    notebook.page.wait_for_function(
        "prompt => prompt.innerText === '[1]:'", arg=prompt.element_handle()
    )
    assert notebook.python("len(w.points)") == 2
    widget.click(100, 100)
    assert notebook.python("len(w.points)") == 3


def test_a_notebook_closed_and_opened_again_finds_the_live_widget(open_notebook):
    notebook = open_notebook(SETUP + "w", at="lab/tree")
    notebook.run_all()
    notebook.widget().click(300, 150)
    notebook.page.evaluate(
        """async () => {
            const panel = jupyterapp.shell.currentWidget;
            const path = panel.context.path;
            await panel.context.save();
            panel.close();
            await jupyterapp.commands.execute("docmanager:open", {path});
        }"""
    )
    notebook.wait_for_kernel()
    widget = notebook.widget()
    widget.wait_ready(0)
    widget.click(320, 170)
    assert notebook.python("len(w.points)") == 2


def test_without_subshells_the_widget_says_that_the_kernel_is_busy(open_notebook, server):
    notebook = open_notebook(SETUP + "w")
    notebook.page.evaluate(
        "() => { jupyterapp.serviceManager.kernels.commsOverSubshells = 'disabled' }"
    )
    notebook.run_all()
    widget = notebook.widget()
    enough = server.folder / "enough"
    notebook.execute(
        f"import pathlib, time\nwhile not pathlib.Path({str(enough)!r}).exists(): time.sleep(0.05)",
        wait=False,
    )
    widget.click(300, 150, settle=False)
    widget.page.wait_for_function(
        "root => root.dataset.connection === 'busy'", arg=widget.root.element_handle()
    )
    expect(widget.root.get_by_test_id("status-line")).to_contain_text("busy", ignore_case=True)
    assert widget.data("status") == "predicting"
    enough.touch()
    widget.wait_ready(0)
    assert widget.data("connection") == "live"
    assert notebook.python("w.points") == [[300, 150, True]]


def test_twenty_widgets_in_one_notebook(open_notebook):
    notebook = open_notebook(
        SETUP + "many = [SamWidget(w.image, model='fake') for _ in range(20)]",
        *(f"many[{number}]" for number in range(20)),
    )
    notebook.run_all(widgets=20)
    for index in (19, 0, 7):
        notebook.widget(index).click(300, 150)
    assert notebook.python("[n for n, one in enumerate(many) if one.points]") == [0, 7, 19]


def test_touch_taps_include_and_long_presses_exclude(open_notebook):
    notebook = open_notebook(SETUP + "w", has_touch=True)
    notebook.run_all()
    widget = notebook.widget()
    widget.show()
    before = widget.revision
    widget.page.touchscreen.tap(*widget.client(300, 150))
    widget.wait_ready(before)
    before = widget.revision
    x, y = widget.client(200, 300)
    touch = widget.page.context.new_cdp_session(widget.page)
    point = {"x": x, "y": y, "id": 1}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    # The finger stays until the press has become a point.
    widget.page.wait_for_function(
        "([root, before]) => Number(root.dataset.revision) > before",
        arg=[widget.root.element_handle(), before],
    )
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    widget.wait_ready(before)
    points = notebook.python("w.points")
    assert [one[2] for one in points] == [True, False]
    assert points[1][:2] == pytest.approx([200, 300], abs=2)


def test_a_cell_that_displays_and_waits_gets_its_answer(open_notebook):
    notebook = open_notebook(
        SETUP + "display(w)\nw.wait()\nw.add_point(300, 150)\nshape = list(w.masks.shape)"
    )
    notebook.run_all()
    assert notebook.python("shape") == [3, 400, 600]


def test_a_restarted_kernel_is_said(open_notebook):
    notebook = open_notebook(SETUP + "w")
    notebook.run_all()
    widget = notebook.widget()
    widget.click(300, 150)
    notebook.page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    widget.page.wait_for_function(
        "root => root.dataset.connection === 'lost'", arg=widget.root.element_handle()
    )
    widget.page.mouse.click(*widget.client(200, 200))
    notice = widget.root.get_by_test_id("notice")
    notice.wait_for()
    expect(notice).to_contain_text("Run the cell again")


def test_a_closed_widget_leaves_the_page(open_notebook):
    notebook = open_notebook(SETUP + "w")
    notebook.run_all()
    notebook.widget().click(300, 150)
    notebook.execute("w.close()")
    notebook.page.wait_for_function("() => document.querySelector('.sam-widget') === null")


def test_a_broken_model_is_shown_with_the_next_step(open_notebook, tmp_path):
    broken = tmp_path / "weights.pth"
    broken.write_text("<!DOCTYPE html><html>404</html>")
    notebook = open_notebook(
        "import skimage.data\nfrom sam_widget import SamWidget\n"
        f"w = SamWidget(skimage.data.coffee(), model='vit_b', checkpoint={str(broken)!r})\nw"
    )
    notebook.run_all(wait=False)
    widget = notebook.widget()
    widget.root.wait_for()
    widget.wait_status("error")
    problem = widget.root.get_by_test_id("problem")
    problem.wait_for()
    expect(problem).to_contain_text("HTML")


def test_a_large_image_gets_sharp_tiles_where_it_is_zoomed(open_notebook):
    notebook = open_notebook(
        "import numpy as np\nfrom sam_widget import SamWidget\n"
        "y, x = np.mgrid[:6000, :8000]\n"
        "photo = np.where(((x // 2 + y // 2) % 2)[..., None] == 0, 255, 0).astype('uint8')\n"
        "photo = np.repeat(photo, 3, axis=2)\n"
        "w = SamWidget(photo, model='fake')\nw"
    )
    notebook.run_all()
    widget = notebook.widget()
    widget.click(4001.5, 3000.5)
    assert notebook.python("list(w.masks.shape)") == [3, 6000, 8000]
    # Browsers tell a wheel's place in whole pixels, and the zoom multiplies what is lost.
    widget.page.mouse.move(*map(round, widget.client(4000, 3000)))
    widget.page.keyboard.down("Control")
    for _ in range(14):
        widget.page.mouse.wheel(0, -400)
    widget.page.keyboard.up("Control")
    # A two-pixel checkerboard: grey in the preview, black and white only in full-size tiles.
    widget.page.wait_for_function(
        """root => {
            const canvas = root.querySelector("[data-testid=stage] canvas");
            const context = canvas.getContext("2d");
            const {width, height} = canvas;
            const data = context.getImageData(width / 4, height / 4, 100, 100).data;
            let low = 255, high = 0;
            for (let at = 0; at < data.length; at += 4) {
                low = Math.min(low, data[at]); high = Math.max(high, data[at]);
            }
            return high - low > 200;
        }""",
        arg=widget.root.element_handle(),
    )
    before = widget.revision
    widget.click(4001.5, 3000.5, exclude=True)
    assert widget.revision > before
    x, y, _ = notebook.python("w.points")[-1]
    assert (x, y) == pytest.approx((4001.5, 3000.5), abs=1)
