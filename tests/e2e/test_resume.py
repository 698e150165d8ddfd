"""Accepted objects outlive their kernel."""

from __future__ import annotations

import os
import signal

import pytest
from PIL import Image

pytestmark = pytest.mark.e2e

OBJECTS = "[[one.id, one.label, one.color, one.rle.to_coco()['counts']] for one in w.annotations]"
LABELS = ["cup", "plate", "spoon"]


def listed(widget):
    """The objects as the panel lists them, from the top to the bottom."""
    return widget.root.get_by_test_id("object-list").evaluate(
        """async (list) => {
            const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
            const seen = new Map();
            for (list.scrollTop = 0; ; list.scrollTop += list.clientHeight / 2) {
                for (let frames = 0; frames < 3; frames++) await frame();
                for (const row of list.querySelectorAll("[data-testid=object-row]")) {
                    const label = row.querySelector("[data-testid=object-label]");
                    seen.set(row.dataset.id, label.textContent);
                }
                if (list.scrollTop + list.clientHeight >= list.scrollHeight - 1) break;
            }
            list.scrollTop = 0;
            return [...seen];
        }"""
    )


COUNT = "root.querySelector('[data-testid=object-count]')?.textContent"


def wait_for_objects(widget, count):
    widget.page.wait_for_function(
        f"([root, count]) => root.dataset.status === 'ready' && {COUNT} === count"
        " && root.querySelector('[data-testid=saved]').dataset.saved === 'saved'",
        arg=[widget.root.element_handle(), str(count)],
    )


def in_kernel(widget, expression):
    """Wait until something is true in the kernel."""
    while not widget.notebook.python(expression):
        widget.page.wait_for_timeout(50)


def row_of(widget, index):
    """One of the first objects' rows: the list is scrolled to where it begins."""
    widget.root.get_by_test_id("object-list").evaluate("list => { list.scrollTop = 0; }")
    identity = widget.notebook.python(f"w.annotations[{index}].id")
    return widget.root.locator(f"[data-testid=object-row][data-id='{identity}']")


def paint(widget, index, x, y):
    """Select an object and draw a stroke on it with the brush."""
    row_of(widget, index).get_by_test_id("object-label").click()
    widget.stage.focus()
    widget.page.keyboard.press("d")
    widget.show()
    widget.page.mouse.move(*widget.client(x, y))
    widget.page.mouse.down()
    widget.page.mouse.move(*widget.client(x + 20, y), steps=4)
    widget.page.mouse.up()
    in_kernel(widget, f"bool(w.annotations[{index}].mask[{y}, {x + 10}])")
    wait_for_objects(widget, 20)
    widget.page.keyboard.press("p")


def annotate(widget):
    """Accept twenty objects, paint on two, refine one, delete one and take that back."""
    button, python = widget.root.get_by_test_id, widget.notebook.python
    for number in range(20):
        widget.click(40 + 130 * (number % 5), 50 + 95 * (number // 5))
        button("label-chip").nth(number % 3).click()
        button("accept").click()
        wait_for_objects(widget, number + 1)
    accepted = python(OBJECTS)
    paint(widget, 0, 90, 20)
    paint(widget, 1, 220, 20)
    painted = python(OBJECTS)
    assert [at for at in range(20) if painted[at] != accepted[at]] == [0, 1]
    # One is taken up again, refined, and put back in its place.
    row_of(widget, 2).click()
    button("selection-reopen").click()
    widget.page.wait_for_function(
        "root => root.querySelector('[data-testid=accept]').textContent === 'Replace'"
        " && root.dataset.status === 'ready'",
        arg=widget.root.element_handle(),
    )
    widget.click(250, 60)
    button("accept").click()
    wait_for_objects(widget, 20)
    refined = python(OBJECTS)
    assert [one[:3] for one in refined] == [one[:3] for one in painted]
    assert [at for at in range(20) if refined[at] != painted[at]] == [2]
    row = row_of(widget, 3)
    row.hover()
    row.get_by_test_id("object-delete").click()
    wait_for_objects(widget, 19)
    button("toolbar-undo").click()
    wait_for_objects(widget, 20)
    assert python(OBJECTS) == refined
    return refined


def test_twenty_objects_survive_a_killed_kernel(open_notebook, coffee, tmp_path):
    photo = tmp_path / "photo.png"
    Image.fromarray(coffee).save(photo)
    notebook = open_notebook(
        "from sam_widget import SamWidget\n"
        f"w = SamWidget({str(photo)!r}, model='fake', labels={LABELS})\nw"
    )
    notebook.run_all()
    widget = notebook.widget()
    refined = annotate(widget)
    shown = listed(widget)
    notebook.execute("import os")
    os.kill(notebook.python("os.getpid()"), signal.SIGKILL)
    widget.page.wait_for_function(
        "root => root.dataset.connection === 'lost'", arg=widget.root.element_handle()
    )
    notebook.wait_for_kernel()
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()  # "appears to have died"
    notebook.page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
    widget.page.wait_for_function(
        "() => document.querySelector('.sam-widget')?.dataset.status === 'ready'"
        f" && {COUNT.replace('root.', 'document.')} === '20'"
    )
    again = notebook.widget()
    wait_for_objects(again, 20)
    assert listed(again) == shown
    assert notebook.python(OBJECTS) == refined
    # What was done before can still be undone: the deletion that was undone, done again.
    again.root.get_by_test_id("toolbar-redo").click()
    wait_for_objects(again, 19)
    again.root.get_by_test_id("toolbar-undo").click()
    wait_for_objects(again, 20)
    again.page.screenshot(path=os.environ.get("RESUME_PICTURE", str(tmp_path / "resume.png")))
