"""Everything mode: all masks of an image, from a grid of points.

What ``SamAutomaticMaskGenerator`` finds, for any predictor, sooner and in less memory: predicted
IoU is asked before a mask is computed, masks are traced where their outline runs and never held as
pixels, and everything that filters look at is kept, so that thresholds can be changed afterwards.

``python -m sam_widget.automatic IMAGES... --out DIR`` does it for a folder.

References
----------
.. [1] Kirillov et al., "Segment Anything", ICCV 2023, section 4 and appendix B. arXiv:2304.02643;
   facebookresearch/segment-anything, ``automatic_mask_generator.py``: parameters, rules, records.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from sam_widget.automatic.filters import Thresholds
from sam_widget.automatic.grid import crops_of, layer_grids
from sam_widget.automatic.memory import MemoryEstimate, estimate
from sam_widget.automatic.result import AutomaticMasks, MaskRecord, check_output_mode
from sam_widget.automatic.run import AutomaticRun
from sam_widget.errors import NotEnoughMemory, PromptError
from sam_widget.images import load_image
from sam_widget.predictors import BatchPredictor, capabilities, check_accepts, load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sam_widget.automatic.grid import Crop
    from sam_widget.embeddings import EmbeddingCache
    from sam_widget.images import RgbImage
    from sam_widget.predictors import Embedding, Predictor

__all__ = ["AutomaticMaskGenerator", "AutomaticMasks", "AutomaticRun", "Thresholds"]

_PLAIN_BATCH = 4
"""Points at a time for a predictor that takes one prompt only."""


class AutomaticMaskGenerator:
    """Find all masks of an image.

    Parameters have the names, defaults and meanings of the official generator.

    Parameters
    ----------
    predictor : Predictor or str
        A model, or a name for :func:`sam_widget.load`.
    points_per_side : int or None
        Points along a side of the grid. None if ``point_grids`` are given.
    points_per_batch : int
        Points asked at a time, at most: a predictor that gains nothing from as many is asked fewer.
        The result does not depend on it.
    pred_iou_thresh : float
        Masks must have a higher predicted IoU, in [0, 1]; 0 or less switches the filter off.
    stability_score_thresh : float
        Masks must be at least as stable, in [0, 1]; 0 or less switches the filter off.
    stability_score_offset : float
        How far the threshold of the mask is shifted both ways for the stability score.
    box_nms_thresh : float
        Of masks whose boxes overlap more (IoU) only the best stays.
    crop_n_layers : int
        Layers of crops that are looked at besides the whole image; layer n has 4**n crops.
    crop_nms_thresh : float
        As ``box_nms_thresh``, between crops.
    crop_overlap_ratio : float
        Overlap of neighbouring crops in the first layer, as a share of the shorter side.
    crop_n_points_downscale_factor : int
        Points along a side are divided by this from layer to layer.
    point_grids : sequence of array-like (N, 2), optional
        Points for each layer in [0, 1] x [0, 1], in place of ``points_per_side``.
    min_mask_region_area : int
        Holes and islands with fewer pixels are removed.
    output_mode : {"binary_mask", "uncompressed_rle", "coco_rle"}
        Form of the masks in records.
    cache : EmbeddingCache, optional
        Where encoded images are kept.

    Raises
    ------
    PromptError
        If a parameter makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> from sam_widget import load
    >>> generator = AutomaticMaskGenerator(load("fake"), points_per_side=4, pred_iou_thresh=0.5)
    >>> records = generator.generate(np.zeros((60, 80, 3), np.uint8))
    >>> sorted(records[0])[:4]
    ['area', 'bbox', 'crop_box', 'point_coords']
    """

    def __init__(
        self,
        predictor: Predictor | str,
        points_per_side: int | None = 32,
        points_per_batch: int = 64,
        pred_iou_thresh: float = 0.88,
        stability_score_thresh: float = 0.95,
        stability_score_offset: float = 1.0,
        box_nms_thresh: float = 0.7,
        crop_n_layers: int = 0,
        crop_nms_thresh: float = 0.7,
        crop_overlap_ratio: float = 512 / 1500,
        crop_n_points_downscale_factor: int = 1,
        point_grids: Sequence[ArrayLike] | None = None,
        min_mask_region_area: int = 0,
        output_mode: str = "binary_mask",
        *,
        cache: EmbeddingCache | None = None,
    ) -> None:
        self.predictor = load(predictor) if isinstance(predictor, str) else predictor
        self.thresholds = Thresholds(
            pred_iou_thresh,
            stability_score_thresh,
            box_nms_thresh,
            crop_nms_thresh,
            min_mask_region_area,
        )
        self.points_per_batch = _whole("points_per_batch", points_per_batch, 1)
        self.stability_score_offset = _finite("stability_score_offset", stability_score_offset)
        self.crop_n_layers = _whole("crop_n_layers", crop_n_layers, 0)
        self.crop_overlap_ratio = _finite("crop_overlap_ratio", crop_overlap_ratio)
        self.output_mode = check_output_mode(output_mode)
        self._cache = cache
        if (points_per_side is None) == (point_grids is None):
            raise PromptError("give either points_per_side or point_grids, and not both.")
        if point_grids is not None:
            self.point_grids = _checked_grids(point_grids, self.crop_n_layers)
        else:
            self.point_grids = layer_grids(
                _whole("points_per_side", points_per_side, 1),
                self.crop_n_layers,
                _whole("crop_n_points_downscale_factor", crop_n_points_downscale_factor, 1),
            )

    def __repr__(self) -> str:
        counts = " + ".join(str(len(grid)) for grid in self.point_grids)
        return f"<AutomaticMaskGenerator on {self.predictor!r}, {counts} points>"

    def generate(
        self, image: object, *, progress: Callable[[float], object] | None = None
    ) -> list[MaskRecord]:
        """Find all masks, and return the official list of records.

        Candidates that fail a filter are dropped as soon as they do; :meth:`find` keeps them.

        Parameters
        ----------
        image : path, bytes, PIL image or array
            See :func:`sam_widget.load_image`.
        progress : callable, optional
            Told the share that is done, in [0, 1]; what it raises ends the work.

        Returns
        -------
        list of dict
            ``segmentation``, ``area``, ``bbox`` [x, y, width, height] (one pixel short, as in the
            official records), ``predicted_iou``, ``point_coords`` [[x, y]], ``stability_score``,
            ``crop_box`` [x, y, width, height].

        Raises
        ------
        ImageError
            If it is not an image.
        UnsupportedPrompt
            If the model takes no points.
        NotEnoughMemory
            If it would take more memory than there is; said before anything is computed, as far as
            that can be known.
        """
        return self.stream(image, keep_all=False).finish(progress).records()

    def find(
        self, image: object, *, progress: Callable[[float], object] | None = None
    ) -> AutomaticMasks:
        """Find all candidates, and keep them all, so that filters can be changed afterwards.

        Parameters and errors as for :meth:`generate`.
        """
        return self.stream(image).finish(progress)

    def stream(
        self,
        image: object,
        *,
        keep_all: bool = True,
        region: Sequence[float] | None = None,
        embedding: Embedding | None = None,
        between: Callable[[], object] | None = None,
    ) -> AutomaticRun:
        """Find masks one after the other.

        Parameters
        ----------
        image : path, bytes, PIL image or array
            See :func:`sam_widget.load_image`.
        keep_all : bool
            Keep candidates that fail a filter, so that filters can be loosened afterwards.
            Otherwise masks are not even computed for those with a low score.
        region : (x0, y0, x1, y1), optional
            Look only here: the grid, and crops if there are any, divide this box, and masks must
            lie in it, with nine tenths of their box. In pixels of the image.
        embedding : Embedding, optional
            Of the whole image, from the same predictor, if it is there already.
        between : callable, optional
            Called before each batch; may block, to let others at the model first.

        Returns
        -------
        AutomaticRun
            Iterate over it for records as they are found; it has ``share``, ``seconds_left``,
            ``cancel()``, and ``result`` at any moment.

        Raises
        ------
        ImageError, UnsupportedPrompt, NotEnoughMemory
            As for :meth:`generate`.
        """
        check_accepts(self.predictor, ["points"])
        rgb = load_image(image)
        box = None if region is None else _checked_region(region, rgb)
        crops, points = self._places(rgb, box)
        encodes = len(crops) > 1 or embedding is None
        needed = self._estimate(rgb, points, keep_all=keep_all, encodes=encodes)
        if not needed.fits:
            raise NotEnoughMemory(
                f"everything mode on {rgb.width} x {rgb.height} pixels takes {needed}. Close other "
                'notebooks, use a smaller image, fewer points, or output_mode="coco_rle".'
            )
        return AutomaticRun(
            self.predictor,
            rgb,
            crops,
            points,
            thresholds=self.thresholds,
            batch=self._batch,
            offset=self.stability_score_offset,
            output_mode=self.output_mode,
            keep_all=keep_all,
            region=box,
            embedding=embedding,
            cache=self._cache,
            between=between,
        )

    def estimate(self, image: object, *, keep_all: bool = False) -> MemoryEstimate:
        """Say how much memory a run takes, before it is made.

        Parameters
        ----------
        image : path, bytes, PIL image or array
        keep_all : bool
            As for :meth:`stream`; :meth:`generate` does not.
        """
        rgb = load_image(image)
        return self._estimate(rgb, self._places(rgb, None)[1], keep_all=keep_all)

    def _estimate(
        self,
        image: RgbImage,
        points: Sequence[NDArray[np.float64]],
        *,
        keep_all: bool,
        encodes: bool = True,
    ) -> MemoryEstimate:
        size_hw = (image.height, image.width)
        return estimate(
            size_hw,
            logits_side=capabilities(self.predictor).frame(size_hw).logits_side,
            prompts=sum(len(some) for some in points),
            batch=self._batch,
            keep_all=keep_all,
            binary=self.output_mode == "binary_mask" and not keep_all,
            encoding=int(getattr(self.predictor, "encoding_bytes", 0)) if encodes else 0,
        )

    @property
    def _batch(self) -> int:
        predictor = self.predictor
        own = predictor.batch_size if isinstance(predictor, BatchPredictor) else _PLAIN_BATCH
        return min(self.points_per_batch, own)

    def _places(
        self, image: RgbImage, region: tuple[float, float, float, float] | None
    ) -> tuple[list[Crop], list[NDArray[np.float64]]]:
        """Return crops of an image and the points in each, in pixels of the image."""
        inner = None if region is None else tuple(round(value) for value in region)
        crops = crops_of(
            image.height, image.width, self.crop_n_layers, self.crop_overlap_ratio, inner
        )
        points = []
        for crop in crops:
            x0, y0, x1, y1 = region if region is not None and crop.layer == 0 else crop.box
            points.append(self.point_grids[crop.layer] * (x1 - x0, y1 - y0) + (x0, y0))
        return crops, points


def _whole(name: str, value: Any, least: int) -> int:  # noqa: ANN401 - it may be anything
    try:
        number = operator.index(value)
    except TypeError:
        raise PromptError(f"{name} must be a whole number, got {value!r:.60}.") from None
    if number < least:
        raise PromptError(f"{name} must be at least {least}, got {number}.")
    return number


def _finite(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise PromptError(f"{name} must be a number, got {value!r:.60}.") from None
    if not np.isfinite(number):
        raise PromptError(f"{name} must be a finite number, got {number}.")
    return number


def _checked_grids(grids: Sequence[ArrayLike], layers: int) -> list[NDArray[np.float64]]:
    checked = [np.asarray(grid, dtype=np.float64).reshape(-1, 2) for grid in grids]
    if len(checked) < layers + 1:
        raise PromptError(
            f"point_grids must have one grid for each of {layers + 1} layers, got {len(checked)}."
        )
    for layer, grid in enumerate(checked):
        if not ((grid >= 0) & (grid <= 1)).all():
            raise PromptError(f"points of grid {layer} must lie in [0, 1] x [0, 1].")
    return checked


def _checked_region(region: Sequence[float], image: RgbImage) -> tuple[float, float, float, float]:
    values = [_finite("region", value) for value in region]
    if len(values) != 4:
        raise PromptError(f"region must be (x0, y0, x1, y1) in pixels, got {region!r:.60}.")
    x0, x1 = (min(max(values[i], 0.0), float(image.width)) for i in (0, 2))
    y0, y1 = (min(max(values[i], 0.0), float(image.height)) for i in (1, 3))
    if x1 - x0 < 1 or y1 - y0 < 1:
        raise PromptError(
            f"region must be at least one pixel of the {image.width} x {image.height} image, got "
            f"{tuple(values)}. Regions are (x0, y0, x1, y1), x0 < x1 and y0 < y1."
        )
    return x0, y0, x1, y1
