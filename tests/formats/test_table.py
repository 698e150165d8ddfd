"""Tables: pandas reads what we write, and what it writes we read."""

from __future__ import annotations

import builtins
import csv

import numpy as np
import pandas as pd
import pytest
from pycocotools import mask as oracle

from sam_widget import AnnotationError, AnnotationStore
from sam_widget.formats import from_dataframe, table, to_dataframe

# pycocotools 2.0 on NumPy 2: its own conversion of masks to arrays.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
TEXTS = {"rle": str, "id": str}


def test_nothing_is_lost_on_the_way(store, tmp_path, differences):
    path = store.save(tmp_path / "a.csv")
    loaded = AnnotationStore.load(path)
    assert differences(store, loaded) == set()
    assert loaded.file_name == "photo.jpg"


def test_pandas_reads_the_file(store, tmp_path, differences):
    path = store.save(tmp_path / "a.csv")
    frame = pd.read_csv(path, dtype=TEXTS, keep_default_na=False, na_values={"candidate": [""]})
    assert tuple(frame.columns) == table.COLUMNS
    for annotation, row in zip(store, frame.to_dict("records"), strict=True):
        code = {"size": [row["height"], row["width"]], "counts": row["rle"].encode()}
        assert np.array_equal(oracle.decode(code), annotation.mask)
        assert row["label"] == annotation.label
        assert row["area"] == annotation.area
        box = tuple(row[f"bbox_{name}"] for name in ("x", "y", "width", "height"))
        assert box == annotation.bbox_xywh
    assert differences(store, from_dataframe(frame)) == set()
    frame.to_csv(tmp_path / "b.csv", index=False)
    assert differences(store, AnnotationStore.load(tmp_path / "b.csv")) == set()


def test_data_frames_and_back(store, differences):
    frame = to_dataframe(store)
    assert frame["label"].tolist() == [one.label for one in store]
    assert differences(store, from_dataframe(frame)) == set()
    assert differences(store[:2] and store, from_dataframe(frame.assign(mine=1))) == set()
    empty = from_dataframe(to_dataframe(AnnotationStore(width=8, height=6, file_name="a.png")))
    assert (empty.width, empty.height, empty.file_name, len(empty)) == (8, 6, "a.png", 0)


def test_a_few_columns_are_enough(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\ufeffwidth,label,height,rle,mine\r\n3,dog,2,123,x\r\n\r\n3,cat,2,33,y\r\n")
    loaded = AnnotationStore.load(path)
    assert [one.label for one in loaded] == ["dog", "cat"]
    assert loaded[1].area == 3


def test_without_pandas_the_error_names_what_to_install(store, monkeypatch):
    genuine = builtins.__import__

    def without(name, *arguments, **keywords):
        if name in ("pandas", "supervision"):
            raise ImportError(name)
        return genuine(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="pip install pandas"):
        to_dataframe(store)


HEAD = "file_name,width,height,id,label,rle,color,visible,candidate,predicted_iou,prompts\n"
ROW = "a.jpg,3,2,one,dog,33,#123abc,True,1,0.5,{}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have the columns"),
        ("a,b\n1,2\n", "must have the columns"),
        ("width,height,rle,rle\n", "two columns of one name"),
        (HEAD, "has no row, and so no image size"),
        (HEAD + "a\n", "line 2: must have 11 cells"),
        (HEAD + ROW.replace("3,2", "x,2"), "row 1.width: must be a number"),
        (HEAD + ROW.replace("3,2", "nan,2"), "row 1.width: must be a whole number"),
        (HEAD + ROW.replace("3,2", "1e400,2"), "row 1.width: must be a whole number"),
        (HEAD + ROW.replace("3,2", "-3,2"), "row 1.width: must be from 0"),
        (HEAD + ROW.replace("3,2", "40000,40000"), "row 1: an image must have at most"),
        (HEAD + ROW.replace(",33,", ",3,"), "row 1.rle: runs must add up"),
        (HEAD + ROW.replace(",33,", ",~,"), "row 1.rle: compressed counts must be"),
        (HEAD + ROW + ROW, "row 2: the id 'one' is used twice"),
        (HEAD + ROW + ROW.replace("a.jpg", "b.jpg"), "row 2: is of another image"),
        (HEAD + ROW.replace("True", "maybe"), "row 1.visible: must be True or False"),
        (HEAD + ROW.replace("0.5", "nan"), "row 1.predicted_iou: must be a number from"),
        (HEAD + ROW.replace("{}", '"{""points"": [[1]]}"'), "prompts"),
        (HEAD + ROW.replace("{}", "["), "row 1.prompts: is not JSON"),
        (HEAD + ROW.replace("dog", "x" * 201), "row 1.label: has 201 characters"),
        (HEAD + ROW.replace("#123abc", "red"), "row 1: a colour must"),
        (HEAD + '"a', "is not CSV"),
        (HEAD + ROW.replace("dog", "x" * (table.MAX_CELL + 1)), "is not CSV: field larger"),
    ],
)  # fmt: skip
def test_a_fault_is_named(tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_text(text)
    limit = csv.field_size_limit()
    with pytest.raises(AnnotationError) as caught:
        AnnotationStore.load(path, strict=True)
    assert str(caught.value).startswith("a.csv: ")
    assert message in str(caught.value)
    assert csv.field_size_limit() == limit


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"width,height,rle\n\xff,1,1\n")
    with pytest.raises(AnnotationError, match="is not UTF-8"):
        AnnotationStore.load(tmp_path / "a.csv")
