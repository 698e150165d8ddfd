"""Gestures on accepted annotations, one or many at once, and on labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sam_widget.annotations import Annotation, check_label
from sam_widget.errors import AnnotationError, StaleGesture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sam_widget.session.document import Document

__all__ = ["ObjectGestures"]


class ObjectGestures:
    """Change annotations and labels; each gesture is one step of the document's history.

    What the methods do, take and raise is told by those of :class:`~sam_widget.Session`.

    Parameters
    ----------
    document : Document
    """

    def __init__(self, document: Document) -> None:
        self._document = document

    # ---- annotations ----------------------------------------------------------------------------

    def add(
        self, annotations: Sequence[Annotation], *, new_only: bool = False
    ) -> tuple[Annotation, ...]:
        """Add annotations that were made elsewhere, in the colours of their labels."""
        document = self._document

        def change() -> tuple[Annotation, ...]:
            document.catch_up()
            if new_only:
                there = {(found.rle, found.label): found for found in document.annotations}
                known = [there.setdefault((new.rle, new.label), new) for new in annotations]
                fresh = [new for new, found in zip(annotations, known, strict=True) if new is found]
                added = {made.id: made for made in put(fresh)}
                return tuple(added.get(found.id, found) for found in known)
            return put(annotations)

        def put(annotations: Sequence[Annotation]) -> tuple[Annotation, ...]:
            colors = document.label_colors
            for annotation in annotations:
                if annotation.label:
                    colors.setdefault(annotation.label, annotation.color)
            added = tuple(
                replace(annotation, color=colors.get(annotation.label, annotation.color))
                for annotation in annotations
            )
            for label in dict.fromkeys(annotation.label for annotation in added):
                if label:
                    document.labels.color_once(label, colors[label])
                    document.announce(label)
            if added:
                self._put((*document.annotations, *added))
            return added

        return document.apply(change)

    def update(self, ids: Iterable[str], given: Mapping[str, object]) -> int:
        """Change properties of annotations; None leaves a property as it is."""
        document = self._document
        changes = {name: value for name, value in given.items() if value is not None}

        def change() -> int:
            wanted = self._existing(ids)
            colored = changes
            label = changes.get("label")
            if isinstance(label, str) and "color" not in changes:
                colored = changes | self._color_of_relabelled(wanted, label)
            return self._change(dict.fromkeys(wanted, colored))

        return document.apply(change)

    def remove(self, ids: Iterable[str]) -> int:
        """Delete annotations."""
        document = self._document

        def change() -> int:
            gone = self._existing(ids)
            if not gone:
                return document.version
            return self._put(tuple(kept for kept in document.annotations if kept.id not in gone))

        return document.apply(change)

    def duplicate(self, annotation_id: str) -> int:
        """Put a copy of an annotation right after it, under an id of its own."""
        document = self._document

        def change() -> int:
            place, original = document.find(annotation_id)
            blank = Annotation(original.rle)
            copied = replace(original, id=blank.id, created=blank.created)
            before, after = document.annotations[: place + 1], document.annotations[place + 1 :]
            return self._put((*before, copied, *after))

        return document.apply(change)

    def show_only(self, ids: Iterable[str]) -> int:
        """Show these annotations and hide all others."""
        document = self._document

        def change() -> int:
            shown = self._existing(ids)
            return self._change(
                {found.id: {"visible": found.id in shown} for found in document.annotations}
            )

        return document.apply(change)

    # ---- labels ---------------------------------------------------------------------------------

    def announce(self, labels: Iterable[str]) -> None:
        """Offer labels before they are used, and keep all that are on offer in the store."""
        document = self._document
        document.apply(lambda: document.labels.give(labels, document.annotations))

    def add_label(self, label: str, color: str | None) -> int:
        """Offer a label; one that is there already only takes the colour."""
        check_label(label, color)
        document = self._document

        def change() -> int:
            document.catch_up()
            if label in document.labels.names:
                return document.version if color is None else self.recolor_label(label, color)
            if color is not None:
                document.labels.recolor(label, color)
            document.announce(label)
            return document.version

        return document.apply(change)

    def rename_label(self, label: str, to: str) -> int:
        """Rename a label, and all annotations under it; two of one name become one."""
        check_label(to)
        document = self._document

        def change() -> int:
            self._check_known(label)
            if to == label:
                return document.version
            colors = document.label_colors
            color = colors.get(to, colors[label])
            document.labels.rename(label, to, color)
            return self._change_labelled(label, {"label": to, "color": color})

        return document.apply(change)

    def recolor_label(self, label: str, color: str) -> int:
        """Give a label another colour, and all annotations under it."""
        check_label(label, color)
        document = self._document

        def change() -> int:
            self._check_known(label)
            document.labels.recolor(label, color)
            return self._change_labelled(label, {"color": color})

        return document.apply(change)

    def remove_label(self, label: str) -> int:
        """Offer a label no longer; no annotation may bear it."""
        document = self._document

        def change() -> int:
            self._check_known(label)
            count = sum(found.label == label for found in document.annotations)
            if count:
                raise AnnotationError(
                    f"{count} object(s) bear the label {label!r:.60}. Relabel or delete them first."
                )
            document.labels.remove(label)
            return document.version

        return document.apply(change)

    # ---- inside: within apply() -----------------------------------------------------------------

    def _put(self, annotations: tuple[Annotation, ...]) -> int:
        return self._document.push(replace(self._document.entry, annotations=annotations))

    def _existing(self, ids: Iterable[str]) -> set[str]:
        if isinstance(ids, str):
            raise AnnotationError(f"ids must be several ids, got the text {ids!r:.60}. Use [id].")
        self._document.catch_up()
        wanted = set(ids)
        missing = len(wanted - {found.id for found in self._document.annotations})
        if missing:
            raise StaleGesture(f"{missing} of those {len(wanted)} objects are no longer there.")
        return wanted

    def _change(self, changes: Mapping[str, Mapping[str, Any]]) -> int:
        """Change properties by id as one step; no step at all where nothing changes."""
        before = self._document.annotations
        after = tuple(_changed(found, changes.get(found.id, {})) for found in before)
        if all(new is old for new, old in zip(after, before, strict=True)):
            return self._document.version
        version = self._put(after)
        for annotation in after:
            self._document.announce(annotation.label)
        return version

    def _change_labelled(self, label: str, changes: Mapping[str, Any]) -> int:
        annotations = self._document.annotations
        return self._change({found.id: changes for found in annotations if found.label == label})

    def _color_of_relabelled(self, ids: set[str], label: str) -> dict[str, object]:
        """Return the colour that annotations get with a new label, if it is another one."""
        document = self._document
        changed = [
            found for found in document.annotations if found.id in ids and found.label != label
        ]
        if not label or not changed:
            return {}
        if label not in document.labels.names:
            # A label of its own may keep the colour, unless that means another label.
            colors = {found.color for found in changed}
            if len(colors) == 1 and not colors & set(document.label_colors.values()):
                return {"color": colors.pop()}
        return {"color": document.color_for(label)}

    def _check_known(self, label: str) -> None:
        self._document.catch_up()
        if label not in self._document.labels.names:
            raise StaleGesture(f"There is no label {label!r:.60}.")


def _changed(annotation: Annotation, changes: Mapping[str, Any]) -> Annotation:
    if all(getattr(annotation, name) == value for name, value in changes.items()):
        return annotation
    return replace(annotation, **changes)
