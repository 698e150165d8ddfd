"""One screen: what a person needs is in view, in any column, row of boxes and window."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

SCREEN = {"width": 1280, "height": 720}
SERIES = """
from pathlib import Path
from PIL import Image
import numpy as np
from sam_widget import SamWidget
folder = Path("{name}")
folder.mkdir(exist_ok=True)
rng = np.random.default_rng(0)
for name, size in {sizes}.items():
    coarse = Image.fromarray(rng.integers(0, 255, (6, 9, 3), dtype=np.uint8))
    coarse.resize(size, Image.Resampling.BICUBIC).save(folder / name, quality=80)
w = SamWidget.from_folder(folder, model="fake", labels=["cup", "saucer", "spoon"])
w
"""
SINGLE = """
import numpy as np
from sam_widget import SamWidget
image = np.random.default_rng(0).integers(0, 255, (400, 600, 3), dtype=np.uint8)
w = SamWidget(image, model="fake", labels=["cup", "saucer", "spoon"])
w
"""
TWENTY = """
height, width = w.image.shape[:2]
for i in range(20):
    x, y = (i % 5 + 0.5) * width / 5, (i // 5 + 0.5) * height / 4
    w.set_box(x - width / 20, y - height / 20, x + width / 20, y + height / 20)
    w.accept(["cup", "saucer", "spoon"][i % 3])
"""
PLACE = ("series-place", "series-done")
CHOICE = ("candidate-0", "candidate-1", "candidate-2")

# What of each element can be seen: its box, cut by all that scrolls or hides around it. Outside of
# the widget that is the notebook's panel.
SEEN = """(element) => {
    const {left, top, right, bottom} = element.getBoundingClientRect();
    const seen = {left, top, right, bottom};
    for (let at = element.parentElement; at; at = at.parentElement) {
        // An ancestor without a box of its own cuts nothing that is laid out beyond it.
        if (getComputedStyle(at).overflowY === "visible" || at.clientHeight === 0) continue;
        const box = at.getBoundingClientRect();
        seen.left = Math.max(seen.left, box.left);
        seen.top = Math.max(seen.top, box.top);
        seen.right = Math.min(seen.right, box.right);
        seen.bottom = Math.min(seen.bottom, box.bottom);
    }
    return {
        width: Math.max(0, Math.min(seen.right, innerWidth) - Math.max(seen.left, 0)),
        height: Math.max(0, Math.min(seen.bottom, innerHeight) - Math.max(seen.top, 0)),
        whole: {width: right - left, height: bottom - top},
    };
}"""


def show_from_top(widget):
    """Scroll the notebook so that the widget begins at its top, as a person would once."""
    widget.show()
    widget.root.evaluate("root => root.scrollIntoView({block: 'start'})")


def hidden_parts(widget, *test_ids):
    """The elements that are not seen whole (up to a pixel), with what is seen of them."""
    hidden = {}
    for test_id in test_ids:
        seen = widget.root.get_by_test_id(test_id).evaluate(SEEN)
        whole = seen["whole"]
        lost = max(whole["width"] - seen["width"], whole["height"] - seen["height"])
        if lost > 1 or seen["width"] < 1 or seen["height"] < 1:
            hidden[test_id] = seen
    return hidden


def box(widget, test_id):
    """Bounding box of an element of the widget."""
    return widget.root.get_by_test_id(test_id).bounding_box()


def open_series(open_notebook, request, sizes, **options):
    """Open a notebook with a series of images of these sizes."""
    cell = SERIES.format(name=request.node.name.translate({91: 95, 93: 95}), sizes=sizes)
    notebook = open_notebook(cell, **options)
    notebook.run_all()
    return notebook


@pytest.mark.parametrize("size", [(600, 400), (6000, 4000)], ids=["small", "large"])
def test_all_that_is_needed_is_on_one_screen(open_notebook, request, size):
    sizes = {"a.jpg": size, "b.jpg": size}
    notebook = open_series(open_notebook, request, sizes, viewport=SCREEN)
    widget = notebook.widget()
    notebook.execute(TWENTY)
    widget.wait_ready()
    show_from_top(widget)
    before = widget.revision
    widget.page.mouse.click(*widget.client(size[0] / 2, size[1] / 2))
    widget.wait_ready(before)
    widget.root.get_by_test_id("candidate-2").wait_for()
    needed = ("stage", *CHOICE, "label-input", "accept", "object-list", *PLACE, "status-line")
    assert hidden_parts(widget, *needed) == {}
    assert box(widget, "object-list")["height"] >= 90
    assert box(widget, "stage")["height"] >= 480


def test_everything_mode_and_editing_are_on_one_screen(open_notebook):
    notebook = open_notebook(SINGLE, viewport=SCREEN)
    notebook.run_all()
    widget = notebook.widget()
    show_from_top(widget)
    widget.root.get_by_test_id("everything").click()
    widget.root.get_by_test_id("everything-run").click()
    widget.root.get_by_test_id("everything-keep-all").wait_for()
    keep = ("everything-keep-selected", "everything-keep-all")
    assert hidden_parts(widget, "stage", *keep, "label-input", "accept") == {}
    widget.root.get_by_test_id("everything").click()
    widget.root.get_by_test_id("tool-brush").click()
    widget.root.get_by_test_id("edit-merge").wait_for()
    assert hidden_parts(widget, "stage", "accept") == {}
    side, stage = widget.root.locator(".sam-side").bounding_box(), box(widget, "stage")
    assert side["height"] == pytest.approx(stage["height"], abs=4)


def test_the_stage_does_not_jump_between_images(open_notebook, request):
    sizes = {"a.jpg": (600, 400), "b.jpg": (300, 900), "c.jpg": (1500, 200)}
    notebook = open_series(open_notebook, request, sizes, viewport=SCREEN)
    widget = notebook.widget()
    stages = []
    for index, (width, height) in enumerate(sizes.values()):
        expect(widget.root.get_by_test_id("series")).to_have_attribute("data-index", str(index))
        widget.wait_ready()
        stages.append(widget.stage.bounding_box())
        left, top = widget.client(0, 0)
        right, bottom = widget.client(width, height)
        # It fills one side of the stage, and lies in the middle of the other.
        stage = stages[-1]
        gaps = (left - stage["x"], top - stage["y"])
        assert min(gaps) == pytest.approx(0, abs=1)
        assert max(right - left - stage["width"], bottom - top - stage["height"]) <= 1
        widget.page.keyboard.press("PageDown") if index else widget.root.get_by_test_id(
            "series-next"
        ).click()
    assert stages[0] == stages[1] == stages[2]


def test_zoomed_all_of_the_stage_is_used(open_notebook):
    notebook = open_notebook(SINGLE, viewport=SCREEN)
    notebook.run_all()
    widget = notebook.widget()
    fit = widget.root.get_by_test_id("zoom-fit")
    assert fit.inner_text() == "fit"
    for _ in range(3):
        widget.root.get_by_test_id("zoom-in").click()
    expect(fit).not_to_have_text("fit")
    widget.page.wait_for_function(
        """(stage) => {
            const [a, , , d, e, f] = stage.dataset.transform.split(" ").map(Number);
            const covered = e <= 0 && f <= 0 && a * 600 + e >= stage.clientWidth;
            return covered && d * 400 + f >= stage.clientHeight;
        }""",
        arg=widget.stage.element_handle(),
    )
    fit.click()
    expect(fit).to_have_text("fit")


@pytest.mark.parametrize("width", [700, 400, 320])
def test_in_a_narrow_column_accept_is_beside_the_picture(open_notebook, request, width):
    sizes = {"a.jpg": (600, 400), "b.jpg": (300, 900)}
    notebook = open_series(open_notebook, request, sizes, viewport={"width": 900, "height": 900})
    widget = notebook.widget()
    notebook.execute(f"w.layout.width = '{width}px'")
    widget.page.wait_for_function(
        "([root, width]) => root.getBoundingClientRect().width === width",
        arg=[widget.root.element_handle(), width],
    )
    show_from_top(widget)
    before = widget.revision
    widget.page.mouse.click(*widget.client(300, 200))
    widget.wait_ready(before)
    widget.root.get_by_test_id("candidate-2").wait_for()
    stage = widget.stage.bounding_box()
    assert stage["width"] >= width - 4
    for test_id in ("accept", "label-input"):
        below = box(widget, test_id)["y"] - stage["y"] - stage["height"]
        assert 0 <= below <= 16
    cards = [box(widget, test_id) for test_id in CHOICE]
    assert len({card["y"] for card in cards}) == 1
    # The picture, Accept and the three masks are seen together.
    assert hidden_parts(widget, "stage", "accept", *CHOICE, *PLACE) == {}
    overflowing = widget.root.evaluate(
        """(root) => {
            const {left, right} = root.getBoundingClientRect();
            return [...root.querySelectorAll("button, input, select, .sam-status > *")].filter(
                (element) => {
                    if (element.closest(".sam-strip, .sam-hidden")) return false;
                    const box = element.getBoundingClientRect();
                    return box.width > 0 && (box.left < left - 1 || box.right > right + 1);
                }).map((element) => element.outerHTML.slice(0, 80));
        }"""
    )
    assert overflowing == []


def test_the_strip_folds_and_gives_its_room_to_the_picture(open_notebook, request):
    sizes = {"a.jpg": (600, 400), "b.jpg": (600, 400)}
    notebook = open_series(open_notebook, request, sizes, viewport=SCREEN)
    widget = notebook.widget()
    fold = widget.root.get_by_test_id("series-fold")
    expect(fold).to_have_attribute("aria-expanded", "false")
    folded = box(widget, "stage")["height"]
    whole = widget.root.bounding_box()["height"]
    fold.click()
    widget.root.get_by_test_id("series-strip").wait_for()
    assert widget.root.bounding_box()["height"] == pytest.approx(whole, abs=1)
    assert box(widget, "stage")["height"] < folded - 40
    # A higher window has room for both; what a person has chosen stays.
    widget.page.set_viewport_size({"width": 1280, "height": 1000})
    fold.click()
    widget.root.get_by_test_id("series-strip").wait_for(state="detached")


def test_on_a_high_screen_the_strip_is_open(open_notebook, request):
    sizes = {"a.jpg": (600, 400), "b.jpg": (600, 400)}
    viewport = {"width": 1280, "height": 1000}
    widget = open_series(open_notebook, request, sizes, viewport=viewport).widget()
    widget.root.get_by_test_id("series-strip").wait_for()
    show_from_top(widget)
    assert hidden_parts(widget, "stage", "series-strip", "accept") == {}


def test_the_widget_fills_the_window_and_gives_it_back(open_notebook, request):
    sizes = {"a.jpg": (600, 400), "b.jpg": (300, 900)}
    notebook = open_series(open_notebook, request, sizes, viewport=SCREEN)
    widget, page = notebook.widget(), notebook.page
    before = widget.root.bounding_box()
    # Whatever a host does to its cells.
    page.evaluate(
        "() => { document.querySelector('.jp-Cell').style.cssText +="
        " ';transform: scale(0.5); contain: strict; overflow: hidden' }"
    )
    widget.stage.focus()
    page.keyboard.press("f")
    window = {"x": 0, "y": 0, **SCREEN}
    page.wait_for_function(
        "([root, window]) => { const box = root.getBoundingClientRect();"
        " return box.x === 0 && box.y === 0 && box.width === window.width"
        " && box.height === window.height }",
        arg=[widget.root.element_handle(), window],
    )
    assert widget.stage.evaluate("stage => document.activeElement === stage")
    point = widget.client(300, 200)
    assert widget.root.evaluate(
        "(root, [x, y]) => root.contains(document.elementFromPoint(x, y))", point
    )
    revision = widget.revision
    page.mouse.click(*point)
    widget.wait_ready(revision)
    assert notebook.python("w.points")[0][:2] == pytest.approx([300, 200], abs=1)
    # Help lies above; what is under way goes first, then the window.
    page.keyboard.press("?")
    expect(widget.root.get_by_test_id("help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(widget.root.get_by_test_id("help")).not_to_be_visible()
    assert widget.root.bounding_box() == window
    page.evaluate("() => { document.querySelector('.jp-Cell').style.cssText = '' }")
    while widget.root.get_attribute("data-full"):
        page.keyboard.press("Escape")
    page.wait_for_function(
        "([root, before]) => root.getBoundingClientRect().width === before.width",
        arg=[widget.root.element_handle(), before],
    )
    assert widget.root.bounding_box()["height"] == pytest.approx(before["height"], abs=1)
    widget.root.get_by_test_id("full-window").click()
    expect(widget.root).to_have_attribute("data-full", "true")
    widget.root.get_by_test_id("full-window").click()
    expect(widget.root).not_to_have_attribute("data-full", "true")


BOXES = """
import ipywidgets
import numpy as np
from sam_widget import SamWidget
image = np.random.default_rng(0).integers(0, 255, (400, 600, 3), dtype=np.uint8)
w = SamWidget(image, model="fake")
other = SamWidget(image, model="fake")
{box}
"""


@pytest.mark.parametrize(
    ("boxed", "least", "most"),
    [
        ("ipywidgets.HBox([w])", 900, 1200),
        ("ipywidgets.HBox([w, ipywidgets.Button(description='x')])", 700, 1100),
        ("ipywidgets.HBox([w, other])", 500, 600),
        ("ipywidgets.VBox([w, other])", 900, 1200),
        (
            "ipywidgets.GridBox([w, other], layout={'grid_template_columns': '1fr 1fr'})",
            500,
            600,
        ),
        # Too narrow for two: neither becomes nothing.
        ("ipywidgets.HBox([w, other], layout={'width': '400px'})", 300, 301),
        ("ipywidgets.HBox([w, ipywidgets.HTML('x' * 20)], layout={'width': '100px'})", 300, 301),
    ],
)
def test_in_a_box_it_takes_its_share(open_notebook, boxed, least, most):
    notebook = open_notebook(BOXES.format(box=boxed), viewport=SCREEN)
    notebook.run_all(widgets=2 if "other" in boxed else 1)
    width = notebook.widget().root.bounding_box()["width"]
    assert least <= width <= most
    stage = notebook.widget().stage.bounding_box()
    assert stage["height"] > 150
    assert stage["width"] > 150


def test_it_follows_its_layout(open_notebook):
    notebook = open_notebook(BOXES.format(box="ipywidgets.HBox([w, other])"), viewport=SCREEN)
    notebook.run_all(widgets=2)
    root, other = notebook.widget().root, notebook.widget(1).root

    def wait_for(condition):
        notebook.page.wait_for_function(
            "([root, other]) => { const box = root.getBoundingClientRect();"
            f" const second = other.getBoundingClientRect(); return {condition} }}",
            arg=[root.element_handle(), other.element_handle()],
        )

    notebook.execute("w.layout.flex = '0 0 350px'")
    wait_for("box.width === 350 && second.width > 500")
    notebook.execute("w.layout.flex = None; w.layout.width = '420px'")
    wait_for("box.width === 420")
    notebook.execute("w.layout.width = None; other.layout.flex = '3 1 0'; w.layout.flex = '1 1 0'")
    wait_for("second.width > 1.5 * box.width && box.width >= 300")
    notebook.execute("w.layout.height = '430px'")
    wait_for("box.height === 430")
    stage = notebook.widget().stage.bounding_box()
    assert 160 <= stage["height"] < 430
    notebook.execute("w.layout.height = None")
    wait_for("box.height > 450")
