"""Counts of one scene as a text table or as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.counting.pier_count import BerthedHull, PierCount, format_percentage
from cv.counting.scene_counts import SceneCounts
from cv.io.terminal_text import printable_line

HEADINGS = ("pier", "status", "containers", "TEU", "hulls", "aboard", "pier seen", "berth seen")
"""Columns of a table of counts."""


def counts_table(counts: SceneCounts) -> str:
    """Return a table with a line per pier, and notes below it."""
    rows = [HEADINGS, *map(count_cells, counts)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([scene_title(counts), *lines, *_notes(counts)])


def scene_title(counts: SceneCounts) -> str:
    """Return the name, time and GSD of the scene of `counts`, which are not empty."""
    first = counts[0]
    when = f"{first.acquired:%Y-%m-%d %H:%M:%S} UTC" if first.acquired else "time unknown"
    gsd = f"{first.gsd_m[0]:.3g} x {first.gsd_m[1]:.3g} m a pixel"
    return f"{printable_line(counts.scene)}  {when}  {gsd}"


def count_cells(count: PierCount) -> tuple[str, ...]:
    """Return the cells below `HEADINGS` for one count."""
    return (
        count.pier,
        count.status.value,
        str(count.containers),
        str(count.teu),
        str(count.hulls),
        str(count.aboard),
        format_percentage(count.visible_fraction),
        format_percentage(count.berth_visible_fraction),
    )


def _notes(counts: SceneCounts) -> list[str]:
    first = counts[0]
    notes = [
        f"{far.pier}: no count, it lies {far.distance_km:,.0f} km from the scene"
        for far in counts.distant
    ]
    notes += [f"{count.pier}: {count.reason}" for count in counts if count.reason]
    notes += [
        f"{count.pier}: stack of {stack.containers}, {stack.length_m:.0f} x {stack.width_m:.0f} m"
        for count in counts
        for stack in count.stacks[:3]
    ]
    notes += [f"{count.pier}: hull {_hull(hull)}" for count in counts for hull in count.berthed]
    if not any(count.has_number for count in counts):
        return notes
    notes.append(f"(in brackets) {first.interval_level:.0%} intervals, {_calibration(counts)}")
    if first.visibility == "mask":
        notes.append("the scene has no cloud mask: clouds would count as seen")
    if first.visibility == "pixels":
        notes.append("the scene has no cloud mask: clouds are judged from its pixels")
    return notes


def _calibration(counts: SceneCounts) -> str:
    """Return whether the intervals are calibrated, and where they are not."""
    known = [count for count in counts if count.has_number]
    doubtful = [count.pier for count in known if not count.interval_calibrated]
    if not doubtful:
        return "calibrated"
    if len(doubtful) == len(known):
        return "not calibrated"
    return f"calibrated, but not for {', '.join(doubtful)}"


def _hull(hull: BerthedHull) -> str:
    heading = "" if math.isnan(hull.heading_deg) else f", heading {hull.heading_deg:.0f} deg"
    return f"{hull.length_m:.0f} x {hull.beam_m:.0f} m{heading}"


def counts_json(counts: SceneCounts) -> str:
    """Return the counts of one scene as a JSON object; unknown numbers are null, times ISO 8601."""
    record = {
        "scene": counts.scene,
        "digest": counts.digest,
        "piers": [_count_fields(count) for count in counts],
        "distant": [asdict(far) for far in counts.distant],
    }
    return json.dumps(_plain(record), indent=2)


def _count_fields(count: PierCount) -> dict[str, Any]:
    """Return the members of a count; without a number it has no intervals to be calibrated."""
    fields = asdict(count)
    return fields if count.has_number else fields | {"interval_calibrated": None}


def detections_json(detections: Sequence[GeoreferencedDetection]) -> str:
    """Return detections as a JSON list, corners in pixels of the scene as delivered."""
    return json.dumps(
        [
            {
                "class": detection.kind,
                "score": detection.score,
                "corners": [list(corner) for corner in detection.corners],
                "length_m": detection.length_m,
                "width_m": detection.width_m,
                "aboard": detection.aboard,
            }
            for detection in detections
        ],
        indent=1,
    )


def _plain(value: Any) -> Any:
    """Return `value` in types of JSON; nan and inf become null, geometries GeoJSON."""
    if isinstance(value, BaseGeometry):
        return _plain(mapping(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
