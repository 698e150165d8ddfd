"""Lives in one folder of photos, each forked from this process, killed, and resumed by the next.

This process has imported everything and has no threads; it alone keeps the account of what was
confirmed.
"""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image
from survival.hazards import ERRORS
from survival.ledger import Ledger, Lost
from survival.person import be_a_person

SIZES_HW = ((30, 40), (30, 40), (40, 30))
PATIENCE = 120.0
"""Seconds without a word from a process that is not killed, after which it counts as stuck."""


class Life:
    """One process, from this side."""

    def __init__(self, pid, commands):
        self.pid, self.commands = pid, commands
        self.said = []  # moves under way or made, for the report
        self.waiting = 0  # commands not yet done
        self.over = False

    def ask(self, *commands):
        self.waiting += 1
        with suppress(BrokenPipeError):
            os.write(self.commands, (json.dumps(commands) + "\n").encode())


class Nursery:
    """Let processes live on photos in a folder that is made for them.

    Parameters
    ----------
    folder : Path
        Must not exist.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.photos = self.folder / "photos"
        self.photos.mkdir(parents=True)
        rng = np.random.default_rng(7)
        for name, (height, width) in zip("abc", SIZES_HW, strict=True):
            pixels = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(self.photos / f"{name}.png")
        self.ledger = Ledger()
        self.lives = {}
        self.past = []
        self.words = self.killed = 0
        self._in, self._out = os.pipe()
        os.set_blocking(self._in, False)
        self._rest = b""

    def begin(self):
        """Fork a process that opens the folder."""
        commands, ours = os.pipe()
        pid = os.fork()
        if pid == 0:
            for other in (ours, self._in, *(life.commands for life in self.lives.values())):
                os.close(other)
            be_a_person(self.photos, self._out, self.folder / "turns", commands)
        os.close(commands)
        life = Life(pid, ours)
        self.lives[pid] = life
        self.past.append(life)
        return life

    def listen(self, timeout):
        """Take down what is told, for so many seconds at most; return whether anything was."""
        if not select.select([self._in], [], [], timeout)[0]:
            return False
        with suppress(BlockingIOError):
            while data := os.read(self._in, 1 << 16):
                self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            try:
                pid, kind, *rest = json.loads(line)
            except ValueError:  # somebody was killed in the middle of a word
                continue
            self._take(pid, kind, rest)
        return True

    def _take(self, pid, kind, rest):
        self.words += 1
        life = self.lives[pid]
        life.said.append([kind, *(rest if kind in ("move", "made", "marking", "broken") else ())])
        if kind == "done":
            life.waiting -= 1
        else:
            self.ledger.take(pid, [kind, *rest])

    def until_done(self, life):
        """Listen until a process has done all that it was asked, or is dead."""
        heard = time.monotonic()
        while life.waiting and not life.over:
            if self.listen(0.05):
                heard = time.monotonic()
            elif self.bury_if_dead(life):
                return
            elif time.monotonic() - heard > PATIENCE:
                raise Lost(f"process {life.pid} says nothing any more")

    def bury_if_dead(self, life):
        """Take down the last words of a process if it is dead; return whether it is."""
        if not life.over:
            pid, status = os.waitpid(life.pid, os.WNOHANG)
            if pid:
                self._buried(life, status)
        return life.over

    def kill(self, life):
        """Kill a process, if it lives, and take down its last words."""
        if not life.over:
            os.kill(life.pid, signal.SIGKILL)
            self._buried(life, os.waitpid(life.pid, 0)[1])

    def end(self, life):
        """Let a process end in order."""
        life.ask(["end"])
        self.until_done(life)

    def _buried(self, life, status):
        life.over = True
        self.killed += os.WIFSIGNALED(status)
        while self.listen(0):
            pass
        self._rest = b"" if len(self.lives) == 1 else self._rest
        self.ledger.ended(life.pid)
        del self.lives[life.pid]
        os.close(life.commands)

    def close(self):
        """Kill all that live, and delete the folder."""
        for life in tuple(self.lives.values()):
            with suppress(Lost):
                self.kill(life)
        os.close(self._in)
        os.close(self._out)
        shutil.rmtree(self.folder, ignore_errors=True)

    def script(self):
        """Tell the moves of all lives, for whoever looks for what went wrong."""
        lines = []
        for number, life in enumerate(self.past):
            lines.append(f"life {number}, process {life.pid}")
            lines += [f"  {' '.join(map(str, said))}" for said in life.said]
        return "\n".join(lines)


def begin_at_random(nursery, rng, *, moves, faults):
    """Begin a life, and settle how it is to end; return it, and after how many words it is killed.

    It is killed at a call of the system that it counts itself, or from outside; or it ends in
    order, for a few do.
    """
    life = nursery.begin()
    commands = [["open"], ["roam", rng.randrange(1 << 30), moves, faults]]
    way = rng.random()
    words = None
    if way < 0.6:
        # Few calls mean: while the photos are being opened.
        after = int(rng.expovariate(1 / 60)) + 1
        commands.insert(rng.randrange(2), ["kill", after, rng.choice((0, rng.random(), 1))])
    elif way < 0.95:
        words = int(rng.expovariate(1 / 80))
    if faults and rng.random() < 0.2:
        commands.insert(0, ["fail", rng.choice(sorted(ERRORS)), rng.randint(1, 20)])
    life.ask(*commands)
    return life, words


def kill_at_random(nursery, rng, *, moves=12, faults=False):
    """Let one live, and be killed at some moment."""
    life, words = begin_at_random(nursery, rng, moves=moves, faults=faults)
    if words is None:
        nursery.until_done(life)
        if not life.over:
            nursery.end(life)
        return
    words += nursery.words
    while nursery.words < words and life.waiting and nursery.listen(1):
        pass
    for _ in range(rng.randrange(20_000)):
        pass
    nursery.kill(life)


def kill_two_at_random(nursery, rng, *, moves=12, faults=False):
    """Let two live on the same photos at the same time, and be killed at some moments."""
    lives = [begin_at_random(nursery, rng, moves=moves, faults=faults) for _ in range(2)]
    start = nursery.words
    while nursery.lives:
        nursery.listen(0.05)
        for life, words in lives:
            if life.over:
                continue
            if words is not None and (nursery.words - start >= words or not life.waiting):
                nursery.kill(life)
            elif not nursery.bury_if_dead(life) and not life.waiting:
                nursery.end(life)


def chain(folder, seed, kills, *, faults=False, processes=1):
    """Kill processes one after the other on the same photos; raise Lost with all that led there.

    Returns
    -------
    Counter
        How many of what was told, and ``killed`` processes; some more ended in order.
    """
    rng = random.Random(seed)
    nursery = Nursery(folder)
    once = kill_at_random if processes == 1 else kill_two_at_random
    try:
        while nursery.killed < kills:
            once(nursery, rng, faults=faults)
        killed = nursery.killed
        life = nursery.begin()
        life.ask(["open"])
        nursery.until_done(life)
    except Lost as lost:
        options = f"{' --faults' if faults else ''} --processes {processes}"
        raise Lost(
            f"{nursery.script()}\n{lost}\n"
            f"Again: python benchmarks/kills.py --first {seed} --runs {kills}{options}"
        ) from None
    else:
        return Counter(nursery.ledger.counts, killed=killed)
    finally:
        nursery.close()
