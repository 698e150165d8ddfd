"""Train, evaluate and export the lite model.

The data is a folder of sets in the promptable format (training/data.py), the recipe is in
training/config.py. A run keeps its checkpoint and its log in --out; started again with the same
--out it goes on where it stopped. On two cores:

  python -m training.lite --threads 1 train --data FOLDER --out RUN --processes 2
  python -m training.lite --threads 1 profile --data FOLDER
  python -m training.lite evaluate --checkpoint RUN/last.pt --data FOLDER --sets bottles
  python -m training.lite export --checkpoint RUN/last.pt --out lite.safetensors

The file goes into sam_widget/weights, the digest that export prints into
sam_widget/predictors/lite/predictor.py. `graphs` writes the ONNX graphs beside it; they hold no
weights. In the environment of a long run, large MALLOC_MMAP_THRESHOLD_ and MALLOC_TRIM_THRESHOLD_
keep glibc from giving memory back between steps.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path

import torch
from torch import distributed, multiprocessing

from training.config import Config
from training.data import Sampler, read_sets
from training.evaluation import click_curve, measure
from training.export import export, load_checkpoint
from training.graphs import export_graphs
from training.loop import Run, say, train
from training.pictures import write as write_pictures
from training.profiling import phase_costs
from training.views import Views


def _train(arguments: argparse.Namespace) -> None:
    if arguments.processes == 1:
        _train_here(arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(
            _train_in_group, (arguments, f"file://{folder}/meet"), nprocs=arguments.processes
        )


def _train_in_group(rank: int, arguments: argparse.Namespace, meet: str) -> None:
    torch.set_num_threads(arguments.threads)
    distributed.init_process_group(
        "gloo", init_method=meet, rank=rank, world_size=arguments.processes
    )
    _train_here(arguments)
    distributed.destroy_process_group()


def _train_here(arguments: argparse.Namespace) -> None:
    config = Config() if arguments.config is None else Config.load(arguments.config)
    checkpoint = arguments.out / "last.pt"
    if checkpoint.exists() and arguments.config is None:
        config = Run.resume(checkpoint).config
    changes = {
        name: getattr(arguments, name)
        for name in ("steps", "decay", "seed")
        if getattr(arguments, name) is not None
    }
    config = dataclasses.replace(config, **changes)
    if checkpoint.exists():
        run = Run.resume(checkpoint, config)
        say(f"resuming at step {run.step}")
    else:
        run = Run.start(config, pretrained=not arguments.random_backbone, weights=arguments.weights)
    sets = read_sets(arguments.data, without=config.held_out)
    say(f"{sum(map(len, sets.values()))} images of {len(sets)} sets; {config.to_json()}")
    train(run, Sampler(sets, config), arguments.out)


def _profile(arguments: argparse.Namespace) -> None:
    config = Config() if arguments.config is None else Config.load(arguments.config)
    run = Run.start(config, pretrained=False, weights=arguments.weights)
    run.network.train()
    views = Views(Sampler(read_sets(arguments.data, without=config.held_out), config), config)
    phase_costs(run, views, 2)  # what is done only once
    costs = phase_costs(run, views, arguments.steps)
    for phase, cost in costs.items():
        say(f"{phase:24}{1000 * cost:8.0f} ms an image")
    say(f"{1 / sum(costs.values()):.2f} images a second of one core")


def _evaluate(arguments: argparse.Namespace) -> None:
    predictor = load_checkpoint(arguments.checkpoint)
    sets = read_sets(arguments.data)
    for name in arguments.sets or sorted(sets):
        result = measure(
            predictor, sets[name], arguments.count, clicks=5, clicked=arguments.count // 2
        )
        figures = "  ".join(f"{key} {value:.3f}" for key, value in result.row().items())
        curve = ", ".join(f"{value:.3f}" for value in click_curve(result.clicks, 5))
        say(f"{name:16}  {figures}  clicks 1-5: {curve}")


def _export(arguments: argparse.Namespace) -> None:
    say(export(arguments.checkpoint, arguments.out))


def _graphs(arguments: argparse.Namespace) -> None:
    export_graphs(arguments.out)


def _pictures(arguments: argparse.Namespace) -> None:
    write_pictures(load_checkpoint(arguments.checkpoint), arguments.out)


def main(argv: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.lite",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--threads", type=int, default=2, help="torch threads a process (default 2)"
    )
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("train", help="train, or resume from OUT/last.pt")
    command.add_argument("--data", type=Path, required=True, help="folder of promptable sets")
    command.add_argument("--out", type=Path, required=True, help="folder for checkpoints and log")
    command.add_argument("--config", type=Path, help="JSON (default: the recipe in config.py)")
    command.add_argument("--steps", type=int)
    command.add_argument("--decay", type=int)
    command.add_argument("--seed", type=int)
    command.add_argument(
        "--processes", type=int, default=1, help="share the images of a step (default 1)"
    )
    command.add_argument(
        "--weights", type=Path, help="exported weights to start a new run from, such as the bundled"
    )
    command.add_argument("--random-backbone", action="store_true", help="no ImageNet weights")
    command.set_defaults(run=_train)
    command = commands.add_parser("profile", help="say what a training step costs, by phase")
    command.add_argument("--data", type=Path, required=True)
    command.add_argument("--config", type=Path, help="JSON (default: the recipe in config.py)")
    command.add_argument("--steps", type=int, default=24, help="steps to take (default 24)")
    command.add_argument("--weights", type=Path, help="exported weights to start from")
    command.set_defaults(run=_profile)
    command = commands.add_parser("evaluate", help="measure a checkpoint, set by set")
    command.add_argument("--checkpoint", type=Path, required=True)
    command.add_argument("--data", type=Path, required=True)
    command.add_argument("--sets", nargs="*", help="default: all")
    command.add_argument("--count", type=int, default=100, help="masks of each set (default 100)")
    command.set_defaults(run=_evaluate)
    command = commands.add_parser("export", help="write safetensors and print their SHA-256")
    command.add_argument("--checkpoint", type=Path, required=True)
    command.add_argument("--out", type=Path, required=True)
    command.set_defaults(run=_export)
    command = commands.add_parser(
        "graphs", help="write the ONNX graphs; only when the network changes, not its weights"
    )
    command.add_argument("--out", type=Path, required=True, help="sam_widget/weights")
    command.set_defaults(run=_graphs)
    command = commands.add_parser("pictures", help="draw the model card's pictures")
    command.add_argument("--checkpoint", type=Path, required=True)
    command.add_argument("--out", type=Path, required=True)
    command.set_defaults(run=_pictures)
    arguments = parser.parse_args(argv)
    torch.set_num_threads(arguments.threads)
    arguments.run(arguments)


if __name__ == "__main__":
    main()
