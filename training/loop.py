"""The training loop: schedule, weight averaging, checkpoints that resume exactly."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import safetensors.torch
import torch
from torch import distributed

from sam_widget.predictors.lite.network import LiteNetwork
from training.config import Config
from training.pretrained import load_imagenet
from training.rounds import Figures, image_loss
from training.views import Views

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training.data import Sample

SAY_EVERY = 50
"""Steps between the lines that are printed."""


@dataclasses.dataclass
class Run:
    """A training run that can be saved and resumed.

    Every random number of step ``i`` comes from the seed and ``i``, so that a resumed run
    repeats what an uninterrupted one does.
    """

    config: Config
    network: LiteNetwork
    average: LiteNetwork
    optimiser: torch.optim.AdamW
    step: int = 0
    log: list[dict[str, float]] = dataclasses.field(default_factory=list)

    @classmethod
    def start(cls, config: Config, *, pretrained: bool = True, weights: Path | None = None) -> Run:
        """Start afresh: from exported weights if given, else from ImageNet's for the backbone."""
        torch.manual_seed(config.seed)
        network = LiteNetwork()
        if weights is not None:
            exported = safetensors.torch.load(weights.read_bytes())
            network.load_state_dict({name: value.float() for name, value in exported.items()})
        elif pretrained:
            load_imagenet(network.encoder.backbone)
        return cls._assemble(config, network)

    @classmethod
    def resume(cls, path: Path, config: Config | None = None) -> Run:
        """Go on from a checkpoint, with its config or a changed one (a longer schedule, say)."""
        saved = torch.load(path, map_location="cpu", weights_only=True)
        config = config or Config.from_json(saved["config"])
        network = LiteNetwork()
        network.load_state_dict(saved["network"])
        run = cls._assemble(config, network)
        run.average.load_state_dict(saved["average"])
        run.optimiser.load_state_dict(saved["optimiser"])
        run.step, run.log = saved["step"], saved["log"]
        return run

    @classmethod
    def _assemble(cls, config: Config, network: LiteNetwork) -> Run:
        network.to(memory_format=torch.channels_last)
        average = LiteNetwork().to(memory_format=torch.channels_last)
        average.load_state_dict(network.state_dict())
        average.requires_grad_(requires_grad=False)
        backbone = network.encoder.backbone
        for part in (backbone.stem, *backbone.stages[: config.frozen_stages]):
            part.requires_grad_(requires_grad=False)
        if config.frozen_encoder:
            network.encoder.requires_grad_(requires_grad=False)
        old = [p for p in backbone.parameters() if p.requires_grad]
        known = {id(p) for p in backbone.parameters()}
        rest = (p for p in network.parameters() if id(p) not in known)
        new = [p for p in rest if p.requires_grad]
        optimiser = torch.optim.AdamW(
            [
                {"params": new, "lr": config.rate, "base": config.rate},
                {"params": old, "lr": config.backbone_rate, "base": config.backbone_rate},
            ],
            betas=(0.9, 0.99),
            weight_decay=config.weight_decay,
            fused=True,
        )
        return cls(config, network, average, optimiser)

    def save(self, path: Path) -> None:
        """Write a checkpoint; a reader never sees half of one."""
        part = path.with_suffix(".part")
        torch.save(
            {
                "config": self.config.to_json(),
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "log": self.log,
            },
            part,
        )
        part.replace(path)

    def advance(self, views: Views) -> dict[str, float]:
        """Take one optimiser step and return its figures."""
        config = self.config
        figures = Figures()
        rank, processes = place_in_group()
        for i in range(rank, config.images_per_step, processes):
            index = self.step * config.images_per_step + i
            rng = np.random.default_rng([config.seed, 2, index])
            view = views(self.network, index)
            loss, image_figures = image_loss(self.network, view, rng, config)
            (loss / config.images_per_step).backward()
            figures.add(image_figures)
        if processes > 1:
            add_up_gradients(self.trained)
        norm = self.update()
        entry = summary(figures) | {"step": float(self.step), "norm": norm}
        self.log.append(entry)
        return entry

    @property
    def trained(self) -> list[torch.nn.Parameter]:
        """The parameters that are trained."""
        return [p for group in self.optimiser.param_groups for p in group["params"]]

    def update(self) -> float:
        """Move the weights and their average along the gradients; return these gradients' norm."""
        config = self.config
        rate = rate_at(self.step, config)
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * rate
        norm = torch.nn.utils.clip_grad_norm_(self.trained, config.clip, error_if_nonfinite=True)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self._average()
        self.step += 1
        return float(norm)

    def _average(self) -> None:
        keep = min(self.config.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(
                self.average.parameters(), self.network.parameters(), strict=True
            ):
                mean.lerp_(value, 1 - keep)


def place_in_group() -> tuple[int, int]:
    """Return this process's rank and how many processes train together."""
    if not distributed.is_initialized():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def add_up_gradients(parameters: list[torch.nn.Parameter]) -> None:
    """Sum the gradients of all processes, in place."""
    for p in parameters:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
    distributed.all_reduce(flat)
    offset = 0
    for p in parameters:
        if p.grad is not None:
            p.grad.copy_(flat[offset : offset + p.numel()].view_as(p.grad))
            offset += p.numel()


def rate_at(step: int, config: Config) -> float:
    """Return the factor on the learning rates: warm-up, constant, linear decay."""
    left = (config.steps - step) / max(config.decay, 1)
    return max(min((step + 1) / max(config.warmup, 1), 1.0, left), config.final_rate)


def summary(figures: Figures) -> dict[str, float]:
    """Return means."""
    return {
        "loss": figures.loss / max(figures.prompts, 1),
        "point": figures.point_iou / max(figures.points, 1),
        "box": figures.box_iou / max(figures.boxes, 1),
        "last": figures.last_iou / max(figures.corrected, 1),
        "rating": figures.rating_error / max(figures.prompts, 1),
    }


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def train(
    run: Run, sampler: Callable[[int], Sample], folder: Path, *, save_minutes: float = 3.0
) -> None:
    """Train to the last step of the config, saving ``last.pt`` and ``log.jsonl`` on the way."""
    folder.mkdir(parents=True, exist_ok=True)
    run.network.train()
    views = Views(sampler, run.config)
    if place_in_group()[0] > 0:  # the first process keeps the log and the checkpoints
        while run.step < run.config.steps:
            run.advance(views)
        return
    saved, started = time.monotonic(), time.process_time()
    first = run.step
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        while run.step < run.config.steps:
            entry = run.advance(views)
            log.write(json.dumps(entry) + "\n")
            now = time.monotonic()
            if run.step % SAY_EVERY == 0:
                log.flush()
                recent = run.log[-SAY_EVERY:]
                means = {k: sum(e[k] for e in recent) / len(recent) for k in entry if k != "step"}
                pace = (time.process_time() - started) / (run.step - first)
                text = "  ".join(f"{name} {value:.3f}" for name, value in means.items())
                say(f"step {run.step}/{run.config.steps}  {text}  {pace:.2f} CPU s/step")
            if now - saved > 60 * save_minutes:
                log.flush()
                run.save(folder / "last.pt")
                saved = now
    run.save(folder / "last.pt")
