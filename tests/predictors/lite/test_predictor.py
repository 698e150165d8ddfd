import dataclasses
import hashlib
import threading

import numpy as np
import pytest
import torch

from sam_widget.embeddings.cache import EmbeddingCache
from sam_widget.errors import EmbeddingMismatch, ModelError, PromptError, WeightsError
from sam_widget.images import load_image
from sam_widget.masks.metrics import mask_iou
from sam_widget.predictors import Predictor, load
from sam_widget.predictors.base import StorablePredictor
from sam_widget.predictors.frame import ModelFrame
from sam_widget.predictors.lite.backbone import EfficientNetLite0, fold_batch_norm
from sam_widget.predictors.lite.components import connected, keep_clicked
from sam_widget.predictors.lite.features import PIXEL_CHANNELS, unpack
from sam_widget.predictors.lite.geometry import (
    GEOMETRY_CHANNELS,
    PromptBatch,
    cell_centres,
    grid_axes,
    pixel_geometry,
)
from sam_widget.predictors.lite.network import HIDDEN, MaskNetworks, evaluate
from sam_widget.predictors.lite.picture import picture_hw, picture_of
from sam_widget.predictors.lite.predictor import (
    WEIGHTS_PATH,
    WEIGHTS_SHA256,
    _whole_frame,
    load_lite,
    read_weights,
)
from sam_widget.predictors.lite.prompts import prompt_arrays
from sam_widget.predictors.lite.torch_runner import as_tensors, prompt_batch
from sam_widget.prompts import Prompts


@pytest.fixture(scope="module")
def lite():
    return load_lite("cpu")


@pytest.fixture(scope="module")
def embedding(lite, coffee):
    return lite.encode(coffee)


CUP = (330.0, 200.0)


def test_it_is_the_default_and_a_predictor():
    model = load(device="cpu")
    assert isinstance(model, Predictor)
    assert model.name == "lite"
    assert model.model_digest == WEIGHTS_SHA256


def test_the_shipped_file_is_the_pinned_one_and_small():
    content = WEIGHTS_PATH.read_bytes()
    assert hashlib.sha256(content).hexdigest() == WEIGHTS_SHA256
    assert len(content) < 20e6


def test_missing_weights_say_what_works_instead(tmp_path):
    with pytest.raises(WeightsError, match='model="vit_b"') as caught:
        read_weights(tmp_path / "lite.safetensors", WEIGHTS_SHA256)
    assert str(tmp_path) in str(caught.value)
    assert 'model="fake"' in str(caught.value)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "lite.safetensors"
    path.write_bytes(WEIGHTS_PATH.read_bytes()[:-1] + b"?")
    with pytest.raises(WeightsError, match="SHA-256"):
        read_weights(path, WEIGHTS_SHA256)


def test_one_lone_point_gives_three_candidates(lite, embedding):
    prediction = lite.decode(embedding, Prompts(points=[CUP]))
    assert prediction.logits.shape == (3, 256, 256)
    assert prediction.logits.dtype == np.float32
    assert prediction.scores.shape == (3,)
    assert ((prediction.scores >= 0) & (prediction.scores <= 1)).all()
    assert prediction.masks.shape == (3, 400, 600)


@pytest.mark.parametrize(
    "prompts",
    [
        Prompts(points=[CUP, (200.0, 250.0)]),
        Prompts(boxes=[(170, 18, 432, 275)]),
        Prompts(points=[CUP], boxes=[(170, 18, 432, 275)]),
        Prompts(mask=np.eye(400, 600, dtype=bool)),
        Prompts(points=[(10.0, 10.0)], labels=[0], mask=np.ones((400, 600), bool)),
    ],
)
def test_other_prompts_give_one_candidate_unless_three_are_forced(lite, embedding, prompts):
    assert len(lite.decode(embedding, prompts)) == 1
    assert len(lite.decode(embedding, prompts, multimask=True)) == 3


def test_one_candidate_can_be_forced(lite, embedding):
    assert len(lite.decode(embedding, Prompts(points=[CUP]), multimask=False)) == 1


def test_a_box_around_the_cup_gives_the_cup(lite, embedding):
    prediction = lite.decode(embedding, Prompts(boxes=[(170, 18, 432, 275)]))
    mask = prediction.masks[0]
    assert mask[200, 330]
    inside = mask[18:275, 170:432]
    assert inside.sum() > 0.9 * mask.sum()
    assert inside.mean() > 0.3


def test_candidates_hold_the_click_and_differ(lite, embedding):
    masks = lite.decode(embedding, Prompts(points=[CUP])).masks
    assert masks[:, 200, 330].any()
    areas = sorted(int(mask.sum()) for mask in masks)
    assert areas[2] > 1.2 * areas[0]


