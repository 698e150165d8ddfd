"""Losses are said once, at the line that caused them."""

from __future__ import annotations

import warnings

import numpy as np

from sam_widget import Annotation, AnnotationStore
from sam_widget.formats import FormatLossWarning
from sam_widget.formats.loss_warnings import warn_once
from sam_widget.masks.rle import Rle


def test_each_kind_is_said_once_and_blames_the_caller(tmp_path):
    made = [Annotation(Rle.encode(np.ones((3, 4), dtype=bool)))]
    store = AnnotationStore(made, width=4, height=3, file_name="a.png")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            store.save(tmp_path / "a.coco.json", polygons=True)
            store.save(tmp_path / "set", "yolo")
    assert [one.category for one in caught] == [FormatLossWarning] * 2
    assert {one.filename for one in caught} == {__file__}


def test_code_without_a_module_can_be_told_too():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec("warn_once('kind', 'lost')", {"warn_once": warn_once})
    assert [str(one.message) for one in caught] == ["lost"]
