"""What only a browser shows of objects and masks: which is clicked, which colour, which preview."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

CELL = """
import skimage.data
from sam_widget import SamWidget
w = SamWidget(skimage.data.coffee(), model="fake", labels=["cup", "spoon"]{options})
w
"""
TWO = """
import numpy as np
from sam_widget import Annotation, Rle
for label, box in (("cup", np.s_[100:300, 100:400]), ("spoon", np.s_[150:250, 200:300])):
    mask = np.zeros((400, 600), bool)
    mask[box] = True
    w.annotations.add(Annotation(Rle.encode(mask), label))
"""


@pytest.fixture
def widget(open_notebook):
    notebook = open_notebook(CELL.format(options=""))
    notebook.run_all()
    return notebook.widget()


def selected_rows(widget):
    return widget.root.locator("[data-testid=object-row][aria-selected=true]")


def press_at(widget, x, y, **options):
    widget.show()
    widget.stage.click(
        position=dict(zip("xy", stage_position(widget, x, y), strict=True)), **options
    )


def stage_position(widget, x, y):
    box = widget.stage.bounding_box()
    left, top = widget.client(x, y)
    return left - box["x"], top - box["y"]


def overlay_color(widget, x, y):
    """The overlay's colour at an image position, as "#rrggbb"; "" where it is transparent."""
    return widget.root.evaluate(
        """(root, [x, y]) => {
            const stage = root.querySelector('[data-testid=stage]');
            const canvas = root.querySelector('[data-testid=overlay]');
            const [a, b, c, d, e, f] = stage.dataset.transform.split(" ").map(Number);
            const column = Math.floor((a * x + c * y + e) * canvas.width / stage.clientWidth);
            const row = Math.floor((b * x + d * y + f) * canvas.height / stage.clientHeight);
            const [red, green, blue, alpha] =
                canvas.getContext("2d").getImageData(column, row, 1, 1).data;
            const hex = (value) => value.toString(16).padStart(2, "0");
            return alpha === 255 ? `#${hex(red)}${hex(green)}${hex(blue)}` : "";
        }""",
        [x, y],
    )


def test_a_click_selects_the_topmost_object_and_then_the_one_beneath(widget):
    notebook, keyboard = widget.notebook, widget.page.keyboard
    notebook.execute(TWO)
    rows = widget.root.get_by_test_id("object-row")
    expect(rows).to_have_count(2)
    large, small = rows.nth(0), rows.nth(1)
    press_at(widget, 250, 200, modifiers=["ControlOrMeta"])
    expect(selected_rows(widget)).to_have_count(1)
    expect(small).to_have_attribute("aria-selected", "true")
    press_at(widget, 250, 200, modifiers=["ControlOrMeta"])
    expect(large).to_have_attribute("aria-selected", "true")
    expect(selected_rows(widget)).to_have_count(1)
    assert notebook.python("len(w.points)") == 0

    # The tool that selects; its key, Shift, and a place beside all objects.
    keyboard.press("l")
    expect(widget.root).to_have_attribute("data-tool", "select")
    press_at(widget, 250, 200, modifiers=["Shift"])
    expect(selected_rows(widget)).to_have_count(2)
    press_at(widget, 20, 20)
    expect(selected_rows(widget)).to_have_count(0)
    widget.page.mouse.move(*widget.client(120, 120))
    expect(large).to_have_attribute("data-highlighted", "true")
    press_at(widget, 120, 120)
    keyboard.press("Shift+Digit2")
    expect(large.get_by_test_id("object-label")).to_have_text("spoon")
    keyboard.press("Delete")
    expect(rows).to_have_count(1)


def test_the_mask_on_screen_has_the_colour_of_its_label(widget):
    python, keyboard = widget.notebook.python, widget.page.keyboard
    widget.click(300, 200)
    x, y = python("[int(places[len(places) // 2]) for places in w.mask.nonzero()[::-1]]")
    colors = python("w.label_colors")

    def wait_for_color(color):
        for _ in range(1000):
            if overlay_color(widget, x + 0.5, y + 0.5) == color:
                return
            widget.page.evaluate("() => new Promise(requestAnimationFrame)")
        raise AssertionError(f"the mask never was {color}")

    keyboard.press("Shift+Digit2")
    wait_for_color(colors["spoon"])
    keyboard.press("Shift+Digit1")
    wait_for_color(colors["cup"])
    # Another candidate, looked at in its panel, leaves the overlay as it is.
    chosen = python("w.selected")
    widget.root.get_by_test_id(f"candidate-{(chosen + 1) % 3}").hover()
    expect(widget.root.get_by_test_id("overlay")).to_have_css("opacity", "0")
    wait_for_color(colors["cup"])
    assert python("w.selected") == chosen
    keyboard.press("Enter")
    expect(widget.root.get_by_test_id("object-row")).to_have_count(1)
    assert python("w.annotations[0].color") == colors["cup"]


def test_an_object_that_was_accepted_is_not_covered_by_a_preview(widget):
    # On a slow machine, too, previews stay on.
    widget.notebook.execute("type(w._worker._pace).add_preview = lambda *_: None")
    widget.click(300, 200)
    widget.root.evaluate(
        """(root) => {
            globalThis.previewed = [];
            new MutationObserver(() => {
                if (root.dataset.previewAt) globalThis.previewed.push(root.dataset.previewAt);
            }).observe(root, {attributes: true, attributeFilter: ["data-preview-at"]});
        }"""
    )
    widget.page.keyboard.press("Enter")
    expect(widget.root.get_by_test_id("object-row")).to_have_count(1)
    widget.wait_ready()
    # What was asked before this has been answered.
    widget.notebook.python("len(w.annotations)")
    assert widget.page.evaluate("globalThis.previewed") == []
    widget.page.mouse.move(*widget.client(340, 230))
    expect(widget.root).not_to_have_attribute("data-preview-at", "")
    (place, *_) = widget.page.evaluate("globalThis.previewed")
    x, y = map(float, place.split())
    assert abs(x - 340) < 3
    assert abs(y - 230) < 3


def test_a_label_accepts_where_that_is_wanted(open_notebook):
    notebook = open_notebook(CELL.format(options=", accept_on_label=True"))
    notebook.run_all()
    widget, rows = notebook.widget(), notebook.widget().root.get_by_test_id("object-row")
    for count, digit in enumerate((2, 1, 2), 1):
        widget.click(150 * count, 200)
        widget.page.keyboard.press(f"Shift+Digit{digit}")
        expect(rows).to_have_count(count)
    assert notebook.python("[one.label for one in w.annotations]") == ["spoon", "cup", "spoon"]
    # Python may change its mind, and so may whoever looks at the page.
    switch = widget.root.get_by_test_id("accept-on-label")
    notebook.execute("w.accept_on_label = False")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    assert notebook.python("w.accept_on_label") is False
