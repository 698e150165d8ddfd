from __future__ import annotations

import errno
import gc
import itertools
import json
import logging
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import Widget
from journal_child import Nursery, photo
from PIL import Image

from sam_widget import (
    Annotation,
    AnnotationStore,
    FakePredictor,
    Prompts,
    Recipe,
    Rle,
    SamWidget,
    Session,
    Step,
)
from sam_widget.errors import JournalError, JournalInUse, JournalWarning
from sam_widget.images.image import RgbImage, load_image
from sam_widget.storage import finish_releasing
from sam_widget.store import journal as module
from sam_widget.store.journal import open_annotations
from sam_widget.store.journal_reading import read
from sam_widget.store.journal_records import annotation_fields, annotation_of, seal

HEIGHT, WIDTH = 6, 8

TEST_FOLDERS = [str(folder) for folder in Path(__file__).parents[:2]]


@pytest.fixture(scope="module")
def image():
    pixels = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return RgbImage(pixels)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.sam.jsonl"


@pytest.fixture
def file(tmp_path, image):
    path = tmp_path / "photo.png"
    Image.fromarray(image.pixels).save(path)
    return path


@pytest.fixture(autouse=True)
def all_are_closed():
    yield
    open_ones = dict(module._registry)
    for one in open_ones.values():
        one._file.forget()
    module._registry.clear()
    assert open_ones == {}


def made(label="", cells=((0, 0),), **facts):
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    for row, column in cells:
        mask[row, column] = True
    return Annotation(Rle.encode(mask), label=label, **facts)


def labels(store):
    return [one.label for one in store]


def state_of(store):
    """All that a resumed store must have: objects, and what undo and redo would do."""
    return (
        [(item.id, item.label, item.color, item.visible, item.rle) for item in store],
        [(change.serial, change.done) for change in store.transactions.changes()],
        [change.serial for change in store.transactions.undone()],
    )


def lines(path):
    return path.read_bytes().splitlines(keepends=True)


# ---- resume -------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [16, 256, 288])
def test_everything_comes_back(image, path, side):
    prompts = Prompts([(1, 2), (3.25, 4)], [1, 0], [(0, 0, 5, 5)], np.eye(HEIGHT, WIDTH) > 0)
    logits = np.random.default_rng(1).standard_normal((1, side, side)).astype(np.float32)
    recipe = Recipe(
        (
            Step(Prompts(points=[(1, 2)], mask=logits), True, 2),
            Step(Prompts([(1, 2)], [1], [(0, 0, 5, 5)], logits), None, 0),
            Step(prompts, False, 0),
        ),
        "0123456789abcdef",
    )
    full = made(
        'ü "<b>" \U0001f600',
        [(1, 1), (5, 7)],
        color="#a0b0c0",
        visible=False,
        predicted_iou=0.1 + 0.2,
        stability_score=1,
        prompts=prompts,
        candidate=1,
        model_name="m",
        model_digest="d",
        recipe=recipe,
        extra={"sa1b": {"crop_box": [0, 0, 8, 6]}},
    )
    with open_annotations(image, path) as store:
        store.add(full)
        store.add(made("plain", predicted_iou=float("nan")))
        assert store.saved
        assert store.journal == path
    with open_annotations(image, path) as store:
        back, plain = store
        assert plain.predicted_iou is None
        assert back is not full
        for name in Annotation.__dataclass_fields__:
            assert getattr(back, name) == getattr(full, name), name
        assert (store.report, store.saved) == ("", True)


def test_undo_redo_and_properties_come_back(image, path):
    with open_annotations(image, path) as store:
        store.add(made("cup"))
        store.add(made("plate"))
        store.reorder([one.id for one in reversed(store)])
        store.update(store[0].id, label="dish")
        store.remove(store[1])
        store.undo()
        store.undo()
        store.set_property("series", {"at": 3, "of": ["a", "b"]})
        before = state_of(store)
    with open_annotations(image, path) as store:
        assert state_of(store) == before
        assert store.properties == {"series": {"at": 3, "of": ["a", "b"]}}
        seen = [labels(store)]
        while store.undo():
            seen.append(labels(store))
        assert seen == [["plate", "cup"], ["cup", "plate"], ["cup"], []]
        while store.redo():
            seen.append(labels(store))
        assert seen[4:] == [["cup"], ["cup", "plate"], ["plate", "cup"], ["dish", "cup"], ["dish"]]


def test_a_small_edit_writes_a_small_record(image, path):
    with open_annotations(image, path) as store:
        one = store.add(made("cup", prompts=Prompts(points=[(1, 1)] * 500)))
        store.update(one.id, visible=False)
    first, second = (json.loads(line) for line in lines(path)[-2:])
    assert len(json.dumps(first)) > 5000
    assert second["put"] == [[0, {"visible": False, "id": one.id}]]


def test_every_line_is_json(image, path):
    with open_annotations(image, path) as store:
        store.add(made("cup"))
    header, *others = (json.loads(line) for line in lines(path))
    assert header["image"]["digest"] == image.digest
    assert (header["format"], header["version"]) == ("sam_widget journal", 1)
    assert [one["n"] for one in others] == [1]


