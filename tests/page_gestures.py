"""What a page sends when a person does something."""

from __future__ import annotations

import itertools

from recording_comm import CLOSED

ids = itertools.count()


def gesture(widget, kind, buffers=(), **fields):
    """Send a message as the page does, and return the one answer to it."""
    identity = f"test-{next(ids)}"
    message = {"type": kind, "id": identity, "version": widget.document["version"], **fields}
    comm = widget.comm
    return dict(CLOSED) if comm is None else comm.ask(message, buffers)[0]
