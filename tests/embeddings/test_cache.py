"""The cache: what is kept, what is trusted, who waits for whom; and filling it ahead."""

from __future__ import annotations

import errno
import gc
import json
import logging
import os
import random
import shutil
import struct
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest
from model_frames import FRAMES
from PIL import Image

from sam_widget import EmbeddingCache, FakePredictor, Prompts, load_image, precompute
from sam_widget.embeddings.cache import choose_cache
from sam_widget.embeddings.folder import MAX_ENTRY_BYTES, EmbeddingKey
from sam_widget.errors import ImageError, ModelError
from sam_widget.predictors import ModelFrame

pytestmark = pytest.mark.usefixtures("any_frame")

PROMPTS = Prompts(points=[(30, 20)])


@pytest.fixture
def side(any_frame):
    """Cells along a side of what the fake predictor keeps of an image."""
    return FakePredictor().frame((40, 60)).logits_side


@pytest.fixture
def size(side):
    """Bytes of one image encoded by the fake predictor."""
    return side * side * 3 * 4


class Small(FakePredictor):
    """Stores a hundred numbers instead of 196,608, so that every single byte can be tried."""

    preprocessing = "6 x 6 of the cells"

    def encode(self, image, progress=None):
        whole = super().encode(image, progress)
        cells = np.linspace(0, len(whole.features) - 1, 6).astype(int)
        colours = whole.features[np.ix_(cells, cells)]
        return self.unpack({"colours": colours}, whole.frame, whole.image_digest)

    def unpack(self, arrays, frame, image_digest):
        colours = arrays["colours"]
        if colours.shape != (6, 6, 3) or colours.dtype != np.float32:
            raise ModelError(f"expected float32 (6, 6, 3), got {colours.shape}.")
        side = frame.logits_side
        whole = {"colours": np.zeros((side, side, 3), np.float32)}
        made = super().unpack(whole, frame, image_digest)
        object.__setattr__(made, "features", colours)
        return made


class Unstorable:
    """A predictor of somebody's own, written before there was progress or storing."""

    name, device, model_digest = "mine", "cpu", "0" * 64

    def __init__(self):
        self.inner = FakePredictor()
        self.encode_calls = 0

    def encode(self, image):
        self.encode_calls += 1
        return self.inner.encode(image)

    def decode(self, embedding, prompts, multimask=None):
        return self.inner.decode(embedding, prompts, multimask)


def picture(seed, shape=(40, 60)):
    return np.random.default_rng(seed).integers(0, 255, (*shape, 3), dtype=np.uint8)


def entry(folder):
    (path,) = folder.glob("*.safetensors")
    return path


# ---- memory -------------------------------------------------------------------------------------


def test_the_same_pixels_are_encoded_once(coffee):
    cache, predictor = EmbeddingCache(), FakePredictor()
    first = cache.get_or_encode(predictor, coffee)
    assert cache.get_or_encode(predictor, load_image(coffee.copy())) is first
    assert cache.get_or_encode(FakePredictor(), coffee) is first
    assert predictor.encode_calls == 1
    assert cache.info()[:4] == (2, 0, 1, 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: setattr(p, "model_digest", "1" * 64),
        lambda p: setattr(p, "preprocessing", "another"),
        lambda p: setattr(p, "device", "cuda"),
        lambda p: setattr(p, "__class__", Small),
    ],
)
def test_other_weights_preprocessing_device_or_class_share_nothing(change):
    cache, other = EmbeddingCache(), FakePredictor()
    change(other)
    cache.get_or_encode(FakePredictor(), picture(0))
    assert cache.find(other, picture(0)) is None
    assert cache.find(FakePredictor(), picture(1)) is None