def test_files_have_a_journal_beside_them_and_others_have_none(file, image):
    for source, journal in ((image.pixels, None), (file.read_bytes(), None), (file, False)):
        with open_annotations(source, journal) as store:
            assert (store.journal, store.saved, store.report) == (None, None, "")
    assert list(file.parent.iterdir()) == [file]
    with open_annotations(file) as store:
        assert store.journal == file.with_name("photo.png.sam.jsonl")
        store.add(made("cup"))
    # The same pixels, however they came: the journal is named, the digest is the same.
    with open_annotations(image.pixels, file.with_name("photo.png.sam.jsonl")) as store:
        assert labels(store) == ["cup"]


def test_a_journal_that_says_nothing_does_not_stay(file):
    with open_annotations(file) as store:
        assert store.journal.is_file()
    assert list(file.parent.iterdir()) == [file]


def test_labels_that_came_with_a_widget_need_no_journal_and_others_do(file, recording_comm):
    with SamWidget(file, model="fake", labels=["cup", "plate"]) as widget:
        widget.remove_label("plate")
    assert list(file.parent.iterdir()) == [file]
    for change, kept in (
        (lambda w: w.recolor_label("cup", "#123456"), (("cup",), {"cup": "#123456"})),
        (lambda w: w.add_label("spoon", "#654321"), (("cup", "spoon"), {"spoon": "#654321"})),
        (lambda w: w.annotations.set_property("labels", ["fork"]), (("fork",), {})),
    ):
        with SamWidget(file, model="fake", labels=["cup"]) as widget:
            change(widget)
        with open_annotations(file) as store:
            assert store.labels == kept[0]
            assert kept[1].items() <= store.label_colors.items()
            journal = store.journal
        journal.unlink()


def test_a_link_to_a_journal_is_followed(image, tmp_path):
    there = tmp_path / "there.sam.jsonl"
    link = tmp_path / "link.sam.jsonl"
    link.symlink_to(there)
    with open_annotations(image, link) as store, open_annotations(image, there) as same:
        store.add(made("cup"))
        assert labels(same) == ["cup"]
    assert link.is_symlink()
    assert len(lines(there)) == 2


# ---- another's journal --------------------------------------------------------------------------


def test_another_images_journal_is_refused_and_left_alone(image, path, coffee):
    with open_annotations(image, path) as store:
        store.add(made("cup"))
        with pytest.raises(JournalError, match="another image, which is open in this kernel"):
            open_annotations(coffee, path)
    content = path.read_bytes()
    with pytest.raises(JournalError, match=r"another image: 'one' of 8 x 6 pixels.* 600 x 400"):
        open_annotations(coffee, path)
    with pytest.raises(JournalError, match="another image"):
        open_annotations(255 - image.pixels, path)
    assert path.read_bytes() == content
    with open_annotations(image, path) as store:  # not left locked
        assert labels(store) == ["cup"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not a journal"),
        (b'{"some": "json"}\n', "not a journal"),
        (b"x", "not a journal"),
        (seal({"n": 0, "type": "header", "format": "other", "version": 1}), "not a journal"),
        (
            seal({"n": 0, "type": "header", "format": "sam_widget journal", "version": 2}),
            "later version",
        ),
    ],
)
def test_what_is_no_journal_is_refused_and_left_alone(image, path, content, says):
    path.write_bytes(content)
    with pytest.raises(JournalError, match=says):
        open_annotations(image, path)
    assert path.read_bytes() == content


def test_a_file_is_known_again_though_its_pixels_are_decoded_otherwise(tmp_path):
    deep = tmp_path / "deep.png"
    Image.fromarray(np.arange(48, dtype=np.uint16).reshape(6, 8) * 900).save(deep)
    with open_annotations(load_image(deep)) as store:
        store.add(made("cup"))
        darker = load_image(deep, value_range=(0, 65535))
        assert darker.digest != store.image.digest
        with open_annotations(darker) as same:
            assert labels(same) == ["cup"]
    with open_annotations(darker) as store:
        assert labels(store) == ["cup"]
    Image.fromarray(np.zeros((6, 8), np.uint16)).save(deep)  # another picture of that name
    with pytest.raises(JournalError, match=r"another image: 'deep\.png'"):
        open_annotations(deep)


@pytest.mark.parametrize("wrong", [5, 1.5, object()])
def test_a_journal_must_be_a_path(image, wrong):
    with pytest.raises(JournalError, match="path of a file"):
        open_annotations(image, wrong)


def test_a_place_that_does_not_exist_is_said(image, tmp_path):
    with pytest.raises(JournalError, match="cannot be opened: No such file"):
        open_annotations(image, tmp_path / "nowhere" / "a.sam.jsonl")
    with pytest.raises(JournalError, match="cannot be opened"):
        open_annotations(image, tmp_path)


# ---- damage -------------------------------------------------------------------------------------


