"""A process in which a person annotates: moves are played as they are asked for, until its end.

It is forked from a process that has imported everything. What happens is told on a pipe; what is
to be done comes on another, a list a line: the moves for each thread, or what to meet meanwhile.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import logging
import os
import random
import sys
import threading
import traceback
import warnings
from contextlib import suppress

import comm
from moves import MOVES, Desk, play
from recording_comm import RecordingComm
from survival.hazards import ERRORS, Hazards
from survival.witness import Witness, state_of

from sam_widget import FakePredictor, JournalWarning, SamWidgetError
from sam_widget.embeddings.cache import choose_cache
from sam_widget.store import journal

SMALL_FRAME = {"input_side": 64, "logits_side": 16}
"""For a model that answers at once: processes are to be killed while they write."""
KINDS = ("prompt", "cell", "cell", "cell", "store", "page", "page", "series", "desk")
MANY = 25
"""Annotations on one photo, above which some are removed, so that states stay small."""


class Person:
    """Play moves on the photos of a folder, and tell of it.

    Parameters
    ----------
    folder : Path
    out : int
        Descriptor of the pipe to tell on; several processes may share it.
    turns : Path
        A file that is locked while something is told, so that nobody speaks in between.
    """

    def __init__(self, folder, out, turns):
        self.folder = folder
        self._out = out
        self._lock = threading.Lock()
        self._turns = os.open(turns, os.O_RDWR | os.O_CREAT)
        self._write = os.write
        self.hazards = Hazards(folder)
        self.desk = None

    def tell(self, message):
        """Tell something; whoever is killed in the middle of it leaves a line that nobody reads."""
        line = memoryview(b"\n" + json.dumps([os.getpid(), *message]).encode() + b"\n")
        with self._lock:
            fcntl.flock(self._turns, fcntl.LOCK_EX)
            while line:
                line = line[self._write(self._out, line) :]
            fcntl.flock(self._turns, fcntl.LOCK_UN)

    def live(self, commands):
        """Open the photos, and do what is asked for, until there is nothing more."""
        comm.create_comm = RecordingComm
        choose_cache().clear()
        warnings.simplefilter("ignore", JournalWarning)
        logging.disable()
        Witness(self.tell).watch()
        self.hazards.watch()
        for line in commands:
            for name, *arguments in json.loads(line):
                getattr(self, name)(*arguments)
            self.tell(["done"])

    # ---- commands -------------------------------------------------------------------------------

    def open(self):
        """Open the folder, and show what is there."""
        self.tell(["looking"])
        self.desk = Desk(self.folder, FakePredictor(**SMALL_FRAME))
        self.desk.open_series()
        self.look()

    def look(self):
        """Tell what a person sees of each photo, and in the strip."""
        series = self.desk.widgets[-1].series
        photos = {}
        for index, name in enumerate(series.names):
            store = series.annotations(index)
            with store.transactions.lock:
                photos[name] = state_of(store.transactions)
        statuses = dict(zip(series.names, series.statuses, strict=True))
        self.tell(["shown", photos, statuses, series.names[series.index]])

    def play(self, *threads):
        """Play moves, those of several threads at the same time."""
        if len(threads) == 1:
            self._play(threads[0], is_alone=True)
            self._check_what_is_said()
            return
        running = [threading.Thread(target=self._play, args=(moves,)) for moves in threads]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join(60)
            if thread.is_alive():
                self.tell(["broken", "threads wait for each other"])

    def roam(self, seed, count, faults=False):
        """Play random moves, alone and at the same time, perhaps with errors of the system."""
        rng = random.Random(seed)
        for _ in range(count):
            if faults and rng.random() < 0.4:
                self.fail(rng.choice(sorted(ERRORS)), rng.randint(1, 8))
            threads = 1 if rng.random() < 0.7 else rng.randint(2, 3)
            self.play(
                *([random_move(rng) for _ in range(rng.randint(1, 3))] for _ in range(threads))
            )

    def kill(self, after, share):
        """Have this process killed in a later call of the system."""
        self.hazards.kill(after, share)

    def fail(self, name, times):
        """Have calls of the system fail."""
        self.tell(["move", "-", "errors", name, times])
        self.hazards.fail(name, times)

    def end(self):
        """End in order, as a kernel does that is shut down."""
        for widget in self.desk.widgets:
            widget.close()
        journal._close_all()
        atexit.unregister(journal._close_all)
        os._exit(0)

    # ---- inside ---------------------------------------------------------------------------------

    def _play(self, moves, *, is_alone=False):
        for kind, name, seed in moves:
            self.tell(["move", threading.get_ident(), kind, name, seed])
            rng = random.Random(seed)
            try:
                refusal, ids = play(self.desk, kind, name, rng)
                self._make_room(rng)
            except BaseException:
                self.tell(["broken", traceback.format_exc()[-3000:]])
                raise
            is_quiet = is_alone and not any(known.problem for known in journal._registry.values())
            self.tell(["made", threading.get_ident(), refusal, ids, is_quiet])

    def _check_what_is_said(self):
        """A page says that all is saved only if it is; it may take a moment to say so."""
        for widget in self.desk.widgets:
            said = widget.document["journal"]
            if said is not None and said["state"] == "saved" and widget.annotations.problem:
                with widget.comm.arrived:
                    changed = widget.comm.arrived.wait_for(
                        lambda widget=widget: widget.document["journal"]["state"] != "saved", 30
                    )
                if not changed:
                    self.tell(["broken", f"the page says saved: {widget.annotations.problem}"])

    def _make_room(self, rng):
        for widget in tuple(self.desk.widgets):
            items = widget.annotations.snapshot()
            if len(items) > MANY and widget.annotations.journal is not None:
                with suppress(SamWidgetError):  # another thread was faster
                    gone = rng.sample([item.id for item in items], MANY // 2)
                    widget.annotations.edit(remove=gone)


def random_move(rng):
    kind = rng.choice(KINDS)
    return [kind, rng.choice(sorted(MOVES[kind])), rng.randrange(1 << 30)]


def be_a_person(folder, out, turns, commands):
    """Live in a forked process, and never return to what was there before."""
    code = 1
    try:
        with os.fdopen(commands) as lines:
            Person(folder, out, turns).live(lines)
        code = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)
