"""The panel of objects, and a series of images, as a person works with them."""

from __future__ import annotations

import pytest
from lab import in_python
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

TWENTY = """
import skimage.data
from sam_widget import SamWidget
w = SamWidget(skimage.data.coffee(), model="fake", labels=["cup", "spoon", "table"])
w
"""
SERIES = """
from pathlib import Path
import numpy as np
import skimage.data
from PIL import Image
from sam_widget import SamWidget
folder = Path("{name}")
folder.mkdir()
for number, photo in enumerate(["coffee", "chelsea", "astronaut", "rocket"], 9):
    Image.fromarray(getattr(skimage.data, photo)()).save(folder / f"im{{number}}.jpg", quality=92)
w = SamWidget.from_folder(folder, model="fake", labels=["thing"])
w
"""


def labels_of(python):
    return python("[one.label for one in w.annotations]")


def wait_for_rows(widget, count):
    widget.page.wait_for_function(
        "([root, n]) => root.querySelector('[data-testid=object-count]')?.textContent === n",
        arg=[widget.root.element_handle(), str(count)],
    )


def painted(widget):
    """The objects' canvas, by a number, once three frames in a row have left it as it is."""
    return widget.root.evaluate(
        """async (root) => {
            const canvas = root.querySelector("[data-testid=layer-objects]");
            const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
            const pixels = () => {
                const {width, height} = canvas;
                return canvas.getContext("2d").getImageData(0, 0, width, height).data;
            };
            let last = pixels();
            for (let still = 0; still < 3; ) {
                await frame();
                const now = pixels();
                still = now.every((value, at) => value === last[at]) ? still + 1 : 0;
                last = now;
            }
            globalThis.pictures ??= [];
            return globalThis.pictures.push(last) - 1;
        }"""
    )


def looks_like(widget, one, other):
    """Whether two pictures are the same, but for how a line's edge is smoothed.

    Browsers compute that for lines cut off at the border of what is drawn, and differ by a few
    levels from the line as a whole.
    """
    most, count = widget.page.evaluate(
        """([one, other]) => {
            // What is nearly transparent has no colour to speak of.
            const seen = (data, at) => {
                const alpha = data[at | 3];
                return (at & 3) === 3 ? alpha : data[at] * alpha / 255;
            };
            let [most, count] = [0, 0];
            for (let at = 0; at < pictures[one].length; at++) {
                const difference = Math.abs(seen(pictures[one], at) - seen(pictures[other], at));
                most = Math.max(most, difference);
                count += difference > 1;
            }
            return [most, count];
        }""",
        [one, other],
    )
    return most <= 40 and count < 5000


