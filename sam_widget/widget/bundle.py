"""The page's bundle, as npm built it and the wheel carries it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sam_widget.errors import BundleMissing

__all__ = ["bundle"]

STATIC = Path(__file__).parent.parent / "static"


@cache
def bundle(name: str) -> str:
    """Return a file of the bundle as text.

    Raises
    ------
    BundleMissing
        If it has not been built.
    """
    path = STATIC / name
    if not path.is_file():
        raise BundleMissing(
            f"the page's bundle {name} has not been built. Run `make build` (or `npm ci && npm run "
            f"build`) in the source folder, or install a released wheel: pip install sam-widget."
        )
    return path.read_text(encoding="utf-8")
