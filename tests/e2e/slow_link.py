"""A slow link to a server on this machine: a TCP proxy with a delay and a bandwidth."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

_CHUNK = 16_384


@dataclass
class SlowLink:
    """Forwards connections to a port of this machine; a context manager.

    Parameters
    ----------
    target : int
        Port that is served.
    round_trip : float
        Seconds; half of it each way.
    bits_per_second : float
        Of each direction, shared by all connections.

    Attributes
    ----------
    port : int
        Where the slow server is, once entered.
    """

    target: int
    round_trip: float = 0.05
    bits_per_second: float = 10e6
    port: int = field(default=0, init=False)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._writers: list[asyncio.StreamWriter] = []
        self._free_at = {"up": 0.0, "down": 0.0}
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        serving = asyncio.start_server(self._connect, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(serving, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *exc_info: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        # Readers see the end of their connections, and so the tasks come to their own.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            self._writers.append(writer)
            there = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.append(there[1])
            await asyncio.gather(
                self._carry("up", reader, there[1]), self._carry("down", there[0], writer)
            )

    async def _carry(
        self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Read at once, as a network card does, and deliver when the link would have."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.ensure_future(self._deliver(queue, writer))
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                started = max(time.monotonic(), self._free_at[way])
                self._free_at[way] = started + len(data) * 8 / self.bits_per_second
                queue.put_nowait((self._free_at[way] + self.round_trip / 2, data))
        queue.put_nowait((0.0, b""))
        await delivering

    @staticmethod
    async def _deliver(
        queue: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = await queue.get()
                if not data:
                    break
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                writer.write(data)
                await writer.drain()
        writer.close()
