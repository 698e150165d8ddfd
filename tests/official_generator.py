"""The official generator on any of our predictors, as the oracle of everything mode."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from segment_anything import SamAutomaticMaskGenerator
from torch.nn import functional

from sam_widget.predictors.batch import decode_batch


class OfficialFacade:
    """A predictor of this package with the methods that the official generator calls.

    Logits go through the official upsampling (``Sam.postprocess_masks``, or that of SAM 2), so only
    the network is shared between the two sides.
    """

    def __init__(self, predictor):
        self.predictor = predictor
        self.device = torch.device("cpu")
        self.model = SimpleNamespace(mask_threshold=0.0)
        self.transform = SimpleNamespace(apply_coords=lambda points, _: points)
        self.embedding = None

    def set_image(self, image):
        self.embedding = self.predictor.encode(np.ascontiguousarray(image))

    def reset_image(self):
        self.embedding = None

    def predict_torch(self, points, labels, *, multimask_output, return_logits):
        assert multimask_output
        assert return_logits
        assert bool((labels == 1).all())
        answers = decode_batch(self.predictor, self.embedding, points[:, 0].numpy(), multimask=True)
        prompts, kinds = answers.scores.shape
        pairs = [(prompt, kind) for prompt in range(prompts) for kind in range(kinds)]
        frame = self.embedding.frame
        logits = torch.from_numpy(answers.logits(pairs))
        low = logits.reshape(prompts, kinds, *frame.logits_shape[1:])
        over_image = low
        if frame.upsampling == "through_input":
            over_input = _bilinear(low, (frame.input_side, frame.input_side))
            height, width = frame.resized_hw
            over_image = over_input[..., :height, :width]
        masks = _bilinear(over_image, (frame.height, frame.width))
        return masks, torch.from_numpy(answers.scores.copy()), low


def _bilinear(logits, size_hw):
    return functional.interpolate(logits, size_hw, mode="bilinear", align_corners=False)


def official_generator(predictor, **parameters):
    """Return the official generator with a predictor of this package inside."""
    model = SimpleNamespace(
        image_encoder=SimpleNamespace(img_size=1024),
        device="cpu",
        mask_threshold=0.0,
        image_format="RGB",
    )
    generator = SamAutomaticMaskGenerator(model, **parameters)
    generator.predictor = OfficialFacade(predictor)
    return generator
