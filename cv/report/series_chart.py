"""Figure of one or more series: counts over time, visibility, hulls and events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING

import pandas as pd

from cv.events.event import Event
from cv.events.vessels.published_claims import PublishedClaim
from cv.io.terminal_text import quantity as number_of
from cv.report.colours import FAINT, INK, PAPER
from cv.report.event_lanes import ROW_PX, draw_lanes, lane_rows
from cv.report.figures import DPI, shorten, with_fonts
from cv.report.series_panel import (
    QUANTITY_NAMES,
    DayRange,
    daily_visibility,
    day_numbers,
    draw_panel,
    method_markers,
)
from cv.timeseries.series import Series

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _LEFT, _RIGHT = 1600, 110, 40
_HEAD, _FOOT, _LEGEND_ROW, _TITLE, _STRIP, _GAP = 76, 64, 21, 34, 24, 6
_TALL, _SHORT = 340, 180
"""Pixels: width and margins; heights of the parts; height of a panel for few and many series."""
_LEGEND_COLUMNS = 5
_LABEL_STEPS, _LABEL_PX = (1, 2, 3, 7), 64
"""Days between date labels, and the width of a label, pixels."""
_NAME_CHARS = 60


@with_fonts
def series_figure(
    series: Sequence[Series],
    quantity: str = "containers",
    events: Sequence[Event] = (),
    claims: Sequence[PublishedClaim] = (),
) -> Figure:
    """Return a figure, 1600 pixels wide, with a panel per series; times are UTC.

    Each observation is a point with its interval, hollow if only a part of the pier was visible.
    Days without a visible pier or without an image are shaded, and no line crosses them. Below each
    panel a strip shows the hulls at the berth, and lanes show the events of the pier.

    Args:
        series: One or more series.
        quantity: "containers" or "teu".
        events: Events of any piers.
        claims: Published claims of any piers.

    Raises:
        ValueError: No series, or another quantity.
    """
    if not series or quantity not in QUANTITY_NAMES:
        raise ValueError(f"{len(series)} series of {quantity!r} cannot be drawn")
    from matplotlib.figure import Figure

    markers = method_markers(series)
    span = DayRange.of(series, _WIDTH - _LEFT - _RIGHT)
    lanes = [
        lane_rows(
            [event for event in events if event.pier == one.pier],
            [claim for claim in claims if claim.pier == one.pier],
            span,
        )
        for one in series
    ]
    tall = _TALL if len(series) <= 3 else _SHORT
    parts = [(_TITLE, tall, _GAP, _STRIP, _GAP, ROW_PX * len(rows)) for rows in lanes]
    heights = [height for part in parts for height in part]
    figure = Figure(dpi=DPI, facecolor=PAPER)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    for i, (one, rows) in enumerate(zip(series, lanes, strict=True)):
        chart, strip = (figure.add_subplot(grid[i * len(parts[0]) + part]) for part in (1, 3))
        axes = [chart, strip]
        draw_panel((chart, strip), one, span, quantity, markers)
        if rows:
            axes.append(figure.add_subplot(grid[i * len(parts[0]) + 5]))
            draw_lanes(axes[-1], rows, span)
        _title(chart, one, span, quantity, named=len(series) > 1)
        for each in axes:
            _dates(each, span, shown=each is axes[-1] and i == len(series) - 1)
    _finish(figure, sum(heights), series, quantity, list(markers))
    return figure


def _finish(
    figure: Figure,
    panels_px: int,
    series: Sequence[Series],
    quantity: str,
    methods: Sequence[str],
) -> None:
    """Give the figure its height, title, provenance, and a legend of what is drawn in it."""
    legend: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            legend.setdefault(label, handle)
    height = _HEAD + panels_px + _FOOT + _LEGEND_ROW * math.ceil(len(legend) / _LEGEND_COLUMNS)
    left, top = _LEFT / _WIDTH, 1 - _HEAD / height
    figure.set_size_inches(_WIDTH / DPI, height / DPI)
    figure.subplots_adjust(left, top - panels_px / height, 1 - _RIGHT / _WIDTH, top, hspace=0)
    piers = shorten(series[0].pier, _NAME_CHARS) if len(series) == 1 else f"{len(series)} piers"
    name = QUANTITY_NAMES[quantity]
    title = f"{name[0].upper()}{name[1:]} on {piers}"
    figure.text(
        left, 1 - 34 / height, title, fontsize=18, fontweight="bold", color=INK, parse_math=False
    )
    figure.text(left, 1 - 58 / height, _provenance(series, methods), fontsize=10.5, color=FAINT)
    swatches = figure.legend(
        handles=legend.values(), labels=legend.keys(), ncols=_LEGEND_COLUMNS, loc="lower left",
        fontsize=10, labelcolor=INK, bbox_to_anchor=(left - 0.006, 0.0), frameon=False,
        handletextpad=0.5, columnspacing=1.3, borderaxespad=0.8,
    ).get_patches()  # fmt: skip
    for swatch in swatches:
        swatch.set(edgecolor=FAINT, linewidth=0.4)


def _dates(axes: Axes, span: DayRange, shown: bool) -> None:
    """Label the time axis: at noon of days, or at the first of months."""
    from matplotlib.dates import AutoDateLocator, DateFormatter
    from matplotlib.ticker import FixedLocator, Locator

    step = next((step for step in _LABEL_STEPS if step * span.day_px >= _LABEL_PX), None)
    locator: Locator
    if step is None:
        locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=14)  # type: ignore[no-untyped-call]
    else:
        locator = FixedLocator((day_numbers(span.days[::step]) + 0.5).tolist())
    axes.set_xlim(*span.ends)
    axes.xaxis.set_major_locator(locator)
    years = {day.year for day in (span.days[0], span.days[-1])}  # a single one is in the subtitle
    label = "%d %b\n%Y" if len(years) > 1 else "%d %b"
    axes.xaxis.set_major_formatter(DateFormatter(label, tz=UTC))  # type: ignore[no-untyped-call]
    axes.tick_params(
        axis="x", length=4 if shown else 0, labelbottom=shown, labelsize=10.5, colors=INK
    )


def _title(axes: Axes, one: Series, span: DayRange, quantity: str, named: bool) -> None:
    """Write numbers of observations and of days by visibility, and the pier's name if `named`."""
    days = daily_visibility(one, span, quantity).value_counts()
    names = {"whole": "seen", "partial": "seen in part", "unseen": "unseen"}
    parts = [number_of(len(one), "observation")]
    parts += [f"{number_of(days[key], 'day')} {name}" for key, name in names.items() if key in days]
    if "no image" in days:
        parts.append(f"{number_of(days['no image'], 'day')} without an image")
    if len(one.methods) > 1:
        parts.append(f"MIXED: {len(one.methods)} counting methods")
    summary = ", ".join(parts) if len(one) else "no observations"
    axes.set_title(summary, loc="right", fontsize=10.5, color=FAINT, pad=8)
    if named:
        axes.set_title(
            shorten(one.pier, _NAME_CHARS), loc="left", fontsize=13, fontweight="bold", color=INK,
            pad=8, parse_math=False,
        )  # fmt: skip


def _provenance(series: Sequence[Series], methods: Sequence[str]) -> str:
    """Return dates, intervals and the counting method; several methods are in the legend."""
    observations = pd.concat([one.observations for one in series])
    if observations.empty:
        return "no observations"
    first, last = observations["acquired"].min(), observations["acquired"].max()
    level = observations["interval_level"].iloc[-1]
    known = observations["interval_calibrated"].dropna()
    doubtful = int((~known).sum())
    calibrated = f", {doubtful} of {len(known)} not calibrated" if doubtful else ""
    method = f"; {methods[0]}" if len(methods) == 1 else ""
    days = f"{first:%d %b %Y}" + (f" to {last:%d %b %Y}" if last.date() > first.date() else "")
    return f"{days}, UTC; bars: {level:.0%} intervals{calibrated}{method}"
