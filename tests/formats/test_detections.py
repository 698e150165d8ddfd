"""supervision's own value, there and back."""

from __future__ import annotations

import builtins

import numpy as np
import pytest
import supervision

from sam_widget import AnnotationError, AnnotationStore
from sam_widget.formats import from_detections, to_detections


def test_detections_have_the_masks_and_figures(store):
    made = to_detections(store)
    assert isinstance(made, supervision.Detections)
    assert np.array_equal(made.mask, np.stack([one.mask for one in store]))
    assert np.array_equal(made.xyxy, supervision.mask_to_xyxy(made.mask) + np.array([0, 0, 1, 1]))
    assert made.area.tolist() == [one.area for one in store]
    assert made.confidence[0] == 0.9375
    assert np.isnan(made.confidence[1])
    assert made["class_name"].tolist() == [one.label for one in store]
    assert made.class_id.tolist() == [2, 0, 1, 2]
    assert made[made["class_name"] == "cup"].mask.shape == (2, 60, 80)


def test_there_and_back(store, differences):
    kept = ("rle", "label", "id", "color", "predicted_iou", "stability_score")
    back = from_detections(to_detections(store), file_name="photo.jpg")
    assert differences(store, back, kept) == set()
    assert back.file_name == "photo.jpg"
    compact = to_detections(store).to_compact_masks()
    assert differences(store, from_detections(compact), kept) == set()


def test_figures_are_left_out_where_none_has_one(store):
    assert to_detections(AnnotationStore(store[1:], width=80, height=60)).confidence is None


def test_names_come_from_the_list_where_the_data_have_none():
    masks = np.eye(3, dtype=bool)[:, None] & np.ones((3, 2, 3), dtype=bool)
    made = supervision.Detections(xyxy=np.zeros((3, 4)), mask=masks, class_id=np.array([1, 0, 7]))
    read = from_detections(made, class_names=["cat", "dog"])
    assert [one.label for one in read] == ["dog", "cat", "class 7"]
    assert (read.width, read.height) == (3, 2)


def test_boxes_alone_and_nothing_at_all_are_refused():
    boxes = supervision.Detections(xyxy=np.array([[0, 0, 1, 1]]))
    with pytest.raises(AnnotationError, match="boxes without masks"):
        from_detections(boxes)
    with pytest.raises(AnnotationError, match="Give size_wh="):
        from_detections(supervision.Detections.empty())
    empty = from_detections(supervision.Detections.empty(), size_wh=(8, 6))
    assert (len(empty), empty.width, empty.height) == (0, 8, 6)
    assert len(to_detections(empty)) == 0


def test_without_supervision_the_error_names_what_to_install(store, monkeypatch):
    genuine = builtins.__import__

    def without(name, *arguments, **keywords):
        if name == "supervision":
            raise ImportError(name)
        return genuine(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="pip install supervision"):
        to_detections(store)
