"""The official SamPredictor is the oracle: same weights in, same masks out."""

import dataclasses
import functools
import threading

import numpy as np
import pytest

from sam_widget.errors import (
    EmbeddingMismatch,
    ModelError,
    PromptError,
    UnknownModel,
    WeightsError,
)
from sam_widget.frames import ModelFrame
from sam_widget.images import load_image
from sam_widget.predictors import Embedding, Predictor
from sam_widget.predictors.sam import _resize, load_sam, resolve_device
from sam_widget.prompts import Prompts

TOLERANCE = 1e-4
PIXELS = 1e-4  # share of pixels of a mask that may differ
ENCODED = ["landscape", "wide"]


@pytest.fixture(scope="session")
def predictor(vit_b_checkpoint):
    return load_sam("vit_b", checkpoint=vit_b_checkpoint, device="cpu")


@pytest.fixture(scope="session")
def official(vit_b_checkpoint, photos):
    """Give the SamPredictor of a shape's photo; one network for all, each photo encoded once."""
    import torch
    from segment_anything import SamPredictor, sam_model_registry

    network = sam_model_registry["vit_b"]()
    network.load_state_dict(torch.load(vit_b_checkpoint, weights_only=True))

    @functools.cache
    def encoded(shape):
        oracle = SamPredictor(network)
        oracle.set_image(photos[shape])
        return oracle

    return encoded


@pytest.fixture(scope="session")
def encoded(predictor, photos, official):
    """Give our embedding of a shape's photo, made once.

    Encoding takes a minute where processors are few. Two shapes are encoded by ourselves and
    compared; for the third the official features stand in, and its resized pixels are compared.
    """

    @functools.cache
    def encoded(shape):
        if shape in ENCODED:
            return predictor.encode(photos[shape])
        return Embedding(
            features=official(shape).features,
            frame=ModelFrame(*photos[shape].shape[:2]),
            model_digest=predictor.model_digest,
            image_digest="",
            nbytes=0,
        )

    return encoded


def place(photo, *fractions):
    """Turn fractions of width and height, alternating, into pixels."""
    height, width = photo.shape[:2]
    return tuple(f * (height if i % 2 else width) for i, f in enumerate(fractions))


def compare(predictor, embedding, oracle, prompts, multimask, mask_input=None):
    points = prompts.points
    expected_masks, expected_scores, expected_logits = oracle.predict(
        point_coords=np.array(points) if points else None,
        point_labels=np.array(prompts.labels) if points else None,
        box=None if prompts.box is None else np.array(prompts.box),
        mask_input=mask_input,
        multimask_output=multimask,
    )
    prediction = predictor.decode(embedding, prompts, multimask)

    assert len(prediction) == (3 if multimask else 1)
    assert np.abs(prediction.logits - expected_logits).max() <= TOLERANCE
    assert np.abs(prediction.scores - expected_scores).max() <= TOLERANCE
    assert prediction.masks.shape == expected_masks.shape
    assert prediction.masks.dtype == np.bool_
    for mask, expected in zip(prediction.masks, expected_masks, strict=True):
        assert np.mean(mask != expected) <= PIXELS
    # A network that answers nothing, or the same everywhere, would agree with anything.
    assert expected_logits.std() > 100 * TOLERANCE
    return prediction


SHAPES = pytest.mark.parametrize("shape", ["landscape", "portrait", "wide"])
MULTIMASK = pytest.mark.parametrize("multimask", [True, False])


@pytest.mark.parametrize("shape", ENCODED)
def test_the_encoding_is_the_official_one(predictor, encoded, official, shape, photos):
    ours, theirs = encoded(shape).features.numpy(), official(shape).features.numpy()
    assert np.abs(ours - theirs).max() <= TOLERANCE
    assert theirs.std() > 0.01
    assert (encoded(shape).frame.height, encoded(shape).frame.width) == photos[shape].shape[:2]
    assert encoded(shape).nbytes == 4 * 256 * 64 * 64
    assert encoded(shape).model_digest == predictor.model_digest


