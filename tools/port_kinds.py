"""Skill of the events engine at simulated ports of many kinds, compared with simple rules.

    python tools/port_kinds.py --ports 50 --days 365 --seed 1 --workers 2

Every port's parameters are drawn from wide distributions (`simulated_ports/kinds.py`), and from
them its ships, containers, clouds, counts. Whether an event is true is judged by
`simulated_ports/event_truth.py`, one definition for each kind. The engine gets the counts with the
places of the containers, as from a ledger. Ports of another `--seed` are other ports: whoever fits
something to some seeds reports others.

The simple warnings are tuned on ports like Rajin, of seeds of their own: the setting with the
fewest false warnings that warns of nine of ten gatherings, or else the one that warns of most.
`--json FILE` writes a JSON object a line: every event ("event"), every true stay ("stay") and the
amounts of every pier ("amounts").
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial, reduce
from importlib.util import find_spec
from itertools import pairwise
from operator import add
from pathlib import Path

import numpy as np
from simulated_ports.event_metrics import Proportion
from simulated_ports.kind_metrics import (
    CallScore,
    JudgedEvent,
    MatchedCalls,
    PierScore,
    PortId,
    ShownStays,
    WarningScore,
    score_calls,
    score_pier,
    score_warnings,
)
from simulated_ports.kinds import KIND_BY_NAME, KINDS, PortKind
from simulated_ports.naive_calls import naive_calls
from simulated_ports.pier_observation import ObservedPier
from tqdm import tqdm
from warning_baselines import BASELINES, RISE_SETTINGS, Alarm, RawCounts, rise_alarms

from cv.events.event import Event
from cv.events.site_events import find_events

TUNING_SEED = 7_000_000
"""Added to the seed of ports at which simple warnings are tuned."""
TUNING_PORTS = 24
_MIN_TUNED_RECALL = 0.9
BANDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
"""Edges of the bands of stated probability."""
MIN_EVENTS, MAX_DIFFERENCE = 50, 0.05
"""A band of so many events is flagged if stated and true differ by more."""
WARNING_RULES: dict[str, tuple[Callable[[RawCounts, float], list[Alarm]], tuple[float, ...]]] = {
    "level": BASELINES["fixed threshold"],
    "rise": (rise_alarms, RISE_SETTINGS),
    "CUSUM": BASELINES["CUSUM"],
} | ({"PELT": BASELINES["ruptures PELT"]} if find_spec("ruptures") else {})
"""Simple warnings by name, with the settings that are tried; PELT if ruptures is installed."""
Rule = tuple[str, float]
"""Name of a simple warning, and its setting."""
Targets = list[tuple[str, bool | None, str]]
"""What is wanted, whether it is so (None: there was nothing to judge), and the figures."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PortScore:
    """All scores at one port, or the sum of those of one kind."""

    piers: tuple[PierScore, ...]
    naive: tuple[CallScore, ...]
    """Of calls by the count of hulls, of each pier."""
    naive_certain: tuple[CallScore, ...]
    """Of calls by the lower end of its interval."""
    rules: tuple[dict[str, WarningScore], ...]
    """Of simple warnings, of each pier."""

    def __add__(self, other: PortScore) -> PortScore:
        return PortScore(
            piers=self.piers + other.piers,
            naive=self.naive + other.naive,
            naive_certain=self.naive_certain + other.naive_certain,
            rules=self.rules + other.rules,
        )

    @property
    def calls(self) -> CallScore:
        """Of all piers."""
        return reduce(add, [pier.calls for pier in self.piers])

    @property
    def warnings(self) -> WarningScore:
        """Of all piers."""
        return reduce(add, [pier.warnings for pier in self.piers])

    @property
    def events(self) -> list[JudgedEvent]:
        """Of all piers."""
        return [event for pier in self.piers for event in pier.events]


def rule_alarms(pier: ObservedPier, name: str, setting: float) -> list[Alarm]:
    """Return the alarms of a simple warning at a pier; hidden counts are left out."""
    raw = RawCounts.of(pier.series, clouds_as_zero=False)
    return WARNING_RULES[name][0](raw, setting) if len(raw.days) else []


