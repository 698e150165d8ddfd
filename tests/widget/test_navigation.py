"""A widget that goes through a series: its comm leads to a list, its model is geometry."""

from __future__ import annotations

import itertools
import json
import threading

import numpy as np
import pytest
from PIL import Image

from sam_widget import EmbeddingCache, FakePredictor, SamWidget, load_image
from sam_widget.annotations.annotation import Annotation
from sam_widget.errors import ImageError, StaleGesture, WidgetClosed
from sam_widget.masks.rle import Rle
from sam_widget.session.series import Kept
from sam_widget.store.store import AnnotationStore

pytestmark = pytest.mark.usefixtures("recording_comm")

ids = itertools.count()


@pytest.fixture
def folder(tmp_path):
    for number in (1, 2, 4):
        pixels = np.random.default_rng(number).integers(0, 255, (60, 80, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"im{number}.png")
    (tmp_path / "im3.png").write_bytes(b"no image")
    return tmp_path


@pytest.fixture
def widget(folder):
    with SamWidget.from_folder(folder, model="fake", labels=["cup"]) as made:
        yield made


def ask(widget, kind, **fields):
    return widget.comm.ask({"type": kind, "id": f"n{next(ids)}", "version": 0, **fields})


def test_each_image_keeps_its_objects_and_prompts(widget):
    widget.add_point(40, 30)
    first = widget.accept("cup")
    widget.add_point(10, 10)
    assert widget.next()
    assert widget.series.index == 1
    assert (len(widget.annotations), widget.points) == (0, [])
    widget.add_point(20, 20)
    widget.accept("spoon")
    assert widget.previous()
    assert [one.id for one in widget.annotations] == [first.id]
    assert widget.points == [(10.0, 10.0, True)]
    widget.wait()
    assert len(widget.masks) == 3
    assert widget.labels == ["cup", "spoon"]
    assert [len(widget.series.annotations(index)) for index in range(4)] == [1, 1, 0, 0]
    assert widget.previous() is False


def test_an_image_that_cannot_be_read_is_shown_as_such_and_passed(widget):
    widget.go_to(1)
    with pytest.raises(ImageError, match=r"im3.png is not an image"):
        widget.next()
    assert widget.status == "error"
    assert widget.image_state["id"] == ""
    assert widget.problem["code"] == "image"
    assert "Skip it" in widget.problem["hint"]
    assert widget.series_state["statuses"] == "ttet"
    with pytest.raises(ImageError, match=r"im3.png"):
        widget.add_point(0, 0)
    widget.mark("skipped")
    assert widget.next()
    widget.add_point(40, 30)
    assert (widget.status, widget.problem) == ("ready", None)
    assert widget.next() is False


def test_a_series_may_begin_with_an_image_that_cannot_be_read(folder):
    with SamWidget.from_folder(folder, "im[34].png", model="fake") as widget:
        assert widget.status == "error"
        assert widget.image_state["id"] == ""
        # Mended, it is read again.
        Image.new("RGB", (9, 7)).save(folder / "im3.png")
        widget.go_to(0)
        assert widget.image.shape == (7, 9, 3)
        widget.add_point(4, 4)
        assert widget.status == "ready"


def test_the_page_goes_through_the_series_and_marks_images(widget):
    widget.add_point(40, 30)
    widget.accept("cup")
    assert ask(widget, "mark", index=0, status="done")[0]["of"] == "series"
    assert ask(widget, "go_to", index=2)[0]["of"] == "series"
    assert widget.problem["code"] == "image"
    assert ask(widget, "go_to", index=3)[0]["of"] == "series"
    assert widget.series_state == {
        "length": 4, "index": 3, "name": "im4.png", "statuses": "dtet", "note": "",
    }  # fmt: skip
    assert ask(widget, "go_to", index=4)[0]["type"] == "error"
    assert ask(widget, "mark", index=0, status="ready")[0]["code"] == "image"
    assert widget.series.index == 3
    # The objects of the images come and go with them.
    reply, _ = ask(widget, "annotations", start=0)
    assert reply["annotations"] == []
    ask(widget, "go_to", index=0)
    reply, _ = ask(widget, "annotations", start=0)
    assert [one["label"] for one in reply["annotations"]] == ["cup"]


def test_thumbnails_come_by_request_and_stay_small(widget):
    reply, buffers = ask(widget, "thumbnail", index=0)
    assert (reply["of"], reply["name"], reply["mime"]) == ("thumbnail", "im1.png", "image/jpeg")
    assert len(buffers[0]) < 20_000
    assert ask(widget, "thumbnail", index=2)[0]["code"] == "image"
    assert widget.series_state["statuses"] == "ttet"
    assert ask(widget, "thumbnail", index=9)[0]["code"] == "image"


def test_a_widget_of_one_image_has_no_series(coffee):
    with SamWidget(coffee, model="fake") as widget:
        assert widget.series is None
        assert widget.series_state is None
        for act in (widget.next, widget.previous, lambda: widget.go_to(0)):
            with pytest.raises(ImageError, match="from_folder"):
                act()
        assert ask(widget, "go_to", index=0)[0]["code"] == "protocol"
        assert ask(widget, "thumbnail", index=0)[0]["code"] == "protocol"


def test_an_image_of_a_series_is_not_replaced(widget, coffee):
    with pytest.raises(ImageError, match="series"):
        widget.image = coffee


def test_lists_are_series_too(coffee, cat):
    with SamWidget([coffee, cat], model="fake") as widget:
        assert widget.series.names == ("image 1", "image 2")
        widget.next()
        assert widget.image.shape == cat.shape


def test_a_closed_widget_goes_nowhere(folder):
    widget = SamWidget.from_folder(folder, model="fake")
    widget.close()
    with pytest.raises(WidgetClosed):
        widget.next()


def test_a_series_keeps_what_was_made_when_its_widget_is_closed(widget):
    widget.add_point(40, 30)
    made = widget.accept("cup")
    widget.add_point(10, 10)
    widget.close()
    assert [one.id for one in widget.series.annotations(0)] == [made.id]
    with SamWidget(widget.series, model="fake") as again:
        assert [one.id for one in again.annotations] == [made.id]
        assert again.points == [(10.0, 10.0, True)]
        assert again.labels == ["cup"]
        again.wait()
        assert len(again.masks) == 3
        # The page asks for the list when it shows.
        assert len(ask(again, "annotations", start=0)[0]["annotations"]) == 1


def test_objects_of_an_image_that_can_no_longer_be_read_stay(widget, folder):
    widget.add_point(40, 30)
    made = widget.accept("cup")
    widget.next()
    (folder / "im1.png").write_bytes(b"")
    with pytest.raises(ImageError):
        widget.previous()
    assert [one.id for one in widget.annotations] == [made.id]
    widget.next()
    kept = widget.series.annotations(0)
    assert (len(kept), kept.width, kept.height) == (1, 80, 60)


def test_place_and_statuses_outlive_the_widget(folder):
    with SamWidget.from_folder(folder, model="fake") as widget:
        widget.mark("done")
        widget.next()
    with SamWidget.from_folder(folder, model="fake") as widget:
        assert widget.series.index == 1
        assert widget.series_state["statuses"] == "dttt"
        assert np.array_equal(widget.image, load_image(folder / "im2.png").pixels)


def test_without_a_place_to_write_it_goes_on_and_says_so(folder, caplog):
    (folder / ".sam-series.json").mkdir()
    with SamWidget.from_folder(folder, model="fake") as widget:
        widget.mark("done")
        widget.next()
        assert "in memory only" in widget.series_state["note"]
        assert widget.series.statuses[0] == "done"
    assert "in memory only" in caplog.text


class Gate(FakePredictor):
    """Encodes one kind of image only when it may, and tells when it has begun."""

    def __init__(self, held):
        super().__init__()
        self.held = held
        self.begun = threading.Event()
        self.open = threading.Event()
        self.given_up = 0

    def encode(self, image, progress=None):
        if load_image(image).digest == self.held:
            self.begun.set()
            try:
                while not self.open.wait(0.005):
                    if progress is not None:
                        progress(0.5)
            except BaseException:
                self.given_up += 1
                raise
        return super().encode(image, progress)


@pytest.fixture
def gate(folder):
    return Gate(load_image(folder / "im2.png").digest)


def test_the_next_image_is_encoded_in_idle_time(folder, gate):
    cache = EmbeddingCache()
    gate.open.set()
    with SamWidget.from_folder(folder, model=gate, cache=cache) as widget:
        widget.wait()
        assert gate.begun.wait(30)
        widget.next()
        widget.wait()
        assert cache.info().misses == 2


def test_whatever_is_asked_for_ends_encoding_ahead_and_it_begins_again(folder, gate):
    with SamWidget.from_folder(folder, model=gate, cache=EmbeddingCache()) as widget:
        widget.wait()
        assert gate.begun.wait(30)
        gate.begun.clear()
        assert widget.status == "ready"
        widget.add_point(40, 30)
        assert (len(widget.masks), gate.given_up) == (3, 1)
        assert gate.begun.wait(30)


def test_turning_to_the_image_that_is_being_encoded_goes_on_with_it(folder, gate):
    with SamWidget.from_folder(folder, model=gate, cache=EmbeddingCache()) as widget:
        widget.wait()
        assert gate.begun.wait(30)
        widget.next()
        assert widget.status == "encoding"
        gate.open.set()
        widget.wait()
        assert gate.given_up == 0


def test_nothing_is_encoded_ahead_without_a_cache(folder, gate):
    with SamWidget.from_folder(folder, model=gate, cache=False) as widget:
        widget.wait()
        widget.add_point(40, 30)
        assert widget.status == "ready"
        assert not gate.begun.is_set()


def test_what_was_asked_before_is_done_before(folder, gate):
    with SamWidget.from_folder(folder, "im[24].png", model=gate) as widget:
        early = threading.Thread(target=lambda: widget.add_point(40, 30))
        early.start()
        assert gate.begun.wait(30)
        for message in (
            {"type": "accept", "id": "early", "version": 0, "label": "cup"},
            {"type": "go_to", "id": "turn", "version": 0, "index": 1},
        ):
            widget.comm.deliver({"method": "custom", "content": message})
        gate.open.set()
        assert widget.comm.answer("early")[0]["type"] == "reply"
        assert widget.comm.answer("turn")[0]["type"] == "reply"
        early.join(30)
        assert [one.label for one in widget.series.annotations(0)] == ["cup"]
        assert len(widget.annotations) == 0


def test_an_observer_may_turn_the_page(folder):
    with SamWidget.from_folder(folder, "im[124].png", model="fake") as widget:
        turned = threading.Event()

        def on_status(change):
            if change.new == "ready" and widget.series.index == 0:
                try:
                    widget.next()
                except StaleGesture:
                    return
                turned.set()

        widget.observe(on_status, "status")
        widget.add_point(40, 30)
        assert turned.wait(30)
        assert widget.series.index == 1


def replayed(widget):
    """Apply all that was told of objects, as the page does: (id, visible, has a mask) of each."""
    listed = []
    for content, buffers in widget.comm.messages():
        if content["type"] != "annotations_changed":
            continue
        masks = {one[0]: one[2] for one in listed}
        moved = {*content["removed"], *(one["annotation"]["id"] for one in content["changed"])}
        listed = [one for one in listed if one[0] not in moved]
        for one in content["changed"]:
            wire = one["annotation"]
            mask = masks.get(wire["id"]) if wire["buffer"] is None else buffers[wire["buffer"]]
            listed.insert(one["index"], (wire["id"], wire["visible"], mask))
    return listed


def noisy(count):
    random = np.random.default_rng(0)
    masks = [random.integers(0, 2, (300, 400)).astype(bool) for _ in range(count)]
    return tuple(Annotation(Rle.encode(mask), f"noise {at % 3}") for at, mask in enumerate(masks))


def shown(widget):
    return [(one.id, one.visible, one.rle.compressed()) for one in widget.annotations]


def size_of(sent):
    _, data, buffers = sent
    return len(json.dumps(data)) + sum(map(len, buffers or []))


def test_many_large_objects_come_in_parts_and_change_without_their_masks():
    pixels = np.zeros((300, 400, 3), np.uint8)
    with SamWidget([pixels, pixels + 1], model="fake") as widget:
        widget.series.keep(0, Kept(AnnotationStore(noisy(2), width=400, height=300)))
        widget.series.keep(1, Kept(AnnotationStore(noisy(20), width=400, height=300)))
        widget.next()
        objects = widget.annotations
        assert replayed(widget) == shown(widget)
        assert sum(len(one.rle.compressed()) for one in objects) > 1_000_000
        before = len(widget.comm.sent)
        widget.show_only([objects[3].id])
        widget.undo()
        widget.update_annotations([one.id for one in objects[2:]], label="other")
        assert sum(map(size_of, widget.comm.sent[before:])) < 40_000
        widget.remove_annotations([one.id for one in objects[1:]])
        widget.undo()
        assert replayed(widget) == shown(widget)
        assert max(map(size_of, widget.comm.sent)) < 1_000_000


def test_the_501st_object_costs_its_own_bytes_as_the_first_did():
    pixels = np.zeros((60, 80, 3), np.uint8)
    with SamWidget([pixels, pixels + 1], model="fake") as widget:
        mask = np.zeros((60, 80), bool)
        mask[5:9, 5:9] = True
        rle = Rle.encode(mask)
        many = [Annotation(rle, "cup") for _ in range(500)]
        widget.series.keep(1, Kept(AnnotationStore(many, width=80, height=60)))

        def cost():
            widget.add_point(40, 30)
            before = len(widget.comm.sent)
            widget.accept("cup")
            return sum(map(size_of, widget.comm.sent[before:]))

        cost()  # the label is told once
        first = cost()
        widget.next()
        assert abs(cost() - first) < 200  # digits of counters
        assert len(widget.annotations) == 501


def test_done_with_a_mask_that_was_not_accepted_is_warned_of(tmp_path, coffee, recording_comm):
    with SamWidget([coffee, coffee[::-1]], model="fake") as widget:
        widget.mark("done")
        widget.add_point(300, 200)
        widget.mark("skipped")
        widget.mark("done", 1)  # another image
        with pytest.warns(UserWarning, match=r"not accepted.*accept\(\), or clear\(\)") as caught:
            widget.mark("done")
        assert caught[0].filename == __file__
        assert widget.series.statuses == ("done", "done")
        widget.mark("done", 1)
        widget.accept()
        widget.mark("done", 0)
        widget.brush([(300, 200)], 9)
        with pytest.warns(UserWarning, match="not accepted"):
            widget.mark("done", 0)
        widget.clear()
        widget.mark("done", 0)


def test_boxes_of_an_image_that_was_left_meanwhile_are_refused(recording_comm):
    class Leaves(FakePredictor):
        def decode_batch(self, *arguments, **named):
            leave()
            return super().decode_batch(*arguments, **named)

    photos = [np.full((30, 40, 3), value, np.uint8) for value in (1, 2)]
    with SamWidget(photos, model=Leaves()) as widget:
        leave = widget.next
        with pytest.raises(StaleGesture, match="another image is shown by now"):
            widget.segment_boxes([(5, 5, 20, 20)], "cup")
        assert [len(widget.series.annotations(index)) for index in range(2)] == [0, 0]
        assert len(widget.segment_boxes([(5, 5, 20, 20)], "cup")) == 1
