"""Tables and summary lines of the bench."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from cv import CountStatus
from cv.events.event import EventKind
from robustness_bench import deliveries, months
from robustness_bench.deliveries import DELIVERIES
from robustness_bench.months import MonthFinding
from robustness_bench.perturbations import BY_NAME, CLEAR, PERTURBATIONS
from robustness_bench.pictures import OVERSAMPLED
from robustness_bench.pier_view import Quantity
from robustness_bench.trial import Outcome, Trial

MAX_WRONG = 0.12
"""Largest share of wrong counts at any perturbation and strength."""
RIGHT, MIN_KEPT = 0.10, 0.90
"""Where the median error of detections is at most RIGHT, MIN_KEPT of the scenes keep a number."""
MAX_LOST_RENDERED, MAX_UNFIT_NEGATIVES = 0.02, 0.03
"""Largest shares of clear rendered chips, and of chips of land use, without a number."""
OPAQUE = {"thick_cloud_whole": 0.97, "thick_cloud_half": 0.75, "scattered_cloud": 0.75}
"""Clouds, and the strength from which on more than half of the pier is under opaque cloud."""
MIN_UNDER_CLOUD, MAX_CLEAR_LOST = 0.95, 0.02
"""Share of piers under opaque cloud that are not wrong; largest share of clear ground called
unseen."""
VIEWS = ("real", "rendered", "port")
NO_PICTURES = (*VIEWS, deliveries.GROUP, months.GROUP)
"""Groups of trials that are not of whole images."""
GOOD = ("good real", "good rendered", "negative")


@dataclass(frozen=True)
class Level:
    """All scenes at one strength of one perturbation."""

    perturbation: str
    strength: float
    trials: tuple[Trial, ...]
    outcomes: tuple[Outcome, ...]

    def number(self, *outcomes: Outcome) -> int:
        """Return how many counts have one of `outcomes`."""
        return sum(one in outcomes for one in self.outcomes)

    @property
    def scenes(self) -> int:
        """Number of scenes."""
        return len(self.trials)

    @property
    def wrong(self) -> float:
        """Share of wrong counts."""
        return self.number(Outcome.WRONG) / self.scenes

    @property
    def refused(self) -> float:
        """Share of scenes without a number."""
        return self.number(Outcome.REFUSED) / self.scenes

    @property
    def false_zeros(self) -> int:
        """Number of counts of 0 (0 to 0) where containers stand."""
        return sum(trial.false_zero for trial in self.trials)

    @property
    def kept(self) -> float:
        """Share of the scenes with a number; scenes out of the model's range do not count."""
        inside = [trial for trial in self.trials if trial.status != CountStatus.OUT_OF_RANGE]
        return float(np.mean([trial.known for trial in inside])) if inside else 1.0

    @property
    def error(self) -> float:
        """Median relative error of the counts; nan without any."""
        return _median(trial.error for trial in self.trials)

    @property
    def ungated_error(self) -> float:
        """Median relative error of the detections, whatever the status; nan without any."""
        return _median(trial.ungated_error for trial in self.trials)

    @property
    def readable(self) -> bool:
        """Whether detections are right within RIGHT."""
        return self.ungated_error <= RIGHT

    def __str__(self) -> str:
        return f"{self.perturbation} {self.strength:g}"


def levels(trials: Sequence[Trial], quantity: Quantity = Quantity.CONTAINERS) -> list[Level]:
    """Return the levels of a quantity in all views, in the order of the perturbations."""
    views = [trial for trial in trials if trial.group in VIEWS and trial.quantity is quantity]
    clear = {trial.scene: trial for trial in views if trial.perturbation == CLEAR}
    found = []
    for perturbation in BY_NAME.values():
        for strength in perturbation.strengths:
            own = tuple(
                trial
                for trial in views
                if (trial.perturbation, trial.strength) == (perturbation.name, strength)
            )
            if own:
                outcomes = tuple(trial.outcome(clear.get(trial.scene)) for trial in own)
                found.append(Level(perturbation.name, strength, own, outcomes))
    return found


def results_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """Return every single trial with its outcome and error, for a CSV file."""
    clear = {
        (t.scene, t.quantity): t for t in trials if t.group in VIEWS and t.perturbation == CLEAR
    }
    return pd.DataFrame(
        [
            asdict(trial)
            | {
                "outcome": ""
                if np.isnan(trial.truth)
                else trial.outcome(clear.get((trial.scene, trial.quantity))),
                "false_zero": trial.false_zero,
                "error": trial.error,
            }
            for trial in trials
        ]
    )


def levels_table(rows: Sequence[Level]) -> str:
    """Return a line per perturbation and strength."""
    lines = [
        "| perturbation | strength | scenes | held | of them widened | refused | wrong "
        "| false zeros | median error |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.perturbation} | {row.strength:g} | {row.scenes} "
        f"| {row.number(Outcome.HELD, Outcome.WIDENED)} | {row.number(Outcome.WIDENED)} "
        f"| {row.number(Outcome.REFUSED)} | {row.number(Outcome.WRONG)} | {row.false_zeros} "
        f"| {_percent(row.error)} |"
        for row in rows
    ]
    return "\n".join(lines)