def score_port(port: PortId, days: int, rules: Sequence[Rule]) -> PortScore:
    """Simulate a port, find its events and score them and the simple rules."""
    piers = KIND_BY_NAME[port.kind].simulate(port.seed, port.number, days)
    by_name = {pier.name: pier for pier in piers}
    events = find_events({pier.name: pier.series for pier in piers})
    return score_events(port, by_name, events, rules)


def score_events(
    port: PortId, piers: dict[str, ObservedPier], events: Sequence[Event], rules: Sequence[Rule]
) -> PortScore:
    """Score the `events` at the `piers` of a port, and the simple rules there."""
    naive, certain = (
        tuple(
            score_calls(
                pier, ShownStays.of(pier), MatchedCalls.of(pier, naive_calls(pier.series, sure))
            )
            for pier in piers.values()
        )
        for sure in (False, True)
    )
    return PortScore(
        piers=tuple(score_pier(port, pier, piers, events) for pier in piers.values()),
        naive=naive,
        naive_certain=certain,
        rules=tuple(
            {rule[0]: score_warnings(pier, rule_alarms(pier, *rule)) for rule in rules}
            for pier in piers.values()
        ),
    )


def score_settings(number: int, seed: int, days: int) -> dict[Rule, WarningScore]:
    """Return the scores of every setting of every simple warning at a port like Rajin."""
    piers = KIND_BY_NAME["rajin_like"].simulate(seed + TUNING_SEED, number, days)
    return {
        (name, setting): reduce(
            add, [score_warnings(pier, rule_alarms(pier, name, setting)) for pier in piers]
        )
        for name, (_, settings) in WARNING_RULES.items()
        for setting in settings
    }


def tune_rules(seed: int, days: int, pool: ProcessPoolExecutor) -> tuple[Rule, ...]:
    """Return the setting of each simple warning."""
    ports = list(pool.map(partial(score_settings, seed=seed, days=days), range(TUNING_PORTS)))
    totals = {rule: reduce(add, [port[rule] for port in ports]) for rule in ports[0]}
    return tuple(_tuned(name, totals) for name in WARNING_RULES)


def _tuned(name: str, totals: dict[Rule, WarningScore]) -> Rule:
    own = {rule: score for rule, score in totals.items() if rule[0] == name}
    enough = [rule for rule, score in own.items() if score.warned.rate >= _MIN_TUNED_RECALL]
    if enough:
        return min(enough, key=lambda rule: own[rule].false)
    return max(own, key=lambda rule: own[rule].warned.rate)


def measure(
    kinds: Sequence[PortKind], ports: int, days: int, seed: int, workers: int
) -> tuple[dict[str, PortScore], tuple[Rule, ...]]:
    """Return the scores of each kind, over so many ports, and the tuned simple warnings."""
    wanted = [PortId(kind=k.name, seed=seed, number=n) for n in range(ports) for k in kinds]
    with ProcessPoolExecutor(workers) as pool:
        rules = tune_rules(seed, days, pool)
        results = pool.map(partial(score_port, days=days, rules=rules), wanted, chunksize=2)
        scores = list(tqdm(results, total=len(wanted), unit="port", disable=None, leave=False))
    by_kind = {
        kind.name: reduce(
            add, [s for p, s in zip(wanted, scores, strict=True) if p.kind == kind.name]
        )
        for kind in kinds
    }
    return by_kind, rules


def rate(share: Proportion, width: int) -> str:
    """Return a share as text; "-" of nothing."""
    return f"{share.rate:.3f}".rjust(width) if share.total else "-".rjust(width)


def calls_table(scores: dict[str, PortScore]) -> list[str]:
    """Return the lines of calls, with the naive rules beside the engine."""
    lines = [
        f"{'':<17} {'certain':>13} {'likely':>13} {'clear':>13}",
        f"{'calls':<17} {'shown  recall':>13} {'shown  recall':>13} {'shown  recall':>13} "
        "precision  arrivals  departures  unseen  right",
    ]
    for name, score in _with_all(scores):
        c = score.calls
        lines.append(
            f"{name:<17}"
            + "".join(f" {p.total:>5} {rate(p, 7)}" for p in (c.certain, c.likely, c.clear))
            + f" {rate(c.precision, 9)} {rate(c.arrivals, 9)} {rate(c.departures, 11)} "
            f"{c.unseen.total:>7} {rate(c.unseen, 6)}"
        )
    lines += [
        "",
        f"{'':<17} {'a run of counts >= 1':>38} {'a run of lower ends >= 1':>38}",
        f"{'naive calls':<17} {'certain  likely   clear  precision':>38} "
        f"{'certain  likely   clear  precision':>38}",
    ]
    for name, score in _with_all(scores):
        line = f"{name:<17}"
        for naive in (reduce(add, score.naive), reduce(add, score.naive_certain)):
            recalls = (naive.certain, naive.likely, naive.clear)
            line += "     " + "".join(rate(p, 8) for p in recalls) + rate(naive.precision, 10)
        lines.append(line)
    return lines


