"""Inputs for the readers of annotation files, good and bad, and what a reader may make of them.

Shared by ``fuzz_formats.py``, which looks for new ones, and by the tests.
"""

from __future__ import annotations

import functools
import io
import json
import re
import struct
import tempfile
import time
import tracemalloc
import warnings
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from sam_widget import Annotation, AnnotationError, AnnotationStore, Prompts
from sam_widget.formats import (
    FORMATS,
    FormatLossWarning,
    SkippedRecordsWarning,
    coco,
    load,
    save,
)
from sam_widget.masks.rle import Rle

if TYPE_CHECKING:
    import random

    from numpy.typing import NDArray

PARSED_WHOLE = ("voc", "cvat", "label_studio")
"""Formats that are only read, whose files are in memory as a whole while they are."""
READERS = (*FORMATS, *PARSED_WHOLE)
MAX_SECONDS = 2.0
MAX_RATIO = 10
FREE_BYTES = 1 << 22
"""What any reader may take: lists of ids, buffers of Pillow and of the file."""
_PER_BYTE = 1032 * 8
"""Pixels that a byte of a PNG can stand for."""
_DIVIDER = b"\n=== next file ===\n"

_SNIPPETS = (b"-", b"1e400", b"nan", b"9" * 30, b"\n", b",", b'"', b"\0")
NASTY = (
    None, True, -1, 0, 1, 2**31, 2**63, 10**40, 0.5, -0.0, 1e308, "", "x", "x" * 300, "\ud800", "0",
    "~~~", [], {}, [[]], [0, 0], [[0, 0]], [[1e6, -1e6], [-1e6, 1e6]], list(range(-50, 50)),
    {"size": [10**5, 10**4], "counts": [10**9]}, {"size": [1, 1], "counts": "1"},
    {"size": [2**13, 2**13], "counts": [2**26]}, {"size": [60, 80], "counts": "P`_1"}, {"id": 1},
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What a reader made of an input.

    Attributes
    ----------
    accepted : bool
        It became objects, or was refused with an ``AnnotationError``.
    seconds : float
        Of this process's own time.
    ratio : float
        Most memory taken at a time beyond ``FREE_BYTES``, over the input's honest size.
    """

    accepted: bool
    seconds: float
    ratio: float


class MisbehaviourError(AssertionError):
    """A reader took too long or too much, or accepted what it should not."""


def sample_store() -> AnnotationStore:
    """Return objects with holes, parts, labels and all kinds of prompts, on 80 x 60 pixels."""
    row, column = np.mgrid[:60, :80]
    ring = ((row - 30) ** 2 + (column - 40) ** 2 < 300) & (
        (row - 30) ** 2 + (column - 40) ** 2 > 50
    )
    parts = (row < 8) & (column % 9 < 4)
    prompts = Prompts([(40, 14), (3, 3)], [1, 0], [(10, 5, 70, 59)])
    made = [
        Annotation(
            Rle.encode(ring), "cup", predicted_iou=0.9, stability_score=0.8, prompts=prompts
        ),
        Annotation(Rle.encode(parts), "", prompts=Prompts(mask=parts)),
        Annotation(Rle.encode((row > 55) & (column > 70)), 'a "b", c\n'),
    ]
    return AnnotationStore(made, width=80, height=60, file_name="photo.jpg")


def seeds(reader: str) -> list[bytes]:
    """Return good inputs of a format, several files joined where it has several."""
    if reader in PARSED_WHOLE:
        return [text.encode() for text in _OTHERS[reader]]
    store = sample_store()
    options: list[dict[str, bool]] = [{}]
    options += {
        "coco": [{"polygons": True}],
        "sa1b": [{"own_fields": True}],
        "labelme": [{"masks": True}],
    }.get(reader, [])
    found = []
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatLossWarning)
        for number, keywords in enumerate(options):
            path = Path(folder) / f"{number}{'.png' if reader == 'png' else ''}"
            save(store, path, reader, **keywords)
            files = [path]
            if reader == "png":
                files = [path, path.with_suffix(".classes.json")]
            elif reader == "yolo":
                files = [path / name for name in ("labels/photo.txt", "data.yaml", "classes.txt")]
            found.append(_DIVIDER.join(file.read_bytes() for file in files))
    return found + [text.encode() for text in _OTHERS.get(reader, [])]


_COCO = """{"images": [{"id": 1, "file_name": "a", "width": 4, "height": 3},
{"id": 2, "width": 9, "height": 9}], "categories": [{"id": 1, "name": "dog"}], "annotations": [
{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[0, 0, 3, 0, 3, 3]]},
{"id": 2, "image_id": 1, "iscrowd": 1, "segmentation": {"size": [3, 4], "counts": [4, 4, 4]}}]}"""
_LABELME = """{"imageWidth": 80, "imageHeight": 60, "shapes": [
{"label": "a", "points": [[1, 1], [20, 9.5]], "shape_type": "rectangle"},
{"label": "a", "points": [[30, 30], [40, 30]], "shape_type": "circle"},
{"label": "b", "points": [[1, 1]], "shape_type": "point"}]}"""
_YOLO = "0 0 0 0.5 0 0.5 0.5\n1 0 0 1 1 0 1 0.9\n" + _DIVIDER.decode()
_VOC = """<annotation><filename>a.jpg</filename><size><width>80</width><height>60</height></size>
<object><name>dog</name><bndbox><xmin>3</xmin><ymin>4</ymin><xmax>30</xmax><ymax>40</ymax></bndbox>
</object></annotation>"""
_CVAT = """<annotations><image id="0" name="a.jpg" width="80" height="60">
<polygon label="a" points="1.5,2;30,2;20,40"><attribute name="b">c</attribute></polygon>
<box label="a" xtl="1" ytl="2" xbr="30" ybr="40" rotation="30"/>
<ellipse label="b" cx="20" cy="20" rx="5" ry="9"/>
<mask label="b" rle="1, 3, 2" left="70" top="5" width="3" height="2"/></image></annotations>"""
_LABEL_STUDIO = json.dumps(
    [
        {
            "id": 1,
            "data": {"image": "a.jpg"},
            "annotations": [
                {
                    "result": [
                        {"original_width": 8, "original_height": 6, "type": kind, "value": value}
                        for kind, value in (
                            ("polygonlabels", {"points": [[0, 0], [50, 0], [50, 50]]}),
                            ("rectanglelabels", {"x": 1, "y": 2, "width": 30, "height": 40}),
                            ("ellipselabels", {"x": 50, "y": 50, "radiusX": 9, "radiusY": 5}),
                            # A run of 192 words of the value 255.
                            ("brushlabels", {"rle": [0, 0, 0, 192, 57, 27, 254, 191, 255]}),
                        )
                    ]
                }
            ],
        }
    ]
)
_OTHERS = {
    "voc": [_VOC],
    "cvat": [_CVAT],
    "label_studio": [_LABEL_STUDIO],
    "coco": [_COCO],
    "labelme": [_LABELME],
    "csv": ["width,height,rle,label\n4,3,444,dog\n"],
    "yolo": [_YOLO + "names: [a, 'b']\n", _YOLO + "names: {0: a, 1: b}\n"],
}


def large_inputs(reader: str) -> list[bytes]:
    """Return long inputs of a format: many small objects, and lists that would swell in memory."""
    shape = np.array([[0, 0], [15, 2], [7, 14]])
    corners = np.random.default_rng(0).integers(0, 60, (20_000, 1, 2)) + shape
    made = {"coco": _large_coco, "labelme": _large_labelme, "sa1b": _large_sa1b}
    if reader in made:
        return [json.dumps(value).encode() for value in made[reader](corners)] + [
            b'{"images": [' + text * 400_000 + text[:-1] + b"]}"
            for text in (b"{},", b"[],", b"[1,2],", b'{"a":1},', b'"ab",')
        ]
    if reader in PARSED_WHOLE:
        return [_large_other(reader, corners[:500])]
    if reader == "yolo":
        lines = (corners.reshape(-1, 6) / (80, 60, 80, 60, 80, 80)).tolist()
        names = b"names: [" + b"a" + b" " * 50_000 + b"]\n"
        text = "".join(f"0 {' '.join(f'{value:.6f}' for value in line)}\n" for line in lines)
        tiny = b"0 0 0 0.1 0 0.1 0.1\n" * 100_000
        return [text.encode(), tiny, seeds("yolo")[0].split(_DIVIDER)[0] + _DIVIDER + names]
    if reader == "csv":
        row = b"photo.jpg,80,60,%d,dog,0.9,%b,#123456\n"
        code = Rle(60, 80, [1000, 5, 55, 6, 3734]).compressed()
        rows = b"".join(row % (number, code) for number in range(30_000))
        head = b"file_name,width,height,id,label,predicted_iou,rle,color\n"
        return [head + rows, b"width,height,rle\n" + b"3,2,33\n" * 30_000]
    numbers = np.arange(250 * 240, dtype=np.uint16).reshape(240, 250)
    noise = np.random.default_rng(0).permutation(np.repeat(numbers.ravel(), 4)).reshape(480, 500)
    return [_png(np.kron(numbers, np.ones((6, 6), np.uint16))), _png(noise)]


def _large_other(reader: str, corners: NDArray[np.int64]) -> bytes:
    if reader == "label_studio":
        task = json.loads(_LABEL_STUDIO)
        size = {"original_width": 80, "original_height": 80, "type": "polygonlabels"}
        task[0]["annotations"][0]["result"] = [
            {**size, "id": str(number), "value": {"points": ring, "polygonlabels": ["a"]}}
            for number, ring in enumerate(corners.tolist())
        ]
        return json.dumps(task).encode()
    if reader == "cvat":
        shapes = "".join(
            f'<polygon label="a" source="manual" occluded="0" z_order="0" '
            f'points="{";".join(f"{x:.2f},{y:.2f}" for x, y in ring)}"></polygon>\n'
            for ring in corners.tolist()
        )
        image = f'<image name="a" width="80" height="80">{shapes}</image>'
        return f"<annotations>{image}</annotations>".encode()
    head, _, rest = _VOC.partition("<object>")
    record, _, tail = rest.partition("</object>")
    record = f"<object>{record}"
    return (head + f"{record}</object>\n" * len(corners) + tail).encode()


def _large_coco(corners: NDArray[np.int64]) -> list[object]:
    head = {"images": [{"id": 1, "width": 80, "height": 80}], "categories": [{"id": 1, "name": ""}]}
    one = {"image_id": 1, "category_id": 1, "area": 100.5, "bbox": [1, 2, 15, 14], "iscrowd": 0}
    code = {"size": [80, 80], "counts": [1000, 5, 75, 6, 5314]}
    outlines = [[ring] for ring in (corners.reshape(-1, 6) + 0.25).tolist()]
    long = [{"size": [2000, 2000], "counts": [3, 1] * 1_000_000}, [[1.5, 2, 3] * 200_000]]
    return [
        head | {"annotations": [one | {"id": i, "segmentation": s} for i, s in enumerate(shapes)]}
        for shapes in (outlines, [code] * 20_000, long[1:])
    ] + [
        {
            "images": [{"id": 1, "width": 2000, "height": 2000}],
            "annotations": [{"image_id": 1, "segmentation": long[0]}],
        }
    ]


def _large_labelme(corners: NDArray[np.int64]) -> list[object]:
    one = {"label": "a", "group_id": None, "shape_type": "polygon", "flags": {}}
    circle = {"label": "a", "shape_type": "circle", "points": [[30, 30], [40, 30]]}
    size = {"imageWidth": 80, "imageHeight": 80}
    return [
        size | {"shapes": [one | {"points": ring} for ring in corners.tolist()]},
        size | {"shapes": [one | {"points": [[3, 4], [30, 4]] * 100_000}]},
        size | {"shapes": [circle] * 5_000},
    ]


def _large_sa1b(corners: NDArray[np.int64]) -> list[object]:
    code = Rle(60, 80, [1000, 5, 55, 6, 3734]).to_coco()
    one = {"segmentation": code, "area": 11, "bbox": [16, 40, 1, 5], "predicted_iou": 0.9}
    one |= {"stability_score": 0.95, "crop_box": [0, 0, 80, 60], "point_coords": [[16.5, 41.5]]}
    image = {"image_id": 1, "width": 80, "height": 60, "file_name": "photo.jpg"}
    records = [one | {"id": number} for number in range(len(corners))]
    tiny = [{"segmentation": code}] * len(corners)
    return [{"image": image, "annotations": found} for found in (records, tiny)]


def _png(numbers: NDArray[np.uint16]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(numbers).save(file, "PNG")
    return file.getvalue()


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Change an input here and there: whole values where it is JSON, else bytes."""
    parts = data.split(_DIVIDER)
    at = rng.randrange(len(parts))
    try:
        value = json.loads(parts[at])
    except (ValueError, RecursionError):
        parts[at] = _bytes_changed(parts[at], rng)
    else:
        for _ in range(rng.randrange(1, 4)):
            value = _value_changed(value, rng)
        text = json.dumps(value)
        if rng.random() < 0.05:
            text = text.replace("0", rng.choice(["NaN", "1e400", "-Infinity", "[" * 2000]), 1)
        parts[at] = text.encode()
    return _DIVIDER.join(parts)


