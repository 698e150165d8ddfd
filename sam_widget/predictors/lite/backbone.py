"""EfficientNet-Lite0 as a feature extractor, in plain torch.

Batch normalisation is folded into the convolutions, so a layer is a convolution with a bias;
the classification head is left out.

References
----------
.. [1] Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
   ICML 2019. arXiv:1905.11946. The Lite variants drop squeeze-and-excitation and use ReLU6.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from sam_widget.predictors.lite.picture import INPUT_MEAN, INPUT_SCALE


class Stage(NamedTuple):
    """A run of inverted residual blocks with the same width."""

    kernel: int
    stride: int
    expansion: int
    channels: int
    blocks: int


STAGES = (
    Stage(3, 1, 1, 16, 1),
    Stage(3, 2, 6, 24, 2),
    Stage(5, 2, 6, 40, 2),
    Stage(3, 2, 6, 80, 3),
    Stage(5, 1, 6, 112, 3),
    Stage(5, 2, 6, 192, 4),
    Stage(3, 1, 6, 320, 1),
)
STEM_CHANNELS = 32
TAPS = (0, 1, 2, 4, 6)
"""The stages whose outputs are kept: the last of each stride."""
STRIDES = (2, 4, 8, 16, 32)
CHANNELS = tuple(STAGES[i].channels for i in TAPS)


class SameConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: the odd pixel goes right and bottom.

    The pretrained weights expect this padding. Input sides must be multiples of the stride.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        symmetric = (kernel - 1) // 2 if stride == 1 else 0
        super().__init__(
            inputs, outputs, kernel, stride=stride, padding=symmetric, groups=groups, bias=True
        )
        total = kernel - stride
        self._sides = (total // 2, total - total // 2)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name nn.Conv2d gives it
        """Convolve (B, C, H, W)."""
        if self.stride[0] > 1:
            near, far = self._sides
            input = functional.pad(input, (near, far, near, far))  # noqa: A001 - see above
        return super().forward(input)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; added to the input where shapes agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expand = SameConv2d(inputs, hidden, 1) if expansion > 1 else None
        self.depthwise = SameConv2d(hidden, hidden, kernel, stride, groups=hidden)
        self.project = SameConv2d(hidden, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        y = x if self.expand is None else functional.relu6(self.expand(x))
        y = functional.relu6(self.depthwise(y))
        y = self.project(y)
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    """The convolutional stages of EfficientNet-Lite0."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv2d(3, STEM_CHANNELS, 3, stride=2)
        stages = []
        inputs = STEM_CHANNELS
        for stage in STAGES:
            blocks = []
            for i in range(stage.blocks):
                stride = stage.stride if i == 0 else 1
                blocks.append(
                    InvertedResidual(inputs, stage.channels, stage.kernel, stride, stage.expansion)
                )
                inputs = stage.channels
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(stages)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the features at strides 2, 4, 8, 16 and 32.

        Parameters
        ----------
        x : Tensor
            Normalised RGB (B, 3, H, W); H and W multiples of 32.

        Returns
        -------
        list of Tensor
            (B, ``CHANNELS[i]``, H / ``STRIDES[i]``, W / ``STRIDES[i]``).
        """
        x = functional.relu6(self.stem(x))
        features = []
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in TAPS:
                features.append(x)
        return features


def normalise(image: Tensor) -> Tensor:
    """Map 8-bit RGB values to the range the backbone was trained on."""
    return (image.float() - INPUT_MEAN) / INPUT_SCALE


def fold_batch_norm(weights: list[Tensor], eps: float = 1e-3) -> list[tuple[Tensor, Tensor]]:
    """Fold batch normalisations into the convolutions before them.

    Parameters
    ----------
    weights : list of Tensor
        For each convolution six tensors in this order: its kernel, then the normalisation's
        scale, shift, running mean, running variance and batch count.
    eps : float
        The normalisation's epsilon; 1e-3 in the EfficientNet family.

    Returns
    -------
    list of (kernel, bias)
        One pair for each convolution.
    """
    folded = []
    for i in range(0, len(weights) - 5, 6):
        kernel, scale, shift, mean, variance, _ = weights[i : i + 6]
        gain = scale / torch.sqrt(variance + eps)
        folded.append((kernel * gain.view(-1, 1, 1, 1), shift - mean * gain))
    return folded
