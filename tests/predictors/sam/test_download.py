"""Downloads from a real server on this machine that misbehaves on request."""

import hashlib
import http.server
import re
import socket
import threading

import pytest

from sam_widget.errors import DownloadError
from sam_widget.predictors.sam import checkpoints, download

CONTENT = bytes(range(256)) * 5000  # 1.28 MB: several reads


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves ``server.content``; ``server.ranges`` and ``server.cut_after`` say how well."""

    def do_GET(self):
        server = self.server
        asked = self.headers.get("Range")
        server.requests.append(asked)
        if server.status != 200:
            self.send_error(server.status)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and server.ranges else 0
        if start and start >= len(server.content):
            self.send_error(416)
            return
        body = server.content[start:]
        self.send_response(206 if start else 200)
        if start:
            end = len(server.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(server.content)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if server.gate is not None:
            server.waiting.set()
            server.gate.wait(20)
        self.wfile.write(body[: server.cut_after])

    def log_message(self, *arguments):
        """Keep the test's output quiet."""


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.content, server.ranges, server.status = CONTENT, True, 200
        server.cut_after, server.gate = None, None
        server.requests, server.waiting = [], threading.Event()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def checkpoint(server):
    return checkpoints.Checkpoint(
        "vit_b",
        f"http://127.0.0.1:{server.server_port}/sam_vit_b_01ec64.pth",
        hashlib.sha256(CONTENT).hexdigest(),
        len(CONTENT),
    )


@pytest.fixture
def target(tmp_path, checkpoint):
    return tmp_path / "cache" / checkpoint.file_name


@pytest.fixture
def part(target):
    target.parent.mkdir()
    return target.with_name(f"{target.name}.part")


def leftovers(target):
    return sorted(path.name for path in target.parent.iterdir())


def test_a_download_shows_progress_and_leaves_only_the_file(checkpoint, target, server, capsys):
    assert download.download(checkpoint, target) == target
    assert target.read_bytes() == CONTENT
    assert leftovers(target) == [target.name]
    assert checkpoint.file_name in capsys.readouterr().err
    assert server.requests == [None]


def test_fetch_downloads_once(checkpoint, target, server, monkeypatch):
    monkeypatch.setenv(checkpoints.CACHE_VARIABLE, str(target.parent))
    monkeypatch.setattr(checkpoints, "OFFICIAL", {"vit_b": checkpoint})
    assert download.fetch("vit_b") == download.fetch("vit_b") == target
    assert len(server.requests) == 1


def test_a_started_download_is_continued(checkpoint, target, part, server):
    part.write_bytes(CONTENT[:700_001])
    download.download(checkpoint, target)
    assert target.read_bytes() == CONTENT
    assert server.requests == ["bytes=700001-"]


def test_a_server_without_ranges_starts_over(checkpoint, target, part, server):
    server.ranges = False
    part.write_bytes(CONTENT[:700_001])
    download.download(checkpoint, target)
    assert target.read_bytes() == CONTENT


def test_a_complete_part_needs_no_bytes(checkpoint, target, part, server):
    part.write_bytes(CONTENT)
    download.download(checkpoint, target)
    assert target.read_bytes() == CONTENT
    assert server.requests == [f"bytes={len(CONTENT)}-"]


@pytest.mark.parametrize("wrong", [b"x" * 1000, CONTENT + b"too long"])
def test_a_part_of_something_else_is_thrown_away(checkpoint, target, part, server, wrong):
    part.write_bytes(wrong)
    download.download(checkpoint, target)
    assert target.read_bytes() == CONTENT
    assert server.requests[-1] is None


def test_broken_connections_are_taken_up_again(checkpoint, target, server):
    server.cut_after = 500_000
    download.download(checkpoint, target)
    assert target.read_bytes() == CONTENT
    assert server.requests == [None, "bytes=500000-", "bytes=1000000-"]


def test_a_server_that_always_breaks_off_is_given_up(checkpoint, target, server):
    server.ranges, server.cut_after = False, 500_000
    with pytest.raises(DownloadError, match=r"closed early \(0\.5 MB are kept"):
        download.download(checkpoint, target)
    server.ranges, server.cut_after = True, None
    download.download(checkpoint, target)
    assert target.read_bytes() == CONTENT
    assert server.requests[-1] == "bytes=500000-"


def test_wrong_bytes_never_get_the_name(checkpoint, target, server):
    server.content = CONTENT[:-1] + b"!"
    with pytest.raises(DownloadError, match="another SHA-256") as caught:
        download.download(checkpoint, target)
    assert leftovers(target) == []
    found = hashlib.sha256(server.content).hexdigest()
    for expected in (checkpoint.url, checkpoint.sha256, found, str(target), "checkpoint="):
        assert expected in str(caught.value)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_page_is_recognised_and_costs_nothing(checkpoint, target, part, server, ranges):
    server.content = b"<!doctype html><title>Sign in to Hotel Wifi</title>"
    server.ranges = ranges
    if not ranges:
        part.write_bytes(CONTENT[:1000])
    with pytest.raises(DownloadError, match='HTML or XML page titled "Sign in to Hotel Wifi"'):
        download.download(checkpoint, target)
    assert leftovers(target) == ([] if ranges else [part.name])


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_refusal_is_repeated(checkpoint, target, server, status):
    server.status = status
    with pytest.raises(DownloadError, match=f"the server answered {status}"):
        download.download(checkpoint, target)
    assert len(server.requests) == 1


def test_offline(checkpoint, target):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        port = unused.getsockname()[1]
        offline = checkpoints.Checkpoint(
            "vit_b", f"http://127.0.0.1:{port}/b.pth", checkpoint.sha256, 375_042_383
        )
        with pytest.raises(DownloadError, match="no connection") as caught:
            download.download(offline, target)
    for expected in (offline.url, offline.sha256, "375 MB", str(target), 'load("vit_b", check'):
        assert expected in str(caught.value)


def test_a_folder_that_cannot_be_written(checkpoint, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadError, match=r"cannot be written.*SAM_WIDGET_CACHE"):
        download.download(checkpoint, tmp_path / "file" / "weights.pth")


def test_two_at_once_end_with_one_good_file(checkpoint, target, server):
    server.gate = threading.Event()
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(download.download(checkpoint, target)))
        for _ in range(2)
    ]
    threads[0].start()
    assert server.waiting.wait(20)  # the first holds the part, mid-transfer
    server.waiting.clear()
    threads[1].start()
    assert server.waiting.wait(20)  # the second does not wait for it
    server.gate.set()
    for thread in threads:
        thread.join()
    assert results == [target, target]
    assert target.read_bytes() == CONTENT
    assert leftovers(target) == [target.name]
    assert server.requests == [None, None]
