"""The widget without a browser: its comm is real but leads to a list instead of a socket."""

from __future__ import annotations

import gc
import itertools
import json
import random
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest

import sam_widget
from sam_widget import EmbeddingCache, FakePredictor, SamWidget, protocol
from sam_widget.errors import (
    AnnotationError,
    BundleMissing,
    ImageError,
    ModelError,
    PromptError,
    UnknownModel,
    WeightsError,
    WidgetClosed,
)

pytestmark = pytest.mark.usefixtures("recording_comm")


@pytest.fixture
def widget(coffee):
    with SamWidget(coffee, model="fake", labels=["cup"]) as made:
        yield made


def protocol_example(name):
    return json.loads((Path(__file__).parent / "protocol" / "kernel.json").read_text())[name]


ids = itertools.count()


def gesture(widget, kind, **fields):
    identity = f"test-{next(ids)}"
    message = {"type": kind, "id": identity, "version": widget.document["version"], **fields}
    return widget.comm.ask(message)[0]


def test_python_and_page_do_the_same(widget):
    widget.add_point(300, 200)
    by_python = widget.masks
    widget.clear()
    reply = gesture(widget, "add_point", x=300, y=200, positive=True)
    assert reply["type"] == "reply"
    widget.wait()
    assert np.array_equal(widget.masks, by_python)
    assert widget.points == [(300.0, 200.0, True)]
    assert widget.prediction["version"] == widget.document["version"] == reply["version"]


def test_every_action_of_the_page_has_a_method():
    # The page takes its mask prompts from accepted objects, Python from anywhere.
    other_names = {"set_mask_from": "set_mask"}
    for kind in protocol.GESTURES:
        assert callable(getattr(SamWidget, other_names.get(kind, kind)))


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


def test_accept_rename_recolour_hide_delete_undo(widget, tmp_path):
    widget.add_point(300, 200)
    made = widget.accept("cup")
    assert [one.label for one in widget.annotations] == ["cup"]
    widget.update_annotation(made.id, label="mug", color="#010203", visible=False)
    changed = widget.annotations[0]
    assert (changed.label, changed.color, changed.visible) == ("mug", "#010203", False)
    assert widget.labels == ["cup", "mug"]
    saved = json.loads(widget.annotations.save(tmp_path / "a.coco.json").read_text())
    assert saved["categories"][0]["name"] == "mug"
    widget.remove_annotation(made.id)
    assert len(widget.annotations) == 0
    widget.undo()
    assert widget.annotations[0].label == "mug"
    deltas = [c for c, _ in widget.comm.messages() if c["type"] == "annotations_changed"]
    assert [delta["version"] for delta in deltas] == [1, 2, 3, 4]
    assert deltas[2]["removed"] == [made.id]


def test_the_page_reopens_an_object_and_accepting_replaces_it(widget):
    widget.add_point(300, 200)
    cup = widget.accept("cup")
    assert gesture(widget, "reopen", annotation_id=cup.id)["type"] == "reply"
    widget.wait()
    assert widget.document["reopened"] == cup.id
    assert widget.points == [(300.0, 200.0, True)]
    assert np.array_equal(widget.mask, cup.mask)
    widget.add_point(320, 210)
    assert gesture(widget, "accept", label=None)["type"] == "reply"
    assert widget.document["reopened"] is None
    (again,) = widget.annotations
    assert (again.id, again.label) == (cup.id, "cup")
    assert len(again.prompts.points) == 2
    widget.reopen(cup.id)
    assert widget.accept("mug").label == "mug"
    assert gesture(widget, "reopen", annotation_id="nobody")["code"] == "stale"


def test_changes_of_the_store_are_on_the_page_and_undone_there(widget):
    widget.add_point(300, 200)
    cup = widget.accept("cup")
    widget.annotations.remove(cup.id)
    delta = [c for c, _ in widget.comm.messages() if c["type"] == "annotations_changed"][-1]
    assert delta["removed"] == [cup.id]
    assert gesture(widget, "undo")["type"] == "reply"
    assert list(widget.annotations) == [cup]
    widget.annotations.update(cup.id, label="mug")
    assert widget.labels == ["cup", "mug"]
    widget.undo()
    assert list(widget.annotations) == [cup]


