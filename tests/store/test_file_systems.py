"""What file systems answer, here and there: what is saved all the same, what is said, and later."""

from __future__ import annotations

import errno
import fcntl
import os
import stat

import numpy as np
import pytest
from PIL import Image

from sam_widget import Annotation, Rle, SamWidget, Series, open_annotations
from sam_widget.embeddings.folder import EmbeddingFolder, EmbeddingKey
from sam_widget.errors import JournalError, JournalInUse
from sam_widget.predictors.frame import ModelFrame
from sam_widget.storage import journal_file, locks
from sam_widget.storage.journal_file import JournalFile
from sam_widget.store import journal as module

PIXEL = Rle.encode(np.ones((6, 8), bool))
KEY = EmbeddingKey("i" * 64, "m" * 64, "1", ModelFrame(6, 8))


@pytest.fixture
def folder(tmp_path):
    for name in "ab":
        Image.fromarray(np.full((6, 8, 3), ord(name), np.uint8)).save(tmp_path / f"{name}.png")
    return tmp_path


def answer(monkeypatch, call, code, times=10**9):
    """Let a call of the system answer with an error; ``"fsync folder"`` is fsync of a folder."""
    owner = fcntl if call == "flock" else os
    name = call.split()[0]
    real, left = getattr(owner, name), [times]

    def failing(*arguments, **named):
        is_folder = name == "fsync" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode)
        if left[0] > 0 and is_folder == call.endswith("folder"):
            left[0] -= 1
            raise OSError(code, os.strerror(code))
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, failing)


def label(folder, text):
    """Add an annotation, mark an image, keep an embedding, export; return what is said of it."""
    series = Series.from_folder(folder)
    series.mark("done", 0)
    embeddings = EmbeddingFolder(folder / "embeddings")
    embeddings.write(KEY, {"image": np.ones(3, np.float32)})
    with open_annotations(folder / "a.png") as store:
        store.add(Annotation(PIXEL, text))
        said = (store.saved, store.problem, series.note)
        store.save(folder / "a.coco.json")
    return said


def found(folder):
    with open_annotations(folder / "a.png") as store:
        labels = [item.label for item in store]
        assert store.report == ""
    return labels, Series.from_folder(folder).statuses[0]


NOT_SUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
HARMLESS = [
    *[("fsync", code) for code in NOT_SUPPORTED],
    *[("fsync folder", code) for code in NOT_SUPPORTED],
    *[("fsync folder", code) for code in (errno.EACCES, errno.EPERM, errno.EBADF, errno.EISDIR)],
    *[("flock", code) for code in (*NOT_SUPPORTED, errno.ENOLCK)],
    *[("chmod", code) for code in (errno.EPERM, errno.ENOTSUP)],
    *[("fchmod", code) for code in (errno.EPERM, errno.ENOTSUP)],
    *[("ftruncate", code) for code in (errno.EPERM, errno.EINVAL)],
    *[("unlink", code) for code in (errno.EPERM, errno.EACCES)],
]


@pytest.mark.parametrize(
    ("call", "code"), HARMLESS, ids=[f"{call} {errno.errorcode[code]}" for call, code in HARMLESS]
)
def test_what_a_file_system_does_not_have_is_done_without(folder, monkeypatch, call, code):
    with monkeypatch.context() as patch:
        answer(patch, call, code)
        for text in ("cup", "plate"):  # the second time there is something to replace
            assert label(folder, text) == (True, "", "")
    assert found(folder) == (["cup", "plate"], "done")
    assert (folder / "a.coco.json").is_file()
    assert EmbeddingFolder(folder / "embeddings").read(KEY) is not None


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("call", ["fsync", "write", "fsync folder"])
def test_what_is_not_saved_is_said_and_saved_later(folder, monkeypatch, call, code):
    label(folder, "cup")
    with open_annotations(folder / "a.png") as store:
        series = Series.from_folder(folder)
        with monkeypatch.context() as patch:
            answer(patch, call, code)
            store.add(Annotation(PIXEL, "plate"))
            series.mark("skipped", 1)
            assert (store.saved, os.strerror(code) in store.problem) == (False, True)
            # Its file is written by Python's own code, whose calls are not watched.
            assert call == "write" or "in memory only" in series.note or call == "fsync folder"
        store.add(Annotation(PIXEL, "spoon"))
        series.mark("done", 0)
        assert (store.saved, store.problem, series.note) == (True, "", "")
    assert found(folder) == (["cup", "plate", "spoon"], "done")
    assert Series.from_folder(folder).statuses == ("done", "skipped")


