"""A thousand processes killed while they annotate: what is on disk then, and what a save costs.

Each is killed with SIGKILL at a random moment of a scripted session that accepts, edits, deletes,
reorders, undoes and redoes. What it had confirmed must be there, and nothing twice. Run by
``make bench``.
"""

from __future__ import annotations

import argparse
import collections
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from journal_child import STEPS, Nursery, expected_states, kill_once, photo, state_of

from sam_widget import FakePredictor, Session, load_image, open_annotations

SEEDS = 10


def kills(runs: int) -> None:
    """Print what was found after ``runs`` killed processes; raise if anything was lost."""
    rng = random.Random()  # noqa: S311 - moments, no secrets
    expected = [expected_states(seed) for seed in range(SEEDS)]
    nursery = Nursery()
    found: collections.Counter[str] = collections.Counter()
    steps = set()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            path, seed = Path(folder) / f"{number}.sam.jsonl", number % SEEDS
            confirmed = kill_once(nursery, path, seed, rng)
            at = -1 if confirmed is None else confirmed
            steps.add(at)
            with open_annotations(photo(), path) as store:
                state, report = state_of(store), store.report
            wanted = expected[seed][at + 1 : at + 3]
            if report or state not in wanted:
                raise SystemExit(f"lost or doubled after {at + 1} steps, seed {seed}: {report}")
            found["exactly what was confirmed" if state == wanted[0] else "one step more"] += 1
    nursery.close()
    print(f"{runs} processes killed in {time.monotonic() - start:.0f} s, ", end="")
    print(f"after {min(steps) + 1} to {max(steps) + 1} of {STEPS} confirmed steps each:")
    for what, count in found.most_common():
        print(f"- {what}: {count}")
    print("- lost, doubled or unreadable: 0")


def costs() -> None:
    """Print what saving adds to a change, and how long many objects take to come back."""
    image = load_image(photo())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.sam.jsonl"
        with open_annotations(image, path) as store:
            session = Session(image, FakePredictor(), annotations=store)
            session.add_point(30, 20)
            one = session.accept("cup")
            times = []
            for number in range(500):
                start = time.perf_counter()
                store.update(one.id, label=str(number))
                times.append(time.perf_counter() - start)
        size = path.stat().st_size
        start = time.perf_counter()
        with open_annotations(image, path):
            opened = time.perf_counter() - start
    print(f"a small change, on disk: {statistics.median(times) * 1e3:.2f} ms (median of 500)")
    print(f"opening a journal of {size / 1e3:.0f} kB, 503 records: {opened * 1e3:.0f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    kills(parser.parse_args().runs)
    costs()
