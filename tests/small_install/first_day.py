"""The first day with the small install, as a script: run by its environment, which has no pytest.

    .venv-small/bin/python tests/small_install/first_day.py FOLDER

FOLDER is empty, and belongs to the script. Prints the steps that passed.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import sam_widget
from sam_widget import AnnotationStore, ModelError, SamWidget, load

SIZE_WH = (480, 320)
DISC = (90, 70, 270, 250)


def photo(folder: Path) -> Path:
    """Write a picture of a disc and a bar on a ground that is not quite even."""
    picture = Image.new("RGB", SIZE_WH, (70, 95, 60))
    draw = ImageDraw.Draw(picture)
    draw.ellipse(DISC, fill=(205, 60, 45))
    draw.rectangle((330, 40, 420, 280), fill=(60, 80, 190))
    noise = np.random.default_rng(0).integers(-6, 7, (*SIZE_WH[::-1], 3))
    path = folder / "photo.png"
    Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8)).save(path)
    return path


def disc() -> np.ndarray:
    """Return the disc as a mask."""
    x0, y0, x1, y1 = DISC
    y, x = np.mgrid[: SIZE_WH[1], : SIZE_WH[0]]
    return np.hypot(x - (x0 + x1) / 2, y - (y0 + y1) / 2) <= (x1 - x0) / 2


def main(folder: Path) -> None:
    """Click, accept, save, load, find everything, reopen, and ask for what needs torch."""
    path = photo(folder)
    w = SamWidget(path)
    assert sam_widget.available()[0] == "lite"
    w.add_point(180, 160)
    assert w.masks.shape == (3, SIZE_WH[1], SIZE_WH[0]), w.masks.shape
    overlap = [(mask & disc()).sum() / (mask | disc()).sum() for mask in w.masks]
    assert max(overlap) > 0.8, overlap
    w.choose(int(np.argmax(overlap)))
    accepted = w.accept("disc")
    assert [one.label for one in w.annotations] == ["disc"]
    print("click and accept")

    w.set_box(325, 35, 425, 285)
    w.add_point(10, 10, positive=False)
    assert w.mask[160, 375]
    assert not w.mask[10, 10]
    w.accept("bar")
    print("box and exclude point")

    saved = w.annotations.save(folder / "photo.coco.json")
    again = AnnotationStore.load(saved)
    assert [one.label for one in again] == ["disc", "bar"]
    assert np.array_equal(again[0].mask, accepted.mask)
    print("COCO")

    run = w.everything(points_per_side=4)
    found = run.wait(timeout=120)
    assert len(found) >= 1, found
    kept = run.keep("found")
    assert len(kept) == len(found)
    print(f"everything mode, {len(kept)} objects")

    objects = [(one.id, one.label) for one in w.annotations]
    w.close()
    reopened = SamWidget(path)
    assert [(one.id, one.label) for one in reopened.annotations] == objects
    reopened.close()
    print("journal")

    for arguments in ({"name": "vit_b"}, {"runtime": "torch"}, {"device": "cuda"}):
        message = refusal(**arguments)
        assert 'pip install "sam-widget[torch]"' in message, (arguments, message)
    print("errors of what needs torch")

    assert "torch" not in sys.modules
    assert find_spec("torch") is None
    print("no torch")


def refusal(**arguments: str) -> str:
    """Return what ``load`` says instead of loading."""
    try:
        load(**arguments)
    except ModelError as error:
        return str(error)
    return "nothing: it loads"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
