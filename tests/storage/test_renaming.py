"""Names that last: on file systems that cannot force a folder, and where others bar a rename."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from sam_widget.storage import JournalFile, renaming, write_atomically, write_new_file
from sam_widget.storage.renaming import replace_file, sync_folder


def fsync_that_fails_for_folders(monkeypatch, code):
    real, calls = os.fsync, []

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            calls.append(descriptor)
            raise OSError(code, os.strerror(code))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return calls


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF])
def test_a_folder_that_cannot_be_forced_fails_no_write(tmp_path, monkeypatch, code):
    calls = fsync_that_fails_for_folders(monkeypatch, code)
    write_atomically(tmp_path / "a", b"whole")
    write_new_file(tmp_path / "b", b"new")
    journal = JournalFile(tmp_path / "c")
    journal.append(b"line\n")
    journal.replace(b"other\n")
    journal.force_name()
    journal.close()
    assert len(calls) == 4
    contents = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert contents == {"a": b"whole", "b": b"new", "c": b"other\n"}


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_an_error_of_the_disk_is_one(tmp_path, monkeypatch, code):
    fsync_that_fails_for_folders(monkeypatch, code)
    with pytest.raises(OSError, match=os.strerror(code)):
        sync_folder(tmp_path)
    journal = JournalFile(tmp_path / "c")
    with pytest.raises(OSError, match=os.strerror(code)):
        journal.append(b"line\n")
    assert (journal.size, journal.content()) == (0, b"")
    journal.close()


def test_a_folder_that_may_not_be_listed_fails_no_write(tmp_path, monkeypatch):
    real = os.open

    def refuse(path, flags, *mode, **named):
        if flags & os.O_DIRECTORY:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, *mode, **named)

    monkeypatch.setattr(os, "open", refuse)
    write_atomically(tmp_path / "a", b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"


def barred(monkeypatch, times):
    """Let renaming fail some times, as where another program has the file open."""
    real, calls = os.replace, []

    def replace(source, target):
        calls.append(source)
        if len(calls) <= times:
            raise PermissionError(errno.EACCES, "Access is denied")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    return calls


def test_a_rename_that_is_barred_for_a_moment_is_tried_again(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"new")
    calls = barred(monkeypatch, 3)
    monkeypatch.setattr(renaming, "RETRY_SECONDS", 30.0)
    replace_file(tmp_path / "a", tmp_path / "b")
    assert len(calls) == 4
    assert (tmp_path / "b").read_bytes() == b"new"


def test_a_rename_that_stays_barred_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "b").write_bytes(b"old")
    calls = barred(monkeypatch, 1000)
    monkeypatch.setattr(renaming, "RETRY_SECONDS", 0.1)
    with pytest.raises(PermissionError):
        write_atomically(tmp_path / "b", b"new")
    assert 2 <= len(calls) <= 20
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"b": b"old"}


def test_elsewhere_a_rename_that_may_not_be_fails_at_once(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"new")
    calls = barred(monkeypatch, 1000)
    monkeypatch.setattr(renaming, "RETRY_SECONDS", 0.0)
    with pytest.raises(PermissionError):
        replace_file(tmp_path / "a", tmp_path / "b")
    assert len(calls) == 1