def test_a_new_view_gets_all_objects_in_parts(widget, monkeypatch):
    monkeypatch.setattr("sam_widget.page.LIST_BYTES", 1500)
    for x in range(50, 550, 100):
        widget.add_point(x, 200)
        widget.accept("cup")
    seen, start = [], 0
    while start is not None:
        reply, buffers = widget.comm.ask(
            {"type": "annotations", "id": f"list-{start}", "version": 0, "start": start}
        )
        assert len(buffers) == len(reply["annotations"]) < 5
        seen += [one["id"] for one in reply["annotations"]]
        start = reply["next"]
    assert seen == [one.id for one in widget.annotations]


def test_a_click_and_its_answer_stay_within_twelve_kilobytes(widget):
    widget.wait()
    before = len(widget.comm.sent)
    assert gesture(widget, "add_point", x=300, y=150, positive=True)["type"] == "reply"
    widget.wait()
    sent = widget.comm.sent[before:]
    size = sum(len(json.dumps(data)) + sum(map(len, buffers or [])) for _, data, buffers in sent)
    print(f"a click and its answer: {size} bytes in {len(sent)} messages")
    assert widget.masks.shape[0] == 3
    assert size < 12_000


def test_accepting_costs_its_own_bytes_however_many_there_are(widget):
    sizes = []
    for _ in range(200):
        widget.add_point(300, 200)
        before = len(widget.comm.sent)
        widget.accept("cup")
        sent = widget.comm.sent[before:]
        sizes.append(sum(len(json.dumps(d)) + sum(map(len, b or [])) for _, d, b in sent))
    assert max(sizes) - min(sizes) < 200  # digits of counters


def test_an_answer_is_pushed_along_only_if_the_page_asks(widget):
    widget.wait()
    push = protocol_example("push")

    def pushes():
        return [buffers for content, buffers in widget.comm.messages() if content == push]

    assert gesture(widget, "add_point", x=300, y=150, positive=True)["type"] == "reply"
    widget.wait()
    assert pushes() == []
    before = len(widget.comm.sent)
    assert gesture(widget, "add_point", x=310, y=160, positive=True, push=True)["type"] == "reply"
    with widget.comm.arrived:
        assert widget.comm.arrived.wait_for(pushes, 30)
    # The bytes come after the answer, once, and are more than a loopback's packet.
    kinds = [
        "prediction"
        if "prediction" in data.get("state", {})
        else data.get("content", {}).get("type")
        for _, data, _ in widget.comm.sent[before:]
    ]
    assert kinds.index("push") > kinds.index("prediction")
    assert [[len(one) for one in buffers] for buffers in pushes()] == [[66_000]]
    # Nothing is left over that Python's own changes would push.
    widget.add_point(320, 170)
    assert len(pushes()) == 1
    # A gesture that needs no new answer is pushed as well.
    gesture(widget, "undo", push=True)
    with widget.comm.arrived:
        assert widget.comm.arrived.wait_for(lambda: len(pushes()) == 2, 30)


def test_queries_bear_their_push_themselves(widget):
    widget.wait()
    for number, push in enumerate((False, True)):
        ask = {"id": f"push-{number}", "version": 0, "push": push}
        assert [len(b or []) for _, b in [widget.comm.ask({"type": "ping", **ask})]] == [push]
        preview = {"type": "preview", "x": 300, "y": 150, **ask, "id": f"preview-{number}"}
        reply, buffers = widget.comm.ask(preview)
        assert reply["preview"]["x"] == 300
        assert [len(one) == 66_000 for one in buffers] == [False, True][: number + 1]


def test_the_page_is_answered_on_the_thread_that_it_names(widget):
    # ipykernel's mark of the thread that spoke last: kept, it would outweigh the message's own.
    widget.comm._reply_subshell_id = None
    widget.add_point(300, 200)
    assert not hasattr(widget.comm, "_reply_subshell_id")


def test_click_then_accept_without_waiting(widget):
    widget.wait()
    for content in (
        {"type": "add_point", "id": "a", "version": 0, "x": 300, "y": 200, "positive": True},
        {"type": "accept", "id": "b", "version": 1, "label": "cup"},
        {"type": "add_point", "id": "c", "version": 2, "x": 100, "y": 100, "positive": True},
        {"type": "choose", "id": "d", "version": 3, "index": 2, "revision": None},
    ):
        widget.comm.deliver({"method": "custom", "content": content})
    for identity in "abcd":
        assert widget.comm.answer(identity)[0]["type"] == "reply"
    widget.wait()
    assert [one.prompts.points for one in widget.annotations] == [((300.0, 200.0),)]
    assert widget.points == [(100.0, 100.0, True)]
    assert widget.selected == 2


