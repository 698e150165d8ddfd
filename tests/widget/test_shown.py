from __future__ import annotations

import numpy as np
import pytest
from page_gestures import gesture

from sam_widget.errors import PromptError

pytestmark = pytest.mark.usefixtures("any_frame")


def test_python_and_page_do_the_same(widget):
    widget.add_point(300, 200)
    by_python = widget.masks
    widget.clear()
    reply = gesture(widget, "add_point", x=300, y=200, positive=True)
    assert reply["type"] == "reply"
    widget.wait()
    assert np.array_equal(widget.masks, by_python)
    assert widget.points == [(300.0, 200.0, True)]
    assert widget.answer["version"] == widget.document["version"] == reply["version"]


def test_masks_scores_and_choice(widget):
    assert widget.masks.shape == (0, 400, 600)
    assert widget.selected is None
    assert not widget.mask.any()
    widget.add_point(300, 200)
    assert widget.masks.shape == (3, 400, 600)
    assert widget.masks.dtype == np.bool_
    assert widget.scores.shape == (3,)
    assert widget.scores.dtype == np.float32
    assert widget.selected == widget.scores.argmax()
    widget.choose(2)
    assert np.array_equal(widget.mask, widget.masks[2])
    with pytest.raises(ValueError, match="read-only"):
        widget.masks[0, 0, 0] = True


def test_errors_leave_the_prompts_alone(widget):
    widget.add_point(300, 200)
    with pytest.raises(PromptError):
        widget.set_box(50, 50, 10, 10)
    with pytest.raises(PromptError, match="candidate 3"):
        widget.choose(3)
    assert widget.points == [(300.0, 200.0, True)]
    assert widget.masks.shape[0] == 3
