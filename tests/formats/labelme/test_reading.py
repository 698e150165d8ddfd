"""Labelme files, drawn by an independent reader: json and Pillow, as Labelme's own code does it."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
import supervision
from PIL import Image, ImageDraw

from sam_widget import AnnotationError, AnnotationStore
from sam_widget.formats import FormatLossWarning, labelme


def drawn(shape, size_wh):
    """What Labelme makes of a shape."""
    picture = Image.new("L", size_wh)
    draw = ImageDraw.Draw(picture)
    points = [tuple(point) for point in shape["points"]]
    if shape["shape_type"] == "mask":
        tile = Image.open(io.BytesIO(base64.b64decode(shape["mask"])))
        (left, top), (right, bottom) = points
        assert tile.size == (right - left + 1, bottom - top + 1)
        picture.paste(tile, (int(left), int(top)))
    elif shape["shape_type"] == "rectangle":
        low, high = np.min(points, axis=0), np.max(points, axis=0)
        draw.rectangle((*low, *high), fill=1, outline=1)
    elif shape["shape_type"] == "circle":
        (x, y), edge = points
        radius = np.hypot(edge[0] - x, edge[1] - y)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1, outline=1)
    else:
        draw.polygon(points, fill=1, outline=1)
    return np.array(picture) > 0


def objects(path):
    """Masks of the objects in a file: shapes of one label and group belong together."""
    document = json.loads(path.read_text(encoding="utf-8"))
    size = (document["imageWidth"], document["imageHeight"])
    found = {}
    for index, shape in enumerate(document["shapes"]):
        group = shape["group_id"] if shape["group_id"] is not None else f"own {index}"
        key = (shape["label"], group)
        found[key] = found.get(key, False) | drawn(shape, size)
    return [(label, mask) for (label, _), mask in found.items()]


def write(tmp_path, shapes, **changes):
    document = {
        "version": "5.5.0", "flags": {}, "shapes": shapes, "imagePath": "..\\photo.jpg",
        "imageData": None, "imageHeight": 60, "imageWidth": 80,
    }  # fmt: skip
    path = tmp_path / "photo.json"
    path.write_text(json.dumps({**document, **changes}))
    return path


def shape(kind, points, **more):
    return {"label": "cup", "points": points, "shape_type": kind, "group_id": None, **more}


@pytest.mark.parametrize("as_masks", [False, True])
def test_an_independent_reader_sees_the_very_masks(store, tmp_path, differences, as_masks):
    path = tmp_path / "photo.labelme.json"
    if as_masks:
        store.save(path, masks=True)
    else:
        with pytest.warns(FormatLossWarning, match="Labelme polygons have no holes"):
            store.save(path)
    for annotation, (label, mask) in zip(store, objects(path), strict=True):
        assert label == (annotation.label or "object")
        assert np.array_equal(mask, annotation.mask)
    assert differences(store, AnnotationStore.load(path)) == set()


@pytest.mark.filterwarnings("ignore::sam_widget.formats.FormatLossWarning")
def test_supervision_reads_the_polygons(store, tmp_path):
    folder = tmp_path / "labels"
    folder.mkdir()
    (tmp_path / "images").mkdir()
    Image.new("RGB", (80, 60)).save(tmp_path / "images" / "photo.jpg")
    ring = AnnotationStore(store[:1], width=80, height=60, file_name="photo.jpg")
    ring.save(folder / "photo.json", "labelme")
    dataset = supervision.DetectionDataset.from_labelme(
        images_directory_path=str(tmp_path / "images"), annotations_directory_path=str(folder)
    )
    (found,) = dataset.annotations.values()
    assert dataset.classes == ["cup"]
    assert np.array_equal(found.mask[0], store[0].mask)


def test_shapes_are_read_as_labelme_draws_them(tmp_path):
    shapes = [
        shape("rectangle", [[10.5, 4.2], [3, 20.9]]),
        shape("circle", [[40, 30], [40, 42.5]]),
        shape("polygon", [[5.5, 5.5], [30.2, 8], [20, 50.9], [2, 30]]),
        shape("oriented_rectangle", [[40, 10], [60, 20], [55, 30], [35, 20]]),
        shape("polygon", [[70, 50], [75, 50], [75, 55]], group_id=3),
        shape("polygon", [[60, 40], [65, 40], [65, 45]], group_id=3),
    ]
    path = write(tmp_path, shapes)
    loaded = AnnotationStore.load(path)
    expected = objects(path)
    assert len(loaded) == len(expected) == 5
    for annotation, (label, mask) in zip(loaded, expected, strict=True):
        both = np.count_nonzero(annotation.mask & mask)
        assert both / np.count_nonzero(annotation.mask | mask) > 0.94
        assert annotation.label == label
    assert np.array_equal(loaded[0].mask, expected[0][1])
    assert np.array_equal(loaded[4].mask, expected[4][1])


def test_points_and_lines_are_counted_and_left_out(tmp_path):
    shapes = [
        shape("point", [[1, 1]]),
        shape("linestrip", [[1, 1], [2, 2]]),
        shape("rectangle", [[1, 1], [2, 2]]),
    ]
    with pytest.warns(FormatLossWarning, match=r"photo.json: 2 points and lines have no area"):
        assert len(AnnotationStore.load(write(tmp_path, shapes))) == 1


def tile(width, height, mode="L"):
    file = io.BytesIO()
    Image.new(mode, (width, height), 255 if mode == "L" else None).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (shape("mask", [[0, 0], [9, 9]]), "shapes[0]: the key 'mask' is missing"),
        (shape("mask", [[0, 0], [9, 9]], mask="%%%"), "shapes[0].mask: is not Base64"),
        (shape("mask", [[0, 0], [9, 9]], mask="AAAA"), "shapes[0].mask: is not a PNG"),
        (shape("mask", [[80, 0], [89, 9]], mask=tile(80, 5)), "lies outside the image"),
        (shape("mask", [[0, 0]], mask=tile(5, 5)), "shapes[0].points: a mask must have 2 points"),
        (shape("polygon", [[0, 0], [1, 1]]), "shapes[0].points: a polygon must have at least 3"),
        (shape("rectangle", [[0, 0]]), "shapes[0].points: a rectangle must have 2 or 4 points"),
        (shape("star", [[0, 0]]), "shapes[0].shape_type: there is no shape 'star'"),
        (shape("polygon", [[0, 0], [1, 1], [2, "x"]]), "shapes[0].points: must be a list of num"),
        (shape("circle", [[0, 0], [1, 1e30]]), "shapes[0].points: numbers must be from"),
        (shape("polygon", [[0, 0], [1, 1], [2, 2]], group_id=0.5), "shapes[0].group_id: must"),
        ({"points": [], "shape_type": "polygon"}, "shapes[0]: the key 'label' is missing"),
        (shape("polygon", [[0, 0]], label="x" * 201), "shapes[0].label: has 201 characters"),
    ],
)
def test_a_fault_in_a_shape_is_named(tmp_path, value, message):
    with pytest.raises(AnnotationError) as caught:
        AnnotationStore.load(write(tmp_path, [value]), strict=True)
    assert str(caught.value).startswith("photo.json: ")
    assert message in str(caught.value)


def test_the_image_size_is_checked_first(tmp_path):
    with pytest.raises(AnnotationError, match="must have at most"):
        AnnotationStore.load(write(tmp_path, [], imageHeight=2**20, imageWidth=2**20))
    with pytest.raises(AnnotationError, match="'imageWidth' is missing"):
        AnnotationStore.load(write(tmp_path, [], imageWidth=None))


def test_circles_far_larger_than_the_image_cost_little(tmp_path):
    loaded = AnnotationStore.load(write(tmp_path, [shape("circle", [[0, 0], [1e6, 0]])]))
    assert loaded[0].area == 80 * 60
    assert labelme.to_dict(loaded)["imageWidth"] == 80


def test_x_anylabelings_dialect_is_read_and_comes_back(tmp_path):
    turned = [[40, 10], [60, 20], [55, 30], [35, 20]]
    shapes = [
        shape("rectangle", [[3, 4], [10, 4], [10, 20], [3, 20]], score=0.75, difficult=True),
        shape("rotation", turned, direction=0.46, attributes={"colour": "red"}, group_id="left"),
        shape("polygon", [[70, 50], [75, 50], [75, 55]], group_id=-1, label=None),
        shape("polygon", [[60, 40], [65, 40], [65, 45]], label=7, flags={"sure": True}),
        shape("polygon", [[50, 40], [55, 40], [55, 45]], label=2.5, description="a scratch"),
    ]
    more = {"version": "3.2.1", "flags": {"checked": True}, "text": "by hand"}
    store = AnnotationStore.load(write(tmp_path, shapes, **more))
    assert [item.label for item in store] == ["cup", "cup", "", "7", "2.5"]
    assert store[0].predicted_iou == 0.75
    assert store[0].bbox_xywh == (3, 4, 8, 17)
    written = labelme.to_dict(store.image_annotations())
    assert {key: written[key] for key in more} == more
    keys = ("label", "group_id", "score", "difficult", "direction", "attributes", "description")
    for before, after in zip(shapes, written["shapes"], strict=True):
        assert {key: before[key] for key in keys if key in before} == {
            key: after[key] for key in keys if key in before
        }
    assert written["shapes"][3]["flags"] == {"sure": True}


def test_the_size_comes_from_the_picture_inside_or_beside(tmp_path):
    picture = io.BytesIO()
    Image.new("RGB", (33, 22)).save(picture, "JPEG")
    inside = {"imageData": base64.b64encode(picture.getvalue()).decode()}
    unsized = {"imageWidth": None, "imageHeight": None}
    square = [shape("rectangle", [[1, 1], [2, 2]])]
    store = AnnotationStore.load(write(tmp_path, square, **unsized, **inside))
    assert (store.width, store.height) == (33, 22)
    with pytest.raises(AnnotationError, match=r"no picture 'photo.jpg' beside .*size_wh="):
        AnnotationStore.load(write(tmp_path, square, **unsized))
    Image.new("RGB", (44, 11)).save(tmp_path / "photo.jpg")
    store = AnnotationStore.load(write(tmp_path, square, **unsized))
    assert (store.width, store.height, store.file_name) == (44, 11, "photo.jpg")
    assert labelme.to_dict(store.image_annotations())["imagePath"] == "..\\photo.jpg"
    told = AnnotationStore.load(write(tmp_path, square, **unsized), size_wh=(20, 30))
    assert (told.width, told.height) == (20, 30)


def test_a_mask_across_the_border_is_cut_there(tmp_path):
    shapes = [
        shape("mask", [[-3, -2], [6, 7]], mask=tile(10, 10)),
        shape("mask", [[75, 55], [84, 64]], mask=tile(10, 10)),
    ]
    store = AnnotationStore.load(write(tmp_path, shapes))
    assert [item.bbox_xywh for item in store] == [(0, 0, 7, 8), (75, 55, 5, 5)]
    assert [item.area for item in store] == [56, 25]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-8"])
def test_files_of_chinese_windows_are_read(tmp_path, encoding):
    path = write(tmp_path, [shape("rectangle", [[1, 1], [2, 2]], label="杯子")])
    text = json.dumps(json.loads(path.read_text()), ensure_ascii=False)
    path.write_bytes(text.encode(encoding))
    assert AnnotationStore.load(path)[0].label == "杯子"
    assert AnnotationStore.load(path, "labelme")[0].label == "杯子"


def test_groups_of_texts_and_numbers_are_objects(tmp_path):
    parts = [[[10, 10], [12, 10], [12, 12]], [[20, 20], [22, 20], [22, 22]]]
    shapes = [shape("polygon", part, group_id="a") for part in parts]
    shapes += [shape("polygon", part, group_id=1) for part in parts]
    store = AnnotationStore.load(write(tmp_path, shapes))
    assert len(store) == 2
    with_parts = labelme.to_dict(AnnotationStore(store, width=80, height=60).image_annotations())
    assert [made["group_id"] for made in with_parts["shapes"]] == ["a", "a", 1, 1]
