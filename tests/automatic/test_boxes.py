import numpy as np
import pandas as pd
import pytest
import supervision

from sam_widget import FakePredictor, Prompts, load, segment_boxes
from sam_widget.automatic.boxes import read_boxes
from sam_widget.errors import PromptError, UnsupportedPrompt

BOXES = [(50, 60, 200, 240), (-20, 300, 80, 500), (300, 100, 320, 130), (10, 10, 590, 390)]
BOXES += [(400, 20, 580, 160)]


def test_each_box_gives_the_mask_that_it_gives_alone(coffee):
    lite = load("lite", device="cpu")
    embedding = lite.encode(coffee)
    shares = []
    found = segment_boxes(lite, embedding, BOXES, progress=shares.append)
    assert shares == [0.8, 1.0]
    for box, one in zip(BOXES, found, strict=True):
        alone = lite.decode(embedding, Prompts(boxes=[box]))
        np.testing.assert_array_equal(one.mask, alone.masks[0])
        assert one.predicted_iou == pytest.approx(alone.scores[0], abs=1e-6)
        assert one.prompts == Prompts(boxes=[box]).fitted(600, 400)
    assert len({one.color for one in found}) == len(found)


def test_boxes_as_detectors_give_them():
    four = np.array(BOXES, dtype=np.float32)
    x0, y0, x1, y1 = four.T
    given = [
        (four, ("",) * 5),
        (BOXES, ("",) * 5),
        (
            supervision.Detections(four, data={"class_name": np.array(list("abcde"))}),
            tuple("abcde"),
        ),
        (supervision.Detections(four), ("",) * 5),
        (
            pd.DataFrame({"x0": x0, "y0": y0, "x1": x1, "y1": y1, "label": list("vwxyz")}),
            tuple("vwxyz"),
        ),
        (
            pd.DataFrame({"name": list("vwxyz"), "xmin": x0, "ymin": y0, "xmax": x1, "ymax": y1}),
            tuple("vwxyz"),
        ),
        (pd.DataFrame({"x1": x0, "y1": y0, "x2": x1, "y2": y1}), ("",) * 5),
    ]
    for boxes, labels in given:
        listed = read_boxes(boxes)
        np.testing.assert_allclose(listed.boxes_xyxy, four)
        assert listed.labels == labels
        assert read_boxes(boxes, "cell").labels == ("cell",) * 5
    assert read_boxes([]).boxes_xyxy.shape == (0, 4)


def test_a_model_without_boxes_is_refused(coffee):
    points_only = FakePredictor(accepts=("points",))
    embedding = points_only.encode(coffee)
    with pytest.raises(UnsupportedPrompt, match="takes no prompt of box; it accepts points"):
        segment_boxes(points_only, embedding, BOXES)
    with pytest.raises(UnsupportedPrompt, match="takes no prompt of box"):
        points_only.decode_batch(embedding, boxes=BOXES)


@pytest.mark.usefixtures("any_frame")
def test_labels_share_a_colour():
    fake = FakePredictor()
    embedding = fake.encode(np.zeros((400, 600, 3), np.uint8))
    found = segment_boxes(fake, embedding, BOXES, ["cup", "spoon", "cup", "table", "spoon"])
    colours = {}
    for one in found:
        colours.setdefault(one.label, set()).add(one.color)
    assert [len(some) for some in colours.values()] == [1, 1, 1]
    assert len(set.union(*colours.values())) == 3
    assert segment_boxes(fake, embedding, []) == []


@pytest.mark.parametrize(
    ("boxes", "labels", "said"),
    [
        ([(1, 2, 3)], None, r"shape \(N, 4\), got \(1, 3\)"),
        ("boxes", None, "must be numbers"),
        (pd.DataFrame({"left": [1], "top": [2]}), None, "columns x0, y0, x1, y1.*left, top"),
        (BOXES, ["a"], "expected 5 labels, one for each box, got 1"),
        ([*BOXES, (5, 5, 5, 9)], None, "box 5 of 6"),
        ([(700, 0, 800, 100)], None, "box 0 of 1"),
    ],
)
def test_boxes_that_are_none(boxes, labels, said):
    fake = FakePredictor()
    embedding = fake.encode(np.zeros((400, 600, 3), np.uint8))
    with pytest.raises(PromptError, match=said):
        segment_boxes(fake, embedding, boxes, labels)
    assert fake.decode_calls == 0
