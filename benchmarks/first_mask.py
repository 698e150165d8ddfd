"""How long the first mask takes in a fresh process, in turns with another checkout.

A process imports ``SamWidget``, opens a photo, clicks once and has the masks. Timed within it, from
before the import to the masks. Only the ratio of processes run in turns means anything.

    python benchmarks/first_mask.py --old PYTHON --old-path CHECKOUT --rounds 10
    python benchmarks/first_mask.py --environment VENV

The second prints how large an environment is, and what its largest packages are.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
FIRST_MASK = """
import sys, time
start = time.perf_counter()
from sam_widget import SamWidget
w = SamWidget(sys.argv[1])
w.add_point(300, 200)
shape = w.masks.shape
print(time.perf_counter() - start)
assert shape == (3, 400, 600), shape
import sam_widget
print(sam_widget.__file__)
"""


def first_mask(python: str, checkout: Path, photo: Path) -> float:
    """Return the seconds to the first mask in a fresh process."""
    run = subprocess.run(
        [Path(python).absolute(), "-c", FIRST_MASK, str(photo)],
        env={**os.environ, "PYTHONPATH": str(checkout.resolve())},
        cwd=photo.parent,  # where Python would look first
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, module = run.stdout.split()
    if checkout.resolve() not in Path(module).resolve().parents:
        raise RuntimeError(f"expected the package of {checkout}, got {module}.")
    return float(seconds)


def compare(old: tuple[str, Path], new: tuple[str, Path], rounds: int) -> None:
    """Run both in turns and print medians and the median ratio."""
    import skimage.data  # noqa: PLC0415 - sizes are asked of environments that have no scikit-image
    from PIL import Image  # noqa: PLC0415

    times: dict[str, list[float]] = {"old": [], "new": []}
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        Image.fromarray(skimage.data.coffee()).save(photo)
        for i in range(rounds + 1):
            for name, (python, checkout) in (("old", old), ("new", new)):
                seconds = first_mask(python, checkout, photo)
                if i:  # the first round fills the file system's cache
                    times[name].append(seconds)
            if i:
                print(f"{i:3}  old {times['old'][-1]:6.2f} s  new {times['new'][-1]:6.2f} s")
    ratios = sorted(new / old for old, new in zip(times["old"], times["new"], strict=True))
    for name, seconds in times.items():
        print(f"{name}  median {statistics.median(seconds):.2f} s")
    print(
        f"new / old  median {statistics.median(ratios):.2f}, from {ratios[0]:.2f} to "
        f"{ratios[-1]:.2f}"
    )


def site_packages(environment: Path) -> Path:
    """Return where an environment has its packages."""
    candidates = [*environment.glob("lib/python*/site-packages"), environment / "Lib/site-packages"]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"expected a virtual environment, got {environment}.")


def environment_bytes(environment: Path) -> int:
    """Return the bytes of all files of an environment, Python itself excluded."""
    return _bytes_in(environment)


def packages_of(environment: Path) -> Counter[str]:
    """Return the bytes of each file and folder directly in an environment's site-packages."""
    return Counter({path.name: _bytes_in(path) for path in site_packages(environment).iterdir()})


def _bytes_in(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())


def main() -> None:
    """Print a comparison of times, or the size of an environment."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--old", default=sys.executable, help="Python of the other checkout")
    parser.add_argument("--old-path", type=Path, help="the other checkout")
    parser.add_argument("--new", default=sys.executable, help="Python of this checkout")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--environment", type=Path, help="print the size of this environment")
    arguments = parser.parse_args()
    if arguments.environment is not None:
        for name, size in packages_of(arguments.environment).most_common(10):
            print(f"{size / 1e6:8.1f} MB  {name}")
        print(f"{environment_bytes(arguments.environment) / 1e6:8.1f} MB  in all")
    elif arguments.old_path is not None:
        compare((arguments.old, arguments.old_path), (arguments.new, ROOT), arguments.rounds)
    else:
        parser.error("expected --old-path CHECKOUT, or --environment VENV")


if __name__ == "__main__":
    main()
