"""Brush, eraser, polygon and knife in a real JupyterLab; what they did is asked of the kernel."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

CELL = """
import skimage.data
from sam_widget import SamWidget
w = SamWidget(skimage.data.coffee(), model="fake", labels=["cup"])
w
"""
AREAS = "[one.area for one in w.annotations]"


@pytest.fixture
def widget(open_notebook):
    notebook = open_notebook(CELL)
    notebook.run_all()
    return notebook.widget()


def accept(widget, x, y):
    widget.click(x, y)
    before = widget.revision
    widget.root.get_by_test_id("accept").click()
    widget.wait_ready(before)


def paint(widget, *path, button="left"):
    """Press, move along the path and release; wait until the kernel has confirmed it."""
    widget.show()
    version = widget.notebook.python("w.document['version']")
    widget.page.mouse.move(*widget.client(*path[0]))
    widget.page.mouse.down(button=button)
    for place in path[1:]:
        widget.page.mouse.move(*widget.client(*place), steps=4)
    widget.page.mouse.up(button=button)
    widget.wait_ready()
    assert widget.notebook.python("w.document['version']") == version + 1


def wait_drawn(widget, x, y, least):
    """Wait until what is being drawn shows at an image position, by its alpha."""
    widget.page.wait_for_function(
        """([stage, x, y, least]) => {
            const canvas = stage.querySelector('[data-testid=layer-edit]');
            const [a, b, c, d, e, f] = stage.dataset.transform.split(" ").map(Number);
            const sx = canvas.width / stage.clientWidth, sy = canvas.height / stage.clientHeight;
            const at = [Math.floor((a * x + e) * sx), Math.floor((d * y + f) * sy), 1, 1];
            return canvas.getContext("2d").getImageData(...at).data[3] >= least;
        }""",
        arg=[widget.stage.element_handle(), x, y, least],
    )


def press(widget, *keys):
    for key in keys:
        widget.page.keyboard.press(key)
    widget.wait_ready()


def has(widget, x, y, index=0):
    return widget.notebook.python(f"bool(w.annotations[{index}].mask[{y}, {x}])")


def test_an_accepted_object_is_painted_erased_and_cut(widget):
    accept(widget, 300, 150)
    python = widget.notebook.python
    (area,) = python(AREAS)
    widget.root.get_by_test_id("object-label").click()
    target = widget.root.get_by_test_id("edit-target")
    assert target.get_attribute("data-id") == python("w.annotations[0].id")

    widget.stage.focus()
    press(widget, "d")
    expect(widget.root).to_have_attribute("data-tool", "brush")
    assert not has(widget, 540, 350)
    paint(widget, (540.5, 350.5), (560.5, 350.5))
    assert has(widget, 540, 350)
    assert has(widget, 550, 350)
    (painted,) = python(AREAS)
    assert painted > area
    # The stroke as it was drawn, to the pixel.
    radius = int(
        widget.root.get_by_test_id("brush-radius").get_attribute("aria-valuetext").split()[0]
    )
    assert has(widget, 550, 350 + radius - 1)
    assert not has(widget, 550, 350 + radius + 1)

    press(widget, "Control+z")
    assert python(AREAS) == [area]
    press(widget, "Control+y")
    assert python(AREAS) == [painted]

    # The other button takes away what the brush adds, the eraser too.
    paint(widget, (540.5, 350.5), (545.5, 350.5), button="right")
    assert not has(widget, 540, 350)
    press(widget, "e", "[", "[")
    paint(widget, (560.5, 350.5))
    assert not has(widget, 560, 350)

    islands = widget.root.get_by_test_id("islands")
    widget.page.wait_for_function(
        "element => /island/.test(element.innerText)", arg=islands.element_handle()
    )
    press(widget, "Control+z", "Control+z", "Control+z")
    press(widget, "k")
    paint(widget, (300, 5), (300, 395))
    assert len(python(AREAS)) == 2
    assert sum(python(AREAS)) == area


def test_a_stroke_shows_before_the_kernel_can_answer(widget):
    accept(widget, 300, 150)
    widget.root.get_by_test_id("object-label").click()
    python = widget.notebook.python
    (before,) = python(AREAS)
    widget.stage.focus()
    press(widget, "d")
    widget.show()
    mouse = widget.page.mouse
    mouse.move(*widget.client(100.5, 60.5))
    mouse.down()
    mouse.move(*widget.client(160.5, 60.5), steps=3)
    wait_drawn(widget, 130, 60, 80)
    # Escape gives it up; nothing was sent.
    widget.page.keyboard.press("Escape")
    mouse.up()
    press(widget, "e")
    mouse.move(*widget.client(300.5, 150.5))
    mouse.down()
    # An eraser shows the photograph over the mask.
    wait_drawn(widget, 300, 150, 255)
    assert python(AREAS) == [before]
    mouse.up()
    widget.wait_ready()
    (after,) = python(AREAS)
    assert after < before


def test_a_polygon_adds_to_the_mask_on_screen_and_is_accepted(widget):
    widget.click(300, 150)
    python = widget.notebook.python
    before = python("int(w.mask.sum())")
    widget.stage.focus()
    press(widget, "g")
    revision = widget.revision
    for corner in ((20, 300), (120, 300), (120, 380), (70, 390)):
        widget.click(*corner, settle=False)
    # One too many: taken back, before Enter closes what is left.
    widget.page.keyboard.press("Backspace")
    widget.page.keyboard.press("Enter")
    widget.wait_ready(revision)
    assert python("int(w.mask.sum())") - before == 4000
    assert widget.alpha_at([(110, 310), (30, 370)]) == [255, 0]

    # Subtracting, closed by a click on the first corner.
    press(widget, "s")
    revision = widget.revision
    for corner in ((100, 290), (130, 290), (130, 400), (100, 400), (100, 290)):
        widget.click(corner[0], min(corner[1], 398), settle=False)
    widget.wait_ready(revision)
    assert not python("bool(w.mask[310, 110])")
    assert python("bool(w.mask[305, 90])")

    # Enter accepts again, with no polygon under way; Escape gives one up.
    widget.click(30, 30, settle=False)
    widget.page.keyboard.press("Escape")
    chosen = python("int(w.mask.sum())")
    press(widget, "Enter")
    widget.page.wait_for_selector("[data-testid=object-row]")
    widget.wait_ready()
    assert python(AREAS) == [chosen]


def test_an_object_is_drawn_by_touch_without_any_prompt(open_notebook):
    notebook = open_notebook(CELL, has_touch=True)
    notebook.run_all()
    widget = notebook.widget()
    widget.show()
    widget.root.get_by_test_id("tool-brush").click()
    for x, y in ((300.5, 150.5), (310.5, 150.5), (40.5, 380.5)):
        revision = widget.revision
        widget.page.touchscreen.tap(*widget.client(x, y))
        widget.wait_ready(revision)
    python = notebook.python
    assert python("bool(w.mask[150, 305] and w.mask[380, 40])")
    # Two islands now; one press of a button leaves the larger.
    widget.root.get_by_text("2 islands").wait_for()
    revision = widget.revision
    widget.root.get_by_test_id("drop-islands").click()
    widget.wait_ready(revision)
    assert python("len(w.islands().islands)") == 1
    assert not python("bool(w.mask[380, 40])")
    # What is refused is said in words, and nothing is lost.
    widget.root.get_by_test_id("tool-eraser").click()
    revision = widget.revision
    widget.root.get_by_test_id("accept").click()
    widget.wait_ready(revision)
    widget.page.touchscreen.tap(*widget.client(300.5, 150.5))
    widget.root.get_by_text("this draws none").wait_for()
    assert python("[(one.predicted_iou, one.model_name) for one in w.annotations]") == [[None, ""]]
