"""Official networks with random weights, and photos of several shapes."""

import numpy as np
import pytest
import skimage.data
import skimage.transform


@pytest.fixture(scope="session")
def vit_b_checkpoint(tmp_path_factory):
    """A file with random ViT-B weights, saved like the official one.

    A fresh network has zeros and ones where a trained one has values (norms, biases, relative
    positions): they are perturbed, so that no term can be forgotten unnoticed.
    """
    import torch
    from segment_anything import sam_model_registry

    torch.manual_seed(20)
    network = sam_model_registry["vit_b"]()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim == 1 or "rel_pos" in name or "pos_embed" in name:
                parameter.add_(torch.randn_like(parameter), alpha=0.2)
            elif "prompt_encoder" in name or "mask_decoder" in name:
                parameter.mul_(1.5)
    path = tmp_path_factory.mktemp("weights") / "random_vit_b.pth"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture(scope="session")
def photos():
    """Landscape, portrait and very wide; larger and smaller than the model's 1024 pixels."""

    def resized(image, height, width):
        return skimage.transform.resize(
            image, (height, width), preserve_range=True, anti_aliasing=True
        ).astype(np.uint8)

    return {
        "landscape": resized(skimage.data.coffee(), 1001, 1499),
        "portrait": skimage.data.astronaut()[:, 120:400],
        "wide": skimage.data.chelsea()[100:217],
    }