def test_memory_stays_within_its_budget_and_the_longest_unused_go(size):
    cache, predictor = EmbeddingCache(3 * size + 5), FakePredictor()
    for seed in (0, 1, 2, 0, 3):
        cache.get_or_encode(predictor, picture(seed))
        assert cache.nbytes <= cache.max_bytes
    assert cache.info().entries == 3
    kept = [cache.find(predictor, picture(seed)) is not None for seed in range(4)]
    assert kept == [True, False, True, True]
    cache.clear()
    assert cache.nbytes == cache.info().entries == 0


def test_what_is_larger_than_the_budget_is_usable_and_not_kept(tmp_path, size):
    cache, predictor = EmbeddingCache(size - 1, tmp_path), FakePredictor()
    embedding = cache.get_or_encode(predictor, picture(0))
    assert predictor.decode(embedding, PROMPTS).masks.shape == (3, 40, 60)
    assert cache.nbytes == 0
    cache.get_or_encode(predictor, picture(0))
    assert predictor.encode_calls == 1  # it came from the folder
    assert cache.info().folder_hits == 1


def test_an_unstorable_predictor_shares_with_nobody_and_leaves_nothing_behind(tmp_path, size):
    cache, predictor = EmbeddingCache(folder=tmp_path), Unstorable()
    embedding = cache.get_or_encode(predictor, picture(0), progress=lambda share: None)
    assert cache.get_or_encode(predictor, picture(0)) is embedding
    assert cache.get_or_encode(Unstorable(), picture(0)) is not embedding
    assert predictor.encode_calls == 1
    assert list(tmp_path.iterdir()) == []
    released = weakref.ref(embedding)
    del predictor, embedding
    gc.collect()
    cache.get_or_encode(FakePredictor(), picture(1))
    assert released() is None
    assert cache.nbytes == size


@pytest.mark.parametrize("bad", [{"max_bytes": -1}, {"max_bytes": "1 GB"}, {"folder_bytes": -5}])
def test_budgets_are_checked(bad):
    with pytest.raises(ModelError, match="bytes"):
        EmbeddingCache(**bad)


def test_what_cache_may_be(tmp_path, monkeypatch):
    own = EmbeddingCache()
    assert choose_cache(own) is own
    assert choose_cache(False) is None
    assert choose_cache() is choose_cache(True)
    assert choose_cache().folder is None
    assert choose_cache(str(tmp_path)) is choose_cache(tmp_path)
    assert choose_cache(tmp_path).folder == tmp_path
    monkeypatch.setenv("SAM_WIDGET_EMBEDDINGS", str(tmp_path / "new"))
    assert choose_cache().folder == tmp_path / "new"
    file = tmp_path / "file"
    file.touch()
    for bad in (5, None, file):
        with pytest.raises(ModelError, match="folder"):
            choose_cache(bad)


# ---- several at once ----------------------------------------------------------------------------


def in_threads(count, work):
    results = [None] * count

    def run(index):
        try:
            results[index] = work(index)
        except BaseException as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_threads_that_ask_at_once_encode_once():
    cache, predictor = EmbeddingCache(0), FakePredictor(encode_delay=0.3)
    together = threading.Barrier(4)

    def ask(_):
        together.wait()
        return cache.get_or_encode(predictor, picture(0))

    results = in_threads(4, ask)
    assert predictor.encode_calls == 1
    assert all(result is results[0] for result in results)


class Stop(BaseException):
    pass


def test_who_waits_encodes_itself_when_the_first_is_cancelled():
    cache, predictor = EmbeddingCache(), FakePredictor(encode_delay=0.5)
    begun, waiting = threading.Event(), threading.Event()

    def ask(index):
        if index == 0:

            def progress(share):
                begun.set()
                if waiting.is_set():
                    raise Stop

            return cache.get_or_encode(predictor, picture(0), progress)
        assert begun.wait(30)
        return cache.get_or_encode(predictor, picture(0), lambda share: waiting.set())

    first, second = in_threads(2, ask)
    assert isinstance(first, Stop)
    assert predictor.decode(second, PROMPTS).masks.shape == (3, 40, 60)
    assert predictor.encode_calls == 1
    assert cache.get_or_encode(predictor, picture(0)) is second