def test_previews_are_answered_each_once_and_change_nothing(widget):
    widget.wait()
    before = widget.revision
    for number in range(40):
        content = {"type": "preview", "id": f"p{number}", "version": 0, "x": number * 10, "y": 99}
        widget.comm.deliver({"method": "custom", "content": content})
    replies = [widget.comm.answer(f"p{number}")[0] for number in range(40)]
    assert replies[-1]["preview"]["x"] == 390
    widget.wait()
    assert widget.revision == before
    assert all(len(widget.comm.answers(f"p{number}")) == 1 for number in range(40))


def test_an_observer_sees_each_answer_and_may_not_kill_the_widget(widget, capsys):
    seen, told = [], threading.Semaphore(0)

    def observer(change):
        seen.append((change["new"], widget.masks.shape[0]))
        told.release()
        raise RuntimeError("my mistake")

    widget.observe(observer, "revision")
    for x in (300, 310):
        widget.add_point(x, 200)
        # The worker tells observers after it has let the caller go.
        assert told.acquire(timeout=30)
    assert seen == [(1, 3), (2, 1)]
    widget.close()
    assert "my mistake" in capsys.readouterr().err
    widget.unobserve(observer, "revision")


def test_an_observer_may_act_on_the_widget(widget):
    def accept_at_once(change):
        if len(widget.masks):
            widget.accept("auto")

    widget.observe(accept_at_once, "revision")
    for count, act in enumerate(
        (
            lambda: gesture(widget, "add_point", x=300, y=200, positive=True),
            lambda: widget.add_point(100, 100),
        ),
        start=1,
    ):
        act()
        with widget.comm.arrived:
            assert widget.comm.arrived.wait_for(lambda n=count: len(widget.annotations) == n, 30)


def test_only_python_writes_state(widget):
    widget.add_point(300, 200)
    document, prediction = widget.document, widget.prediction
    widget.comm.deliver(
        {"method": "update", "state": {"document": {}, "prediction": 5, "status": "x", "_esm": ""}}
    )
    assert widget.document is document
    assert widget.prediction is prediction
    assert widget.status == "ready"


def test_malformed_messages_never_kill_the_comm(widget):
    rng = random.Random(0)
    odd = [None, True, -1, 1e308, float("nan"), "x" * 5000, [[]] * 50, {"a": {}}, list(range(9999))]
    fields = ["x", "y", "positive", "index", "label", "annotation_id", "start", "level", "value"]
    widget.wait()
    for number in range(500):
        kind = rng.choice([*protocol.GESTURES, *protocol.QUERIES, rng.choice(odd)])
        content = {"type": kind, "id": f"m{number}", "version": rng.choice(odd)}
        content |= {rng.choice(fields): rng.choice(odd) for _ in range(4)}
        data = rng.choice([content, rng.choice(odd)])
        method = rng.choice(["custom", "custom", "update", "request_state", None, 7])
        envelope = {"method": method, "content": data, "state": data}
        widget.comm.deliver(rng.choice([envelope, envelope, data]), rng.choice([[], [b"\0" * 99]]))
    widget.clear()
    assert gesture(widget, "add_point", x=300, y=200, positive=True)["type"] == "reply"
    widget.wait()
    assert widget.masks.shape[0] == 3


def test_page_errors_are_readable(widget):
    widget.wait()
    reply = gesture(widget, "add_point", x=9999, y=2, positive=True)
    assert reply["type"] == "error"
    assert "outside the image" in reply["message"]
    assert reply["hint"]
    assert gesture(widget, "remove_annotation", annotation_id="zzz")["code"] == "stale"
    assert widget.status == "ready"


def test_clicks_and_calls_interleave_without_losing_any(widget):
    widget.wait()
    rng = random.Random(1)

    def page():
        for number in range(40):
            content = {"type": "add_point", "id": f"i{number}", "version": 0, "positive": True}
            content |= {"x": rng.random() * 600, "y": rng.random() * 400}
            widget.comm.deliver({"method": "custom", "content": content})

    thread = threading.Thread(target=page)
    thread.start()
    for step in range(10):
        widget.add_point(step, step)
    thread.join(30)
    assert widget.wait(60)
    assert len(widget.points) == 50
    assert widget.document["version"] == widget.prediction["version"]
    assert all(widget.comm.answer(f"i{n}")[0]["type"] == "reply" for n in range(40))