def busy(store):
    """Make one change of each kind; yield the state after each."""
    yield state_of(store)
    cup = store.add(made("cup"))
    yield state_of(store)
    store.add(made("plate", prompts=Prompts(points=[(1, 1)])))
    yield state_of(store)
    store.update(cup.id, label="mug")
    yield state_of(store)
    store.remove(cup.id)
    yield state_of(store)
    store.undo()
    yield state_of(store)
    store.reorder([one.id for one in reversed(store)])
    yield state_of(store)


def test_a_journal_cut_at_every_byte_keeps_every_whole_line(image, path, tmp_path):
    with open_annotations(image, path) as store:
        states = list(busy(store))
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    assert len(ends) == len(states)
    cut = tmp_path / "cut.sam.jsonl"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for size in range(len(whole) + 1):
            cut.write_bytes(whole[:size])
            complete = sum(end - 1 <= size for end in ends)
            with open_annotations(image, cut) as store:
                assert state_of(store) == states[max(complete - 1, 0)], size
                store.set_property("series", size)
            # What was added afterwards is read as well, so no half line is left in between.
            reading = read(cut.read_bytes(), image, "cut")
            assert reading.damage == []
            assert reading.log.properties == {"series": size}
    assert [one.name for one in tmp_path.iterdir() if "damaged" in one.name] == []


def test_a_flipped_bit_anywhere_is_noticed_and_the_rest_is_kept(image, path, tmp_path):
    with open_annotations(image, path) as store:
        for number in range(6):
            store.add(made(str(number)))
    whole = path.read_bytes()
    rng = random.Random(0)
    hurt = tmp_path / "hurt.sam.jsonl"
    for at in rng.sample(range(len(whole)), 60):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << rng.randrange(8)
        hurt.write_bytes(damaged)
        line = whole[:at].count(b"\n") + 1
        newline = whole[at : at + 1] == b"\n"
        wanted = [str(n) for n in range(6) if n + 2 not in {line, line + newline}]
        if at == len(whole) - 1:  # the last line is complete, its end is torn
            wanted = [str(n) for n in range(5)]
        try:
            with pytest.warns(JournalWarning, match=r"damaged.*damaged-1") as caught:
                store = open_annotations(image, hurt)
        except pytest.fail.Exception:
            assert damaged.count(b"\n") != whole.count(b"\n")  # torn at its end: silently cut
            store.close()
            continue
        assert labels(store) == wanted, at
        kept = hurt.with_name("hurt.sam.jsonl.damaged-1")
        assert kept.read_bytes() == damaged
        assert len(caught) == 1
        store.close()
        with open_annotations(image, hurt) as again:  # mended
            assert (labels(again), again.report) == (wanted, "")
        kept.unlink()


def test_a_record_that_is_there_twice_is_applied_once(image, path):
    with open_annotations(image, path) as store:
        store.add(made("cup"))
        store.add(made("plate"))
    first, second, third = lines(path)
    path.write_bytes(b"".join([first, second, second, third, second, third]))
    with (
        pytest.warns(JournalWarning, match="line 3 repeats record 1"),
        open_annotations(image, path) as store,
    ):
        assert labels(store) == ["cup", "plate"]


def test_missing_records_are_reported(image, path):
    with open_annotations(image, path) as store:
        cup = store.add(made("cup"))
        store.add(made("plate"))
        store.update(cup.id, label="mug")
    header, _, *others = lines(path)
    path.write_bytes(header + b"".join(others))
    with (
        pytest.warns(JournalWarning, match=r"records 1 to 1 are missing; line 3 cannot be appl"),
        open_annotations(image, path) as store,
    ):
        assert labels(store) == ["plate"]


def test_damage_is_set_aside_before_anything_else_is_written(image, path, monkeypatch):
    with open_annotations(image, path) as store:
        store.add(made("cup"))
        store.add(made("plate"))
    damaged = path.read_bytes().replace(b"cup", b"cap")
    path.write_bytes(damaged)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.warns(JournalWarning, match="line 2 is damaged"):
            store = open_annotations(image, path)
        assert not store.saved
        assert path.read_bytes() == damaged
        store.add(made("spoon"))
    store.add(made("fork"))
    assert store.saved
    store.close()
    assert path.with_name("a.sam.jsonl.damaged-1").read_bytes() == damaged
    with open_annotations(image, path) as store:
        assert labels(store) == ["plate", "spoon", "fork"]


RECORDS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {"type": st.sampled_from(["object", "log", "change", "undo", "redo", "property", "header"])},
    optional=dict.fromkeys(
        ("serial", "put", "drop", "order", "key", "at", "object", "log", "undone", "properties"),
        RECORDS,
    )
    | {"put": st.lists(st.tuples(st.integers(-2, 3), RECORDS), max_size=2)},
)