def test_twenty_objects_are_found_selected_relabelled_hidden_and_deleted(open_notebook):
    notebook = open_notebook(TWENTY)
    notebook.run_all()
    widget, python = notebook.widget(), notebook.python
    root, keyboard = widget.root, notebook.page.keyboard
    for at in range(20):
        widget.click(40 + 130 * (at % 5), 40 + 100 * (at // 5))
        # By its key, which leaves the masks' own digits alone. The first is chosen already.
        if at > 0:
            keyboard.press(f"Shift+Digit{at % 3 + 1}")
        before = widget.revision
        keyboard.press("Enter")
        widget.wait_ready(before)
    names = ["cup", "spoon", "table"]
    assert labels_of(python) == [names[at % 3] for at in range(20)]
    counts = root.get_by_test_id("label-count").all_inner_texts()
    assert counts == ["7", "7", "6"]
    colors = python("w.label_colors")
    assert len(set(colors.values())) == 3
    assert python("[w.label_colors[o.label] == o.color for o in w.annotations]") == [True] * 20

    # Search, select what was found, relabel it in one step.
    root.get_by_test_id("object-search").fill("SPO")
    wait_for_rows(widget, "7 of 20")
    rows = root.get_by_test_id("object-row")
    rows.first.click()
    rows.nth(2).click(modifiers=["Shift"])
    rows.nth(1).click(modifiers=["ControlOrMeta"])
    expect(root.get_by_test_id("selection-count")).to_have_text("2 objects selected")
    root.get_by_test_id("selection-label").fill("cup")
    root.get_by_test_id("selection-label").press("Enter")
    wait_for_rows(widget, "5 of 20")
    in_python(widget, "[o.label for o in w.annotations].count('cup') == 9")
    assert python("len({o.color for o in w.annotations if o.label == 'cup'})") == 1

    # All of one label, shown alone; then all again.
    root.get_by_test_id("object-search").fill("")
    root.get_by_test_id("object-label-filter").select_option("table")
    wait_for_rows(widget, "6 of 20")
    rows.first.click()
    keyboard.press("Control+a")
    root.get_by_test_id("selection-only").click()
    in_python(widget, "all(o.visible == (o.label == 'table') for o in w.annotations)")
    cursor = python("w.document['cursor']")
    root.get_by_test_id("objects-show-all").click()
    in_python(widget, "all(o.visible for o in w.annotations)")
    assert python("w.document['cursor']") == cursor + 1

    # Delete the selection in one step, and take it back.
    root.get_by_test_id("object-list").focus()
    keyboard.press("Delete")
    in_python(widget, "len(w.annotations) == 14")
    keyboard.press("Control+z")
    in_python(widget, "len(w.annotations) == 20")
    assert labels_of(python).count("table") == 6


def test_a_label_is_renamed_and_recoloured_with_all_its_objects(open_notebook):
    notebook = open_notebook(TWENTY)
    notebook.run_all()
    widget, python = notebook.widget(), notebook.python
    notebook.execute("for x in (100, 300, 500):\n    w.add_point(x, 200)\n    _ = w.accept('cup')")
    wait_for_rows(widget, 3)
    chip = widget.root.get_by_test_id("label-chip").first
    chip.focus()
    chip.press("F2")
    widget.root.get_by_test_id("label-rename").fill("mug")
    widget.root.get_by_test_id("label-rename").press("Enter")
    in_python(widget, "[o.label for o in w.annotations] == ['mug'] * 3")
    widget.root.get_by_test_id("label-color").first.fill("#123456")
    in_python(widget, "[o.color for o in w.annotations] == ['#123456'] * 3")
    notebook.execute("w.undo(); w.undo()")
    assert labels_of(python) == ["cup"] * 3
    # Zoom to one of them, from the list alone.
    rows = widget.root.get_by_test_id("object-row")
    rows.nth(2).click()
    transform = widget.stage.get_attribute("data-transform")
    widget.page.keyboard.press("j")
    widget.page.wait_for_function(
        "([stage, old]) => stage.dataset.transform !== old",
        arg=[widget.stage.element_handle(), transform],
    )
    box = widget.stage.bounding_box()
    x, y = widget.client(500, 200)
    assert box["x"] < x < box["x"] + box["width"]
    assert box["y"] < y < box["y"] + box["height"]


def test_five_hundred_objects_are_a_few_rows_in_the_page(open_notebook):
    cell = TWENTY.replace(
        "\nw\n",
        """
import numpy as np
from sam_widget import Annotation, AnnotationStore, Rle
def disc(at):
    rows, columns = np.ogrid[:400, :600]
    y, x = 8 + (at * 61) % 384, 8 + (at * 97) % 584
    return Annotation(Rle.encode((rows - y) ** 2 + (columns - x) ** 2 < 80), f"label {at % 4}")
w.close()
from sam_widget.session import Kept
w = SamWidget([skimage.data.coffee(), skimage.data.coffee()], model="fake")
w.series.keep(1, Kept(AnnotationStore(map(disc, range(500)), width=600, height=400)))
_ = w.next()
w
""",
    )
    notebook = open_notebook(cell)
    notebook.run_all()
    widget = notebook.widget()
    wait_for_rows(widget, 500)
    rows = widget.root.get_by_test_id("object-row")
    assert rows.count() < 40

    # What was drawn again in parts is what is drawn as a whole.
    before = painted(widget)
    notebook.execute(
        "ids = [o.id for o in w.annotations]\n"
        "w.update_annotations(ids[7:400:60], visible=False)\n"
        "w.update_annotation(ids[100], color='#ff00ff')\n"
        "w.remove_annotations([ids[300]])\n"
        "w.update_annotations([ids[67]], visible=True, label='other')"
    )
    wait_for_rows(widget, 499)
    rows.first.click()
    widget.page.keyboard.press("Escape")
    widget.page.mouse.move(5, 5)
    step_by_step = painted(widget)
    widget.root.get_by_test_id("zoom-in").click()
    widget.root.get_by_test_id("zoom-fit").click()
    assert looks_like(widget, painted(widget), step_by_step)
    assert not looks_like(widget, step_by_step, before)
    notebook.execute("for _ in range(4): w.undo()")
    wait_for_rows(widget, 500)
    # The deletion is not the last step that is taken back.
    while not looks_like(widget, painted(widget), before):
        widget.page.wait_for_timeout(50)

    rows.first.click()
    widget.page.keyboard.press("End")
    last = notebook.python("w.annotations[499].id")
    widget.root.locator(f"[data-id='{last}'][aria-selected=true]").wait_for()
    assert rows.count() < 40
    widget.page.keyboard.press("Shift+Home")
    expect(widget.root.get_by_test_id("selection-count")).to_have_text("500 objects selected")
    widget.page.keyboard.press("Shift+H")
    in_python(widget, "not any(o.visible for o in w.annotations)")


def test_a_series_of_four_images_with_objects_kept(open_notebook, request):
    cell = SERIES.format(name=request.node.name)
    notebook = open_notebook(cell)
    notebook.run_all()
    widget, python = notebook.widget(), notebook.python
    root, keyboard = widget.root, notebook.page.keyboard
    place = root.get_by_test_id("series-place")

    def wait_for_image(index):
        notebook.page.wait_for_function(
            "([root, at]) => root.dataset.opening === '' && root.dataset.status === 'ready'"
            " && root.querySelector('[data-testid=series]').dataset.index === at",
            arg=[root.element_handle(), str(index)],
        )

    root.locator("[data-testid=series-picture][data-loaded=true]").nth(3).wait_for()
    assert python("w.series.names") == ["im9.jpg", "im10.jpg", "im11.jpg", "im12.jpg"]
    for at in range(4):
        wait_for_image(at)
        expect(place).to_have_text(f"{at + 1} / 4")
        widget.click(100 + 20 * at, 100)
        before = widget.revision
        keyboard.press("Enter")
        widget.wait_ready(before)
        keyboard.press("Shift+S" if at == 2 else "Shift+D")
    in_python(widget, "w.series.statuses[3] == 'done'")
    for at in (2, 1, 0):
        keyboard.press("PageUp")
        wait_for_image(at)
        wait_for_rows(widget, 1)
        assert python("len(w.annotations)") == 1
    assert python("[len(w.series.annotations(at)) for at in range(4)]") == [1] * 4
    assert len(set(python("[w.series.annotations(at)[0].id for at in range(4)]"))) == 4
    expect(root.get_by_test_id("series-summary")).to_have_text("3 done, 1 skipped")
    root.get_by_test_id("series-picture").nth(2).click()
    wait_for_image(2)
    # Another widget goes on at that place.
    notebook.execute("again = SamWidget.from_folder(folder, model='fake')")
    assert python("again.series.index") == 2
    assert python("again.series.statuses") == ["done", "done", "skipped", "done"]
