"""Labelling a photograph takes a click and a key for each object, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

COINS = json.loads((Path(__file__).parents[1] / "data" / "coins.json").read_text())["ellipses"][:20]
CELL = """
import numpy as np
import skimage.data
from sam_widget import SamWidget

photo = skimage.data.coins()
w = SamWidget(photo, {options})
w
"""
COMPARE = """
def outline(x0, y0, x1, y1):
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]] + 0.5
    across, down = (x - (x0 + x1) / 2) / (x1 - x0), (y - (y0 + y1) / 2) / (y1 - y0)
    return across**2 + down**2 <= 0.25


def iou(a, b):
    return float((a & b).sum() / (a | b).sum())


def compared(ellipses):
    masks = [item.mask for item in w.annotations]
    return [iou(mask, outline(*ellipse)) for mask, ellipse in zip(masks, ellipses, strict=True)]
"""


def label(open_notebook, options, keys, *, waits):
    """Click in the middle of each coin and press its key, with or without looking at the mask."""
    notebook = open_notebook(CELL.format(options=options))
    notebook.run_all()
    widget = notebook.widget()
    widget.show()
    for (x0, y0, x1, y1), key in zip(COINS, keys, strict=True):
        before = widget.revision
        widget.page.mouse.click(*widget.client((x0 + x1) / 2, (y0 + y1) / 2))
        if waits:
            widget.wait_ready(before)
        widget.page.keyboard.press(key)
    widget.wait_ready()
    notebook.execute(COMPARE)
    assert notebook.python("len({item.mask.tobytes() for item in w.annotations})") == len(COINS)
    assert min(notebook.python(f"compared({COINS})")) >= 0.7
    return notebook.python("[item.label for item in w.annotations]")


@pytest.mark.parametrize("waits", [True, False], ids=["looking", "in a hurry"])
def test_twenty_clicks_and_twenty_enters_label_twenty_coins(open_notebook, waits):
    labels = label(open_notebook, 'labels=["coin"]', ["Enter"] * 20, waits=waits)
    assert labels == ["coin"] * 20


def test_a_label_key_can_accept_so_three_labels_cost_no_more(open_notebook):
    names = ["large", "middle", "small"]
    wanted = [index * 7 % 3 for index in range(20)]
    keys = [f"Shift+Digit{index + 1}" for index in wanted]
    options = f"labels={names}, accept_on_label=True"
    assert label(open_notebook, options, keys, waits=True) == [names[index] for index in wanted]
