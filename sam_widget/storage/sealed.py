"""Keep small files in the cache folder, with a checksum that shows damage.

A file begins with the SHA-256 of what follows. It appears under its name in one step, so nobody
reads half of it; one that is damaged is as good as none.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sam_widget.storage.atomic import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_sealed", "write_sealed"]

_SEAL_BYTES = hashlib.sha256().digest_size


def read_sealed(path: Path) -> bytes | None:
    """Return the content, or None if the file is missing, unreadable or not as it was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    seal, content = content[:_SEAL_BYTES], content[_SEAL_BYTES:]
    return content if seal == hashlib.sha256(content).digest() else None


def write_sealed(path: Path, content: bytes) -> bool:
    """Write a file so that others see all of it or nothing; return whether that succeeded."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, hashlib.sha256(content).digest(), content, durable=False)
    except OSError:
        # A full disk or a folder that is not ours: what was to be kept is made again next time.
        return False
    return True
