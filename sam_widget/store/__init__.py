"""Who owns the annotations of an image: changes with undo, each on disk before it counts."""

from sam_widget.store.changes import Change, difference
from sam_widget.store.exchange import (
    filtered,
    from_dataframe,
    from_detections,
    to_dataframe,
    to_detections,
)
from sam_widget.store.journal import open_annotations
from sam_widget.store.journal_place import (
    JournalChoice,
    count_labels,
    journal_beside,
    look_at_annotations,
)
from sam_widget.store.labels import Labels
from sam_widget.store.store import AnnotationStore

__all__ = [
    "AnnotationStore",
    "Change",
    "JournalChoice",
    "Labels",
    "count_labels",
    "difference",
    "filtered",
    "from_dataframe",
    "from_detections",
    "journal_beside",
    "look_at_annotations",
    "open_annotations",
    "to_dataframe",
    "to_detections",
]
