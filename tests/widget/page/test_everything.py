"""Everything mode in a widget: what the page is told, what it may ask, and clicks meanwhile."""

import threading

import numpy as np
import pytest

from sam_widget import FakePredictor, SamWidget
from sam_widget.errors import PromptError, StaleGesture
from sam_widget.masks.rle import Rle
from sam_widget.widget.page.everything_run import EverythingRun

pytestmark = pytest.mark.usefixtures("any_frame")

LOOSE = {"points_per_side": 4, "pred_iou_thresh": 0.6, "stability_score_thresh": 0.5}


class PageSide:
    """Puts together what the page is told."""

    def __init__(self, comm):
        self.comm = comm

    def told(self, kind):
        return [(one, buffers) for one, buffers in self.comm.messages() if one["type"] == kind]

    def candidates(self, run):
        rows = []
        for message, buffers in self.told("everything"):
            if message["run"] == run:
                assert message["first"] == len(rows)
                rows += unpacked(message, buffers)
        return rows

    def state(self):
        message, buffers = self.told("everything_state")[-1]
        bits = np.unpackbits(np.frombuffer(buffers[0], np.uint8), bitorder="little")
        return message, np.flatnonzero(bits[: message["candidates"]]).tolist()

    def ask(self, kind, **fields):
        identity = f"v-{len(self.comm.sent)}"
        return self.comm.ask({"type": kind, "id": identity, "version": 0, **fields})


def unpacked(message, buffers):
    numbers = np.frombuffer(buffers[0], np.float32).reshape(message["count"], 9)
    ends = np.frombuffer(buffers[1], np.uint32)
    assert len(ends) == message["count"]
    texts = np.split(np.frombuffer(buffers[2], np.uint8), ends[:-1])
    size = [message["height"], message["width"]]
    codes = [Rle.from_coco({"size": size, "counts": text.tobytes()}) for text in texts]
    return list(zip(numbers.tolist(), codes, strict=True))


@pytest.fixture
def widget(cat, recording_comm):
    with SamWidget(cat, model=FakePredictor()) as widget:
        yield widget


@pytest.fixture
def page(widget):
    return PageSide(widget.comm)


def test_the_page_is_told_what_python_gets(widget, page):
    run = widget.everything(**LOOSE)
    found = run.wait(60)
    assert found is run.result
    assert run.stage == "finished"
    assert run.share == 1
    rows = page.candidates(run.number)
    assert len(rows) == len(found.table) == 48
    for index, (numbers, code) in enumerate(rows):
        assert code == found.table.rles[index]
        assert numbers[0] == pytest.approx(found.table.predicted_iou[index])
        assert numbers[2] == code.area
        assert tuple(numbers[3:7]) == code.bbox_xywh
    state, kept = page.state()
    assert state["stage"] == "finished"
    assert kept == sorted(found.selection.kept.tolist())
    assert state["removed"] == found.removed
    assert state["kept"] == len(found) > 0


def test_sliders_change_what_stays_and_send_no_masks_again(widget, page):
    run = widget.everything(**LOOSE)
    before = len(run.wait(60))
    told = len(page.told("everything"))
    limits = {"box_nms_thresh": 0.3, "crop_nms_thresh": 0.7, "min_mask_region_area": 0}
    reply, _ = page.ask(
        "everything_filter", pred_iou_thresh=0.75, stability_score_thresh=0.5, **limits
    )
    assert reply["of"] == "everything_filter"
    state, kept = page.state()
    assert reply["kept"] == len(kept) == len(run.result) < before
    assert state["thresholds"]["pred_iou_thresh"] == 0.75
    assert run.result.thresholds.box_nms_thresh == 0.3
    run.refilter(pred_iou_thresh=0.0, stability_score_thresh=0.0, box_nms_thresh=1.0)
    assert page.state()[1] == list(range(48))
    assert len(page.told("everything")) == told


def test_cleaned_masks_are_sent_once(page, widget):
    run = widget.everything(**LOOSE, min_mask_region_area=3000)
    found = run.wait(60)
    assert found.selection.cleaned
    sent = {}
    for message, buffers in page.told("everything_cleaned"):
        rows = np.frombuffer(buffers[0], np.uint32)
        assert len(rows) == message["count"]
        assert message["min_mask_region_area"] == 3000
        texts = np.split(np.frombuffer(buffers[2], np.uint8), np.frombuffer(buffers[1], "u4")[:-1])
        for row, text in zip(rows.tolist(), texts, strict=True):
            assert row not in sent
            sent[row] = Rle.from_coco({"size": [300, 451], "counts": text.tobytes()})
    for row, rle in found.selection.cleaned.items():
        assert sent[row] == rle


