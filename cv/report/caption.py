"""Caption of an annotated scene: the counts of each pier, and their provenance."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cv.counting.count import CountStatus, Estimate, PierCount, format_percentage
from cv.counting.counts import SceneCounts
from cv.report.figures import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE_PX, MARGIN_PX = 22, 14
"""Line height and margin around the text, pixels."""
MIN_WIDTH_PX = 1080
"""Width that the columns need, pixels."""
BACKGROUND = "#10181f"
"""Background colour around the scene."""

_INK, _FAINT, _WARNING = "#f2f5f7", "#9fb0bd", "#ffc861"
_COLUMNS = (
    ("pier", 0),
    ("status", 250),
    ("containers", 370),
    ("TEU", 520),
    ("hulls", 670),
    ("aboard", 780),
    ("pier seen", 910),
    ("berth seen", 990),
)
"""Heading and left edge of each column, pixels."""
_NAME_CHARS = 32


def caption_height(counts: SceneCounts) -> int:
    """Return the height of the caption of `counts`, pixels."""
    return 2 * MARGIN_PX + LINE_PX * (len(_lines(counts)) + len(counts) + len(_notes(counts)) + 2)


def draw_caption(
    axes: Axes, counts: SceneCounts, legend: tuple[tuple[str, str, str], ...], scale: float
) -> None:
    """Write the caption of `counts`.

    Args:
        axes: Axes with y down, whose units are `scale` pixels.
        counts: Counts of the scene.
        legend: Label, colour and line style of each kind of outline.
        scale: Size of the text, 1.0 is normal.
    """
    write = partial(axes.text, fontsize=9.5 * scale, va="center_baseline", parse_math=False)
    y = float(MARGIN_PX + LINE_PX // 2)
    for i, line in enumerate(_lines(counts)):
        weight = "normal" if i else "bold"
        write(MARGIN_PX, y, line, color=_FAINT if i else _INK, fontweight=weight)
        y += LINE_PX
    for name, x in _COLUMNS:
        write(MARGIN_PX + x, y, name, color=_FAINT)
    for count in counts:
        y += LINE_PX
        colour = _INK if count.status is CountStatus.COUNTED else _WARNING
        for (_, x), cell in zip(_COLUMNS, _cells(count), strict=True):
            write(MARGIN_PX + x, y, cell, color=colour)
    for note in _notes(counts):
        y += LINE_PX
        write(MARGIN_PX, y, note, color=_FAINT)
    y += LINE_PX
    left = 0.0
    for label, colour, style in legend:
        start = MARGIN_PX + left
        axes.plot([start, start + 22], [y, y], style, color=colour, linewidth=1.8 * scale)
        write(start + 29, y, label, color=_FAINT)
        left += 29 + 7.4 * len(label) + 18


def _lines(counts: SceneCounts) -> list[str]:
    """Return two lines: scene and time; GSD, model, method and intervals."""
    if not len(counts):
        return [counts.scene]
    first = counts[0]
    when = f"{first.acquired:%Y-%m-%d %H:%M:%S} UTC" if first.acquired else "time unknown"
    intervals = "calibrated" if first.interval_calibrated else "not calibrated"
    clouds = "clouds known" if first.visibility == "udm2" else "no cloud mask"
    return [
        f"{counts.scene}    {when}",
        f"{first.gsd_m[0]:.3g} x {first.gsd_m[1]:.3g} m a pixel, model {first.model[:12]}, "
        f"{first.method}, {first.interval_level:.0%} intervals ({intervals}), {clouds}",
    ]


def _notes(counts: SceneCounts) -> list[str]:
    """Return the reasons, each once, of counts without numbers for other causes than visibility."""
    statuses = (CountStatus.OUT_OF_RANGE, CountStatus.FAILED)
    return list(dict.fromkeys(count.reason[:150] for count in counts if count.status in statuses))


def _cells(count: PierCount) -> tuple[str, ...]:
    return (
        shorten(count.pier, _NAME_CHARS),
        count.status.value.replace("_", " "),
        _number(count.containers),
        _number(count.teu),
        _number(count.hulls),
        _number(count.aboard),
        format_percentage(count.visible_fraction),
        format_percentage(count.berth_visible_fraction),
    )


def _number(estimate: Estimate) -> str:
    if estimate.value is None:
        return "unknown"
    return f"{estimate.value:.0f} ({estimate.low:.0f}-{estimate.high:.0f})"
