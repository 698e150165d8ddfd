"""Kill ten thousand processes that annotate, and look for what they had confirmed.

Each does at random what a person, code and a page can do, partly at the same time: every method of
widget, store and series, every message of the page, cells that are run again, several widgets on
one image. It is killed with SIGKILL at a random moment, or at a call of the system that it counts
itself, and in the middle of a write; then another one goes on with the same photos. What a process
tells is held against what the next one finds: objects, labels, statuses, steps of undo. Nothing
that was confirmed may be missing or be there twice, and of nothing that was under way may be half.

``--faults`` adds errors of the system, and ``--processes 2`` a second process on the same photos.
A run that is ended goes on where it was with the same ``--progress``. Run by ``make bench``.
"""

from __future__ import annotations

import os

# Each process is forked from this one, which therefore may have no threads.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import numpy as np
from survival.ledger import Lost
from survival.nursery import chain

from sam_widget import Annotation, Rle, load_image, open_annotations
from sam_widget.storage import write_atomically

EACH = 20
"""Processes that follow one another on the same photos."""


def kills(options: argparse.Namespace) -> bool:
    """Print what was found after so many killed processes; return whether all was well."""
    kind = f"{options.processes} at once{', with faults' if options.faults else ''}"
    progress = {} if options.progress is None else read(options.progress)
    done = Counter(progress.get(kind, {}))
    start, before = time.monotonic(), done["killed"]
    with tempfile.TemporaryDirectory() as folder:
        while done["killed"] < options.runs:
            seed = options.first + done["chains"]
            killed = min(EACH, options.runs - done["killed"])
            try:
                told = chain(
                    Path(folder) / str(seed),
                    seed,
                    killed,
                    faults=options.faults,
                    processes=options.processes,
                )
            except Lost as lost:
                print(f"{lost}\nlost, doubled or half there after {done['killed']} kills.")
                return False
            done += Counter(told, chains=1)
            write(options.progress, {**progress, kind: dict(done)})
    write(options.progress, {name: told for name, told in progress.items() if name != kind})
    speed = (done["killed"] - before) / (time.monotonic() - start)
    print(f"{done['killed']} processes killed, {kind}: {speed:.1f} a second in this run")
    print(f"- {done['made']} moves, {done['state']} states of {done['opened']} journals opened")
    print(f"- {done['shown']} times resumed and looked at")
    print("- lost: 0, doubled: 0, half there: 0")
    return True


def read(path: Path) -> dict[str, dict[str, int]]:
    """Return the counts of earlier runs."""
    if not path.exists():
        return {}
    progress: dict[str, dict[str, int]] = json.loads(path.read_text(encoding="utf-8"))
    return progress


def write(path: Path | None, progress: dict[str, dict[str, int]]) -> None:
    """Keep the counts, to go on from; those of a run that has come to its end are not."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(progress, indent=1).encode())


def costs() -> None:
    """Print what saving adds to a change, and how long many objects take to come back."""
    image = load_image(np.zeros((40, 60, 3), np.uint8))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.sam.jsonl"
        with open_annotations(image, path) as store:
            made = store.add(Annotation(Rle.encode(np.eye(40, 60) > 0), "cup"))
            times = []
            for number in range(500):
                start = time.perf_counter()
                store.update(made.id, label=str(number))
                times.append(time.perf_counter() - start)
        size = path.stat().st_size
        start = time.perf_counter()
        with open_annotations(image, path):
            opened = time.perf_counter() - start
    print(f"a small change, on disk: {statistics.median(times) * 1e3:.2f} ms (median of 500)")
    print(f"opening a journal of {size / 1e3:.0f} kB, 502 records: {opened * 1e3:.0f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="processes in all")
    parser.add_argument("--first", type=int, default=0, help="seed of the first chain of them")
    parser.add_argument("--faults", action="store_true", help="errors of the system, too")
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1, help="at once")
    parser.add_argument("--progress", type=Path, help="file to go on from, and to write to")
    parser.add_argument("--costs", action="store_true", help="print what saving costs, and no more")
    chosen = parser.parse_args()
    if chosen.costs:
        costs()
    elif not kills(chosen):
        sys.exit(1)
