import dataclasses
from typing import ClassVar

import numpy as np
import pytest
from model_frames import FRAME_OF

from sam_widget import FakePredictor, load
from sam_widget.errors import EmbeddingMismatch, PromptError, UnsupportedPrompt
from sam_widget.predictors.base import (
    Capabilities,
    Embedding,
    Prediction,
    Predictor,
    capabilities,
    check_accepts,
    check_request,
    encode_with,
    wants_three,
)
from sam_widget.predictors.frame import ModelFrame
from sam_widget.prompts import Prompts


@pytest.fixture
def prediction():
    logits = np.full((3, 256, 256), -1.0, np.float32)
    logits[1, :, :128] = 1.0
    logits[2] = 1.0
    return Prediction(logits, np.array([0.1, 0.3, 0.2], np.float32), ModelFrame(30, 60))


def test_masks_have_the_original_size_and_are_computed_once(prediction):
    assert len(prediction) == 3
    assert "masks" not in prediction.__dict__
    masks = prediction.masks
    assert masks.shape == (3, 30, 60)
    assert masks.dtype == np.bool_
    assert masks.sum(axis=(1, 2)).tolist() == [0, 30 * 30, 30 * 60]
    assert prediction.masks is masks


def test_a_prediction_is_frozen_and_leaves_the_given_array_alone():
    logits = np.zeros((1, 256, 256), np.float32)
    prediction = Prediction(logits, np.ones(1, np.float64), ModelFrame(4, 4))
    assert prediction.scores.dtype == np.float32
    for values in (prediction.logits, prediction.scores, prediction.masks):
        assert not values.flags.writeable
    assert logits.flags.writeable
    with pytest.raises(dataclasses.FrozenInstanceError):
        prediction.scores = None


class Silent:
    name = "silent"
    device = "cpu"
    model_digest = "a" * 64
    accepts = frozenset(("points", "box", "mask", "text"))
    previews = False
    automatic_defaults: ClassVar = {"pred_iou_thresh": 0.3}

    def frame(self, image_hw):
        return ModelFrame(*image_hw, 64, 16)

    def encode(self, image):
        raise NotImplementedError

    def decode(self, embedding, prompts, multimask=None):
        raise NotImplementedError


def test_any_object_of_that_shape_is_a_predictor():
    assert isinstance(Silent(), Predictor)
    assert not isinstance(object(), Predictor)


class Old:
    """A predictor of somebody's own, as version 0.1 wanted it."""

    name, device, model_digest = "old", "cpu", "a" * 64
    encode = Silent.encode
    decode = Silent.decode


def test_a_predictor_says_what_it_can_do():
    told = capabilities(Silent())
    assert told.accepts == Silent.accepts
    assert not told.previews
    assert told.automatic_defaults == {"pred_iou_thresh": 0.3}
    assert told.frame((30, 60)) == ModelFrame(30, 60, 64, 16)


def test_what_an_older_predictor_does_not_say_is_as_it_was():
    told = capabilities(Old())
    assert told == Capabilities()
    assert told.accepts == {"points", "box", "mask"}
    assert told.previews
    assert told.automatic_defaults == {}
    assert told.frame((30, 60)) == ModelFrame(30, 60)
    some = Old()
    some.automatic_defaults = {"pred_iou_thresh": 0.5}
    assert capabilities(some) == Capabilities(automatic_defaults={"pred_iou_thresh": 0.5})


@pytest.mark.parametrize("name", ["fake", "lite"])
def test_the_frame_of_an_image_is_that_of_its_embedding(name, cat):
    predictor = load(name, device="cpu")
    assert isinstance(predictor, Predictor)
    assert predictor.frame(cat.shape[:2]) == predictor.encode(cat).frame


PROMPTS = {
    "points": Prompts(points=[(1, 1)]),
    "box": Prompts(boxes=[(1, 1, 5, 5)]),
    "mask": Prompts(mask=np.ones((30, 60), bool)),
}


@pytest.mark.parametrize("kind", PROMPTS)
def test_a_prompt_that_a_model_does_not_take_is_refused(kind):
    others = sorted(PROMPTS.keys() - {kind})
    predictor = FakePredictor(accepts=others)
    embedding = predictor.encode(np.zeros((30, 60, 3), np.uint8))
    for taken in others:
        assert predictor.decode(embedding, PROMPTS[taken]).masks.any()
    said = rf"'fake' takes no prompt of {kind}; it accepts {', '.join(others)}\."
    with pytest.raises(UnsupportedPrompt, match=said):
        predictor.decode(embedding, PROMPTS[kind])
    check_accepts(predictor, others)
    with pytest.raises(UnsupportedPrompt, match=said):
        check_accepts(predictor, [kind])


def test_logits_of_another_model_are_no_mask_prompt():
    for own, other in (("sam", "tiny"), ("tiny", "stretched"), ("stretched", "sam")):
        embedding = Embedding(None, FRAME_OF[own](30, 60), "a" * 64, "i", 0)
        given = np.zeros(FRAME_OF[other](30, 60).logits_shape, np.float32)
        with pytest.raises(PromptError, match=r"as 'silent' gives them, \(1, .*Pass logits of its"):
            check_request(embedding, Prompts(mask=given), Silent())
        fits = Prompts(mask=np.zeros(embedding.frame.logits_shape, np.float32))
        assert check_request(embedding, fits, Silent()) is fits


def test_check_request():
    embedding = Embedding(None, ModelFrame(30, 60), "a" * 64, "i", 0)
    fitted = check_request(embedding, Prompts(boxes=[(-5, 2, 70, 20)]), Silent())
    assert fitted.box == (0, 2, 60, 20)
    with pytest.raises(PromptError, match="at least one point, box or mask"):
        check_request(embedding, Prompts(), Silent())
    with pytest.raises(PromptError):
        check_request(embedding, Prompts(points=[(61, 2)]), Silent())
    with pytest.raises(EmbeddingMismatch, match=r"'silent', model digest aaaaaaaaaaaa.*bbbb"):
        check_request(
            dataclasses.replace(embedding, model_digest="b" * 64),
            Prompts(points=[(1, 1)]),
            Silent(),
        )


def test_one_point_alone_is_ambiguous():
    point, box = Prompts(points=[(1, 1)]), Prompts(boxes=[(1, 1, 5, 5)])
    assert wants_three(point, None)
    assert not wants_three(box, None)
    assert not wants_three(point.with_point(2, 2), None)
    assert not wants_three(point.with_box(0, 0, 5, 5), None)
    assert wants_three(box, True)
    assert not wants_three(point, False)


def test_progress_is_passed_to_whoever_takes_it():
    class Old:
        def encode(self, image):
            return image

    class New:
        def encode(self, image, progress=None):
            progress(0.5)
            return image

    class Wrapped:
        def encode(self, image, **options):
            return New().encode(image, **options)

    class Opaque:
        encode = staticmethod(min)  # has no signature

    told = []
    assert encode_with(Old(), "image", told.append) == "image"
    assert encode_with(Opaque(), "image", told.append) == "a"
    assert told == []
    assert encode_with(New(), "image", told.append) == "image"
    assert encode_with(Wrapped(), "image", told.append) == "image"
    assert told == [0.5, 0.5]
