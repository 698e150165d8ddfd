"""The labels on offer for an image, and the colour of each.

A label is a class name; its colour is that of most of its objects, so that undo gives labels their
colours back, too.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sam_widget.annotations import PALETTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sam_widget.annotations import Annotation
    from sam_widget.store.store import AnnotationStore

__all__ = ["Labels"]


class Labels:
    """Labels in order of appearance, and their colours. Not locked: their owner is.

    Parameters
    ----------
    store : AnnotationStore
        Keeps them, and so does its journal.
    names : tuple of str
        Labels to begin with.
    colors : mapping of str to str
        Their colours; what the store has comes first.
    given : mapping of str to str
        Those of them that came with the widget.
    """

    def __init__(
        self,
        store: AnnotationStore,
        names: tuple[str, ...] = (),
        colors: Mapping[str, str] | None = None,
        given: Mapping[str, str] | None = None,
    ) -> None:
        self._store = store
        self.names = names
        self._colors = {**(colors or {}), **store.label_colors}
        self.given = dict(given or {})

    def colors(self, objects: Iterable[Annotation]) -> dict[str, str]:
        """Return the colour of each label, ``"#rrggbb"``, in order of appearance."""
        seen: dict[str, Counter[str]] = {}
        for annotation in objects:
            if annotation.label:
                seen.setdefault(annotation.label, Counter())[annotation.color] += 1
        # Of equally many the first: Counter keeps the order in which they came.
        own = {label: colors.most_common(1)[0][0] for label, colors in seen.items()}
        known = {**self._colors, **own}
        return {label: known[label] for label in self.names}

    def color_for(self, label: str, objects: Iterable[Annotation]) -> str:
        """Return the label's colour; for a new one, that which is used least."""
        objects = tuple(objects)
        colors = self.colors(objects)
        if label in colors:
            return colors[label]
        used = [annotation.color for annotation in objects] + list(colors.values())
        return min(PALETTE, key=used.count)

    def color_once(self, label: str, color: str) -> None:
        """Give a label a colour, unless it has one."""
        self._colors.setdefault(label, color)

    def offer(self, label: str, objects: Iterable[Annotation]) -> bool:
        """Offer a label, in the colour that it has or else in the one that is used least.

        Returns
        -------
        bool
            Whether it was not on offer before; :meth:`keep` puts it into the store.
        """
        if not label or label in self.names:
            return False
        self.color_once(label, self.color_for(label, objects))
        self.names = (*self.names, label)
        return True

    def give(self, labels: Iterable[str], objects: Iterable[Annotation]) -> None:
        """Offer the labels that come with a widget, and keep all that are on offer in the store."""
        for label in labels:
            self.offer(label, objects)
            if label:
                self.given.setdefault(label, self._colors[label])
        self._store.transactions.given.update(self.given)
        self.keep()

    def announce(self, label: str, objects: Iterable[Annotation]) -> None:
        """Offer a label, and keep it in the store."""
        if self.offer(label, objects):
            self.keep()

    def meet(self, annotation: Annotation) -> None:
        """Offer the label of an annotation that somebody else added to the store."""
        if annotation.label:
            self.color_once(annotation.label, annotation.color)
            self.names = tuple(dict.fromkeys([*self.names, annotation.label]))

    def recolor(self, label: str, color: str) -> None:
        """Give a label another colour; one that is not on offer yet is kept when it is."""
        self._colors[label] = color
        if label in self.names:
            self.keep()

    def rename(self, label: str, to: str, color: str) -> None:
        """Rename a label; an existing name takes it in. ``color`` is for a new one."""
        renamed = () if to in self.names else (to,)
        self.names = tuple(
            name for known in self.names for name in (renamed if known == label else (known,))
        )
        self._colors.pop(label, None)
        self.color_once(to, color)
        self.keep()

    def remove(self, label: str) -> None:
        """Offer a label no longer."""
        self.names = tuple(known for known in self.names if known != label)
        self._colors.pop(label, None)
        self.keep()

    def keep(self) -> None:
        """Save labels and colours in the store, and so in its journal."""
        if self.names or self._store.labels:
            self._store.transactions.set_property("labels", list(self.names))
            self._store.transactions.set_property("label_colors", dict(self._colors))
