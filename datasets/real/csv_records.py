"""Measured results as CSV, a dataclass per row, committed beside the script that measured them."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Protocol, TypeVar

_Row = TypeVar("_Row")
_Measured = TypeVar("_Measured", bound="OfModel")
_TYPES = {"str": str, "int": int, "float": float}


class OfModel(Protocol):
    """A row that names the model it was measured on."""

    @property
    def model(self) -> str:
        """sha256 of the model file, hexadecimal."""


def read_rows(kind: type[_Row], path: Path) -> list[_Row]:
    """Read the rows of class `kind` in the file `path`; no rows where there is no file."""
    if not path.exists():
        return []
    types = {field.name: _TYPES[str(field.type)] for field in fields(kind)}  # type: ignore[arg-type]
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [kind(**{k: _value(types[k], text) for k, text in row.items()}) for row in rows]


def write_rows(rows: Sequence[Any], path: Path) -> None:
    """Write `rows`, at least one and all of one class, to the file `path`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        names = [field.name for field in fields(rows[0])]
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: _text(v) for k, v in asdict(line).items()} for line in rows)


def replace_model_rows(rows: Sequence[Any], path: Path) -> None:
    """Replace the rows of a model in the file `path` by `rows`, all of that model."""
    others = [one for one in read_rows(type(rows[0]), path) if one.model != rows[0].model]
    write_rows([*others, *rows], path)


def rows_of_model(kind: type[_Measured], path: Path, digest: str) -> list[_Measured]:
    """Read the rows of class `kind` in the file `path` of the model with sha256 `digest`."""
    return [line for line in read_rows(kind, path) if line.model == digest]


def cell(value: float, form: str) -> str:
    """Format `value` for a table; "-" for nan."""
    return "-" if math.isnan(value) else format(value, form)


def _value(kind: type, text: str) -> Any:
    return float("nan") if kind is float and not text else kind(text)


def _text(value: str | float) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6g}"
    return str(value)
