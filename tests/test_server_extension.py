"""The extension in a real notebook server: its kernels' sockets, its settings, its imports."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from traitlets.config import Config

from sam_widget import server_extension

ROOT = Path(__file__).parents[1]

# A server, a kernel, and a websocket to it, all in one process, so that the socket can be asked.
SERVE = """
import asyncio, gc, json, socket, sys
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.websocket import websocket_connect

folder, nodelay = sys.argv[1:]

async def main():
    app = ServerApp()
    app.initialize([
        "--no-browser", "--allow-root", "--port=0", "--IdentityProvider.token=x",
        f"--ServerApp.root_dir={folder}", f"--SamWidgetServer.nodelay={nodelay}",
        "--ServerApp.jpserver_extensions={'sam_widget.server_extension': True}",
    ])
    app.http_server.start()
    kernel = await app.kernel_manager.start_kernel()
    url = f"ws://127.0.0.1:{app.port}/api/kernels/{kernel}/channels?token=x"
    connection = await websocket_connect(url)
    (handler,) = [one for one in gc.get_objects() if isinstance(one, KernelWebsocketHandler)]
    here = handler.ws_connection.stream.socket
    heavy = {"torch", "anywidget", "sam_widget.widget.widget"}
    print(json.dumps([
        here.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0,
        sorted(heavy & sys.modules.keys()),
    ]))
    connection.close()
    await app.kernel_manager.shutdown_all()

asyncio.run(main())
"""


@pytest.mark.parametrize("nodelay", [True, False])
def test_kernels_answer_without_delay_unless_switched_off(nodelay, tmp_path, monkeypatch):
    for name in ("CONFIG", "RUNTIME", "DATA"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name))
    run = subprocess.run(
        [sys.executable, "-c", SERVE, tmp_path, str(nodelay)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == [nodelay, []]


def test_what_goes_wrong_stays_in_the_log(caplog, monkeypatch):
    class Broken:
        def open(self):
            return "opened"

        def set_nodelay(self, value):
            raise OSError("no socket")

    Broken.log = logging.getLogger("broken")
    monkeypatch.setattr(server_extension, "_HANDLERS", ((__name__, "Handler"), ("no.such", "X")))
    monkeypatch.setitem(sys.modules, __name__, SimpleNamespace(Handler=Broken))
    server = SimpleNamespace(config=Config(), log=logging.getLogger("server"))
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            server_extension._load_jupyter_server_extension(server)
    assert "TCP_NODELAY for Handler" in caplog.text
    assert Broken().open() == "opened"
    server.config = None
    with caplog.at_level(logging.WARNING):
        server_extension._load_jupyter_server_extension(SimpleNamespace(log=server.log))
    assert "may be delayed" in caplog.text


def test_the_wheel_switches_it_on():
    path = ROOT / "jupyter-config/jupyter_server_config.d/sam_widget.json"
    enabled = json.loads(path.read_text())["ServerApp"]["jpserver_extensions"]
    assert enabled == {server_extension.__name__: True}
    assert server_extension._jupyter_server_extension_points() == [
        {"module": server_extension.__name__}
    ]
