"""A person's first minute: click, three masks, and the same masks in Python."""

from __future__ import annotations

import random
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e

CELL = """
import skimage.data
from sam_widget import SamWidget
w = SamWidget(skimage.data.coffee(), model="fake", labels=["cup", "spoon"])
w
"""
WIDTH, HEIGHT = 600, 400


@pytest.fixture
def widget(open_notebook):
    notebook = open_notebook(CELL)
    notebook.run_all()
    return notebook.widget()


def agreement(widget, seed=0):
    """Share of visible random image positions where the overlay's alpha says what w.mask says."""
    rng = random.Random(seed)
    points = [(rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)) for _ in range(1500)]
    alphas = widget.alpha_at(points)
    truth = widget.notebook.python(
        f"[bool(w.mask[min(int(y), {HEIGHT - 1}), min(int(x), {WIDTH - 1})]) for x, y in {points}]"
    )
    visible = [(alpha > 0, true) for alpha, true in zip(alphas, truth, strict=True) if alpha >= 0]
    visible = visible[:200]
    assert len(visible) == 200
    assert {True, False} == {true for _, true in visible}
    return sum(painted == true for painted, true in visible) / len(visible)


def test_a_click_gives_three_masks_on_the_page_and_in_python(widget):
    before = widget.revision
    widget.click(300, 150)
    assert widget.revision > before
    thumbnails = widget.root.locator("[data-testid^=candidate-]")
    assert [one.get_attribute("data-testid") for one in thumbnails.all()] == [
        "candidate-0",
        "candidate-1",
        "candidate-2",
    ]
    python = widget.notebook.python
    assert python("list(w.masks.shape)") == [3, HEIGHT, WIDTH]
    assert python("str(w.masks.dtype)") == "bool"
    assert python("bool(w.masks[:, 150, 300].any())")
    assert python("w.points") == [[300, 150, True]]
    assert python("w.revision") == widget.revision
    assert python("w.status") == "ready"


def test_the_bundled_model_answers_with_no_download(open_notebook):
    notebook = open_notebook(CELL.replace(', model="fake"', ""))
    notebook.run_all()
    widget = notebook.widget()
    widget.click(300, 150)
    expect(widget.root.get_by_test_id("model")).to_have_text(re.compile(r"^lite"))
    assert notebook.python("list(w.masks.shape)") == [3, HEIGHT, WIDTH]
    assert notebook.python("bool(w.masks[:, 150, 300].any())")
    # A box round the cup: the mask lies in it, and fills much of it.
    before = widget.revision
    widget.page.keyboard.press("c")
    widget.wait_ready(before)
    widget.drag((170, 15), (390, 290))
    assert notebook.python("float(w.mask[15:290, 170:390].sum() / w.mask.sum())") > 0.95
    assert 0.3 < notebook.python("float(w.mask[15:290, 170:390].mean())") < 0.95


@pytest.mark.parametrize("scale", [1, 1.5, 2])
def test_the_overlay_is_the_mask_at_any_scale_zoom_and_width(open_notebook, scale):
    notebook = open_notebook(CELL, scale=scale)
    notebook.run_all()
    widget = notebook.widget()
    widget.click(330, 150)
    widget.root.get_by_test_id("candidate-2").click()
    widget.wait_ready()
    assert agreement(widget) >= 0.99

    transform = widget.stage.get_attribute("data-transform")
    widget.page.mouse.move(*widget.client(320, 160))
    widget.page.keyboard.down("Control")
    widget.page.mouse.wheel(0, -300)
    widget.page.keyboard.up("Control")
    widget.page.wait_for_function(
        "([stage, old]) => stage.dataset.transform !== old",
        arg=[widget.stage.element_handle(), transform],
    )
    assert agreement(widget, seed=1) >= 0.99
    # A click lands where it was aimed at, zoomed too.
    widget.click(340.5, 170.5, exclude=True)
    x, y, positive = notebook.python("w.points")[-1]
    assert (x, y) == pytest.approx((340.5, 170.5), abs=1)
    assert positive is False

    widget.root.get_by_test_id("zoom-fit").click()
    before = widget.stage.bounding_box()["width"]
    widget.page.set_viewport_size({"width": 620, "height": 900})
    widget.page.wait_for_function(
        "([stage, old]) => Math.abs(stage.getBoundingClientRect().width - old) > 20",
        arg=[widget.stage.element_handle(), before],
    )
    widget.wait_ready()
    assert agreement(widget, seed=2) >= 0.99
    widget.click(200.5, 120.5)
    x, y, _ = notebook.python("w.points")[-1]
    assert (x, y) == pytest.approx((200.5, 120.5), abs=1.5)


