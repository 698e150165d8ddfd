"""The widget without a browser: its comm is real but leads to a list instead of a socket."""

from __future__ import annotations

import gc
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
from page_gestures import gesture

import sam_widget
from sam_widget import EmbeddingCache, FakePredictor, SamWidget
from sam_widget.errors import BundleMissing, ImageError, ModelError, UnknownModel, WidgetClosed
from sam_widget.widget.wire import table as protocol

pytestmark = pytest.mark.usefixtures("recording_comm")
each_frame = pytest.mark.usefixtures("any_frame")


def protocol_example(name):
    return json.loads((Path(__file__).parents[1] / "protocol" / "kernel.json").read_text())[name]


def test_every_action_of_the_page_has_a_method():
    # The page takes its mask prompts from accepted objects, Python from anywhere.
    other_names = {"set_mask_from": "set_mask"}
    for kind in protocol.GESTURES:
        assert callable(getattr(SamWidget, other_names.get(kind, kind)))


def test_a_new_view_gets_all_objects_in_parts(widget, monkeypatch):
    monkeypatch.setattr("sam_widget.widget.page.annotation_list.LIST_BYTES", 1500)
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


def test_accepting_costs_its_own_bytes_however_many_there_are(widget):
    sizes = []
    for _ in range(200):
        widget.add_point(300, 200)
        before = len(widget.comm.sent)
        widget.accept("cup")
        sent = widget.comm.sent[before:]
        sizes.append(sum(len(json.dumps(d)) + sum(map(len, b or [])) for _, d, b in sent))
    assert max(sizes) - min(sizes) < 200  # digits of counters


@each_frame
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
        "answer" if "answer" in data.get("state", {}) else data.get("content", {}).get("type")
        for _, data, _ in widget.comm.sent[before:]
    ]
    assert kinds.index("push") > kinds.index("answer")
    assert [[len(one) for one in buffers] for buffers in pushes()] == [[66_000]]
    # Nothing is left over that Python's own changes would push.
    widget.add_point(320, 170)
    assert len(pushes()) == 1
    # A gesture that needs no new answer is pushed as well.
    gesture(widget, "undo", push=True)
    with widget.comm.arrived:
        assert widget.comm.arrived.wait_for(lambda: len(pushes()) == 2, 30)


@each_frame
def test_a_click_is_acknowledged_with_its_answer_where_answers_come_at_once(
    coffee, recording_comm, predictor, monkeypatch
):
    def click(number):
        content = {"type": "add_point", "x": 50 * number, "y": 150, "positive": True}
        content |= {"id": f"click-{number}", "version": 0}
        before = len(widget.comm.sent)
        widget.comm.deliver({"method": "custom", "content": content})
        return before

    def told(before):
        """Return the messages in order: the version that a state shows, or a kind of message."""
        kinds = []
        for _, data, _ in widget.comm.sent[before:]:
            state = data.get("state", {})
            kinds += [name for name in ("document", "answer") if name in state]
            kinds += [data["content"]["type"]] if "content" in data else []
        return kinds

    with SamWidget(coffee, model=predictor) as widget:
        widget.wait()
        # Nobody knows yet how long an answer takes, so the first click is confirmed before it.
        gate = threading.Event()
        predictor.before_answer = lambda: gate.wait(30)
        before = click(1)
        assert told(before) == ["document", "reply"]
        gate.set()
        widget.wait()
        # The second, too, if the first took long.
        monkeypatch.setattr("sam_widget.widget.worker.pace.SOON_MS", 0.0)
        gate.clear()
        before = click(2)
        assert told(before) == ["document", "reply"]
        gate.set()
        widget.wait()
        monkeypatch.setattr("sam_widget.widget.worker.pace.SOON_MS", float("inf"))
        gate.clear()
        before = click(3)
        assert told(before) == []
        gate.set()
        widget.comm.answer("click-3")
        assert told(before) == ["document", "answer", "reply"]
        # What is said meanwhile says it all.
        gate.clear()
        before = click(4)
        widget.wait(0)
        assert told(before) == ["document", "reply"]
        # After a failure nobody knows any more.
        gate.set()
        widget.wait()
        predictor.before_answer = fail
        click(5)
        widget.comm.answer("click-5")
        predictor.before_answer = lambda: gate.wait(30)
        gate.clear()
        before = click(6)
        assert told(before) == ["document", "reply"]
        gate.set()
        widget.wait()


