from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
import pytest

import sam_widget
from sam_widget import Annotation, Rle, load_image, open_annotations
from sam_widget.store.changes import Change
from sam_widget.store.journal_reading import read

PIXEL = Rle.encode(np.ones((6, 8), bool))


@pytest.fixture
def image():
    return load_image(np.zeros((6, 8, 3), np.uint8))


@pytest.fixture
def store(image, tmp_path):
    with open_annotations(image, tmp_path / "a.sam.jsonl") as opened:
        yield opened


def on_disk(store):
    return [item.label for item in read(store.journal.read_bytes(), store.image, "x").log.items]


def coming(label):
    return Change(after=((0, Annotation(PIXEL, label)),))


@pytest.mark.parametrize(
    "change",
    [
        lambda transactions: transactions.commit(coming("cup")),
        lambda transactions: transactions.undo(transactions.changes()[0]),
        lambda transactions: transactions.redo(transactions.changes()[0]),
        lambda transactions: transactions.set_property("labels", ["cup"]),
    ],
)
def test_nothing_changes_outside_apply(store, change):
    store.add(Annotation(PIXEL, "plate"))
    before = store.journal.read_bytes()
    with pytest.raises(RuntimeError, match=r"within apply\(\) only"):
        change(store.transactions)
    assert [item.label for item in store] == ["plate"]
    assert store.journal.read_bytes() == before


def test_apply_returns_the_answer_when_it_is_on_disk_and_told(store):
    told = []
    store.subscribe(lambda: told.append(("listener", on_disk(store))))

    def change():
        store.transactions.commit(coming("cup"))
        assert on_disk(store) == []
        return "answer"

    answer = store.transactions.apply(change, lambda: told.append(("publish", on_disk(store))))
    assert answer == "answer"
    assert told == [("listener", ["cup"]), ("publish", ["cup"])]


def test_a_change_within_another_goes_to_disk_with_it_and_is_told_once(store):
    told = []

    def tell():
        told.append(on_disk(store))

    store.subscribe(tell)

    def outer():
        store.transactions.apply(lambda: store.transactions.commit(coming("cup")), tell)
        assert (on_disk(store), told) == ([], [])
        store.add(Annotation(PIXEL, "plate"))
        assert (on_disk(store), told) == ([], [])

    store.transactions.apply(outer, tell)
    assert told == [["cup", "plate"]]


def test_what_was_changed_before_an_error_is_on_disk(store):
    def change():
        store.transactions.commit(coming("cup"))
        raise ValueError("afterwards")

    with pytest.raises(ValueError, match="afterwards"):
        store.transactions.apply(change)
    assert on_disk(store) == ["cup"]
    with pytest.raises(RuntimeError, match="within apply"):
        store.transactions.commit(coming("plate"))


def test_another_thread_is_not_within_the_apply_of_this_one(store):
    errors = []

    def change():
        try:
            store.transactions.commit(coming("cup"))
        except RuntimeError as error:
            errors.append(error)

    def outer():
        other = threading.Thread(target=change)
        other.start()
        other.join(20)

    store.transactions.apply(outer)
    assert len(errors) == 1
    assert len(store) == 0


def test_a_listener_may_change_the_annotations(store):
    def label_all():
        for item in store:
            if not item.label:
                store.update(item.id, label="cup")

    store.subscribe(label_all)
    store.add(Annotation(PIXEL))
    assert on_disk(store) == ["cup"]


def test_a_subscription_ends(store):
    told = []
    end = store.subscribe(lambda: told.append(1))
    store.add(Annotation(PIXEL, "cup"))
    end()
    end()
    store.undo()
    assert told == [1]


def test_only_sessions_and_the_store_reach_transactions():
    package = Path(sam_widget.__file__).parent
    users = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"\.transactions\b|\bTransactions\b", path.read_text("utf-8"))
    }
    elsewhere = {user for user in users if not user.startswith("store/")}
    assert elsewhere == {"session/document.py", "session/history.py", "session/session.py"}
