"""One panel of a chart: the counts of a pier, its visibility, and the hulls at its berth.

Everything drawn has a label where it needs an explanation: the legend shows these labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cv.counting.pier_count import ALL_SEEN
from cv.geometry.arrays import BoolArray, Float64Array
from cv.report.colours import FAINT, INK, PAPER, RULE
from cv.timeseries.series import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE_GAP = pd.Timedelta(days=1.5)
"""Observations of the whole pier further apart than this are not joined by a line."""
QUANTITY_NAMES = {"containers": "containers", "teu": "TEU"}
"""The quantities that can be drawn."""

_CONTAINERS, _WHOLE, _ABOARD, _HULL = "#0b5cad", "#8e44ad", "#d1495b", "#2f6f73"
_DAYS = {
    "partial": ("#fbe9c0", "day seen in part"),
    "unseen": ("#c3c9ce", "image, but not seen"),
    "no image": (PAPER, "no image"),
    "no hull": ("#eef3f3", "no hull at the berth"),
    "one hull": (_HULL, "one hull"),
    "hulls": ("#123c3f", "several hulls"),
}
"""Colours of days and their meaning."""
_MARKERS = "osD^vP"
"""One marker per counting method."""
_MIN_CELL_PX = 15
"""Minimum width of a day for a number to fit in, pixels."""
_MANY = 120
"""More observations than this get smaller markers."""


@dataclass(frozen=True)
class DayRange:
    """The shown days, and their scale in the figure."""

    first: pd.Timestamp
    """Start of the first day, UTC."""
    last: pd.Timestamp
    """Start of the last day, UTC."""
    width_px: float
    """Width of the time axis, pixels."""

    @classmethod
    def of(cls, series: Sequence[Series], width_px: float) -> DayRange:
        """Return the days from the first to the last observation of all `series`."""
        times = [count.acquired for one in series for count in one.counts if count.acquired]
        first, last = (min(times), max(times)) if times else (0, 0)
        first, last = (pd.to_datetime(time, utc=True).normalize() for time in (first, last))
        return cls(first, last, width_px)

    @property
    def days(self) -> pd.DatetimeIndex:
        """Every calendar day, UTC."""
        return pd.date_range(self.first, self.last, freq="D")

    @property
    def ends(self) -> tuple[float, float]:
        """Left and right end of the time axis, days since 1970; at least a week apart."""
        margin = max(0.3, (7 - len(self.days)) / 2)
        left = day_numbers([self.first])[0]
        return left - margin, left + len(self.days) + margin

    @property
    def day_px(self) -> float:
        """Width of one day, pixels."""
        left, right = self.ends
        return self.width_px / (right - left)


def counting_methods(one: Series) -> list[str]:
    """Return method and model of each observation; the outline too, where the pier has several."""
    several = len({count.place for count in one.counts}) > 1
    return [
        f"{count.method}, model {count.model[:12]}"
        + (f", outline {count.place[:8]}" if several else "")
        for count in one.counts
    ]


def method_markers(series: Sequence[Series]) -> dict[str, str]:
    """Return a marker for each of `counting_methods` by which `series` have numbers."""
    methods = dict.fromkeys(
        method
        for one in series
        for count, method in zip(one.counts, counting_methods(one), strict=True)
        if count.containers.known
    )
    return dict(zip(methods, _MARKERS * len(methods), strict=False))


def draw_panel(
    axes: tuple[Axes, Axes], one: Series, span: DayRange, quantity: str, markers: Mapping[str, str]
) -> None:
    """Draw one series: its counts on the first of `axes`, its hulls on the second.

    Args:
        axes: Axes of the chart, and of the strip of hulls.
        one: The series.
        span: The shown days.
        quantity: "containers" or "teu".
        markers: Marker of each counting method.
    """
    chart, strip = axes
    chart.set_ylabel(f"{QUANTITY_NAMES[quantity]}\n(visible roofs)", fontsize=11, color=INK)
    chart.grid(axis="y", color=RULE, linewidth=0.8)
    chart.set_axisbelow(True)
    chart.tick_params(axis="y", labelsize=10.5, colors=INK, length=0)
    for side in ("top", "right", "left"):
        chart.spines[side].set_visible(False)
    chart.spines["bottom"].set_color(FAINT)
    _shade_days(chart, daily_visibility(one, span, quantity))
    top = _draw_counts(chart, one, quantity, markers)
    if quantity == "containers":
        top = max(top, _draw_whole_pier(chart, one), _draw_aboard(chart, one))
    if top < 0:
        chart.text(
            0.5, 0.5, "this pier was never visible", transform=chart.transAxes,
            ha="center", va="center", fontsize=13, color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 6},
        )  # fmt: skip
        chart.set_yticks([])
    else:
        chart.locator_params(axis="y", integer=True, nbins=5)
    chart.set_ylim(0, max(top, 1.0) * 1.1)
    _draw_hulls(strip, one, span)


def daily_visibility(one: Series, span: DayRange, quantity: str) -> pd.Series[str]:
    """Return the visibility of each day: "whole", "partial", "unseen" or "no image"."""
    daily = one.daily().reindex(span.days)
    visibility = pd.Series("unseen", index=span.days)
    known = daily[quantity].notna()
    visibility[known] = "partial"
    visibility[known & _shows_whole_pier(daily)] = "whole"
    visibility[daily["status"].isna()] = "no image"
    return visibility


def _shows_whole_pier(observations: pd.DataFrame) -> pd.Series[bool]:
    """Return which observations show all of the pier, whatever they show of its berth."""
    all_seen = (observations["visible_fraction"] >= ALL_SEEN).fillna(False).astype(bool)
    return (observations["status"] == "counted").fillna(False).astype(bool) | all_seen


def _shade_days(axes: Axes, keys: pd.Series[str]) -> None:
    """Shade each day by the colour of its key; days with another key stay as they are."""
    for key, (colour, label) in _DAYS.items():
        days = day_numbers(keys.index[keys == key])
        if len(days):
            axes.broken_barh(
                [(day, 1.0) for day in days],
                (0, 1),
                transform=axes.get_xaxis_transform(),
                facecolor=colour,
                edgecolor=RULE if key == "no image" else "none",
                hatch="////" if key == "no image" else None,
                linewidth=0,
                zorder=0,
                label=label,
            )


def _draw_counts(axes: Axes, one: Series, quantity: str, markers: Mapping[str, str]) -> float:
    """Draw the known counts; return the top of the highest interval, -1 without any."""
    known = one.observations[quantity].notna()
    observations = one.observations[known]
    if observations.empty:
        return -1.0
    x = day_numbers(observations["acquired"])
    value, low, high = (
        observations[f"{quantity}{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high")
    )
    whole = _shows_whole_pier(observations).to_numpy(dtype=bool)
    methods = np.array(counting_methods(one))[known.to_numpy(dtype=bool)]
    size = _marker_size(one)
    axes.vlines(x, low, high, color=_CONTAINERS, linewidth=size / 4, alpha=0.75, zorder=3)
    labels = (
        (whole, _CONTAINERS, f"{QUANTITY_NAMES[quantity]}, whole pier seen"),
        (~whole, "white", "count of the visible part only"),
    )
    for method in dict.fromkeys(methods.tolist()):
        style: dict[str, Any] = {"linestyle": "none", "marker": markers[method]}
        _draw_lines(axes, x, value, (methods == method) & whole)
        for shown, fill, label in labels:
            chosen = (methods == method) & shown
            if chosen.any():
                axes.plot(
                    x[chosen], value[chosen], **style, markersize=size, markerfacecolor=fill,
                    markeredgecolor=_CONTAINERS, markeredgewidth=size / 4.3, zorder=4,
                    clip_on=False, label=label,
                )  # fmt: skip
        if len(markers) > 1:
            axes.plot([], [], **style, color=FAINT, label=method)
    return float(high.max())


def _draw_lines(axes: Axes, x: Float64Array, values: Float64Array, chosen: BoolArray) -> None:
    """Join the `chosen` observations that are at most `LINE_GAP` apart."""
    x, values = x[chosen], values[chosen]
    breaks = np.flatnonzero(np.diff(x) > LINE_GAP / pd.Timedelta(days=1)) + 1
    for days, part in zip(np.split(x, breaks), np.split(values, breaks), strict=True):
        axes.plot(days, part, color=_CONTAINERS, linewidth=1.4, alpha=0.45, zorder=2)


def _draw_whole_pier(axes: Axes, one: Series) -> float:
    """Draw what the whole pier held where a part was seen; return the top, -1 without any."""
    estimated = ~_shows_whole_pier(one.observations) & one.observations["whole"].notna()
    observations = one.observations[estimated]
    if observations.empty:
        return -1.0
    x, size = day_numbers(observations["acquired"]), _marker_size(one)
    value, low, high = (
        observations[f"whole{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high")
    )
    axes.vlines(x, low, high, color=_WHOLE, linewidth=1.2 * size, alpha=0.25, zorder=2.5)
    axes.plot(
        x, value, linestyle="none", marker="_", markersize=1.6 * size, markeredgecolor=_WHOLE,
        markeredgewidth=2.0, zorder=3.5, label="whole pier, hidden part estimated",
    )  # fmt: skip
    return float(high.max())


def _draw_aboard(axes: Axes, one: Series) -> float:
    """Draw containers aboard, if any; return the largest number, -1 without any."""
    observations = one.observations[one.observations["aboard"].fillna(0) > 0]
    if observations.empty:
        return -1.0
    values = observations["aboard"].to_numpy(dtype=float)
    axes.plot(
        day_numbers(observations["acquired"]), values, linestyle="none", marker="x",
        markersize=_marker_size(one) + 1, markeredgecolor=_ABOARD, markeredgewidth=1.8, zorder=5,
        clip_on=False, label="containers aboard ships",
    )  # fmt: skip
    return float(values.max())


def _marker_size(one: Series) -> float:
    return 6.5 if len(one) <= _MANY else 3.6


def _draw_hulls(axes: Axes, one: Series, span: DayRange) -> None:
    """Draw the strip of hulls at the berth, a cell per day."""
    daily = one.daily().reindex(span.days)
    hulls = daily["hulls"]
    keys = pd.Series("unseen", index=span.days)
    keys[daily["status"].isna()] = "no image"
    for number, key in enumerate(("no hull", "one hull", "hulls")):
        keys[(hulls >= number).fillna(False)] = key
    has_berth = any(c.berth_visible_fraction is not None or c.hulls.known for c in one)
    if has_berth:
        _shade_days(axes, keys)
    elif len(one):
        axes.text(
            0.5, 0.47, "no berth", transform=axes.transAxes, ha="center", va="center",
            fontsize=9.5, color=FAINT,
        )  # fmt: skip
    axes.set_ylim(0, 1)
    axes.set_yticks([0.5], ["hulls"], fontsize=10.5, color=INK)
    axes.tick_params(axis="y", length=0)
    for spine in axes.spines.values():
        spine.set_color(RULE)
    if span.day_px < _MIN_CELL_PX:
        return
    for x, number in zip(day_numbers(span.days), hulls, strict=True):
        if not pd.isna(number):
            colour = "white" if number else FAINT
            axes.text(
                x + 0.5, 0.47, f"{number:.0f}", ha="center", va="center", fontsize=9.5, color=colour
            )


def day_numbers(times: Any) -> Float64Array:
    """Return `times` as days since 1970, the unit of dates in matplotlib."""
    naive = pd.DatetimeIndex(times).tz_convert("UTC").tz_localize(None)
    return np.asarray((naive - pd.Timestamp(0)) / pd.Timedelta(days=1), dtype=np.float64)
