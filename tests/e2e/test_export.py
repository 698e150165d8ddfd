"""Finishing a series and writing its files, from the page."""

from __future__ import annotations

import pytest
from pycocotools.coco import COCO

pytestmark = [
    pytest.mark.e2e,
    # pycocotools 2.0 on NumPy 2: its own conversion of masks to arrays.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

SERIES = """
from pathlib import Path
import skimage.data
from PIL import Image
from sam_widget import SamWidget
folder = Path("{name}").absolute()
folder.mkdir()
for number, photo in enumerate(["coffee", "chelsea", "rocket"], 1):
    Image.fromarray(getattr(skimage.data, photo)()).save(folder / f"im{{number}}.jpg", quality=92)
w = SamWidget.from_folder(folder, model="fake", labels=["saucer", "cup"])
w
"""


def export(widget, format_name, scope=None):
    """Use the menu as a person with a keyboard; return what is said of the result."""
    root = widget.root
    root.get_by_test_id("export-open").focus()
    widget.page.keyboard.press("Enter")
    root.get_by_test_id("export-menu").wait_for()
    if scope is not None:
        root.get_by_test_id(f"export-scope-{scope}").click()
    root.get_by_test_id(f"export-{format_name}").focus()
    widget.page.keyboard.press("Enter")
    return root.get_by_test_id("export-result")


def test_a_series_is_finished_and_written_as_one_file(open_notebook, capsys):
    notebook = open_notebook(SERIES.format(name="exported"))
    notebook.run_all()
    widget = notebook.widget()
    widget.wait_ready()
    notebook.execute(
        """
for label in ("cup", "saucer", "cup"):
    w.set_box(60, 60, 200, 160)
    w.accept(label)
    w.mark("done")
    w.next()
w.go_to(0)
"""
    )
    root = widget.root
    words = root.get_by_test_id("finished-objects")
    words.wait_for()
    assert words.inner_text() == "3 objects, 2 cup, 1 saucer"
    # The file is where Python says, with the objects of images that are not open, too.
    root.get_by_test_id("finished-export").click()
    assert root.get_by_test_id("export-scope-series").get_attribute("aria-checked") == "true"
    root.get_by_test_id("export-coco").click()
    path = root.get_by_test_id("export-path")
    path.wait_for()
    assert path.inner_text() == notebook.python("str(folder / 'annotations.coco.json')")
    read = COCO(path.inner_text())
    assert [image["file_name"] for image in read.imgs.values()] == ["im1.jpg", "im2.jpg", "im3.jpg"]
    areas = notebook.python("[a.area for i in range(3) for a in w.series.annotations(i)]")
    assert [int(read.annToMask(entry).sum()) for entry in read.anns.values()] == areas
    assert [each["name"] for each in read.dataset["categories"]] == ["saucer", "cup"]


def test_an_image_is_written_beside_its_photo_and_never_over_what_is_not_ours(open_notebook):
    notebook = open_notebook(SERIES.format(name="exported_images"))
    notebook.run_all()
    widget = notebook.widget()
    widget.wait_ready()
    notebook.execute("w.set_box(60, 60, 200, 160)\nw.accept('cup')")
    result = export(widget, "labelme", "image")
    result.wait_for()
    path = widget.root.get_by_test_id("export-path")
    assert path.inner_text() == notebook.python("str(folder / 'im1.labelme.json')")
    assert "1 object of 1 image written to" in result.inner_text()
    # Focus stays inside, so that the next key is the widget's.
    assert widget.root.evaluate("(root) => root.contains(document.activeElement)")
    notebook.execute("(folder / 'im1.labelme.json').write_text('mine')")
    widget.root.get_by_test_id("export-dismiss").click()
    export(widget, "labelme").wait_for()
    assert path.inner_text() == notebook.python("str(folder / 'im1-2.labelme.json')")
    assert "left as it is" in widget.root.get_by_test_id("export-note").inner_text()
    assert notebook.python("(folder / 'im1.labelme.json').read_text()") == "mine"


def test_a_folder_that_is_gone_is_told_in_words(open_notebook):
    notebook = open_notebook(SERIES.format(name="exported_nowhere"))
    notebook.run_all()
    widget = notebook.widget()
    widget.wait_ready()
    notebook.execute("folder.rename(folder.with_name('moved'))")
    result = export(widget, "csv", "image")
    result.wait_for()
    assert result.get_attribute("role") == "alert"
    assert "nothing can be written in" in result.inner_text()
    assert "Nothing is lost" in result.inner_text()
