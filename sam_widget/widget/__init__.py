"""SamWidget: a session shown on a page, its traits, its messages and the thread that computes."""

from sam_widget.widget.widget import SamWidget

__all__ = [
    "SamWidget",
]
