"""The file under a journal: appended to, cut back, replaced, and never another's."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from sam_widget.errors import JournalInUse
from sam_widget.storage.journal_file import JournalFile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.jsonl"


@pytest.fixture
def file(path):
    opened = JournalFile(path)
    yield opened
    opened.forget()


def test_what_is_appended_is_there(path, file):
    file.append(b"one\n")
    file.append(b"two\n")
    assert path.read_bytes() == file.content() == b"one\ntwo\n"
    file.cut(4)
    file.append(b"three\n")
    assert (path.read_bytes(), file.size) == (b"one\nthree\n", 10)
    file.close()
    again = JournalFile(path)
    assert (again.size, again.content()) == (10, b"one\nthree\n")
    again.close()


def test_half_a_write_is_cut_off(path, file, monkeypatch):
    file.append(b"one\n")
    real_write, real_cut = os.write, os.ftruncate

    def half(descriptor, data):
        real_write(descriptor, bytes(data)[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    def refuse(descriptor, size):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space"):
            file.append(b"two\n")
        assert path.read_bytes() == b"one\n"
        patch.setattr(os, "ftruncate", refuse)
        with pytest.raises(OSError, match="No space"):
            file.append(b"two\n")
        assert path.read_bytes() == b"one\ntwo"
    monkeypatch.setattr(os, "ftruncate", real_cut)
    # What could not be cut off then is cut off before the next write.
    file.append(b"2\n")
    assert path.read_bytes() == b"one\n2\n"


def test_a_replaced_file_stays_locked_and_keeps_its_permissions(path, file):
    path.chmod(0o640)
    file.append(b"long, long\n")
    with path.open("rb") as reader:
        file.replace(b"short\n")
        assert reader.read() == b"long, long\n"
    assert path.read_bytes() == file.content() == b"short\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert file.is_in_place()
    with pytest.raises(JournalInUse, match=r"this very process.* Restart the kernel"):
        JournalFile(path)
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_replacement_changes_nothing(path, file, monkeypatch):
    file.append(b"old\n")

    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(OSError, match="Input/output"):
            file.replace(b"new\n")
    file.append(b"more\n")
    assert path.read_bytes() == b"old\nmore\n"
    assert list(path.parent.iterdir()) == [path]


def test_closing_may_remove_the_file(path, file):
    file.close(remove=True)
    assert (file.closed, path.exists()) == (True, False)
    moved = JournalFile(path)
    path.rename(path.with_name("moved"))
    moved.close(remove=True)
    assert path.with_name("moved").exists()
