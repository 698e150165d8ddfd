"""How quickly a model answers, as far as previews and answers have shown."""

from __future__ import annotations

import pytest

from sam_widget.widget.worker.pace import Pace

SLOW, QUICK = 400.0, 40.0


def pace_of(previews):
    pace = Pace()
    for took in previews:
        pace.add_preview(took)
    return pace


@pytest.mark.parametrize(("previews", "answers"), [(1, 1), (2, 2), (7, 4), (20, 4)])
def test_quick_answers_show_that_previews_would_be_quick_again(previews, answers):
    pace = pace_of([SLOW] * previews)
    for _ in range(answers):
        assert pace.preview_ms == pytest.approx(SLOW, rel=0.25)
        pace.add_answer(QUICK)
    assert pace.preview_ms < 250


def test_an_answer_makes_previews_no_slower():
    pace = pace_of([QUICK] * 3)
    for _ in range(20):
        pace.add_answer(SLOW)
    assert pace.preview_ms == QUICK
    assert not pace.is_quick


def test_previews_that_were_never_measured_stay_unknown():
    pace = Pace()
    pace.add_answer(QUICK)
    assert pace.preview_ms is None
    assert pace.is_quick
    pace.add_answer(None)
    assert not pace.is_quick


def test_another_image_begins_anew():
    pace = pace_of([SLOW])
    pace.add_answer(SLOW)
    pace.forget()
    assert pace.preview_ms is pace.answer_ms is None
