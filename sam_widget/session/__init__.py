"""One person's work on one image, or on a series of images, without Jupyter."""

from sam_widget.session.document import Answer
from sam_widget.session.hand_edits import HandEdits
from sam_widget.session.series import Kept, Series, is_series
from sam_widget.session.session import Session

__all__ = ["Answer", "HandEdits", "Kept", "Series", "Session", "is_series"]
