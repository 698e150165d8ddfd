from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sam_widget import (
    Annotation,
    AnnotationStore,
    FakePredictor,
    Prompts,
    Recipe,
    Rle,
    Session,
    Step,
    load,
    load_image,
)
from sam_widget.errors import AnnotationError, ImageError, StaleGesture
from sam_widget.store.changes import LOG_LIMIT

HEIGHT, WIDTH = 6, 8


def made(label="", cells=((0, 0),), **facts):
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    for row, column in cells:
        mask[row, column] = True
    return Annotation(Rle.encode(mask), label=label, **facts)


@pytest.fixture
def store():
    return AnnotationStore(width=WIDTH, height=HEIGHT)


def labels(store):
    return [one.label for one in store]


def test_a_store_is_a_sequence_that_may_change(store):
    cup, plate = store.add(made("cup")), store.add(made("plate"))
    assert (len(store), store[0], store[-1], store[:1]) == (2, cup, plate, (cup,))
    assert cup in store
    assert store.index(plate) == 1
    spoon = store.add(made("spoon"), index=0)
    assert labels(store) == ["spoon", "cup", "plate"]
    assert store.replace(replace(cup, label="mug")).label == "mug"
    assert store.update(plate.id, color="#101010").color == "#101010"
    assert labels(store) == ["spoon", "mug", "plate"]
    assert store.remove(spoon) is spoon
    store.reorder([plate.id, cup.id])
    assert labels(store) == ["plate", "mug"]
    assert store.get(cup.id).label == "mug"
    assert store.get("nobody") is None
    assert repr(store) == "<2 annotations on 8 x 6: plate, mug>"


def test_every_change_is_one_step_of_undo(store):
    states = [store.snapshot()]

    def step(change):
        change()
        states.append(store.snapshot())

    step(lambda: store.add(made("cup")))
    step(lambda: store.add(made("plate")))
    step(lambda: store.update(store[0].id, label="mug", visible=False))
    step(lambda: store.reorder([one.id for one in reversed(store)]))
    step(lambda: store.edit(remove=[store[0]], put=[made("fork"), replace(store[1], label="jug")]))
    step(lambda: store.remove(store[0].id))
    for state in reversed(states[:-1]):
        assert store.undo()
        assert store.snapshot() == state
    assert not store.undo()
    assert not store.can_undo
    for state in states[1:]:
        assert store.redo()
        assert store.snapshot() == state
    assert not store.redo()
    store.undo()
    store.add(made("knife"))
    assert not store.can_redo


def test_an_update_that_changes_nothing_is_no_step(store):
    cup = store.add(made("cup"))
    assert store.update(cup.id, label="cup", visible=True) is cup
    assert len(store.transactions.changes()) == 1


def test_what_does_not_fit_is_refused_and_changes_nothing(store):
    cup = store.add(made("cup"))
    other_size = Annotation(Rle.encode(np.ones((3, 3), np.bool_)))
    for change, says in (
        (lambda: store.add(cup), "there already"),
        (lambda: store.add(other_size), "image's size"),
        (lambda: store.replace(made("plate")), "no object with the id"),
        (lambda: store.remove("nobody"), "no object with the id 'nobody'"),
        (lambda: store.update("nobody", label="x"), "no object"),
        (lambda: store.update(cup.id, color="red"), "colour"),
        (lambda: store.reorder([]), "each of the 1 objects once"),
        (lambda: store.reorder([cup.id, cup.id]), "each of the 1 objects once"),
        (lambda: store.edit(remove=[cup], put=[cup]), "named twice"),
        (lambda: store.set_property("x", {1, 2}), "JSON"),
        (lambda: store.set_property("x", float("nan")), "JSON"),
    ):
        with pytest.raises(AnnotationError, match=says):
            change()
    assert store.snapshot() == (cup,)
    with pytest.raises(AnnotationError, match="one id"):
        AnnotationStore([cup, cup], width=WIDTH, height=HEIGHT)


