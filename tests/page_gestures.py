"""What a page sends when a person does something."""

from __future__ import annotations

import itertools

ids = itertools.count()


def gesture(widget, kind, **fields):
    identity = f"test-{next(ids)}"
    message = {"type": kind, "id": identity, "version": widget.document["version"], **fields}
    return widget.comm.ask(message)[0]
