"""The official SamPredictor is the oracle: same weights in, same masks out."""

import copy
import dataclasses
import functools
import os
import threading

import numpy as np
import pytest

from sam_widget.errors import EmbeddingMismatch, ModelError, PromptError, UnknownModel, WeightsError
from sam_widget.images.image import load_image
from sam_widget.predictors import Predictor, onnx_runtime, precision
from sam_widget.predictors.base import StorablePredictor
from sam_widget.predictors.frame import ModelFrame
from sam_widget.predictors.sam import decoder_onnx
from sam_widget.predictors.sam import weights as sam_checkpoint
from sam_widget.predictors.sam.predictor import _resize, load_sam
from sam_widget.prompts import Prompts

TOLERANCE = 1e-4
PIXELS = 1e-4  # share of pixels of a mask that may differ
ENCODED = ["landscape", "wide"]


@pytest.fixture(scope="session")
def predictor(vit_b_checkpoint):
    return load_sam("vit_b", checkpoint=vit_b_checkpoint, device="cpu", runtime="torch")


@pytest.fixture(scope="session")
def predictors(predictor, vit_b_checkpoint):
    """One that decodes with torch, one with ONNX Runtime; embeddings are good for both."""
    graph = load_sam("vit_b", checkpoint=vit_b_checkpoint, device="cpu", runtime="onnx")
    assert (predictor.runtime, graph.runtime) == ("torch", "onnx")
    return [predictor, graph]


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
        arrays = {"features": official(shape).features.numpy()}
        return predictor.unpack(arrays, ModelFrame(*photos[shape].shape[:2]), "")

    return encoded


def place(photo, *fractions):
    """Turn fractions of width and height, alternating, into pixels."""
    height, width = photo.shape[:2]
    return tuple(f * (height if i % 2 else width) for i, f in enumerate(fractions))


def compare(predictors, embedding, oracle, prompts, multimask, mask_input=None):
    points = prompts.points
    expected_masks, expected_scores, expected_logits = oracle.predict(
        point_coords=np.array(points) if points else None,
        point_labels=np.array(prompts.labels) if points else None,
        box=None if prompts.box is None else np.array(prompts.box),
        mask_input=mask_input,
        multimask_output=multimask,
    )
    for predictor in predictors:
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


SHAPES = pytest.mark.parametrize("shape", ["landscape", "portrait", "wide"])
MULTIMASK = pytest.mark.parametrize("multimask", [True, False])


@pytest.mark.parametrize("shape", ENCODED)
def test_the_encoding_is_the_official_one(predictor, encoded, official, shape, photos):
    ours, theirs = predictor.pack(encoded(shape))["features"], official(shape).features.numpy()
    assert np.abs(ours - theirs).max() <= TOLERANCE
    assert theirs.std() > 0.01
    assert (encoded(shape).frame.height, encoded(shape).frame.width) == photos[shape].shape[:2]
    assert encoded(shape).nbytes == encoded(shape).features.nbytes < 26e6
    assert encoded(shape).model_digest == predictor.model_digest


@SHAPES
@MULTIMASK
@pytest.mark.parametrize("kind", ["point", "points", "box", "points and box", "edges"])
def test_points_and_boxes(predictors, encoded, official, photos, shape, multimask, kind):
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
    compare(predictors, encoded(shape), official(shape), prompts, multimask)


@SHAPES
@MULTIMASK
def test_logits_are_fed_back(predictors, encoded, official, photos, shape, multimask):
    point = place(photos[shape], 0.4, 0.6)
    first = predictors[0].decode(encoded(shape), Prompts(points=[point]))
    best = int(first.scores.argmax())
    logits = 30 * first.logits[best : best + 1]  # as confident as a trained network's
    compare(
        predictors,
        encoded(shape),
        official(shape),
        Prompts(points=[point, place(photos[shape], 0.1, 0.2)], labels=[1, 0], mask=logits),
        multimask,
        mask_input=logits,
    )


@SHAPES
@MULTIMASK
def test_a_boolean_mask_alone(predictors, encoded, official, photos, shape, multimask):
    height, width = photos[shape].shape[:2]
    rows, columns = np.ogrid[:height, :width]
    mask = np.hypot((rows - height / 2) / height, (columns - width / 3) / width) < 0.25
    logits = encoded(shape).frame.logits_from_mask(mask)
    compare(predictors, encoded(shape), official(shape), Prompts(mask=mask), multimask, logits)


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
    assert isinstance(predictor, StorablePredictor)
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