def test_waiting_can_be_cancelled_and_sees_how_far_the_other_is():
    cache, predictor = EmbeddingCache(), FakePredictor(encode_delay=1)
    begun = threading.Event()
    seen = []

    def stop(share):
        seen.append(share)
        if len(seen) == 3:
            raise Stop

    def ask(index):
        if index == 0:
            return cache.get_or_encode(predictor, picture(0), lambda share: begun.set())
        assert begun.wait(30)
        return cache.get_or_encode(predictor, picture(0), stop)

    first, second = in_threads(2, ask)
    assert isinstance(second, Stop)
    assert first.image_digest == load_image(picture(0)).digest
    assert 0 < seen[0] <= seen[-1] < 1


def test_a_failure_is_everybodys_own():
    class Failing(FakePredictor):
        def encode(self, image, progress=None):
            super().encode(image, progress)
            raise RuntimeError("out of memory")

    cache, predictor = EmbeddingCache(), Failing(encode_delay=0.1)
    results = in_threads(3, lambda _: cache.get_or_encode(predictor, picture(0)))
    assert [str(result) for result in results] == ["out of memory"] * 3
    assert cache.info().entries == 0


# ---- on disk ------------------------------------------------------------------------------------


def test_a_stored_embedding_decodes_the_same_without_encoding(tmp_path, coffee):
    before = FakePredictor()
    embedding = EmbeddingCache(folder=tmp_path).get_or_encode(before, coffee)
    after = FakePredictor()
    stored = EmbeddingCache(folder=tmp_path).get_or_encode(after, coffee)
    assert after.encode_calls == 0
    assert (stored.frame, stored.image_digest, stored.nbytes) == (
        embedding.frame,
        embedding.image_digest,
        embedding.nbytes,
    )
    prompts = Prompts(points=[(300, 200)])
    expected, found = (p.decode(e, prompts) for p, e in ((before, embedding), (after, stored)))
    np.testing.assert_array_equal(found.logits, expected.logits)
    np.testing.assert_array_equal(found.scores, expected.scores)


def test_flipping_any_one_byte_is_noticed_and_the_entry_replaced(tmp_path, caplog):
    predictor = Small()
    EmbeddingCache(folder=tmp_path).get_or_encode(predictor, picture(0))
    path = entry(tmp_path)
    content = path.read_bytes()
    rng = random.Random(0)
    for position in range(len(content)):
        damaged = bytearray(content)
        # One random bit, and sometimes the one that turns "a" into "A".
        damaged[position] ^= rng.choice([1 << rng.randrange(8), 0x20])
        path.write_bytes(damaged)
        assert EmbeddingCache(folder=tmp_path).find(predictor, picture(0)) is None, position
    assert len(caplog.records) == len(content)
    EmbeddingCache(folder=tmp_path).get_or_encode(predictor, picture(0))
    assert EmbeddingCache(folder=tmp_path).find(predictor, picture(0)) is not None
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def head_of(length, text):
    return struct.pack("<Q", length) + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 7,
        b"\x00" * 8,
        head_of(2**63, b"{}"),
        head_of(50_000, b"{}"),
        head_of(60_000, b"[" * 60_000),
        head_of(2, b"{}") + b"\x00" * 1000,
        b"<!DOCTYPE html><html></html>",
        b"\x80\x04\x95 a pickle",
    ],
)
def test_files_of_any_other_kind_are_refused(tmp_path, content):
    predictor = FakePredictor()
    cache = EmbeddingCache(0, tmp_path)
    cache.get_or_encode(predictor, picture(0))
    path = entry(tmp_path)
    path.write_bytes(content)
    assert cache.find(predictor, picture(0)) is None
    cache.get_or_encode(predictor, picture(0))
    assert cache.find(predictor, picture(0)) is not None


