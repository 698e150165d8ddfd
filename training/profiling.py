"""What a training step costs, in seconds of one core: other work on the machine does not count."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from training.rounds import image_loss

if TYPE_CHECKING:
    from training.loop import Run
    from training.views import Views

PHASES = ("pictures and features", "prompts and losses", "gradients", "update")


def phase_costs(run: Run, views: Views, steps: int) -> dict[str, float]:
    """Take steps and return the core-seconds an image, by phase; the run goes on meanwhile."""
    config = run.config
    costs = dict.fromkeys(PHASES, 0.0)
    for _ in range(steps):
        for i in range(config.images_per_step):
            visit = run.step * config.images_per_step + i
            marks = [time.process_time()]
            view = views(run.network, visit)
            marks.append(time.process_time())
            rng = np.random.default_rng([config.seed, 2, visit])
            loss, _ = image_loss(run.network, view, rng, config)
            marks.append(time.process_time())
            (loss / config.images_per_step).backward()
            marks.append(time.process_time())
            for phase, spent in zip(PHASES, np.diff(marks), strict=False):
                costs[phase] += float(spent)
        before = time.process_time()
        run.update()
        costs["update"] += time.process_time() - before
    return {phase: cost / (steps * config.images_per_step) for phase, cost in costs.items()}