@pytest.mark.parametrize("code", [errno.EPERM, errno.EINVAL, errno.EIO])
def test_where_a_file_cannot_be_cut_back_a_new_one_is_written(folder, monkeypatch, code):
    with open_annotations(folder / "a.png") as store:
        store.add(Annotation(PIXEL, "cup"))
        answer(monkeypatch, "ftruncate", code)
        answer(monkeypatch, "fsync", errno.EIO, times=1)
        store.add(Annotation(PIXEL, "plate"))
        assert store.saved is False
        store.add(Annotation(PIXEL, "spoon"))
        assert store.saved is True
    assert found(folder)[0] == ["cup", "plate", "spoon"]


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EBUSY, errno.EPERM])
def test_where_nothing_can_be_renamed_a_journal_goes_on_growing(folder, monkeypatch, code):
    monkeypatch.setattr(module, "COMPACT_ABOVE", 1000)
    answer(monkeypatch, "replace", code)
    with open_annotations(folder / "a.png") as store:
        for number in range(20):
            store.add(Annotation(PIXEL, str(number)))
            assert store.saved is True
    assert len(found(folder)[0]) == 20
    assert [path.suffix for path in folder.iterdir() if path.suffix == ".part"] == []


def test_a_file_that_was_deleted_on_the_server_is_written_again(folder, monkeypatch):
    with open_annotations(folder / "a.png") as store:
        store.add(Annotation(PIXEL, "cup"))
        store.journal.unlink()
        real = os.fstat
        old = os.fstat(store.transactions._recorder._file._file.descriptor).st_ino

        def stale(descriptor):
            status = real(descriptor)
            if status.st_ino == old:
                raise OSError(errno.ESTALE, "Stale file handle")
            return status

        monkeypatch.setattr(os, "fstat", stale)
        store.add(Annotation(PIXEL, "plate"))
        assert store.saved is True
    assert found(folder)[0] == ["cup", "plate"]


def test_a_file_whose_closing_fails_was_on_disk_before(folder, monkeypatch):
    real = os.close

    def close(descriptor):
        real(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    with open_annotations(folder / "a.png") as store:
        store.add(Annotation(PIXEL, "cup"))
        file = store.transactions._recorder._file
        with monkeypatch.context() as patch:
            patch.setattr(os, "close", close)
            patch.setattr(journal_file, "sync_folder", lambda _: None)
            file.replace(file.content())
        store.add(Annotation(PIXEL, "plate"))
    assert found(folder)[0] == ["cup", "plate"]


def test_without_locks_another_process_that_writes_is_noticed(folder, monkeypatch):
    answer(monkeypatch, "flock", errno.ENOLCK)
    path = folder / "x"
    one = JournalFile(path)
    one.append(b"one\n")
    other = JournalFile(path)
    other.append(b"other\n")
    with pytest.raises(JournalInUse, match="in use by another process"):
        one.append(b"two\n")
    assert path.read_bytes() == b"one\nother\n"
    one.close()
    other.close()


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.EACCES])
def test_a_journal_that_cannot_be_read_is_no_empty_one(folder, monkeypatch, code):
    label(folder, "cup")
    real, read_bytes = os.read, type(folder).read_bytes

    def refuse(path):
        if path.suffix == ".jsonl":
            raise OSError(code, os.strerror(code))
        return read_bytes(path)

    with monkeypatch.context() as patch:
        patch.setattr(type(folder), "read_bytes", refuse)
        with pytest.raises(JournalError, match=r"a\.png\.sam\.jsonl cannot be read"):
            Series.from_folder(folder).annotations(0)
    with monkeypatch.context() as patch:
        answer(patch, "read", code)
        with pytest.raises(JournalError, match=r"a\.png\.sam\.jsonl cannot be read"):
            open_annotations(folder / "a.png")
        with SamWidget.from_folder(folder, model="fake") as widget:
            assert widget.problem["code"] == "journal"
    assert real is os.read
    assert found(folder)[0] == ["cup"]


def test_where_open_files_bar_renaming_and_deleting_them(folder, monkeypatch):
    """As Windows does."""
    monkeypatch.setattr(locks, "BARS_OPEN_FILES", True)
    monkeypatch.setattr(journal_file, "BARS_OPEN_FILES", True)
    monkeypatch.setattr(module, "COMPACT_ABOVE", 1000)

    def barred(real):
        def act(path, *more, **named):
            opened = {os.fspath(file.path) for file in locks._open_files if not file.closed}
            if opened & {os.fspath(name) for name in (path, *more)}:
                raise PermissionError(errno.EACCES, "Access is denied")
            return real(path, *more, **named)

        return act

    for name in ("replace", "unlink"):
        monkeypatch.setattr(os, name, barred(getattr(os, name)))
    with open_annotations(folder / "a.png") as store:
        files = set()
        for number in range(20):
            store.add(Annotation(PIXEL, str(number)))
            assert store.saved is True
            files.add(store.journal.stat().st_ino)
        assert len(files) > 1  # it was written anew in between
        with pytest.raises(JournalInUse):
            JournalFile(store.journal)
    assert len(found(folder)[0]) == 20
    with open_annotations(folder / "b.png"):
        pass
    assert sorted(path.name for path in folder.iterdir()) == ["a.png", "a.png.sam.jsonl", "b.png"]