def fail():
    raise RuntimeError("no memory")


def test_queries_bear_their_push_themselves(widget):
    widget.wait()
    for number, push in enumerate((False, True)):
        ask = {"id": f"push-{number}", "version": 0, "push": push}
        assert [len(b or []) for _, b in [widget.comm.ask({"type": "ping", **ask})]] == [push]
        preview = {"type": "preview", "x": 300, "y": 150, **ask, "id": f"preview-{number}"}
        reply, buffers = widget.comm.ask(preview)
        assert reply["preview"]["x"] == 300
        assert [len(one) == 66_000 for one in buffers] == [False, True][: number + 1]


@each_frame
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


@each_frame
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


@each_frame
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


@each_frame
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


def test_one_label_may_be_given_as_it_is(coffee):
    with SamWidget(coffee, model="fake", labels="cup") as widget:
        assert widget.labels == ["cup"]
        assert widget.offered_labels == ["cup"]


def test_the_page_is_told_which_labels_were_offered_whatever_they_become(coffee):
    with SamWidget(coffee, model="fake", labels=(name for name in ("cup", "spoon"))) as widget:
        widget.rename_label("cup", "mug")
        widget.add_label("table")
        assert widget.labels == ["mug", "spoon", "table"]
        assert widget.offered_labels == ["cup", "spoon"]
        assert "offered_labels" in widget.keys


def test_close_is_final_and_frees_everything(coffee):
    widget = SamWidget(coffee, model="fake", cache=False)
    widget.add_point(300, 200)
    released = weakref.ref(widget.session.embedding)
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


def test_a_missing_bundle_names_the_command(coffee, monkeypatch, tmp_path):
    from sam_widget.widget import bundle as module

    monkeypatch.setattr(module, "STATIC", tmp_path)
    module.bundle.cache_clear()
    with pytest.raises(BundleMissing, match="make build"):
        SamWidget(coffee, model="fake")
    module.bundle.cache_clear()


@pytest.mark.parametrize("call", ["w.wait()", "w.add_point(1, 1)", "w.accept()"])
def test_waiting_can_be_interrupted(call):
    # The signal is sent when the call has come to its waiting: Python's own `Thread.start` may turn
    # one that comes earlier into "release unlocked lock".
    code = (
        "import time\n"
        "import numpy as np\n"
        "from sam_widget import SamWidget, FakePredictor\n"
        "class Slow(FakePredictor):\n"
        "    def encode(self, image, **options):\n"
        "        time.sleep(0.5)\n"
        "        print('waiting', flush=True)\n"
        "        return super().encode(image, **options)\n"
        "w = SamWidget(np.zeros((9, 9, 3), np.uint8), model=Slow(encode_delay=600))\n"
        f"try:\n    {call}\n"
        "except KeyboardInterrupt:\n    print('interrupted')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert out == "interrupted\n"
    assert process.returncode == 0


@each_frame
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


@each_frame
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


def test_public_names_are_pinned():
    functions = ["available", "load", "load_image", "open_annotations", "precompute"]
    functions += ["segment_boxes"]
    errors = [name for name in sam_widget.__all__ if issubclass_of_error(name)]
    values = ["Annotation", "AnnotationStore", "Embedding", "EmbeddingCache", "FakePredictor"]
    values += ["Exported", "SeriesSummary"]
    values += ["AutomaticMaskGenerator", "AutomaticMasks", "AutomaticRun"]
    values += ["BrushStroke", "DropIslands", "FillHoles", "Islands", "PolygonEdit", "Smooth"]
    values += ["Precomputed", "Prediction", "Predictor", "Prompts", "RgbImage", "Rle"]
    values += ["Recipe", "SamWidget", "Series", "Session", "Step"]
    assert sorted([*functions, *errors, *values]) == sorted(sam_widget.__all__)
    assert len(errors) == 20


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
