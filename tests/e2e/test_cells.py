"""What cells do with widgets in a real JupyterLab: run again, await, observe."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.e2e

PHOTO = "import skimage.data, PIL.Image; PIL.Image.fromarray(skimage.data.coffee()).save('{}')"


def run_cell(notebook, index):
    """Run one cell of the notebook, and wait for its end."""
    notebook.page.evaluate(
        """async (index) => {
            const {content} = jupyterapp.shell.currentWidget;
            content.activeCellIndex = index;
            content.deselectAll();
            await jupyterapp.commands.execute('notebook:run-cell');
        }""",
        index,
    )


def output_of(notebook, index):
    """The text that lies below a cell."""
    return notebook.page.evaluate(
        """(index) => jupyterapp.shell.currentWidget.content.widgets[index]
            .outputArea.node.innerText""",
        index,
    )


def test_a_cell_that_is_run_ten_times_keeps_one_widget_and_all_objects(open_notebook, tmp_path):
    photo = tmp_path / "photo.png"
    notebook = open_notebook(
        f"from sam_widget import SamWidget\n{PHOTO.format(photo)}",
        f"w = SamWidget({str(photo)!r}, model='fake', labels=['cup'])\nw",
    )
    notebook.run_all()
    for number in range(10):
        run_cell(notebook, 1)
        notebook.page.wait_for_function(
            "() => document.querySelectorAll('.sam-widget[data-status=ready]').length === 1"
        )
        widget = notebook.widget()
        widget.click(40 * number + 60, 200)
        before = widget.revision
        notebook.page.keyboard.press("Enter")
        widget.wait_ready(before)
    threads = "[t.name for t in __import__('threading').enumerate()].count('sam_widget')"
    released = "__import__('sam_widget.storage', fromlist=['x']).finish_releasing(60)"
    assert notebook.python(released) is True
    assert notebook.python(threads) <= 2  # one may still be on its way out
    assert notebook.python("len(w.annotations)") == 10
    assert notebook.python("w.annotations.saved") is True
    notebook.execute("w.undo()")
    assert notebook.python("len(w.annotations)") == 9
    models = "len([1 for one in __import__('gc').get_objects() if type(one) is type(w)])"
    assert notebook.python(models) <= 2


def test_a_cell_awaits_a_click_and_observers_print_where_they_were_set(open_notebook):
    notebook = open_notebook(
        "import asyncio, skimage.data\n"
        "from sam_widget import SamWidget\n"
        "w = SamWidget(skimage.data.coffee(), model='fake')\nw",
        "def told(change): print('told', change['new'])\n"
        "async def told_later(change):\n"
        "    await asyncio.sleep(0)\n"
        "    print('later', change['new'])\n"
        "w.observe(told, 'revision'); w.observe(told_later, 'revision')",
        "seen = await w.changed('revision')",
    )
    notebook.run_all(wait=False)
    notebook.page.wait_for_selector(".sam-widget[data-status=ready]")
    widget = notebook.widget()
    widget.click(300, 200)  # while the last cell waits for it
    notebook.wait_for_kernel()
    revision = notebook.python("w.revision")
    assert notebook.python("seen") == revision
    notebook.page.wait_for_function(
        """(wanted) => {
            const cell = jupyterapp.shell.currentWidget.content.widgets[1];
            const text = cell.outputArea.node.innerText;
            return wanted.every((line) => text.includes(line));
        }""",
        arg=[f"told {revision}", f"later {revision}"],
    )
    assert "told" not in output_of(notebook, 0) + output_of(notebook, 2)