def test_query_finds_by_everything_an_object_has(store):
    cup = store.add(made("cup", [(0, 0), (0, 1)], predicted_iou=0.9, stability_score=0.8))
    plate = store.add(made("plate", [(4, 5)], visible=False))
    assert store.query() == (cup, plate)
    assert store.query(label="plate") == (plate,)
    assert store.query(visible=True) == (cup,)
    assert store.query(min_area=2) == (cup,)
    assert store.query(min_predicted_iou=0.9) == (cup,)
    assert store.query(min_stability_score=0.81) == ()
    assert store.query(at=(5.5, 4.5)) == (plate,)
    assert store.query(at=(4.5, 5.5)) == ()
    assert store.query(lambda one: one.label.startswith("c"), visible=True) == (cup,)


def test_the_log_has_an_end_and_properties_are_no_steps(store):
    for number in range(LOG_LIMIT + 10):
        store.set_property("series", {"at": number})
        store.add(made(str(number)))
    undone = 0
    while store.undo():
        undone += 1
    assert undone == LOG_LIMIT
    assert len(store) == 10
    assert store.properties == {"series": {"at": LOG_LIMIT + 9}}
    with pytest.raises(TypeError):
        store.properties["series"] = 1


def test_what_is_kept_is_a_copy(store):
    place = ["a.png", 3]
    store.set_property("series", place)
    place.append("changed later")
    assert store.properties["series"] == ["a.png", 3]


def test_listeners_are_told_once_a_change_with_no_lock_held(store):
    told = []

    def listen():
        other = threading.Thread(target=lambda: told.append(len(store.transactions.changes())))
        other.start()
        other.join(20)
        assert not other.is_alive()

    end = store.subscribe(listen)
    store.add(made("cup"))
    store.update(store[0].id, label="mug")
    assert told == [1, 2]
    end()
    store.undo()
    assert told == [1, 2]


def test_many_threads_change_one_store():
    store = AnnotationStore(width=WIDTH, height=HEIGHT)
    seen = []

    def work(number):
        mine = [store.add(made(f"{number}")) for _ in range(30)]
        for one in mine[::2]:
            store.update(one.id, visible=False)
            seen.append(sum(1 for _ in store))
        for one in mine[::3]:
            store.remove(one)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(store) == 6 * 20
    assert len({one.id for one in store}) == len(store)
    assert len(seen) == 6 * 15


class StoreAsAList(RuleBasedStateMachine):
    """A store does what a list of lists does: the states it has been in."""

    def __init__(self):
        super().__init__()
        self.store = AnnotationStore(width=WIDTH, height=HEIGHT)
        self.states, self.at = [[]], 0

    def push(self, state):
        del self.states[self.at + 1 :]
        self.states.append(state)
        self.at += 1

    @property
    def state(self):
        return self.states[self.at]

    @rule(label=st.sampled_from("abc"), index=st.integers(0, 9))
    def add(self, label, index):
        one = self.store.add(made(label), index)
        at = min(index, len(self.state))
        self.push([*self.state[:at], one, *self.state[at:]])

    @precondition(lambda self: self.state)
    @rule(data=st.data(), label=st.sampled_from("xyz"))
    def replace(self, data, label):
        at = data.draw(st.integers(0, len(self.state) - 1))
        one = self.store.replace(replace(self.state[at], label=label))
        self.push([*self.state[:at], one, *self.state[at + 1 :]])

    @precondition(lambda self: self.state)
    @rule(data=st.data())
    def remove(self, data):
        at = data.draw(st.integers(0, len(self.state) - 1))
        self.store.remove(self.state[at].id)
        self.push([*self.state[:at], *self.state[at + 1 :]])

    @rule(data=st.data())
    def reorder(self, data):
        order = data.draw(st.permutations(self.state))
        self.store.reorder([one.id for one in order])
        self.push(list(order))

    @rule()
    def undo(self):
        assert self.store.undo() == (self.at > 0)
        self.at = max(0, self.at - 1)

    @rule()
    def redo(self):
        assert self.store.redo() == (self.at < len(self.states) - 1)
        self.at = min(len(self.states) - 1, self.at + 1)

    @invariant()
    def the_same(self):
        assert list(self.store) == self.state


TestStoreAsAList = StoreAsAList.TestCase
TestStoreAsAList.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


# ---- sessions that share a store ----------------------------------------------------------------


@pytest.fixture
def photo(coffee):
    return load_image(coffee)


@pytest.fixture
def two(photo):
    store = AnnotationStore.of(photo)
    predictor = FakePredictor()
    return tuple(Session(photo, predictor, annotations=store) for _ in range(2))


def accept(session, x, label=None):
    session.add_point(x, 200)
    return session.accept(label)


