from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam_widget import Annotation, Rle
from sam_widget.errors import AnnotationError, StaleGesture
from sam_widget.store.changes import Ledger, difference

PIXEL = Rle.encode(np.ones((1, 1), np.bool_))


def objects(data, like=()):
    """Draw a list of objects; some are those of another list, some have the id of one of them."""
    ids = data.draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8))
    known = {one.id: one for one in like}
    return tuple(
        known[name] if name in known and data.draw(st.booleans()) else Annotation(PIXEL, id=name)
        for name in ids
    )


@given(st.data())
def test_the_difference_of_two_lists_leads_from_one_to_the_other_and_back(data):
    before = objects(data)
    after = objects(data, like=before)
    change = difference(before, after)
    if change is None:
        assert before == after
        return
    assert change.applied(before) == after
    assert change.inverse().applied(after) == before
    ledger = Ledger(before)
    ledger.commit(change)
    ledger.undo(change)
    assert (ledger.items, change.done, ledger.undone) == (before, False, [change])
    ledger.redo(change)
    assert (ledger.items, change.done, ledger.undone) == (after, True, [])


@given(st.data())
def test_changes_of_other_objects_are_no_obstacle(data):
    before = objects(data)
    mine = difference(before, objects(data, like=before))
    if mine is None or mine.order is not None:
        return
    ledger = Ledger(before)
    ledger.commit(mine)
    other = Annotation(PIXEL, id="other")
    at = data.draw(st.integers(0, len(ledger.items)))
    ledger.commit(ledger.change(put=[(at, other)]))
    ledger.undo(mine)
    assert {one.id: one for one in ledger.items} == {one.id: one for one in (*before, other)}
    ledger.redo(mine)
    ledger.undo(mine)
    assert {one.id: one for one in ledger.items} == {one.id: one for one in (*before, other)}


def test_a_later_change_of_the_same_object_is_an_obstacle():
    first, second = (Annotation(PIXEL, id="a", label=label) for label in ("cup", "mug"))
    ledger = Ledger()
    add = ledger.change(put=[(0, first)])
    ledger.commit(add)
    edit = ledger.change(put=[(0, second)])
    ledger.commit(edit)
    with pytest.raises(StaleGesture, match=r"'cup' \(a\) was changed meanwhile"):
        ledger.undo(add)
    assert (ledger.items, add.done) == ((second,), True)
    ledger.undo(edit)
    ledger.undo(add)
    assert ledger.items == ()
    with pytest.raises(StaleGesture, match=r"'cup' \(a\) was deleted meanwhile"):
        ledger.redo(edit)
    ledger.redo(add)
    with pytest.raises(StaleGesture, match="there already"):
        ledger.commit(add)


def test_a_later_order_is_an_obstacle_to_undoing_an_order():
    ledger = Ledger(tuple(Annotation(PIXEL, id=name) for name in "abc"))
    first = ledger.change(order="cab")
    ledger.commit(first)
    second = ledger.change(order="bca")
    ledger.commit(second)
    with pytest.raises(StaleGesture, match="reordered meanwhile"):
        ledger.undo(first)
    ledger.undo(second)
    ledger.commit(ledger.change(drop="a"))
    ledger.undo(first)  # of those that are left
    assert [one.id for one in ledger.items] == ["b", "c"]


def test_what_no_change_can_be_is_refused():
    one = Annotation(PIXEL, id="a")
    ledger = Ledger((one,))
    with pytest.raises(AnnotationError, match="no object with the id 'b'"):
        ledger.change(drop=["b"])
    with pytest.raises(AnnotationError, match="twice"):
        ledger.change(drop=["a", "a"])
    with pytest.raises(AnnotationError, match="there twice"):
        difference((one,), (one, one))