def test_cut_short_or_grown_at_any_place(tmp_path):
    predictor = Small()
    EmbeddingCache(folder=tmp_path).get_or_encode(predictor, picture(0))
    path = entry(tmp_path)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        assert EmbeddingCache(folder=tmp_path).find(predictor, picture(0)) is None
    path.write_bytes(content + b"\x00")
    assert EmbeddingCache(folder=tmp_path).find(predictor, picture(0)) is None


def test_an_entry_of_another_image_is_not_taken_for_this_one(tmp_path):
    predictor = FakePredictor()
    cache = EmbeddingCache(0, tmp_path)
    cache.get_or_encode(predictor, picture(0))
    foreign = entry(tmp_path)
    kept = foreign.read_bytes()
    foreign.unlink()
    cache.get_or_encode(predictor, picture(1))
    entry(tmp_path).write_bytes(kept)
    assert cache.find(predictor, picture(1)) is None


def test_a_huge_file_is_refused_before_it_is_read(tmp_path, caplog):
    predictor = FakePredictor()
    cache = EmbeddingCache(0, tmp_path)
    cache.get_or_encode(predictor, picture(0))
    with entry(tmp_path).open("r+b") as file:
        file.truncate(MAX_ENTRY_BYTES + 1)  # sparse: it takes no room
    assert cache.find(predictor, picture(0)) is None
    assert "268,435,457 bytes" in caplog.text


def test_a_pipe_in_an_entrys_place_does_not_block(tmp_path):
    predictor = FakePredictor()
    cache = EmbeddingCache(0, tmp_path)
    cache.get_or_encode(predictor, picture(0))
    path = entry(tmp_path)
    path.unlink()
    os.mkfifo(path)
    assert cache.find(predictor, picture(0)) is None
    cache.get_or_encode(predictor, picture(0))
    assert cache.find(predictor, picture(0)) is not None


def test_features_of_another_layout_are_refused_by_the_model(tmp_path, caplog):
    predictor = Small()
    cache = EmbeddingCache(0, tmp_path)
    cache.get_or_encode(predictor, picture(0))
    other = Small()
    other.unpack = FakePredictor().unpack  # a version that forgot to count its preprocessing up
    assert cache.find(other, picture(0)) is None
    assert "colours" in caplog.text


def test_the_fake_predictor_checks_what_it_unpacks(side):
    embedding = FakePredictor().encode(picture(0))
    for arrays in (
        {},
        {"colours": np.zeros((side, side, 3))},
        {"colours": np.zeros((side, side - 1, 3), np.float32)},
        {"colors": np.zeros((side, side, 3), np.float32)},
        {"colours": np.zeros((side, side, 3), np.float32), "more": np.zeros(1, np.float32)},
    ):
        with pytest.raises(ModelError, match="float32"):
            FakePredictor().unpack(arrays, embedding.frame, embedding.image_digest)


def test_a_folder_that_cannot_be_written_is_said_once(tmp_path, caplog):
    blocked = tmp_path / "file"
    cache, predictor = EmbeddingCache(0, blocked / "folder"), FakePredictor()
    blocked.touch()
    for seed in range(3):
        embedding = cache.get_or_encode(predictor, picture(seed))
    assert predictor.decode(embedding, PROMPTS).masks.any()
    assert len(caplog.records) == 1
    assert "cannot be kept" in caplog.text


def test_a_full_disk_is_said_once_and_leaves_nothing_behind(tmp_path, caplog, monkeypatch):
    cache, predictor = EmbeddingCache(0, tmp_path), FakePredictor()

    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    for seed in range(3):
        cache.get_or_encode(predictor, picture(seed))
    assert predictor.encode_calls == 3
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert list(tmp_path.iterdir()) == []


def test_a_predictor_that_cannot_pack_is_used_all_the_same(tmp_path, caplog, size):
    class Broken(FakePredictor):
        def pack(self, embedding):
            raise RuntimeError("not today")

    cache, predictor = EmbeddingCache(folder=tmp_path), Broken()
    assert cache.get_or_encode(predictor, picture(0)).nbytes == size
    assert "not today" in caplog.text


