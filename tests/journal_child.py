"""Processes that annotate and are killed: each is forked, warm, from one that has imported it all.

What a child has been told is done it says on standard output, one JSON object a line. The test
reads that, kills the child at a moment of its choosing, and looks at what is on disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from sam_widget import Prediction, SamWidget, open_annotations
from sam_widget.annotations import annotation as annotations
from sam_widget.errors import JournalInUse
from sam_widget.predictors.base import Embedding, wants_three
from sam_widget.predictors.frame import ModelFrame

STEPS = 20
LABELS = ("cup", "plate", "spoon")
NOBODY = 65534


class Discs:
    """Discs around the last point, at once: a run is to be killed while it writes, not computes."""

    name, device, model_digest = "discs", "cpu", "d" * 64
    rows, columns = np.mgrid[0:256, 0:256].astype(np.float32)

    def encode(self, image, progress=None):
        frame = ModelFrame(image.height, image.width)
        return Embedding(None, frame, self.model_digest, image.digest, 0)

    def decode(self, embedding, prompts, multimask=None):
        ((x, y),) = embedding.frame.points_to_model([prompts.points[-1]]) / 4
        distance = np.hypot(self.rows - y, self.columns - x)
        radii = (9, 19, 39) if wants_three(prompts, multimask) else (29,)
        scores = np.linspace(0.7, 0.9, len(radii), dtype=np.float32)
        return Prediction(np.stack([r - distance for r in radii]), scores, embedding.frame)


def photo():
    """The image that everybody here annotates, uint8 (40, 60, 3)."""
    return np.random.default_rng(7).integers(0, 255, (40, 60, 3), dtype=np.uint8)


def annotate(widget, seed, after_step):
    """Accept, edit, delete, reorder and undo by a script; the same objects for the same seed."""
    rng = random.Random(seed)
    numbers = random.Random(seed + 1)
    # Ids of objects are random; here they have to be the same in every process.
    annotations.uuid = SimpleNamespace(
        uuid4=lambda: SimpleNamespace(hex=f"{numbers.getrandbits(128):032x}")
    )
    for step in range(STEPS):
        objects = widget.annotations.snapshot()
        kind = rng.choice(("accept", "accept", "edit", "hide", "remove", "undo", "redo", "order"))
        if not objects:
            kind = "accept"
        one = rng.choice(objects) if objects else None
        if kind == "accept":
            widget.clear()
            widget.add_point(rng.uniform(5, 55), rng.uniform(5, 35))
            if rng.random() < 0.5:
                widget.choose(rng.randrange(3))
                widget.add_point(rng.uniform(5, 55), rng.uniform(5, 35))
            widget.accept(rng.choice(LABELS))
        elif kind == "edit":
            widget.update_annotation(one.id, label=rng.choice(LABELS), color="#123456")
        elif kind == "hide":
            widget.update_annotation(one.id, visible=not one.visible)
        elif kind == "remove":
            widget.remove_annotation(one.id)
        elif kind == "order":
            widget.annotations.reorder(rng.sample([each.id for each in objects], len(objects)))
        elif kind == "undo":
            widget.annotations.undo()
        else:
            widget.annotations.redo()
        after_step(step)


def state_of(store):
    """All that a resumed store must have: objects, and what undo and redo would do."""
    return (
        [(one.id, one.label, one.color, one.visible, one.rle) for one in store],
        [(change.serial, change.done) for change in store.transactions.changes()],
        [change.serial for change in store.transactions.undone()],
    )


def say(**what):
    line = json.dumps({"pid": os.getpid(), **what}) + "\n"
    os.write(1, line.encode())  # short enough to arrive as a whole among others


def do_annotate(journal, seed):
    with SamWidget(photo(), model=Discs(), journal=journal) as widget:
        say(opened=True)
        annotate(widget, seed, lambda step: say(step=step))
    os.read(0, 1)  # nobody sends it: the process is there until it is killed


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


def kill_once(nursery, journal, seed, rng):
    """Let a child annotate, kill it at a random moment; return the last step it confirmed.

    -1 if it had opened the journal but confirmed nothing, None if not even that.
    """
    nursery.start({"do": "annotate", "journal": str(journal), "seed": seed})
    confirmed, wanted = None, rng.randrange(-1, STEPS)
    heard = None
    while confirmed is None or confirmed < wanted:
        heard = nursery.hear()
        if "ended" in heard:
            return confirmed
        confirmed = heard.get("step", -1)
    # Somewhere in the next step, while it decodes, or writes, or forces the file to disk.
    for _ in range(rng.randrange(200_000)):
        pass
    with contextlib.suppress(ProcessLookupError):  # it may have come to its end meanwhile
        os.kill(heard["pid"], signal.SIGKILL)
    while "ended" not in heard:
        confirmed = heard.get("step", confirmed)
        heard = nursery.hear()
    return confirmed


def expected_states(seed):
    """What the objects are before the first step, and after each."""
    with SamWidget(photo(), model=Discs()) as widget:
        states = [state_of(widget.annotations)]
        annotate(widget, seed, lambda _: states.append(state_of(widget.annotations)))
    return states


if __name__ == "__main__":
    main()