def test_feeding_a_prediction_back_keeps_it(lite, embedding):
    box = Prompts(boxes=[(170, 18, 432, 275)])
    first = lite.decode(embedding, box)
    again = lite.decode(embedding, box.with_mask(first.logits[:1]))
    assert mask_iou(first.masks[0], again.masks[0]) > 0.7


def test_the_same_call_gives_the_same_answer_from_any_thread(lite, embedding):
    prompts = Prompts(points=[CUP])
    expected = lite.decode(embedding, prompts).logits
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(lite.decode(embedding, prompts).logits))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for logits in found:
        np.testing.assert_allclose(logits, expected, atol=1e-3)


def test_refusals(lite, embedding):
    with pytest.raises(PromptError):
        lite.decode(embedding, Prompts())
    with pytest.raises(PromptError):
        lite.decode(embedding, Prompts(points=[(700.0, 10.0)]))
    foreign = dataclasses.replace(embedding, model_digest="another")
    with pytest.raises(EmbeddingMismatch):
        lite.decode(foreign, Prompts(points=[CUP]))


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (700, 3), (31, 33), (513, 511)])
def test_any_shape_of_image(lite, shape):
    image = np.random.default_rng(0).integers(0, 255, (*shape, 3)).astype(np.uint8)
    embedding = lite.encode(image)
    height, width = shape
    prediction = lite.decode(embedding, Prompts(points=[(width / 2, height / 2)]))
    assert prediction.masks.shape == (3, *shape)
    assert np.isfinite(prediction.logits).all()


def test_the_embedding_knows_its_size(embedding):
    assert 1e6 < embedding.nbytes < 20e6


def test_padding_is_outside_and_borders_are_not_eaten():
    frame = ModelFrame(400, 600)  # 171 rows of logits hold image
    whole = _whole_frame(np.full((1, 176, 256), 5.0, np.float32), frame)
    assert whole.shape == (1, 256, 256)
    assert (whole[0, :172] == 5).all()
    assert (whole[0, 172:] < 0).all()
    assert frame.masks(whole).all()


def test_prompts_become_fractions_of_the_frame():
    frame = ModelFrame(400, 600)
    batch = prompt_batch(
        prompt_arrays(Prompts(points=[(300.0, 200.0)], boxes=[(0, 0, 600, 400)], labels=[0]), frame)
    )
    torch.testing.assert_close(batch.points, torch.tensor([[[0.5, 683 / 400 * 200 / 1024]]]))
    torch.testing.assert_close(batch.boxes, torch.tensor([[0.0, 0.0, 1.0, 683 / 1024]]))
    assert batch.labels.tolist() == [[0]]
    assert batch.mask is None


def test_a_mask_prompt_is_averaged_as_torch_does():
    logits = np.random.default_rng(4).normal(size=(1, 256, 256)).astype(np.float32)
    arrays = prompt_arrays(Prompts(mask=logits), ModelFrame(400, 600))
    expected = torch.nn.functional.avg_pool2d(torch.from_numpy(logits), 2).numpy()
    np.testing.assert_array_equal(arrays.mask, expected)


def test_the_picture_is_normalised_and_padded_with_zeros():
    image = np.full((30, 512, 3), 255, np.uint8)
    picture = picture_of(load_image(image))
    assert (picture.shape, picture.dtype) == ((1, 3, 32, 512), np.float32)
    assert (picture[:, :, :30] == 1).all()
    assert (picture[:, :, 30:] == 0).all()
    portrait = np.zeros((1024, 600, 3), np.uint8)
    portrait[..., 1] = 127
    picture = picture_of(load_image(portrait))
    assert picture.shape == (1, 3, 512, 320)
    assert picture[0, :, 0, 0].tolist() == [-127 / 128, 0, -127 / 128]
    rows, columns = picture_hw(1024, 600)[0]
    assert (rows, columns) == (512, 300)
    assert (picture[..., columns:] == 0).all()


def test_embeddings_are_stored_as_version_0_1_stored_them(lite, embedding):
    # Whoever changes one of these must change ``preprocessing``, and all folders are made anew.
    assert lite.preprocessing == "1: longest side 512, padded to 32, float32"
    assert {name: array.shape for name, array in lite.pack(embedding).items()} == {
        "pixels": (1, 176, 256, 24),
        "fine": (1, 88, 128, 48),
        "middle": (1, 44, 64, 96),
        "coarse": (1, 22, 32, 128),
        **{f"{kind}_{i}": (1, 704, 4, 32) for kind in ("keys", "values") for i in range(3)},
    }


