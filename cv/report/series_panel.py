"""One panel of a chart: the counts of a pier, its visibility, and the hulls at its berth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cv.geometry.arrays import Float64Array
from cv.timeseries.series import Series

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

LINE_GAP = pd.Timedelta(days=1.5)
"""Observations of the whole pier further apart than this are not joined by a line."""
INK, FAINT = "#1b2a38", "#5c6b78"
"""Text colours."""
LABELS = {"containers": "containers\n(visible roofs)", "teu": "TEU\n(visible roofs)"}
"""Axis labels of the quantities that can be drawn."""

_GRID = "#e3e7ea"
_CONTAINERS, _ABOARD, _NO_HULL, _HULL, _HULLS = (
    "#0b5cad",
    "#d1495b",
    "#eef3f3",
    "#2f6f73",
    "#123c3f",
)
_PARTIAL, _UNSEEN, _NO_IMAGE = "#fbe9c0", "#c3c9ce", "#ffffff"
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
        times = pd.concat(
            [one.observations["acquired"] for one in series if len(one)] or [pd.Series()]
        )
        if times.empty:
            today = pd.Timestamp("1970-01-01", tz="UTC")
            return cls(today, today, width_px)
        return cls(times.min().normalize(), times.max().normalize(), width_px)

    @property
    def days(self) -> pd.DatetimeIndex:
        """Every calendar day, UTC."""
        return pd.date_range(self.first, self.last, freq="D")

    @property
    def ends(self) -> tuple[float, float]:
        """Left and right end of the time axis, days since 1970; at least a week apart."""
        margin = max(0.3, (7 - len(self.days)) / 2)
        left = day_numbers(self.days[:1])[0]
        return left - margin, left + len(self.days) + margin

    @property
    def day_px(self) -> float:
        """Width of one day, pixels."""
        left, right = self.ends
        return self.width_px / (right - left)


def method_markers(series: Sequence[Series]) -> dict[str, str]:
    """Return a marker for each counting method of `series`."""
    methods = list(dict.fromkeys(method for one in series for method in one.methods))
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
    chart.set_ylabel(LABELS[quantity], fontsize=11, color=INK)
    chart.grid(axis="y", color=_GRID, linewidth=0.8)
    chart.set_axisbelow(True)
    chart.tick_params(axis="y", labelsize=10.5, colors=INK, length=0)
    for side in ("top", "right", "left"):
        chart.spines[side].set_visible(False)
    chart.spines["bottom"].set_color(FAINT)
    days = daily_visibility(one, span, quantity)
    _shade_days(chart, days, {"partial": _PARTIAL, "unseen": _UNSEEN, "no image": _NO_IMAGE})
    top = _draw_counts(chart, one, quantity, markers)
    if quantity == "containers":
        top = max(top, _draw_aboard(chart, one))
    if top < 0:
        chart.text(
            0.5, 0.5, "this pier was never visible", transform=chart.transAxes,
            ha="center", va="center", fontsize=13, color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 6},
        )  # fmt: skip
        chart.set_yticks([])
    chart.set_ylim(0, max(top, 1.0) * 1.1)
    if top >= 0:
        chart.locator_params(axis="y", integer=True, nbins=5)
    _draw_hulls(strip, one, span)


def daily_visibility(one: Series, span: DayRange, quantity: str) -> pd.Series[str]:
    """Return the visibility of each day: "whole", "partial", "unseen" or "no image"."""
    daily = one.daily().reindex(span.days)
    visibility = pd.Series("unseen", index=span.days)
    known = daily[quantity].notna()
    visibility[known] = daily["status"][known].map({"counted": "whole", "partial": "partial"})
    visibility[daily["status"].isna()] = "no image"
    return visibility


def _shade_days(axes: Axes, keys: pd.Series[str], colours: dict[str, str]) -> None:
    """Shade each day by the colour of its key."""
    for key, colour in colours.items():
        days = day_numbers(keys.index[keys == key])
        axes.broken_barh(
            [(day, 1.0) for day in days],
            (0, 1),
            transform=axes.get_xaxis_transform(),
            facecolor=colour,
            edgecolor=_GRID if key == "no image" else "none",
            hatch="////" if key == "no image" else None,
            linewidth=0,
            zorder=0,
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
    whole = (observations["status"] == "counted").to_numpy(dtype=bool)
    methods = np.array(one.method_per_observation)[known.to_numpy(dtype=bool)]
    size = 6.5 if len(one) <= _MANY else 3.6
    axes.vlines(x, low, high, color=_CONTAINERS, linewidth=size / 4, alpha=0.75, zorder=3)
    for method in one.methods:
        by_method = methods == method
        _draw_lines(axes, observations["acquired"][by_method & whole], value[by_method & whole])
        for filled in (True, False):
            chosen = by_method & (whole == filled)
            axes.plot(
                x[chosen], value[chosen], linestyle="none", marker=markers[method], markersize=size,
                markerfacecolor=_CONTAINERS if filled else "white", markeredgecolor=_CONTAINERS,
                markeredgewidth=1.0 if size < 5 else 1.5, zorder=4,
                clip_on=False,
            )  # fmt: skip
    return float(high.max())


def _draw_lines(axes: Axes, times: pd.Series[pd.Timestamp], values: Float64Array) -> None:
    """Join observations that are at most `LINE_GAP` apart."""
    breaks = np.flatnonzero((times.diff() > LINE_GAP).to_numpy())
    x = day_numbers(times)
    for start, end in zip([0, *breaks], [*breaks, len(x)], strict=True):
        axes.plot(
            x[start:end], values[start:end], color=_CONTAINERS, linewidth=1.4, alpha=0.45, zorder=2
        )


def _draw_aboard(axes: Axes, one: Series) -> float:
    """Draw containers aboard, if any; return the largest number, -1 without any."""
    observations = one.observations[one.observations["aboard"].fillna(0) > 0]
    if observations.empty:
        return -1.0
    values = observations["aboard"].to_numpy(dtype=float)
    size = 7.5 if len(one) <= _MANY else 4.5
    axes.plot(
        day_numbers(observations["acquired"]), values, linestyle="none", marker="x",
        markersize=size, markeredgecolor=_ABOARD, markeredgewidth=1.8, zorder=5, clip_on=False,
    )  # fmt: skip
    return float(values.max())


def _draw_hulls(axes: Axes, one: Series, span: DayRange) -> None:
    """Draw the strip of hulls at the berth, a cell per day."""
    daily = one.daily().reindex(span.days)
    hulls = daily["hulls"]
    keys = pd.Series("unseen", index=span.days)
    keys[daily["status"].isna()] = "no image"
    for number, key in ((0, "none"), (1, "one"), (2, "more")):
        keys[(hulls >= number).fillna(False)] = key
    colours = {
        "none": _NO_HULL, "one": _HULL, "more": _HULLS, "unseen": _UNSEEN, "no image": _NO_IMAGE,
    }  # fmt: skip
    _shade_days(axes, keys, colours)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.5], ["hulls"], fontsize=10.5, color=INK)
    axes.tick_params(axis="y", length=0)
    for spine in axes.spines.values():
        spine.set_color(_GRID)
    if span.day_px < _MIN_CELL_PX:
        return
    for day, number in hulls.dropna().items():
        x = day_numbers(pd.DatetimeIndex([day]))[0] + 0.5
        colour = "white" if number else FAINT
        axes.text(x, 0.47, f"{number:.0f}", ha="center", va="center", fontsize=9.5, color=colour)


def chart_legend(quantity: str, markers: Mapping[str, str]) -> list[Artist]:
    """Return the legend entries of the chart and the strip."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def point(label: str, **style: Any) -> Line2D:
        return Line2D([], [], linestyle="none", markersize=7, label=label, **style)

    name = "TEU" if quantity == "teu" else "containers"
    blue = {"markeredgecolor": _CONTAINERS, "markeredgewidth": 1.5}
    handles: list[Artist] = [
        point(f"{name}, whole pier seen", marker="o", markerfacecolor=_CONTAINERS, **blue),
        point("count of the visible part only", marker="o", markerfacecolor="white", **blue),
        Patch(facecolor=_PARTIAL, label="day seen in part"),
        Patch(facecolor=_UNSEEN, label="image, but pier not seen"),
        Patch(facecolor=_NO_IMAGE, edgecolor=_UNSEEN, hatch="////", linewidth=0, label="no image"),
        Patch(facecolor=_NO_HULL, edgecolor=_UNSEEN, label="no hull at the berth"),
        Patch(facecolor=_HULL, label="one hull"),
        Patch(facecolor=_HULLS, label="several hulls"),
    ]
    if quantity == "containers":
        cross = {"marker": "x", "markeredgecolor": _ABOARD, "markeredgewidth": 1.8}
        handles.insert(2, point("containers aboard ships", **cross))
    if len(markers) > 1:
        handles += [
            point(method, marker=marker, markerfacecolor=FAINT, markeredgecolor=FAINT)
            for method, marker in markers.items()
        ]
    return handles


def day_numbers(times: Any) -> Float64Array:
    """Return `times` as days since 1970, the unit of dates in matplotlib."""
    naive = pd.DatetimeIndex(times).tz_convert("UTC").tz_localize(None)
    days: Float64Array = ((naive - pd.Timestamp(0)) / pd.Timedelta(days=1)).to_numpy(
        dtype=np.float64
    )
    return days