def perturbations_table(rows: Sequence[Level]) -> str:
    """Return a line per perturbation, with the figures of its strengths one after the other."""
    lines = [
        "| perturbation | strengths | wrong, % | refused, % | false zeros | median error, % |",
        "|---|---|---|---|---|---|",
    ]
    for perturbation in BY_NAME.values():
        own = [row for row in rows if row.perturbation == perturbation.name]
        if not own:
            continue
        strengths = _series(f"{row.strength:g}" for row in own)
        measure = f"{perturbation.measure}: {strengths}" if perturbation.measure else "-"
        lines.append(
            f"| {perturbation.name.replace('_', ' ')} | {measure} "
            f"| {_series(_percent(row.wrong) for row in own)} "
            f"| {_series(_percent(row.refused) for row in own)} "
            f"| {sum(row.false_zeros for row in own)} "
            f"| {_series(_percent(row.error) for row in own)} |"
        )
    return "\n".join(lines)


def pictures_table(trials: Sequence[Trial]) -> str:
    """Return a line per kind of whole images; empty without any."""
    whole = [t for t in trials if t.group not in NO_PICTURES]
    kinds = dict.fromkeys(t.group for t in whole)
    lines = [
        "| images | number | no number | a number | holds 0 | largest count |",
        "|---|---|---|---|---|---|",
    ]
    for kind in kinds:
        own = [trial for trial in whole if trial.group == kind]
        known = [trial for trial in own if trial.known]
        zero = sum(trial.holds for trial in known) if own[0].truth == 0 else "-"
        most = f"{max(trial.value for trial in known):g}" if known else "-"
        lines.append(
            f"| {kind.replace('_', ' ')} | {len(own)} | {len(own) - len(known)} | {len(known)} "
            f"| {zero} | {most} |"
        )
    return "\n".join(lines) if whole else ""


@dataclass(frozen=True)
class DeliveryRow:
    """A delivery, and what came of it."""

    name: str
    trials: tuple[Trial, ...]
    """Of all quantities; of all scenes that were found in its folder."""
    outcomes: tuple[Outcome, ...]

    @property
    def scenes(self) -> int:
        """Scenes that were counted."""
        return len({trial.strength for trial in self.trials})

    @property
    def right(self) -> bool:
        """Whether one scene was counted, and what came of it is right."""
        wanted = DELIVERIES[self.name].right
        return self.scenes == 1 and all(
            outcome in wanted if trial.quantity is Quantity.CONTAINERS else outcome != Outcome.WRONG
            for trial, outcome in zip(self.trials, self.outcomes, strict=True)
        )


def delivery_rows(trials: Sequence[Trial]) -> list[DeliveryRow]:
    """Return what came of each delivery."""
    own = [trial for trial in trials if trial.group == deliveries.GROUP]
    clear = {(trial.perturbation, trial.quantity): trial for trial in own}
    rows = []
    for delivery in DELIVERIES.values():
        of_it = tuple(trial for trial in own if trial.perturbation == delivery.name)
        if of_it:
            usual = [clear.get((delivery.clear, trial.quantity)) for trial in of_it]
            found = (one.outcome(other) for one, other in zip(of_it, usual, strict=True))
            rows.append(DeliveryRow(delivery.name, of_it, tuple(found)))
    return rows


