"""The notebook's shortcuts never fire while the widget has focus, and work again afterwards."""

from __future__ import annotations

import pytest
from lab import in_python
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

CELLS = (
    "x = 1",
    """
import skimage.data
from sam_widget import SamWidget
w = SamWidget(skimage.data.coffee(), model="fake")
w
""",
    "y = 2",
)


@pytest.fixture
def widget(open_notebook):
    notebook = open_notebook(*CELLS)
    notebook.run_all()
    return notebook.widget()


def cells(widget):
    return widget.page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.widgets.map(c => c.model.type)"
    )


def executions(widget):
    return widget.page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.widgets.map(c => c.model.executionCount)"
    )


KEYS = ["b", "d", "d", "m", "a", "x", "y", "z", "ArrowDown", "j", "Enter", "Shift+Enter", "Escape"]


def test_notebook_shortcuts_are_silent_with_focus_and_return_without(widget):
    widget.click(300, 150)
    before = (cells(widget), executions(widget))
    for key in KEYS:
        widget.page.keyboard.press(key)
        widget.stage.focus()
    assert (cells(widget), executions(widget)) == before
    # Leave: the command mode of the notebook takes keys again.
    widget.page.locator(".jp-Cell .jp-InputPrompt").first.click()
    widget.page.keyboard.press("b")
    widget.page.wait_for_function(
        "n => jupyterapp.shell.currentWidget.content.widgets.length === n", arg=len(before[0]) + 1
    )


def test_escape_gives_the_keys_back_to_the_notebook(widget):
    widget.click(300, 150)
    count = len(cells(widget))
    widget.page.keyboard.press("Escape")
    widget.page.keyboard.press("Escape")
    assert not widget.page.evaluate("() => document.activeElement.matches('.sam-widget *')")
    widget.page.keyboard.press("b")
    widget.page.wait_for_function(
        "n => jupyterapp.shell.currentWidget.content.widgets.length === n", arg=count + 1
    )


def test_tab_leaves_the_widget(widget):
    widget.stage.focus()
    for _ in range(40):
        widget.page.keyboard.press("Tab")
        if widget.page.evaluate("() => !document.activeElement.closest('.sam-widget')"):
            return
    raise AssertionError("Tab never left the widget")


def test_focus_shows_a_ring(widget):
    widget.stage.focus()
    ring = widget.stage.evaluate(
        """(stage) => {
            const own = getComputedStyle(stage);
            return own.outlineStyle !== "none" || own.boxShadow !== "none";
        }"""
    )
    assert ring


def test_typing_a_label_types(widget):
    field = widget.root.get_by_test_id("label-input")
    field.click()
    widget.page.keyboard.type("bad dog 123")
    expect(field).to_have_value("bad dog 123")
    assert cells(widget) == ["code"] * 3


def test_everything_from_the_keyboard_alone(widget):
    widget.stage.focus()
    keyboard = widget.page.keyboard
    for key in ("ArrowRight", "ArrowDown", "i"):
        keyboard.press(key)
    widget.wait_ready(0)
    assert widget.notebook.python("[len(w.points), w.points[0][2]]") == [1, True]
    before = widget.revision
    for _ in range(5):
        keyboard.press("ArrowRight")
    keyboard.press("x")
    widget.wait_ready(before)
    assert [one[2] for one in widget.notebook.python("w.points")] == [True, False]
    before = widget.revision
    keyboard.press("Enter")
    widget.wait_ready(before)
    assert widget.notebook.python("len(w.annotations)") == 1


def tab_to(widget, test_id, key="Tab"):
    """Press Tab until the element with that test id has the focus."""
    for _ in range(80):
        widget.page.keyboard.press(key)
        if widget.page.evaluate("() => document.activeElement?.dataset?.testid") == test_id:
            return
    raise AssertionError(f"{key} never led to {test_id}")


@pytest.fixture
def labelled(open_notebook, request):
    options = f'model="{request.param}", labels=["cup", "spoon"]'
    notebook = open_notebook(CELLS[1].replace('model="fake"', options))
    notebook.run_all()
    return notebook.widget()


def press(widget, *keys):
    for key in keys:
        widget.page.keyboard.press(key)


def ask(widget, *keys):
    """Press keys that ask for a mask, and wait for that."""
    before = widget.revision
    press(widget, *keys)
    widget.wait_ready(before)


def walk(widget, start, end):
    """Bring the crosshair from one image position to another: by large steps, then by pixels."""
    scale = float(widget.stage.get_attribute("data-transform").split()[0])
    directions = (("ArrowLeft", "ArrowRight"), ("ArrowUp", "ArrowDown"))
    for before, after, keys in zip(start, end, directions, strict=True):
        steps, pixels = divmod(abs(after - before), 10 / scale)
        key = keys[after > before]
        press(widget, *[key] * int(steps), *[f"Shift+{key}"] * int(pixels))


