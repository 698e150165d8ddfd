import threading

import numpy as np
import pytest
import skimage.data
from model_frames import FRAMES
from official_generator import official_generator

from sam_widget import AutomaticMaskGenerator, NotEnoughMemory, load
from sam_widget.errors import PromptError, UnsupportedPrompt
from sam_widget.predictors import FakePredictor

each_frame = pytest.mark.usefixtures("any_frame")

# The lite model is less sure of its masks than the official networks: with their thresholds
# nothing would be left to compare.
LOOSE = {"pred_iou_thresh": 0.4, "stability_score_thresh": 0.3}


@pytest.fixture(scope="module")
def lite():
    return load("lite", device="cpu")


@pytest.fixture(scope="module")
def found(lite, coffee):
    return AutomaticMaskGenerator(lite, points_per_side=6, **LOOSE).find(coffee)


def overlaps(ours, theirs):
    first, second = (
        np.stack([one["segmentation"].reshape(-1) for one in records]).astype(np.float32)
        for records in (ours, theirs)
    )
    shared = first @ second.T
    return shared / (first.sum(1)[:, None] + second.sum(1)[None] - shared)


def check_equal(ours, theirs):
    """Every record has its like on the other side, but for one in fifty."""
    assert len(ours) > 3
    assert len(theirs) > 3
    table = overlaps(ours, theirs)
    for rows, one, others in ((table, ours, theirs), (table.T, theirs, ours)):
        best = rows.argmax(1)
        matched = rows.max(1) >= 0.99
        assert matched.mean() >= 0.98
        for index in np.flatnonzero(matched):
            mine, other = one[index], others[best[index]]
            assert mine.keys() == other.keys()
            assert mine["predicted_iou"] == pytest.approx(other["predicted_iou"], abs=1e-3)
            assert mine["stability_score"] == pytest.approx(other["stability_score"], abs=1e-3)


@pytest.mark.parametrize("photo", ["coffee", "cat", "astronaut"])
@pytest.mark.parametrize(
    "parameters",
    [
        {"points_per_side": 5, **LOOSE},
        {"points_per_side": 3, "crop_n_layers": 1, **LOOSE},
        {"points_per_side": 5, "min_mask_region_area": 100, **LOOSE},
    ],
    ids=["default", "crops", "clean"],
)
def test_records_are_the_official_ones(photo, parameters, lite, request):
    if photo == "astronaut":
        image = skimage.data.astronaut()[:240, :320]
    else:
        image = request.getfixturevalue(photo)
    ours = AutomaticMaskGenerator(lite, **parameters).generate(image)
    theirs = official_generator(lite, **parameters).generate(np.asarray(image))
    check_equal(ours, theirs)
    # Order, boxes and all: nothing here is near a tie.
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine["segmentation"], other["segmentation"])
        for key in ("area", "bbox", "crop_box"):
            assert mine[key] == other[key]
        np.testing.assert_allclose(mine["point_coords"], other["point_coords"], atol=1e-9)


@each_frame
def test_filters_that_are_switched_off_let_everything_through(cat):
    fake = FakePredictor()
    off = {"pred_iou_thresh": 0, "stability_score_thresh": -1.0, "box_nms_thresh": 2.5}
    ours = AutomaticMaskGenerator(fake, points_per_side=3, **off).generate(cat)
    theirs = official_generator(fake, points_per_side=3, **off).generate(np.asarray(cat))
    assert len(ours) == len(theirs) == 27
    check_equal(ours, theirs)


@each_frame
def test_explicit_grids_and_downscaled_crops(cat):
    fake = FakePredictor()
    loose = {"pred_iou_thresh": 0.5, "stability_score_thresh": 0.5}
    grids = [np.array([[0.3, 0.4], [0.7, 0.2]]), np.array([[0.5, 0.5]])]
    for parameters in (
        {"points_per_side": None, "point_grids": grids, "crop_n_layers": 1},
        {"points_per_side": 2, "crop_n_layers": 1, "crop_n_points_downscale_factor": 2},
    ):
        ours = AutomaticMaskGenerator(fake, **parameters, **loose).generate(cat)
        theirs = official_generator(fake, **parameters, **loose).generate(np.asarray(cat))
        check_equal(ours, theirs)


@each_frame
@pytest.mark.parametrize("mode", ["binary_mask", "uncompressed_rle", "coco_rle"])
def test_output_modes(mode, cat):
    fake = FakePredictor()
    parameters = {"points_per_side": 2, "pred_iou_thresh": 0.5, "stability_score_thresh": 0.5}
    parameters["output_mode"] = mode
    ours = AutomaticMaskGenerator(fake, **parameters).generate(cat)
    theirs = official_generator(fake, **parameters).generate(np.asarray(cat))
    assert ours
    for mine, other in zip(ours, theirs, strict=True):
        if mode == "binary_mask":
            assert mine["segmentation"].dtype == other["segmentation"].dtype == bool
            np.testing.assert_array_equal(mine["segmentation"], other["segmentation"])
        else:
            assert mine["segmentation"] == other["segmentation"]


