"""The annotations of one image as a value: what files are read into and written from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, overload

from sam_widget.annotations.annotation import Annotation
from sam_widget.errors import AnnotationError

__all__ = ["ImageAnnotations", "check_ids"]


@dataclass(frozen=True, eq=False)
class ImageAnnotations(Sequence[Annotation]):
    """The annotations of one image, in the order shown; a sequence of them.

    Parameters
    ----------
    items : iterable of Annotation
        Each with an id of its own, its mask of the image's size.
    width, height : int
        Size of the original image in pixels.
    file_name : str
        Name of the image's file, or empty.
    extra : mapping
        What a file said of the image beyond this, by format, to be written back there.
    skipped : tuple of str
        Records of the file that could not be used, each with its place and the reason.

    Raises
    ------
    AnnotationError
        If two annotations have one id.
    """

    items: tuple[Annotation, ...] = ()
    width: int = field(kw_only=True)
    height: int = field(kw_only=True)
    file_name: str = field(default="", kw_only=True)
    extra: Mapping[str, Any] = field(
        default_factory=lambda: MappingProxyType({}), kw_only=True, repr=False
    )
    skipped: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))
        check_ids(self)

    @overload
    def __getitem__(self, index: int) -> Annotation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Annotation, ...]: ...
    def __getitem__(self, index: int | slice) -> Annotation | tuple[Annotation, ...]:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Annotation]:
        return iter(self.items)


def check_ids(annotations: Iterable[Annotation]) -> None:
    """Refuse annotations of which two have the same id.

    Raises
    ------
    AnnotationError
        If so.
    """
    ids = [annotation.id for annotation in annotations]
    if len(set(ids)) != len(ids):
        raise AnnotationError("two objects have one id. Give each an id of its own.")
