"""Our own fields as JSON, and back."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sam_widget import Annotation, Prompts
from sam_widget.formats import own_fields
from sam_widget.formats.reading.budget import Budget
from sam_widget.formats.reading.field import Field
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
    text = json.dumps(own_fields.to_json(Annotation(ONE, prompts=prompts, id="a", candidate=2)))
    read = own_fields.from_json(Field(json.loads(text), "", "x.json"), (30, 40), Budget())
    assert read["prompts"] == prompts
    assert (read["id"], read["candidate"], read["visible"]) == ("a", 2, True)


def test_what_a_file_does_not_say_is_not_made_up():
    assert own_fields.from_json(None, (3, 4), Budget()) == {}
    assert own_fields.from_json(Field({"color": None}, "", "x.json"), (3, 4), Budget()) == {}


def test_scores_that_json_does_not_have_are_none():
    values = (None, 0.5, float("nan"), float("inf"))
    assert [own_fields.finite_or_none(value) for value in values] == [None, 0.5, None, None]
