"""The official MaskDecoder and PromptEncoder are the oracles, on made-up features of images."""

import numpy as np
import pytest
import torch

from sam_widget.predictors.frame import ModelFrame
from sam_widget.predictors.sam.decoder import MaskDecoder
from sam_widget.predictors.sam.decoder_graph import masks_graph, tokens_graph
from sam_widget.predictors.sam.decoder_onnx import OnnxDecoder
from sam_widget.predictors.sam.decoder_prompts import PromptEncoder
from sam_widget.predictors.sam.decoder_weights import fold

TOLERANCE = 1e-4
PIXELS = 1e-4  # share of pixels of a mask that may differ
FRAME = ModelFrame(683, 1024)


@pytest.fixture(scope="module")
def features():
    """Like an encoder's: smooth, with noise, and with means and sizes that differ by channel."""
    torch.manual_seed(22)
    coarse = torch.randn(1, 256, 9, 9)
    smooth = torch.nn.functional.interpolate(coarse, (64, 64), mode="bicubic")
    size, mean = torch.rand(256, 1, 1) + 0.2, torch.randn(256, 1, 1) * 0.3
    return size * (smooth + 0.2 * torch.randn(1, 256, 64, 64)) + mean


@pytest.fixture(scope="module")
def weights(tiny_network):
    return fold(tiny_network.state_dict())


@pytest.fixture(scope="module")
def torch_decoder(weights):
    return MaskDecoder(weights)


@pytest.fixture(scope="module")
def decoders(weights, torch_decoder):
    return {
        "torch": torch_decoder,
        "onnx": OnnxDecoder(
            tokens_graph(weights, with_mask=False),
            tokens_graph(weights, with_mask=True),
            masks_graph(weights),
        ),
    }


@pytest.fixture(scope="module")
def image(torch_decoder, features):
    return torch_decoder.prepare(features)


@pytest.fixture(scope="module")
def encoder(weights):
    return PromptEncoder(weights)


def prompts_of(kind):
    """Points with labels, box and mask, as the official prompt encoder takes them."""
    torch.manual_seed(23)
    points, box, mask = None, None, None
    if kind.startswith("point"):
        count = 1 if kind.startswith("point,") or kind == "point" else 5
        points = (torch.rand(1, count, 2) * 1024, torch.arange(count)[None] % 2)
    if kind == "thirty points":
        points = (torch.rand(1, 30, 2) * 1024, torch.ones(1, 30, dtype=torch.int64))
    if "box" in kind:
        box = torch.tensor([[120.0, 205.5, 640.0, 580.0]])
    if "mask" in kind:
        rows, columns = torch.meshgrid(torch.arange(256), torch.arange(256), indexing="ij")
        mask = (60 - torch.hypot(rows - 100.0, columns - 130.0)) / 4 + torch.randn(256, 256)
        mask = mask[None, None]
    return points, box, mask


def our_prompts(encoder, points, box, mask):
    xy = [] if points is None else [points[0]]
    labels = [] if points is None else [points[1]]
    if box is not None:
        xy.append(box.view(1, 2, 2))
        labels.append(torch.tensor([[2, 3]]))
    elif points is not None:
        xy.append(torch.zeros(1, 1, 2))
        labels.append(torch.tensor([[-1]]))
    tokens = encoder.tokens(torch.cat(xy, 1).numpy(), torch.cat(labels, 1).numpy()) if xy else None
    features = None if mask is None else encoder.mask_features(mask)
    return torch.empty(1, 0, 256) if tokens is None else tokens, features


def official(network, features, points, box, mask, multimask):
    sparse, dense = network.prompt_encoder(points=points, boxes=box, masks=mask)
    logits, scores = network.mask_decoder(
        image_embeddings=features,
        image_pe=network.prompt_encoder.get_dense_pe(),
        sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense,
        multimask_output=multimask,
    )
    return logits[0], scores[0]


