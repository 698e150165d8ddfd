"""The contract between a model and everything above it: ``decode(encode(image), prompts)``.

A predictor holds weights and a lock, never an image. The expensive half (:meth:`Predictor.encode`)
returns a value that can be kept, shared and dropped; the cheap half (:meth:`Predictor.decode`) is a
function of that value and the prompts, so calls in any order from any thread give the same masks.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

from sam_widget.errors import EmbeddingMismatch, ModelError, PromptError, UnsupportedPrompt
from sam_widget.predictors.frame import ModelFrame

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from sam_widget.prompts import Prompts

PromptKind: TypeAlias = Literal["points", "box", "mask", "text"]
"""What a prompt may consist of."""

SAM_PROMPTS: frozenset[PromptKind] = frozenset(("points", "box", "mask"))
"""What SAM takes, and whatever is made like it."""

Progress: TypeAlias = Callable[[float], None]
"""Told the share of the work that is done, in [0, 1]; what it raises cancels the work."""


@dataclass(frozen=True, eq=False)
class Embedding:
    """An encoded image, good for any number of prompts on the predictor that made it.

    Attributes
    ----------
    features : object
        Private to the backend: a tensor on its device, an array, anything.
    frame : ModelFrame
        Size of the original image and its place in the model's input.
    model_digest : str
        Digest of the weights that made it; :meth:`Predictor.decode` refuses any other.
    image_digest : str
        Digest of the original pixels.
    nbytes : int
        Memory held by ``features``, in bytes.
    """

    features: object = field(repr=False)
    frame: ModelFrame
    model_digest: str
    image_digest: str
    nbytes: int


@dataclass(frozen=True, eq=False)
class Prediction:
    """The candidate masks for one set of prompts, in the model's own order.

    Attributes
    ----------
    logits : ndarray
        float32 (N, S, S), N = 3 or 1, in the model's frame, padding included; S is
        ``frame.logits_side``. A mask is where the logit is above 0. Any of them, as
        ``logits[i : i + 1]``, can be fed back as a mask prompt.
    scores : ndarray
        float32 (N,), the IoU with the true mask that the model predicts for each candidate.
        Nominally in [0, 1], but a regression: it may leave that range slightly.
    frame : ModelFrame
        Size of the original image and its place in the model's input.
    """

    logits: NDArray[np.float32] = field(repr=False)
    scores: NDArray[np.float32]
    frame: ModelFrame

    def __post_init__(self) -> None:
        for name in ("logits", "scores"):
            values = np.ascontiguousarray(getattr(self, name), dtype=np.float32)
            if values.flags.writeable:
                # A view of its own: the caller's array keeps its flags.
                values = values.view()
                values.flags.writeable = False
            object.__setattr__(self, name, values)

    def __len__(self) -> int:
        """Count the candidates: 3 or 1."""
        return len(self.scores)

    @cached_property
    def masks(self) -> NDArray[np.bool_]:
        """Masks at the original size, bool (N, H, W), computed when first asked for, then kept."""
        masks = self.frame.masks(self.logits)
        masks.flags.writeable = False
        return masks


@runtime_checkable
class Predictor(Protocol):
    """A promptable segmentation model. Its methods may be called from any thread.

    A predictor of your own may leave out ``accepts``, ``previews``, ``automatic_defaults`` and
    ``frame``: :func:`capabilities` reads them, and has a default for each.

    Attributes
    ----------
    name : str
        As given to :func:`sam_widget.load`.
    device : str
        Where it runs: ``"cpu"``, ``"cuda"``, ``"mps"``.
    model_digest : str
        Identifies weights and preprocessing; embeddings carry it.
    accepts : frozenset of {"points", "box", "mask", "text"}
        What it takes as a prompt; :func:`check_request` refuses the rest.
    previews : bool
        Whether it decodes a point quickly enough to answer while the pointer moves.
    automatic_defaults : mapping of str to float
        Thresholds for everything mode that suit it, by the names of
        :class:`~sam_widget.AutomaticMaskGenerator`.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - see the attributes above

    @property
    def device(self) -> str: ...  # noqa: D102

    @property
    def model_digest(self) -> str: ...  # noqa: D102

    @property
    def accepts(self) -> frozenset[PromptKind]: ...  # noqa: D102

    @property
    def previews(self) -> bool: ...  # noqa: D102

    @property
    def automatic_defaults(self) -> Mapping[str, float]: ...  # noqa: D102

    def frame(self, image_hw: tuple[int, int]) -> ModelFrame:
        """Return the frame of an image of this size (height, width), without encoding it.

        It is the one that embeddings and predictions of such an image have.
        """
        ...

    def encode(self, image: object, progress: Progress | None = None) -> Embedding:
        """Encode an image, once for all its prompts.

        Parameters
        ----------
        image : RgbImage, path, bytes, PIL image or array
            Anything :func:`sam_widget.load_image` takes.
        progress : callable, optional
            Called now and then with the share that is done, in [0, 1]. What it raises ends the
            work at once and comes out here: that is how an encoding is cancelled.

        Raises
        ------
        ImageError
            If it is not an image.
        """
        ...

    def decode(
        self, embedding: Embedding, prompts: Prompts, multimask: bool | None = None
    ) -> Prediction:
        """Predict candidate masks for the prompts on an encoded image.

        Parameters
        ----------
        embedding : Embedding
            From :meth:`encode` of a predictor with the same weights.
        prompts : Prompts
            Points (x, y) and box (x0, y0, x1, y1) in pixels of the original image, a mask. At least
            one of them.
        multimask : bool, optional
            True for three candidates, False for one. By default three for exactly one point and
            nothing else, which is ambiguous, and one for anything more [1]_.

        Raises
        ------
        PromptError
            If there is no prompt, a point outside the image, a mask of another size.
        UnsupportedPrompt
            If this model takes no such prompt.
        EmbeddingMismatch
            If the embedding comes from other weights.

        References
        ----------
        .. [1] Kirillov et al., "Segment Anything", ICCV 2023, section 3, "Resolving ambiguity", and
           appendix A. arXiv:2304.02643
        """
        ...