@SHAPES
@MULTIMASK
@pytest.mark.parametrize("kind", ["point", "points", "box", "points and box", "edges"])
def test_points_and_boxes(predictor, encoded, official, photos, shape, multimask, kind):
    photo = photos[shape]
    height, width = photo.shape[:2]
    three = [place(photo, 0.31, 0.42), place(photo, 0.6, 0.55), place(photo, 0.12, 0.9)]
    box = place(photo, 0.2, 0.25, 0.71, 0.83)
    prompts = {
        "point": Prompts(points=[place(photo, 0.437, 0.519)]),
        "points": Prompts(points=three, labels=[1, 1, 0]),
        "box": Prompts(boxes=[box]),
        "points and box": Prompts(points=three, labels=[1, 0, 0], boxes=[box]),
        "edges": Prompts(points=[(0, 0), (width, height)], labels=[0, 1]),
    }[kind]
    compare(predictor, encoded(shape), official(shape), prompts, multimask)


@SHAPES
@MULTIMASK
def test_logits_are_fed_back(predictor, encoded, official, photos, shape, multimask):
    point = place(photos[shape], 0.4, 0.6)
    first = predictor.decode(encoded(shape), Prompts(points=[point]))
    best = int(first.scores.argmax())
    logits = 30 * first.logits[best : best + 1]  # as confident as a trained network's
    compare(
        predictor,
        encoded(shape),
        official(shape),
        Prompts(points=[point, place(photos[shape], 0.1, 0.2)], labels=[1, 0], mask=logits),
        multimask,
        mask_input=logits,
    )


@SHAPES
@MULTIMASK
def test_a_boolean_mask_alone(predictor, encoded, official, photos, shape, multimask):
    height, width = photos[shape].shape[:2]
    rows, columns = np.ogrid[:height, :width]
    mask = np.hypot((rows - height / 2) / height, (columns - width / 3) / width) < 0.25
    logits = encoded(shape).frame.logits_from_mask(mask)
    compare(predictor, encoded(shape), official(shape), Prompts(mask=mask), multimask, logits)


def test_by_default_one_point_gives_three_and_more_give_one(predictor, encoded):
    embedding = encoded("portrait")
    assert len(predictor.decode(embedding, Prompts(points=[(9, 9)]))) == 3
    assert len(predictor.decode(embedding, Prompts(points=[(9, 9), (20, 9)]))) == 1
    assert len(predictor.decode(embedding, Prompts(boxes=[(0, 0, 20, 20)]))) == 1


def test_threads_give_the_answers_of_one(predictor, encoded):
    requests = [
        (encoded("portrait"), Prompts(points=[(30, 40)])),
        (encoded("wide"), Prompts(boxes=[(10, 10, 90, 60)])),
    ]
    alone = [predictor.decode(*request).logits for request in requests]
    together = [None] * len(requests)

    def work(index):
        together[index] = predictor.decode(*requests[index]).logits

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for expected, got in zip(alone, together, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-6)


def test_it_is_a_predictor_that_says_what_it_is(predictor):
    assert isinstance(predictor, Predictor)
    assert (predictor.name, predictor.device) == ("vit_b", "cpu")
    assert repr(predictor).startswith("<SegmentAnything vit_b on cpu")


def test_what_it_refuses(predictor, encoded):
    embedding = encoded("portrait")
    with pytest.raises(PromptError, match="got empty prompts"):
        predictor.decode(embedding, Prompts())
    with pytest.raises(PromptError):
        predictor.decode(embedding, Prompts(points=[(281, 5)]))
    with pytest.raises(EmbeddingMismatch, match="Encode the image again"):
        predictor.decode(
            dataclasses.replace(embedding, model_digest="0" * 64), Prompts(points=[(9, 9)])
        )


@SHAPES
def test_the_network_sees_the_same_pixels(photos, shape):
    from segment_anything.utils.transforms import ResizeLongestSide

    frame = ModelFrame(*photos[shape].shape[:2])
    ours = _resize(load_image(photos[shape]), frame)
    np.testing.assert_array_equal(ours, ResizeLongestSide(1024).apply_image(photos[shape]))


def test_an_image_of_one_line_can_be_prepared():
    image = load_image(np.zeros((1, 3000, 3), np.uint8))
    assert _resize(image, ModelFrame(1, 3000)).shape == (1, 1024, 3)


# -- files that are not the weights asked for ------------------------------------------------------


def test_an_unknown_name_comes_first(tmp_path):
    with pytest.raises(UnknownModel, match="vit_b, vit_l, vit_h"):
        load_sam("vit_x", checkpoint=tmp_path / "none.pth")