def test_the_batch_size_changes_nothing(found, lite, coffee):
    single = AutomaticMaskGenerator(lite, points_per_side=6, points_per_batch=1, **LOOSE)
    records = single.generate(coffee)
    assert [one["bbox"] for one in records] == [one["bbox"] for one in found.records()]


def test_refiltering_gives_what_another_run_would(found, lite, coffee):
    other = {
        "pred_iou_thresh": 0.5,
        "stability_score_thresh": 0.4,
        "box_nms_thresh": 0.5,
        "min_mask_region_area": 200,
    }
    again = AutomaticMaskGenerator(lite, points_per_side=6, **other).generate(coffee)
    filtered = found.refilter(**other)
    assert len(found) > len(filtered) > 1
    for mine, fresh in zip(filtered.records(), again, strict=True):
        np.testing.assert_array_equal(mine["segmentation"], fresh["segmentation"])
        assert mine["bbox"] == fresh["bbox"]
    assert sum(filtered.removed.values()) + len(filtered) == len(filtered.table) == 108
    assert filtered.refilter(**LOOSE, box_nms_thresh=0.7, min_mask_region_area=0).records()


def test_refiltering_refuses_what_it_cannot_know(found, lite, cat):
    with pytest.raises(PromptError, match="points_per_side"):
        found.refilter(points_per_side=3)
    with pytest.raises(PromptError, match=r"pred_iou_thresh must be a number, got '0\.5'"):
        found.refilter(pred_iou_thresh="0.5")
    generator = AutomaticMaskGenerator(lite, points_per_side=2, **LOOSE)
    strict = generator.stream(cat, keep_all=False).finish()
    with pytest.raises(PromptError, match="keep_all=True"):
        strict.refilter(pred_iou_thresh=0.2)


def test_streamed_records_pass_the_filters_and_do_not_repeat(lite, coffee):
    run = AutomaticMaskGenerator(lite, points_per_side=6, **LOOSE).stream(coffee)
    assert run.stage == "encoding"
    assert run.seconds_left is None
    shares = []
    records = []
    for record in run:
        records.append(record)
        shares.append(run.share)
    assert shares == sorted(shares)
    assert 0 < shares[0] < 1
    assert run.share == 1
    assert run.stage == "finished"
    assert run.seconds_left == 0
    assert all(one["predicted_iou"] > LOOSE["pred_iou_thresh"] for one in records)
    # Whatever stays in the end was yielded: a better one never comes before a worse.
    final = {tuple(one["bbox"]) for one in run.result.records()}
    assert final <= {tuple(one["bbox"]) for one in records}


@each_frame
def test_a_cancelled_run_leaves_what_it_found(cat):
    fake = FakePredictor()
    run = AutomaticMaskGenerator(
        fake, points_per_side=8, pred_iou_thresh=0.5, stability_score_thresh=0.5
    ).stream(cat)
    next(run)
    asked = fake.decode_calls
    run.cancel()
    assert list(run) == list(run) == []
    assert fake.decode_calls == asked
    assert run.cancelled
    assert not run.result.complete
    assert 0 < len(run.result) <= len(run.result.table) == 3 * asked
    assert run.result.refilter(pred_iou_thresh=0).records()


def test_cancelling_ends_an_encoding(cat):
    reported = threading.Event()

    class Slow(FakePredictor):
        def encode(self, image, progress=None):
            def watched(share):
                reported.set()
                progress(share)

            return super().encode(image, watched)

    predictor = Slow(encode_delay=2.0)
    run = AutomaticMaskGenerator(predictor, points_per_side=2).stream(cat)
    thread = threading.Thread(target=run.finish)
    thread.start()
    assert reported.wait(30)
    run.cancel()
    thread.join(30)
    assert not thread.is_alive()
    assert predictor.encode_calls == 0
    assert len(run.result.table) == 0


@each_frame
def test_a_run_makes_way_between_batches(cat):
    turns = []
    generator = AutomaticMaskGenerator(FakePredictor(), points_per_side=4)
    generator.stream(cat, between=lambda: turns.append(1)).finish()
    assert len(turns) == 1 + 4  # before the encoding, and before each four points


def test_a_region_is_all_that_is_looked_at(lite, coffee):
    generator = AutomaticMaskGenerator(lite, points_per_side=4, **LOOSE)
    region = (300, 100, 600, 400)
    run = generator.stream(coffee, region=region)
    found = run.finish()
    x, y = found.table.points.T
    assert ((x > 300) & (x < 600) & (y > 100) & (y < 400)).all()
    assert found.removed["outside"] > 0
    for record in found.records():
        left, top, width, height = record["bbox"]
        assert left > 300 - 0.12 * width
        assert top > 100 - 0.12 * height
    with pytest.raises(PromptError, match="at least one pixel"):
        generator.stream(coffee, region=(700, 0, 900, 100))


