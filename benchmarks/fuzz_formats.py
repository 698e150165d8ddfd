"""Fuzz every reader of annotation files: no crash, no hang, no memory beyond the input's worth.

Coverage-guided by atheris where it is installed (on Linux it is with the ``dev`` extra), else by
chance alone. Ten minutes for each reader, as many at a time as there are processors; what breaks
a reader is kept, and the exit status is 1. Run by ``make bench``; for less,
``--seconds 60 --reader coco``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from format_inputs import READERS, check, large_inputs, mutated, seeds

MAX_INPUT = 1 << 16
STUCK_AFTER = 30
"""Seconds on the clock after which an input counts as a hang, whatever the processor did."""


class Tally:
    """How many inputs there were, and the worst of them; kept in a file as it goes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts = {"inputs": 0, "accepted": 0, "seconds": 0.0, "ratio": 0.0}

    def add(self, reader: str, data: bytes, folder: Path) -> None:
        """Check one input."""
        outcome = check(reader, data, folder)
        counts = self.counts
        counts["inputs"] += 1
        counts["accepted"] += outcome.accepted
        counts["seconds"] = max(counts["seconds"], outcome.seconds)
        counts["ratio"] = max(counts["ratio"], outcome.ratio)
        if counts["inputs"] % 100 == 0:
            self.write()

    def write(self) -> None:
        """Put the figures where the parent finds them; libFuzzer ends without further notice."""
        self.path.write_text(json.dumps(self.counts))


def guided(reader: str, seconds: float, folder: Path, tally: Tally) -> None:
    """Let libFuzzer look for inputs; it ends the process itself."""
    import atheris  # noqa: PLC0415 - not there on every platform

    good = seeds(reader)
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, data in enumerate(good):
        (corpus / f"seed-{number}").write_bytes(data)
    scratch = folder / "scratch"
    scratch.mkdir()

    def changed(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)  # noqa: S311 - not for secrets
        chance = rng.random()
        if chance < 0.3:  # what has been changed often is rarely read to its end
            return mutated(rng.choice(good), rng)[:most]
        return (mutated(data, rng) if chance < 0.7 else atheris.Mutate(data, most))[:most]

    atheris.Setup(
        [
            sys.argv[0], str(corpus), f"-max_total_time={int(seconds)}", f"-max_len={MAX_INPUT}",
            f"-timeout={STUCK_AFTER}", "-rss_limit_mb=4096", "-print_final_stats=1", "-verbosity=0",
            f"-artifact_prefix={folder}/broken-",
        ],
        lambda data: tally.add(reader, data, scratch),
        custom_mutator=changed,
    )  # fmt: skip
    atheris.Fuzz()


def by_chance(reader: str, seconds: float, folder: Path, tally: Tally) -> None:
    """Change good inputs at random."""
    rng = random.Random(0)  # noqa: S311
    good = seeds(reader)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = mutated(rng.choice(good), rng)[:MAX_INPUT]
        try:
            tally.add(reader, data, folder)
        except Exception:
            (folder / "broken-input").write_bytes(data)
            raise
    tally.write()


def work(reader: str, seconds: float, folder: Path) -> None:
    """Fuzz one reader in this process."""
    tally = Tally(folder / "tally.json")
    for number, data in enumerate(large_inputs(reader)):
        broken = folder / f"broken-large-{number}"
        broken.write_bytes(data)
        tally.add(reader, data, folder)
        broken.unlink()
    try:
        import atheris  # noqa: PLC0415
    except ImportError:
        by_chance(reader, seconds, folder, tally)
    else:
        for name in ("sam_widget.formats", "sam_widget.masks.rle", "sam_widget.masks.polygon_fill"):
            for module in [one for one in sys.modules if one.startswith(name)]:
                _instrument(atheris, module)
        guided(reader, seconds, folder, tally)


def _instrument(atheris: object, name: str) -> None:
    """Count branches in the functions and methods of a module that is already there."""
    module = sys.modules[name]
    owners = [module, *(one for one in vars(module).values() if isinstance(one, type))]
    for owner in owners:
        for key, value in list(vars(owner).items()):
            if callable(value) and hasattr(value, "__code__") and value.__module__ == name:
                setattr(owner, key, atheris.instrument_func(value))  # type: ignore[attr-defined]


def fuzz(reader: str, seconds: float) -> tuple[str, bool]:
    """Fuzz one reader in a process of its own; return its row, and whether all went well."""
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{reader}-"))
    command = [sys.executable, __file__, "--worker", str(folder), "--reader", reader]
    run = subprocess.run(
        [*command, "--seconds", str(seconds)], capture_output=True, text=True, check=False
    )
    tally = folder / "tally.json"
    found = json.loads(tally.read_text()) if tally.exists() else {}
    broken = sorted(folder.glob("broken-*"))
    if run.returncode or broken:
        lines = "\n".join((run.stdout + run.stderr).splitlines()[-40:])
        print(f"{reader}: {[str(one) for one in broken]}\n{lines}", file=sys.stderr)
    row = (
        f"| {reader} | {found.get('inputs', 0):,} | {found.get('accepted', 0):,} "
        f"| {found.get('seconds', 0):.2f} | {found.get('ratio', 0):.1f} | {len(broken)} |"
    )
    return row, run.returncode == 0 and not broken


def main() -> None:
    """Print one row for each reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="for each reader")
    parser.add_argument("--reader", choices=READERS, action="append", help="all by default")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    readers = options.reader or READERS
    if options.worker is not None:
        work(readers[0], options.seconds, options.worker)
        return
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        rows = list(pool.map(lambda reader: fuzz(reader, options.seconds), readers))
    print("| reader | inputs | read | slowest, s | memory / honest size | broken |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row, _ in rows:
        print(row)
    sys.exit(0 if all(fine for _, fine in rows) else 1)


if __name__ == "__main__":
    main()
