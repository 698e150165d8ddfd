import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from sam_widget.automatic.__main__ import main
from sam_widget.automatic.generator import AutomaticMaskGenerator
from sam_widget.images.image import load_image
from sam_widget.masks.rle import Rle
from sam_widget.predictors import FakePredictor

QUICK = ["--model", "fake", "--points-per-side", "2", "--pred-iou-thresh", "0.5"]


@pytest.fixture
def folder(tmp_path, cat):
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        Image.fromarray(np.roll(cat, 40 * number, axis=1)).save(photos / f"cat{number}.png")
    (photos / "notes.txt").write_text("no image")
    return photos


def read(folder):
    return {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def test_a_folder_becomes_sa1b_files(folder, tmp_path, capsys):
    out = tmp_path / "masks"
    assert main([str(folder), "--out", str(out), *QUICK]) == 0
    assert "3 done, 0 were there, 0 failed." in capsys.readouterr().out
    documents = read(out)
    assert list(documents) == ["cat0.json", "cat1.json", "cat2.json"]
    generator = AutomaticMaskGenerator(FakePredictor(), 2, pred_iou_thresh=0.5)
    for number, document in enumerate(documents.values()):
        assert document["image"] == {
            "image_id": number,
            "width": 451,
            "height": 300,
            "file_name": f"cat{number}.png",
        }
        expected = generator.generate(load_image(folder / f"cat{number}.png"))
        assert len(document["annotations"]) == len(expected) > 1
        for index, (found, record) in enumerate(
            zip(document["annotations"], expected, strict=True)
        ):
            assert found["id"] == index
            mask = Rle.from_coco(found["segmentation"]).decode()
            np.testing.assert_array_equal(mask, record["segmentation"])
            for key in ("bbox", "area", "predicted_iou", "point_coords", "crop_box"):
                assert found[key] == record[key]


def test_pycocotools_decodes_what_was_written(folder, tmp_path):
    # In a process of its own: pycocotools warns of NumPy, and here warnings are errors.
    out = tmp_path / "masks"
    main([str(folder / "cat0.png"), "--out", str(out), *QUICK])
    code = (
        "import json, sys; from pycocotools import mask\n"
        "for one in json.load(open(sys.argv[1]))['annotations']:\n"
        "    assert mask.decode(one['segmentation']).sum() == one['area'] > 0\n"
        "    print(one['id'])\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(out / "cat0.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.split()) > 1


def test_what_is_there_from_the_same_is_kept(folder, tmp_path, capsys):
    out = tmp_path / "masks"
    main([str(folder), "--out", str(out), *QUICK])
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    (out / "cat1.json").write_text((out / "cat1.json").read_text()[:300])
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(folder / "cat2.png")
    capsys.readouterr()
    assert main([str(folder), "--out", str(out), *QUICK]) == 0
    assert "2 done, 1 were there, 0 failed." in capsys.readouterr().out
    assert (out / "cat0.json").stat().st_mtime_ns == before[out / "cat0.json"]
    assert read(out)["cat2.json"]["image"]["width"] == 40
    assert main([str(folder), "--out", str(out), *QUICK, "--box-nms-thresh", "0.5"]) == 0
    assert "3 done, 0 were there" in capsys.readouterr().out


def test_a_killed_run_goes_on_where_it_was(folder, tmp_path):
    out = tmp_path / "masks"
    command = [
        sys.executable,
        "-m",
        "sam_widget.automatic",
        str(folder),
        "--out",
        str(out),
    ]
    command += ["--model", "fake", "--points-per-side", "5"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        # The bar names the image that is being done: at the second, the first is complete.
        for line in iter(lambda: process.stderr.read(40), ""):
            if "cat1" in line or (out / "cat0.json").exists():
                process.kill()
                break
    there = len(read(out))
    assert 1 <= there < 3
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{3 - there} done, {there} were there, 0 failed." in done.stdout
    assert list(read(out)) == ["cat0.json", "cat1.json", "cat2.json"]


def test_images_that_cannot_be_read_are_told_at_the_end(folder, tmp_path, capsys):
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    out = tmp_path / "masks"
    missing = tmp_path / "missing.png"
    assert main([str(missing), str(folder), "--out", str(out), *QUICK]) == 1
    told = capsys.readouterr()
    assert "3 done, 0 were there, 2 failed." in told.out
    assert f"error: {missing}: " in told.err
    assert f"error: {folder / 'broken.jpg'}: " in told.err
    assert len(read(out)) == 3


def test_images_of_one_name(folder, tmp_path, capsys):
    Image.open(folder / "cat0.png").save(folder / "cat0.jpg")
    assert main([str(folder), "--out", str(tmp_path / "masks"), *QUICK]) == 0
    names = ["cat0.jpg.json", "cat0.png.json", "cat1.json", "cat2.json"]
    assert list(read(tmp_path / "masks")) == names
    twin = tmp_path / "other"
    twin.mkdir()
    Image.open(folder / "cat1.png").save(twin / "cat1.png")
    arguments = [str(folder / "cat1.png"), str(twin), "--out", str(tmp_path / "masks"), *QUICK]
    assert main(arguments) == 1
    assert "different folders" in capsys.readouterr().err


def test_mistakes_on_the_command_line(folder, tmp_path, capsys):
    out = ["--out", str(tmp_path / "masks")]
    assert main([str(folder), *out, "--model", "nothing"]) == 1
    assert "lite, vit_b" in capsys.readouterr().err
    assert main([str(folder), *out, *QUICK, "--points-per-side", "0"]) == 1
    assert "points_per_side must be at least 1" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main([str(empty), *out, *QUICK]) == 1
    assert "no image in the folder" in capsys.readouterr().err
