"""What a widget does with a series of images."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sam_widget.errors import ImageError
from sam_widget.session import Series

if TYPE_CHECKING:
    import os

    from typing_extensions import Self

    from sam_widget.widget.navigation import Navigation

__all__ = ["SeriesActions"]


class SeriesActions:
    """Go through a series; a widget of one image says that there is none.

    Attributes
    ----------
    navigation : Navigation or None
        Goes through the series; None for one image.
    """

    navigation: Navigation | None = None

    @classmethod
    def from_folder(
        cls,
        path: str | os.PathLike[str],
        pattern: str = "*",
        **options: Any,  # noqa: ANN401 - those of the widget
    ) -> Self:
        """Go through the images of a folder, from where one stopped the last time.

        The place and what is done are kept in the folder, in ``.sam-series.json``; where that
        cannot be written it is said, and they last as long as the widget.

        Parameters
        ----------
        path : path
            The folder.
        pattern : str
            Which files, such as ``"*.png"``; ``"**/*"`` goes into subfolders. Their order is
            natural: 9 comes before 10.
        **options
            As for the widget of one image.

        Raises
        ------
        ImageError
            If there is no such folder, or no image in it.
        """
        value_range = options.get("value_range")
        make: Any = cls  # the widget takes an image
        widget: Self = make(Series.from_folder(path, pattern, value_range=value_range), **options)
        return widget

    @property
    def series(self) -> Series | None:
        """The images gone through, with statuses and ``annotations(index)``; None for one image."""
        return None if self.navigation is None else self.navigation.series

    def next(self) -> bool:
        """Open the next image.

        Returns
        -------
        bool
            False at the end of the series.

        Raises
        ------
        ImageError
            If it cannot be read; one can go on from there. Or if this is no series.
        """
        return self._navigating().step(+1)

    def previous(self) -> bool:
        """Open the previous image; False at the beginning, errors as for :meth:`next`."""
        return self._navigating().step(-1)

    def go_to(self, index: int) -> None:
        """Open image ``index``, 0 being the first and -1 the last; errors as for :meth:`next`."""
        self._navigating().go_to(index)

    def mark(self, status: str, index: int | None = None) -> None:
        """Mark the open image, or image ``index``, as ``"todo"``, ``"done"`` or ``"skipped"``.

        Warns
        -----
        UserWarning
            If the open image is marked as done, and the mask on screen was not accepted.
        """
        navigation = self._navigating()
        navigation.mark(status, index)
        here = index is None or navigation.series.checked(index) == navigation.series.index
        if status == "done" and here and navigation.has_unaccepted:
            warnings.warn(
                "the image is done, and the mask on screen was not accepted: it is no object. Call "
                "accept(), or clear().",
                UserWarning,
                stacklevel=2,
            )

    def _navigating(self) -> Navigation:
        if self.navigation is None:
            raise ImageError(
                "this widget shows one image, no series. Use SamWidget.from_folder(path), or give "
                "SamWidget a list of images."
            )
        self.navigation.check_open()
        return self.navigation
