import hashlib
import os
import re
from pathlib import Path

import pytest

from sam_widget.errors import UnknownModel, WeightsError
from sam_widget.predictors.sam import checkpoints, download


def test_the_table():
    assert list(checkpoints.OFFICIAL) == ["vit_b", "vit_l", "vit_h"]
    for name, checkpoint in checkpoints.OFFICIAL.items():
        assert checkpoint.name == name
        assert re.fullmatch(r"[0-9a-f]{64}", checkpoint.sha256)
        assert re.fullmatch(rf"sam_{name}_[0-9a-f]{{6}}\.pth", checkpoint.file_name)
        assert checkpoint.url.startswith("https://dl.fbaipublicfiles.com/segment_anything/")
    with pytest.raises(TypeError):
        checkpoints.OFFICIAL["vit_x"] = None


def test_the_advice_has_all_that_is_needed_offline():
    checkpoint = checkpoints.official("vit_b")
    advice = checkpoint.advice(Path("/cache/sam_vit_b_01ec64.pth"))
    for part in (checkpoint.url, checkpoint.sha256, "/cache/sam_vit_b", "checkpoint=", "375 MB"):
        assert part in advice


def test_an_unknown_name():
    with pytest.raises(UnknownModel, match="vit_b, vit_l, vit_h"):
        download.fetch("vit_t")


def test_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.delenv(checkpoints.CACHE_VARIABLE, raising=False)
    assert checkpoints.cache_folder().name == "sam_widget"
    monkeypatch.setenv(checkpoints.CACHE_VARIABLE, str(tmp_path))
    assert checkpoints.cache_folder() == tmp_path
    monkeypatch.setenv(checkpoints.CACHE_VARIABLE, "~/weights")
    assert checkpoints.cache_folder() == Path.home() / "weights"


def test_a_cached_file_is_taken_if_it_is_the_official_one(monkeypatch, tmp_path):
    monkeypatch.setenv(checkpoints.CACHE_VARIABLE, str(tmp_path))
    content = b"weights"
    entry = checkpoints.Checkpoint(
        "vit_b", "http://127.0.0.1:9/b.pth", hashlib.sha256(content).hexdigest(), len(content)
    )
    monkeypatch.setattr(checkpoints, "OFFICIAL", {"vit_b": entry})
    path = tmp_path / "b.pth"
    path.write_bytes(content)
    assert download.fetch("vit_b") == path

    path.write_bytes(b"<html><title>404</title></html>")
    with pytest.raises(WeightsError, match=r'page titled "404".*Delete it.*checkpoint=') as caught:
        download.fetch("vit_b")
    assert entry.sha256 in str(caught.value)
    assert path.exists()  # what a user put there is not ours to delete


def test_a_digest_is_remembered_until_the_file_changes(tmp_path, monkeypatch):
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    os.utime(path, ns=(1, 1))
    first = checkpoints.sha256_of(path)
    assert first == hashlib.sha256(b"one").hexdigest()

    reads = []
    original = Path.open
    monkeypatch.setattr(Path, "open", lambda *a, **k: reads.append(a) or original(*a, **k))
    assert checkpoints.sha256_of(path) == first
    assert not reads

    path.write_bytes(b"two")
    os.utime(path, ns=(2, 2))
    assert checkpoints.sha256_of(path) == hashlib.sha256(b"two").hexdigest()


def test_a_large_files_digest_is_remembered_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv(checkpoints.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(checkpoints, "_MEMO_BYTES", 3)
    memos = tmp_path / "cache" / "digests"
    path = tmp_path / "weights"

    def in_a_new_session():
        checkpoints._digests.clear()
        return checkpoints.sha256_of(path)

    first, other = hashlib.sha256(b"one").hexdigest(), hashlib.sha256(b"two").hexdigest()
    # Just written: a second write could have the same time.
    path.write_bytes(b"one")
    assert in_a_new_session() == first
    assert not memos.exists()
    os.utime(path, ns=(5, 5))
    assert in_a_new_session() == first
    (memo,) = memos.iterdir()
    # Proof that it is not read again: what only the memo can know.
    path.write_bytes(b"two")
    os.utime(path, ns=(5, 5))
    assert in_a_new_session() == first
    # Another time, another size, another path: another file.
    os.utime(path, ns=(6, 6))
    assert in_a_new_session() == other
    path.write_bytes(b"three")
    os.utime(path, ns=(6, 6))
    assert in_a_new_session() == hashlib.sha256(b"three").hexdigest()
    # A damaged memo is ignored and written again.
    kept = memo.read_bytes()
    memo.write_bytes(kept.replace(b'"', b"'", 1))
    assert in_a_new_session() == hashlib.sha256(b"three").hexdigest()
    assert memo.read_bytes() == kept
    # Small files are not worth it.
    monkeypatch.setattr(checkpoints, "_MEMO_BYTES", 6)
    memo.unlink()
    assert in_a_new_session() == hashlib.sha256(b"three").hexdigest()
    assert not memo.exists()


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(WeightsError, match="readable file of weights"):
        checkpoints.sha256_of(tmp_path / "none")


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"  <!DOCTYPE html>\n<TITLE>Log\nin</TITLE>", 'titled "Log\nin"'),
        (b"\xef\xbb\xbf<html>", "HTML"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code>', "XML"),
        (b"version https://git-lfs.github.com/spec/v1", "LFS"),
        (b'{"detail": "not found"}', "JSON"),
    ],
)
def test_wrong_files_are_described(head, what):
    assert what in checkpoints.describe_wrong_bytes(head)


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\x80\x02\x8a", b"\x00" * 9])
def test_what_may_be_weights_is_left_to_torch(head):
    assert checkpoints.describe_wrong_bytes(head) is None