def test_sessions_see_each_others_objects_and_undo_their_own(two):
    one, other = two
    cup = accept(one, 100, "cup")
    plate = accept(other, 400, "plate")
    assert one.annotations is other.annotations
    assert list(one.annotations) == [cup, plate]
    one.undo()  # its own newest step, though the other's is newer
    assert list(other.annotations) == [plate]
    one.redo()
    assert {each.label for each in one.annotations} == {"cup", "plate"}
    other.undo()
    assert list(one.annotations) == [cup]


def test_undo_never_takes_back_what_somebody_else_did_later(two):
    one, other = two
    cup = accept(one, 100, "cup")
    other.update_annotation(cup.id, label="mug")
    with pytest.raises(StaleGesture, match=r"'cup' .* was changed .*Undo once more to pass over"):
        one.undo()
    assert [each.label for each in one.annotations] == ["mug"]
    one.undo()  # over the accept, back to the prompts that led to it
    assert one.prompts.points == ((100, 200),)
    assert [each.label for each in one.annotations] == ["mug"]
    other.undo()
    assert list(one.annotations) == [cup]


def test_an_object_deleted_elsewhere_is_gone_and_said_to_be(two):
    one, other = two
    cup = accept(one, 100, "cup")
    one.update_annotation(cup.id, label="mug")
    other.remove_annotation(cup.id)
    with pytest.raises(StaleGesture, match="was deleted"):
        one.undo()
    with pytest.raises(StaleGesture, match="no longer there"):
        one.update_annotation(cup.id, label="jug")
    other.undo()
    assert [each.label for each in one.annotations] == ["mug"]


def test_changes_of_the_store_are_steps_of_every_session(two):
    one, other = two
    cup = accept(one, 100, "cup")
    one.annotations.remove(cup)
    one.add_point(300, 200)
    for _ in range(2):  # the click, the removal
        one.undo()
    assert list(one.annotations) == [cup]
    one.redo()
    assert len(other.annotations) == 0
    other.undo()  # the same change is a step there as well, and is undone once
    assert list(one.annotations) == [cup]


def test_a_change_of_the_store_leaves_the_prompts_of_those_who_click_alone(two):
    one, _ = two
    cup = accept(one, 100, "cup")
    one.add_point(300, 200)
    seen = one.add_point(310, 210)
    one.predict()
    committed = one.answer
    one.annotations.remove(cup)
    one.catch_up()
    assert one.version == seen + 1
    assert not one.pending  # the answer is still the answer
    assert (one.answer.revision, one.answer.version) == (committed.revision, seen + 1)
    one.move_point(1, 320, 220, as_of=seen)  # on its way meanwhile: the point is the same
    assert one.prompts.points == ((300, 200), (320, 220))


def test_undo_on_the_store_is_undo_in_the_session_that_just_did_it(two):
    one, _ = two
    accept(one, 100, "cup")
    one.annotations.undo()
    one.catch_up()
    assert one.prompts.points == ((100, 200),)
    assert one.can_redo
    one.annotations.redo()
    one.catch_up()
    assert one.prompts.is_empty
    assert [each.label for each in one.annotations] == ["cup"]


def test_a_new_session_on_a_store_can_undo_what_was_done_before(photo, two):
    one, _ = two
    accept(one, 100, "cup")
    accept(one, 300, "plate")
    one.undo()
    late = Session(photo, FakePredictor(), annotations=one.annotations)
    assert late.labels == ("cup", "plate")
    assert (late.cursor, len(late.history)) == (1, 3)
    late.redo()
    assert labels(late.annotations) == ["cup", "plate"]
    late.undo()
    late.undo()
    assert len(late.annotations) == 0
    assert not late.can_undo


@pytest.mark.parametrize("undone", [0, 1, LOG_LIMIT])
def test_a_new_session_begins_with_as_many_steps_as_a_history_holds(photo, undone):
    store = AnnotationStore.of(photo)
    blank = Rle.encode(np.zeros((photo.height, photo.width), np.bool_))
    for number in range(LOG_LIMIT + 3):
        store.add(Annotation(blank, label=str(number)))
    for _ in range(undone):
        store.undo()
    session = Session(photo, FakePredictor(), annotations=store)
    assert session.can_redo == (undone > 0)
    count = len(store)
    if undone:
        session.redo()
        assert len(store) == count + 1
        session.undo()
        assert len(store) == count
    if undone < LOG_LIMIT:
        session.undo()
        assert len(store) == count - 1


