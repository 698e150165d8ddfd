"""One discipline for traits, session and worker: any thread may do anything at any moment.

The page is played twice over: by a thread that delivers its messages, and by a mirror that knows
only what was sent to it.
"""

from __future__ import annotations

import gc
import itertools
import random
import threading
import time
import weakref
from contextlib import suppress

import numpy as np
import pytest
from ipywidgets.widgets.widget import _put_buffers

from sam_widget import (
    Annotation,
    EmbeddingCache,
    FakePredictor,
    Prediction,
    Rle,
    SamWidget,
    open_annotations,
)
from sam_widget.errors import AnnotationError, StaleGesture
from sam_widget.predictors.base import Embedding, check_request, wants_three
from sam_widget.predictors.frame import ModelFrame

ids = itertools.count()


class Quick:
    """A disc around the last point or in the box, with no delay: many interleavings fit a test."""

    name, device, model_digest = "quick", "cpu", "q" * 64
    rows, columns = np.mgrid[0:256, 0:256].astype(np.float32)

    def encode(self, image, progress=None):
        return Embedding(
            None, ModelFrame(image.height, image.width), self.model_digest, image.digest, 0
        )

    def decode(self, embedding, prompts, multimask=None):
        prompts = check_request(embedding, prompts, self)
        box = prompts.box or (0, 0, embedding.frame.width, embedding.frame.height)
        point = prompts.points[-1] if prompts.points else np.reshape(box, (2, 2)).mean(axis=0)
        ((x, y),) = embedding.frame.points_to_model([point]) / 4
        distance = np.hypot(self.rows - y, self.columns - x)
        radii = (9, 19, 39) if wants_three(prompts, multimask) else (29,)
        scores = np.linspace(0.7, 0.9, len(radii), dtype=np.float32)
        return Prediction(np.stack([r - distance for r in radii]), scores, embedding.frame)


class Mirror:
    """What a page knows: the state it opened with, and every message since, in order."""

    def __init__(self, comm):
        self.comm = comm
        self.state, self.objects, self.seen = {}, {}, 0

    def catch_up(self):
        while self.seen < len(self.comm.sent):
            _, data, buffers = self.comm.sent[self.seen]
            self.seen += 1
            if "state" in data:
                state = dict(data["state"])
                _put_buffers(state, data["buffer_paths"], buffers or [])
                self.state |= state
            elif data["content"]["type"] == "annotations_changed":
                for one in data["content"]["changed"]:
                    self.objects[one["annotation"]["id"]] = one["annotation"]["label"]
                for identity in data["content"]["removed"]:
                    del self.objects[identity]


def page_gestures(rng, widget):
    """Draw something a person may do on the page, as a message."""
    x, y = rng.randrange(60), rng.randrange(40)
    kind, fields = rng.choice(
        [
            ("add_point", {"x": x, "y": y, "positive": rng.random() < 0.7}),
            ("add_point", {"x": x, "y": y, "positive": True}),
            ("move_point", {"index": rng.randrange(3), "x": x, "y": y}),
            ("remove_point", {"index": 0}),
            ("set_box", {"x0": x / 2, "y0": y / 2, "x1": x + 1, "y1": y + 1}),
            ("undo", {}),
            ("redo", {}),
            ("choose", {"index": rng.randrange(3), "revision": None}),
            ("accept", {"label": rng.choice(["cup", None])}),
            ("smooth", {"radius": 3, "annotation_id": None}),
            ("preview", {"x": x, "y": y}),
            ("clear", {}),
            ("ping", {}),
        ]
    )
    version = widget.document["version"] - rng.randrange(2)
    return {"type": kind, "id": f"r{next(ids)}", "version": max(version, 0), **fields}


def cell_calls(rng):
    """Draw something that a cell may do; none of these ever raises."""
    x, y = rng.randrange(60), rng.randrange(40)
    return rng.choice(
        [
            lambda w: w.add_point(x, y),
            lambda w: w.add_point(x, y, positive=False),
            lambda w: w.undo(),
            lambda w: w.undo(),
            lambda w: w.redo(),
            lambda w: w.set_box(x / 2, y / 2, x + 1, y + 1),
            lambda w: w.clear(),
        ]
    )