def test_a_missing_file(tmp_path):
    with pytest.raises(WeightsError, match=r"readable file of weights at .*none\.pth"):
        load_sam("vit_b", checkpoint=tmp_path / "none.pth", device="cpu")
    with pytest.raises(WeightsError, match="directory"):
        load_sam("vit_b", checkpoint=tmp_path, device="cpu")


def test_another_size_is_named(vit_b_checkpoint):
    with pytest.raises(WeightsError, match=r'vit_l at .*got one of vit_b.*load\("vit_b"'):
        load_sam("vit_l", checkpoint=vit_b_checkpoint, device="cpu")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "an empty file"),
        (b"\n<!DOCTYPE html><title>Sign in</title>", 'HTML or XML page titled "Sign in"'),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer"),
        (b'{"error": "denied"}', "JSON"),
        (b"PK\x03\x04 and then nothing", "cut short"),
        (b"\x80\x02 not a pickle at all", "cut short"),
        (b"plain text", "cut short"),
    ],
)
def test_files_of_another_kind(tmp_path, content, what):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=what):
        load_sam("vit_b", checkpoint=path, device="cpu")


def test_a_file_cut_short(tmp_path, vit_b_checkpoint):
    path = tmp_path / "short.pth"
    with vit_b_checkpoint.open("rb") as whole:
        path.write_bytes(whole.read(1_000_000))
    with pytest.raises(WeightsError, match=r"1,000,000 bytes that torch\.load.*cut short"):
        load_sam("vit_b", checkpoint=path, device="cpu")


class Intruder:
    """Pickled, it would touch a file when loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_nothing_in_a_file_is_executed(tmp_path):
    import torch

    path, trace = tmp_path / "evil.pth", tmp_path / "trace"
    torch.save({"image_encoder.pos_embed": Intruder(trace)}, path)
    with pytest.raises(WeightsError, match="more than tensors"):
        load_sam("vit_b", checkpoint=path, device="cpu")
    assert not trace.exists()


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("mask_decoder.hf_token.weight", "SAM-HQ"),
        ("image_encoder.patch_embed.seq.0.c.weight", "MobileSAM"),
        ("vision_encoder.patch_embed.projection.weight", "transformers"),
        ("sam_mask_decoder.iou_token.weight", "SAM 2"),
        ("conv1.weight", r"1 parameters instead of 314: .*1 unknown \(conv1\.weight\)"),
    ],
)
def test_other_networks_are_named(tmp_path, key, what):
    import torch

    path = tmp_path / "other.pth"
    torch.save({key: torch.zeros(2, 2)}, path)
    with pytest.raises(WeightsError, match=what):
        load_sam("vit_b", checkpoint=path, device="cpu")


def test_a_training_checkpoint_and_a_changed_shape(tmp_path, vit_b_checkpoint):
    import torch

    path = tmp_path / "nested.pth"
    torch.save({"model": {"a": torch.zeros(1)}, "epoch": 3}, path)
    with pytest.raises(WeightsError, match=r"keys \(model, epoch\).*state_dict\(\) alone"):
        load_sam("vit_b", checkpoint=path, device="cpu")

    state = torch.load(vit_b_checkpoint, weights_only=True, mmap=True)
    state["mask_decoder.mask_tokens.weight"] = torch.zeros(2, 256)
    torch.save(state, path)
    with pytest.raises(WeightsError, match=r"mask_tokens.*\(2, 256\) instead of \(4, 256\)"):
        load_sam("vit_b", checkpoint=path, device="cpu")


# -- devices ---------------------------------------------------------------------------------------


def test_devices(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == resolve_device(None) == "cuda"
    assert resolve_device("cuda:1") == "cuda:1"
    with pytest.raises(ModelError, match=r"\(cuda:0, cuda:1, mps, cpu\), got 'cuda:2'"):
        resolve_device("cuda:2")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto") == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device("auto") == resolve_device("cpu") == "cpu"
    with pytest.raises(ModelError, match=r"\(cpu\), got 'cuda'"):
        resolve_device("cuda")
    with pytest.raises(ModelError, match="got 'meta'"):
        resolve_device("meta")
    with pytest.raises(ModelError, match="got 'gpu'"):
        resolve_device("gpu")