def accept(widget, count):
    """Accept what is on screen, as the object that makes them this many."""
    press(widget, "Enter")
    expect(widget.root.get_by_test_id("object-row")).to_have_count(count)
    widget.wait_ready()


@pytest.mark.parametrize("labelled", ["fake"], indirect=True)
def test_a_point_a_box_the_brush_and_a_polygon_make_objects_without_a_pointer(labelled):
    widget = labelled
    widget.stage.focus()
    ask(widget, "ArrowRight", "i")
    accept(widget, 1)
    corner = ["b", *["ArrowLeft"] * 4, "Enter"]
    ask(widget, *corner, *["ArrowRight"] * 10, *["ArrowDown"] * 10, "Enter")
    assert widget.notebook.python("len(w.boxes)") == 1
    accept(widget, 2)
    ask(widget, "d", *["ArrowDown"] * 3, " ", *["ArrowRight"] * 2, " ")
    accept(widget, 3)
    triangle = [*["ArrowLeft"] * 30, " ", *["ArrowRight"] * 9, " ", *["ArrowUp"] * 9, " "]
    ask(widget, "g", *triangle, "Enter", "Enter")  # closed, then applied
    accept(widget, 4)
    assert widget.notebook.python("len({one.mask.tobytes() for one in w.annotations})") == 4


@pytest.mark.parametrize("labelled", ["lite"], indirect=True)
def test_a_found_mask_is_kept_edited_and_labelled_without_a_pointer(labelled):
    widget, python = labelled, labelled.notebook.python
    widget.stage.focus()
    press(widget, "ArrowRight", "a")
    tab_to(widget, "everything-run")
    press(widget, " ")
    panel = widget.root.get_by_test_id("everything-panel")
    expect(panel).to_have_attribute("data-stage", "finished", timeout=90_000)
    tab_to(widget, "stage", "Shift+Tab")
    # Into a mask that stays, with pixels of it all around: the crosshair may be a pixel off.
    widget.notebook.execute(
        "import numpy as np\n"
        "found = w._page.everything._present().result.masks.any(0)\n"
        "inner = np.lib.stride_tricks.sliding_window_view(found, (9, 9)).all((2, 3))"
    )
    y, x = python("[int(places[len(places) // 2]) + 4 for places in inner.nonzero()]")
    walk(widget, (300, 200), (x, y))
    press(widget, " ")
    expect(widget.root.get_by_test_id("everything-selection")).to_have_text("1 mask selected.")
    accept(widget, 1)
    press(widget, "a", "l", " ")
    selected = widget.root.locator("[data-testid=object-row][aria-selected=true]")
    expect(selected).to_have_count(1)
    area = python("w.annotations[0].area")
    press(widget, "e", " ")
    in_python(widget, f"w.annotations[0].area < {area}")
    label = python("w.annotations[0].label")
    press(widget, "l", "Shift+Digit1" if label == "spoon" else "Shift+Digit2")
    in_python(widget, f"w.annotations[0].label not in ('', {label!r})")
    assert python("[len(w.annotations), len(w.points) + len(w.boxes)]") == [1, 0]


def test_help_opens_lists_shortcuts_and_closes(widget):
    widget.stage.focus()
    widget.page.keyboard.press("?")
    help_ = widget.root.get_by_test_id("help")
    help_.wait_for()
    text = help_.inner_text()
    for word in ("Undo", "Accept", "Exclude", "Zoom"):
        assert word.lower() in text.lower()
    widget.page.keyboard.press("Escape")
    help_.wait_for(state="hidden")


def test_scores_are_announced(widget):
    widget.click(300, 150)
    live = widget.root.locator("[aria-live]")
    assert any("IoU" in one for one in live.all_inner_texts())


def test_the_page_scrolls_with_the_wheel_and_zooms_with_control(widget):
    widget.show()
    transform = widget.stage.get_attribute("data-transform")
    widget.page.mouse.move(*widget.client(300, 150))
    widget.page.mouse.wheel(0, 40)
    widget.page.keyboard.down("Control")
    widget.page.mouse.wheel(0, -200)
    widget.page.keyboard.up("Control")
    widget.page.wait_for_function(
        "([stage, old]) => stage.dataset.transform !== old",
        arg=[widget.stage.element_handle(), transform],
    )


BLANKS = """(root) => {
    // One place for each element that is neither pressed nor typed into, in view and not covered.
    const frame = root.getBoundingClientRect(), found = new Map();
    for (let y = frame.top + 2; y < Math.min(frame.bottom, innerHeight); y += 6) {
        for (let x = frame.left + 2; x < frame.right; x += 6) {
            const at = document.elementFromPoint(x, y);
            const own = at?.closest("button, input, select, a, [tabindex]");
            if (own === root && !found.has(at)) found.set(at, [x, y]);
        }
    }
    return [...found.values()];
}"""


