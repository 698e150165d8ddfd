"""What happens in a process, told to another one before it can be on disk and after it is.

The witness stands where all roads meet: where the changes of a store are applied, with its lock
held. A state is told there, before anything of it is written, and again by its number when the
method that made it returns, unless the store says then that it is not saved.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager

from sam_widget import AnnotationStore, Series
from sam_widget.store.transactions import Transactions

OWN_PROPERTIES = ("labels", "label_colors", "note")


def fingerprint(annotation):
    """What must come back of an annotation: id, label, colour, visibility, mask."""
    counts = annotation.rle.counts.tobytes()
    mask = hashlib.sha256(counts).hexdigest()[:8]
    return [annotation.id, annotation.label, annotation.color, annotation.visible, mask]


def step(change):
    """A step of undo: which it is, whether it is done, and what it takes away and puts there."""
    sides = [{item.id: (at, item) for at, item in side} for side in (change.before, change.after)]
    replaced = sides[0].keys() & sides[1].keys()  # and so left in their places
    sides = [
        sorted(
            [fingerprint(item), None if name in replaced else at]
            for name, (at, item) in side.items()
        )
        for side in sides
    ]
    digest = hashlib.sha256(json.dumps([sides, change.order]).encode()).hexdigest()[:8]
    return [change.serial, change.done, digest]


def state_of(transactions):
    """All that a store must have after a restart, as JSON has it."""
    log = transactions.log
    properties = {name: log.properties.get(name) for name in OWN_PROPERTIES}
    return {
        "objects": [fingerprint(item) for item in log.items],
        **properties,
        "steps": [step(change) for change in log.changes],
        "undone": [change.serial for change in log.undone],
    }


class Witness:
    """Tell of every change of every store and series in this process.

    Parameters
    ----------
    tell : callable
        Takes a list that JSON can hold.
    """

    def __init__(self, tell):
        self.tell = tell
        self.stores = 0

    def watch(self):
        """Stand in the way of all changes from now on."""
        self._watch_stores()
        self._watch_changes()
        self._watch_series()

    def _watch_stores(self):
        witness, make = self, AnnotationStore.__init__

        def made(store, *arguments, **named):
            make(store, *arguments, **named)
            witness.stores += 1
            transactions = store.transactions
            transactions.witnessed = [store.file_name, witness.stores]
            transactions.states = 0

        AnnotationStore.__init__ = made

    def _watch_changes(self):
        witness = self
        record_with, settle = Transactions.record_with, Transactions._settle

        def recorded_with(transactions, recorder, note=""):
            record_with(transactions, recorder, note)
            if recorder is not None:
                witness.tell(["opened", *transactions.witnessed, state_of(transactions)])
            elif not note:
                witness.tell(["saved", *transactions.witnessed, transactions.states])

        def settled(transactions):
            with transactions.lock:
                number = transactions.states
            settle(transactions)
            if not transactions.problem:
                witness.tell(["saved", *transactions.witnessed, number])

        Transactions.record_with, Transactions._settle = recorded_with, settled
        Transactions.as_one = self._telling(Transactions.as_one)

    def _telling(self, as_one):
        """Tell the state after each change that is to be saved as a whole."""

        @contextmanager
        def changed(transactions):
            with transactions.lock, as_one(transactions):
                if not transactions._depth > 1:
                    transactions.before = transactions._revision
                try:
                    yield
                finally:
                    if transactions._depth == 1 and transactions._revision != transactions.before:
                        self._tell_state(transactions)

        return changed

    def _tell_state(self, transactions):
        if transactions.journal is None:
            problem, state = transactions.problem, state_of(transactions)
            self.tell(["adrift", *transactions.witnessed, problem, state])
            return
        transactions.states += 1
        state = state_of(transactions)
        self.tell(["state", *transactions.witnessed, transactions.states, state])

    def _watch_series(self):
        witness, mark, place = self, Series.mark, Series.place

        def marked(series, status, index=None):
            name = series.names[series.checked(series.index if index is None else index)]
            witness.tell(["marking", name, status])
            mark(series, status, series.names.index(name))
            witness.tell(["marked", name, status, not series.note])

        def placed(series, index):
            name = series.names[series.checked(index)]
            witness.tell(["marking", "", name])
            place(series, index)
            witness.tell(["marked", "", name, not series.note])

        Series.mark, Series.place = marked, placed
