"""The time series of one pier: its counts over time, with gaps that stay gaps."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from string import ascii_uppercase
from typing import Any, overload

import pandas as pd

from cv.counting.pier_count import CountStatus, Estimate, PierCount, format_percentage
from cv.counting.scene_counts import counts_html, counts_to_dataframe
from cv.io.terminal_text import quantity
from cv.ledger import Ledger
from cv.site import Pier, Site
from cv.timeseries.container_places import ContainerPlaces, center_of
from cv.timeseries.whole_pier import StandingContainers, comparable_counts, whole_pier_estimates

KNOWN_STATUSES = (CountStatus.COUNTED.value, CountStatus.PARTIAL.value)
"""Statuses of counts that can have numbers."""
_HEADING = "date        time         containers   TEU  hulls  aboard  visible  status"
_LINE_WIDTH = 100
_MAX_BAR = 12
"""Characters of the longest bar: a line then stays within 100, for 99,999 containers too."""


@dataclass(frozen=True, eq=False)
class Series(Sequence[PierCount]):
    """The counts of one pier over time: a sequence of `PierCount`."""

    pier: str
    """Name of the pier."""
    counts: tuple[PierCount, ...] = field(repr=False)
    """One count a scene, by time."""
    places: ContainerPlaces = field(default_factory=dict, repr=False)
    """Where the containers of each scene stand, as far as known."""

    @classmethod
    def of(
        cls,
        pier: str | Pier,
        counts: Sequence[PierCount],
        places: ContainerPlaces | None = None,
    ) -> Series:
        """Return the series of `pier` from its `counts`, in the order in which they were recorded.

        A scene with several counts is represented by the last one, and by a failed one only if it
        has no other. Raises ValueError for a count of another pier or without a time.
        Counts of a `Pier` may be recorded under its name or an alias.
        """
        name, names = (pier.name, pier.names) if isinstance(pier, Pier) else (pier, (pier,))
        latest: dict[str, PierCount] = {}
        for count in counts:
            if count.pier not in names:
                raise ValueError(f"a count of {count.pier!r} in the series of {name!r}")
            if count.acquired is None:
                raise ValueError(f"the count of {count.scene!r} has no time")
            known = latest.get(count.scene, count)
            if count.status is not CountStatus.FAILED or known.status is CountStatus.FAILED:
                latest[count.scene] = count
        by_time = sorted(latest.values(), key=attrgetter("acquired", "scene"))
        return cls(name, tuple(by_time), places or {})

    @classmethod
    def read(cls, ledger: Ledger, pier: str | Pier, site: Site | None = None) -> Series:
        """Return the series of a pier in a ledger; empty if the ledger has no counts of it.

        >>> with Ledger.open("port.db", readonly=True) as ledger:
        ...     Series.read(ledger, "Pier 2", site)
        Series('Export pier', observations=3, 2025-09-08 to 2025-09-10)

        Args:
            ledger: An open ledger.
            pier: The pier, its name, or an alias in `site`.
            site: The site, if `pier` may be an alias.

        Raises:
            SiteError: `site` has no such pier.
            LedgerError: The ledger cannot be read.
        """
        wanted = site.pier(pier) if site is not None and isinstance(pier, str) else pier
        return cls.of(wanted, ledger.counts(wanted), ledger.container_places(wanted))

    @cached_property
    def whole(self) -> tuple[Estimate, ...]:
        """Containers on the whole pier in each observation: seen, or estimated for its hidden part.

        See `cv.timeseries.whole_pier`.
        """
        return whole_pier_estimates(self.counts, self.places, self.standing.contradicted)

    @cached_property
    def standing(self) -> StandingContainers:
        """What containers at the same places before and after each observation say about it."""
        return StandingContainers.of(self.counts, self.places)

    @cached_property
    def center(self) -> tuple[float, float] | None:
        """Longitude and latitude, degrees, of the middle of its containers; None if not known."""
        return center_of(self.places[one.scene] for one in self.counts if one.scene in self.places)

    def segments(self) -> tuple[Series, ...]:
        """Return the parts of this series whose counts are comparable, by time.

        A new one starts where model, method and its version, outline or declared stretch change
        from one number to the next.
        """
        parts: list[list[PierCount]] = []
        last: PierCount | None = None
        for count in self.counts:
            known = count.status.value in KNOWN_STATUSES
            if not parts or (known and last is not None and not comparable_counts(last, count)):
                parts.append([])
            parts[-1].append(count)
            last = count if known else last
        return tuple(Series(self.pier, tuple(part), self.places) for part in parts)

    @cached_property
    def observations(self) -> pd.DataFrame:
        """A row per scene, by time.

        Columns: scene, acquired (UTC), status, reason, visible_fraction and berth_visible_fraction
        (0 to 1), containers, teu, hulls and aboard with _low and _high (missing where unknown),
        the method, model and settings that the row rests on, and whole, whole_low and whole_high:
        containers on the whole pier, those of its hidden part estimated.
        """
        types = {"interval_calibrated": "boolean", "interval_level": "Float64"}
        table = counts_to_dataframe(self.counts).astype(types)
        for end in ("", "_low", "_high"):
            ends = [getattr(one, end[1:] or "value") for one in self.whole]
            table[f"whole{end}"] = pd.array(ends, dtype="Float64")
        texts = [name for name in table if pd.api.types.is_string_dtype(table[name])]
        return table.astype(dict.fromkeys(texts, "string"))

    def __len__(self) -> int:
        return len(self.counts)

    @overload
    def __getitem__(self, key: int) -> PierCount: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[PierCount, ...]: ...
    def __getitem__(self, key: int | slice) -> PierCount | tuple[PierCount, ...]:
        """Return the count at a position, or those of a slice."""
        return self.counts[key]

    def __repr__(self) -> str:
        days = [f"{count.acquired:%Y-%m-%d}" for count in self.counts if count.acquired]
        span = f", {days[0]} to {days[-1]}" if days else ""
        return f"Series({self.pier!r}, observations={len(self)}{span})"

    def _repr_html_(self) -> str:
        return counts_html(self.observations, "acquired")

    @property
    def methods(self) -> tuple[str, ...]:
        """The ways of counting in use, in order: "method, model ..., outline ...".

        Numbers of different ways are not comparable as they stand.
        """
        return tuple(dict.fromkeys(way for way in self.method_per_observation if way))

    @property
    def method_per_observation(self) -> list[str]:
        """How each observation was counted; empty for one without a number."""
        return [
            f"{count.method}, model {count.model[:12]}, outline {count.place[:8]}"
            if count.status.value in KNOWN_STATUSES
            else ""
            for count in self.counts
        ]

    def daily(self) -> pd.DataFrame:
        """Return a row per calendar day (UTC) from the first observation to the last.

        Indexed by date; `images` is the number of observations of the day. The values are those of
        one of them: with a number if there is one, then the largest visible fraction, then the
        latest. On a day without an observation all of them are missing, never 0.
        `cv.daily_levels` adds a smoothed number of containers.
        """
        table = self.observations.assign(
            date=self.observations["acquired"].dt.normalize(),
            known=self.observations["status"].isin(KNOWN_STATUSES),
            view=self.observations["visible_fraction"].fillna(-1.0),
        )
        images = table.groupby("date").size()
        best = table.sort_values(["date", "known", "view", "acquired"], kind="stable")
        best = best.drop_duplicates("date", keep="last").set_index("date")
        days = pd.DatetimeIndex([], tz="UTC")
        if len(table):
            days = pd.date_range(images.index[0], images.index[-1], freq="D")
        daily = best.drop(columns=["known", "view"]).reindex(days)
        daily.insert(0, "images", images.reindex(days).fillna(0).astype("int64"))
        return daily.rename_axis("date")

    def to_text(self) -> str:
        """Return the series for a terminal, a line per observation, at most 100 wide.

        Unknown is "-"; where only the berth was seen, the status says so. The bar shows containers:
        # up to the count, - up to the upper end of its interval.
        """
        if not len(self):
            return f"{self.pier}: no observations"
        table = self.observations
        top = table["containers_high"].max()
        scale = 0.0 if pd.isna(top) or top <= 0 else _MAX_BAR / float(top)
        acquired = table["acquired"]
        known, observations = table["containers"].notna(), quantity(len(self), "observation")
        lines = [
            f"{self.pier} ({table['role'].iloc[-1]}): containers known in {known.sum()} of "
            f"{observations}, {acquired.iloc[0]:%Y-%m-%d} to {acquired.iloc[-1]:%Y-%m-%d}, "
            "times in UTC",
            _HEADING,
        ]
        days = acquired.dt.normalize().tolist()
        letters = {"": ""} | dict(zip(self.methods, ascii_uppercase, strict=False))
        mixed = len(self.methods) > 1
        ways = self.method_per_observation
        for row, way, before, day in zip(table.itertuples(), ways, [days[0], *days], days):  # noqa: B905 (one more `before`)
            lines += _gap_lines(before, day)
            lines.append(_line(row, letters.get(way, "?") if mixed else "", scale))
        doubtful = (known & ~table["interval_calibrated"]).sum()
        calibration = f", not calibrated in {doubtful} of {known.sum()}" if doubtful else ""
        level = table["interval_level"].iloc[-1]
        lines.append(f"in brackets: {level:.0%} interval of the true number{calibration}")
        lines += _partial_lines(table)
        if mixed:
            lines.append("MIXED: counted in several ways, not comparable as they stand")
            lines += [f"  {letters[way]}: {way}" for way in self.methods if way in letters]
        return "\n".join(lines)


def _partial_lines(table: pd.DataFrame) -> list[str]:
    """Return the line that says why observations are partial, if any are: the commonest reason."""
    reasons = table["reason"][table["status"] == CountStatus.PARTIAL].dropna()
    if not len(reasons):
        return []
    numbers = reasons.value_counts()
    others = f", and {quantity(len(numbers) - 1, 'other reason')}" if len(numbers) > 1 else ""
    line = f"partial, {numbers.iloc[0]} of {len(reasons)} times: {numbers.index[0]}{others}"
    return textwrap.wrap(line, _LINE_WIDTH, subsequent_indent="  ")


def _gap_lines(previous: pd.Timestamp, day: pd.Timestamp) -> list[str]:
    """Return a line for the days between two observations, if there are any."""
    days = (day - previous).days - 1
    first, last = previous + pd.Timedelta(days=1), day - pd.Timedelta(days=1)
    until = f" until {last:%Y-%m-%d} ({days} days)" if days > 1 else ""
    return [f"{first:%Y-%m-%d}  -      no image{until}"] if days > 0 else []


def _line(row: Any, method_letter: str, scale: float) -> str:
    """Return the line of one observation; `scale` is characters of the bar per container."""
    containers, bar = "-", ""
    if not pd.isna(row.containers):
        low, high = row.containers_low, row.containers_high
        containers = f"{row.containers:.0f} ({low:.0f}-{high:.0f})"
        solid, reach = round(row.containers * scale), round(high * scale)
        bar = "#" * solid + "-" * (reach - solid)
    visible = format_percentage(None if pd.isna(row.visible_fraction) else row.visible_fraction)
    berth_only = pd.isna(row.containers) and not pd.isna(row.hulls)
    status = f"{'berth only' if berth_only else row.status.replace('_', ' ')} {method_letter}"
    return (
        f"{row.acquired:%Y-%m-%d  %H:%M}  {containers:>16}  {_whole(row.teu):>4}  "
        f"{_whole(row.hulls):>5}  {_whole(row.aboard):>6}  {visible:>7}  {status:<12}  {bar}"
    ).rstrip()


def _whole(value: float) -> str:
    return "-" if pd.isna(value) else f"{value:.0f}"
