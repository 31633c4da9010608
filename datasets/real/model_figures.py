"""Measured figures of one model: a row of ablations.csv and of the printed table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from csv_records import cell, read_rows, write_rows

RESULTS_CSV = Path(__file__).resolve().parent / "ablations.csv"
_UNKNOWN = float("nan")


@dataclass(frozen=True)
class Figures:
    """The figures of one entry of the plan; nan: not measured, or no objects.

    container_ and hull_ are of the labelled real images, fresh_ of held-back rendered chips. nmae
    and bias are at the thresholds of the model's card; even_nmae is at the threshold at which all
    images together have as many detections as objects, which only the labels reveal.
    """

    name: str
    date: str
    """Day of the measurement, ISO 8601."""
    model: str
    """sha256 of the ONNX file, hexadecimal."""
    container_m: float = _UNKNOWN
    """Working GSD, metres a pixel."""
    container_nmae: float = _UNKNOWN
    container_bias: float = _UNKNOWN
    container_even_nmae: float = _UNKNOWN
    container_ap50: float = _UNKNOWN
    container_fine_ap50: float = _UNKNOWN
    """The same, of images of at most 0.6 m a pixel."""
    container_recall: float = _UNKNOWN
    container_precision: float = _UNKNOWN
    hull_m: float = _UNKNOWN
    """Working GSD, metres a pixel."""
    hull_nmae: float = _UNKNOWN
    hull_bias: float = _UNKNOWN
    hull_even_nmae: float = _UNKNOWN
    hull_ap50: float = _UNKNOWN
    hull_length_error: float = _UNKNOWN
    """Median, relative."""
    fresh_container_nmae: float = _UNKNOWN
    fresh_container_ap50: float = _UNKNOWN
    fresh_hull_ap50: float = _UNKNOWN
    seconds: float = _UNKNOWN
    """CPU time for all real images, seconds."""
    tile_ms: float = _UNKNOWN
    """Median CPU time of one tile, milliseconds."""
    parameters: float = _UNKNOWN
    """Parameters of the network, millions."""


def read() -> dict[str, Figures]:
    """Read the measured figures by name."""
    return {line.name: line for line in read_rows(Figures, RESULTS_CSV)}


def record(line: Figures) -> None:
    """Store `line`, replacing an earlier measurement of the same name."""
    write_rows(list((read() | {line.name: line}).values()), RESULTS_CSV)


_COLUMNS = (
    ("nMAE", "container_nmae", ".3f"),
    ("bias", "container_bias", "+.3f"),
    ("even", "container_even_nmae", ".3f"),
    ("AP50", "container_ap50", ".3f"),
    ("<=0.6 m", "container_fine_ap50", ".3f"),
    ("hull nMAE", "hull_nmae", ".3f"),
    ("even", "hull_even_nmae", ".3f"),
    ("hull AP50", "hull_ap50", ".3f"),
    ("chip nMAE", "fresh_container_nmae", ".3f"),
    ("chip AP50", "fresh_container_ap50", ".3f"),
    ("chip hulls", "fresh_hull_ap50", ".3f"),
    ("CPU s", "seconds", ".0f"),
    ("ms/tile", "tile_ms", ".0f"),
    ("M par.", "parameters", ".2f"),
)
"""Heading, field and form of what is printed."""


def table(lines: Sequence[tuple[str, str, Figures | None]]) -> str:
    """Format a row for each (name, what, figures); "not measured" without figures."""
    head = f"{'':<22} {'what differs':<44}"
    rows = [head + "".join(f" {title:>{_width(title)}}" for title, _, _ in _COLUMNS)]
    for name, what, figures in lines:
        start = f"{name[:22]:<22} {what[:44]:<44}"
        if figures is None:
            rows.append(f"{start} not measured")
            continue
        cells = [cell(getattr(figures, field), form) for _, field, form in _COLUMNS]
        pairs = zip(_COLUMNS, cells, strict=True)
        rows.append(start + "".join(f" {text:>{_width(t)}}" for (t, _, _), text in pairs))
    return "\n".join(rows)


def _width(title: str) -> int:
    return max(7, len(title))