def _value_changed(value: object, rng: random.Random) -> object:
    """Descend into a value and replace, remove, repeat or wrap what is found there."""
    if isinstance(value, dict | list) and value and rng.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = rng.choice(keys)
        action = rng.random()
        if action < 0.1:
            del value[key]
        elif action < 0.2 and isinstance(value, list):
            value[key:key] = [value[key]] * rng.choice([1, 2, 50])
        else:
            value[key] = _value_changed(value[key], rng)
        return value
    if isinstance(value, str) and rng.random() < 0.5:
        return _bytes_changed(value.encode(errors="replace"), rng).decode(errors="replace")
    if isinstance(value, int | float) and rng.random() < 0.4:
        if abs(value) > 1e300:  # no longer written as text, or divided, when it grows on
            return -1
        return rng.choice([value + 1, -value, value * 1000, value / 3, str(value)])
    # A copy: the next change goes into it.
    return json.loads(json.dumps(rng.choice(NASTY)))


def _bytes_changed(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(changed) + 1)
        action = rng.random()
        if action < 0.3:
            changed[at : at + 1] = bytes([rng.randrange(256)])
        elif action < 0.5:
            changed[at:at] = rng.choice(
                [b"-", b"1e400", b"nan", b"9" * 30, b"\n", b",", b'"', b"\0"]
            )
        elif action < 0.7:
            del changed[at : at + rng.randrange(1, 30)]
        elif action < 0.9:
            changed[at:at] = changed[at : at + rng.randrange(1, 60)] * rng.choice([1, 2, 30])
        else:
            del changed[at:]
    return bytes(changed)


