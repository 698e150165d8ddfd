"""What the images of one COCO file share: its categories and its licences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Categories", "Licenses"]


class Categories:
    """One list of categories, by name; ids that were there once stay.

    Attributes
    ----------
    listed : list of dict
        As they are written.
    """

    def __init__(self) -> None:
        self.listed: list[dict[str, Any]] = []
        self._ids: dict[str, int | str] = {}
        self._names: dict[int | str, str] = {}
        self._former: Sequence[Mapping[str, Any]] | None = None

    def take(self, categories: Sequence[Mapping[str, Any]]) -> None:
        """Add those of the file that an image came from, unless their names are known."""
        if categories is self._former:
            return  # as a rule images come from the same file
        self._former = categories
        known = set(self._ids)
        for category in categories:
            # A file may have two of one name: the first is meant, and both stay.
            if category["name"] not in known:
                self._append(category)

    def add(self, names: Iterable[str]) -> None:
        """Add categories by name, unless they are known."""
        for name in names:
            if name not in self._ids:
                self._append({"name": name, "supercategory": ""})

    def id_of(self, name: str, former: int | str | None = None) -> int | str:
        """Return the id of a category: the former one if that has this name, too."""
        if former is not None and self._names.get(former) == name:
            return former
        return self._ids[name]

    def _append(self, category: Mapping[str, Any]) -> None:
        number = category.get("id")
        if number is None or number in self._names:
            numbers = (known for known in self._names if isinstance(known, int))
            number = max(numbers, default=0) + 1
        self._names[number] = category["name"]
        self._ids.setdefault(category["name"], number)
        further = {key: value for key, value in category.items() if key != "id"}
        self.listed.append({"id": number, **further})


class Licenses:
    """One list of licences; what a file says of its own goes along.

    Attributes
    ----------
    listed : list
        As they are written.
    """

    def __init__(self) -> None:
        self.listed: list[Any] = []
        self._former: Any = None
        self._renumbered: dict[Any, int] = {}

    def take(self, licenses: Any, image: dict[str, Any]) -> None:
        """Add those of the file that an image came from; adapt the image if one is renumbered."""
        if licenses is not self._former:
            self._former = licenses
            self._renumbered = {}
            for license_ in licenses if isinstance(licenses, list) else ():
                self._add(license_)
        own = image.get("license")
        if isinstance(own, int) and own in self._renumbered:
            image["license"] = self._renumbered[own]

    def _add(self, license_: Any) -> None:
        if license_ in self.listed:
            return
        if isinstance(license_, dict) and isinstance(license_.get("id"), int):
            taken = {
                known["id"]
                for known in self.listed
                if isinstance(known, dict) and isinstance(known.get("id"), int)
            }
            if license_["id"] in taken:
                self._renumbered[license_["id"]] = max(taken) + 1
                license_ = {**license_, "id": max(taken) + 1}
        self.listed.append(license_)
