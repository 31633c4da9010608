"""Measured lines as CSV: a frozen dataclass a row, committed beside the script that measured it."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Protocol, TypeVar

_Line = TypeVar("_Line")
_Measured = TypeVar("_Measured", bound="OfModel")
_TYPES = {"str": str, "int": int, "float": float}


class OfModel(Protocol):
    """A line that says what it was measured of."""

    model: str
    """sha256 of the model file, hexadecimal."""


def load(kind: type[_Line], path: Path) -> list[_Line]:
    """The lines of class `kind` in the file `path`; none where it is not there."""
    if not path.exists():
        return []
    types = {field.name: _TYPES[str(field.type)] for field in fields(kind)}  # type: ignore[arg-type]
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [kind(**{k: _value(types[k], text) for k, text in row.items()}) for row in rows]


def save(lines: Sequence[Any], path: Path) -> None:
    """Writes `lines`, of one class and at least one, as the file `path`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        names = [field.name for field in fields(lines[0])]
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: _text(v) for k, v in asdict(line).items()} for line in lines)


def keep(lines: Sequence[Any], path: Path) -> None:
    """Writes `lines`, all of one model, in the place of what the file `path` has of that model."""
    others = [one for one in load(type(lines[0]), path) if one.model != lines[0].model]
    save([*others, *lines], path)


def rows_of_model(kind: type[_Measured], path: Path, digest: str) -> list[_Measured]:
    """The lines of class `kind` in the file `path` that are of the model with sha256 `digest`."""
    return [line for line in load(kind, path) if line.model == digest]


def cell(value: float, form: str) -> str:
    """`value` in a table; "-" where it is nan."""
    return "-" if math.isnan(value) else format(value, form)


def _value(kind: type, text: str) -> Any:
    return float("nan") if kind is float and not text else kind(text)


def _text(value: str | float) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return str(value)
