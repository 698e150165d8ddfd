"""Records of a journal: one change, or the whole store."""

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
    before = {annotation.id: annotation for _, annotation in change.before}
    coming = {annotation.id for _, annotation in change.after}
    fields: dict[str, Any] = {"type": "change", "serial": serial}
    drop = [identity for identity in before if identity not in coming]
    if drop:
        fields["drop"] = drop
    if change.after:
        fields["put"] = [
            [at, annotation_fields(annotation, before.get(annotation.id))]
            for at, annotation in change.after
        ]
    if change.order is not None:
        fields["order"] = change.order[1]
    return fields


def whole_records(header: dict[str, Any], log: ChangeLog) -> Iterator[dict[str, Any]]:
    """Lay out the whole store: annotations, remembered changes, properties."""
    yield header
    keys: dict[int, int] = {}  # of values: an unchanged object is the same one everywhere
    shown = enumerate(log.items)
    past = (
        (None, annotation)
        for step in log.changes
        for _, annotation in itertools.chain(step.before, step.after)
    )
    versions: dict[str, Annotation] = {}
    for at, annotation in itertools.chain(shown, past):
        if id(annotation) not in keys:
            keys[id(annotation)] = len(keys)
            base = versions.setdefault(annotation.id, annotation)
            fields = {"type": "object", "key": keys[id(annotation)], "at": at}
            if base is not annotation:
                fields["base"] = keys[id(base)]
            versions[annotation.id] = annotation
            yield {
                **fields,
                "object": annotation_fields(annotation, base if base is not annotation else None),
            }

    def placed(side: tuple[tuple[int, Annotation], ...]) -> list[list[int]]:
        return [[at, keys[id(annotation)]] for at, annotation in side]

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
