"""Open Images: a table of masks in PNGs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sam_widget import AnnotationError, AnnotationStore
from sam_widget.formats import SkippedRecordsWarning

HEAD = "MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks\n"


@pytest.fixture
def table(tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    for name, columns in (("one", slice(0, 10)), ("two", slice(10, 40))):
        mask = np.zeros((30, 40), bool)
        mask[:, columns] = True
        Image.fromarray(mask).save(folder / f"{name}.png")
    path = tmp_path / "validation-annotations-object-segmentation.csv"
    rows = [
        "one.png,a,/m/01,b1,0,1,0,1,0.75,",
        "two.png,a,/m/02,b2,0,1,0,1,,",
        "x.png,b,/m/1,,,,,,,",
    ]
    path.write_text(HEAD + "\n".join(rows) + "\n")
    return path


def test_masks_are_found_beside_the_table(table):
    store = AnnotationStore.load(table, image="a", class_names={"/m/01": "cup"})
    assert [(item.label, item.area) for item in store] == [("cup", 300), ("/m/02", 900)]
    assert [item.predicted_iou for item in store] == [0.75, None]
    assert (store.width, store.height, store.file_name) == (40, 30, "a.jpg")


def test_masks_are_brought_to_the_size_of_the_image(table):
    store = AnnotationStore.load(table, image="a", size_wh=(80, 60))
    assert [item.area for item in store] == [1200, 3600]


def test_of_several_images_one_must_be_chosen(table):
    with pytest.raises(AnnotationError, match=r"has 2 images as asked.*image=: 'a', 'b'"):
        AnnotationStore.load(table)
    with pytest.raises(AnnotationError, match=r"no mask of b can be read.*there is no x\.png"):
        AnnotationStore.load(table, image="b")


def test_a_row_that_cannot_be_used_is_left_out(table):
    with table.open("a") as file:
        file.write("../one.png,a,/m/01,,,,,,,\ngone.png,a,/m/01,,,,,,,\none.png,a,/m/01,,,,,,x,\n")
    with pytest.warns(SkippedRecordsWarning, match="3 records"):
        assert len(AnnotationStore.load(table, image="a")) == 2
    with pytest.raises(AnnotationError, match="must be the name of a file"):
        AnnotationStore.load(table, image="a", strict=True)
