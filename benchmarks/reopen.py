"""Open the same image again with a folder of embeddings: how much sooner the first mask is there.

Every opening is a process of its own. Timed is from the display of the widget to the mask of its
first click, with torch imported before, as in a notebook that uses it, and with a bare process,
where importing torch is part of it. Prints the ratio of the second opening to the first, whether
the encoder was called, and how many bytes of tensors the process held at the end, which shows
whether the encoder's weights were read. Run by ``make bench``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from segment_anything import sam_model_registry

OPENING = """
import gc, json, sys, time
import skimage.data
from sam_widget import EmbeddingCache, SamWidget
folder, model, checkpoint, imported = sys.argv[1:]
if imported == "imported":
    import torch, segment_anything
photo = skimage.data.coffee()
cache = EmbeddingCache(folder=folder)
start = time.perf_counter()
w = SamWidget(photo, model=model, checkpoint=checkpoint or None, device="cpu", cache=cache)
w._repr_mimebundle_()
w.add_point(300, 200)
shape = w.masks.shape
seconds = time.perf_counter() - start
import torch
storages = {one.untyped_storage().data_ptr(): one.untyped_storage().nbytes()
            for one in gc.get_objects() if torch.is_tensor(one) and one.device.type == "cpu"}
print(json.dumps({"seconds": seconds, "encoded": cache.info().misses,
                  "tensors": sum(storages.values()), "masks": shape}))
"""


def opening(folder: Path, model: str, checkpoint: str, state: str) -> dict[str, float]:
    """Open the image in a fresh process; return what it measured."""
    command = [sys.executable, "-c", OPENING, str(folder), model, checkpoint, state]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Open with every model, cold and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["lite", "vit_b"])
    parser.add_argument("--rounds", type=int, default=3, help="second openings, the fastest counts")
    arguments = parser.parse_args()
    print("| model | torch | first opening, s | second / first | encoder called ", end="")
    print("| tensors held, MB (first, second) |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        checkpoint = Path(name) / "vit_b.pth"
        if "vit_b" in arguments.models:
            torch.manual_seed(0)
            torch.save(sam_model_registry["vit_b"]().state_dict(), checkpoint)
        for model in arguments.models:
            weights = str(checkpoint) if model == "vit_b" else ""
            for state in ("imported", "not imported"):
                folder = Path(name) / f"{model} {state}"
                first = opening(folder, model, weights, state)
                again = [opening(folder, model, weights, state) for _ in range(arguments.rounds)]
                second = min(again, key=lambda one: one["seconds"])
                ratio = second["seconds"] / first["seconds"]
                called = "yes" if any(one["encoded"] for one in again) else "no"
                print(
                    f"| {model} | {state} | {first['seconds']:.2f} | {ratio:.3f} | {called} "
                    f"| {first['tensors'] / 1e6:.0f}, {second['tensors'] / 1e6:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