# -- a network with a small encoder, from a file ---------------------------------------------------


@pytest.fixture
def tiny_file(tiny_network, tmp_path, monkeypatch):
    """A file that is read as ViT-B's, and a registry where that is a network with fewer layers."""
    import torch
    from segment_anything import sam_model_registry

    path = tmp_path / "tiny.pth"
    torch.save(tiny_network.state_dict(), path)
    monkeypatch.setitem(sam_model_registry, "vit_b", lambda: copy.deepcopy(tiny_network).to("meta"))
    monkeypatch.setenv("SAM_WIDGET_CACHE", str(tmp_path / "cache"))
    return path


def load_tiny(path, **options):
    return load_sam("vit_b", checkpoint=path, device="cpu", **options)


def test_the_encoder_is_loaded_when_an_image_is_encoded(tiny_file, tiny_network, cat):
    import torch

    first = load_tiny(tiny_file, runtime="torch")
    assert not first.encoder_loaded
    embedding = first.encode(cat)
    assert first.encoder_loaded
    expected = tiny_network.image_encoder(
        tiny_network.preprocess(
            torch.from_numpy(_resize(load_image(cat), ModelFrame(*cat.shape[:2]))).permute(2, 0, 1)
        )[None]
    )
    stored = first.pack(embedding)
    assert np.abs(stored["features"] - expected.numpy()).max() <= 1e-5
    assert expected.std() > 0.1

    second = load_tiny(tiny_file, runtime="torch")
    again = second.unpack(stored, embedding.frame, embedding.image_digest)
    assert (again.nbytes, again.frame) == (embedding.nbytes, embedding.frame)
    assert again.image_digest == embedding.image_digest
    point = Prompts(points=[(100, 100)])
    one, other = (
        which.decode(what, point) for which, what in ((first, embedding), (second, again))
    )
    assert np.array_equal(one.logits, other.logits)
    assert not second.encoder_loaded


def test_a_file_is_checked_once(tiny_file, tmp_path, monkeypatch):
    built = []

    def network(name, build=sam_checkpoint._network):
        built.append(name)
        return build(name)

    monkeypatch.setattr(sam_checkpoint, "_network", network)
    load_tiny(tiny_file, runtime="torch")
    assert built == ["vit_b"]
    load_tiny(tiny_file, runtime="torch")
    assert built == ["vit_b"]

    (memo,) = (tmp_path / "cache" / "checked").iterdir()
    memo.write_bytes(b"damaged")
    load_tiny(tiny_file, runtime="torch")
    assert built == ["vit_b", "vit_b"]


def test_a_file_that_changed_before_its_encoder_was_read(tiny_file, cat):
    predictor = load_tiny(tiny_file, runtime="torch")
    content = tiny_file.read_bytes()
    tiny_file.unlink()
    tiny_file.write_bytes(content[:-1] + b"!")
    os.utime(tiny_file, ns=(1, 1))
    with pytest.raises(WeightsError, match="changed since"):
        predictor.encode(cat)


def test_an_old_file_that_cannot_be_mapped(tiny_file, tiny_network, cat):
    import torch

    torch.save(tiny_network.state_dict(), tiny_file, _use_new_zipfile_serialization=False)
    predictor = load_tiny(tiny_file, runtime="torch")
    assert len(predictor.decode(predictor.encode(cat), Prompts(points=[(9, 9)]))) == 3


def test_arrays_of_another_kind_are_refused(tiny_file):
    predictor = load_tiny(tiny_file, runtime="torch")
    frame = ModelFrame(300, 400)
    good = np.zeros((1, 256, 64, 64), np.float32)
    assert len(predictor.decode(predictor.unpack({"features": good}, frame, ""), Prompts([(9, 9)])))
    for arrays in (
        {},
        {"other": good},
        {"features": good, "other": good},
        {"features": good.astype(np.float64)},
        {"features": good[0]},
    ):
        with pytest.raises(ModelError, match=r"expected the features of vit_b.*Encode the image"):
            predictor.unpack(arrays, frame, "")