def interleave(rng, widget):
    """Let page and cell act at the same time; return the ids of the page's requests."""
    requests, pauses = [], [rng.random() * 0.003 for _ in range(4)]
    messages = [page_gestures(rng, widget) for _ in range(rng.randrange(2, 6))]
    calls = [cell_calls(rng) for _ in range(rng.randrange(2, 6))]

    def page():
        for message, pause in zip(messages, itertools.cycle(pauses)):
            requests.append(message["id"])
            # As ipykernel delivers it, on its subshell's thread.
            data = {"method": "custom", "content": message}
            widget._handle_msg({"content": {"data": data}, "buffers": []})
            time.sleep(pause)
        widget._handle_msg({"content": {"data": {"method": "request_state"}}, "buffers": []})

    thread = threading.Thread(target=page)
    thread.start()
    for call, pause in zip(calls, itertools.cycle(reversed(pauses))):
        call(widget)
        time.sleep(pause)
    thread.join(60)
    assert not thread.is_alive()
    return requests


def test_two_hundred_interleavings_of_page_and_cell_end_in_one_state(recording_comm):
    photo = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    with SamWidget(photo, model=Quick()) as widget:
        mirror = Mirror(widget.comm)
        kinds = set()
        for seed in range(200):
            rng = random.Random(seed)
            requests = interleave(rng, widget)
            assert widget.wait(60)
            for identity in requests:
                kinds.add(widget.comm.answer(identity)[0]["type"])
            widget.clear()
            session = widget.session
            assert not session.pending
            assert session.prompts == session.history[session.cursor]
            mirror.catch_up()
            for name in ("document", "answer", "model_info", "labels", "status", "problem"):
                assert mirror.state[name] == getattr(widget, name), (seed, name)
            assert widget.document["version"] == widget.answer["version"] == session.version
            assert widget.revision == widget.answer["revision"] == session.answer.revision
            assert mirror.objects == {one.id: one.label for one in widget.annotations}
            assert widget.status == "ready"
            answers = [content["to"] for content, _ in widget.comm.messages() if "of" in content]
            assert len(answers) == len(set(answers))
        assert kinds == {"reply", "error"}


def test_the_image_may_be_replaced_at_any_moment(recording_comm):
    rng = random.Random(0)
    photos = [np.full((40, 60, 3), value, np.uint8) for value in range(30)]
    with SamWidget(photos[0], model=Quick()) as widget:
        mirror = Mirror(widget.comm)
        requests = []

        def page():
            for _ in range(60):
                message = page_gestures(rng, widget)
                requests.append(message["id"])
                widget.comm.deliver({"method": "custom", "content": message})

        thread = threading.Thread(target=page)
        thread.start()
        for photo in photos[1:]:
            widget.image = photo
        thread.join(60)
        assert widget.wait(60)
        for identity in requests:
            widget.comm.answer(identity)
        assert all(len(widget.comm.answers(identity)) == 1 for identity in requests)
        widget.clear()
        mirror.catch_up()
        assert mirror.state["image_state"] == widget.image_state
        assert mirror.state["document"] == widget.document
        assert mirror.state["answer"]["version"] == widget.session.version
        assert mirror.objects == {one.id: one.label for one in widget.annotations}
        assert np.array_equal(widget.image, photos[-1])


def object_calls(rng, widget):
    """Draw something that code may do to the objects, whoever made them."""

    def of_any(call):
        def act():
            objects = widget.annotations.snapshot()
            if objects:
                with suppress(StaleGesture, AnnotationError):  # another was faster
                    call(rng.choice(objects))

        return act

    def new():
        mask = np.zeros((40, 60), np.bool_)
        mask[rng.randrange(40), rng.randrange(60)] = True
        widget.annotations.add(Annotation(Rle.encode(mask), label=rng.choice("abc")))

    def undo():
        with suppress(StaleGesture):
            widget.undo()

    def redo():
        with suppress(StaleGesture):
            widget.redo()

    def shuffle():
        ids = [one.id for one in widget.annotations]
        with suppress(AnnotationError):
            widget.annotations.reorder(rng.sample(ids, len(ids)))

    return [
        new,
        undo,
        undo,
        redo,
        shuffle,
        widget.annotations.undo,
        widget.annotations.redo,
        of_any(lambda one: widget.update_annotation(one.id, label=rng.choice("abc"))),
        of_any(lambda one: widget.annotations.update(one.id, visible=not one.visible)),
        of_any(lambda one: widget.remove_annotation(one.id)),
        of_any(widget.annotations.remove),
        of_any(lambda one: widget.reopen(one.id)),
        lambda: widget.add_point(rng.randrange(60), rng.randrange(40)),
        widget.clear,
    ]