def test_a_slow_model_never_holds_a_click_up(coffee):
    predictor = FakePredictor(encode_delay=0.5, decode_delay=0.2)
    with SamWidget(coffee, model=predictor) as widget:
        for number in range(20):
            content = {"type": "add_point", "id": f"s{number}", "version": 0, "positive": True}
            widget.comm.deliver({"method": "custom", "content": {**content, "x": number, "y": 9}})
            # Applied at once, though nothing is encoded yet.
            assert widget.comm.answers(f"s{number}")[0][0]["version"] == number + 1
        assert widget.status in ("loading", "encoding")
        assert not widget.wait(0.01)
        assert widget.wait(30)
        assert len(widget.points) == 20


def test_another_image_starts_anew(widget, cat):
    widget.add_point(300, 200)
    widget.accept("cup")
    before = (widget.image_state["id"], widget.revision)
    widget.image = cat
    assert widget.image_state["id"] != before[0]
    assert (len(widget.annotations), widget.points) == (0, [])
    widget.add_point(200, 100)
    assert widget.masks.shape == (3, 300, 451)
    assert widget.revision > before[1]
    assert widget.labels == ["cup"]


def test_the_array_given_is_never_modified(coffee):
    photo = coffee.copy()
    with SamWidget(photo, model="fake") as widget:
        widget.add_point(300, 200)
        photo[:] = 0
        assert np.array_equal(widget.image, coffee)


def test_two_widgets_share_a_model(coffee, cat):
    predictor = FakePredictor()
    with SamWidget(coffee, model=predictor) as one, SamWidget(cat, model=predictor) as two:
        one.add_point(300, 200)
        two.add_point(100, 100)
        assert one.masks.shape[1:] == (400, 600)
        assert two.masks.shape[1:] == (300, 451)


def test_tiles_and_their_errors():
    photo = np.zeros((3000, 3000, 3), np.uint8)
    with SamWidget(photo, model="fake") as widget:
        assert widget.image_state["max_level"] == 0
        ask = {"type": "tile", "version": 0, "level": 0, "column": 5, "row": 0}
        image_id = widget.image_state["id"]
        reply, buffers = widget.comm.ask({**ask, "id": "t1", "image_id": image_id})
        assert reply["mime"] == "image/jpeg"
        assert buffers[0][:2] == b"\xff\xd8"
        outside = {**ask, "id": "t2", "image_id": image_id, "column": 6}
        assert widget.comm.ask(outside)[0]["type"] == "error"
        assert widget.comm.ask({**ask, "id": "t3", "image_id": "other"})[0]["type"] == "error"


def test_bad_input_is_said_in_the_cell(coffee):
    with pytest.raises(UnknownModel, match="vit_b"):
        SamWidget(coffee, model="vit_g")
    with pytest.raises(ImageError):
        SamWidget("https://example.com/photo.jpg", model="fake")


def test_a_model_that_cannot_load_is_said_on_the_page_and_in_python(coffee, tmp_path):
    broken = tmp_path / "weights.pth"
    broken.write_text("<!DOCTYPE html><html><body>Not found</body></html>")
    with SamWidget(coffee, model="vit_b", checkpoint=broken) as widget:
        with pytest.raises(WeightsError, match="HTML"):
            widget.add_point(300, 200)
        assert widget.status == "error"
        assert "HTML" in widget.problem["message"]
        assert widget.problem["hint"]
        assert gesture(widget, "add_point", x=1, y=1, positive=True)["type"] == "reply"
        with pytest.raises(WeightsError):
            widget.wait()


def test_a_model_that_fails_once_is_said_and_asked_again(coffee):
    class Forgetful(FakePredictor):
        fails = True

        def decode(self, *args, **kwargs):
            if self.fails:
                raise RuntimeError("CUDA out of memory")
            return super().decode(*args, **kwargs)

    predictor = Forgetful()
    with SamWidget(coffee, model=predictor) as widget:
        with pytest.raises(RuntimeError, match="out of memory"):
            widget.add_point(300, 200)
        assert widget.status == "error"
        assert "smaller" in widget.problem["hint"]
        assert widget.prediction["version"] == widget.document["version"]
        predictor.fails = False
        widget.add_point(301, 200)
        assert widget.status == "ready"
        assert widget.problem is None


