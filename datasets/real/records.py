"""Measured lines as CSV: a frozen dataclass a row, committed beside the script that measured it."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

_Line = TypeVar("_Line")
_TYPES = {"str": str, "int": int, "float": float}


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


def cell(value: float, form: str) -> str:
    """`value` in a table; "-" where it is nan."""
    return "-" if math.isnan(value) else format(value, form)


def _value(kind: type, text: str) -> Any:
    return float("nan") if kind is float and not text else kind(text)


def _text(value: str | float) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return str(value)
