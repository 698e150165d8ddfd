"""CVAT for images 1.1, as its own exporter lays it out."""

from __future__ import annotations

import numpy as np
import pytest

from sam_widget import AnnotationError, AnnotationStore
from sam_widget.formats import FormatLossWarning, SkippedRecordsWarning, load_images

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n<version>1.1</version>\n'
SHAPES = """
<box label="car" source="manual" occluded="1" z_order="2" xtl="10.0" ytl="5.0" xbr="20.0"
  ybr="15.0">
  <attribute name="colour">red</attribute>
</box>
<polygon label="road" occluded="0" points="0.0,30.0;40.0,30.0;40.0,50.0;0.0,50.0" z_order="0"/>
<mask label="car" occluded="0" rle="1, 2, 3, 2" left="70" top="50" width="4" height="2"/>
<mask label="car" occluded="0" rle="0, 16" left="78" top="58" width="4" height="4" z_order="0"/>
<ellipse label="wheel" occluded="0" cx="40.0" cy="20.0" rx="10.0" ry="5.0" z_order="0"/>
<box label="turned" occluded="0" xtl="30" ytl="10" xbr="50" ybr="14" rotation="90.0" z_order="0"/>
"""


def write(tmp_path, shapes, name="photos/a.jpg", more=""):
    image = f'<image id="0" name="{name}" width="80" height="60">{shapes}</image>'
    path = tmp_path / "task.xml"
    path.write_text(f"{HEAD}{image}{more}</annotations>")
    return path


def test_every_shape_with_an_area_is_read(tmp_path):
    store = AnnotationStore.load(write(tmp_path, SHAPES))
    assert (store.width, store.height, store.file_name) == (80, 60, "photos/a.jpg")
    assert [item.label for item in store] == ["car", "road", "car", "car", "wheel", "turned"]
    box, road, mask, cut, wheel, turned = store
    assert (box.bbox_xywh, box.area) == ((10, 5, 10, 10), 100)
    assert road.area == 800
    assert np.argwhere(mask.mask[50:52, 70:74]).tolist() == [[0, 1], [0, 2], [1, 2], [1, 3]]
    assert cut.bbox_xywh == (78, 58, 2, 2)
    assert wheel.area == pytest.approx(np.pi * 50, rel=0.03)
    assert turned.bbox_xywh == (38, 2, 4, 20)
    assert box.color == mask.color != road.color
    assert box.extra["cvat"] == {
        "occluded": "1", "z_order": "2", "attributes": {"colour": "red"},
    }  # fmt: skip


def test_an_image_is_chosen_by_name_with_folders_or_without_or_by_id(tmp_path):
    more = '<image id="7" name="photos/b.jpg" width="8" height="6"></image>'
    path = write(tmp_path, SHAPES, more=more)
    for name in ("b.jpg", "photos/b.jpg", "7"):
        assert AnnotationStore.load(path, image=name).width == 8
    with pytest.raises(AnnotationError, match=r"has 2 images.*image=: 'photos/a.jpg', 'photos/b"):
        AnnotationStore.load(path)
    assert [len(made) for made in load_images(path)] == [6, 0]


def test_what_has_no_area_or_cannot_be_used_is_left_out(tmp_path):
    shapes = """
    <polyline label="a" points="1,1;2,2"/><points label="a" points="1,1"/><tag label="a"/>
    <polygon label="a" points="1,1;2,2"/>
    <polygon label="a" points="1,1;x,2;3,3"/>
    <box label="a" xtl="1" ytl="1" xbr="inf" ybr="9"/>
    <mask label="a" rle="100" left="1" top="1" width="2" height="2"/>
    <polygon points="1,1;9,1;9,9"/>
    <polygon label="good" points="1,1;9,1;9,9"/>"""
    path = write(tmp_path, shapes)
    with (
        pytest.warns(FormatLossWarning, match="3 lines, points and tags"),
        pytest.warns(SkippedRecordsWarning, match=r"5 records .*task\.xml: line \d+: <polygon>"),
    ):
        store = AnnotationStore.load(path)
    assert [item.label for item in store] == ["good"]
    assert len(store.skipped) == 5
    with pytest.raises(AnnotationError, match="at least three"):
        AnnotationStore.load(path, strict=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<annotations>", "is not XML"),
        ("", "is not XML"),
        ("<annotations/>", "must have <annotations> with <image>"),
        ("<annotations><track/></annotations>", "Export tracks as 'CVAT for images'"),
        (
            '<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>',
            "declares a document type",
        ),
        ("<annotations>" * 40 + "</annotations>" * 40, "nested too deeply"),
        ("<annotations>" + "<a/>" * 200_000 + "</annotations>", "more elements than annotations"),
        (
            '<annotations><image name="a" width="x" height="2"/></annotations>',
            "width must be a num",
        ),
        ('<annotations><image name="a" width="2"/></annotations>', "'height' is missing"),
        ('<annotations><image name="a" width="9e4" height="9e4"/></annotations>', "at most"),
    ],
)
def test_a_file_that_is_none_of_cvats_is_refused(tmp_path, content, message):
    (tmp_path / "x.xml").write_text(content)
    with pytest.raises(AnnotationError, match=r"^x\.xml: ") as caught:
        AnnotationStore.load(tmp_path / "x.xml", "cvat")
    assert message in str(caught.value)
