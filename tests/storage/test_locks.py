"""Locks on files: against other processes, and gone with the one that held them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from sam_widget.storage import locks
from sam_widget.storage.locks import FileLocked, LockedFile

HOLD = (
    "import sys\n"
    "from pathlib import Path\n"
    "from sam_widget.storage.locks import LockedFile\n"
    "file = LockedFile(Path(sys.argv[1]))\n"
    "print('ready', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.lock"


@pytest.fixture
def other_process(path):
    """Another process that has locked the file."""
    pipe = subprocess.PIPE
    arguments = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def test_another_process_is_kept_out_and_told_who_has_it(path, other_process):
    with pytest.raises(FileLocked, match=f"{path} is locked by process {other_process.pid}"):
        LockedFile(path)


def test_a_lock_ends_with_its_process_however_that_ends(path, other_process):
    other_process.kill()
    other_process.wait(30)
    file = LockedFile(path)
    assert not file.closed
    file.close()


def test_a_file_is_locked_once_in_a_process_too(path):
    file = LockedFile(path)
    with pytest.raises(FileLocked) as caught:
        LockedFile(path)
    assert caught.value.holder == os.getpid()
    # A reader that is closed does not end it.
    path.read_bytes()
    with pytest.raises(FileLocked):
        LockedFile(path)
    file.close()
    assert file.closed
    LockedFile(path).close()


def test_nothing_is_left_behind(path):
    file = LockedFile(path)
    assert path.exists()
    file.close(remove=True)
    assert not path.exists()
    file.close(remove=True)


def test_only_the_file_itself_is_removed(path):
    file = LockedFile(path)
    path.rename(path.with_name("moved"))
    assert not file.is_in_place()
    path.write_bytes(b"of somebody else")
    assert not file.is_in_place()
    file.close(remove=True)
    assert path.read_bytes() == b"of somebody else"


def test_a_file_that_was_removed_while_waiting_is_made_again(path, monkeypatch):
    former = LockedFile(path)
    real = locks._lock

    def removed_meanwhile(*arguments):
        former.close(remove=True)
        real(*arguments)

    monkeypatch.setattr(locks, "_lock", removed_meanwhile)
    file = LockedFile(path)
    assert file.is_in_place()
    file.close()


def test_a_new_file_must_not_be_there(path, monkeypatch):
    LockedFile(path, new=True).close()
    with pytest.raises(FileExistsError):
        LockedFile(path, new=True)
    assert path.exists()

    def unsupported(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "_lock", unsupported)
    with pytest.raises(OSError, match="No locks") as caught:
        LockedFile(path.with_name("b"), new=True)
    assert not isinstance(caught.value, FileLocked)
    assert not path.with_name("b").exists()


def test_a_forked_child_does_not_keep_the_lock(path):
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from sam_widget.storage.locks import LockedFile\n"
        "file = LockedFile(Path(sys.argv[1]))\n"
        "reader, writer = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.write(writer, b'closed' if file.closed else b'open')\n"
        "    os.read(0, 1)\n"
        "    os._exit(0)\n"
        "print(os.read(reader, 9).decode(), flush=True)\n"
        "os._exit(0)\n"
    )
    arguments = [sys.executable, "-c", code, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout.readline() == "closed\n"
        process.wait(30)
        # The child lives on, for as long as its standard input is open.
        LockedFile(path).close()
