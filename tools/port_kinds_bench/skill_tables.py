"""Tables of the skill at finding calls, warnings, halts and amounts, and of the sizes of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add

import numpy as np
from simulated_ports.event_metrics import Proportion

from port_kinds_bench.pier_score import share_held
from port_kinds_bench.port_score import PortScore
from port_kinds_bench.simple_warnings import Rule

Scores = Mapping[str, PortScore]
"""The scores of each kind of port, by its name."""


def rate(share: Proportion, width: int) -> str:
    """Return a share as text; "-" of nothing."""
    return f"{share.rate:.3f}".rjust(width) if share.total else "-".rjust(width)


def calls_table(scores: Scores) -> list[str]:
    """Return the lines of calls."""
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
    return lines


def naive_calls_table(scores: Scores) -> list[str]:
    """Return the lines of calls by the hull count alone: by its value, and by its lower end."""
    lines = [
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


def warnings_table(scores: Scores) -> list[str]:
    """Return the lines of warnings."""
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
    return lines


def simple_warnings_table(scores: Scores, rules: Sequence[Rule]) -> list[str]:
    """Return the lines of simple warnings beside the engine's."""
    heads = ["pierwatch", *(f"{name} {setting:g}" for name, setting in rules)]
    lines = [
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


def halts_table(scores: Scores) -> list[str]:
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


def amounts_table(scores: Scores) -> list[str]:
    """Return the lines of amounts: whether at least holds, and stated over true sums."""
    lines = [
        f"{'':<17} {'loaded':>40} {'unloaded':>40}",
        f"{'amounts':<17}" + "  piers  at least holds  of true  about/true" * 2,
    ]
    for name, score in _with_all(scores):
        line = f"{name:<17}"
        for each in ([p.loaded for p in score.piers], [p.unloaded for p in score.piers]):
            holds = share_held(each)
            true = sum(a.true for a in each)
            least, about = sum(a.at_least for a in each), sum(a.about for a in each)
            parts = [f"{value / true:.3f}" if true else "-" for value in (least, about)]
            line += f" {holds.total:>6} {rate(holds, 15)} {parts[0]:>8} {parts[1]:>11}"
        lines.append(line)
    return lines


def sizes_table(scores: Scores) -> list[str]:
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


def _with_all(scores: Scores) -> list[tuple[str, PortScore]]:
    return [*scores.items(), ("all", reduce(add, scores.values()))]
