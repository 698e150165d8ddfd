"""Official networks with random weights, and photos of several shapes."""

import numpy as np
import pytest
import skimage.data
import skimage.transform


def perturb(network):
    """Give a fresh network values where it has zeros and ones and a trained one has not.

    Norms, biases and relative positions are changed, so that no term can be forgotten unnoticed;
    attention of the decoder is made sharper.
    """
    import torch

    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.ndim == 1 or "rel_pos" in name or "pos_embed" in name:
                parameter.add_(torch.randn_like(parameter), alpha=0.2)
            elif "prompt_encoder" in name or "mask_decoder" in name:
                parameter.mul_(1.5)
    return network


@pytest.fixture(scope="session")
def vit_b_checkpoint(tmp_path_factory):
    """A file with random ViT-B weights, saved like the official one."""
    import torch
    from segment_anything import sam_model_registry

    torch.manual_seed(20)
    network = perturb(sam_model_registry["vit_b"]())
    path = tmp_path_factory.mktemp("weights") / "random_vit_b.pth"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture(scope="session")
def tiny_network():
    """An official network with a small image encoder, on which the decoder does not depend."""
    import torch
    from segment_anything.modeling import (
        ImageEncoderViT,
        MaskDecoder,
        PromptEncoder,
        Sam,
        TwoWayTransformer,
    )

    torch.manual_seed(21)
    network = Sam(
        ImageEncoderViT(
            embed_dim=32, depth=4, num_heads=2, out_chans=256, window_size=8, use_rel_pos=True
        ),
        PromptEncoder(256, (64, 64), (1024, 1024), mask_in_chans=16),
        MaskDecoder(
            transformer_dim=256,
            transformer=TwoWayTransformer(depth=2, embedding_dim=256, num_heads=8, mlp_dim=2048),
        ),
    )
    perturb(network)
    with torch.no_grad():
        for mlp in network.mask_decoder.output_hypernetworks_mlps:
            mlp.layers[-1].weight.mul_(10)  # as confident as a trained network
    return network.eval().requires_grad_(False)


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