def check(reader: str, data: bytes, folder: Path) -> Outcome:
    """Read an input and judge how the reader behaved.

    Parameters
    ----------
    reader : str
        One of ``READERS``.
    data : bytes
        The file, or several joined as ``seeds`` joins them.
    folder : Path
        Where the files are put.

    Returns
    -------
    Outcome

    Raises
    ------
    MisbehaviourError
        If it took over ``MAX_SECONDS`` or ``MAX_RATIO``, or accepted objects that break a promise.
    Exception
        Whatever the reader raised that is no ``AnnotationError``.
    """
    _import(reader)
    path, options = _written(reader, data, folder)
    # Twice: tracing memory makes Python several times as slow as it is.
    started = time.process_time()
    _read(reader, path, options)
    seconds = time.process_time() - started
    tracemalloc.start()
    try:
        store = _read(reader, path, options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    ratio = max(0, peak - FREE_BYTES) / _honest_size(reader, data)
    if seconds > MAX_SECONDS:
        raise MisbehaviourError(f"{reader} took {seconds:.1f} s for {len(data)} bytes")
    if ratio > MAX_RATIO:
        raise MisbehaviourError(f"{reader} took {peak:,} bytes for {len(data):,}")
    if store is not None:
        _check_store(store)
    return Outcome(store is not None, seconds, ratio)


def _read(reader: str, path: Path, options: dict[str, tuple[int, int]]) -> AnnotationStore | None:
    """Return what a reader makes of a file; None if it refuses it with a reason."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FormatLossWarning)
            warnings.simplefilter("ignore", SkippedRecordsWarning)
            return load(path, reader, **options)
    except AnnotationError as error:
        if not str(error).strip():
            raise MisbehaviourError("refused without a reason") from error
        return None


@functools.cache
def _import(reader: str) -> None:
    """Read something once, so that what is imported or kept for good is no cost of an input."""
    with tempfile.TemporaryDirectory() as name:
        path, options = _written(reader, seeds(reader)[0], Path(name))
        _read(reader, path, options)


def _written(reader: str, data: bytes, folder: Path) -> tuple[Path, dict[str, tuple[int, int]]]:
    parts = data.split(_DIVIDER)
    if reader == "yolo":
        (folder / "labels").mkdir(exist_ok=True)
        names = ("labels/photo.txt", "data.yaml", "classes.txt")
        for name in names:
            (folder / name).unlink(missing_ok=True)
        for name, part in zip(names, parts, strict=False):
            (folder / name).write_bytes(part)
        return folder, {"size_wh": (80, 60)}
    path = folder / ("input.xml" if reader == "voc" else "input")
    if reader == "png":
        path = folder / "input.png"
        table = folder / "input.classes.json"
        table.unlink(missing_ok=True)
        if len(parts) > 1:
            table.write_bytes(parts[1])
        data = parts[0]
    path.write_bytes(data)
    return path, {}


def _honest_size(reader: str, data: bytes) -> int:
    """Bytes of the input, and of the pixels that it may unpack to."""
    size = len(data) + 1
    pixels = 0
    if reader == "png" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        pixels = 2 * width * height
    if reader == "labelme":
        sides = [int(one) for one in re.findall(rb'"image(?:Width|Height)": ?(\d{1,6})\b', data)]
        pixels = int(np.prod(sides[:2])) if len(sides) > 1 else 0
    return size + min(pixels, size * _PER_BYTE)


def _check_store(store: AnnotationStore) -> None:
    """Hold accepted objects to what the rest of the package takes for granted."""
    ids = [one.id for one in store]
    if len(set(ids)) != len(ids) or "" in ids:
        raise MisbehaviourError("objects without an id of their own")
    for one in store:
        if (one.rle.height, one.rle.width) != (store.height, store.width):
            raise MisbehaviourError("a mask of another size than the image")
        if len(one.label) > 200 or not (0 <= one.area <= store.width * store.height):
            raise MisbehaviourError("a label or area out of bounds")
    # What was read can be written.
    json.dumps(coco.to_dict(store), allow_nan=False)
