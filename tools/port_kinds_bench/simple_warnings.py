"""Simple warnings that the engine's are compared with, and their tuning.

They are tuned on ports like Rajin, of seeds of their own: the setting with the fewest false
warnings that warns of nine of ten gatherings, or else the one that warns of most.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial, reduce
from importlib.util import find_spec
from operator import add

from simulated_ports.kinds import KIND_BY_NAME
from simulated_ports.pier_observation import ObservedPier
from warning_baselines import BASELINES, RISE_SETTINGS, Alarm, RawCounts, rise_alarms

from port_kinds_bench.warning_score import WarningScore, score_warnings

TUNING_SEED = 7_000_000
"""Added to the seed of ports at which simple warnings are tuned."""
TUNING_PORTS = 24
_MIN_TUNED_RECALL = 0.9
WARNING_RULES: dict[str, tuple[Callable[[RawCounts, float], list[Alarm]], tuple[float, ...]]] = {
    "level": BASELINES["fixed threshold"],
    "rise": (rise_alarms, RISE_SETTINGS),
    "CUSUM": BASELINES["CUSUM"],
} | ({"PELT": BASELINES["ruptures PELT"]} if find_spec("ruptures") else {})
"""Simple warnings by name, with the settings that are tried; PELT if ruptures is installed."""
Rule = tuple[str, float]
"""Name of a simple warning, and its setting."""


def rule_alarms(pier: ObservedPier, name: str, setting: float) -> list[Alarm]:
    """Return the alarms of a simple warning at a pier; hidden counts are left out."""
    raw = RawCounts.of(pier.series, clouds_as_zero=False)
    return WARNING_RULES[name][0](raw, setting) if len(raw.days) else []


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


def tune_rules(seed: int, days: int, pool: Executor) -> tuple[Rule, ...]:
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