def warnings_table(scores: dict[str, PortScore], rules: Sequence[Rule]) -> list[str]:
    """Return the lines of warnings, with the simple ones beside the engine's."""
    lines = [
        "warnings          gatherings  recall  evident  recall  given/y  false/y  baseless/y  "
        "late/y  active  lead d"
    ]
    for name, score in _with_all(scores):
        w = score.warnings
        lines.append(
            f"{name:<17} {w.warned.total:>10} {rate(w.warned, 7)} {w.evident.total:>8} "
            f"{rate(w.evident, 7)} {w.given / w.years:>8.2f} {w.false_per_year:>8.2f} "
            f"{w.baseless / w.years:>11.2f} {w.late / w.years:>7.2f} "
            f"{w.active_share:>7.1%} {w.lead_d:>7.2f}"
        )
    heads = ["pierwatch", *(f"{name} {setting:g}" for name, setting in rules)]
    lines += [
        "",
        f"{'recall, false/y':<17}" + "".join(f"  {head:>17}" for head in heads),
        f"{'and time active':<17}" + f"  {'recall  f/y  time':>17}" * len(heads),
    ]
    for name, score in _with_all(scores):
        each = [score.warnings]
        each += [reduce(add, [pier[rule] for pier in score.rules]) for rule, _ in rules]
        lines.append(
            f"{name:<17}"
            + "".join(
                f"  {rate(w.warned, 6)} {w.false_per_year:>5.1f} {w.active_share:>4.0%}"
                for w in each
            )
        )
    return lines


def halts_table(scores: dict[str, PortScore]) -> list[str]:
    """Return the lines of halts: the stated probability that no call went unseen, and the truth."""
    lines = ["halts             number  stated  no call in it  no ship in it"]
    for name, score in _with_all(scores):
        halts = [event for event in score.events if event.kind == "halt"]
        if halts:
            stated, true, strict = (
                np.mean([getattr(halt, field) for halt in halts])
                for field in ("stated", "true", "strictly_true")
            )
            lines.append(f"{name:<17} {len(halts):>6} {stated:>7.3f} {true:>14.3f} {strict:>14.3f}")
    return lines


def amounts_table(scores: dict[str, PortScore]) -> list[str]:
    """Return the lines of amounts: whether at least holds, and stated over true sums."""
    lines = [
        f"{'':<17} {'loaded':>40} {'unloaded':>40}",
        f"{'amounts':<17}" + "  piers  at least holds  of true  about/true" * 2,
    ]
    for name, score in _with_all(scores):
        line = f"{name:<17}"
        for each in ([p.loaded for p in score.piers], [p.unloaded for p in score.piers]):
            holds = Proportion(sum(a.at_least <= a.true for a in each), len(each))
            true = sum(a.true for a in each)
            least, about = sum(a.at_least for a in each), sum(a.about for a in each)
            parts = [f"{value / true:.3f}" if true else "-" for value in (least, about)]
            line += f" {holds.total:>6} {rate(holds, 15)} {parts[0]:>8} {parts[1]:>11}"
        lines.append(line)
    return lines


