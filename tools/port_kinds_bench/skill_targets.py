"""What is wanted of the engine at every kind of port, and whether it is so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add

from simulated_ports.event_metrics import Proportion
from simulated_ports.kinds import KIND_BY_NAME

from port_kinds_bench.pier_score import share_held
from port_kinds_bench.port_score import PortScore
from port_kinds_bench.reliability import reliabilities

_Figures = dict[str, tuple[bool, str]]
"""Whether each kind of port, or band of events, meets a target, and its figure."""


@dataclass(frozen=True)
class Target:
    """Something that is wanted of the engine."""

    wanted: str
    met: bool | None
    """None: there was nothing to judge."""
    figures: str
    """Those of the kinds that miss it."""

    @classmethod
    def of(cls, wanted: str, figures: _Figures) -> Target:
        """Judge a target by the figures of each kind."""
        missed = {name: text for name, (met, text) in figures.items() if not met}
        text = ", ".join(f"{name} {figure}" for name, figure in missed.items()) or "every kind"
        return cls(wanted, not missed if figures else None, text)


def targets(scores: Mapping[str, PortScore]) -> list[Target]:
    """Return every target, by the scores of each kind of port."""
    return [
        *_call_targets(scores),
        *_warning_targets(scores),
        _reliability_target(scores),
        *_amount_targets(scores),
    ]


def _call_targets(scores: Mapping[str, PortScore]) -> Iterator[Target]:
    """Yield the targets of calls."""
    calls = {name: (score.calls, reduce(add, score.naive)) for name, score in scores.items()}
    yield Target.of(
        "recall of calls with a clear image and a probability >= 0.5 at least the naive one's",
        {
            name: (c.likely.rate >= n.likely.rate, f"{c.likely.rate:.3f} < {n.likely.rate:.3f}")
            for name, (c, n) in calls.items()
            if c.likely.total
        },
    )
    found = {name: c for name, (c, _) in calls.items() if KIND_BY_NAME[name].finds_hulls}
    for images, recalls in (
        ("a lower end >= 1", {name: c.certain for name, c in found.items()}),
        ("a probability >= 0.5", {name: c.likely for name, c in found.items()}),
    ):
        yield Target.of(
            f"recall of calls with a clear image and {images} >= 0.90 where hulls are found",
            _at_least(0.9, recalls),
        )
    yield Target.of(
        "precision of seen calls >= 0.93",
        _at_least(0.93, {name: c.precision for name, (c, _) in calls.items()}),
    )


def _at_least(least: float, shares: Mapping[str, Proportion]) -> _Figures:
    """Judge the shares that are not of nothing."""
    return {
        name: (share.rate >= least, f"{share.rate:.3f}")
        for name, share in shares.items()
        if share.total
    }


def _warning_targets(scores: Mapping[str, PortScore]) -> Iterator[Target]:
    """Yield the targets of warnings."""
    false = {name: score.warnings.false_per_year for name, score in scores.items()}
    yield Target.of(
        "false warnings <= 2 a year, without ships < 0.5",
        {
            name: (number <= 2 if KIND_BY_NAME[name].ships else number < 0.5, f"{number:.2f}")
            for name, number in false.items()
        },
    )
    warned = {
        name: score.warnings.warned for name, score in scores.items() if KIND_BY_NAME[name].gathers
    }
    yield Target.of(
        "recall of warnings >= 0.9 where a stockpile comes before ships", _at_least(0.9, warned)
    )


def _reliability_target(scores: Mapping[str, PortScore]) -> Target:
    """Return the target of stated probabilities."""
    events = (event for score in scores.values() for event in score.events)
    off = {
        f"{one.kind} {one.where}": (False, f"{one.stated:.3f} but {one.true:.3f}")
        for one in reliabilities(events)
        if one.off and one.where != "all"
    }
    return Target.of(
        "stated probabilities within 5 points of the true share", off or {"all": (True, "")}
    )


def _amount_targets(scores: Mapping[str, PortScore]) -> Iterator[Target]:
    """Yield the targets of what ships loaded and unloaded."""
    for what, amounts in (
        ("loaded", {name: [p.loaded for p in one.piers] for name, one in scores.items()}),
        ("unloaded", {name: [p.unloaded for p in one.piers] for name, one in scores.items()}),
    ):
        yield Target.of(
            f"at least so many {what}: holds at 95 % of the piers",
            _at_least(0.95, {name: share_held(each) for name, each in amounts.items()}),
        )


def summary(scores: Mapping[str, PortScore]) -> list[str]:
    """Return a line for each target."""
    words = {True: "met   ", False: "MISSED", None: "-     "}
    return [f"{words[one.met]}  {one.wanted}: {one.figures}" for one in targets(scores)]