KINDS = [
    "point",
    "points",
    "box",
    "point, box",
    "points, box",
    "mask",
    "point, mask",
    "points, box, mask",
    "thirty points",
]


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
@pytest.mark.parametrize("multimask", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_the_official_answer(
    tiny_network, decoders, encoder, image, features, kind, multimask, runtime
):
    prompts = prompts_of(kind)
    expected, expected_scores = official(tiny_network, features, *prompts, multimask)
    kinds = [1, 2, 3] if multimask else [0]

    decoder = decoders[runtime]
    decoded = decoder.decode_tokens(image, *our_prompts(encoder, *prompts))
    logits = decoder.logits(decoded, [(0, index) for index in kinds])

    assert logits.shape == expected.shape
    assert (logits - expected).abs().max() <= TOLERANCE
    assert (decoded.scores[0, kinds] - expected_scores).abs().max() <= TOLERANCE
    masks = FRAME.masks(logits.numpy())
    assert np.mean(masks != FRAME.masks(expected.numpy())) <= PIXELS
    # A decoder that answers little, or the same everywhere, would agree with anything.
    assert expected.std() > 3
    assert 0.05 < masks.mean() < 0.95


def test_the_official_prompt_tokens(tiny_network, encoder):
    torch.manual_seed(24)
    points = torch.rand(4, 3, 2) * 1024
    labels = torch.tensor([[1, 0, 1]]).expand(4, -1)
    boxes = torch.rand(4, 4) * 1024
    expected, _ = tiny_network.prompt_encoder(points=(points, labels), boxes=boxes, masks=None)
    together = torch.cat([labels, torch.tensor([[2, 3]]).expand(4, -1)], dim=1)
    xy = torch.cat([points, boxes.view(4, 2, 2)], dim=1)
    found = encoder.tokens(xy.numpy(), together.numpy())
    assert (found - expected).abs().max() <= 1e-5


def test_the_official_mask_features(tiny_network, encoder):
    masks = torch.cat([prompts_of("mask")[2], 20 * torch.randn(1, 1, 256, 256)])
    expected = tiny_network.prompt_encoder.mask_downscaling[:-1](masks).flatten(2)
    found = encoder.mask_features(masks)
    assert found.shape == (2, 17, 4096)
    assert (found[:, 0] == 1).all()
    assert (found[:, 1:] - expected).abs().max() <= 1e-5


@pytest.mark.parametrize("runtime", ["torch", "batches of torch", "onnx"])
@pytest.mark.parametrize("with_masks", [False, True])
def test_many_prompts_are_answered_like_each_alone(
    weights, decoders, torch_decoder, encoder, image, runtime, with_masks
):
    decoder = MaskDecoder(weights, at_once=3) if runtime.startswith("batch") else decoders[runtime]
    torch.manual_seed(25)
    xy = torch.rand(5, 2, 2) * 1024
    tokens = encoder.tokens(xy.numpy(), np.tile([[1, -1]], (5, 1)))
    masks = encoder.mask_features(10 * torch.randn(5, 1, 256, 256)) if with_masks else None
    decoded = decoder.decode_tokens(image, tokens, masks)
    assert len(decoded) == 5
    pairs = [(4, 2), (0, 0), (4, 1), (2, 3), (4, 3)]
    together = decoder.logits(decoded, pairs)

    for place, (prompt, kind) in enumerate(pairs):
        part = slice(prompt, prompt + 1)
        mask = None if masks is None else masks[part]
        alone = torch_decoder.decode_tokens(image, tokens[part], mask)
        (expected,) = torch_decoder.logits(alone, [(0, kind)])
        assert (together[place] - expected).abs().max() <= TOLERANCE
        assert (decoded.scores[prompt] - alone.scores[0]).abs().max() <= TOLERANCE
    assert (together[0] - together[4]).abs().max() > 1


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_answers_outlive_later_ones(decoders, encoder, image, runtime):
    decoder = decoders[runtime]
    prompts = [our_prompts(encoder, *prompts_of(kind)) for kind in ("point", "box")]
    first, second = (decoder.decode_tokens(image, *each) for each in prompts)
    kept = decoder.logits(first, [(0, 0)])
    before = kept.clone()
    other = decoder.logits(second, [(0, 0)])
    assert torch.equal(kept, before)
    assert torch.equal(decoder.logits(first, [(0, 0)]), before)
    assert (other - before).abs().max() > 1


def test_what_an_image_holds(image, torch_decoder, features):
    assert image.nbytes == 4 * 4096 * (256 + 1 + 1280)
    held = {
        tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
        for tensor in (image.features, image.mean, image.projected)
    }
    assert sum(held.values()) == image.nbytes
    flat = features.flatten(2)[0]
    assert torch.equal(image.features, flat)
    assert torch.equal(torch_decoder.prepare(flat).projected, image.projected)


def test_in_bfloat16_most_pixels_are_the_same(weights, torch_decoder, encoder, image, features):
    narrow = MaskDecoder(weights, dtype=torch.bfloat16)
    small = narrow.prepare(features)
    assert small.nbytes == image.nbytes / 2
    for kind in ("point", "points, box, mask"):
        prompts = our_prompts(encoder, *prompts_of(kind))
        pairs = [(0, 1), (0, 2), (0, 3)]
        exact = torch_decoder.decode_tokens(image, *prompts)
        rough = narrow.decode_tokens(small, *prompts)
        expected, found = torch_decoder.logits(exact, pairs), narrow.logits(rough, pairs)
        assert found.dtype == rough.scores.dtype == torch.float32
        assert 0 < (found - expected).abs().mean() < 0.02 * expected.std()
        both = ((found > 0) & (expected > 0)).sum() / ((found > 0) | (expected > 0)).sum()
        assert both > 0.97
        assert (rough.scores - exact.scores).abs().max() < 0.02
