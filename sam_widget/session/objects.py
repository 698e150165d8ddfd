"""Gestures on accepted objects, one or many at once, and on labels: each is one step of history.

The part of :class:`~sam_widget.Session` that a list of objects needs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sam_widget.annotations import PALETTE, Annotation
from sam_widget.errors import AnnotationError, StaleGesture
from sam_widget.session.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sam_widget.masks import Rle

__all__ = ["ObjectGestures"]

_NO_MASK: Any = None


class ObjectGestures(Document):
    """What a session does to its accepted objects and labels."""

    # ---- objects --------------------------------------------------------------------------------

    def add_annotations(self, annotations: Sequence[Annotation]) -> tuple[Annotation, ...]:
        """Add objects that were made elsewhere, as one step that undo takes back.

        Parameters
        ----------
        annotations : sequence of Annotation
            Of this image's size. One whose label is known takes the colour of that label.

        Returns
        -------
        tuple of Annotation
            As they were added.
        """
        with self.lock:
            self._catch_up()
            coloured = self.label_colors
            for one in annotations:
                if one.label:
                    coloured.setdefault(one.label, one.color)
            added = tuple(
                replace(one, color=coloured.get(one.label, one.color)) for one in annotations
            )
            for label in dict.fromkeys(one.label for one in added if one.label):
                self._labels.color_once(label, coloured[label])
                self._announce(label)
            if added:
                entry = self._entry
                self._push(replace(entry, annotations=(*entry.annotations, *added)))
            return added

    def update_annotation(
        self,
        annotation_id: str,
        *,
        label: str | None = None,
        color: str | None = None,
        visible: bool | None = None,
    ) -> int:
        """Rename, recolour, hide or show an accepted object; None leaves a property as it is."""
        with self.lock:
            self._find(annotation_id)
            return self.update_annotations(
                [annotation_id], label=label, color=color, visible=visible
            )

    def remove_annotation(self, annotation_id: str) -> int:
        """Delete an accepted object."""
        with self.lock:
            self._find(annotation_id)
            return self.remove_annotations([annotation_id])

    def update_annotations(
        self,
        ids: Iterable[str],
        *,
        label: str | None = None,
        color: str | None = None,
        visible: bool | None = None,
    ) -> int:
        """Rename, recolour, hide or show accepted objects; None leaves a property as it is.

        Objects that are given another label take its colour, unless ``color`` says otherwise.

        Parameters
        ----------
        ids : iterable of str
            All of them or none are changed.

        Returns
        -------
        int
            The document version, as for every gesture.

        Raises
        ------
        StaleGesture
            If one of the objects is no longer there.
        AnnotationError
            If the label or the colour is none.
        """
        given = {"label": label, "color": color, "visible": visible}
        changes: dict[str, Any] = {name: v for name, v in given.items() if v is not None}
        with self.lock:
            wanted = self._existing(ids)
            if label is not None and color is None:
                changes.update(self._color_of_relabelled(wanted, label))
            return self._change(dict.fromkeys(wanted, changes))

    def remove_annotations(self, ids: Iterable[str]) -> int:
        """Delete accepted objects; parameters and errors as for :meth:`update_annotations`."""
        with self.lock:
            gone = self._existing(ids)
            if not gone:
                return self._version
            entry = self._entry
            kept = tuple(one for one in entry.annotations if one.id not in gone)
            return self._push(replace(entry, annotations=kept))

    def show_only(self, ids: Iterable[str]) -> int:
        """Show these accepted objects and hide all others; errors as above."""
        with self.lock:
            shown = self._existing(ids)
            return self._change(
                {one.id: {"visible": one.id in shown} for one in self._entry.annotations}
            )

    # ---- labels ---------------------------------------------------------------------------------

    def add_label(self, label: str, color: str | None = None) -> int:
        """Offer a label before it is used; one that is there already only takes the colour.

        Raises
        ------
        AnnotationError
            If the label is empty or too long, or the colour is none.
        """
        _check_label(label, color)
        with self.lock:
            self._catch_up()
            if label in self.labels:
                return self._version if color is None else self.recolor_label(label, color)
            if color is not None:
                self._labels.recolor(label, color)
            self._announce(label)
            return self._version

    def rename_label(self, label: str, to: str) -> int:
        """Rename a label, and all objects under it in one step; two of one name become one.

        Raises
        ------
        StaleGesture
            If there is no such label.
        AnnotationError
            If the new name is empty or too long.
        """
        _check_label(to, None)
        with self.lock:
            self._check_known(label)
            colors = self.label_colors
            if to == label:
                return self._version
            color = colors.get(to, colors[label])
            self._labels.rename(label, to, color)
            return self._change(
                {
                    one.id: {"label": to, "color": color}
                    for one in self._entry.annotations
                    if one.label == label
                }
            )

    def recolor_label(self, label: str, color: str) -> int:
        """Give a label another colour, and all objects under it in one step; errors as above."""
        _check_label(label, color)
        with self.lock:
            self._check_known(label)
            self._labels.recolor(label, color)
            return self._change(
                {one.id: {"color": color} for one in self._entry.annotations if one.label == label}
            )

    def remove_label(self, label: str) -> int:
        """Offer a label no longer.

        Raises
        ------
        StaleGesture
            If there is no such label.
        AnnotationError
            If objects bear it.
        """
        with self.lock:
            self._check_known(label)
            count = sum(one.label == label for one in self._entry.annotations)
            if count:
                raise AnnotationError(
                    f"{count} object(s) bear the label {label!r:.60}. Relabel or delete them first."
                )
            self._labels.remove(label)
            return self._version

    # ---- inside ---------------------------------------------------------------------------------

    def _existing(self, ids: Iterable[str]) -> set[str]:
        if isinstance(ids, str):
            raise AnnotationError(f"ids must be several ids, got the text {ids!r:.60}. Use [id].")
        self._catch_up()
        wanted = set(ids)
        missing = len(wanted - {one.id for one in self._entry.annotations})
        if missing:
            raise StaleGesture(f"{missing} of those {len(wanted)} objects are no longer there.")
        return wanted

    def _change(self, changes: dict[str, dict[str, Any]]) -> int:
        """Change properties by object id as one step; no step at all where nothing changes."""
        before = self._entry.annotations
        after = tuple(_changed(one, changes.get(one.id, {})) for one in before)
        if all(new is old for new, old in zip(after, before, strict=True)):
            return self._version
        version = self._push(replace(self._entry, annotations=after))
        for one in after:
            self._announce(one.label)
        return version

    def _color_of_relabelled(self, ids: set[str], label: str) -> dict[str, str]:
        """Return the colour that objects get with a new label, if it is another one."""
        own = [one for one in self._entry.annotations if one.id in ids and one.label != label]
        if not label or not own:
            return {}
        if label not in self.labels:
            # A label of its own may keep the colour, unless that means another label.
            colors = {one.color for one in own}
            if len(colors) == 1 and not colors & set(self.label_colors.values()):
                return {"color": colors.pop()}
        return {"color": self._color_for(label)}

    def _check_known(self, label: str) -> None:
        self._catch_up()
        if label not in self.labels:
            raise StaleGesture(f"There is no label {label!r:.60}.")


def _changed(annotation: Annotation, changes: dict[str, Any]) -> Annotation:
    if all(getattr(annotation, name) == value for name, value in changes.items()):
        return annotation
    return replace(annotation, **changes)


def _check_label(label: str, color: str | None) -> None:
    if not label:
        raise AnnotationError("a label must be a text of at least one character.")
    rle: Rle = _NO_MASK
    Annotation(rle, label, color or PALETTE[0])  # says what is wrong with either
