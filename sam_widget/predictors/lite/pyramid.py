"""The image side of the lite network: a feature pyramid on the backbone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

from sam_widget.predictors.lite.backbone import CHANNELS, EfficientNetLite0
from sam_widget.predictors.lite.features import (
    FINE_CHANNELS,
    MIDDLE_CHANNELS,
    PIXEL_CHANNELS,
    WIDTH,
    ImageFeatures,
)
from sam_widget.predictors.lite.geometry import cell_centres
from sam_widget.predictors.lite.layers import Block, TokenLayer, double, sinusoidal
from sam_widget.predictors.lite.picture import INPUT_SIDE

if TYPE_CHECKING:
    from torch import Tensor


class ImageEncoder(nn.Module):
    """Backbone and feature pyramid."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = EfficientNetLite0()
        c2, c4, c8, c16, c32 = CHANNELS
        self.lateral32 = nn.Conv2d(c32, WIDTH, 1)
        self.whole = nn.ModuleList([TokenLayer(WIDTH, context=False) for _ in range(2)])
        self.lateral16 = nn.Conv2d(c16, WIDTH, 1)
        self.block16 = Block(WIDTH)
        self.lateral8 = nn.Conv2d(c8, MIDDLE_CHANNELS, 1)
        self.down8 = nn.Conv2d(WIDTH, MIDDLE_CHANNELS, 1)
        self.block8 = Block(MIDDLE_CHANNELS)
        self.lateral4 = nn.Conv2d(c4, FINE_CHANNELS, 1)
        self.down4 = nn.Conv2d(MIDDLE_CHANNELS, FINE_CHANNELS, 1)
        self.block4 = Block(FINE_CHANNELS, cheap=True)
        self.lateral2 = nn.Conv2d(c2, PIXEL_CHANNELS, 1)
        self.down2 = nn.Conv2d(FINE_CHANNELS, PIXEL_CHANNELS, 1)
        self.spatial2 = nn.Conv2d(PIXEL_CHANNELS, PIXEL_CHANNELS, 3, padding=1)
        self.norm2 = nn.GroupNorm(4, PIXEL_CHANNELS)

    def forward(self, image: Tensor) -> ImageFeatures:
        """Encode one normalised picture (1, 3, h, w), h and w multiples of 32."""
        x2, x4, x8, x16, x32 = self.backbone(image)
        y = self.lateral32(x32)
        height, width = y.shape[-2:]
        side = INPUT_SIDE // 32
        place = sinusoidal(cell_centres(height, width, side, y.device), WIDTH)
        tokens = (y.flatten(2).transpose(1, 2) + place).contiguous()
        for layer in self.whole:
            tokens = layer(tokens)
        y = tokens.transpose(1, 2).unflatten(2, (height, width))
        coarse = self.block16(self.lateral16(x16) + double(y))
        middle = self.block8(self.lateral8(x8) + double(self.down8(coarse)))
        fine = self.block4(self.lateral4(x4) + double(self.down4(middle)))
        y = self.lateral2(x2) + double(self.down2(fine))
        pixels = self.norm2(y + self.spatial2(functional.relu(y)))
        return ImageFeatures(pixels, fine, middle, coarse)