def test_geometry_is_relative_to_the_prompt():
    batch = PromptBatch(
        torch.tensor([[[0.5, 0.5]], [[0.0, 0.0]]]),
        torch.tensor([[1], [-1]]),
        torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.25, 0.25, 0.75, 0.5]]),
        torch.tensor([False, True]),
        None,
        torch.tensor([False, False]),
    )
    geometry = pixel_geometry(batch, torch.tensor([[0.5, 0.75]]), torch.tensor([[0.5, 0.5]]))
    assert geometry.shape == (2, GEOMETRY_CHANNELS, 2)
    torch.testing.assert_close(geometry[0, :2], torch.tensor([[0.0, 1.0], [0.0, 0.0]]))
    torch.testing.assert_close(geometry[1, :2], torch.tensor([[0.0, 1.0], [1.0, 1.0]]))
    torch.testing.assert_close(geometry[1, 3], torch.tensor([0.0, 0.0]))  # on the box's edge
    assert geometry[0, 4, 0] == 1  # at an include point
    assert geometry[0, 4, 1] < 1e-6
    assert (geometry[:, 6:9] == 0).all()  # no exclude point, no mask


def test_geometry_of_a_grid_is_that_of_its_cells():
    batch = PromptBatch(
        torch.tensor([[[0.4, 0.3], [0.1, 0.6]], [[0.2, 0.9], [0.5, 0.5]]]),
        torch.tensor([[1, 0], [1, 1]]),
        torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.25, 0.25, 0.75, 0.5]]),
        torch.tensor([False, True]),
        torch.linspace(-9, 9, 2 * 128 * 128).reshape(2, 128, 128),
        torch.tensor([True, False]),
    )
    x, y = grid_axes(3, 5, 8, torch.device("cpu"))
    cells = cell_centres(3, 5, 8, torch.device("cpu"))
    grid = pixel_geometry(batch, x, y)
    assert grid.shape == (2, GEOMETRY_CHANNELS, 3, 5)
    torch.testing.assert_close(grid.flatten(2), pixel_geometry(batch, *cells.unbind(-1)))
    assert (grid[1, 8] == 0).all()  # this prompt has no mask
    assert (grid[0, 8] != 0).all()


def test_evaluating_shared_places_equals_evaluating_each():
    generator = torch.Generator().manual_seed(0)

    def random(*shape):
        return torch.randn(*shape, generator=generator)

    networks = MaskNetworks(
        random(2, 3, HIDDEN, PIXEL_CHANNELS),
        random(2, 3, HIDDEN, GEOMETRY_CHANNELS),
        random(2, 3, HIDDEN),
        random(2, 3, HIDDEN),
        random(2, 3),
    )
    pixels, geometry = random(5, PIXEL_CHANNELS), random(2, GEOMETRY_CHANNELS, 5)
    shared = evaluate(networks, pixels, geometry)
    torch.testing.assert_close(shared, evaluate(networks, pixels.expand(2, -1, -1), geometry))
    hidden = networks.feature_weight[1, 2] @ pixels[3] + networks.hidden_bias[1, 2]
    hidden = (hidden + networks.geometry_weight[1, 2] @ geometry[1, :, 3]).relu()
    expected = networks.output_weight[1, 2] @ hidden + networks.output_bias[1, 2]
    torch.testing.assert_close(shared[1, 2, 3], expected, atol=1e-4, rtol=1e-4)


def test_cells_are_read_row_by_row():
    centres = cell_centres(1, 2, 4, torch.device("cpu"))
    torch.testing.assert_close(centres, torch.tensor([[[0.125, 0.125], [0.375, 0.125]]]))


def test_folding_a_normalisation_changes_nothing():
    torch.manual_seed(0)
    convolution = torch.nn.Conv2d(3, 4, 3, bias=False)
    norm = torch.nn.BatchNorm2d(4, eps=1e-3)
    norm.load_state_dict(
        {
            "weight": torch.rand(4) + 0.5,
            "bias": torch.randn(4),
            "running_mean": torch.randn(4),
            "running_var": torch.rand(4) + 0.5,
            "num_batches_tracked": torch.tensor(1),
        }
    )
    norm.eval()
    image = torch.randn(1, 3, 6, 6)
    ((kernel, bias),) = fold_batch_norm([convolution.weight, *norm.state_dict().values()])
    folded = torch.nn.functional.conv2d(image, kernel, bias)
    torch.testing.assert_close(folded, norm(convolution(image)), atol=1e-5, rtol=1e-4)


