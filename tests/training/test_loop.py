import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import training
from training.config import Config
from training.data import Sampler, read_sets
from training.export import export
from training.lite import main
from training.loop import Run, rate_at, train
from training.profiling import PHASES
from training.views import Views


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # a random backbone is slow otherwise
    yield
    torch.set_flush_denormal(False)
    torch.set_num_threads(before)


def _losses(run):
    return np.array([entry["loss"] for entry in run.log])


def test_a_resumed_run_repeats_the_uninterrupted_one(promptable, tiny, tmp_path):
    sampler = Sampler(read_sets(promptable), tiny)
    whole = Run.start(tiny, pretrained=False)
    train(whole, sampler, tmp_path / "whole")

    first = Run.start(tiny, pretrained=False)
    views = Views(sampler, tiny)
    for _ in range(3):
        first.advance(views)
    first.save(tmp_path / "half.pt")
    second = Run.resume(tmp_path / "half.pt")
    train(second, sampler, tmp_path / "second")

    assert len(_losses(whole)) == tiny.steps
    assert np.isfinite(_losses(whole)).all()
    np.testing.assert_allclose(_losses(second), _losses(whole), atol=1e-3)
    for mine, theirs in zip(second.average.parameters(), whole.average.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-3)


def test_a_run_can_start_from_exported_weights(promptable, tiny, tmp_path):
    first = Run.start(tiny, pretrained=False)
    first.save(tmp_path / "first.pt")
    export(tmp_path / "first.pt", tmp_path / "first.safetensors")
    second = Run.start(tiny, weights=tmp_path / "first.safetensors")
    assert second.step == 0
    for mine, theirs in zip(second.network.parameters(), first.average.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-3, rtol=1e-3)


def test_the_recipe_for_going_on_from_trained_weights_keeps_the_encoder():
    config = Config.load(Path(training.__file__).parent / "refine.json")
    assert config.frozen_encoder
    assert config.visits > 1


def test_training_lowers_the_loss(promptable, tiny, tmp_path):
    config = dataclasses.replace(tiny, steps=40, warmup=5, decay=10, rate=1e-3, images_per_step=1)
    run = Run.start(config, pretrained=False)
    train(run, Sampler(read_sets(promptable), config), tmp_path)
    losses = _losses(run)
    assert losses[-10:].mean() < 0.8 * losses[:5].mean()


def test_frozen_stages_keep_their_weights(promptable, tiny):
    run = Run.start(tiny, pretrained=False)
    backbone = run.network.encoder.backbone
    frozen = backbone.stages[tiny.frozen_stages - 1][0].project.weight.clone()
    trained = backbone.stages[tiny.frozen_stages][0].project.weight.clone()
    run.advance(Views(Sampler(read_sets(promptable), tiny), tiny))
    assert torch.equal(backbone.stages[tiny.frozen_stages - 1][0].project.weight, frozen)
    assert not torch.equal(backbone.stages[tiny.frozen_stages][0].project.weight, trained)


def test_the_rate_warms_up_stays_and_decays(tiny):
    config = dataclasses.replace(tiny, steps=100, warmup=10, decay=20, final_rate=0.01)
    assert rate_at(0, config) == pytest.approx(0.1)
    assert rate_at(50, config) == 1
    assert rate_at(90, config) == pytest.approx(0.5)
    assert rate_at(99, config) == pytest.approx(0.05)


def test_the_command_line_trains_resumes_evaluates_and_exports(promptable, tiny, tmp_path, capsys):
    recipe = tmp_path / "recipe.json"
    recipe.write_text(dataclasses.replace(tiny, steps=1).to_json())
    out = tmp_path / "run"
    common = ["--threads", "1"]
    arguments = [*common, "train", "--data", str(promptable), "--out", str(out)]
    main([*arguments, "--config", str(recipe), "--random-backbone"])
    main([*arguments, "--steps", "2"])
    lines = (out / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]

    checkpoint = ["--checkpoint", str(out / "last.pt")]
    main([*common, "evaluate", *checkpoint, "--data", str(promptable), "--count", "2"])
    assert "more_shapes" in capsys.readouterr().out

    weights = tmp_path / "lite.safetensors"
    main([*common, "export", *checkpoint, "--out", str(weights)])
    assert weights.stat().st_size < 20e6
    assert len(capsys.readouterr().out.strip()) == 64


def test_help_explains_the_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for command in ("train", "evaluate", "export"):
        assert command in text


def test_profile_says_what_each_phase_costs(promptable, tiny, tmp_path, capsys):
    recipe = tmp_path / "recipe.json"
    recipe.write_text(tiny.to_json())
    arguments = ["--data", str(promptable), "--config", str(recipe), "--steps", "1"]
    main(["--threads", "1", "profile", *arguments])
    text = capsys.readouterr().out
    assert all(phase in text for phase in PHASES)
    assert "images a second of one core" in text