def test_a_css_transform_on_the_way_does_not_move_clicks(widget):
    widget.page.evaluate(
        "() => { document.querySelector('.sam-widget').parentElement.style.cssText +="
        " ';transform: scale(0.8) translate(30px, 10px); transform-origin: 0 0' }"
    )
    widget.click(450.5, 310.5)
    x, y, _ = widget.notebook.python("w.points")[0]
    assert (x, y) == pytest.approx((450.5, 310.5), abs=1.5)


def test_the_edges_of_the_image_can_be_clicked_and_not_left(widget):
    widget.show()
    box = widget.stage.bounding_box()
    before = widget.revision
    widget.page.mouse.click(box["x"] + 0.5, box["y"] + 0.5)
    widget.wait_ready(before)
    before = widget.revision
    widget.page.mouse.click(box["x"] + box["width"] - 0.5, box["y"] + box["height"] - 0.5)
    widget.wait_ready(before)
    for x, y, _ in widget.notebook.python("w.points"):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
    # A drag that leaves the stage ends at the image's border.
    before = widget.revision
    widget.page.mouse.move(*widget.client(500, 300))
    widget.page.mouse.down()
    widget.page.mouse.move(box["x"] + box["width"] + 80, box["y"] + box["height"] + 60)
    widget.page.mouse.up()
    widget.wait_ready(before)
    x0, y0, x1, y1 = widget.notebook.python("w.boxes")[0]
    assert (x1, y1) == (WIDTH, HEIGHT)
    assert (x0, y0) == pytest.approx((500, 300), abs=1.5)


def test_right_click_and_alt_click_exclude_without_a_menu(widget):
    widget.click(300, 150)
    widget.click(200, 300, exclude=True)
    before = widget.revision
    widget.page.keyboard.down("Alt")
    widget.page.mouse.click(*widget.client(100, 100))
    widget.page.keyboard.up("Alt")
    widget.wait_ready(before)
    assert [one[2] for one in widget.notebook.python("w.points")] == [True, False, False]
    assert widget.page.locator(".lm-Menu").count() == 0


def test_drags_are_normalised_boxes_and_prompts_can_be_dragged(widget):
    widget.drag((400, 300), (150, 80))
    box = widget.notebook.python("w.boxes")[0]
    assert box == pytest.approx([150, 80, 400, 300], abs=1.5)
    widget.drag((150, 190), (100, 190))  # the left edge
    assert widget.notebook.python("w.boxes")[0] == pytest.approx([100, 80, 400, 300], abs=2)
    widget.click(250, 200)
    widget.drag((250, 200), (300, 250))
    assert widget.notebook.python("w.points")[0][:2] == pytest.approx([300, 250], abs=1.5)
    assert len(widget.notebook.python("w.points")) == 1
    before = widget.revision
    widget.page.keyboard.press("Delete")
    widget.wait_ready(before)
    assert widget.notebook.python("len(w.points)") == 0


