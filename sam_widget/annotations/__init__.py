"""Values: annotations, the candidates they were chosen from, and recipes to replay them."""

from sam_widget.annotations.annotation import MAX_LABEL, PALETTE, Annotation, check_label, is_color
from sam_widget.annotations.candidates import Candidates, display_hw, display_rle
from sam_widget.annotations.image_annotations import ImageAnnotations, check_ids
from sam_widget.annotations.recipe import Followed, Recipe, Step, follow, mask_digest
from sam_widget.annotations.replay import Replay, replay_annotations, steps_of
from sam_widget.annotations.script import write_script

__all__ = [
    "MAX_LABEL",
    "PALETTE",
    "Annotation",
    "Candidates",
    "Followed",
    "ImageAnnotations",
    "Recipe",
    "Replay",
    "Step",
    "check_ids",
    "check_label",
    "display_hw",
    "display_rle",
    "follow",
    "is_color",
    "mask_digest",
    "replay_annotations",
    "steps_of",
    "write_script",
]