def deliveries_table(rows: Sequence[DeliveryRow]) -> str:
    """Return a line per delivery."""
    lines = [
        "| delivery | wanted | scenes | status | containers | true | hulls | aboard | as wanted |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        wanted = [one for one in DELIVERIES[row.name].right if one is not Outcome.WIDENED]
        first = row.trials[0]
        numbers = " | ".join(
            f"{_number(trial)}: {outcome}" + (f" | {_bounds(trial)}" if trial is first else "")
            for trial, outcome in zip(row.trials[:3], row.outcomes[:3], strict=True)
        )
        lines.append(
            f"| {row.name} | {' or '.join(wanted)} | {row.scenes} | {first.status} | {numbers} "
            f"| {'yes' if row.right else '**no**'} |"
        )
    return "\n".join(lines)


def months_table(trials: Sequence[Trial], found: Sequence[MonthFinding]) -> str:
    """Return a line per weather: what came of its images, and how many findings are false.

    Empty without any.
    """
    columns = {
        "calls": (EventKind.CALL, EventKind.STANDING_HULL, EventKind.BERTH_SHIFT),
        "unseen calls": (EventKind.UNSEEN_CALL, EventKind.RESUMPTION),
        "ship due": (EventKind.WARNING,),
        "loading, unloading": (EventKind.LOADING, EventKind.UNLOADING),
        "stockpiles": (EventKind.STOCKPILE,),
    }
    lines = [
        f"| weather | months | images | held | refused | wrong | {' | '.join(columns)} |",
        "|---" * (6 + len(columns)) + "|",
    ]
    own = [t for t in trials if t.group == months.GROUP and t.quantity is Quantity.CONTAINERS]
    for weather in dict.fromkeys(trial.perturbation for trial in own):
        images = [trial for trial in own if trial.perturbation == weather]
        outcomes = [trial.outcome(None) for trial in images]
        kinds = [finding.kind for finding in found if finding.weather == weather]
        numbers = [
            len(images) // months.DAYS,
            len(images),
            *(outcomes.count(one) for one in (Outcome.HELD, Outcome.REFUSED, Outcome.WRONG)),
            *(sum(kind in some for kind in kinds) for some in columns.values()),
        ]
        lines.append(f"| {weather} | {' | '.join(map(str, numbers))} |")
    return "\n".join(lines) if own else ""


def false_findings(found: Sequence[MonthFinding]) -> str:
    """Return a line per finding that is not true of a pier on which nothing happens."""
    return "\n".join(
        f"{one.weather}, seed {one.seed}: {one.kind} {one.size}, {100 * one.confidence:.0f} %"
        for one in found
        if one.kind not in months.TRUE_KINDS
    )


def summary(trials: Sequence[Trial]) -> str:
    """Return the lines that say how far the limits are kept."""
    rows = levels(trials)
    lines = []
    if rows:
        lines += _wrong_lines(rows)
        zeros = sum(row.false_zeros for row in rows)
        counts = sum(row.scenes for row in rows)
        lines.append(f"false zeros: {zeros} of {counts} counts of piers")
        lines += _kept_lines([row for row in rows if row.readable])
        lines += _cloud_lines(rows)
    for group, limit in zip(GOOD, (0.0, MAX_LOST_RENDERED, MAX_UNFIT_NEGATIVES), strict=True):
        own = [trial for trial in trials if trial.group == group]
        if own:
            lost = [trial.scene for trial in own if not trial.known]
            lines.append(
                f"{group}: {len(lost)} of {len(own)} without a number "
                f"({100 * len(lost) / len(own):.1f} %; limit {100 * limit:g} %)"
                + (f": {', '.join(lost[:8])}" if lost else "")
            )
    others = (*NO_PICTURES, *GOOD, OVERSAMPLED)
    pictures = [trial for trial in trials if trial.group not in others]
    if pictures:
        invented = sum(trial.known and trial.low > 0 for trial in pictures)
        lines.append(
            f"pictures that are no scenes: {sum(not t.known for t in pictures)} of {len(pictures)} "
            f"without a number, {invented} with containers that are not there"
        )
    return "\n".join(lines)


def _wrong_lines(rows: Sequence[Level]) -> list[str]:
    lines = []
    declared = {one.name for one in PERTURBATIONS if not one.in_pixels}
    for title, own in (
        ("in pixels", [row for row in rows if row.perturbation not in declared]),
        ("in declarations", [row for row in rows if row.perturbation in declared]),
    ):
        if own:
            worst = max(own, key=lambda row: row.wrong)
            above = sum(row.wrong > MAX_WRONG for row in own)
            lines.append(
                f"wrong, perturbed {title}: at most {_percent(worst.wrong)} % ({worst}); "
                f"above {_percent(MAX_WRONG)} % at {above} of {len(own)} strengths"
            )
    return lines


def _kept_lines(rows: Sequence[Level]) -> list[str]:
    if not rows:
        return ["detections are right within 10 % at no strength"]
    worst = min(rows, key=lambda row: row.kept)
    below = sum(row.kept < MIN_KEPT for row in rows)
    return [
        f"detections right within {_percent(RIGHT)} % (median) at {len(rows)} strengths: "
        f"at least {_percent(worst.kept)} % of the scenes keep their number ({worst}); "
        f"below {_percent(MIN_KEPT)} % at {below}"
    ]


def _cloud_lines(rows: Sequence[Level]) -> list[str]:
    lines = []
    under = [row for row in rows if row.strength >= OPAQUE.get(row.perturbation, math.inf)]
    if under:
        number = sum(row.scenes for row in under)
        right = number - sum(row.number(Outcome.WRONG) for row in under)
        lines.append(
            f"more than half under opaque cloud: {right} of {number} without a number or held "
            f"({_percent(right / number)} %; limit {_percent(MIN_UNDER_CLOUD)} %)"
        )
    clear = [trial for row in rows if row.perturbation == CLEAR for trial in row.trials]
    if clear:
        lost = sum(1 - np.nan_to_num(trial.visible) for trial in clear)  # nan: refused
        lines.append(
            f"clear ground called unseen: {100 * lost / len(clear):.1f} % "
            f"(limit {_percent(MAX_CLEAR_LOST)} %)"
        )
    return lines


def _number(trial: Trial) -> str:
    return f"{trial.value:g} ({trial.low:g} to {trial.high:g})" if trial.known else "-"


def _bounds(trial: Trial) -> str:
    ends = dict.fromkeys(f"{end:g}" for end in (trial.truth_low, trial.truth_high))
    return " to ".join(ends)


def _median(values: Iterable[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.median(known)) if known else float("nan")


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{100 * share:.0f}"


def _series(values: Iterable[str]) -> str:
    return " / ".join(values)
