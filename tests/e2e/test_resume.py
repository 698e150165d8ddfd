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
    """The objects as the panel shows them."""
    return widget.root.get_by_test_id("object-row").evaluate_all(
        "rows => rows.map(row => [row.dataset.id, row.querySelector('[data-testid=object-label]')"
        ".textContent])"
    )


def wait_for_objects(widget, count):
    widget.page.wait_for_function(
        "([root, count]) => root.dataset.status === 'ready'"
        " && root.querySelectorAll('[data-testid=object-row]').length === count"
        " && root.querySelector('[data-testid=saved]').dataset.saved === 'saved'",
        arg=[widget.root.element_handle(), count],
    )


def test_twenty_objects_survive_a_killed_kernel(open_notebook, coffee, tmp_path):
    photo = tmp_path / "photo.png"
    Image.fromarray(coffee).save(photo)
    notebook = open_notebook(
        "from sam_widget import SamWidget\n"
        f"w = SamWidget({str(photo)!r}, model='fake', labels={LABELS})\nw"
    )
    notebook.run_all()
    widget = notebook.widget()
    button = widget.root.get_by_test_id
    for number in range(20):
        widget.click(40 + 130 * (number % 5), 50 + 95 * (number // 5))
        button("label-chip").nth(number % 3).click()
        button("accept").click()
        wait_for_objects(widget, number + 1)
    # One is taken up again, refined, and put back in its place.
    before = notebook.python(OBJECTS)
    row = button("object-row").nth(2)
    row.hover()
    row.get_by_test_id("object-reopen").click()
    widget.page.wait_for_function(
        "root => root.querySelector('[data-testid=accept]').textContent === 'Replace'"
        " && root.dataset.status === 'ready'",
        arg=widget.root.element_handle(),
    )
    widget.click(250, 60)
    button("accept").click()
    wait_for_objects(widget, 20)
    refined = notebook.python(OBJECTS)
    assert [one[:3] for one in refined] == [one[:3] for one in before]
    assert [at for at in range(20) if refined[at] != before[at]] == [2]
    row = button("object-row").nth(5)
    row.hover()
    row.get_by_test_id("object-delete").click()
    wait_for_objects(widget, 19)
    button("toolbar-undo").click()
    wait_for_objects(widget, 20)

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
        " && document.querySelectorAll('[data-testid=object-row]').length === 20"
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
