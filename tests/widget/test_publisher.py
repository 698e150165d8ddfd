from __future__ import annotations

import json
import random
import threading

import pytest
from page_gestures import gesture

from sam_widget import FakePredictor, SamWidget
from sam_widget.errors import WeightsError

pytestmark = pytest.mark.usefixtures("recording_comm")
each_frame = pytest.mark.usefixtures("any_frame")


@each_frame
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


def test_the_page_is_answered_on_the_thread_that_it_names(widget):
    # ipykernel's mark of the thread that spoke last: kept, it would outweigh the message's own.
    widget.comm._reply_subshell_id = None
    widget.add_point(300, 200)
    assert not hasattr(widget.comm, "_reply_subshell_id")


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


@each_frame
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
    document, answer = widget.document, widget.answer
    widget.comm.deliver(
        {"method": "update", "state": {"document": {}, "answer": 5, "status": "x", "_esm": ""}}
    )
    assert widget.document is document
    assert widget.answer is answer
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
    assert widget.document["version"] == widget.answer["version"]
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


@each_frame
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
        assert widget.answer["version"] == widget.document["version"]
        predictor.fails = False
        widget.add_point(301, 200)
        assert widget.status == "ready"
        assert widget.problem is None


def model_infos(widget):
    states = [data["state"] for _, data, _ in widget.comm.sent if "state" in data]
    return [state["model_info"] for state in states if "model_info" in state]


def test_progress_of_the_encoding_is_on_the_page(coffee, monkeypatch):
    monkeypatch.setattr("sam_widget.widget.worker.worker.PROGRESS_EVERY", 0)
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
        "accepts",
        "previews",
        "encode_ms",
        "decode_ms",
        "encode_progress",
        "preview_ms",
    }
