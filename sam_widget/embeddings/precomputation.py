"""Encode images ahead, so that each opens immediately later."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from sam_widget import predictors
from sam_widget.embeddings.cache import choose_cache
from sam_widget.errors import ImageError, ModelError, WeightsError
from sam_widget.images import RgbImage, image_files, load_image
from sam_widget.predictors import StorablePredictor

if TYPE_CHECKING:
    from pathlib import Path

    from sam_widget.embeddings.cache import Cache, EmbeddingCache
    from sam_widget.predictors import Predictor

__all__ = ["Precomputed", "precompute"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Precomputed:
    """What :func:`precompute` did.

    Attributes
    ----------
    encoded : int
        Images that were encoded now.
    found : int
        Images whose embedding was there already.
    failed : tuple of (image, exception)
        Images that could not be encoded, as given, and why.
    """

    encoded: int
    found: int
    failed: tuple[tuple[object, Exception], ...]


def precompute(
    images: object,
    model: str | Predictor = "lite",
    *,
    cache: Cache = True,
    checkpoint: str | Path | None = None,
    device: str = "auto",
    runtime: str = "auto",
    precision: str = "fp32",
    progress: bool = True,
) -> Precomputed:
    """Encode images ahead and keep their embeddings, so that each opens immediately later.

    Resumable: images whose embedding is there are skipped. An image that cannot be encoded does not
    stop the others: it is logged at the end, and returned.

    Parameters
    ----------
    images : folder or iterable
        A folder, of which every image file is taken, or a list of anything that
        :func:`sam_widget.load_image` takes.
    model : str or Predictor
        A name from :func:`sam_widget.available`, or a loaded predictor.
    cache : path, EmbeddingCache or True
        Where to keep them; see :class:`~sam_widget.SamWidget`. Without a folder they last for as
        long as the process, as many as its memory budget holds.
    checkpoint, device, runtime, precision
        For a model given by name; see :func:`sam_widget.load`.
    progress : bool
        Whether to show a bar.

    Raises
    ------
    ImageError
        If ``images`` is neither a folder nor a list, or the folder holds no image.
    ModelError
        If there is no cache, or the model cannot be loaded.
    """
    from tqdm.auto import tqdm  # noqa: PLC0415 - in a notebook it brings widgets of its own

    kept = choose_cache(cache)
    if kept is None:
        raise ModelError("expected a cache to fill, got cache=False. Pass a folder: cache=...")
    listed = _listed(images)
    predictor = model
    if isinstance(predictor, str):
        predictor = predictors.load(
            predictor, checkpoint=checkpoint, device=device, runtime=runtime, precision=precision
        )
    encoded = found = 0
    failed: list[tuple[object, Exception]] = []
    total = len(listed) if isinstance(listed, Sized) else None
    for source in tqdm(listed, total=total, desc="encoding", unit="image", disable=not progress):
        outcome = _keep(kept, predictor, source)
        if isinstance(outcome, Exception):
            failed.append((source, outcome))
        elif outcome:
            encoded += 1
        else:
            found += 1
    _report(failed, predictor, kept, encoded + found)
    return Precomputed(encoded, found, tuple(failed))


def _listed(images: object) -> Iterable[object]:
    if isinstance(images, str | os.PathLike):
        return image_files(images)
    is_image = isinstance(images, bytes | Image.Image | RgbImage)
    if is_image or (isinstance(images, np.ndarray) and images.ndim < 4):
        return [images]
    if not isinstance(images, Iterable):
        raise ImageError(f"expected a folder or a list of images, got {type(images).__name__}.")
    return images


def _keep(cache: EmbeddingCache, predictor: Predictor, source: object) -> bool | Exception:
    """Tell whether the image had to be encoded, or what came in between."""
    try:
        image = load_image(source)
        if cache.find(predictor, image) is not None:
            return False
        cache.get_or_encode(predictor, image)
    except WeightsError:
        raise  # it would be the same for every image
    except Exception as error:  # noqa: BLE001 - one bad image does not stop the rest
        return error
    return True


def _report(
    failed: list[tuple[object, Exception]],
    predictor: Predictor,
    cache: EmbeddingCache,
    done: int,
) -> None:
    if failed:
        first = "; ".join(f"{_named(source)}: {error}" for source, error in failed[:3])
        more = "; ..." if len(failed) > 3 else ""
        _log.warning("%d image(s) could not be encoded. %s%s", len(failed), first, more)
    lasting = cache.folder is not None and isinstance(predictor, StorablePredictor)
    if not lasting and done > cache.info().entries:
        _log.warning(
            "memory holds the newest %d of %d embeddings. To keep all of them pass a folder "
            "(cache=...) and a model that can be stored, or a larger EmbeddingCache.",
            cache.info().entries,
            done,
        )


def _named(source: object) -> str:
    return str(source) if isinstance(source, str | os.PathLike) else type(source).__name__