def sizes_table(scores: dict[str, PortScore]) -> list[str]:
    """Return the lines of sizes of true events: how often their intervals hold the true size."""
    events = [event for score in scores.values() for event in score.events if event.true]
    lines = ["sizes of true events      number  in interval  not below its low end  stated/true"]
    for kind in sorted({event.kind for event in events}):
        own = [
            (event.size, event.size_low, event.size_high, event.true_size)
            for event in events
            if event.kind == kind
        ]
        sizes = np.array([row for row in own if None not in row], dtype=np.float64).reshape(-1, 4)
        if not len(sizes):
            continue
        stated, low, high, true = sizes.T
        held = (low <= true) & (true <= high)
        least = np.where(low * high > 0, np.minimum(np.abs(low), np.abs(high)), 0.0)
        enough = (least <= np.abs(true)) & ((stated * true > 0) | (least == 0))
        ratio = np.median(np.abs(stated[true != 0]) / np.abs(true[true != 0]))
        lines.append(
            f"{kind:<25} {len(sizes):>6} {held.mean():>12.3f} {enough.mean():>22.3f} {ratio:>12.3f}"
        )
    return lines


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """Stated and true probability of some events."""

    kind: str
    """Kind of events."""
    where: str
    """Band of stated probability, or kind of port."""
    number: int
    stated: float
    true: float

    @classmethod
    def of(cls, kind: str, where: str, events: Sequence[JudgedEvent]) -> Reliability:
        """Compare the events, at least one, that can be judged."""
        stated = float(np.mean([event.stated for event in events]))
        true = float(np.mean([bool(event.true) for event in events]))
        return cls(kind=kind, where=where, number=len(events), stated=stated, true=true)

    @property
    def off(self) -> bool:
        """Whether stated and true differ by too much."""
        return self.number >= MIN_EVENTS and abs(self.stated - self.true) > MAX_DIFFERENCE

    def line(self) -> str:
        """Return it as a line of a table."""
        flag = "  *" if self.off else ""
        return (
            f"{self.kind:<24} {self.where:<16} {self.number:>6} {self.stated:>7.3f} "
            f"{self.true:>6.3f}{flag}"
        )


def reliabilities(events: Iterable[JudgedEvent]) -> list[Reliability]:
    """Return the reliability of each kind of event: over all its events, and by band."""
    by_kind: dict[str, list[JudgedEvent]] = defaultdict(list)
    for event in events:
        if event.true is not None:
            by_kind[event.kind].append(event)
    found = []
    for kind, own in sorted(by_kind.items()):
        found.append(Reliability.of(kind, "all", own))
        place = np.searchsorted(BANDS[1:-1], [event.stated for event in own], "right")
        for band, (low, high) in enumerate(pairwise(BANDS)):
            here = [event for event, p in zip(own, place.tolist(), strict=True) if p == band]
            if here:
                found.append(Reliability.of(kind, f"{low:g} to {high:g}", here))
    return found


def reliability_table(scores: dict[str, PortScore]) -> list[str]:
    """Return the lines of stated and true probabilities; * marks those that differ by too much."""
    events = [event for score in scores.values() for event in score.events]
    lines = ["reliability              stated           number  stated   true"]
    lines += [one.line() for one in reliabilities(events)]
    cells = [
        Reliability.of(
            one.kind, name, [e for e in score.events if e.kind == one.kind and _known(e)]
        )
        for name, score in scores.items()
        for one in reliabilities(score.events)
        if one.where == "all"
    ]
    worst = sorted((one for one in cells if one.off), key=lambda one: -abs(one.stated - one.true))
    lines += ["", "farthest off             port             number  stated   true"]
    return lines + [one.line() for one in worst[:20]]


def _known(event: JudgedEvent) -> bool:
    return event.true is not None


def _with_all(scores: dict[str, PortScore]) -> list[tuple[str, PortScore]]:
    return [*scores.items(), ("all", reduce(add, scores.values()))]


