"""Objects as files, for Python and for the page, which says what and never where."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from sam_widget.errors import ImageError, ProtocolError, WidgetClosed
from sam_widget.formats import collecting_losses, warn
from sam_widget.session import export_image, export_series
from sam_widget.widget.opening import UNREADABLE
from sam_widget.widget.wire import replies

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sam_widget.session import Exported, Series
    from sam_widget.widget.wire.requests import Request
    from sam_widget.widget.worker.worker import Worker

__all__ = ["ExportActions", "Exports"]

Answer = tuple[dict[str, Any], list[bytes]]
Scope = Literal["image", "series"]


class Exports:
    """Write the objects of the open image or of the series to files.

    Parameters
    ----------
    worker : Worker
        Has the session, and gestures that are still to be applied.
    series : Series or None
    """

    def __init__(self, worker: Worker, series: Series | None) -> None:
        self._worker = worker
        self._series = series
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="sam_widget_export")
        self._closed = False

    def export(self, format_name: str, scope: str) -> Exported:
        """Write objects as they are after all gestures so far; see :meth:`ExportActions.export`."""
        self._check_open()
        if scope not in ("image", "series"):
            raise ImageError(f"scope must be 'image' or 'series', got {scope!r:.60}.")
        series, session = self._series, self._worker.session
        self._worker.finish_gestures()
        if scope == "series":
            if series is None:
                raise ImageError("this widget shows one image, no series. Use scope='image'.")
            images = series.images_to_save()
            return export_series(images, series.folder, format_name, session.labels)
        if session.image is UNREADABLE:
            raise ImageError("this image cannot be opened, so there is nothing to export.")
        annotations = session.annotations.image_annotations()
        if not annotations.file_name and series is not None:
            annotations = replace(annotations, file_name=series.names[series.index])
        return export_image(annotations, session.image.path, format_name)

    def answer(self, request: Request) -> Future[Answer]:
        """Answer a request of the page on a thread of its own, one after the other."""
        self._check_open()
        if request.type == "export":
            arguments = request.arguments
            return self._pool.submit(self._exported, arguments["format"], arguments["scope"])
        return self._pool.submit(self._summary)

    def close(self) -> None:
        """Begin nothing more; what is being written is finished."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _check_open(self) -> None:
        if self._closed:
            raise WidgetClosed("this widget is closed. Make a new one.")

    def _exported(self, format_name: str, scope: str) -> Answer:
        with collecting_losses() as losses:
            exported = self.export(format_name, scope)
        return replies.exported_fields(exported, losses.values()), []

    def _summary(self) -> Answer:
        if self._series is None:
            raise ProtocolError("this widget shows one image, not a series.")
        return replies.summary_fields(self._series.summary()), []


class ExportActions:
    """Write objects to files beside the photos.

    Attributes
    ----------
    exports : Exports
        Writes them.
    """

    exports: Exports

    def export(self, format: str = "coco", scope: Scope = "image") -> Exported:  # noqa: A002
        """Write the objects to a file beside the photo; the *Export* menu of the page does it.

        ``photo.jpg`` becomes ``photo.coco.json``, a series ``annotations.coco.json`` or a folder
        ``labelme`` and so on; images in memory go to the working directory. A file that was not
        exported here, or was changed since, is never replaced: then a number is added to the name.
        To say where, use ``w.annotations.save(path)`` and ``w.series.save(path)``.

        Parameters
        ----------
        format : str
            ``"coco"``, ``"sa1b"``, ``"labelme"``, ``"csv"``, ``"png"`` or ``"yolo"``.
        scope : {"image", "series"}
            The open image, or all images of the series, opened or not.

        Returns
        -------
        Exported
            Its path, how many images and objects are in it, and what else is worth knowing.

        Raises
        ------
        AnnotationError
            If there is no such format, or it cannot hold these objects.
        ExportError
            If nothing can be written there.
        ImageError
            If the image cannot be read, or there is no series.
        """
        exported = self.exports.export(format, scope)
        if exported.missing:
            warn(exported.missing)
        return exported
