"""One photo labelled from the first click to everything mode, in three browser engines."""

from __future__ import annotations

import random

import pytest
from engines.lab_widget import LabWidget
from engines.webkit import open_webkit
from engines.with_playwright import open_playwright

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

CELL = """
import skimage.data
from sam_widget import SamWidget
w = SamWidget(skimage.data.coffee(), labels=["cup"])
w
"""
WIDTH, HEIGHT = 600, 400


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def widget(request, server, playwright):
    if request.param == "webkit":
        opened = open_webkit()
    else:
        opened = open_playwright(playwright, request.param)
    with opened as engine:
        widget = LabWidget.open(engine, server, f"engine_{request.param}.ipynb", CELL)
        yield widget
        widget.close()


def test_click_box_candidates_keys_accept_zoom_brush_everything(widget):
    python = widget.python
    points_and_candidates(widget)
    overlay_is_the_mask(widget)

    widget.engine.key("Shift+Digit1")
    widget.key("Enter")
    assert python("[one.label for one in w.annotations]") == ["cup"]
    assert python("[len(w.points), len(w.masks)]") == [0, 0]

    box_and_zoom(widget)
    overlay_is_the_mask(widget)
    widget.key("Enter")
    assert python("len(w.annotations)") == 2

    brush(widget)
    everything(widget)


def points_and_candidates(widget):
    """A click, another of the three by its key, a right click, and both undone and redone."""
    python = widget.python
    widget.click(330.5, 150.5)
    assert widget.count("candidate-") == 3
    assert python("list(w.masks.shape)") == [3, HEIGHT, WIDTH]
    assert python("w.points[0]") == [
        pytest.approx(330.5, abs=1.5),
        pytest.approx(150.5, abs=1.5),
        True,
    ]
    other = (python("w.selected") + 1) % 3
    widget.key(str(other + 1))
    assert python("w.selected") == other
    overlay_is_the_mask(widget)

    widget.click(60, 350, "right")
    assert [positive for _, _, positive in python("w.points")] == [True, False]
    widget.key("Control+z")
    assert len(python("w.points")) == 1
    widget.key("Control+Shift+z")
    assert len(python("w.points")) == 2


def box_and_zoom(widget):
    """A box drawn by dragging; closer by Ctrl and the wheel, where a click lands as aimed."""
    python = widget.python
    before = widget.revision
    widget.drag((150, 80), (250, 150), (400, 300))
    widget.wait_ready(before)
    assert python("w.boxes[0]") == pytest.approx([150, 80, 400, 300], abs=1.5)
    before = widget.transform()
    widget.engine.move(*widget.client(300, 200))
    widget.engine.zoom_wheel(-300)
    widget.engine.wait_for(
        "(before) => document.querySelector('[data-testid=stage]').dataset.transform !== before",
        before,
    )
    assert float(widget.transform().split()[0]) > 1.2 * float(before.split()[0])
    widget.click(320.5, 210.5)
    assert python("w.points[0][:2]") == pytest.approx([320.5, 210.5], abs=1.5)


def brush(widget):
    """A stroke with the brush is a mask of its own, which Enter accepts."""
    python = widget.python
    widget.press("zoom-fit")
    widget.engine.key("d")
    widget.engine.wait_for("() => document.querySelector('.sam-widget').dataset.tool === 'brush'")
    before = widget.revision
    widget.drag((500, 350), (520, 350), (540, 350))
    widget.wait_ready(before)
    assert python("[bool(w.mask[350, x]) for x in (500, 520, 540)]") == [True] * 3
    assert python("int(w.mask.sum())") < WIDTH * HEIGHT / 4
    overlay_is_the_mask(widget, around=(520, 350, 60))
    widget.key("Enter")
    assert python("len(w.annotations)") == 3


def everything(widget):
    """All masks of a coarse grid, one of them clicked and kept."""
    python = widget.python
    widget.press("everything")
    widget.wait_for_part("everything-points", "(part) => true")
    widget.select("everything-points", "8")
    widget.press("everything-run")
    widget.wait_for_part(
        "everything-panel",
        "({dataset: d}) => d.stage === 'finished' && d.painted === d.kept && Number(d.kept) > 0",
    )
    x, y = python(
        "(lambda run: [float(v) for v in run.table.points[run.selection.kept[0]]])"
        "(w._page.everything._present().result)"
    )
    widget.show()
    widget.engine.click(*widget.client(x, y))
    widget.wait_for_part("everything-keep-selected", "(part) => !part.disabled")
    widget.press("everything-keep-selected")
    widget.wait_for_part("object-count", "(part) => part.textContent.trim() === '4'")
    assert python("len(w.annotations)") == 4
    assert python(f"bool(w.annotations[3].mask[int({y}), int({x})])")


def overlay_is_the_mask(widget, around=(WIDTH / 2, HEIGHT / 2, 300)):
    """The overlay covers what ``w.mask`` says, at random places near a centre that are in view."""
    x, y, reach = around
    rng = random.Random(1)
    places = [
        (rng.uniform(max(0, x - reach), min(WIDTH, x + reach)),
         rng.uniform(max(0, y - reach), min(HEIGHT, y + reach)))
        for _ in range(1000)
    ]  # fmt: skip
    alphas = widget.alpha_at(places)
    truth = widget.python(f"[bool(w.mask[int(y), int(x)]) for x, y in {places}]")
    visible = [(alpha > 0, true) for alpha, true in zip(alphas, truth, strict=True) if alpha >= 0]
    assert len(visible) > 100
    assert {true for _, true in visible} == {True, False}
    assert sum(shown == true for shown, true in visible) / len(visible) >= 0.99