def test_nobody_waits_for_an_image_that_was_replaced(coffee, cat):
    predictor = FakePredictor(encode_delay=1)
    with SamWidget(coffee, model=predictor) as widget:
        waiting = threading.Thread(target=lambda: widget.add_point(300, 200))
        waiting.start()
        with widget.comm.arrived:
            assert widget.comm.arrived.wait_for(lambda: widget.document["version"] == 1, 30)
        widget.image = cat
        waiting.join(30)
        assert not waiting.is_alive()
        widget.add_point(100, 100)
        assert widget.masks.shape == (3, 300, 451)


def test_labels_and_colours_are_checked(widget):
    widget.add_point(300, 200)
    for label in (5, "x" * 201):
        with pytest.raises(AnnotationError, match="label"):
            widget.accept(label)
    made = widget.accept("cup")
    with pytest.raises(AnnotationError, match="colour"):
        widget.update_annotation(made.id, color="red")
    assert widget.labels == ["cup"]


def test_one_label_may_be_given_as_it_is(coffee):
    with SamWidget(coffee, model="fake", labels="cup") as widget:
        assert widget.labels == ["cup"]


def test_close_is_final_and_frees_everything(coffee):
    widget = SamWidget(coffee, model="fake", cache=False)
    widget.add_point(300, 200)
    released = weakref.ref(widget._session._embedding)
    thread = widget._worker._thread
    comm_used = widget.comm
    widget.close()
    widget.close()
    assert comm_used.messages()[-1][0] == {"type": "closed"}
    thread.join(20)
    gc.collect()
    assert released() is None
    for call in (lambda: widget.add_point(1, 1), widget.wait, widget.accept):
        with pytest.raises(WidgetClosed):
            call()


def test_errors_leave_the_prompts_alone(widget):
    widget.add_point(300, 200)
    with pytest.raises(PromptError):
        widget.set_box(50, 50, 10, 10)
    with pytest.raises(PromptError, match="candidate 3"):
        widget.choose(3)
    assert widget.points == [(300.0, 200.0, True)]
    assert widget.masks.shape[0] == 3


def test_a_missing_bundle_names_the_command(coffee, monkeypatch, tmp_path):
    from sam_widget import widget as module

    monkeypatch.setattr(module, "STATIC", tmp_path)
    module._bundle.cache_clear()
    with pytest.raises(BundleMissing, match="make build"):
        SamWidget(coffee, model="fake")
    module._bundle.cache_clear()


