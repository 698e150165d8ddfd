"""What a person was told is done: a plain account, against which what is on disk is held."""

from __future__ import annotations

import json
from collections import defaultdict


class Lost(AssertionError):  # noqa: N818 - reads as the fact it states
    """Something that was confirmed is not there, or is there twice, or half of a change is."""


class Photo:
    """The states that one photo's annotations had, from the newest that was confirmed on."""

    def __init__(self):
        self.states = [None]  # none yet: whatever is opened first must be empty
        self.store = (0, 0)  # process, and number of the store in it
        self.first = 0  # number of the first state, in the store that has made them

    def open(self, store, state):
        self.check(state, self.states, "is open")
        self.states, self.store, self.first = [state], store, 0

    def check(self, found, allowed, where):
        if found == EMPTY and any(says_nothing(state) for state in allowed):
            return  # a journal without news is deleted when it is closed
        if found not in allowed:
            raise Lost(f"{where}: {explained(found, allowed)}")

    def changed(self, store, number, state):
        if store != self.store:
            raise Lost(f"there are two stores that are written to one journal: {shown(state)}")
        if number != self.first + len(self.states):
            raise Lost(f"state {number} comes after {self.first + len(self.states) - 1}")
        self.states.append(state)

    def saved(self, store, number):
        if store != self.store:
            return
        gone = max(0, min(number - self.first, len(self.states) - 1))
        del self.states[:gone]
        self.first += gone


GIVEN = {"cup": "#3b82f6"}
"""The label that every widget here begins with, and its colour."""

EMPTY = {
    "objects": [],
    "labels": None,
    "label_colors": None,
    "note": None,
    "steps": [],
    "undone": [],
}


class Ledger:
    """Take down what processes tell, and raise Lost where it does not fit together."""

    def __init__(self):
        self.photos = defaultdict(Photo)
        self.statuses = {}  # name to what it may be now, the place under the empty name
        self.marking = defaultdict(list)  # name to marks under way, as (process, status)
        self.looking = {}  # process to what its view may show
        self.ids = set()  # of all annotations that ever were
        self.counts = defaultdict(int)

    def take(self, process, message):
        kind, *rest = message
        self.counts[kind] += 1
        getattr(self, f"_{kind}")(process, *rest)

    def ended(self, process):
        """A process is dead: what it had under way has happened, or never will."""
        for name, marks in self.marking.items():
            self.marking[name] = [mark for mark in marks if mark[0] != process]
        self.looking.pop(process, None)

    # ---- stores ---------------------------------------------------------------------------------

    def _opened(self, process, photo, store, state):
        self.photos[photo].open((process, store), state)

    def _state(self, process, photo, store, number, state):
        self.photos[photo].changed((process, store), number, state)
        self.ids.update(item[0] for item in state["objects"])
        for view in self.looking.values():
            view[0][photo].append(state)

    def _adrift(self, process, photo, store, problem, state):
        """What is known to be saved nowhere may be shown, but need not be there later."""
        self.ids.update(item[0] for item in state["objects"])
        if process in self.looking:
            self.looking[process][0][photo].append(state)
        if photo and not problem:  # without a photo it is the stand-in for one that is not open
            raise Lost(f"{photo} was changed after its journal was closed, and nobody was told")

    def _saved(self, process, photo, store, number):
        self.photos[photo].saved((process, store), number)

    # ---- series ---------------------------------------------------------------------------------

    def _marking(self, process, name, status):
        self.marking[name].append((process, status))
        self._may_be(name).add(status)
        for view in self.looking.values():
            view[1].setdefault(name, {self.default(name)}).add(status)

    def _marked(self, process, name, status, is_kept):
        self.marking[name].remove((process, status))
        if is_kept and not self.marking[name]:
            self.statuses[name] = {status}
        # Else: another mark was made meanwhile, and which of them came last nobody can say.

    def _may_be(self, name):
        return self.statuses.setdefault(name, {self.default(name)})

    @staticmethod
    def default(name):
        return "todo" if name else None

    # ---- what a view shows ----------------------------------------------------------------------

    def _looking(self, process):
        states = defaultdict(lambda: [None])
        for name, photo in self.photos.items():
            states[name] = list(photo.states)
        self.looking[process] = (states, {name: set(may) for name, may in self.statuses.items()})

    def _shown(self, process, photos, statuses, place):
        states, marks = self.looking.pop(process)
        for name, state in photos.items():
            self.photos[name].check(state, states[name], f"{name} shows")
        for name, status in {**statuses, "": place}.items():
            may = marks.get(name, {self.default(name)})
            if status not in may and not (name == "" and None in may):
                raise Lost(f"{name or 'the place'} is {status!r}, and should be one of {may}")

    def _move(self, process, *_):
        pass

    def _made(self, process, _thread, refusal, ids, is_quiet):
        """A method has returned, with annotations; if quiet, nothing else is going on."""
        if is_quiet and "would go to no journal" in refusal:
            raise Lost(f"an open widget has a store that is closed: {refusal}")
        if set(ids) - self.ids:
            raise Lost(f"{set(ids) - self.ids} came back from a method, and were never there")
        for name, photo in self.photos.items():
            if is_quiet and photo.store[0] == process and len(photo.states) > 1:
                raise Lost(
                    f"a method returned before what it changed of {name} was saved: {refusal}"
                )

    def _broken(self, process, text):
        raise Lost(f"a move failed:\n{text}")


def says_nothing(state):
    if state is None:
        return True
    labels, colors = state["labels"] or [], state["label_colors"] or {}
    given = set(labels) <= GIVEN.keys() and colors.items() <= GIVEN.items()
    return given and {**state, "labels": None, "label_colors": None} == EMPTY


def shown(state):
    return "nothing" if state is None else json.dumps(state)


def explained(found, allowed):
    """Say how what was found differs from each state that would do."""
    lines = ["it is none of these states, but differs from them:"]
    for number, state in enumerate(allowed):
        differences = [
            f"{name}: found {less(found[name], value)}, expected {less(value, found[name])}"
            for name, value in (EMPTY if state is None else state).items()
            if value != found[name]
        ]
        lines.append(f"- {number}: {'; '.join(differences)}")
    return "\n".join(lines)


def less(value, other):
    """A value without what another has as well."""
    if isinstance(value, list) and isinstance(other, list):
        return [item for item in value if item not in other] or f"{len(value)} in another order"
    return value