# ---- reopening ----------------------------------------------------------------------------------


def test_a_reopened_object_shows_its_own_mask_and_is_replaced_by_accepting(two):
    session, _ = two
    session.add_point(300, 200)
    session.choose(2)
    session.add_point(320, 230, positive=False)
    cup = session.accept("cup")
    plate = accept(session, 100, "plate")
    session.reopen(cup.id)
    assert session.prompts == cup.prompts
    assert np.array_equal(session.masks[session.answer.selected], cup.mask)
    session.add_point(280, 190)
    session.predict()
    refined = session.masks[session.answer.selected]
    again = session.accept()
    assert (again.id, again.label, again.color) == (cup.id, "cup", cup.color)
    assert np.array_equal(again.mask, refined)
    assert len(again.recipe.steps) == 3
    assert list(session.annotations) == [again, plate]
    session.undo()
    assert list(session.annotations) == [cup, plate]
    assert session.reopened == cup.id
    session.redo()
    assert list(session.annotations) == [again, plate]


@pytest.mark.parametrize("look_first", [True, False])
def test_refining_a_reopened_object_is_as_if_it_had_never_been_accepted(photo, look_first):
    direct, later = (Session(photo, FakePredictor()) for _ in range(2))
    for session in (direct, later):
        session.add_point(300, 200)
        session.choose(0)
        session.add_point(320, 230)
        session.predict()
    cup = later.accept("cup")
    later.reopen(cup.id)
    if look_first:
        later.predict()
    direct.add_point(250, 180)
    later.add_point(250, 180)
    direct.predict()
    later.predict()
    assert np.array_equal(direct.masks, later.masks)
    assert np.array_equal(direct.answer.candidates.logits, later.answer.candidates.logits)
    assert direct.accept().recipe == later.accept().recipe


def test_an_object_without_steps_is_reopened_by_its_mask(two):
    session, _ = two
    mask = np.zeros((400, 600), np.bool_)
    mask[100:200, 100:300] = True
    drawn = session.annotations.add(Annotation(Rle.encode(mask), label="drawn"))
    session.reopen(drawn.id)
    assert np.array_equal(session.prompts.mask, mask)
    session.add_point(150, 150)
    again = session.accept()
    assert (again.id, again.label) == (drawn.id, "drawn")
    edited = session.annotations.replace(replace(again, rle=drawn.rle))
    session.reopen(edited.id)
    assert np.array_equal(session.prompts.mask, mask)  # what was drawn, not what the clicks made
    assert session.prompts.points == ((150, 150),)


def test_an_object_deleted_while_it_is_reopened_becomes_a_new_one(two):
    session, other = two
    cup = accept(session, 100, "cup")
    session.reopen(cup.id)
    other.remove_annotation(cup.id)
    again = session.accept("mug")
    assert list(session.annotations) == [again]
    assert again.id != cup.id


def test_clearing_the_prompts_closes_what_was_reopened(two):
    session, _ = two
    cup = accept(session, 100, "cup")
    session.reopen(cup.id)
    session.clear()
    assert session.reopened is None
    accept(session, 300, "plate")
    assert labels(session.annotations) == ["cup", "plate"]


# ---- again --------------------------------------------------------------------------------------


@pytest.fixture
def annotated(photo):
    """Objects made in every way there is."""
    session = Session(photo, FakePredictor())
    accept(session, 100, "single")
    session.add_point(300, 200)
    session.choose(2)
    session.add_point(310, 210)
    session.set_multimask(True)
    session.choose(0)
    session.add_point(200, 100, positive=False)
    session.accept("refined")
    session.set_box(50, 50, 300, 300)
    boxed = session.accept("boxed")
    session.set_mask(boxed)
    session.add_point(120, 120)
    session.accept("from a mask")
    session.add_point(500, 300)
    session.predict()
    session.set_mask(session.answer.candidates.logits[1:2])
    session.accept("from logits")
    edited = accept(session, 400, "edited")
    mask = edited.mask
    mask[:50] = True
    session.annotations.replace(replace(edited, rle=Rle.encode(mask)))
    session.annotations.add(Annotation(Rle.encode(mask), label='imported "x" \\ \''))
    return session.annotations