def test_progress_is_told_after_every_block_and_can_cancel(tiny_file, cat):
    predictor = load_tiny(tiny_file, runtime="torch")
    shares = []
    embedding = predictor.encode(cat, shares.append)
    assert shares == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]

    class Cancelled(Exception):  # noqa: N818
        pass

    for limit in (0.0, 0.4, 1.0):
        shares.clear()

        def cancel(share, limit=limit):
            shares.append(share)
            if share >= limit:
                raise Cancelled

        with pytest.raises(Cancelled):
            predictor.encode(cat, cancel)
        assert shares[-1] == limit
    again = predictor.encode(cat)
    assert np.array_equal(predictor.pack(again)["features"], predictor.pack(embedding)["features"])


def test_the_graph_takes_over_when_it_is_ready(tiny_file, cat):
    predictor = load_tiny(tiny_file)
    embedding = predictor.encode(cat)
    point = Prompts(points=[(100, 100)])
    early = load_tiny(tiny_file, runtime="torch").decode(embedding, point)
    predictor._graph.result()
    assert predictor.runtime == "onnx"
    late = predictor.decode(embedding, point)
    assert 0 < np.abs(late.logits - early.logits).max() <= TOLERANCE


def test_without_a_graph_torch_goes_on(tiny_file, cat, monkeypatch):
    def broken(weights):
        raise RuntimeError("no graph today")

    monkeypatch.setattr(decoder_onnx, "masks_graph", broken)
    predictor = load_tiny(tiny_file)
    with pytest.raises(RuntimeError, match="no graph today"):
        predictor._graph.result()
    assert predictor.runtime == "torch"
    assert len(predictor.decode(predictor.encode(cat), Prompts(points=[(9, 9)]))) == 3
    with pytest.raises(RuntimeError, match="no graph today"):
        load_tiny(tiny_file, runtime="onnx")


def test_onnx_runtime_is_taken_if_it_is_there(tiny_file, monkeypatch):
    monkeypatch.setattr(onnx_runtime, "installed", lambda: False)
    assert load_tiny(tiny_file)._graph is None
    with pytest.raises(ModelError, match=r'pip install "sam-widget\[onnx\]"'):
        load_tiny(tiny_file, runtime="onnx")
    with pytest.raises(ModelError, match=r'"auto", "torch" or "onnx", got \'gpu\''):
        load_tiny(tiny_file, runtime="gpu")


def test_bfloat16(tiny_file, cat, monkeypatch):
    monkeypatch.setattr(precision, "_cpu_has_bfloat16", lambda: True)
    exact, rough = (load_tiny(tiny_file, runtime="torch", precision=p) for p in ("fp32", "bf16"))
    assert (exact.precision, rough.precision) == ("fp32", "bf16")
    assert exact.preprocessing != rough.preprocessing
    point = Prompts(points=[(200, 150)])
    embeddings = [predictor.encode(cat) for predictor in (exact, rough)]
    assert embeddings[1].nbytes == embeddings[0].nbytes / 2
    features = [
        each.pack(e)["features"] for each, e in zip((exact, rough), embeddings, strict=True)
    ]
    assert features[1].dtype == np.float32
    assert 0 < np.abs(features[0] - features[1]).mean() < 0.05 * features[0].std()
    masks = [
        each.decode(e, point).masks for each, e in zip((exact, rough), embeddings, strict=True)
    ]
    assert (masks[0] & masks[1]).sum() > 0.9 * (masks[0] | masks[1]).sum()

    # What is stored is what was there: the same answer after a round trip.
    again = rough.unpack({"features": features[1]}, embeddings[1].frame, "")
    one, other = (rough.decode(e, point) for e in (embeddings[1], again))
    assert np.array_equal(one.logits, other.logits)

    # ONNX Runtime computes in float32 whatever the encoder does, and is not taken by itself.
    assert load_tiny(tiny_file, precision="bf16")._graph is None
    graph = load_tiny(tiny_file, runtime="onnx", precision="bf16")
    assert (graph.runtime, graph.precision) == ("onnx", "bf16")
    assert len(graph.decode(graph.unpack({"features": features[1]}, again.frame, ""), point)) == 3


def test_without_the_instructions_it_stays_float32(tiny_file, monkeypatch):
    monkeypatch.setattr(precision, "_cpu_has_bfloat16", lambda: False)
    predictor = load_tiny(tiny_file, precision="bf16")
    assert predictor.precision == "fp32"
    assert predictor.preprocessing == load_tiny(tiny_file).preprocessing
    with pytest.raises(ModelError, match="got 'fp16'"):
        load_tiny(tiny_file, precision="fp16")


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
