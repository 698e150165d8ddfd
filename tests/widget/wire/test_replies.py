from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam_widget import Annotation, FakePredictor, Session, load_image
from sam_widget.masks.components import Islands
from sam_widget.masks.rle import Rle
from sam_widget.widget.wire import replies


def test_sizes_of_islands_are_bounded():
    fields = replies.islands_fields(Islands(tuple(range(1, 5001)), ()))
    assert fields["island_count"] == 5000
    assert fields["islands"] == list(range(1, 101))
    assert fields["holes"] == []


@pytest.mark.usefixtures("any_frame")
def test_delta_names_only_what_changed(coffee):
    session = Session(load_image(coffee), FakePredictor())
    for x in (100, 200, 300):
        session.add_point(x, 200)
        session.accept("cup")
    before = tuple(session.annotations)
    session.update_annotation(before[1].id, label="plate")
    session.remove_annotation(before[0].id)
    after = tuple(session.annotations)
    changed, removed = replies.annotations_delta(before, after)
    assert [(index, one.label) for index, one in changed] == [(0, "plate")]
    assert removed == [before[0].id]


@given(st.data())
def test_any_delta_leads_the_page_to_the_new_list(data):
    rle = Rle.encode(np.ones((1, 1), np.bool_))
    objects = [Annotation(rle, id=str(number)) for number in range(8)]
    before = data.draw(st.permutations(objects))[: data.draw(st.integers(0, 8))]
    after = data.draw(st.permutations(objects))[: data.draw(st.integers(0, 8))]
    after = [
        Annotation(rle, id=one.id) if data.draw(st.integers(0, 3)) == 0 else one for one in after
    ]
    changed, removed = replies.annotations_delta(before, after)
    # As wire/annotation-deltas.ts applies it.
    moved = {*removed, *(one.id for _, one in changed)}
    page = [one for one in before if one.id not in moved]
    for index, one in changed:
        page.insert(index, one)
    assert page == after
    if before == after:
        assert (changed, removed) == ([], [])


def test_an_object_moved_alone_travels_alone():
    rle = Rle.encode(np.ones((1, 1), np.bool_))
    objects = [Annotation(rle, id=str(number)) for number in range(500)]
    moved = [*objects[:100], objects[400], *objects[100:400], *objects[401:]]
    assert replies.annotations_delta(objects, moved) == ([(100, objects[400])], [])