def test_replay_with_the_same_model_makes_the_same_masks(annotated):
    table = annotated.replay(FakePredictor())
    assert [row.id for row in table] == [one.id for one in annotated]
    by_label = {row.label: row for row in table}
    for one in annotated:
        row = by_label[one.label]
        if one.label.startswith("imported"):
            assert (row.iou, row.rle, row.note) == (None, None, "has no prompts")
        elif one.label == "edited":
            assert 0 < row.iou < 1
        else:
            assert row.iou == 1.0
            assert row.rle == one.rle
            assert row.new_predicted_iou == row.old_predicted_iou == one.predicted_iou
    assert 0.8 < table.mean_iou < 1


def test_replay_with_another_model_is_a_table_of_overlaps(annotated):
    before = annotated.snapshot()
    table = annotated.replay(load("lite"))
    assert annotated.snapshot() == before
    assert len(table) == 7
    ious = [row.iou for row in table if row.iou is not None]
    assert len(ious) == 6
    assert all(0 <= iou <= 1 for iou in ious)
    frame = table.to_dataframe()
    assert list(frame["iou"].dropna()) == ious
    assert frame["rle"][0] is table[0].rle
    text = str(table)
    assert "6 of 7 objects replayed with lite" in text
    assert "refined" in text
    assert "<td>refined</td>" in table._repr_html_()
    assert "&lt;" not in table._repr_html_()


def test_a_store_without_its_image_asks_for_it(annotated, cat):
    alone = AnnotationStore(annotated.snapshot(), width=600, height=400)
    with pytest.raises(AnnotationError, match="does not know its image"):
        alone.replay(FakePredictor())
    with pytest.raises(AnnotationError, match="got one of"):
        alone.replay(FakePredictor(), cat)
    with pytest.raises(ImageError):
        alone.replay(FakePredictor(), "no such file.png")


def test_the_script_rebuilds_the_same_objects_bit_for_bit(annotated, coffee, tmp_path):
    from PIL import Image

    Image.fromarray(coffee).save(tmp_path / "photo.png")
    script = annotated.script(tmp_path / "photo.png")
    assert script.count("rle = decoded(") == 5
    assert script.count("rle = Rle.from_coco(") == 2  # edited, imported
    namespace = {}
    exec(compile(script, "script.py", "exec"), namespace)
    rebuilt = namespace["annotations"]
    assert len(rebuilt) == len(annotated)
    for old, new in zip(annotated, rebuilt, strict=True):
        assert new.rle == old.rle
        for name in ("id", "label", "color", "prompts", "recipe", "predicted_iou", "created"):
            assert getattr(new, name) == getattr(old, name)


def test_the_script_refuses_another_image_and_tells_of_other_weights(
    annotated, cat, coffee, tmp_path, capsys
):
    from PIL import Image

    Image.fromarray(cat).save(tmp_path / "cat.png")
    with pytest.raises(ValueError, match="expected an image of"):
        exec(annotated.script(tmp_path / "cat.png"), {})
    Image.fromarray(coffee[::-1]).save(tmp_path / "turned.png")
    with pytest.raises(ValueError, match="not the one"):
        exec(annotated.script(tmp_path / "turned.png"), {})
    Image.fromarray(coffee).save(tmp_path / "coffee.png")
    script = annotated.script(tmp_path / "coffee.png").replace("load('fake')", "load('lite')")
    exec(script, {})
    assert "other weights" in capsys.readouterr().out


def test_a_recipe_needs_a_step_and_knows_its_own_mask():
    one = made("cup")
    with pytest.raises(ValueError, match="at least one step"):
        Recipe((), "")
    recipe = Recipe((Step(Prompts(points=[(1, 1)])),), "0" * 16)
    assert not recipe.makes(one.rle)


def test_new_ids_are_no_numbers(monkeypatch):
    numbers = iter(["123456789012" + "0" * 20, "12345678901a" + "0" * 20])
    # Not uuid's own: a journal that another test left may just be naming a file.
    made_up = SimpleNamespace(uuid4=lambda: uuid.UUID(next(numbers)))
    monkeypatch.setattr("sam_widget.annotations.annotation.uuid", made_up)
    assert Annotation(Rle.encode(np.ones((1, 1), bool))).id == "12345678901a"
