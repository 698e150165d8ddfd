"""Open a checkpoint of an official network, reading no more of it than is needed.

The file is mapped into memory: names and shapes of all parameters are checked when it is opened,
while the image encoder's values, nearly all of it, are only read when an image is encoded. With a
stored embedding that is never. Then the ``segment-anything`` package, whose import takes seconds,
is not needed either, if the same file was checked before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from sam_widget.errors import WeightsError
from sam_widget.predictors.sam import checkpoints
from sam_widget.predictors.sam.decoder_weights import fold, is_decoder_weight
from sam_widget.storage import read_sealed, write_sealed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sam_widget.predictors.sam.decoder_weights import Weights

__all__ = ["SamCheckpoint"]

_WIDTHS: Mapping[int, str] = {768: "vit_b", 1024: "vit_l", 1280: "vit_h"}
"""Width of the image encoder (paper, appendix A) to the model's name."""

_RELATIVES: Mapping[str, str] = {
    "mask_decoder.hf_token.weight": "a SAM-HQ checkpoint",
    "image_encoder.patch_embed.seq.0.c.weight": "a MobileSAM checkpoint (vit_t)",
    "vision_encoder.patch_embed.projection.weight": "a SAM checkpoint in transformers' layout",
    "sam_mask_decoder.iou_token.weight": "a SAM 2 checkpoint",
}
"""Parameters that give away a neighbour whose file is easily mistaken for SAM's."""

_ENCODER = "image_encoder."


class SamCheckpoint:
    """An opened file of weights, known to be of the network that was asked for.

    Parameters
    ----------
    name : {"vit_b", "vit_l", "vit_h"}
        The network.
    path : Path
        The file.

    Raises
    ------
    WeightsError
        If the file is missing, damaged, or of another network.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path
        self.digest = checkpoints.sha256_of(path)
        state = _read_state(path, name)
        memo = checkpoints.cache_folder() / "checked" / f"{name}-{self.digest}"
        if read_sealed(memo) is None:
            problem = _find_difference(name, _network(name).state_dict(), state)
            if problem:
                raise WeightsError(f"expected a checkpoint of {name} at {path}, got {problem}")
            write_sealed(memo, name.encode())
        self._encoder_state = {
            key.removeprefix(_ENCODER): value
            for key, value in state.items()
            if key.startswith(_ENCODER)
        }
        self._decoder_state = {key: state[key] for key in state if is_decoder_weight(key)}

    def decoder(self) -> Weights:
        """Read the mask decoder and the prompt encoder, folded."""
        return fold(self._decoder_state)

    def take_encoder(self, device: str) -> Any:  # noqa: ANN401 - the package has no types
        """Read the image encoder, once: afterwards the file is not held any more.

        Returns
        -------
        segment_anything.modeling.ImageEncoderViT
            In evaluation mode, float32, on the device.

        Raises
        ------
        WeightsError
            If the file has changed since it was opened.
        """
        if checkpoints.sha256_of(self.path) != self.digest:
            raise WeightsError(
                f"expected the weights at {self.path} as they were when the model was loaded, got "
                "a file that has changed since. Load the model again."
            )
        # A copy: mapped memory would follow the file if someone wrote to it.
        state = {
            key: value.to(device, torch.float32, copy=True)
            for key, value in self._encoder_state.items()
        }
        encoder = _network(self.name).image_encoder
        encoder.load_state_dict(state, assign=True)
        self._encoder_state = {}
        return encoder.requires_grad_(False).eval()


def _network(name: str) -> Any:  # noqa: ANN401 - the package has no types
    """Build an official network without values, segment_anything.modeling.Sam."""
    from segment_anything import sam_model_registry

    # On the meta device nothing is allocated and nothing is filled with random numbers.
    with torch.device("meta"):
        return sam_model_registry[name]()


def _read_state(path: Path, name: str) -> dict[str, torch.Tensor]:
    """Read the state dict in a checkpoint, executing nothing in it."""
    wrong = checkpoints.describe_wrong_file(path)
    if wrong:
        raise WeightsError(f"expected a checkpoint of {name} at {path}, got {wrong}.")
    try:
        state = _load_lazily(path)
    except Exception as error:
        # torch reports damage as RuntimeError, UnpicklingError, EOFError, KeyError, ... by place.
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise WeightsError(
            f"expected a checkpoint of {name} at {path}, got {path.stat().st_size:,} bytes that "
            f"torch.load(..., weights_only=True) cannot read ({first_line[:200]}). The file may be "
            "cut short, or hold more than tensors: copy it again, or save "
            "model.state_dict() alone."
        ) from error
    if not isinstance(state, dict) or not all(torch.is_tensor(value) for value in state.values()):
        keys = f" with keys {_some(state)}" if isinstance(state, dict) else ""
        raise WeightsError(
            f"expected a state dict (parameter name to tensor) at {path}, got a "
            f"{type(state).__name__}{keys}. Save model.state_dict() alone."
        )
    return state


def _load_lazily(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """Load tensors whose values are read when they are looked at, if the file allows it."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except RuntimeError:
        # Files from before torch 1.6 cannot be mapped; for damaged ones this says what is wrong.
        return torch.load(path, map_location="cpu", weights_only=True)


def _find_difference(
    name: str, expected: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]
) -> str | None:
    """Compare names and shapes of the parameters with the network's; None if they agree."""
    for key, what in _RELATIVES.items():
        if key in state:
            return f"{what}, which is another network."
    position = state.get("image_encoder.pos_embed")
    found = _WIDTHS.get(position.shape[-1]) if position is not None and position.ndim else None
    if found not in (None, name):
        return f'one of {found}. Load it as such: load("{found}", checkpoint=...).'
    missing = [key for key in expected if key not in state]
    extra = [key for key in state if key not in expected]
    if missing or extra:
        return (
            f"{len(state)} parameters instead of {len(expected)}: {len(missing)} missing "
            f"{_some(missing)}, {len(extra)} unknown {_some(extra)}. It is of another network."
        )
    for key, parameter in expected.items():
        if state[key].shape != parameter.shape:
            return (
                f"{key} of shape {tuple(state[key].shape)} instead of {tuple(parameter.shape)}. "
                "It is of a changed network."
            )
    return None


def _some(keys: Any) -> str:  # noqa: ANN401 - whatever an unknown file holds
    """Show the first few keys."""
    shown = [str(key) for key in list(keys)[:3]]
    return f"({', '.join(shown)}{', ...' if len(keys) > 3 else ''})"
