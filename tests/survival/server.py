"""A nursery at the other end of two pipes: for whoever has threads, and so cannot fork.

Takes lists with the name of what to do and its arguments, a line each, and answers each with an
empty text, or with what was lost.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import suppress

from survival.ledger import Lost
from survival.nursery import Nursery


class Server:
    """One person at a time, on photos that are new for each story."""

    def __init__(self):
        self.nursery = self.life = self.folder = None

    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.nursery = Nursery(f"{self.folder.name}/story")
        self.resume()

    def resume(self):
        self.life = self.nursery.begin()
        self.ask(["open"])

    def ask(self, *commands):
        self.life.ask(*commands)
        self.nursery.until_done(self.life)
        if self.life.over:
            self.resume()

    def kill(self):
        self.nursery.kill(self.life)
        self.resume()

    def end(self):
        self.nursery.end(self.life)
        self.resume()

    def close(self):
        if self.nursery is not None:
            self.nursery.close()
            self.folder.cleanup()


def main():
    server = Server()
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            getattr(server, name)(*arguments)
            answer = ""
        except Lost as lost:
            answer = f"{server.nursery.script()}\n{lost}"
        print(json.dumps(answer), flush=True)
    with suppress(Lost):
        server.close()


if __name__ == "__main__":
    main()
