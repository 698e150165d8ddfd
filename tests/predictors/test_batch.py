import numpy as np
import pytest
import torch
from model_frames import FRAMES
from segment_anything import SamAutomaticMaskGenerator, sam_model_registry

from sam_widget import AutomaticMaskGenerator, FakePredictor, Prompts, load
from sam_widget.errors import EmbeddingMismatch, PromptError
from sam_widget.predictors.batch import BatchPredictor, decode_batch
from sam_widget.predictors.frame import ModelFrame

POINTS = [(100.5, 80), (400, 300), (599.5, 399.5)]
BOXES = [(50, 60, 200, 240), (0, 0, 600, 400), (-20, 300, 80, 500)]


@pytest.fixture(
    params=[*FRAMES, "lite-torch", "lite-onnx", "vit_b-torch", "vit_b-onnx"], scope="module"
)
def predictor(request):
    if request.param in FRAMES:
        return FakePredictor(**FRAMES[request.param])
    name, _, runtime = request.param.partition("-")
    if name == "vit_b":
        checkpoint = request.getfixturevalue("vit_b_checkpoint")
        return load(name, checkpoint=checkpoint, device="cpu", runtime=runtime)
    return load(name, device="cpu", runtime=runtime)


@pytest.fixture(scope="module")
def embedding(predictor, coffee):
    if predictor.name != "vit_b":
        return predictor.encode(coffee)
    # Any features will do to compare two ways of decoding them; encoding takes long.
    features = np.random.default_rng(3).standard_normal((1, 256, 64, 64), dtype=np.float32)
    return predictor.unpack({"features": features}, ModelFrame(400, 600), "any image")


@pytest.mark.parametrize("multimask", [None, False])
def test_each_prompt_is_answered_as_if_it_were_alone(predictor, embedding, multimask):
    assert isinstance(predictor, BatchPredictor)
    for points, boxes in ((POINTS, None), (None, BOXES), (POINTS, [BOXES[1]] * 3)):
        answers = predictor.decode_batch(embedding, points, boxes, multimask)
        count = answers.scores.shape[1]
        logits = answers.logits([(2, kind) for kind in range(count)])
        prompts = Prompts(points=[points[2]] if points else (), boxes=[boxes[2]] if boxes else ())
        alone = predictor.decode(embedding, prompts, multimask)
        assert len(alone) == count
        np.testing.assert_allclose(answers.scores[2], alone.scores, atol=1e-5)
        np.testing.assert_allclose(logits, alone.logits, atol=2e-4)


def test_nothing_to_ask(predictor, embedding):
    answers = predictor.decode_batch(embedding, np.zeros((0, 2)))
    assert len(answers) == 0
    assert answers.logits([]).shape == (0, *embedding.frame.logits_shape[1:])


def test_prompts_are_checked_before_anything_is_computed(predictor, embedding):
    with pytest.raises(PromptError, match="got neither"):
        predictor.decode_batch(embedding)
    with pytest.raises(PromptError, match="prompt 1 of 2"):
        predictor.decode_batch(embedding, [(5, 5), (5, 4000)])
    with pytest.raises(PromptError, match=r"boxes must have shape \(B, 4\), got \(2, 3\)"):
        predictor.decode_batch(embedding, boxes=[(1, 2, 3), (1, 2, 3)])
    with pytest.raises(PromptError, match="as many points as boxes"):
        predictor.decode_batch(embedding, POINTS, BOXES[:2])
    other = FakePredictor() if predictor.name != "fake" else load("lite", device="cpu")
    with pytest.raises(EmbeddingMismatch):
        other.decode_batch(embedding, POINTS)


def test_a_predictor_whose_prompts_have_different_numbers_of_candidates(coffee):
    class Uneven(FakePredictor):
        def decode(self, embedding, prompts, multimask=None):
            return super().decode(embedding, prompts, prompts.points[0][0] < 200)

    plain = _WithoutBatches(Uneven())
    answers = decode_batch(plain, plain.encode(coffee), POINTS)
    assert np.isfinite(answers.scores).sum(1).tolist() == [3, 1, 1]
    assert answers.logits([(0, 2), (1, 0)]).shape == (2, 256, 256)


class _WithoutBatches:
    """What somebody's own predictor looks like: two methods."""

    def __init__(self, inner):
        self.inner = inner
        self.name, self.device, self.model_digest = inner.name, "cpu", inner.model_digest

    def encode(self, image):
        return self.inner.encode(image)

    def decode(self, embedding, prompts, multimask=None):
        return self.inner.decode(embedding, prompts, multimask)


def test_everything_mode_on_the_official_predictor_itself(vit_b_checkpoint, coffee, monkeypatch):
    """The whole official pipeline, its prompt encoder and decoder included, on given features."""
    features = np.random.default_rng(3).standard_normal((1, 256, 64, 64), dtype=np.float32)
    # Noise for a picture gives specks: filters and suppression would turn on single pixels.
    off = {"pred_iou_thresh": 0.0, "stability_score_thresh": 0.0, "box_nms_thresh": 1.0}
    model = sam_model_registry["vit_b"](checkpoint=str(vit_b_checkpoint))
    official = SamAutomaticMaskGenerator(model, points_per_side=2, **off)
    predictor = official.predictor

    def set_image(_):
        predictor.features, predictor.is_image_set = torch.from_numpy(features), True
        predictor.original_size = (400, 600)
        predictor.input_size = ModelFrame(400, 600).resized_hw

    monkeypatch.setattr(predictor, "set_image", set_image)
    theirs = official.generate(np.asarray(coffee))

    ours = load("vit_b", checkpoint=vit_b_checkpoint, device="cpu", runtime="torch")
    embedding = ours.unpack({"features": features}, ModelFrame(400, 600), "any image")
    run = AutomaticMaskGenerator(ours, points_per_side=2, **off).stream(coffee, embedding=embedding)
    records = run.finish().records()
    assert len(records) == len(theirs) == 12
    for mine, other in zip(records, theirs, strict=True):
        both = (mine["segmentation"] & other["segmentation"]).sum()
        either = (mine["segmentation"] | other["segmentation"]).sum()
        assert both >= 0.99 * either
        assert mine["predicted_iou"] == pytest.approx(other["predicted_iou"], abs=1e-3)
        assert mine["stability_score"] == pytest.approx(other["stability_score"], abs=1e-3)
        assert mine["point_coords"] == other["point_coords"]
