"""Our own fields as JSON, and the numbers of objects whose ids are texts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam_widget import Annotation, Prompts
from sam_widget.formats import fields
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.untrusted import Field
from sam_widget.masks.rle import Rle

ONE = Rle.encode(np.ones((30, 40), dtype=bool))
points = st.lists(st.tuples(st.floats(0, 40), st.floats(0, 30), st.booleans()), max_size=5)


@given(points, st.booleans(), st.sampled_from(["none", "mask", 16, 256, 288]))
def test_any_prompts_come_back(some, boxed, masked):
    mask = None
    if masked == "mask":
        mask = np.eye(30, 40, dtype=bool)
    elif masked != "none":  # logits of models of that many
        mask = np.linspace(-1, 1, masked**2, dtype=np.float32).reshape(1, masked, masked)
    prompts = Prompts(
        [(x, y) for x, y, _ in some],
        [int(positive) for _, _, positive in some],
        [(1.5, 2, 50, 20)] if boxed else [],
        mask,
    )
    text = json.dumps(fields.to_json(Annotation(ONE, prompts=prompts, id="a", candidate=2)))
    read = fields.from_json(Field(json.loads(text), "", "x.json"), (30, 40), Budget())
    assert read["prompts"] == prompts
    assert (read["id"], read["candidate"], read["visible"]) == ("a", 2, True)


def test_what_a_file_does_not_say_is_not_made_up():
    assert fields.from_json(None, (3, 4), Budget()) == {}
    assert fields.from_json(Field({"color": None}, "", "x.json"), (3, 4), Budget()) == {}


@pytest.mark.parametrize(
    ("ids", "numbers"),
    [
        ([], []),
        (["a", "b"], [1, 2]),
        (["7", "a", "1", "b"], [7, 2, 1, 3]),
        (["007", "-1", "1.0", "²", str(2**60)], [1, 2, 3, 4, 5]),
        (["3", "3"], [3, 1]),
    ],
)
def test_numbers_stay_and_the_others_get_what_is_free(ids, numbers):
    assert fields.numbered([Annotation(ONE, id=one) for one in ids]) == numbers


def test_scores_that_json_does_not_have_are_none():
    assert [fields.score(value) for value in (None, 0.5, float("nan"), float("inf"))] == [
        None, 0.5, None, None,
    ]  # fmt: skip