@dataclass(frozen=True)
class Capabilities:
    """What a predictor can do; the defaults are those of version 0.1, when all could do the same.

    Attributes
    ----------
    accepts, previews, automatic_defaults
        As for :class:`Predictor`. By default points, a box and a mask; previews; no thresholds.
    frame : callable
        As :meth:`Predictor.frame`. By default SAM's.
    """

    accepts: frozenset[PromptKind] = SAM_PROMPTS
    previews: bool = True
    automatic_defaults: Mapping[str, float] = field(default_factory=dict)
    frame: Callable[[tuple[int, int]], ModelFrame] = lambda image_hw: ModelFrame(*image_hw)


def capabilities(predictor: Predictor) -> Capabilities:
    """Read what a predictor can do; what it does not say has the defaults of `Capabilities`."""
    names = (each.name for each in fields(Capabilities))
    said = {name: getattr(predictor, name) for name in names if hasattr(predictor, name)}
    return Capabilities(**said)


@runtime_checkable
class StorablePredictor(Protocol):
    """What a predictor has besides if its embeddings can be written to disk and read back.

    Attributes
    ----------
    preprocessing : str
        Version of everything that leads from pixels to features besides the weights: scaling,
        padding, precision, layout. Part of the key under which an embedding is kept: predictors of
        one class on one device whose digest and version agree take each other's embeddings.
    """

    @property
    def preprocessing(self) -> str: ...  # noqa: D102 - see the attributes above

    def pack(self, embedding: Embedding) -> dict[str, NDArray[Any]]:
        """Return the features as named arrays, all that :meth:`unpack` needs besides the frame."""
        ...

    def unpack(
        self, arrays: Mapping[str, NDArray[Any]], frame: ModelFrame, image_digest: str
    ) -> Embedding:
        """Return the embedding that :meth:`pack` took apart; decodes the same masks.

        Raises
        ------
        ModelError
            If names, shapes or types are not those of this model's features.
        """
        ...


