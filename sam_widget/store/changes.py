"""Annotations and the changes that made them, as plain data without locks or files.

A change names what it takes away and what it puts there, by id. It is undone by putting the one
back for the other, and only while what it had put there is still what is there: so nobody's undo
takes back what somebody else did to the same object later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sam_widget.errors import AnnotationError, StaleGesture

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sam_widget.annotations import Annotation

__all__ = ["LOG_LIMIT", "Change", "ChangeLog", "difference"]

LOG_LIMIT = 256
"""Changes remembered for undo."""

Placed: TypeAlias = "tuple[int, Annotation]"
Items: TypeAlias = "tuple[Annotation, ...]"
Order: TypeAlias = "tuple[tuple[str, ...], tuple[str, ...]]"


@dataclass(eq=False)
class Change:
    """One step: annotations removed, annotations added or replaced, and perhaps a new order.

    Attributes
    ----------
    before, after : tuple of (index, Annotation)
        An id in both is an object that is replaced, and stays where it is.
    order : (ids, ids), optional
        All ids before and after, where the step reorders.
    serial : int
        Number in the change log, from 1.
    author : object
        Whose undo it belongs to; None where it was made on the store itself.
    done : bool
        False while it is undone.
    """

    before: tuple[Placed, ...] = ()
    after: tuple[Placed, ...] = ()
    order: Order | None = None
    serial: int = 0
    author: object = field(default=None, repr=False)
    done: bool = True

    def inverse(self) -> Change:
        """Return the change that takes this one back."""
        order = None if self.order is None else (self.order[1], self.order[0])
        return Change(self.after, self.before, order)

    def applied(self, items: Items) -> Items:
        """Return the objects after this change.

        Raises
        ------
        StaleGesture
            If an object is no longer what the change found, or one it brings is there already.
        """
        present = {annotation.id: annotation for annotation in items}
        found = {annotation.id: annotation for _, annotation in self.before}
        for identity, annotation in found.items():
            if present.get(identity) is not annotation:
                raise _conflict(annotation, present.get(identity))
        fresh = [(at, annotation) for at, annotation in self.after if annotation.id not in found]
        for _, annotation in fresh:
            if annotation.id in present:
                raise StaleGesture(f"An object with the id {annotation.id} is there already.")
        coming = {annotation.id: annotation for _, annotation in self.after}
        gone = found.keys() - coming.keys()
        result = [
            coming.get(annotation.id, annotation)
            for annotation in items
            if annotation.id not in gone
        ]
        for at, annotation in sorted(fresh, key=lambda placed: placed[0]):
            result.insert(min(at, len(result)), annotation)
        return tuple(result) if self.order is None else _reordered(result, *self.order)


@dataclass(eq=False)
class ChangeLog:
    """The annotations of an image, the newest changes, those undone, and properties.

    Attributes
    ----------
    items : tuple of Annotation
        In the order shown.
    changes : list of Change
        The newest :data:`LOG_LIMIT`, oldest first.
    undone : list of Change
        What a redo does again, the next one last; a new change makes an end of it.
    properties : dict
        JSON values by name.
    serial : int
        Number of the newest change.
    """

    items: Items = ()
    changes: list[Change] = field(default_factory=list)
    undone: list[Change] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    serial: int = 0

    def change(
        self,
        drop: Iterable[str] = (),
        put: Iterable[Placed] = (),
        order: Sequence[str] | None = None,
    ) -> Change:
        """Return a change of the present annotations, not yet applied.

        Parameters
        ----------
        drop : iterable of str
            Ids of objects that go.
        put : iterable of (index, Annotation)
            Objects that come. One whose id is there replaces it where it is.
        order : sequence of str, optional
            Ids of all objects that are left, in their new order.

        Raises
        ------
        AnnotationError
            If an id is unknown or named twice, or the order is not one of these objects.
        """
        places = {annotation.id: (at, annotation) for at, annotation in enumerate(self.items)}
        gone, coming = tuple(drop), tuple(put)
        named = [*gone, *(annotation.id for _, annotation in coming)]
        if len(set(named)) != len(named):
            raise AnnotationError("an object is named twice in one change. Name each id once.")
        for identity in gone:
            if identity not in places:
                raise AnnotationError(f"there is no object with the id {identity!r:.60}.")
        before = tuple(places[identity] for identity in named if identity in places)
        change = Change(before, coming)
        if order is not None:
            ids = tuple(annotation.id for annotation in change.applied(self.items))
            if sorted(ids) != sorted(order):
                raise AnnotationError(
                    f"an order must name each of the {len(ids)} objects once, got {len(order)} ids."
                )
            change.order = (ids, tuple(order))
        return change

    def commit(self, change: Change, author: object = None) -> None:
        """Apply a new change and remember it; what was undone can no longer be done again.

        Raises
        ------
        StaleGesture
            As :meth:`Change.applied`; then nothing has changed.
        """
        self.items = change.applied(self.items)
        self.serial += 1
        change.serial, change.author, change.done = self.serial, author, True
        self.changes.append(change)
        del self.changes[:-LOG_LIMIT]
        self.undone.clear()

    def undo(self, change: Change) -> None:
        """Take a remembered change back; raise StaleGesture if a later one builds on it."""
        self.items = change.inverse().applied(self.items)
        change.done = False
        self.undone.append(change)

    def redo(self, change: Change) -> None:
        """Do a change again that was undone; errors as for :meth:`undo`."""
        self.items = change.applied(self.items)
        change.done = True
        self.undone = [undone for undone in self.undone if undone is not change]

    def find(self, serial: int) -> Change | None:
        """Return the remembered change of this number."""
        return next((change for change in reversed(self.changes) if change.serial == serial), None)

    @property
    def last_done(self) -> Change | None:
        """The newest change that is not undone."""
        return next((change for change in reversed(self.changes) if change.done), None)

    @property
    def last_undone(self) -> Change | None:
        """The undone change that a redo makes again."""
        return self.undone[-1] if self.undone else None


def difference(before: Items, after: Items) -> Change | None:
    """Return the change that leads from one state of the objects to another, if there is any."""
    if before is after:
        return None
    old = {annotation.id: (at, annotation) for at, annotation in enumerate(before)}
    new = {annotation.id: (at, annotation) for at, annotation in enumerate(after)}
    if len(new) != len(after):
        raise AnnotationError("an object is there twice. Give each an id of its own.")
    going = tuple(
        (at, annotation)
        for at, annotation in enumerate(before)
        if annotation.id not in new or new[annotation.id][1] is not annotation
    )
    coming = tuple(
        (at, annotation)
        for at, annotation in enumerate(after)
        if annotation.id not in old or old[annotation.id][1] is not annotation
    )
    change = Change(going, coming)
    arrived = change.applied(before)
    if arrived != after:
        change.order = (
            tuple(annotation.id for annotation in arrived),
            tuple(annotation.id for annotation in after),
        )
    return change if going or coming or change.order else None


def _conflict(wanted: Annotation, found: Annotation | None) -> StaleGesture:
    name = f"{wanted.label!r}" if wanted.label else "the object"
    what = "was deleted" if found is None else "was changed"
    return StaleGesture(
        f"That step no longer fits: {name} ({wanted.id}) {what} meanwhile, from another view or by "
        "code."
    )


def _reordered(items: list[Annotation], before: tuple[str, ...], after: tuple[str, ...]) -> Items:
    """Bring the objects into another order; those it does not name stay where they are."""
    named = set(before) & set(after)
    known = [annotation for annotation in items if annotation.id in named]
    ids = {annotation.id for annotation in known}
    if [annotation.id for annotation in known] != [name for name in before if name in ids]:
        raise StaleGesture("That step no longer fits: the objects were reordered meanwhile.")
    by_id = {annotation.id: annotation for annotation in known}
    wanted = iter([by_id[name] for name in after if name in ids])
    return tuple(next(wanted) if annotation.id in named else annotation for annotation in items)