def test_kept_masks_are_objects_and_one_step_of_undo(widget, page):
    widget.add_point(50, 50)
    widget.accept("ear")
    run = widget.everything(**LOOSE)
    count = len(run.wait(60))
    kept = run.keep("cat")
    assert len(kept) == count > 2
    assert [one.id for one in widget.annotations][1:] == [one.id for one in kept]
    areas = [one.area for one in kept]
    assert areas == sorted(areas, reverse=True)
    assert len({one.color for one in kept}) == 1
    assert "cat" in widget.labels
    widget.undo()
    assert len(widget.annotations) == 1
    reply, _ = page.ask("everything_keep", rows=[3, 5], label="two")
    assert reply["kept"] == 2
    assert [one.label for one in widget.annotations] == ["ear", "two", "two"]
    with pytest.raises(PromptError, match="from 0 to 47"):
        run.keep("x", rows=[48])
    assert len(widget.annotations) == 3


def test_what_was_kept_leaves_the_offer_until_that_is_undone(widget, page):
    run = widget.everything(**LOOSE)
    found = run.wait(60)
    rows = sorted(found.selection.kept.tolist())
    first, second, *others = rows
    kept = run.keep("cat", [first])
    assert page.state()[1] == sorted(run.result.selection.kept.tolist()) == [second, *others]
    assert page.state()[0]["kept"] == len(run.result) == len(rows) - 1
    assert run.result.removed == found.removed  # what it kept away stays away
    assert run.keep("cat", [first]) == run.keep("dog", [first, first]) == []
    assert page.ask("everything_keep", rows=[first], label="cat")[0]["kept"] == 0
    assert len(widget.annotations) == 1

    widget.smooth(3, annotation_id=kept[0].id)  # another mask, and the same object
    assert widget.annotations[0].rle != kept[0].rle
    assert page.state()[1] == [second, *others]
    assert run.keep("cat", [first]) == []
    widget.undo()
    assert page.state()[1] == [second, *others]
    widget.undo()
    assert page.state()[1] == sorted(run.result.selection.kept.tolist()) == rows
    widget.redo()
    assert page.state()[1] == [second, *others]
    widget.remove_annotation(kept[0].id)
    assert page.state()[1] == rows
    widget.annotations.undo()  # from anywhere
    assert page.state()[1] == [second, *others]

    assert len(page.ask("everything_keep", rows=None, label="dog")) == 2
    assert page.state()[1] == []
    assert [found.label for found in widget.annotations] == ["cat", *["dog"] * len(rows[1:])]
    assert run.keep("dog") == []
    run.refilter(pred_iou_thresh=0.7)
    run.refilter(pred_iou_thresh=LOOSE["pred_iou_thresh"])
    assert page.state()[1] == []


def test_a_second_run_offers_nothing_that_is_an_object_already(widget, page):
    rows = sorted(widget.everything(**LOOSE).wait(60).selection.kept.tolist())
    run = widget.everything(**LOOSE)
    run.wait(60)
    run.keep("cat", rows[:2])
    again = widget.everything(**LOOSE)
    assert sorted(again.wait(60).selection.kept.tolist()) == rows[2:]
    assert page.state()[1] == rows[2:]
    assert run.keep("dog", rows[:3])[0].rle == again.wait(60).table.rles[rows[2]]
    assert page.state()[1] == rows[3:]


def test_equal_masks_are_kept_once(widget, page):
    run = widget.everything(**LOOSE, box_nms_thresh=1)
    table = run.wait(60).table
    same = [row for row in range(len(table)) if table.rles[row] == table.rles[0]]
    widget.set_box(*table.boxes_xyxy[0].tolist())
    assert len(run.keep("cat", same)) == 1
    assert len(run.keep("cat", [0])) == 0
    assert len(widget.annotations) == 1


def test_masks_of_another_image_are_not_kept_on_this_one(cat, recording_comm):
    with SamWidget([cat, cat[::-1]], model=FakePredictor()) as widget:
        run = widget.everything(**LOOSE)
        run.wait(60)
        widget.next()
        with pytest.raises(StaleGesture, match="another image"):
            run.keep("cat")
        assert len(widget.annotations) == 0


def test_boxes_that_are_segmented_again_add_nothing(widget):
    boxes = [(20, 30, 120, 160), (20, 30, 120, 160), (200, 40, 330, 220)]
    first = widget.segment_boxes(boxes, ["cat", "cat", "dog"])
    assert first[0] is first[1]
    assert [found.label for found in widget.annotations] == ["cat", "dog"]
    again = widget.segment_boxes(boxes, ["cat", "animal", "dog"])
    assert [found.id for found in again] == [first[0].id, again[1].id, first[2].id]
    assert [found.label for found in widget.annotations] == ["cat", "dog", "animal"]
    widget.undo()
    assert [found.label for found in widget.annotations] == ["cat", "dog"]


