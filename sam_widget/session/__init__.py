"""One person's work on one image, or on a series of images, without Jupyter."""

from sam_widget.session.document import Answer
from sam_widget.session.export import Exported, export_image, export_series
from sam_widget.session.hand_edits import HandEdits
from sam_widget.session.series import Kept, Series
from sam_widget.session.series_sources import is_series
from sam_widget.session.series_summary import SeriesSummary
from sam_widget.session.session import Session

__all__ = [
    "Answer",
    "Exported",
    "HandEdits",
    "Kept",
    "Series",
    "SeriesSummary",
    "Session",
    "export_image",
    "export_series",
    "is_series",
]
