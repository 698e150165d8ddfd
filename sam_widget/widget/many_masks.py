"""What a widget does with many masks at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sam_widget.automatic import segment_boxes
from sam_widget.errors import WidgetClosed
from sam_widget.widget.actions import still
from sam_widget.widget.page.everything_run import EverythingRun
from sam_widget.widget.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sam_widget.annotations import Annotation
    from sam_widget.predictors import Predictor
    from sam_widget.session import Session
    from sam_widget.widget.page.everything import Everything

__all__ = ["ManyMasks"]

T = TypeVar("T")


class ManyMasks(Shown):
    """Find all masks, or those in many boxes."""

    @property
    def predictor(self) -> Predictor:
        """The model, once it is loaded; raises what keeps it from answering."""
        raise NotImplementedError

    @property
    def everything_mode(self) -> Everything:
        """Starts runs of everything mode, and shows them."""
        raise NotImplementedError

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the image is encoded and no prediction is pending."""
        raise NotImplementedError

    def perform(self, gesture: Callable[[Session], T], *, computes: bool = False) -> T:
        """Apply a gesture to the session after all earlier ones, and wait for the answer to it."""
        raise NotImplementedError

    def everything(
        self,
        *,
        region: tuple[float, float, float, float] | None = None,
        **parameters: Any,  # noqa: ANN401 - the generator checks each
    ) -> EverythingRun:
        """Find all masks, on the page as they come; returns at once.

        Parameters
        ----------
        region : (x0, y0, x1, y1), optional
            Look only here, in pixels of the image.
        **parameters
            As for :class:`sam_widget.AutomaticMaskGenerator`: ``points_per_side``,
            ``pred_iou_thresh``, ``crop_n_layers`` and so on. Thresholds that are left out are as
            the model suggests.

        Returns
        -------
        EverythingRun
            ``wait()`` for the masks, ``cancel()``, ``refilter(...)``, ``keep(label)``.

        Raises
        ------
        PromptError
            If a parameter makes no sense.
        """
        self.wait()
        self.everything_mode.generator(parameters)  # says so in the cell
        started = self.everything_mode.start(parameters, region)
        return EverythingRun(started, self.everything_mode, self)

    def segment_boxes(
        self,
        boxes: Any,  # noqa: ANN401 - array, DataFrame, Detections
        labels: Sequence[str] | str | None = None,
    ) -> list[Annotation]:
        """Segment what is in each of many boxes, and keep all as annotations, as one step of undo.

        A mask that an object of the same label has already is not kept again, so running the cell
        again adds nothing.

        Parameters
        ----------
        boxes : array-like (N, 4), DataFrame or supervision.Detections
            A detector's output; see :func:`sam_widget.segment_boxes`.
        labels : str or sequence of str, optional
            One for all, or one for each; by default those that come with the boxes.

        Returns
        -------
        list of Annotation
            One for each box, in their order: as it was added, or the one that was there.
        """
        self.wait()
        session, predictor = self.session, self.predictor
        if session.embedding is None:
            raise WidgetClosed("this widget is closed. Make a new one.")
        found = segment_boxes(predictor, session.embedding, boxes, labels)
        added = self.perform(lambda now: still(session, now).add_annotations(found, new_only=True))
        return list(added)