def test_memory_hits_reach_a_folder_that_lacks_them(tmp_path):
    folder = tmp_path / "embeddings"
    cache, predictor = EmbeddingCache(folder=folder), FakePredictor()
    cache.get_or_encode(predictor, picture(0))
    shutil.rmtree(folder)
    cache.get_or_encode(predictor, picture(0))
    assert entry(folder).is_file()
    assert predictor.encode_calls == 1


def test_the_folder_stays_within_its_budget_and_the_longest_unused_go(tmp_path):
    predictor = Small()
    sample = EmbeddingCache(folder=tmp_path / "sample")
    sample.get_or_encode(predictor, picture(0))
    size = entry(tmp_path / "sample").stat().st_size
    folder = tmp_path / "folder"
    cache = EmbeddingCache(0, folder, folder_bytes=3 * size + size // 2)
    stranger = folder / "notes.safetensors"
    for seed in range(5):
        cache.get_or_encode(predictor, picture(seed))
        for age, path in enumerate(sorted(folder.glob("?" * 64 + ".*"), key=os.path.getmtime)):
            os.utime(path, (age, age))  # the clock of a file system may be coarse
        stranger.touch()
        assert cache.find(predictor, picture(0)) is not None  # used, and so never the oldest
    assert len(list(folder.glob("?" * 64 + ".*"))) == 3
    kept = [cache.find(predictor, picture(seed)) is not None for seed in range(5)]
    assert kept == [True, False, False, True, True]
    cache.clear(folder=True)
    assert list(folder.iterdir()) == [stranger]


def test_processes_may_share_a_folder(tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from sam_widget import EmbeddingCache, FakePredictor\n"
        "cache, predictor = EmbeddingCache(0, sys.argv[1]), FakePredictor()\n"
        "for turn in range(6):\n"
        "    for seed in range(4):\n"
        "        image = np.full((20, 30, 3), seed, np.uint8)\n"
        "        embedding = cache.get_or_encode(predictor, image)\n"
        "        assert abs(embedding.features - seed / 255).max() < 1e-6\n"
        "print(predictor.encode_calls)\n"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path)]
    runs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert (run.returncode, err) == (0, "")  # nothing damaged was ever seen
        assert 0 <= int(out) <= 4
    assert len(list(tmp_path.iterdir())) == 4


def test_entries_are_safetensors_that_say_what_they_are(tmp_path):
    from safetensors import safe_open

    image = load_image(picture(0))
    EmbeddingCache(folder=tmp_path).get_or_encode(FakePredictor(), image)
    with safe_open(entry(tmp_path), "numpy") as file:
        metadata = file.metadata()
        assert list(file.keys()) == ["colours"]
    assert metadata["image_digest"] == image.digest
    assert metadata["model_digest"] == FakePredictor().model_digest
    assert metadata["size_hw"] == "40 x 60"


# ---- ahead --------------------------------------------------------------------------------------


def test_precompute_fills_skips_and_survives_bad_images(tmp_path, caplog, capsys):
    images, folder = tmp_path / "images", tmp_path / "embeddings"
    images.mkdir()
    for seed in range(3):
        Image.fromarray(picture(seed)).save(images / f"{seed}.png")
    (images / "bad.jpg").write_text("<html>not found</html>")
    (images / "notes.txt").write_text("not an image")
    predictor = FakePredictor()
    first = precompute(images, predictor, cache=folder, progress=False)
    assert (first.encoded, first.found) == (3, 0)
    ((source, error),) = first.failed
    assert source == images / "bad.jpg"
    assert isinstance(error, ImageError)
    assert "bad.jpg" in caplog.text
    choose_cache(folder).clear()
    Image.fromarray(picture(3)).save(images / "3.png")
    second = precompute([*sorted(images.glob("*.png"))], predictor, cache=folder)
    assert (second.encoded, second.found, second.failed) == (1, 3, ())
    assert "4/4" in capsys.readouterr().err
    assert predictor.encode_calls == 4
    (images / "lone").mkdir()
    with pytest.raises(ImageError, match="no image"):
        precompute(images / "lone", predictor, cache=folder)