def test_choose_refine_undo_redo_clear(widget):
    widget.click(330, 150)
    other = (widget.notebook.python("w.selected") + 1) % 3
    before = widget.revision
    widget.page.keyboard.press(str(other + 1))
    widget.wait_ready(before)
    assert widget.notebook.python("w.selected") == other
    thumbnail = widget.root.get_by_test_id(f"candidate-{other}")
    expect(thumbnail).to_have_attribute("aria-pressed", "true")
    widget.click(420, 250)
    assert widget.notebook.python("list(w.masks.shape)") == [1, HEIGHT, WIDTH]
    expect(widget.root.locator("[data-testid^=candidate-]")).to_have_count(1)
    for key, count in (("Control+z", 1), ("Control+Shift+z", 2), ("Control+z", 1)):
        before = widget.revision
        widget.page.keyboard.press(key)
        widget.wait_ready(before)
        assert widget.notebook.python("len(w.points)") == count
    assert widget.notebook.python("w.selected") == other
    before = widget.revision
    widget.root.get_by_test_id("toolbar-clear").click()
    widget.wait_ready(before)
    assert widget.notebook.python("[len(w.points), len(w.masks)]") == [0, 0]


def test_accept_rename_recolour_hide_delete(widget):
    root = widget.root
    root.get_by_test_id("label-input").fill("cup")
    for x in (300, 120, 500):
        widget.click(x, 150)
        before = widget.revision
        widget.page.keyboard.press("Enter")
        widget.wait_ready(before)
    python = widget.notebook.python
    assert python("[one.label for one in w.annotations]") == ["cup"] * 3
    rows = root.get_by_test_id("object-row")
    expect(rows).to_have_count(3)
    rows.nth(1).get_by_test_id("object-label").dblclick()
    widget.page.keyboard.press("Control+a")
    widget.page.keyboard.type("<img src=x onerror=alert(1)>")
    widget.page.keyboard.press("Enter")
    root.get_by_text("<img src=x onerror=alert(1)>").first.wait_for()
    assert root.locator("img").count() == 0
    rows.nth(2).hover()
    rows.nth(2).get_by_test_id("object-visible").click()
    rows.nth(0).hover()
    rows.nth(0).get_by_test_id("object-delete").click()
    widget.page.wait_for_function(
        "root => root.querySelectorAll('[data-testid=object-row]').length === 2",
        arg=root.element_handle(),
    )
    labels = python("[[one.label, one.visible] for one in w.annotations]")
    assert labels == [["<img src=x onerror=alert(1)>", True], ["cup", False]]


def test_what_python_does_is_seen_on_the_page(widget):
    notebook = widget.notebook
    before = widget.revision
    notebook.execute("w.add_point(410, 220)")
    widget.wait_ready(before)
    expect(widget.root.locator("[data-testid^=candidate-]")).to_have_count(3)
    before = widget.revision
    notebook.execute("w.choose(1); w.accept('dog')")
    widget.root.get_by_text("dog").first.wait_for()
    notebook.execute("w.set_box(80, 60, 300, 240)")
    widget.wait_ready(before)
    notebook.execute("w.undo(); w.undo()")
    widget.page.wait_for_function(
        "root => root.querySelectorAll('[data-testid=object-row]').length === 0",
        arg=widget.root.element_handle(),
    )


def test_hover_previews_and_leaves_the_state_alone(widget):
    widget.show()
    before = widget.data("revision")
    widget.page.mouse.move(*widget.client(300, 150))
    widget.page.mouse.move(*widget.client(310, 155))
    widget.page.wait_for_function(
        "root => Number(root.dataset.previewRevision) > 0", arg=widget.root.element_handle()
    )
    assert widget.data("status") == "ready"
    assert widget.data("revision") == before
    assert widget.notebook.python("[len(w.points), w.revision]") == [0, int(before)]


def test_two_hundred_fast_clicks_all_arrive(widget):
    widget.show()
    rng = random.Random(3)
    for _ in range(200):
        widget.page.mouse.click(*widget.client(rng.uniform(5, 595), rng.uniform(5, 395)))
    widget.notebook.execute("w.clear() if False else w.wait()")
    widget.wait_ready()
    assert widget.notebook.python("len(w.points)") == 200
    assert widget.data("status") == "ready"