def test_the_page_starts_and_cancels(widget, page, monkeypatch):
    widget.wait(60)
    held = threading.Event()
    decode = FakePredictor.decode_batch

    def slow(self, *arguments):
        held.wait(30)
        return decode(self, *arguments)

    monkeypatch.setattr(FakePredictor, "decode_batch", slow)
    region = [100, 50, 400, 250]
    reply, _ = page.ask("everything_run", points_per_side=6, crop_n_layers=0, region=region)
    run = widget._page.everything._present()
    assert reply["run"] == run.number == 1
    assert page.ask("everything_cancel")[0]["of"] == "everything_cancel"
    held.set()
    assert run.ended.wait(60)
    assert run.stage == "cancelled"
    assert len(run.result.table) <= 12
    state, _ = page.state()
    assert state["stage"] == "cancelled"
    assert not run.result.complete


def test_a_new_view_is_told_everything(widget, page):
    run = widget.everything(**LOOSE)
    found = run.wait(60)
    rows = []
    start = 0
    while start is not None:
        reply, buffers = page.ask("everything_list", start=start)
        rows += unpacked(reply, buffers)
        start = reply["next"]
    assert [code for _, code in rows] == list(found.table.rles)
    reply, _ = page.ask("everything_list", start=48)
    assert reply["count"] == 0


def test_large_images_travel_small(recording_comm):
    photo = np.zeros((400, 4000, 3), np.uint8)
    photo[:, 2000:] = 200
    with SamWidget(photo, model=FakePredictor()) as widget:
        run = widget.everything(points_per_side=2, pred_iou_thresh=0.0, stability_score_thresh=0.0)
        found = run.wait(60)
        rows = PageSide(widget.comm).candidates(run.number)
    for (numbers, code), rle in zip(rows, found.table.rles, strict=True):
        assert (code.height, code.width) == (205, 2048)
        assert numbers[2] == rle.area
        assert code.area * (4000 / 2048) ** 2 == pytest.approx(rle.area, rel=0.1)


def test_clicks_are_answered_during_a_run(widget):
    run = widget.everything(points_per_side=20, pred_iou_thresh=0.6)
    widget.add_point(200, 150)
    assert not run.ended.is_set()
    assert widget.masks.shape[0] == 3
    widget.accept("cat")
    assert not run.ended.is_set()
    run.cancel()
    run.wait(60)
    assert len(widget.annotations) == 1


def test_another_image_ends_the_run(widget, page, coffee):
    run = widget.everything(points_per_side=20)
    widget.image = coffee
    assert run.ended.wait(60)
    assert run.stage == "cancelled"
    assert page.told("everything_state")[-1][0] == {
        "type": "everything_state",
        "run": 0,
        "stage": "none",
    }
    reply, _ = page.ask("everything_cancel")
    assert reply["type"] == "error"
    assert "no run" in reply["message"]
    fresh = widget.everything(points_per_side=2).wait(60)
    assert (fresh.height, fresh.width) == (400, 600)


def test_closing_ends_the_run(cat, recording_comm):
    widget = SamWidget(cat, model=FakePredictor())
    run = widget.everything(points_per_side=20)
    widget.close()
    assert run.ended.wait(60)


def test_mistakes_are_said_where_they_are_made(widget, page):
    with pytest.raises(PromptError, match="points_per_side must be at least 1"):
        widget.everything(points_per_side=0)
    with pytest.raises(PromptError, match="points_per_sid"):
        widget.everything(points_per_sid=3)
    run = widget.everything(points_per_side=2, region=(1000, 0, 2000, 100))
    with pytest.raises(PromptError, match="region"):
        run.wait(60)
    assert run.stage == "failed"
    state, _ = page.told("everything_state")[-1]
    assert "region" in state["problem"]["message"]
    reply, _ = page.ask("everything_run", points_per_side=5000, crop_n_layers=0, region=None)
    assert "at most 128" in reply["message"]


def test_the_result_of_a_run_that_has_found_nothing_yet(widget, monkeypatch):
    widget.wait(60)
    held = threading.Event()
    monkeypatch.setattr(widget._worker, "wait", lambda: held.wait(30))
    everything = widget._page.everything
    run = EverythingRun(everything.start({}), everything, widget)
    with pytest.raises(StaleGesture, match="nothing is found yet"):
        _ = run.result
    with pytest.raises(TimeoutError, match="0%"):
        run.wait(0.01)
    run.cancel()
    held.set()
    assert len(run.wait(60).table) == 0


def test_boxes_become_objects_in_one_step(widget):
    boxes = [(10, 10, 200, 200), (220, 40, 440, 280)]
    added = widget.segment_boxes(boxes, ["eye", "ear"])
    assert [one.label for one in widget.annotations] == ["eye", "ear"]
    assert [one.id for one in added] == [one.id for one in widget.annotations]
    assert widget.labels == ["eye", "ear"]
    widget.undo()
    assert len(widget.annotations) == 0
    with pytest.raises(PromptError, match="box 1 of 2"):
        widget.segment_boxes([boxes[0], (5, 5, 1, 1)])
