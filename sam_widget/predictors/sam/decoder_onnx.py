"""The mask decoder in ONNX Runtime: its graphs, made once per checkpoint, and their use.

Graphs are kept in the cache folder under the digest of the weights and the version of the graph, so
that later sessions only open them.
"""

from __future__ import annotations

import itertools
import struct
from concurrent.futures import Future
from typing import TYPE_CHECKING

import numpy as np
import torch

from sam_widget.errors import ModelError
from sam_widget.predictors import onnx_runtime
from sam_widget.predictors.computing_thread import ComputingThread
from sam_widget.predictors.sam import checkpoints
from sam_widget.predictors.sam.decoder_graph import GRAPH_VERSION, masks_graph, tokens_graph
from sam_widget.predictors.sam.decoder_values import DecodedTokens, places_by_prompt
from sam_widget.predictors.sam.decoder_weights import GRID, PROJECTIONS
from sam_widget.storage import read_sealed, write_sealed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from sam_widget.predictors.sam.decoder_values import PreparedImage
    from sam_widget.predictors.sam.decoder_weights import Weights

__all__ = ["OnnxDecoder", "graphs_path", "open_decoder", "open_in_background"]

_SIZES = struct.Struct("<3Q")


def graphs_path(model_digest: str) -> Path:
    """Return where the graphs of a checkpoint are kept."""
    return checkpoints.cache_folder() / "graphs" / f"{model_digest}-{GRAPH_VERSION}"


def open_decoder(weights: Weights, model_digest: str) -> OnnxDecoder:
    """Open the graphs of a checkpoint, after making them if they are not kept or damaged.

    Parameters
    ----------
    weights : dict of str to Tensor
        From :func:`~sam_widget.predictors.sam.decoder_weights.fold`.
    model_digest : str
        SHA-256 of the file of weights.

    Raises
    ------
    ModelError
        If ONNX Runtime is not installed, or the package ``onnx`` when graphs have to be made.
    """
    path = graphs_path(model_digest)
    kept = read_sealed(path)
    if kept is not None:
        return OnnxDecoder(*_taken_apart(kept))
    try:
        graphs = (
            tokens_graph(weights, with_mask=False),
            tokens_graph(weights, with_mask=True),
            masks_graph(weights),
        )
    except ImportError as error:
        raise ModelError(
            "expected the package onnx, which is not installed. "
            'Run `pip install "sam-widget[onnx]"`, or load the model with runtime="torch".'
        ) from error
    decoder = OnnxDecoder(*graphs)
    write_sealed(path, _SIZES.pack(*map(len, graphs)) + b"".join(graphs))
    return decoder


def open_in_background(weights: Weights, model_digest: str) -> Future[OnnxDecoder]:
    """Do the same on a thread of its own."""
    future: Future[OnnxDecoder] = Future()

    def work() -> None:
        try:
            future.set_result(open_decoder(weights, model_digest))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)

    ComputingThread(work, lambda: None, "sam_widget graphs").start()
    return future


def _taken_apart(content: bytes) -> list[bytes]:
    ends = itertools.accumulate(_SIZES.unpack_from(content), initial=_SIZES.size)
    return [content[start:end] for start, end in itertools.pairwise(ends)]


class OnnxDecoder:
    """Answers like :class:`~sam_widget.predictors.sam.decoder.MaskDecoder`, on the CPU.

    Any number of threads may call it. Images come from ``MaskDecoder.prepare`` in float32, and are
    read where they are.

    Parameters
    ----------
    tokens, tokens_with_mask, masks : bytes
        The graphs: for prompts without and with a mask, and for masks.

    Raises
    ------
    ModelError
        If ONNX Runtime is not installed or cannot read them.
    """

    def __init__(self, tokens: bytes, tokens_with_mask: bytes, masks: bytes) -> None:
        self._tokens = onnx_runtime.open_session(tokens)
        self._tokens_with_mask = onnx_runtime.open_session(tokens_with_mask)
        self._masks = onnx_runtime.open_session(masks)

    def decode_tokens(
        self, image: PreparedImage, prompts: Tensor, masks: Tensor | None = None
    ) -> DecodedTokens:
        """Answer prompts up to the scores, as ``MaskDecoder.decode_tokens`` does."""
        names = ("scores", "tokens", "basis", "gains")
        feeds = {
            "features": image.features.numpy(),
            "mean": image.mean.numpy(),
            **{f"image.{name}": image.heads(name).numpy() for name in PROJECTIONS},
        }
        session = self._tokens if masks is None else self._tokens_with_mask
        answers = []
        for index, tokens in enumerate(prompts.numpy()):
            feeds["prompts"] = tokens
            if masks is not None:
                feeds["mask"] = masks[index].numpy()
            wanted = ("scores", "mask_tokens", "basis", "gains")
            found = onnx_runtime.run(session, wanted, feeds)
            answers.append([torch.from_numpy(value) for value in found])
        if len(answers) == 1:
            parts = [value[None] for value in answers[0]]
        else:
            parts = [torch.stack(values) for values in zip(*answers, strict=True)]
        return DecodedTokens(image=image, **dict(zip(names, parts, strict=True)))

    def logits(self, decoded: DecodedTokens, pairs: Sequence[tuple[int, int]]) -> Tensor:
        """Compute the masks that are wanted, as ``MaskDecoder.logits`` does."""
        result = torch.empty(0, 4 * GRID, 4 * GRID)
        for prompt, places in places_by_prompt(pairs).items():
            kinds = [pairs[place][1] for place in places]
            (parts,) = onnx_runtime.run(
                self._masks,
                ["parts"],
                {
                    "upscaled": decoded.image.upscaled.numpy(),
                    "basis": decoded.basis[prompt].numpy(),
                    "gains": decoded.gains[prompt].numpy(),
                    "mask_tokens": decoded.tokens[prompt].numpy(),
                    "kinds": np.array(kinds),
                },
            )
            masks = _put_in_place(parts)
            if len(places) == len(pairs):
                return torch.from_numpy(masks)
            if not len(result):
                result = torch.empty(len(pairs), 4 * GRID, 4 * GRID)
            result[places] = torch.from_numpy(masks)
        return result


def _put_in_place(parts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay out (16, K, 4096) by (row, column, finer row, finer column) as (K, 256, 256)."""
    count, side = parts.shape[1], 4 * GRID
    masks = np.empty((count, side, side), np.float32)
    for part, place in zip(parts, np.ndindex(2, 2, 2, 2), strict=True):
        row, column, finer_row, finer_column = place
        pixels = np.s_[:, 2 * row + finer_row :: 4, 2 * column + finer_column :: 4]
        masks[pixels] = part.reshape(count, GRID, GRID)
    return masks
