from __future__ import annotations

import errno
import re
import threading
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

import sam_widget
from sam_widget import Annotation, AnnotationError, Rle, Session, load_image, open_annotations
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


def test_a_store_that_was_closed_refuses_changes_that_nobody_would_save(image, tmp_path):
    with open_annotations(image, tmp_path / "a.sam.jsonl") as store:
        kept = store.add(Annotation(PIXEL, "cup"))
    for change in (
        lambda: store.add(Annotation(PIXEL, "plate")),
        lambda: store.remove(kept),
        lambda: store.set_property("note", 1),
        store.undo,
    ):
        with pytest.raises(AnnotationError, match=r"was closed.*Open it again"):
            change()
    assert list(store) == [kept]


def test_a_change_while_the_journal_is_closed_is_saved_or_refused(image, tmp_path):
    path = tmp_path / "a.sam.jsonl"
    for _ in range(30):
        store = open_annotations(image, path)
        ready, made = threading.Barrier(2), []

        def add(store=store, ready=ready, made=made):
            ready.wait(60)
            try:
                while True:
                    made.append(store.add(Annotation(PIXEL, "cup")).id)
            except AnnotationError:
                return

        adding = threading.Thread(target=add)
        adding.start()
        ready.wait(60)
        store.close()
        adding.join(60)
        with open_annotations(image, path) as again:
            assert [item.id for item in again][-len(made) :] == made[-len(again) :]
            assert {item.id for item in again} >= set(made)
            again.edit(remove=list(again))


def test_what_is_made_as_one_is_on_disk_as_a_whole_or_not_at_all(image, tmp_path):
    path = tmp_path / "a.sam.jsonl"
    with open_annotations(image, path) as store:
        store.add(Annotation(PIXEL, "plate"))
        before = len(path.read_bytes())
        session = Session(image, annotations=store)
        session.add_annotations([Annotation(PIXEL, "cup")])
        session.rename_label("cup", "mug")
        whole = path.read_bytes()
    states = {}
    for size in range(before, len(whole) + 1):
        path.write_bytes(whole[:size])
        with open_annotations(image, path) as store:
            assert store.report == ""
            states[tuple(item.label for item in store), store.labels] = None
            # It can be gone on with from there.
            store.add(Annotation(PIXEL, "spoon"))
        with open_annotations(image, path) as store:
            assert (store.report, store[-1].label) == ("", "spoon")
    assert list(states) == [
        (("plate",), ("plate",)),
        (("plate", "cup"), ("plate", "cup")),
        (("plate", "mug"), ("plate", "mug")),
    ]


def test_no_other_change_comes_between_those_that_are_made_as_one(image, tmp_path, monkeypatch):
    with open_annotations(image, tmp_path / "a.sam.jsonl") as store:
        one, other = (Session(image, annotations=store) for _ in range(2))
        waiting = []
        announce = one.document.announce

        def announced(label):
            announce(label)
            if not waiting:
                add = lambda: other.add_annotations([Annotation(PIXEL, "plate")])  # noqa: E731
                waiting.append(threading.Thread(target=add))
                waiting[0].start()
                waiting[0].join(0.2)
                assert on_disk(store) == []
                assert "cup" not in store.journal.read_text()

        monkeypatch.setattr(one.document, "announce", announced)
        one.add_annotations([Annotation(PIXEL, "cup")])
        waiting[0].join(60)
        assert on_disk(store) == ["cup", "plate"]


def test_a_journal_that_cannot_be_saved_is_not_let_go_of(image, tmp_path, monkeypatch):
    path = tmp_path / "a.sam.jsonl"
    with monkeypatch.context() as patch:
        store = open_annotations(image, path)
        store.add(Annotation(PIXEL, "cup"))
        patch.setattr(
            "os.fsync", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device"))
        )
        store.add(Annotation(PIXEL, "plate"))
        store.close()
        assert store.saved is False
        with open_annotations(image, path) as again:
            assert [item.label for item in again] == ["cup", "plate"]
            again.add(Annotation(PIXEL, "spoon"))
        store.remove(store[0])  # whoever has it may go on
    with open_annotations(image, path) as again:
        again.undo()
        assert again.saved is True
    with open_annotations(image, path) as again:
        assert [item.label for item in again] == ["cup", "plate", "spoon"]
        assert again is not store