def encode_with(predictor: Predictor, image: object, progress: Progress | None) -> Embedding:
    """Encode an image, with progress if the predictor reports any.

    A predictor of somebody's own may have an ``encode`` that takes an image and nothing else.
    """
    if progress is None or not _reports_progress(predictor):
        return predictor.encode(image)
    return predictor.encode(image, progress=progress)


def _reports_progress(predictor: Predictor) -> bool:
    try:
        parameters = inspect.signature(predictor.encode).parameters
    except (TypeError, ValueError):  # written in C, say
        return False
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    return "progress" in parameters or takes_any


def check_arrays(
    arrays: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]], name: str
) -> None:
    """Refuse stored features that are not float32 arrays of these names and shapes.

    Raises
    ------
    ModelError
        Naming what was expected and what came.
    """
    found = {key: (array.shape, str(array.dtype)) for key, array in arrays.items()}
    wanted = {key: (tuple(shape), "float32") for key, shape in shapes.items()}
    if found != wanted:
        raise ModelError(
            f"expected the features of {name}, {wanted}, got {found}. Encode the image again."
        )


def check_request(embedding: Embedding, prompts: Prompts, predictor: Predictor) -> Prompts:
    """Refuse what no predictor can answer, and return the prompts clipped to the image.

    Every backend calls this first, so that they all refuse in the same words.

    Raises
    ------
    EmbeddingMismatch
        If the embedding comes from other weights.
    PromptError
        If there is no prompt, a point outside the image, a mask of another size.
    UnsupportedPrompt
        If this model takes no such prompt.
    """
    if embedding.model_digest != predictor.model_digest:
        raise EmbeddingMismatch(
            f"expected an embedding made by this predictor ({predictor.name!r}, model digest "
            f"{predictor.model_digest[:12]}), got one made with model digest "
            f"{embedding.model_digest[:12]}. Encode the image again with this predictor."
        )
    if prompts.is_empty:
        raise PromptError(
            "expected at least one point, box or mask, got empty prompts. "
            "For example Prompts(points=[(x, y)])."
        )
    given = {"points": prompts.points, "box": prompts.boxes, "mask": prompts.has_mask}
    check_accepts(predictor, [kind for kind, there in given.items() if there])
    mask = prompts.compact_mask
    shape = embedding.frame.logits_shape
    if isinstance(mask, np.ndarray) and mask.shape != shape:
        raise PromptError(
            f"expected a mask prompt of logits as {predictor.name!r} gives them, {shape}, got "
            f"{mask.shape}. Pass logits of its own predictions, or a bool mask of the image."
        )
    return prompts.fitted(embedding.frame.width, embedding.frame.height)


def check_accepts(predictor: Predictor, kinds: Collection[str]) -> None:
    """Refuse kinds of prompts that a predictor does not take.

    Raises
    ------
    UnsupportedPrompt
        Naming what it accepts.
    """
    accepts = capabilities(predictor).accepts
    refused = [kind for kind in kinds if kind not in accepts]
    if refused:
        raise UnsupportedPrompt(
            f"the model {predictor.name!r} takes no prompt of {' and '.join(refused)}; it accepts "
            f"{', '.join(sorted(accepts))}. Leave it out, or use another model."
        )


def mask_logits(prompts: Prompts, frame: ModelFrame) -> NDArray[np.float32] | None:
    """Return the mask prompt as logits of the frame's shape, float32, or None if there is none.

    A mask of the original image is brought to the model's frame; logits are taken as they are.
    """
    mask = prompts.mask
    if mask is None:
        return None
    if mask.dtype == np.bool_:
        return frame.logits_from_mask(mask.astype(np.bool_, copy=False))
    return mask.astype(np.float32, copy=False)


def wants_three(prompts: Prompts, multimask: bool | None) -> bool:
    """Decide between three candidates and one; None leaves it to the prompts."""
    return prompts.is_single_point if multimask is None else bool(multimask)