@given(st.lists(FIELDS, max_size=4))
@settings(max_examples=150)
def test_any_record_is_applied_or_reported(image, records):
    header = {
        "n": 0,
        "type": "header",
        "format": "sam_widget journal",
        "version": 1,
        "image": {"digest": image.digest, "width": WIDTH, "height": HEIGHT, "file_name": ""},
    }
    content = b"".join(
        seal(one) for one in [header, *({"n": n, **one} for n, one in enumerate(records, 1))]
    )
    try:
        reading = read(content, image, "x")
    except JournalError:
        return
    assert reading.records == len(records) + 1
    assert all(isinstance(one, Annotation) for one in reading.log.items)


@pytest.mark.parametrize(
    "change",
    [
        {"rle": {"size": [10**9, 10**9], "counts": "0"}},
        {"rle": {"size": [HEIGHT, WIDTH], "counts": [10**12]}},
        {"masks": [{"logits": "AAAA"}]},
        {"masks": [{"rle": {"size": [2**13, 2**13], "counts": "0"}}]},
        {"label": "x" * 201},
        {"label": 5},
        {"visible": 1},
        {"candidate": True},
        {"color": "red"},
        {"prompts": {"points": [[1, 2]]}},
        {"prompts": {"points": [[1, 2, 7]]}},
        {"prompts": {"points": [[1, 2, 1]], "mask": 3}},
        {"recipe": {"digest": "", "steps": []}},
        {"recipe": {"digest": "", "steps": [{"points": [[1, 1, 1]], "multimask": 1, "at": 0}]}},
        {"created": None},
    ],
    ids=str,
)
def test_malformed_objects_are_refused_by_name(change):
    fields = json.loads(json.dumps(annotation_fields(made("cup", prompts=Prompts([(1, 1)])))))
    annotation_of(fields, HEIGHT, WIDTH)
    with pytest.raises(ValueError, match=r"\w{4}"):
        annotation_of(fields | change, HEIGHT, WIDTH)


# ---- errors while writing -----------------------------------------------------------------------


