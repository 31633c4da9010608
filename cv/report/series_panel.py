"""One panel of a chart: the looks at a pier, its unseen days, and the hulls at its berth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cv.geometry.oriented_boxes import Floats
from cv.timeseries.series import Series

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

LINE_GAP = pd.Timedelta(days=1.5)
"""Whole looks further apart than this are not joined by a line: who knows what was between."""
INK, FAINT = "#1b2a38", "#5c6b78"
"""Colours of text."""
LABELS = {"containers": "containers\n(visible roofs)", "teu": "TEU\n(visible roofs)"}
"""The quantities that can be drawn."""

_GRID = "#e3e7ea"
_BOXES, _ABOARD, _NO_HULL, _HULL, _HULLS = "#0b5cad", "#d1495b", "#eef3f3", "#2f6f73", "#123c3f"
_PARTIAL, _UNSEEN, _NO_IMAGE = "#fbe9c0", "#c3c9ce", "#ffffff"
_MARKERS = "osD^vP"
"""One marker for each way of counting."""
_CELL_PX = 15
"""A day at least this wide, pixels, has room for a number."""
_MANY = 120
"""More looks than this are drawn smaller."""


@dataclass(frozen=True)
class DayRange:
    """The days that are shown, and where they lie in the picture."""

    first: pd.Timestamp
    """Midnight that begins the first day, UTC."""
    last: pd.Timestamp
    """Midnight that begins the last day, UTC."""
    width_px: float
    """Width of the axis, pixels."""

    @classmethod
    def of(cls, series: Sequence[Series], width_px: float) -> DayRange:
        """From the first look of all `series` to the last."""
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
        """Left and right end of the axis, days since 1970; a week at least."""
        spare = max(0.3, (7 - len(self.days)) / 2)
        left = day_numbers(self.days[:1])[0]
        return left - spare, left + len(self.days) + spare

    @property
    def day_px(self) -> float:
        """Width of a day, pixels."""
        left, right = self.ends
        return self.width_px / (right - left)


def method_markers(series: Sequence[Series]) -> dict[str, str]:
    """A marker for each way of counting that occurs."""
    ways = list(dict.fromkeys(way for one in series for way in one.methods))
    return dict(zip(ways, _MARKERS * len(ways), strict=False))


def draw_panel(
    axes: tuple[Axes, Axes], one: Series, span: DayRange, quantity: str, markers: Mapping[str, str]
) -> None:
    """One pier: its counts on the first of `axes`, its hulls on the second.

    `markers` tells the marker of each way of counting.
    """
    chart, strip = axes
    chart.set_ylabel(LABELS[quantity], fontsize=11, color=INK)
    chart.grid(axis="y", color=_GRID, linewidth=0.8)
    chart.set_axisbelow(True)
    chart.tick_params(axis="y", labelsize=10.5, colors=INK, length=0)
    for side in ("top", "right", "left"):
        chart.spines[side].set_visible(False)
    chart.spines["bottom"].set_color(FAINT)
    views = daily_visibility(one, span, quantity)
    _bands(chart, views, {"partial": _PARTIAL, "unseen": _UNSEEN, "no image": _NO_IMAGE})
    top = _points(chart, one, quantity, markers)
    if quantity == "containers":
        top = max(top, _aboard(chart, one))
    if top < 0:
        chart.text(
            0.5, 0.5, "no look shows this pier: nothing is known", transform=chart.transAxes,
            ha="center", va="center", fontsize=13, color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 6},
        )  # fmt: skip
        chart.set_yticks([])
    chart.set_ylim(0, max(top, 1.0) * 1.1)
    if top >= 0:
        chart.locator_params(axis="y", integer=True, nbins=5)
    _hulls(strip, one, span)


def daily_visibility(one: Series, span: DayRange, quantity: str) -> pd.Series[str]:
    """How each day saw the quantity: "whole", "partial", "unseen" or "no image"."""
    daily = one.daily().reindex(span.days)
    views = pd.Series("unseen", index=span.days)
    known = daily[quantity].notna()
    views[known] = daily["status"][known].map({"counted": "whole", "partial": "partial"})
    views[daily["status"].isna()] = "no image"
    return views


def _bands(axes: Axes, views: pd.Series[str], colours: dict[str, str]) -> None:
    """Shades the days by how they were seen."""
    for view, colour in colours.items():
        days = day_numbers(views.index[views == view])
        axes.broken_barh(
            [(day, 1.0) for day in days],
            (0, 1),
            transform=axes.get_xaxis_transform(),
            facecolor=colour,
            edgecolor=_GRID if view == "no image" else "none",
            hatch="////" if view == "no image" else None,
            linewidth=0,
            zorder=0,
        )


def _points(axes: Axes, one: Series, quantity: str, markers: Mapping[str, str]) -> float:
    """Draws the looks with numbers; returns the top of the highest interval, -1 without any."""
    known = one.observations[quantity].notna()
    looks = one.observations[known]
    if looks.empty:
        return -1.0
    x = day_numbers(looks["acquired"])
    value, low, high = (
        looks[f"{quantity}{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high")
    )
    whole = (looks["status"] == "counted").to_numpy(dtype=bool)
    ways = np.array(one.method_per_observation)[known.to_numpy(dtype=bool)]
    size = 6.5 if len(one) <= _MANY else 3.6
    axes.vlines(x, low, high, color=_BOXES, linewidth=size / 4, alpha=0.75, zorder=3)
    for way in one.methods:
        here = ways == way
        _runs(axes, looks["acquired"][here & whole], value[here & whole])
        for filled in (True, False):
            chosen = here & (whole == filled)
            axes.plot(
                x[chosen], value[chosen], linestyle="none", marker=markers[way], markersize=size,
                markerfacecolor=_BOXES if filled else "white", markeredgecolor=_BOXES,
                markeredgewidth=1.0 if size < 5 else 1.5, zorder=4,
                clip_on=False,
            )  # fmt: skip
    return float(high.max())


def _runs(axes: Axes, times: pd.Series[pd.Timestamp], values: Floats) -> None:
    """Joins whole looks that are close to each other."""
    breaks = np.flatnonzero((times.diff() > LINE_GAP).to_numpy())
    x = day_numbers(times)
    for start, end in zip([0, *breaks], [*breaks, len(x)], strict=True):
        axes.plot(
            x[start:end], values[start:end], color=_BOXES, linewidth=1.4, alpha=0.45, zorder=2
        )


def _aboard(axes: Axes, one: Series) -> float:
    """Draws containers aboard where there were any; returns the largest number, -1 without any."""
    looks = one.observations[one.observations["aboard"].fillna(0) > 0]
    if looks.empty:
        return -1.0
    values = looks["aboard"].to_numpy(dtype=float)
    size = 7.5 if len(one) <= _MANY else 4.5
    axes.plot(
        day_numbers(looks["acquired"]), values, linestyle="none", marker="x", markersize=size,
        markeredgecolor=_ABOARD, markeredgewidth=1.8, zorder=5, clip_on=False,
    )  # fmt: skip
    return float(values.max())


def _hulls(axes: Axes, one: Series, span: DayRange) -> None:
    """The strip of hulls at the berth, a cell per day."""
    daily = one.daily().reindex(span.days)
    hulls = daily["hulls"]
    views = pd.Series("unseen", index=span.days)
    views[daily["status"].isna()] = "no image"
    for number, view in ((0, "none"), (1, "one"), (2, "more")):
        views[(hulls >= number).fillna(False)] = view
    colours = {
        "none": _NO_HULL, "one": _HULL, "more": _HULLS, "unseen": _UNSEEN, "no image": _NO_IMAGE,
    }  # fmt: skip
    _bands(axes, views, colours)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.5], ["hulls"], fontsize=10.5, color=INK)
    axes.tick_params(axis="y", length=0)
    for spine in axes.spines.values():
        spine.set_color(_GRID)
    if span.day_px < _CELL_PX:
        return
    for day, number in hulls.dropna().items():
        x = day_numbers(pd.DatetimeIndex([day]))[0] + 0.5
        colour = "white" if number else FAINT
        axes.text(x, 0.47, f"{number:.0f}", ha="center", va="center", fontsize=9.5, color=colour)


def chart_key(quantity: str, markers: Mapping[str, str]) -> list[Artist]:
    """What the marks mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def point(label: str, **style: Any) -> Line2D:
        return Line2D([], [], linestyle="none", markersize=7, label=label, **style)

    what = "TEU" if quantity == "teu" else "containers"
    blue = {"markeredgecolor": _BOXES, "markeredgewidth": 1.5}
    handles: list[Artist] = [
        point(f"{what}, pier seen whole", marker="o", markerfacecolor=_BOXES, **blue),
        point("seen in part: of that part only", marker="o", markerfacecolor="white", **blue),
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
            point(way, marker=marker, markerfacecolor=FAINT, markeredgecolor=FAINT)
            for way, marker in markers.items()
        ]
    return handles


def day_numbers(times: Any) -> Floats:
    """Days since 1970, which is what matplotlib's dates are."""
    naive = pd.DatetimeIndex(times).tz_convert("UTC").tz_localize(None)
    days: Floats = ((naive - pd.Timestamp(0)) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
    return days
