"""Caption of an annotated scene: the counts of each pier, and their provenance."""

from __future__ import annotations

from functools import partial
from math import hypot
from typing import TYPE_CHECKING

from cv.counting.pier_count import CountStatus
from cv.counting.scene_counts import SceneCounts
from cv.report.colours import LIGHT_FAINT, LIGHT_INK, WARNING
from cv.report.counts_text import HEADINGS, count_cells, scene_title
from cv.report.figures import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE_PX, MARGIN_PX = 22, 14
"""Line height and margin around the text, pixels."""
MIN_WIDTH_PX = 1080
"""Width that the columns need, pixels."""
_COLUMNS_PX = (0, 250, 370, 520, 670, 780, 910, 990)
"""Left edges of the columns."""
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
        write(MARGIN_PX, y, line, color=LIGHT_FAINT if i else LIGHT_INK, fontweight=weight)
        y += LINE_PX
    for name, x in zip(HEADINGS, _COLUMNS_PX, strict=True):
        write(MARGIN_PX + x, y, name, color=LIGHT_FAINT)
    for count in counts:
        y += LINE_PX
        colour = LIGHT_INK if count.status is CountStatus.COUNTED else WARNING
        for cell, x in zip(count_cells(count), _COLUMNS_PX, strict=True):
            write(MARGIN_PX + x, y, shorten(cell, _NAME_CHARS), color=colour)
    for note in _notes(counts):
        y += LINE_PX
        write(MARGIN_PX, y, note, color=LIGHT_FAINT)
    y += LINE_PX
    left = float(MARGIN_PX)
    for label, colour, style in legend:
        axes.plot([left, left + 22], [y, y], style, color=colour, linewidth=1.8 * scale)
        write(left + 29, y, label, color=LIGHT_FAINT)
        left += 29 + 7.4 * len(label) + 18


def _lines(counts: SceneCounts) -> list[str]:
    """Return two lines: scene, time and GSD; model, method and intervals."""
    if not len(counts):
        return [counts.scene]
    first = counts[0]
    known = [count for count in counts if count.has_number]
    calibrated = "" if all(count.interval_calibrated for count in known) else "not "
    intervals = f", {first.interval_level:.0%} intervals ({calibrated}calibrated)" if known else ""
    clouds = "clouds known" if first.visibility.startswith("udm2") else "no cloud mask"
    provenance = f"model {first.model[:12]}, {first.method}{intervals}"
    moved_m = hypot(*(counts.shift_m or (0.0, 0.0)))
    moved = f", outlines moved by {moved_m:.1f} m" if moved_m > 0 else ""
    return [scene_title(counts), f"{provenance}, {clouds}{moved}"]


def _notes(counts: SceneCounts) -> list[str]:
    """Return the reasons, each once, of counts without numbers for other causes than visibility."""
    statuses = (CountStatus.UNFIT, CountStatus.OUT_OF_RANGE, CountStatus.FAILED)
    return list(dict.fromkeys(count.reason[:150] for count in counts if count.status in statuses))
