"""``python -m sam_widget.automatic IMAGES... --out DIR``: SA-1B files for a folder of images.

What the official ``amg.py`` does, and resumable: images whose file is complete, from the same
pixels, model and parameters, are skipped.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from sam_widget.automatic.generator import AutomaticMaskGenerator
from sam_widget.errors import SamWidgetError
from sam_widget.images import load_image
from sam_widget.predictors import available, capabilities, load
from sam_widget.storage import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sam_widget.automatic.result import MaskRecord
    from sam_widget.images import RgbImage

__all__ = ["main", "sa1b_document"]

_IMAGE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})

_PARAMETERS: dict[str, type] = {
    "points_per_side": int,
    "points_per_batch": int,
    "pred_iou_thresh": float,
    "stability_score_thresh": float,
    "stability_score_offset": float,
    "box_nms_thresh": float,
    "crop_n_layers": int,
    "crop_nms_thresh": float,
    "crop_overlap_ratio": float,
    "crop_n_points_downscale_factor": int,
    "min_mask_region_area": int,
}
"""Parameters of the generator that the command takes, by the names of the official command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, or 1 if some image could not be done."""
    options = _parser().parse_args(arguments)
    parameters = {
        name: value for name in _PARAMETERS if (value := getattr(options, name)) is not None
    }
    try:
        images = list(_images(options.images))
        targets = _targets(images, options.out)
        predictor = load(
            options.model,
            checkpoint=options.checkpoint,
            device=options.device,
            precision=options.precision,
        )
        # A model of its own kind has thresholds of its own kind; what was asked for goes before.
        parameters = {**capabilities(predictor).automatic_defaults, **parameters}
        generator = AutomaticMaskGenerator(predictor, output_mode="coco_rle", **parameters)
        options.out.mkdir(parents=True, exist_ok=True)
    except (SamWidgetError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command prints
        return 1
    failures, kept = _work(generator, parameters, targets)
    done = len(targets) - len(failures) - kept
    print(f"{done} done, {kept} were there, {len(failures)} failed.")  # noqa: T201
    for path, reason in failures:
        print(f"error: {path}: {reason}", file=sys.stderr)  # noqa: T201
    return 1 if failures else 0


def sa1b_document(
    image: RgbImage, records: Iterable[MaskRecord], image_id: int, file_name: str
) -> dict[str, Any]:
    """Lay out records of one image as the SA-1B data set does.

    Parameters
    ----------
    image : RgbImage
    records : iterable of dict
        With masks as compressed run-length codes (``output_mode="coco_rle"``).
    image_id : int
    file_name : str
        Of the image.

    References
    ----------
    .. [1] Kirillov et al., "Segment Anything", ICCV 2023, and the data set's description in
       facebookresearch/segment-anything, ``README.md``.
    """
    return {
        "image": {
            "image_id": image_id,
            "width": image.width,
            "height": image.height,
            "file_name": file_name,
        },
        "annotations": [{"id": index, **record} for index, record in enumerate(records)],
    }


def _work(
    generator: AutomaticMaskGenerator, parameters: dict[str, Any], targets: dict[Path, Path]
) -> tuple[list[tuple[Path, str]], int]:
    """Do every image; return what failed and why, and how many were there already."""
    failures: list[tuple[Path, str]] = []
    kept = 0
    with tqdm(total=len(targets), unit="image") as bar:
        for number, (path, target) in enumerate(targets.items()):
            bar.set_postfix_str(path.name)
            bar.refresh()
            before = bar.n
            try:
                image = load_image(path)
                mark = _mark(generator, parameters, image)
                if _is_complete(target, mark):
                    kept += 1
                else:
                    advance = functools.partial(_advance, bar, before)
                    records = generator.generate(image, progress=advance)
                    document = sa1b_document(image, records, number, path.name)
                    text = json.dumps({**document, "sam_widget": mark})
                    write_atomically(target, text.encode())
            except (SamWidgetError, OSError, MemoryError) as error:
                failures.append((path, str(error) or type(error).__name__))
            _advance(bar, before, 1)
    return failures, kept


def _advance(bar: Any, before: float, share: float) -> None:  # noqa: ANN401 - tqdm has no types
    bar.n = round(before + share, 2)
    bar.refresh()


def _mark(
    generator: AutomaticMaskGenerator, parameters: dict[str, Any], image: RgbImage
) -> dict[str, Any]:
    """Say what a file was made from: the same again need not be made."""
    predictor = generator.predictor
    settings = {name: parameters[name] for name in sorted(parameters)}
    precision = getattr(predictor, "precision", "fp32")
    made_of = [predictor.model_digest, precision, image.digest, settings]
    digest = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
    return {"model": predictor.name, "parameters": settings, "digest": digest}


def _is_complete(target: Path, mark: dict[str, Any]) -> bool:
    try:
        found = json.loads(target.read_text(encoding="utf-8"))
        return bool(found["sam_widget"]["digest"] == mark["digest"] and "annotations" in found)
    except (OSError, ValueError, KeyError, TypeError):  # missing, or half of another program's
        return False


def _images(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files as they are, and the images in folders, by name."""
    for path in paths:
        if path.is_dir():
            inside = sorted(
                file for file in path.iterdir() if file.suffix.lower() in _IMAGE_SUFFIXES
            )
            if not inside:
                raise FileNotFoundError(f"there is no image in the folder {path}.")
            yield from inside
        else:
            yield path


def _targets(images: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Name a file for each image: by its stem, or its whole name where stems meet."""
    stems = [path.stem for path in images]
    found: dict[Path, Path] = {}
    taken: dict[Path, Path] = {}
    for path in images:
        if path in found:
            continue
        name = path.stem if stems.count(path.stem) == 1 else path.name
        target = folder / f"{name}.json"
        if target in taken:
            raise FileExistsError(
                f"{path} and {taken[target]} would both be written to {target}. "
                "Run them into different folders."
            )
        found[path], taken[target] = target, path
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sam_widget.automatic",
        description="Find all masks of images, and write them as SA-1B JSON, one file for each.",
        epilog="Files that are complete, from the same image, model and parameters, are kept.",
    )
    parser.add_argument("images", nargs="+", type=Path, help="image files, or folders of them")
    parser.add_argument("--out", required=True, type=Path, help="folder for the JSON files")
    parser.add_argument(
        "--model", default="lite", help=f"one of {', '.join(available())} (default: lite)"
    )
    parser.add_argument("--checkpoint", type=Path, help="local weights file")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    tuning = parser.add_argument_group("parameters of AutomaticMaskGenerator")
    for name, kind in _PARAMETERS.items():
        tuning.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar=kind.__name__.upper())
    return parser


if __name__ == "__main__":
    sys.exit(main())
