"""Cityscapes' instance numbers."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sam_widget import AnnotationError, AnnotationStore
from sam_widget.formats import SkippedRecordsWarning


def test_instances_and_regions_have_their_classes(tmp_path):
    numbers = np.full((30, 40), 3, np.uint16)
    numbers[20:], numbers[5:10, 5:9], numbers[5:10, 20:24] = 7, 26000, 26001
    path = tmp_path / "aachen_000000_000019_gtFine_instanceIds.png"
    Image.fromarray(numbers).save(path)
    store = AnnotationStore.load(path)
    assert [(item.label, item.area) for item in store] == [("road", 400), ("car", 20), ("car", 20)]
    assert store.file_name == "aachen_000000_000019_leftImg8bit.png"
    numbers[0, 0] = 99
    Image.fromarray(numbers).save(path)
    with pytest.warns(SkippedRecordsWarning, match=r"number 99: is of no class"):
        assert len(AnnotationStore.load(path)) == 3
    with pytest.raises(AnnotationError, match="of no class"):
        AnnotationStore.load(path, strict=True)
    with pytest.raises(AnnotationError, match="'cityscapes' is read, and not written"):
        store.save(path)
