"""The result of everything mode: all candidates, filtered again at will without the model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sam_widget.annotations import PALETTE, Annotation
from sam_widget.automatic.candidates import box_from
from sam_widget.automatic.filters import Cleaner, Selection, Thresholds, select
from sam_widget.automatic.memory import require_memory
from sam_widget.errors import PromptError
from sam_widget.prompts import Prompts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sam_widget.automatic.candidates import CandidateTable
    from sam_widget.automatic.grid import Crop
    from sam_widget.masks import Rle

__all__ = ["OUTPUT_MODES", "AutomaticMasks", "MaskRecord"]

MaskRecord: TypeAlias = dict[str, Any]
"""One official record: segmentation, area, bbox, predicted_iou, point_coords, stability_score,
crop_box; boxes are [x, y, width, height]."""

OUTPUT_MODES = ("binary_mask", "uncompressed_rle", "coco_rle")


@dataclass(frozen=True, eq=False)
class AutomaticMasks:
    """The candidates of one image and a choice among them.

    Attributes
    ----------
    table : CandidateTable
        All candidates that were kept, in the order in which they were found.
    thresholds : Thresholds
        What chooses among them.
    crops : tuple of Crop
        Parts of the image that were looked at on their own.
    height, width : int
        Of the image in pixels.
    floor : Thresholds
        Candidates below its scores were dropped when they were found, so no filter can bring them
        back.
    complete : bool
        False if the run was cancelled, or is still going on.
    output_mode : str
        How :meth:`records` gives masks.
    region : (x0, y0, x1, y1) or None
        The part of the image that was asked for.
    model_name, model_digest : str
        The predictor, and the digest of its weights.
    taken : frozenset of int
        Rows that are objects already, and so not among those that stay. What they kept away by
        non-maximum suppression stays away.

    Examples
    --------
    >>> import numpy as np
    >>> from sam_widget import AutomaticMaskGenerator, load
    >>> generator = AutomaticMaskGenerator(load("fake"), points_per_side=2)
    >>> found = generator.find(np.zeros((60, 80, 3), np.uint8))
    >>> len(found.table)
    12
    >>> strict = found.refilter(pred_iou_thresh=0.99)
    >>> len(strict), strict.removed["predicted_iou"]
    (0, 12)
    """

    table: CandidateTable = field(repr=False)
    thresholds: Thresholds
    crops: tuple[Crop, ...] = field(repr=False)
    height: int
    width: int
    floor: Thresholds
    complete: bool = True
    output_mode: str = "binary_mask"
    region: tuple[float, float, float, float] | None = None
    model_name: str = ""
    model_digest: str = field(default="", repr=False)
    cleaner: Cleaner | None = field(default=None, repr=False)
    taken: frozenset[int] = field(default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        if self.cleaner is None:
            object.__setattr__(self, "cleaner", Cleaner(self.table.rles))

    @cached_property
    def selection(self) -> Selection:
        """Which candidates stay, and what removed the others."""
        cleaner = self.cleaner or Cleaner(self.table.rles)
        found = select(self.table, self.crops, self.thresholds, cleaner, self.region)
        if not self.taken:
            return found
        return replace(found, kept=found.kept[~np.isin(found.kept, list(self.taken))])

    def __len__(self) -> int:
        """Count the masks that stay."""
        return len(self.selection.kept)

    @property
    def removed(self) -> dict[str, int]:
        """How many candidates each rule removed, in the order in which rules are applied."""
        return self.selection.removed

    def refilter(self, **thresholds: float) -> AutomaticMasks:
        """Choose again among the candidates, without asking the model.

        Parameters
        ----------
        **thresholds : float
            Those to change: ``pred_iou_thresh``, ``stability_score_thresh``, ``box_nms_thresh``,
            ``crop_nms_thresh``, ``min_mask_region_area``. The others stay.

        Returns
        -------
        AutomaticMasks
            Another choice among the same candidates; this one stays as it is.

        Raises
        ------
        PromptError
            If there is no such threshold, or candidates below it were not kept.
        """
        changed = self.thresholds.changed(**thresholds)
        for name in ("pred_iou_thresh", "stability_score_thresh"):
            wanted, kept = getattr(changed, name), getattr(self.floor, name)
            if kept > 0 and wanted < kept:
                raise PromptError(
                    f"candidates below {name}={kept:g} were not kept, so it cannot be lowered to "
                    f"{wanted:g}. Run again with keep_all=True, or with the lower threshold."
                )
        return replace(self, thresholds=changed)

    def rle(self, place: int) -> Rle:
        """Return mask number ``place`` of those that stay, cleaned if that was asked for."""
        return self.rle_of(int(self.selection.kept[place]))

    def rle_of(self, row: int) -> Rle:
        """Return the mask of any candidate, by its row, cleaned if that was asked for."""
        return self.selection.cleaned.get(row) or self.table.rles[row]

    def __iter__(self) -> Iterator[Rle]:
        """Run through the masks that stay."""
        return (self.rle(place) for place in range(len(self)))

    @property
    def masks(self) -> NDArray[np.bool_]:
        """The masks that stay, bool (K, H, W)."""
        require_memory(len(self) * self.height * self.width, f"{len(self)} masks")
        masks = np.zeros((len(self), self.height, self.width), dtype=np.bool_)
        for mask, rle in zip(masks, self, strict=True):
            mask[:] = rle.decode()
        return masks

    def records(self, output_mode: str | None = None) -> list[MaskRecord]:
        """Return the official list of records.

        Parameters
        ----------
        output_mode : {"binary_mask", "uncompressed_rle", "coco_rle"}, optional
            As the generator's by default.

        Raises
        ------
        NotEnoughMemory
            If binary masks do not fit.
        """
        mode = self.output_mode if output_mode is None else check_output_mode(output_mode)
        if mode == "binary_mask":
            require_memory(len(self) * self.height * self.width, f"{len(self)} binary masks")
        return [self._record(row, self.rle(place), mode) for place, row in self._rows()]

    def annotations(self, label: str = "", rows: Sequence[int] | None = None) -> list[Annotation]:
        """Return masks as objects, each in a colour of its own; empty ones are left out.

        Parameters
        ----------
        label : str
            For all of them.
        rows : sequence of int, optional
            Rows of the table, whether they stay or not; all that stay, by default.

        Raises
        ------
        PromptError
            If there is no such row.
        """
        return [
            Annotation(
                rle=self.rle_of(row),
                label=label,
                color=PALETTE[place % len(PALETTE)],
                predicted_iou=float(self.table.predicted_iou[row]),
                stability_score=float(self.table.stability[row]),
                prompts=Prompts(points=[tuple(self.table.points[row])]),
                model_name=self.model_name,
                model_digest=self.model_digest,
            )
            for place, row in enumerate(self.checked_rows(rows))
            if self.table.area[row]
        ]

    def checked_rows(self, rows: Sequence[int] | None = None) -> list[int]:
        """Return rows of the table, or those that stay; PromptError if there is no such row."""
        wanted = self.selection.kept.tolist() if rows is None else list(rows)
        if any(not 0 <= row < len(self.table) for row in wanted):
            raise PromptError(f"rows must be from 0 to {len(self.table) - 1}, got {wanted!r:.60}.")
        return wanted

    def record_of(self, row: int) -> MaskRecord:
        """Return the record of any candidate, by its row in the table, as it was found."""
        return self._record(row, self.table.rles[row], self.output_mode)

    def _rows(self) -> Iterator[tuple[int, int]]:
        return enumerate(self.selection.kept.tolist())

    def _record(self, row: int, rle: Rle, mode: str) -> MaskRecord:
        table, crop = self.table, self.crops[int(self.table.crop[row])]
        x0, y0, x1, y1 = (
            box_from(rle) if row in self.selection.cleaned else table.boxes_xyxy[row].tolist()
        )
        return {
            "segmentation": _segmentation(rle, mode),
            "area": rle.area,
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "predicted_iou": float(table.predicted_iou[row]),
            "point_coords": [table.points[row].tolist()],
            "stability_score": float(table.stability[row]),
            "crop_box": [crop.x0, crop.y0, crop.x1 - crop.x0, crop.y1 - crop.y0],
        }


def check_output_mode(mode: str) -> str:
    """Refuse an unknown form of masks.

    Raises
    ------
    PromptError
        Naming the known ones.
    """
    if mode not in OUTPUT_MODES:
        raise PromptError(f"output_mode must be one of {', '.join(OUTPUT_MODES)}, got {mode!r}.")
    return mode


def _segmentation(rle: Rle, mode: str) -> object:
    if mode == "binary_mask":
        return rle.decode()
    return rle.to_coco() if mode == "coco_rle" else rle.to_coco(compressed=False)
