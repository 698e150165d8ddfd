"""Processes that want the same files: each is forked, warm, from one that has imported it all.

What a child has been told is done it says on standard output, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import numpy as np

from sam_widget import SamWidget, open_annotations
from sam_widget.errors import JournalInUse

NOBODY = 65534


def photo():
    """The image that everybody here annotates, uint8 (40, 60, 3)."""
    return np.random.default_rng(7).integers(0, 255, (40, 60, 3), dtype=np.uint8)


def say(**what):
    line = json.dumps({"pid": os.getpid(), **what}) + "\n"
    os.write(1, line.encode())  # short enough to arrive as a whole among others


def do_compete(journal, seed):
    """Open a journal that another process wants as well, and write to it, if that is allowed."""
    try:
        store = open_annotations(photo(), journal)
    except JournalInUse as error:
        say(refused=str(error))
        return
    store.set_property(f"series-{seed}", seed)
    say(wrote=seed)
    os.read(0, 1)  # hold it until everybody has said something


def do_readonly(image):
    """Open an image in a folder that this user may not write to."""
    if os.getuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with SamWidget(image, model="fake") as widget:
            widget.add_point(30, 20)
            widget.accept("cup")
            saved = widget.annotations.save(Path(image).parent.parent / "out" / "a.coco.json")
            say(
                warnings=[str(one.message) for one in caught],
                document=widget.document["journal"],
                objects=len(widget.annotations),
                saved=saved.is_file(),
            )
        named = Path(image).with_name("named.sam.jsonl")
        with SamWidget(image, model="fake", journal=named) as widget:
            say(again=len(caught), problem=widget.problem)


def main():
    while line := sys.stdin.readline():
        children = {}
        readers = []
        for command in json.loads(line):
            held, hold = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.dup2(held, 0)
                os.close(hold)
                for other in readers:
                    os.close(other)
                try:
                    globals()[f"do_{command.pop('do')}"](**command)
                except BaseException:
                    say(error=traceback.format_exc()[-2000:])
                os._exit(0)
            children[pid] = hold
            readers.append(hold)
            os.close(held)
        if len(children) > 1:  # they hold their breath until the test has heard all of them
            sys.stdin.readline()
            for hold in readers:
                with suppress(BrokenPipeError):  # refused, and gone
                    os.write(hold, b".")
        for pid in children:
            _, status = os.waitpid(pid, 0)
            os.write(1, (json.dumps({"pid": pid, "ended": status}) + "\n").encode())
        for hold in readers:
            os.close(hold)


class Nursery:
    """The process that forks the children, from the test's side."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-u", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, *commands):
        self.send(json.dumps(commands))

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        assert line, "the nursery is gone"
        said = json.loads(line)
        assert "error" not in said, said["error"]
        return said

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:  # a test failed while children held their breath
            self.process.kill()
            self.process.wait(30)
        self.process.stdout.close()


if __name__ == "__main__":
    main()
