"""Write annotations as Python code that makes them again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sam_widget import predictors
from sam_widget.annotations.recipe import mask_digest
from sam_widget.annotations.replay import recipe_of
from sam_widget.masks import Rle

if TYPE_CHECKING:
    from sam_widget.annotations.annotation import Annotation
    from sam_widget.annotations.image_annotations import ImageAnnotations
    from sam_widget.annotations.recipe import Step
    from sam_widget.images import RgbImage
    from sam_widget.prompts import Prompts

__all__ = ["write_script"]


def write_script(
    annotations: ImageAnnotations,
    image: RgbImage | None = None,
    path: str | os.PathLike[str] | None = None,
) -> str:
    """Write Python that rebuilds the annotations; see :meth:`AnnotationStore.script`.

    Parameters
    ----------
    annotations : ImageAnnotations
    image : RgbImage, optional
        The image they were made on, for the script to check that it has the same pixels.
    path : path, optional
        The image's file, as the script is to name it; by default the one it was read from.
    """
    items = annotations.items
    if path is None and image is not None:
        path = image.path
    models = sorted({annotation.model_name for annotation in items if _by_prompts(annotation)})
    names = {name: f"predictor_{number}" for number, name in enumerate(models, start=1)}
    lines = [
        f'"""Rebuilds {len(items)} objects as `annotations`. Written by sam_widget."""',
        "",
        *([] if path is not None else ["import sys", ""]),
        "import numpy as np",
        "",
        "from sam_widget import Annotation, AnnotationStore, Prompts, Recipe, Rle, Step",
        "from sam_widget import load, load_image",
        "",
        f"image = load_image({'sys.argv[1]' if path is None else repr(os.fspath(path))})",
        f"size = ({annotations.height}, {annotations.width})",
        "if (image.height, image.width) != size:",
        '    raise ValueError(f"expected an image of (height, width) = {size}.")',
    ]
    if image is not None:
        lines += [
            f"if image.digest != {image.digest!r}:",
            '    raise ValueError("the image is not the one that the objects were made on.")',
        ]
    for name, variable in names.items():
        lines += [
            "",
            f"{variable} = load({name!r})",
            f"embedding_{variable[10:]} = {variable}.encode(image)",
        ]
    lines += [
        "",
        "annotations = AnnotationStore(",
        f"    width={annotations.width},",
        f"    height={annotations.height},",
        f"    file_name={annotations.file_name!r},",
        ")",
        "",
        "",
        *_REBUILD,
    ]
    for annotation in items:
        lines += ["", *_object(annotation, names)]
    lines += ["", "print(annotations)", ""]
    return "\n".join(lines)


_REBUILD = '''
def decoded(recipe, predictor, embedding):
    """Follow the steps that made an object; say so if another mask comes out."""
    rle = recipe.run(predictor, embedding).rle
    if not recipe.makes(rle):
        print("a mask differs from the one accepted: the model has other weights.")
    return rle
'''.strip().splitlines()


def _by_prompts(annotation: Annotation) -> bool:
    recipe = annotation.recipe
    known = annotation.model_name in predictors.available()
    return recipe is not None and known and recipe.makes(annotation.rle)


def _object(annotation: Annotation, names: dict[str, str]) -> list[str]:
    facts = {
        "label": annotation.label,
        "color": annotation.color,
        "visible": annotation.visible,
        "predicted_iou": annotation.predicted_iou,
        "stability_score": annotation.stability_score,
        "candidate": annotation.candidate,
        "model_name": annotation.model_name,
        "model_digest": annotation.model_digest,
        "id": annotation.id,
        "created": annotation.created,
    }
    lines = []
    recipe = recipe_of(annotation)
    if recipe is not None:
        steps = [f"        Step({_prompts(step)})," for step in recipe.steps]
        digest = recipe.digest or mask_digest(annotation.rle)
        lines += ["recipe = Recipe(", "    steps=(", *steps, "    ),"]
        lines += [f"    digest={digest!r},", ")"]
    if _by_prompts(annotation):
        variable = names[annotation.model_name]
        lines.append(f"rle = decoded(recipe, {variable}, embedding_{variable[10:]})")
    else:
        lines.append(f"rle = Rle.from_coco({dict(annotation.rle.to_coco())!r})")
    lines += ["annotations.add(", "    Annotation(", "        rle=rle,"]
    lines += [f"        {name}={value!r}," for name, value in facts.items()]
    if annotation.recipe is not None:
        lines.append("        recipe=recipe,")
    if not annotation.prompts.is_empty:
        lines.append(f"        prompts={_prompts_call(annotation.prompts)},")
    return [*lines, "    )", ")"]


def _prompts(step: Step) -> str:
    return f"{_prompts_call(step.prompts)}, {step.multimask!r}, {step.candidate}"


def _prompts_call(prompts: Prompts) -> str:
    parts = []
    if prompts.points:
        parts += [f"points={list(prompts.points)!r}", f"labels={list(prompts.labels)!r}"]
    if prompts.boxes:
        parts.append(f"boxes={list(prompts.boxes)!r}")
    mask = prompts.compact_mask
    if isinstance(mask, Rle):
        parts.append(f"mask=Rle.from_coco({dict(mask.to_coco())!r})")
    elif mask is not None:
        # Bit for bit: float32 logits as bytes.
        parts.append(
            f"mask=np.frombuffer(bytes.fromhex({mask.tobytes().hex()!r}), np.float32)"
            f".reshape({mask.shape!r})"
        )
    return f"Prompts({', '.join(parts)})"
