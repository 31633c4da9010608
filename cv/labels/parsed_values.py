"""Values out of parsed JSON and XML, checked: what is not as the format has it is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from numpy.typing import ArrayLike

from cv.errors import DatasetError
from cv.geometry.oriented_boxes import Floats
from cv.labels.labelled_image import SPLITS, open_ring

T = TypeVar("T")
_WORDS = {"dict": "an object", "list": "a list", "str": "a text"}


@dataclass(frozen=True)
class SourceLocation:
    """Where in a label file a value stands, for messages."""

    file: str
    """Name of the document."""
    spot: str = ""
    """Such as "annotation 3"."""

    def at(self, spot: str) -> SourceLocation:
        """The place `spot` in the same file."""
        return SourceLocation(self.file, spot)

    def refuse(self, found: str, limit: str, remedy: str = "Correct the label file.") -> NoReturn:
        """Raises the DatasetError that says so."""
        where = f"{self.file}, {self.spot}" if self.spot else self.file
        raise DatasetError(where, found, limit, remedy)


def number(value: Any, name: str, place: SourceLocation) -> float:
    """`value` as a finite number; texts are numbers in XML."""
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        result = float(value)
    except (ValueError, OverflowError):
        place.refuse(f"{name} is {value!r:.80}", "a number is needed")
    if not math.isfinite(result):
        place.refuse(f"{name} is {value!r:.80}", "a finite number is needed")
    return result


def size_of(width: Any, height: Any, place: SourceLocation) -> tuple[int, int]:
    """Width and height in pixels, whole and positive."""
    sides = number(width, "the width", place), number(height, "the height", place)
    for side in sides:
        if side != int(side) or side < 1:
            place.refuse(f"the image is {sides[0]:g} x {sides[1]:g} px", "whole pixels are needed")
    return int(sides[0]), int(sides[1])


def optional_size(width: Any, height: Any, place: SourceLocation) -> tuple[int, int] | None:
    """As `size_of`, None where both are missing."""
    return None if width is None and height is None else size_of(width, height, place)


def split_of(value: Any, place: SourceLocation) -> str:
    """`value` as the split of an image, "" where there is none."""
    if value in (None, ""):
        return ""
    if value not in SPLITS:
        place.refuse(f"the split {value!r:.40}", f"a split is {', '.join(SPLITS)}")
    return str(value)


def gsd_of(value: Any, place: SourceLocation) -> float | None:
    """`value` as metres a pixel, None where there is none."""
    if value is None:
        return None
    gsd = number(value, "gsd_m", place)
    if gsd <= 0:
        place.refuse(f"gsd_m is {gsd:g}", "it is metres a pixel, a positive number")
    return gsd


def typed(value: Any, kind: type[T], name: str, place: SourceLocation) -> T:
    """`value` if it is a `kind` (dict, list, str)."""
    if not isinstance(value, kind):
        found = "missing" if value is None else f"{value!r:.80}"
        place.refuse(f"{name} is {found}", f"{_WORDS.get(kind.__name__, kind.__name__)} is needed")
    return value


def item(record: Mapping[str, Any], key: str, kind: type[T], place: SourceLocation) -> T:
    """The value of `key` if it is a `kind`."""
    return typed(record.get(key), kind, f'"{key}"', place)


def outline(points: ArrayLike, place: SourceLocation) -> Floats:
    """`points` (k, 2) as the outline of a shape, pixels."""
    try:
        return open_ring(points)
    except (ValueError, TypeError, OverflowError) as error:
        place.refuse(f"{error}"[:120], "at least three finite points x, y are needed")


def attributes_of(record: Any) -> tuple[tuple[str, str], ...]:
    """The plain entries of a JSON object, as texts."""
    if not isinstance(record, dict):
        return ()
    return tuple(
        (str(key), str(value))
        for key, value in record.items()
        if isinstance(value, str | int | float) and value != ""
    )


def count_by_kind(kinds: list[str], words: str) -> tuple[str, ...]:
    """A line "3 shapes of type line" for each of `kinds`; `words` says what they are."""
    return tuple(f"{kinds.count(kind)} {words} {kind!r}" for kind in sorted(set(kinds)))