def test_a_press_on_a_blank_leaves_the_keys_to_the_widget(widget):
    page, keyboard = widget.page, widget.page.keyboard
    widget.show()
    before = (cells(widget), executions(widget))
    count = len(widget.root.evaluate(BLANKS))
    assert count >= 10
    for at in range(0, count, -(-count // 12)):
        page.locator(".jp-Cell .jp-InputPrompt").first.click()
        widget.show()
        page.mouse.click(*widget.root.evaluate(BLANKS)[at])
        assert page.evaluate("() => document.activeElement.matches('.sam-widget *')")
        # Cells would be added above, and the one with the widget cut.
        for key in ("A", "A", "X", "a", "a", "x"):
            keyboard.press(key)
        assert (cells(widget), executions(widget)) == before


def test_keys_that_are_the_notebooks_reach_it(widget):
    page, keyboard = widget.page, widget.page.keyboard
    clean = "() => !jupyterapp.shell.currentWidget.context.model.dirty"
    palette = page.locator("#modal-command-palette")
    for field in (widget.stage, widget.root.get_by_test_id("label-input")):
        page.evaluate("() => { jupyterapp.shell.currentWidget.context.model.dirty = true }")
        field.focus()
        keyboard.press("Control+s")
        page.wait_for_function(clean)
        field.focus()
        keyboard.press("Control+Shift+C")
        palette.wait_for()
        keyboard.press("Escape")
        palette.wait_for(state="hidden")
    # Undo is the widget's, and no cell's.
    widget.click(300, 150)
    before = widget.revision
    keyboard.press("Control+z")
    widget.wait_ready(before)
    assert widget.notebook.python("w.points") == []


def test_the_chosen_label_survives_another_run_and_a_reload(open_notebook):
    labelled = CELLS[1].replace('"fake"', '"fake", labels=["cup", "spoon"]')
    notebook = open_notebook(labelled)
    notebook.run_all()
    widget = notebook.widget()
    field = widget.root.get_by_test_id("label-input")
    assert field.input_value() == "cup"
    widget.click(300, 150)
    chip = widget.root.get_by_test_id("label-chip").nth(1)
    chip.click()
    chip.click()
    before = widget.revision
    # A button that was pressed has no use for this.
    widget.page.keyboard.press("Enter")
    widget.wait_ready(before)
    assert notebook.python("[one.label for one in w.annotations]") == ["spoon"]
    old = widget.root.element_handle()
    notebook.run_all(wait=False)
    notebook.page.wait_for_function("old => !old.isConnected", arg=old)
    widget.wait_ready()
    assert field.input_value() == "spoon"
    notebook.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    notebook.page.goto(notebook.page.url.replace("&reset", ""))
    notebook.wait_for_kernel()
    widget.wait_ready()
    assert field.input_value() == "spoon"


NASTY = "<img src=x onerror=alert(1)>"


def test_no_field_loses_what_is_typed_at_full_speed_while_answers_and_saves_arrive(widget):
    notebook, root, keyboard = widget.notebook, widget.root, widget.page.keyboard
    notebook.execute("for x in (100, 300, 500):\n    w.add_point(x, 200)\n    _ = w.accept('cup')")
    rows = root.get_by_test_id("object-row")
    rows.nth(2).wait_for()
    # Deltas, labels, answers and previews without end, until the test is done.
    notebook.execute(
        """
import itertools, threading
last, typing = w.annotations[2].id, threading.Event()
def disturb():
    for at in itertools.count():
        if typing.is_set():
            return
        w.update_annotation(last, color=f"#0000{at % 90 + 10}", label=f"other {at % 7}")
        w.add_point(50 + at % 400, 60)
        w.clear()
disturber = threading.Thread(target=disturb, daemon=True)
disturber.start()
"""
    )
    for time in range(6):
        text = f"{NASTY}{time}"
        rows.nth(1).get_by_test_id("object-label").dblclick()
        keyboard.press("Control+a")
        keyboard.type(text)
        keyboard.press("Enter")
        root.get_by_text(text).first.wait_for()
        root.get_by_test_id("label-add").click()
        keyboard.type(f"new {text}")
        keyboard.press("Enter")
        root.get_by_test_id("label-chip").get_by_text(f"new {text}").wait_for()
        for name in ("object-search", "label-input"):
            field = root.get_by_test_id(name)
            field.click()
            keyboard.press("Control+a")
            keyboard.type(text)
            assert field.input_value() == text
            keyboard.press("Control+a")
            keyboard.press("Delete")
    notebook.execute("typing.set(); disturber.join()")
    assert root.locator("img").count() == 0
    assert notebook.python("w.annotations[1].label") == f"{NASTY}5"