@pytest.mark.parametrize("call", ["write", "fsync"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_what_cannot_be_written_stays_and_is_written_later(
    image, path, monkeypatch, caplog, call, code
):
    caplog.set_level(logging.WARNING)
    store = open_annotations(image, path)
    store.add(made("cup"))
    good = path.read_bytes()
    real = getattr(os, call)
    calls = []

    def fail(fd, *data):
        calls.append(fd)
        if call == "write":
            real(fd, bytes(data[0])[:7])  # some of it arrives
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        store.add(made("plate"))
        store.remove(store[0])
    assert calls
    assert not store.saved
    assert ("disk is full" if code == errno.ENOSPC else "reports an error") in store.problem
    assert labels(store) == ["plate"]
    assert path.read_bytes() == good
    assert len([one for one in caplog.records if "not saved" in one.message]) == 1
    assert store.save(path.with_name("elsewhere.coco.json")).is_file()
    store.add(made("spoon"))
    assert (store.saved, store.problem) == (True, "")
    store.close()
    with open_annotations(image, path) as store:
        assert labels(store) == ["plate", "spoon"]
        assert [len(one.before) for one in store.transactions.changes()] == [0, 0, 1, 0]


@pytest.mark.parametrize("factor", [1, 2])  # 1: the file is written anew at every change
def test_errors_at_random_moments_lose_and_double_nothing(image, path, monkeypatch, factor):
    rng = random.Random(3)
    real = {"write": os.write, "fsync": os.fsync, "ftruncate": os.ftruncate, "replace": os.replace}

    def fragile(name):
        def call(*arguments):
            if rng.random() < 0.2:
                raise OSError(errno.EIO, "injected")
            if name == "write" and rng.random() < 0.2:
                return real["write"](arguments[0], bytes(arguments[1])[: rng.randrange(1, 9)])
            return real[name](*arguments)

        return call

    monkeypatch.setattr(module, "COMPACT_ABOVE", 3000)
    monkeypatch.setattr(module, "COMPACT_FACTOR", factor)
    store = open_annotations(image, path)
    confirmed = [labels(store)]
    with monkeypatch.context() as patch:
        for name in real:
            patch.setattr(os, name, fragile(name))
        for number in range(150):
            store.add(made(str(number)))
            if number % 3 == 0:
                store.undo()
            if number % 7 == 0 and len(store):
                store.remove(rng.choice(store.snapshot()))
            reading = read(path.read_bytes(), image, "x")
            assert reading.damage == []
            on_disk = [one.label for one in reading.log.items]
            if store.saved:
                confirmed.append(on_disk)
                assert on_disk == labels(store)
    assert 20 < len(confirmed) < 150
    store.add(made("last"))
    assert store.saved
    before = state_of(store)
    store.close()
    with open_annotations(image, path) as store:
        assert state_of(store) == before
    assert list(path.parent.iterdir()) == [path]


def test_a_limit_of_the_system_is_an_error_in_the_widget_and_passes(file, recording_comm, caplog):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with SamWidget(file, model="fake") as widget:
        widget.annotations.add(made("cup"))
        path = widget.annotations.journal
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
        try:
            widget.annotations.add(made("plate"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert widget.problem["code"] == "journal"
        assert "larger than is allowed" in widget.problem["message"]
        assert "w.annotations.save" in widget.problem["hint"]
        assert widget.document["journal"]["state"] == "unsaved"
        assert labels(widget.annotations) == ["cup", "plate"]
        saved = widget.annotations.save(file.with_name("elsewhere.coco.json"))
        assert len(json.loads(saved.read_text())["annotations"]) == 2
        widget.annotations.add(made("spoon"))
        assert widget.problem is None
        assert widget.document["journal"] == {"state": "saved", "note": ""}
    with open_annotations(file) as store:
        assert labels(store) == ["cup", "plate", "spoon"]


def test_a_full_disk(tmp_path):
    # A small file system of its own, where the system lets one be made; a limit otherwise.
    code = (
        "import sys, numpy as np, logging, os, resource\n"
        "sys.path[:0] = sys.argv[2:]\n"
        "from test_journal import made, labels\n"
        "from sam_widget import open_annotations, load_image\n"
        "from pathlib import Path\n"
        "folder = Path(sys.argv[1])\n"
        "image = np.zeros((6, 8, 3), np.uint8)\n"
        "store = open_annotations(image, folder / 'a.sam.jsonl')\n"
        "store.add(made('first'))\n"
        "assert store.saved\n"
        "stuffing = folder / 'stuffing'\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "if sys.argv[-1] == 'limit':\n"
        "    size = store.journal.stat().st_size + 2000\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))\n"
        "with stuffing.open('wb', buffering=0) as out:\n"
        "    try:\n"
        "        while True: out.write(bytes(4096))\n"
        "    except OSError: pass\n"
        "count = 1\n"
        "while store.saved:\n"
        "    store.add(made('x' * 150)); count += 1\n"
        "reason = {'limit': 'larger than is allowed', 'disk': 'disk is full'}[sys.argv[-1]]\n"
        "assert reason in store.problem, store.problem\n"
        "for _ in range(5): store.add(made('more')); count += 1\n"
        "assert len(store) == count\n"
        "stuffing.unlink()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))\n"
        "store.add(made('last')); count += 1\n"
        "assert store.saved and not store.problem\n"
        "store.close()\n"
        "with open_annotations(image, folder / 'a.sam.jsonl') as store:\n"
        "    assert len(store) == count and store[-1].label == 'last'\n"
        "print('survived', count)\n"
    )
    python = [sys.executable, "-c", code, str(tmp_path), *TEST_FOLDERS]
    unshare = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "-rm"]
    mount = ["sh", "-c", 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"', str(tmp_path)]
    try:
        may_mount = subprocess.run([*unshare, *mount, "true"], check=False).returncode == 0
    except FileNotFoundError:
        may_mount = False
    command = [*unshare, *mount, *python, "disk"] if may_mount else [*python, "limit"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "survived" in done.stdout, done.stderr


def test_a_deleted_journal_is_written_again_and_another_file_is_left_alone(image, path, caplog):
    store = open_annotations(image, path)
    store.add(made("cup"))
    path.unlink()
    store.add(made("plate"))
    assert store.saved
    assert [one.label for one in read(path.read_bytes(), image, "x").log.items] == [
        "cup",
        "plate",
    ]
    path.rename(path.with_name("moved"))
    path.write_text("mine")
    store.add(made("spoon"))
    assert "another file has taken the place" in store.problem
    assert path.read_text() == "mine"
    path.unlink()
    store.add(made("fork"))
    assert store.saved
    store.close()
    with open_annotations(image, path) as store:
        assert labels(store) == ["cup", "plate", "spoon", "fork"]


# ---- compaction ---------------------------------------------------------------------------------


def test_a_journal_that_grows_is_written_anew_and_stays_locked(image, path, monkeypatch):
    monkeypatch.setattr(module, "COMPACT_ABOVE", 4000)
    monkeypatch.setattr(module, "COMPACT_FACTOR", 2)
    monkeypatch.setattr(os, "fsync", lambda fd: None)  # two thousand of them
    sizes = []
    with open_annotations(image, path) as store:
        cup = store.add(made("cup"))
        plate = store.add(made("plate"))
        for number in range(2000):
            store.update(cup.id, label=f"cup {number}")
            sizes.append(path.stat().st_size)
        assert any(later < earlier for earlier, later in itertools.pairwise(sizes))
        store.undo()
        store.remove(plate)
        before = state_of(store)
        refused = subprocess.run(
            [sys.executable, "-c", OPENER, str(path)], capture_output=True, text=True, check=False
        )
        assert "JournalInUse" in refused.stderr
        assert f"(number {os.getpid()})" in refused.stderr or sys.platform != "linux"
    with open_annotations(image, path) as store:
        assert state_of(store) == before
        store.undo()
        assert labels(store) == ["cup 1998", "plate"]


OPENER = (
    "import sys, numpy as np\n"
    "from sam_widget import open_annotations\n"
    "image = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)\n"
    "open_annotations(image, sys.argv[1])\n"
)


def test_a_failed_compaction_changes_nothing(image, path, monkeypatch):
    monkeypatch.setattr(module, "COMPACT_ABOVE", 2000)
    replaced = []

    def fail(*_):
        replaced.append(1)
        raise OSError(errno.ENOSPC, "No space left on device")

    with open_annotations(image, path) as store:
        cup = store.add(made("cup"))
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", fail)
            for number in range(60):
                store.update(cup.id, label=str(number))
                assert store.saved
        assert replaced
        before = state_of(store)
    assert list(path.parent.iterdir()) == [path]
    with open_annotations(image, path) as store:
        assert state_of(store) == before


# ---- several at once ----------------------------------------------------------------------------


def test_widgets_of_one_kernel_share_one_store_and_both_pages_follow(file, recording_comm):
    with SamWidget(file, model="fake") as one, SamWidget(file, model="fake") as other:
        one.add_point(3, 3)
        cup = one.accept("cup")
        listed = other.comm.ask({"type": "annotations", "id": "l", "version": 0, "start": 0})[0]
        assert [each["id"] for each in listed["annotations"]] == [cup.id]
        deltas = [c for c, _ in other.comm.messages() if c["type"] == "annotations_changed"]
        assert [each["annotation"]["label"] for each in deltas[0]["changed"]] == ["cup"]
        other.annotations.update(cup.id, label="mug")
        changed = [c for c, _ in one.comm.messages() if c["type"] == "annotations_changed"][-1]
        assert changed["changed"][0]["annotation"]["label"] == "mug"
        one.undo()
        assert labels(other.annotations) == ["cup"]
        assert one.labels == other.labels == ["cup", "mug"]
    with SamWidget(file, model="fake") as again:  # the cell runs again
        assert labels(again.annotations) == ["cup"]
        assert again.labels == ["cup"]
        again.undo()
        again.redo()
        assert labels(again.annotations) == ["cup"]


def test_the_page_is_told_of_objects_that_were_there_before(file, recording_comm):
    with open_annotations(file) as store:
        store.add(made("cup"))
    with SamWidget(file, model="fake") as widget:
        assert widget.document["journal"] == {"state": "saved", "note": ""}
        assert widget.document["can_undo"]
        reply, buffers = widget.comm.ask(
            {"type": "annotations", "id": "list", "version": 0, "start": 0}
        )
        assert [one["label"] for one in reply["annotations"]] == ["cup"]
        assert len(buffers) == 1
        reply, _ = widget.comm.ask({"type": "undo", "id": "u", "version": 0})
        assert reply["type"] == "reply"
        assert len(widget.annotations) == 0


def test_a_gesture_is_acknowledged_when_it_is_on_disk(file, recording_comm, monkeypatch):
    with SamWidget(file, model="fake") as widget:
        cup = widget.annotations.add(made("cup"))
        widget.wait()
        journal = widget.annotations.journal
        real, at_fsync = os.fsync, []

        def watch(fd):
            at_fsync.append((widget.comm.answers("g"), journal.read_bytes()))
            return real(fd)

        monkeypatch.setattr(os, "fsync", watch)
        gesture = {"type": "remove_annotation", "annotation_id": cup.id, "id": "g", "version": 0}
        assert widget.comm.ask(gesture)[0]["type"] == "reply"
        (before, content), *_ = at_fsync
        assert before == []
        assert b'"drop"' in content


def test_another_image_has_another_journal(file, recording_comm, tmp_path, coffee):
    second = tmp_path / "second.png"
    Image.fromarray(coffee).save(second)
    named = tmp_path / "named.sam.jsonl"
    with SamWidget(file, model="fake", journal=named) as widget:
        widget.add_point(3, 3)
        widget.accept("cup")
        widget.image = second
        assert widget.annotations.journal == tmp_path / "second.png.sam.jsonl"
        widget.add_point(300, 200)
        widget.accept("plate")
        # The first journal is free for others meanwhile.
        with open_annotations(file, named) as store:
            assert labels(store) == ["cup"]
        widget.image = file
        assert widget.annotations.journal == named
        assert labels(widget.annotations) == ["cup"]
        widget.image = coffee
        assert widget.annotations.journal is None
        widget.image = second
        assert labels(widget.annotations) == ["plate"]
    assert module._registry == {}


def test_a_widget_that_cannot_be_made_leaves_no_lock(file, recording_comm):
    from sam_widget.errors import AnnotationError, UnknownModel

    with pytest.raises(UnknownModel):
        SamWidget(file, model="no such model")
    assert module._registry == {}
    assert issubclass(AnnotationError, ValueError)


def test_threads_that_write_at_once_share_their_fsyncs(image, path, monkeypatch):
    real, calls = os.fsync, []
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append(fd), real(fd))[1])
    with open_annotations(image, path) as store:

        def work(number):
            for at in range(25):
                store.add(made(f"{number} {at}"))
                assert store.saved or store.problem == ""

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(60)
        before = state_of(store)
        assert store.saved
    print(f"200 changes by 8 threads: {len(calls)} fsyncs")
    with open_annotations(image, path) as store:
        assert state_of(store) == before
        assert len(store) == 200


def test_a_store_that_nobody_closes_is_there_for_the_next_cell(image, path):
    store = open_annotations(image, path)
    store.add(made("cup"))
    del store
    gc.collect()
    with open_annotations(image, path) as again:
        assert labels(again) == ["cup"]
        assert again.undo()


def is_free(path):
    """Whether no user of this process has the journal open."""
    return os.path.realpath(path) not in module._registry


def test_closing_twice_lets_go_of_nobody_else(image, path):
    with open_annotations(image, path) as store:
        other = open_annotations(image, path)
        other.close()
        other.close()
        assert not is_free(path)
        store.add(made("cup"))
        assert store.saved is True
        other.add(made("plate"))  # as long as somebody has it open, nothing is lost
    assert is_free(path)
    with open_annotations(image, path) as store:
        assert labels(store) == ["cup", "plate"]


def test_a_widget_that_is_closed_in_many_ways_lets_go_of_nobody_else(file, recording_comm):
    with SamWidget(file, model="fake") as staying:
        for ends in (("close", "close"), ("__exit__", "close"), ("close", "__exit__")):
            other = SamWidget(file, model="fake")
            other.annotations.close()
            for end in ends:
                getattr(other, end)()
            other.annotations.close()
            staying.add_point(3, 3)
            staying.accept("cup")
            assert staying.annotations.saved is True
        Widget.close_all()
    assert is_free(f"{file}.sam.jsonl")


def test_a_series_that_is_gone_through_twice_lets_go_of_nobody_else(file, recording_comm):
    folder = file.parent
    Image.fromarray(np.zeros((HEIGHT, WIDTH, 3), np.uint8)).save(folder / "second.png")
    with SamWidget.from_folder(folder, model="fake") as one:
        with SamWidget.from_folder(folder, model="fake") as other:
            for _ in range(2):
                other.next()
                other.previous()
        other.close()
        one.add_point(3, 3)
        one.accept("cup")
        assert one.annotations.saved is True


def test_what_nobody_can_reach_holds_no_journal(image, path):
    kept = open_annotations(image, path)
    kept.add(made("cup"))
    for _ in range(3):
        open_annotations(image, path)
    gc.collect()
    assert finish_releasing(30)
    assert not is_free(path)
    session = Session(image, FakePredictor(), annotations=kept)
    del kept
    gc.collect()
    assert finish_releasing(30)
    assert not is_free(path)  # the session has it
    del session
    gc.collect()
    assert finish_releasing(30)
    assert is_free(path)


def test_what_could_not_be_saved_is_kept_though_nobody_can_reach_it(image, path, monkeypatch):
    def full(_descriptor):
        raise OSError(errno.ENOSPC, "full")

    store = open_annotations(image, path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        store.add(made("cup"))
        assert store.saved is False
        del store
        gc.collect()
        assert finish_releasing(30)
    with open_annotations(image, path) as again:
        assert labels(again) == ["cup"]


def change_somehow(store, data):
    """Draw a change of a store and make it."""
    kind = data.draw(st.sampled_from(["add", "edit", "remove", "order", "many", "undo"]))
    items = list(store)
    if kind == "add" or not items:
        store.add(made(data.draw(st.text(max_size=9))), data.draw(st.none() | st.integers(0, 5)))
    elif kind == "edit":
        one = data.draw(st.sampled_from(items))
        store.replace(replace(one, label=data.draw(st.text(max_size=9)), visible=False))
    elif kind == "remove":
        store.remove(data.draw(st.sampled_from(items)))
    elif kind == "order":
        store.reorder([one.id for one in data.draw(st.permutations(items))])
    elif kind == "many":
        gone = data.draw(st.lists(st.sampled_from(items), max_size=2, unique_by=id))
        store.edit(remove=gone, put=[made("a"), made("b")])
    else:
        data.draw(st.sampled_from([store.undo, store.redo]))()


def test_any_history_comes_back_as_it_was(image, tmp_path_factory):
    folder = tmp_path_factory.mktemp("histories")
    numbers = itertools.count()

    def live(data, path):
        store = open_annotations(image, path)
        for _ in range(data.draw(st.integers(1, 12))):
            change_somehow(store, data)
            if data.draw(st.integers(0, 4)) == 0:
                before = state_of(store)
                store.transactions._recorder._untidy = data.draw(
                    st.booleans()
                )  # as a whole, or line by line
                store.close()
                store = open_annotations(image, path)
                assert state_of(store) == before

    @given(st.data())
    @settings(max_examples=40)
    def check(data):
        path = folder / f"{next(numbers)}.sam.jsonl"
        try:
            live(data, path)
        finally:
            for one in tuple(module._registry.values()):
                one.abandon()

    check()


# ---- other processes ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nursery():
    nursery = Nursery()
    yield nursery
    nursery.close()


def test_of_two_processes_one_writes_and_one_is_refused(nursery, tmp_path):
    path = tmp_path / "a.sam.jsonl"
    wrote = set()
    for seed in range(100):
        nursery.start(*({"do": "compete", "journal": str(path), "seed": seed} for _ in range(2)))
        said = [nursery.hear() for _ in range(2)]
        refused = [one["refused"] for one in said if "refused" in one]
        assert len(refused) == 1, said
        assert "in use by another process" in refused[0]
        wrote |= {one["wrote"] for one in said if "wrote" in one}
        nursery.send("now")
        assert all("ended" in nursery.hear() for _ in range(2))
    assert wrote == set(range(100))
    with open_annotations(photo(), path) as store:
        assert store.report == ""
        assert dict(store.properties) == {f"series-{seed}": seed for seed in range(100)}


def test_a_read_only_folder_is_warned_of_once_and_done_without(nursery, tmp_path):
    folder, out = tmp_path / "folder", tmp_path / "out"
    for one in (folder, out):
        one.mkdir()
    Image.fromarray(photo()).save(folder / "photo.png")
    temporary = Path(tempfile.gettempdir())
    for one in (tmp_path, *(up for up in tmp_path.parents if temporary in up.parents)):
        one.chmod(0o755)
    out.chmod(0o777)
    folder.chmod(0o555)
    try:
        nursery.start({"do": "readonly", "image": str(folder / "photo.png")})
        said, again, _ = (nursery.hear() for _ in range(3))
    finally:
        folder.chmod(0o755)
    (warning,) = said["warnings"]
    assert "Changes are not saved" in warning
    assert "it may not be written" in warning
    assert said["document"]["state"] == "unsaved"
    assert "photo.png.sam.jsonl" in said["document"]["note"]
    assert (said["objects"], said["saved"]) == (1, True)
    assert again["again"] == 1
    assert again["problem"]["code"] == "journal"
    assert "named.sam.jsonl: it may not be written" in again["problem"]["message"]
    assert [one.name for one in folder.iterdir()] == ["photo.png"]


def test_objects_of_a_journal_that_cannot_be_written_are_shown(file, monkeypatch):
    with open_annotations(file) as store:
        store.add(made("cup"))
    store_file = file.with_name("photo.png.sam.jsonl")
    content = store_file.read_bytes()
    real = os.open

    def refuse(path, flags, *mode):
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, *mode)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.warns(JournalWarning, match="not saved"):
        store = open_annotations(file)
    store.add(made("plate"))
    assert labels(store) == ["cup", "plate"]
    assert store.saved is None
    assert store_file.read_bytes() == content


def test_a_forked_child_neither_writes_nor_keeps_the_lock(tmp_path):
    code = (
        "import os, sys, numpy as np\n"
        "sys.path[:0] = sys.argv[2:]\n"
        "from test_journal import made\n"
        "from sam_widget import open_annotations\n"
        "store = open_annotations(np.zeros((6, 8, 3), np.uint8), sys.argv[1])\n"
        "store.add(made('cup'))\n"
        "reader, writer = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    store.add(made('of the child'))\n"
        "    os.write(writer, b'x')\n"
        "    os.read(0, 1)\n"
        "    os._exit(0)\n"
        "os.read(reader, 1)\n"
        "print('ready', flush=True)\n"
        "os._exit(0)\n"
    )
    path = tmp_path / "a.sam.jsonl"
    arguments = [sys.executable, "-c", code, str(path), *TEST_FOLDERS]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.wait(30)
        # The child lives on, for as long as its standard input is open.
        with open_annotations(np.zeros((6, 8, 3), np.uint8), path) as store:
            assert labels(store) == ["cup"]


def test_a_store_of_a_closed_widget_can_still_be_saved(file, recording_comm):
    with SamWidget(file, model="fake") as widget:
        widget.annotations.add(made("cup"))
        store = widget.annotations
    assert store.saved is None
    assert len(json.loads(store.save(file.with_name("a.coco.json")).read_text())["images"]) == 1
    assert isinstance(store, AnnotationStore)


def test_refusing_is_for_other_processes_only(image, path):
    with open_annotations(image, path):
        with open_annotations(image, path) as same:
            assert same.journal == path
        with pytest.raises(JournalInUse, match=r"this very process.* Restart the kernel"):
            module.JournalFile(path)


def test_a_process_that_ends_in_order_leaves_no_empty_journals(tmp_path):
    code = OPENER + (
        "from sam_widget import Session, load_image\n"
        "image = load_image(image)\n"
        "store = open_annotations(image, sys.argv[1])\n"
        "Session(image, annotations=store).announce_labels(['a'])\n"
    )
    path = tmp_path / "a.sam.jsonl"
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_steps_of_one_object_write_their_mask_once(image, path):
    mask = np.eye(HEIGHT, WIDTH) > 0
    steps = tuple(Step(Prompts(points=[(1, 1)] * n, mask=mask.copy())) for n in range(1, 100))
    with open_annotations(image, path) as store:
        store.add(made("cup", recipe=Recipe(steps, "0" * 16)))
    assert len(json.loads(lines(path)[-1])["put"][0][1]["masks"]) == 1
    with open_annotations(image, path) as store:
        again = store[0].recipe
    assert again.steps == steps
    assert len({id(step.prompts.compact_mask) for step in again.steps}) == 1