def test_the_backbone_keeps_every_stride():
    features = EfficientNetLite0()(torch.zeros(1, 3, 64, 96))
    assert [tuple(f.shape[1:]) for f in features] == [
        (16, 32, 48),
        (24, 16, 24),
        (40, 8, 12),
        (112, 4, 6),
        (320, 2, 3),
    ]


def test_only_the_clicked_part_is_kept():
    mask = np.array(
        [
            [1, 1, 0, 1, 0],
            [0, 1, 0, 1, 0],
            [0, 1, 1, 1, 0],
            [1, 0, 0, 0, 1],
        ],
        bool,
    )
    found = connected(mask, [(0, 0)])
    np.testing.assert_array_equal(found[:3], mask[:3])  # round two corners
    assert not found[3].any()  # corners that touch do not connect
    assert not connected(mask, [(3, 2)]).any()

    logits = np.where(mask, 2, -2).astype(np.float32)[None]
    keep_clicked(logits, [(3, 4)])
    np.testing.assert_array_equal(np.argwhere(logits[0] > 0), [[3, 4]])
    untouched = np.where(mask, 2, -2).astype(np.float32)[None]
    keep_clicked(untouched, [(3, 2)])
    np.testing.assert_array_equal(untouched[0] > 0, mask)


def test_connected_parts_agree_with_a_labelling():
    from scipy import ndimage

    rng = np.random.default_rng(3)
    for _ in range(20):
        mask = ndimage.gaussian_filter(rng.normal(size=(60, 70)), 1.5) > 0
        row, column = np.argwhere(mask)[rng.integers(mask.sum())]
        labels, _ = ndimage.label(mask)
        np.testing.assert_array_equal(
            connected(mask, [(row, column)]), labels == labels[row, column]
        )


@pytest.mark.parametrize("shape", [(400, 600), (31, 500), (7, 3), (1, 1)])
def test_a_stored_embedding_decodes_to_the_same_bits(lite, coffee, tmp_path, shape):
    assert isinstance(lite, StorablePredictor)
    image = np.ascontiguousarray(coffee[: shape[0], : shape[1]])
    before = EmbeddingCache(folder=tmp_path).get_or_encode(lite, image)
    after = EmbeddingCache(folder=tmp_path).find(lite, image)
    assert (after.nbytes, after.image_digest) == (before.nbytes, before.image_digest)
    inside = (shape[1] / 2, shape[0] / 2)
    for prompts in (
        Prompts(points=[inside]),
        Prompts(points=[inside, (0, 0)], labels=[1, 0], boxes=[(0, 0, shape[1], shape[0])]),
    ):
        expected, found = lite.decode(before, prompts), lite.decode(after, prompts)
        np.testing.assert_array_equal(found.logits, expected.logits)
        np.testing.assert_array_equal(found.scores, expected.scores)


def test_features_that_are_not_this_networks_are_refused(lite, embedding):
    arrays = lite.pack(embedding)
    frame, digest = embedding.frame, embedding.image_digest
    missing = {name: array for name, array in arrays.items() if name != "coarse"}
    for wrong in (
        missing,
        {**arrays, "more": arrays["coarse"]},
        {**arrays, "pixels": arrays["pixels"][:, 1:]},
        {**arrays, "fine": arrays["fine"].astype(np.float64)},
        {**arrays, "keys_0": arrays["keys_0"].transpose(0, 2, 1, 3)},
    ):
        with pytest.raises(ModelError, match="float32"):
            lite.unpack(wrong, frame, digest)
    with pytest.raises(ModelError, match="pixels"):
        lite.unpack(arrays, ModelFrame(frame.width, frame.height), digest)


def test_stored_features_come_back_in_either_layout(coffee):
    lite = load_lite("cpu", runtime="torch")
    embedding = lite.encode(coffee)
    arrays = lite.pack(embedding)
    for last in (True, False):
        encoded = as_tensors(unpack(arrays, embedding.frame, channels_last=last), "cpu")
        memory = zip(encoded.memory, embedding.features.memory, strict=True)
        pairs = [pair for layer in memory for pair in zip(*layer, strict=True)]
        for found, made in (
            *zip(encoded.features, embedding.features.features, strict=True),
            *pairs,
        ):
            assert torch.equal(found, made)
            assert found.stride() == (made if last else made.contiguous()).stride()


def test_stored_features_may_be_read_only(lite, embedding):
    arrays = lite.pack(embedding)
    for array in arrays.values():
        array.flags.writeable = False
    again = lite.unpack(arrays, embedding.frame, embedding.image_digest)
    prompts = Prompts(points=[CUP])
    np.testing.assert_array_equal(
        lite.decode(again, prompts).logits, lite.decode(embedding, prompts).logits
    )