def test_precompute_repairs_what_is_damaged(tmp_path):
    predictor = FakePredictor()
    cache = EmbeddingCache(0, tmp_path)
    precompute([picture(0)], predictor, cache=cache, progress=False)
    path = entry(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    done = precompute([picture(0)], predictor, cache=cache, progress=False)
    assert (done.encoded, done.found) == (1, 0)
    assert cache.find(predictor, picture(0)) is not None


def test_precompute_says_what_it_cannot_do(tmp_path, caplog, size):
    with pytest.raises(ModelError, match="cache=False"):
        precompute([picture(0)], "fake", cache=False)
    with pytest.raises(ImageError, match="no folder"):
        precompute(tmp_path / "photo.jpg", "fake")
    with pytest.raises(ImageError, match="int"):
        precompute(5, "fake")
    done = precompute(
        (picture(seed) for seed in range(3)), "fake", cache=EmbeddingCache(size), progress=False
    )
    assert done.encoded == 3
    assert "newest 1 of 3" in caplog.text


def test_precompute_takes_one_image_for_a_list_of_one():
    assert precompute(picture(0), FakePredictor(), progress=False).encoded == 1
    assert precompute(np.stack([picture(1), picture(2)]), FakePredictor()).encoded == 2


def test_the_head_of_an_entry_is_plain_json(tmp_path, side):
    EmbeddingCache(folder=tmp_path).get_or_encode(FakePredictor(), picture(0))
    content = entry(tmp_path).read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    assert json.loads(content[8 : 8 + length])["colours"]["shape"] == [side, side, 3]


# ---- frames -------------------------------------------------------------------------------------


def test_files_of_version_0_1_have_the_names_that_they_had():
    key = EmbeddingKey("1" * 64, "2" * 64, "3: anything", ModelFrame(40, 60))
    assert list(key.metadata()) == [
        "format",
        "image_digest",
        "model_digest",
        "preprocessing",
        "size_hw",
    ]
    known = "362fe7bdcbc1bd267f44aa74566f81d4e1f8ba49966168dc7bdb135bd80d5a2f"
    assert key.file_name == f"{known}.safetensors"


def test_embeddings_of_another_frame_are_other_embeddings(tmp_path):
    class Changed(FakePredictor):
        """The same weights in another frame, by somebody who changed nothing else."""

        model_digest = property(lambda self: "0" * 64, lambda self, value: None)

    cache = EmbeddingCache(folder=tmp_path)
    frames = []
    for sides in FRAMES.values():
        predictor = Changed(**sides)
        assert cache.find(predictor, picture(0)) is None
        embedding = cache.get_or_encode(predictor, picture(0))
        frames.append(embedding.frame)
        assert EmbeddingCache(folder=tmp_path).find(predictor, picture(0)).frame == embedding.frame
    assert len(set(frames)) == len(list(tmp_path.iterdir())) == len(FRAMES)


def test_an_older_predictor_that_can_be_stored_is(tmp_path):
    class Old(Unstorable):
        preprocessing = "1"

        def pack(self, embedding):
            return self.inner.pack(embedding)

        def unpack(self, arrays, frame, image_digest):
            return self.inner.unpack(arrays, frame, image_digest)

    before, after = Old(), Old()
    for one in (before, after):
        one.inner = FakePredictor(**FRAMES["sam"])  # the only frame there was
    EmbeddingCache(folder=tmp_path).get_or_encode(before, picture(0))
    found = EmbeddingCache(folder=tmp_path).get_or_encode(after, picture(0))
    assert (before.encode_calls, after.encode_calls) == (1, 0)
    assert found.frame == ModelFrame(40, 60)