@pytest.mark.parametrize("call", ["w.wait()", "w.add_point(1, 1)", "w.accept()"])
def test_waiting_can_be_interrupted(call):
    code = (
        "import numpy as np\n"
        "from sam_widget import SamWidget, FakePredictor\n"
        "slow = FakePredictor(encode_delay=600)\n"
        "w = SamWidget(np.zeros((9, 9, 3), np.uint8), model=slow)\n"
        f"try:\n    print('waiting', flush=True)\n    {call}\n"
        "except KeyboardInterrupt:\n    print('interrupted')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert out == "interrupted\n"
    assert process.returncode == 0


def test_the_same_image_is_not_encoded_again(coffee, tmp_path):
    predictor = FakePredictor()
    for cache, calls in (
        (True, 1),
        (True, 1),  # the cell runs again
        (False, 2),
        (False, 3),
        (tmp_path, 4),
        (EmbeddingCache(folder=tmp_path), 4),  # as after a restart of the kernel
    ):
        with SamWidget(coffee, model=predictor, cache=cache) as widget:
            widget.add_point(300, 200)
            assert widget.masks.shape == (3, 400, 600)
        assert predictor.encode_calls == calls, cache


def test_going_back_to_an_image_does_not_encode_it_again(coffee, cat):
    predictor = FakePredictor()
    with SamWidget(coffee, model=predictor) as widget:
        for photo in (cat, coffee, cat):
            widget.image = photo
            widget.add_point(100, 100)
    assert predictor.encode_calls == 2


def test_a_cache_that_is_none_is_said_in_the_cell(coffee):
    with pytest.raises(ModelError, match="folder"):
        SamWidget(coffee, model="fake", cache=5)


@pytest.mark.parametrize("option", [{"runtime": "abacus"}, {"precision": "fp8"}])
def test_runtime_and_precision_reach_the_model(coffee, option):
    (value,) = option.values()
    with SamWidget(coffee, model="fake", **option) as w, pytest.raises(ModelError, match=value):
        w.wait()


def model_infos(widget):
    states = [data["state"] for _, data, _ in widget.comm.sent if "state" in data]
    return [state["model_info"] for state in states if "model_info" in state]


def test_progress_of_the_encoding_is_on_the_page(coffee, monkeypatch):
    monkeypatch.setattr("sam_widget.worker.PROGRESS_EVERY", 0)
    with SamWidget(coffee, model=FakePredictor(encode_delay=0.1)) as widget:
        widget.wait()
        shares = [info["encode_progress"] for info in model_infos(widget)]
        shown = [share for share in shares if share is not None]
        assert shown == pytest.approx([(part + 1) / 10 for part in range(9)])
        assert shares[0] is shares[-1] is None
        assert widget.model_info["encode_ms"] > 0


def test_cancelled_encodings_are_no_errors(coffee, cat):
    predictor = FakePredictor(encode_delay=5)
    with SamWidget(coffee, model=predictor) as widget:
        seen = []
        widget.observe(lambda change: seen.append(change["new"]), "status")
        begun = threading.Event()

        def watch(change):
            # The model is described once before it begins to encode.
            if change["new"]["encode_progress"] is not None:
                begun.set()

        widget.observe(watch, "model_info")
        assert not widget.wait(0)
        assert begun.wait(30)
        predictor.encode_delay = 0
        widget.image = cat
        widget.add_point(100, 100)
        assert widget.masks.shape == (3, 300, 451)
        assert predictor.encode_calls == 1
        assert (widget.problem, widget.model_info["encode_progress"]) == (None, None)
        assert "error" not in seen


def test_the_model_is_described_once_and_in_few_bytes(widget):
    widget.wait()
    for number in range(20):
        widget.comm.ask({"type": "ping", "id": f"i{number}", "version": 0})
    settled = len(model_infos(widget))
    for number in range(20):
        widget.comm.ask({"type": "ping", "id": f"j{number}", "version": 0})
        gesture(widget, "add_point", x=9999, y=2, positive=True)
    assert len(model_infos(widget)) == settled
    preview = {"type": "preview", "id": "hover", "version": 0, "x": 300, "y": 200}
    assert widget.comm.ask(preview)[0]["preview"] is not None
    widget.add_point(300, 200)
    assert widget.model_info["preview_ms"] > 0
    assert len(json.dumps(model_infos(widget)[-1])) < 200
    assert set(widget.model_info) == {
        "name",
        "device",
        "encode_ms",
        "decode_ms",
        "encode_progress",
        "preview_ms",
    }


def test_public_names_are_pinned():
    functions = ["available", "load", "load_image", "open_annotations", "precompute"]
    functions += ["segment_boxes"]
    errors = [name for name in sam_widget.__all__ if issubclass_of_error(name)]
    values = ["Annotation", "AnnotationStore", "Embedding", "EmbeddingCache", "FakePredictor"]
    values += ["AutomaticMaskGenerator", "AutomaticMasks", "AutomaticRun"]
    values += ["BrushStroke", "DropIslands", "FillHoles", "Islands", "PolygonEdit", "Smooth"]
    values += ["Precomputed", "Prediction", "Predictor", "Prompts", "RgbImage", "Rle"]
    values += ["Recipe", "SamWidget", "Series", "Session", "Step"]
    assert sorted([*functions, *errors, *values]) == sorted(sam_widget.__all__)
    assert len(errors) == 19


def issubclass_of_error(name):
    value = getattr(sam_widget, name)
    return isinstance(value, type) and issubclass(value, sam_widget.SamWidgetError)


def test_importing_is_light():
    code = (
        "import sys, time, numpy, anywidget\n"
        "start = time.perf_counter()\n"
        "import sam_widget\n"
        "print(time.perf_counter() - start)\n"
        "heavy = {'torch', 'torchvision', 'segment_anything', 'ipycanvas', 'safetensors'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, loaded = out.stdout.split("\n")[:2]
    assert loaded == "[]"
    print(f"import sam_widget: {float(seconds):.3f} s beyond NumPy and anywidget")
