from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sam_widget import Annotation, Rle
from sam_widget.errors import AnnotationError, StaleGesture
from sam_widget.store.changes import ChangeLog, difference

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
    log = ChangeLog(before)
    log.commit(change)
    log.undo(change)
    assert (log.items, change.done, log.undone) == (before, False, [change])
    log.redo(change)
    assert (log.items, change.done, log.undone) == (after, True, [])


@given(st.data())
def test_changes_of_other_objects_are_no_obstacle(data):
    before = objects(data)
    mine = difference(before, objects(data, like=before))
    if mine is None or mine.order is not None:
        return
    log = ChangeLog(before)
    log.commit(mine)
    other = Annotation(PIXEL, id="other")
    at = data.draw(st.integers(0, len(log.items)))
    log.commit(log.change(put=[(at, other)]))
    log.undo(mine)
    assert {one.id: one for one in log.items} == {one.id: one for one in (*before, other)}
    log.redo(mine)
    log.undo(mine)
    assert {one.id: one for one in log.items} == {one.id: one for one in (*before, other)}


def test_a_later_change_of_the_same_object_is_an_obstacle():
    first, second = (Annotation(PIXEL, id="a", label=label) for label in ("cup", "mug"))
    log = ChangeLog()
    add = log.change(put=[(0, first)])
    log.commit(add)
    edit = log.change(put=[(0, second)])
    log.commit(edit)
    with pytest.raises(StaleGesture, match=r"'cup' \(a\) was changed meanwhile"):
        log.undo(add)
    assert (log.items, add.done) == ((second,), True)
    log.undo(edit)
    log.undo(add)
    assert log.items == ()
    with pytest.raises(StaleGesture, match=r"'cup' \(a\) was deleted meanwhile"):
        log.redo(edit)
    log.redo(add)
    with pytest.raises(StaleGesture, match="there already"):
        log.commit(add)


def test_a_later_order_is_an_obstacle_to_undoing_an_order():
    log = ChangeLog(tuple(Annotation(PIXEL, id=name) for name in "abc"))
    first = log.change(order="cab")
    log.commit(first)
    second = log.change(order="bca")
    log.commit(second)
    with pytest.raises(StaleGesture, match="reordered meanwhile"):
        log.undo(first)
    log.undo(second)
    log.commit(log.change(drop="a"))
    log.undo(first)  # of those that are left
    assert [one.id for one in log.items] == ["b", "c"]


def test_what_no_change_can_be_is_refused():
    one = Annotation(PIXEL, id="a")
    log = ChangeLog((one,))
    with pytest.raises(AnnotationError, match="no object with the id 'b'"):
        log.change(drop=["b"])
    with pytest.raises(AnnotationError, match="twice"):
        log.change(drop=["a", "a"])
    with pytest.raises(AnnotationError, match="there twice"):
        difference((one,), (one, one))