def targets(scores: dict[str, PortScore]) -> Targets:
    """Return every target, whether it is met, and the figures of the kinds that miss it."""
    found: Targets = []

    def judge(target: str, figures: dict[str, tuple[bool, str]]) -> None:
        missed = {name: text for name, (met, text) in figures.items() if not met}
        text = ", ".join(f"{name} {figure}" for name, figure in missed.items()) or "every kind"
        found.append((target, not missed if figures else None, text))

    own = {name: (score, KIND_BY_NAME[name]) for name, score in scores.items()}
    calls = {name: (s.calls, reduce(add, s.naive), kind) for name, (s, kind) in own.items()}
    judge(
        "recall of calls with a clear image and a probability >= 0.5 at least the naive one's",
        {
            name: (c.likely.rate >= n.likely.rate, f"{c.likely.rate:.3f} < {n.likely.rate:.3f}")
            for name, (c, n, _) in calls.items()
            if c.likely.total
        },
    )
    for what, images in (("certain", "a lower end >= 1"), ("likely", "a probability >= 0.5")):
        judge(
            f"recall of calls with a clear image and {images} >= 0.90 where hulls are found",
            {
                name: (getattr(c, what).rate >= 0.9, f"{getattr(c, what).rate:.3f}")
                for name, (c, _, kind) in calls.items()
                if kind.finds_hulls and getattr(c, what).total
            },
        )
    judge(
        "precision of seen calls >= 0.93",
        {
            name: (c.precision.rate >= 0.93, f"{c.precision.rate:.3f}")
            for name, (c, _, _) in calls.items()
            if c.precision.total
        },
    )
    judge(
        "false warnings <= 2 a year, without ships < 0.5",
        {
            name: (
                s.warnings.false_per_year <= 2 if kind.ships else s.warnings.false_per_year < 0.5,
                f"{s.warnings.false_per_year:.2f}",
            )
            for name, (s, kind) in own.items()
        },
    )
    judge(
        "recall of warnings >= 0.9 where a stockpile comes before ships",
        {
            name: (s.warnings.warned.rate >= 0.9, f"{s.warnings.warned.rate:.3f}")
            for name, (s, kind) in own.items()
            if kind.gathers and s.warnings.warned.total
        },
    )
    off = [one for one in reliabilities(e for s in scores.values() for e in s.events) if one.off]
    judge(
        "stated probabilities within 5 points of the true share",
        {
            f"{one.kind} {one.where}": (False, f"{one.stated:.3f} but {one.true:.3f}")
            for one in off
            if one.where != "all"
        }
        or {"all": (True, "")},
    )
    for what in ("loaded", "unloaded"):
        sums = {name: [getattr(pier, what) for pier in s.piers] for name, (s, _) in own.items()}
        holds = {
            name: Proportion(sum(a.at_least <= a.true for a in each), len(each))
            for name, each in sums.items()
        }
        judge(
            f"at least so many {what}: holds at 95 % of the piers",
            {name: (one.rate >= 0.95, f"{one.rate:.3f}") for name, one in holds.items()},
        )
    return found


def summary(scores: dict[str, PortScore]) -> list[str]:
    """Return a line for each target."""
    words = {True: "met   ", False: "MISSED", None: "-     "}
    return [f"{words[met]}  {target}: {text}" for target, met, text in targets(scores)]


def write_records(path: Path, scores: dict[str, PortScore]) -> None:
    """Write every event, every true stay and the amounts of every pier, a JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        for score in scores.values():
            for pier in score.piers:
                rows = [{"record": "event"} | asdict(event) for event in pier.events]
                rows += [{"record": "stay"} | asdict(stay) for stay in pier.stays]
                rows.append(
                    {"record": "amounts"}
                    | asdict(pier.port)
                    | {"pier": pier.name}
                    | {"loaded": asdict(pier.loaded), "unloaded": asdict(pier.unloaded)}
                )
                file.writelines(json.dumps(row) + "\n" for row in rows)


def tables(scores: dict[str, PortScore], rules: Sequence[Rule]) -> str:
    """Return all tables as text."""
    parts = [
        calls_table(scores),
        warnings_table(scores, rules),
        halts_table(scores),
        amounts_table(scores),
        sizes_table(scores),
        reliability_table(scores),
        summary(scores),
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ports", type=int, default=50, help="ports of each kind")
    parser.add_argument("--days", type=int, default=365, help="days that each is observed")
    parser.add_argument("--seed", type=int, default=1, help="ports of another seed are others")
    parser.add_argument("--kinds", help="kinds of ports, separated by commas; all without")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, help="file for every event with its truth")
    args = parser.parse_args()
    names = args.kinds.split(",") if args.kinds else list(KIND_BY_NAME)
    unknown = sorted(set(names) - set(KIND_BY_NAME))
    if unknown:
        parser.error(f"unknown kinds: {', '.join(unknown)}; known: {', '.join(KIND_BY_NAME)}")
    kinds = [kind for kind in KINDS if kind.name in names]
    scores, rules = measure(kinds, args.ports, args.days, args.seed, args.workers)
    if args.json:
        write_records(args.json, scores)
    print(tables(scores, rules))


if __name__ == "__main__":
    main()
