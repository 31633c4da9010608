"""Values of a parsed label file, read with checks: what the format does not allow is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from numpy.typing import ArrayLike

from cv.errors import DatasetError
from cv.geometry.arrays import Float64Array
from cv.labels.label_files import LabelText, parse_json
from cv.labels.labelled_image import SPLITS, open_ring

T = TypeVar("T")
_TYPE_NAMES: dict[type, str] = {dict: "an object", list: "a list", str: "a text"}


@dataclass(frozen=True)
class LabelRecord:
    """A JSON object, or the attributes of an XML element; every method raises DatasetError."""

    values: Mapping[str, Any]
    """Its entries, not checked."""
    where: str
    """Name of the file and position in it, such as "a.json, annotation 3"."""

    def refuse(self, found: str, limit: str, remedy: str = "Correct the label file.") -> NoReturn:
        """Raise the DatasetError that names this record."""
        raise DatasetError(self.where, found, limit, remedy)

    def require(self, value: Any, kind: type[T], name: str) -> T:
        """Return `value` if it is a `kind` (dict, list, str)."""
        if not isinstance(value, kind):
            found = "missing" if value is None else f"{value!r:.80}"
            self.refuse(f"{name} is {found}", f"{_TYPE_NAMES[kind]} is needed")
        return value

    def to_number(self, value: Any, name: str) -> float:
        """Return `value` as a finite number; a text may hold one, as in XML."""
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (ValueError, OverflowError, TypeError):
            number = math.nan
        if not math.isfinite(number):
            self.refuse(f"{name} is {value!r:.80}", "a finite number is needed")
        return number

    def to_numbers(self, value: Any, name: str) -> list[float]:
        """Return the list `value` of finite numbers."""
        return [self.to_number(entry, name) for entry in self.require(value, list, name)]

    def to_outline(self, points: ArrayLike) -> Float64Array:
        """Return `points` (k, 2) as the outline of a shape, pixels."""
        try:
            return open_ring(points)
        except (ValueError, TypeError, OverflowError) as error:
            self.refuse(f"{error}"[:120], "at least three finite points x, y are needed")

    def to_size(self, width: Any, height: Any) -> tuple[int, int]:
        """Return width and height in pixels, whole and positive."""
        sides = self.to_number(width, "the width"), self.to_number(height, "the height")
        if any(side != int(side) or side < 1 for side in sides):
            found = f"the image is {sides[0]:g} x {sides[1]:g} px"
            self.refuse(found, "at least 1 and whole pixels are needed")
        return int(sides[0]), int(sides[1])

    def each(self, entries: list[Any], title: str) -> Iterator[LabelRecord]:
        """Yield the objects in `entries`, known in messages as `title` and their index."""
        for index, entry in enumerate(entries):
            inner = LabelRecord({}, f"{self.where}, {title} {index}")
            yield LabelRecord(inner.require(entry, dict, "it"), inner.where)

    def get(self, key: str) -> Any:
        """Return the value of `key`, not checked; None where it is missing."""
        return self.values.get(key)

    def text(self, key: str) -> str:
        """Return the text `key`."""
        return self.require(self.get(key), str, f'"{key}"')

    def array(self, key: str) -> list[Any]:
        """Return the list `key`."""
        return self.require(self.get(key), list, f'"{key}"')

    def record(self, key: str) -> LabelRecord:
        """Return the object `key`."""
        return LabelRecord(self.require(self.get(key), dict, f'"{key}"'), self.where)

    def records(self, key: str, title: str) -> Iterator[LabelRecord]:
        """Yield the objects of the list `key`, known in messages as `title` and their index."""
        return self.each(self.array(key), title)

    def number(self, key: str, default: float | None = None) -> float:
        """Return the finite number `key`; `default`, where there is one, if it is missing."""
        return self.to_number(self.values.get(key, default), key)

    def numbers(self, key: str) -> list[float]:
        """Return the list of finite numbers `key`, empty where it is missing."""
        return self.to_numbers(self.get(key) or [], key)

    def points(self, key: str) -> list[list[float]]:
        """Return the points of the list `key`, as lists of finite numbers."""
        return [self.to_numbers(point, "a point") for point in self.array(key)]

    def size(self, width: str = "width", height: str = "height") -> tuple[int, int]:
        """Return the size of an image in pixels from the keys `width` and `height`."""
        return self.to_size(self.get(width), self.get(height))

    def optional_size(self) -> tuple[int, int] | None:
        """Return the size of an image in pixels, None where it has neither width nor height."""
        missing = self.get("width") is None and self.get("height") is None
        return None if missing else self.size()

    def split(self) -> str:
        """Return the split of an image, "" where it has none."""
        value = "" if self.get("split") is None else self.get("split")
        if value not in ("", *SPLITS):
            self.refuse(f"the split {value!r:.40}", f"a split is {', '.join(SPLITS)}")
        return str(value)

    def gsd_m(self) -> float | None:
        """Return the metres per pixel of an image, None where it has none."""
        gsd = None if self.get("gsd_m") is None else self.number("gsd_m")
        if gsd is not None and gsd <= 0:
            self.refuse(f"gsd_m is {gsd:g}", "it is metres per pixel, a positive number")
        return gsd


def json_record(document: LabelText) -> LabelRecord:
    """Return the JSON object that `document` holds; raises DatasetError."""
    file = LabelRecord({}, document.name)
    return LabelRecord(file.require(parse_json(document), dict, "the file"), file.where)
