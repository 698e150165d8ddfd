"""Laying out what a journal says: one change, or a store as a whole."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from sam_widget.store.journal_records import annotation_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sam_widget.annotations import Annotation
    from sam_widget.store.changes import Change, ChangeLog

__all__ = ["change_record", "whole_records"]


def change_record(change: Change, serial: int) -> dict[str, Any]:
    """Lay out one new change."""
    before = {one.id: one for _, one in change.before}
    coming = {one.id for _, one in change.after}
    fields: dict[str, Any] = {"type": "change", "serial": serial}
    drop = [identity for identity in before if identity not in coming]
    if drop:
        fields["drop"] = drop
    if change.after:
        fields["put"] = [
            [at, annotation_fields(one, before.get(one.id))] for at, one in change.after
        ]
    if change.order is not None:
        fields["order"] = change.order[1]
    return fields


def whole_records(header: dict[str, Any], log: ChangeLog) -> Iterator[dict[str, Any]]:
    """Lay the store out as a whole: what is shown, what undo brings back, and the steps."""
    yield header
    keys: dict[int, int] = {}  # of values: an unchanged object is the same one everywhere
    shown = enumerate(log.items)
    past = (
        (None, one) for step in log.changes for _, one in itertools.chain(step.before, step.after)
    )
    versions: dict[str, Annotation] = {}
    for at, one in itertools.chain(shown, past):
        if id(one) not in keys:
            keys[id(one)] = len(keys)
            base = versions.setdefault(one.id, one)
            fields = {"type": "object", "key": keys[id(one)], "at": at}
            if base is not one:
                fields["base"] = keys[id(base)]
            versions[one.id] = one
            yield {
                **fields,
                "object": annotation_fields(one, base if base is not one else None),
            }

    def placed(side: tuple[tuple[int, Annotation], ...]) -> list[list[int]]:
        return [[at, keys[id(one)]] for at, one in side]

    yield {
        "type": "log",
        "serial": log.serial,
        "log": [
            {
                "serial": step.serial,
                "before": placed(step.before),
                "after": placed(step.after),
                "order": step.order,
                "done": step.done,
            }
            for step in log.changes
        ],
        "undone": [step.serial for step in log.undone],
        "properties": dict(log.properties),
    }
