"""A session: one image, the prompts placed on it, the answers, and the annotations accepted.

Plain Python, without Jupyter. Everything a person can do is a method here; what it changes is an
entry of one history. Gestures are cheap and never compute; :meth:`Session.predict` does, outside
the lock, so that any thread may gesture meanwhile. When a gesture returns, it is on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sam_widget.annotations import Annotation
from sam_widget.masks import checked_overlap
from sam_widget.session.document import Document
from sam_widget.session.edits import MaskEdits
from sam_widget.session.hand_edits import HandEdits
from sam_widget.session.objects import ObjectGestures
from sam_widget.session.predicting import Predicting
from sam_widget.session.prompting import Prompting
from sam_widget.session.state import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sam_widget.annotations import Candidates
    from sam_widget.embeddings import EmbeddingCache
    from sam_widget.images import RgbImage
    from sam_widget.masks import Edit, Islands, Overlap
    from sam_widget.predictors import Predictor, Progress
    from sam_widget.prompts import Prompts
    from sam_widget.store import AnnotationStore

__all__ = ["Session"]

T = TypeVar("T")


class Session(SessionState, HandEdits[int]):
    """Prompt one image, look at the candidates, accept annotations; undo and redo all of it.

    Every gesture returns the document version it made. All methods may be called from any thread,
    but not with :attr:`lock` held.

    Parameters
    ----------
    image : RgbImage
        From :func:`sam_widget.load_image`.
    predictor : Predictor, optional
        May come later by :meth:`attach`; until then gestures are taken and :meth:`predict` fails.
    after : Session, optional
        The session this one replaces: its labels are kept, and versions and revisions grow on.
    cache : EmbeddingCache, optional
        Asked before the predictor is, and given what it encodes.
    annotations : AnnotationStore, optional
        Annotations of the same image to go on with: their newest changes can be undone here, too.
        By default there are none yet.
    prompts : Prompts, optional
        What had been placed for the next annotation.
    overlap : str
        ``"keep"``, ``"newest_wins"`` or ``"subtract"``: what happens where a new annotation lies on
        older ones, see :attr:`overlap`.

    Raises
    ------
    EditError
        If ``overlap`` is none of those.

    Examples
    --------
    >>> import numpy as np
    >>> from sam_widget import load, load_image
    >>> session = Session(load_image(np.zeros((60, 80, 3), np.uint8)), load("fake"))
    >>> session.add_point(40, 30)
    1
    >>> session.masks.shape
    (3, 60, 80)
    >>> session.accept("thing").label
    'thing'
    """

    def __init__(
        self,
        image: RgbImage,
        predictor: Predictor | None = None,
        *,
        after: Session | None = None,
        cache: EmbeddingCache | None = None,
        annotations: AnnotationStore | None = None,
        prompts: Prompts | None = None,
        overlap: Overlap = "keep",
    ) -> None:
        former = None if after is None else after.document
        document = Document(image, after=former, store=annotations, prompts=prompts)
        super().__init__(document, Predicting(document, predictor, cache))
        policy = overlap if after is None else after.overlap
        self._edits = MaskEdits(self.document, self.predicting, policy)
        self._prompting = Prompting(self.document, self.predicting, self._edits)
        self._objects = ObjectGestures(self.document)

    # ---- overlap and listeners ------------------------------------------------------------------

    @property
    def overlap(self) -> Overlap:
        """What happens where pixels added to an annotation lie on others; assignable."""
        return self._edits.overlap

    @overlap.setter
    def overlap(self, policy: object) -> None:
        self._edits.overlap = checked_overlap(policy)

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener`` after every change of document or annotations; the result ends it."""
        return self.document.subscribe(listener)

    def together(self, change: Callable[[], T]) -> T:
        """Make several gestures in ``change``: to disk and to listeners once, after the last.

        Returns
        -------
        object
            What ``change`` returned.
        """
        return self.annotations.transactions.apply(change, self.document.tell)

    def catch_up(self) -> None:
        """Follow what was done to the annotations elsewhere, as steps that undo takes back."""
        self.document.catch_up()

    # ---- the model ------------------------------------------------------------------------------

    def attach(self, predictor: Predictor) -> None:
        """Hand over the predictor once it is loaded."""
        self.predicting.attach(predictor)

    def encode(self, progress: Progress | None = None) -> None:
        """Encode the image if that has not happened; the slow part, once per image.

        Parameters
        ----------
        progress : callable, optional
            Told the share that is done, in [0, 1]; what it raises ends the work and comes out here.
        """
        self.predicting.encode(progress)

    def predict(self) -> bool:
        """Answer the current prompts, unless they are answered; return whether it did.

        Raises
        ------
        SamWidgetError
            Whatever the model raised; the prompts stay, and the next gesture starts afresh.
        """
        return self.predicting.predict()

    def preview(self, x: float, y: float) -> Candidates | None:
        """Return the best candidate for a lone point, alone; None once there are prompts."""
        return self.predicting.preview(x, y)

    def wait(self, version: int, timeout: float | None = None) -> bool:
        """Block until some other thread has answered ``version`` or newer; False if in vain."""
        return self.predicting.wait(version, timeout)

    def fail(self, error: Exception) -> None:
        """Answer the current prompts with a failure: there is no model to ask."""
        self.predicting.fail(error)

    def release(self) -> None:
        """Free the embedding and the logits of the history, and wake all who wait."""
        self.predicting.release()
        self.document.close()

    # ---- prompts --------------------------------------------------------------------------------

    def add_point(self, x: float, y: float, positive: bool = True) -> int:
        """Include (or exclude) what is at (x, y), in pixels of the original image."""
        return self._prompting.change(lambda prompts: prompts.with_point(x, y, positive))

    def move_point(self, index: int, x: float, y: float, *, as_of: int | None = None) -> int:
        """Move point ``index`` to (x, y).

        Parameters
        ----------
        index : int
            Position in ``prompts.points``.
        x, y : float
            Pixels of the original image.
        as_of : int, optional
            Version that the caller had seen; a stale index is refused.

        Raises
        ------
        StaleGesture
            If points were removed or replaced since ``as_of``.
        PromptError
            If there is no such point, or (x, y) is outside the image.
        """
        return self._prompting.change(lambda prompts: prompts.move_point(index, x, y), as_of=as_of)

    def remove_point(self, index: int, *, as_of: int | None = None) -> int:
        """Remove point ``index``; parameters and errors as for :meth:`move_point`."""
        return self._prompting.change(
            lambda prompts: prompts.without_point(index), as_of=as_of, renumbers=True
        )

    def set_box(self, x0: float, y0: float, x1: float, y1: float) -> int:
        """Set the box, in pixels of the original image; it is clipped to the image."""
        return self._prompting.change(lambda prompts: prompts.with_box(x0, y0, x1, y1))

    def remove_box(self) -> int:
        """Remove the box, if there is one."""
        return self._prompting.change(lambda prompts: prompts.without_box())

    def set_mask(self, mask: NDArray[Any] | Annotation) -> int:
        """Prompt with a mask: bool (H, W), logits as the model's, or an annotation."""
        value = mask.rle if isinstance(mask, Annotation) else mask
        return self._prompting.change(lambda prompts: prompts.with_mask(value))

    def set_mask_from(self, annotation_id: str) -> int:
        """Prompt with the mask of an annotation."""
        return self.set_mask(self.document.find(annotation_id)[1])

    def remove_mask(self) -> int:
        """Remove the mask prompt, if there is one."""
        return self._prompting.change(lambda prompts: prompts.with_mask(None))

    def set_multimask(self, value: bool | None) -> int:
        """Force three candidates (True) or one (False); None goes by the number of prompts."""
        return self._prompting.set_multimask(value)

    def clear(self) -> int:
        """Remove all prompts, and what was drawn; nothing happens when there is neither."""
        return self._prompting.clear()

    def reopen(self, annotation_id: str) -> int:
        """Bring back the prompts of an annotation, to be refined; accepting replaces it.

        The clicks that made it are decoded again one after the other, so that what is shown is the
        same mask (with the same model), and a further click refines it as it would have then. An
        annotation that was edited by hand or came from elsewhere comes back with its mask as a
        prompt.
        """
        return self._prompting.reopen(annotation_id)

    def choose(self, index: int, *, as_of: int | None = None) -> int:
        """Choose a candidate, 0 the smallest. It is what is refined next, and what is accepted.

        Parameters
        ----------
        index : int
            0 .. N - 1, subpart to whole.
        as_of : int, optional
            Revision of the answer that the caller had seen.

        Raises
        ------
        PromptError
            If there is no such candidate.
        StaleGesture
            If the candidates changed since ``as_of``.
        """
        return self._prompting.choose(index, as_of)

    def accept(self, label: str | None = None) -> Annotation:
        """Keep the chosen candidate as an annotation, remove the prompts, start the next one.

        An annotation that was reopened is replaced: it keeps its id, and its label if none is
        given.

        Parameters
        ----------
        label : str, optional
            Class name; none by default.

        Returns
        -------
        Annotation

        Raises
        ------
        PromptError
            If there is no candidate, or the chosen mask is empty.
        EditError
            If the overlap policy would leave nothing of it, or of another annotation.
        """
        return self._prompting.accept(label)

    def undo(self) -> int:
        """Step back; nothing happens at the beginning."""
        return self.document.apply(lambda: self.document.move(-1))

    def redo(self) -> int:
        """Step forward again; nothing happens at the end."""
        return self.document.apply(lambda: self.document.move(+1))

    # ---- masks by hand --------------------------------------------------------------------------

    def edit(self, edit: Edit, annotation_id: str | None = None) -> int:
        """Apply an edit to the chosen candidate, or to an annotation; see :class:`HandEdits`."""
        return self._edits.edit(edit, annotation_id)

    def split(self, annotation_id: str, line: ArrayLike | None = None) -> int:
        """Split an annotation: one for each island, or in two along a line.

        The largest part keeps the id; all keep label and colour. What made the annotation (prompts,
        predicted IoU) describes none of the parts, and goes.

        Parameters
        ----------
        annotation_id : str
        line : array-like (N, 2), optional
            (x, y) in pixels, N >= 2; it has to run across the annotation.

        Raises
        ------
        EditError
            If that gives one part only.
        StaleGesture
            If there is no such annotation.
        """
        return self._edits.split(annotation_id, line)

    def merge(self, ids: Iterable[str], label: str | None = None) -> int:
        """Merge two or more annotations into one, in the place and colour of the first of them.

        Parameters
        ----------
        ids : iterable of str
        label : str, optional
            By default the label of the first id that has one.

        Raises
        ------
        EditError
            If there are fewer than two.
        StaleGesture
            If one of them is no longer there.
        """
        return self._edits.merge(ids, label)

    def islands(self, annotation_id: str | None = None) -> Islands:
        """Return the pixels of each island and hole of an annotation, or of the mask on screen."""
        return self._edits.islands(annotation_id)

    # ---- annotations and labels -----------------------------------------------------------------

    def add_annotations(
        self, annotations: Sequence[Annotation], *, new_only: bool = False
    ) -> tuple[Annotation, ...]:
        """Add annotations that were made elsewhere, as one step; return them as added.

        Parameters
        ----------
        annotations : sequence of Annotation
            Of this image's size. One whose label is known takes its colour.
        new_only : bool
            Whether not to add but to return an object that has the same mask and label already.
        """
        return self._objects.add(annotations, new_only=new_only)

    def update_annotation(
        self,
        annotation_id: str,
        *,
        label: str | None = None,
        color: str | None = None,
        visible: bool | None = None,
    ) -> int:
        """Rename, recolour, hide or show an annotation; None leaves a property as it is."""
        self.document.find(annotation_id)
        return self.update_annotations([annotation_id], label=label, color=color, visible=visible)

    def update_annotations(
        self,
        ids: Iterable[str],
        *,
        label: str | None = None,
        color: str | None = None,
        visible: bool | None = None,
    ) -> int:
        """Rename, recolour, hide or show annotations, all or none; None leaves a property.

        Annotations that are given another label take its colour, unless ``color`` says otherwise.

        Raises
        ------
        StaleGesture
            If one of them is no longer there.
        AnnotationError
            If the label or the colour is invalid.
        """
        return self._objects.update(ids, {"label": label, "color": color, "visible": visible})

    def remove_annotation(self, annotation_id: str) -> int:
        """Delete an annotation."""
        self.document.find(annotation_id)
        return self.remove_annotations([annotation_id])

    def remove_annotations(self, ids: Iterable[str]) -> int:
        """Delete annotations; parameters and errors as for :meth:`update_annotations`."""
        return self._objects.remove(ids)

    def duplicate_annotation(self, annotation_id: str) -> int:
        """Put a copy of an annotation right after it, under a new id, whatever the overlap policy.

        Raises
        ------
        StaleGesture
            If there is no such annotation.
        """
        return self._objects.duplicate(annotation_id)

    def show_only(self, ids: Iterable[str]) -> int:
        """Show these annotations and hide all others; errors as above."""
        return self._objects.show_only(ids)

    def announce_labels(self, labels: Iterable[str]) -> None:
        """Offer labels before they are used, and keep all that are on offer in the store."""
        self._objects.announce(labels)

    def add_label(self, label: str, color: str | None = None) -> int:
        """Offer a label before it is used; one that is there already only takes the colour.

        Raises
        ------
        AnnotationError
            If the label is empty or too long, or the colour is invalid.
        """
        return self._objects.add_label(label, color)

    def rename_label(self, label: str, to: str) -> int:
        """Rename a label, and all annotations under it; two of one name become one.

        Raises
        ------
        StaleGesture
            If there is no such label.
        AnnotationError
            If the new name is empty or too long.
        """
        return self._objects.rename_label(label, to)

    def recolor_label(self, label: str, color: str) -> int:
        """Give a label and all annotations under it another colour; errors as above."""
        return self._objects.recolor_label(label, color)

    def remove_label(self, label: str) -> int:
        """Offer a label no longer; AnnotationError if annotations bear it."""
        return self._objects.remove_label(label)