def test_two_widgets_and_the_store_itself_end_in_one_state(recording_comm, tmp_path):
    photo = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    journal = tmp_path / "a.sam.jsonl"
    options = {"model": Quick(), "journal": journal}
    with SamWidget(photo, **options) as one, SamWidget(photo, **options) as other:
        mirrors = [Mirror(widget.comm) for widget in (one, other)]

        def act(seed, widget):
            rng = random.Random(seed)
            for _ in range(60):
                rng.choice(object_calls(rng, widget))()
                if rng.random() < 0.3:
                    message = page_gestures(rng, widget)
                    widget.comm.deliver({"method": "custom", "content": message})

        threads = [
            threading.Thread(target=act, args=(seed, (one, other)[seed % 2])) for seed in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive()
        for widget, mirror in zip((one, other), mirrors, strict=True):
            assert widget.wait(60)
            widget.clear()
            mirror.catch_up()
            assert mirror.objects == {each.id: each.label for each in one.annotations}
            assert mirror.state["document"] == widget.document
            assert widget.document["journal"] == {"state": "saved", "note": ""}
            session = widget.session
            assert session.prompts == session.history[session.cursor]
        before = [(each.id, each.label, each.visible, each.rle) for each in one.annotations]
    with open_annotations(photo, journal) as store:
        assert [(each.id, each.label, each.visible, each.rle) for each in store] == before
        assert store.report == ""


@pytest.mark.parametrize("trait", ["status", "document", "answer", "model_info", "revision"])
def test_observers_of_any_trait_may_do_anything(recording_comm, coffee, trait):
    predictor = FakePredictor(decode_delay=0.02)
    with SamWidget(coffee, model=predictor) as widget:
        widget.wait()
        done, stuck = [], []

        def accept_once(change):
            # On whichever thread, and while others publish.
            if len(widget.masks) and not done:
                done.append(threading.current_thread())
                other = threading.Thread(target=widget._publisher.publish, daemon=True)
                other.start()
                other.join(10)
                stuck.append(other.is_alive())
                widget.accept("cup")

        widget.observe(accept_once, trait)
        widget.add_point(300, 200)
        widget.add_point(310, 210)
        with widget.comm.arrived:
            assert widget.comm.arrived.wait_for(lambda: len(widget.annotations) == 1, 30)
        assert widget.wait(30)
        assert stuck == [False]
        assert widget.document["version"] == widget.answer["version"]


def test_fifty_images_through_one_widget_leave_one_behind(recording_comm):
    size = 256 * 256 * 3 * 4
    cache = EmbeddingCache(5 * size)
    rng = np.random.default_rng(0)
    seen, embeddings, counts = [], [], {}
    with SamWidget(np.zeros((30, 50, 3), np.uint8), model="fake", cache=cache) as widget:
        for number in range(1, 51):
            shape = (*rng.integers(20, 90, 2), 3)
            widget.image = rng.integers(0, 255, shape, dtype=np.uint8)
            widget.add_point(10, 10)
            widget.choose(1)
            widget.accept("cup")
            widget.add_point(5, 5)
            preview = {"type": "preview", "id": f"p{number}", "version": 0, "x": 3, "y": 3}
            assert widget.comm.ask(preview)[0]["type"] == "reply"
            session = widget.session
            seen += [weakref.ref(session), weakref.ref(session.image)]
            seen += [weakref.ref(session.answer.candidates), weakref.ref(session.document.history)]
            embeddings.append(weakref.ref(session.embedding))
            del session
            assert cache.nbytes <= cache.max_bytes
            widget.comm.sent.clear()
            if number in (10, 50):
                gc.collect()
                counts[number] = len(gc.get_objects())
        gc.collect()
        # Of the image on screen: the session, its image, its answer, its history.
        assert sum(one() is not None for one in seen) == 4
        assert sum(one() is not None for one in embeddings) == 5
        assert counts[50] - counts[10] < 100 + 5 * 40  # what this test itself remembers