@each_frame
def test_an_embedding_that_is_there_is_used(cat):
    fake = FakePredictor()
    embedding = fake.encode(cat)
    AutomaticMaskGenerator(fake, points_per_side=2).stream(cat, embedding=embedding).finish()
    assert fake.encode_calls == 1


@each_frame
def test_a_predictor_that_takes_one_prompt_at_a_time(cat):
    class Plain:
        name, device = "plain", "cpu"

        def __init__(self):
            self.inner = FakePredictor()
            self.model_digest = self.inner.model_digest

        def encode(self, image):
            return self.inner.encode(image)

        def decode(self, embedding, prompts, multimask=None):
            return self.inner.decode(embedding, prompts, multimask)

    loose = {"points_per_side": 3, "pred_iou_thresh": 0.5, "stability_score_thresh": 0.5}
    plain = AutomaticMaskGenerator(Plain(), **loose).generate(cat)
    batched = AutomaticMaskGenerator(FakePredictor(), **loose).generate(cat)
    assert plain
    assert [one["bbox"] for one in plain] == [one["bbox"] for one in batched]


def test_objects_know_where_they_come_from(found):
    annotations = found.annotations("thing")
    assert len(annotations) == len(found)
    first, record = annotations[0], found.records()[0]
    np.testing.assert_array_equal(first.mask, record["segmentation"])
    assert first.label == "thing"
    assert first.model_name == "lite"
    assert first.predicted_iou == record["predicted_iou"]
    assert list(first.prompts.points[0]) == record["point_coords"][0]


@each_frame
def test_a_model_without_points_is_refused_before_it_encodes(cat):
    boxes_only = FakePredictor(accepts=("box",))
    generator = AutomaticMaskGenerator(boxes_only, points_per_side=2)
    with pytest.raises(UnsupportedPrompt, match="takes no prompt of points; it accepts box"):
        generator.stream(cat)
    assert boxes_only.encode_calls == 0


def test_memory_is_estimated_for_the_models_own_logits(cat):
    needed = [
        AutomaticMaskGenerator(FakePredictor(**sides), points_per_side=2).estimate(cat).decoding
        for sides in FRAMES.values()
    ]
    # Three candidates of four prompts, their logits three times over.
    each = 3 * 4 * 3 * 4
    assert needed[1] - needed[0] == each * (288**2 - 256**2)
    assert needed[0] - needed[2] == each * (256**2 - 16**2)


def test_a_run_that_does_not_fit_is_refused_before_it_starts(cat, monkeypatch):
    generator = AutomaticMaskGenerator(FakePredictor(), points_per_side=2)
    needed = generator.estimate(cat)
    assert needed.fits
    assert needed.nbytes > needed.output > 12 * cat.shape[0] * cat.shape[1]
    monkeypatch.setattr("sam_widget.automatic.memory.available_bytes", lambda: 1 << 20)
    with pytest.raises(NotEnoughMemory, match=r"at most .* of 1 MB available.*coco_rle"):
        generator.generate(cat)
    with pytest.raises(MemoryError):
        generator.stream(cat)


def test_binary_masks_that_do_not_fit_are_refused_and_the_result_stays(found, monkeypatch):
    monkeypatch.setattr("sam_widget.automatic.memory.available_bytes", lambda: 1 << 10)
    with pytest.raises(NotEnoughMemory, match=r"binary masks take .*coco_rle"):
        found.records()
    assert len(found.records("coco_rle")) == len(found)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"points_per_side": 0}, "points_per_side must be at least 1"),
        ({"points_per_side": None}, "either points_per_side or point_grids"),
        ({"point_grids": [np.zeros((1, 2))]}, "either points_per_side or point_grids"),
        ({"points_per_side": None, "point_grids": [[[2, 0]]]}, "must lie in"),
        ({"points_per_side": None, "point_grids": [[[0, 0]]], "crop_n_layers": 1}, "2 layers"),
        ({"points_per_batch": 1.5}, "whole number"),
        ({"output_mode": "png"}, "binary_mask, uncompressed_rle, coco_rle"),
        ({"box_nms_thresh": float("nan")}, "box_nms_thresh must be a number, got NaN"),
        ({"crop_overlap_ratio": "wide"}, "crop_overlap_ratio must be a number"),
    ],
)
def test_parameters_that_make_no_sense(parameters, said):
    with pytest.raises(PromptError, match=said):
        AutomaticMaskGenerator(FakePredictor(), **parameters)


@each_frame
def test_an_image_without_masks_has_no_records(cat):
    generator = AutomaticMaskGenerator(FakePredictor(), points_per_side=2, pred_iou_thresh=2.0)
    assert generator.generate(cat) == []
    assert generator.generate(np.zeros((1, 1, 3), np.uint8)) == []
