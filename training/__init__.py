"""How the lite model is trained. Run ``python -m training.lite --help``."""

from sam_widget.predictors import torch_runtime

torch_runtime.require("training")
