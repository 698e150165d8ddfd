"""What an earlier version wrote is opened by this one, and nothing of it is lost."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sam_widget import (
    Annotation,
    AnnotationStore,
    EmbeddingCache,
    FakePredictor,
    Prompts,
    Rle,
    SamWidget,
    Series,
    load,
    open_annotations,
    precompute,
)

WRITTEN = Path(__file__).parent / "data" / "version_0_1"

CUP = [
    ("bfaa3c92f479", "cup", "#123456", True, 1201, "b1362075f4412b53"),
    ("69159ca8f9af", "book", "#10b981", True, 368, "a71cbeafac2fb056"),
    ("bbb915d833f6", "book", "#10b981", True, 394, "015f25b260da5a37"),
    ("369cbdf2ff98", "Tür ≤ 2 m", "#f59e0b", False, 707, "fe51446af788edee"),
    ("dd0bfc5c8e67", "", "#10b981", True, 52, "b431c734efb03551"),
]
SAUCER = ("9c0bf7297a9c", "saucer", "#3b82f6", True, 374, "9e1696eadf906b45")
CUP_LABELS = {"cup": "#123456", "book": "#10b981", "Tür ≤ 2 m": "#f59e0b", "saucer": "#3b82f6"}
LEAF = [
    ("6f77e9ef116b", "oak leaf", "#654321", True, 45, "79f4e79c12214b08"),
    ("3e51f77456de", "tile", "#8b5cf6", True, 40, "65add3c418a41614"),
    ("cbd16dd8e2c9", "tile", "#8b5cf6", True, 45, "8e4f61b4cc754d9a"),
    ("9172eb78073a", "tile", "#8b5cf6", True, 45, "077e680e8e9ae1a8"),
    ("cf882ed09277", "ground", "#3b82f6", True, 448, "68d0228425661e7d"),
]
MERGED = [
    LEAF[0],
    ("3e51f77456de", "tiles", "#06b6d4", True, 68, "ce5fdf9d9ebcee47"),
    *LEAF[3:],
]
LEAF_LABELS = {
    **CUP_LABELS,
    "leaf": "#ef4444",
    "tile": "#8b5cf6",
    "oak leaf": "#654321",
    "ground": "#3b82f6",
    "tiles": "#06b6d4",
}
CUP_PROMPTS = [  # points, their labels, box
    (((20, 22), (12, 22), (2, 2)), (1, 1, 0), None),
    ((), (), (39.5, 7.25, 58, 30)),
    (((50, 20),), (1,), None),
    ((), (), None),
    ((), (), None),
]
LOGITS = np.where(np.hypot(*np.ogrid[-100:156, -180:76]) < 60, 6, -6)[None]
PREDICTED = [0.7069294452667236, 0.8359423875808716, 0.7889036536216736, 0.709180474281311, None]

WITHOUT_HIDDEN = [*CUP[:3], CUP[4], LEAF[4]]
PAINTED_OVER = [
    ("bfaa3c92f479", "cup", "#123456", True, 1142, "dd61dbca9dd777d3"),
    ("69159ca8f9af", "book", "#10b981", True, 69, "54ff14c997dc859b"),
    CUP[2],
    ("dd0bfc5c8e67", "", "#10b981", True, 0, "a1a4f5721c1c4610"),
    LEAF[4],
]


def mask_digest(mask):
    return hashlib.sha256(np.packbits(mask).tobytes()).hexdigest()[:16]


def facts(annotations):
    return [
        (each.id, each.label, each.color, each.visible, each.area, mask_digest(each.mask))
        for each in annotations
    ]


def labels(annotations):
    return [each.label for each in annotations]


def points_and_boxes(annotations):
    return [(each.prompts.points, each.prompts.labels, each.prompts.box) for each in annotations]


@pytest.fixture
def photos(tmp_path):
    """A copy of the labelled folder."""
    return Path(shutil.copytree(WRITTEN / "photos", tmp_path / "photos"))


@pytest.fixture
def packed(tmp_path):
    """A folder with what is kept in the archive."""
    with zipfile.ZipFile(WRITTEN / "packed.zip") as archive:
        archive.extractall(tmp_path / "packed")
    return tmp_path / "packed"


# ---- journals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected", "colors"),
    [("cup.png", CUP, CUP_LABELS), ("leaf.png", LEAF, LEAF_LABELS)],
    ids=["appended to", "written as a whole"],
)
def test_a_journal_has_its_objects_and_labels(photos, name, expected, colors):
    with open_annotations(photos / name) as store:
        assert facts(store) == expected
        assert store.labels == tuple(colors)
        assert store.label_colors == colors
        assert (store.width, store.height, store.file_name) == (64, 48, name)
        assert store.saved
        assert store.report == ""


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "cup.png",
            [CUP, 5, 4, 4, 4, 3, 2, 1, 0],
            [1, 2, 3, 4, 4, 4, 5, 5, 5, [*CUP, SAUCER]],
        ),
        ("leaf.png", [6, 5, 5, 4, 3, 2, 1, 0], [1, 2, 3, 4, 5, 5, 6, 5, MERGED]),
    ],
    ids=["appended to", "written as a whole"],
)
def test_a_journal_has_its_steps_of_undo(photos, name, before, after):
    def stepped(step, expected):
        seen = []
        while step():
            seen.append(facts(store))
        assert len(seen) == len(expected)
        for objects, wanted in zip(seen, expected, strict=True):
            if isinstance(wanted, int):
                assert len(objects) == wanted
            else:
                assert [each[:2] for each in objects] == [each[:2] for each in wanted]
        return seen

    with open_annotations(photos / name) as store:
        stepped(store.undo, before)
        last = stepped(store.redo, after)[-1]
    assert last == after[-1]
    with open_annotations(photos / name) as store:
        assert facts(store) == last


def test_a_journal_has_what_made_the_objects(photos):
    with open_annotations(photos / "cup.png") as store:
        objects = store.snapshot()
        replayed = store.replay(FakePredictor())
    assert points_and_boxes(objects) == CUP_PROMPTS
    assert mask_digest(objects[2].prompts.mask) == CUP[1][-1]
    assert np.array_equal(objects[3].prompts.mask, LOGITS)
    assert [each.predicted_iou for each in objects] == PREDICTED
    assert [each.model_name for each in objects] == [*["fake"] * 4, ""]
    assert {each.model_digest for each in objects} == {FakePredictor().model_digest, ""}
    assert [each.candidate for each in objects] == [0, 0, 0, 0, None]
    assert objects[0].created == "2026-11-30T06:49:06.393+00:00"
    # The first and the third were edited by hand afterwards, the last was drawn.
    ious = [None if row.iou is None else round(row.iou, 3) for row in replayed]
    assert ious == [0.902, 1, 0.851, 1, None]


def test_a_journal_has_fields_of_other_programs(photos):
    with open_annotations(photos / "leaf.png") as store:
        assert dict(store[-1].extra) == {"coco": {"weather": ["dry", 3]}}
        assert all(row.iou in (1, None) for row in store.replay(FakePredictor()))


@pytest.mark.parametrize("name", ["cup.png", "leaf.png"])
def test_a_journal_is_gone_on_with(photos, name):
    with open_annotations(photos / name) as store:
        before = facts(store)
        added = store.add(Annotation(Rle.encode(np.eye(48, 64, dtype=bool)), label="new"))
        assert store.saved
    with open_annotations(photos / name) as store:
        assert facts(store) == [*before, *facts([added])]
        assert store.report == ""


# ---- a series -----------------------------------------------------------------------------------


def test_a_series_is_where_it_was_left(photos, recording_comm):
    with SamWidget.from_folder(photos, model=FakePredictor()) as widget:
        assert widget.series.names == ("cup.png", "leaf.png")
        assert widget.series.statuses == ("done", "todo")
        assert widget.series.index == 1
        assert facts(widget.annotations) == LEAF
        widget.redo()
        assert facts(widget.annotations) == MERGED
        widget.previous()
        assert facts(widget.annotations) == CUP
        widget.reopen(CUP[1][0])
        assert widget.boxes == [(39.5, 7.25, 58, 30)]
        assert mask_digest(widget.mask) == CUP[1][-1]
        widget.mark("todo")
    series = Series.from_folder(photos)
    assert series.statuses == ("todo", "todo")
    assert series.index == 0


def test_a_series_remembers_an_image_that_was_gone(photos):
    shutil.copy(photos / "cup.png", photos / "gone.png")
    series = Series.from_folder(photos)
    assert series.names == ("cup.png", "gone.png", "leaf.png")
    assert series.statuses == ("done", "skipped", "todo")
    assert series.index == 2


# ---- embeddings ---------------------------------------------------------------------------------


class NeverEncodes(FakePredictor):
    """The predictor whose embeddings were kept; it fails when it has to make one."""

    def encode(self, image, progress=None):
        raise AssertionError("the image was encoded again")


def test_embeddings_are_taken_from_their_folder(photos, packed):
    cache = EmbeddingCache(folder=packed / "embeddings")
    predictor = NeverEncodes()
    point = Prompts([(20, 22)], [1])
    for name in ("cup.png", "leaf.png"):
        kept = cache.get_or_encode(predictor, photos / name)
        fresh = load("fake").encode(photos / name)
        assert np.array_equal(kept.features, fresh.features)
        assert kept.image_digest == fresh.image_digest
        prediction = predictor.decode(kept, point)
        assert np.array_equal(prediction.masks, predictor.decode(fresh, point).masks)
    info = cache.info()
    assert (info.folder_hits, info.misses) == (2, 0)
    assert len(list((packed / "embeddings").iterdir())) == 2


def test_precomputing_finds_all_embeddings(photos, packed):
    done = precompute(photos, NeverEncodes(), cache=packed / "embeddings", progress=False)
    assert (done.encoded, done.found, done.failed) == (0, 2, ())


def test_a_widget_starts_from_the_embedding(photos, packed, recording_comm):
    predictor = NeverEncodes()
    with SamWidget(photos / "cup.png", predictor, cache=packed / "embeddings") as widget:
        widget.set_box(39.5, 7.25, 58, 30)
        assert mask_digest(widget.mask) == CUP[1][-1]


# ---- other formats ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cup.coco.json", WITHOUT_HIDDEN),
        ("cup.sa1b.json", WITHOUT_HIDDEN),
        ("cup.labelme.json", WITHOUT_HIDDEN),
        ("cup.csv", WITHOUT_HIDDEN),
        ("cup.mask.png", PAINTED_OVER),
    ],
)
def test_a_file_has_its_objects_and_their_prompts(name, expected):
    store = AnnotationStore.load(WRITTEN / "formats" / name)
    assert facts(store) == expected
    assert (store.width, store.height, store.file_name) == (64, 48, "cup.png")
    assert points_and_boxes(store) == CUP_PROMPTS
    assert mask_digest(store[2].prompts.mask) == CUP[1][-1]
    assert [each.predicted_iou for each in store] == [*PREDICTED[:3], None, None]


def test_a_coco_file_has_fields_of_other_programs():
    store = AnnotationStore.load(WRITTEN / "formats" / "cup.coco.json")
    assert [dict(each.extra) for each in store] == [{}] * 4 + [{"coco": {"weather": ["dry", 3]}}]


def test_a_coco_file_has_logits(packed):
    store = AnnotationStore.load(packed / "logits.coco.json")
    assert facts(store) == CUP
    assert np.array_equal(store[3].prompts.mask, LOGITS)


def test_a_yolo_folder_has_its_labels_and_masks():
    store = AnnotationStore.load(WRITTEN / "formats" / "yolo", size_wh=(64, 48))
    found = [(each.label, each.area, mask_digest(each.mask)) for each in store]
    assert found == [(label, *figures) for _, label, _, _, *figures in WITHOUT_HIDDEN]
