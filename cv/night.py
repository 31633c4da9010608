"""A night: many scenes, many workers, one ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm import tqdm

from cv.crew.crew import Result, examined
from cv.crew.limits import Limits
from cv.crew.worker import Examine
from cv.detector.detector import Detector
from cv.ledger import Ledger
from cv.ledger.culprit import Culprit
from cv.monitoring import Found, Told, examine, keep
from cv.outcome import Fate, Outcome
from cv.scene.scene import Scene
from cv.site import Site


@dataclass(frozen=True)
class Recipe:
    """How a worker examines scenes: all that it needs, to be sent to a new process."""

    site: Site
    detector: Callable[[], Detector]
    """Loads it."""
    opener: Callable[[str | Path], Scene]
    ledger: Path | str
    """Which is only read."""

    def __call__(self) -> Examine[Found]:
        """What a worker calls for each scene."""
        ledger = Ledger.open(self.ledger, readonly=True)
        return partial(_examine, recipe=self, detector=self.detector(), ledger=ledger)


def monitor_with_crew(
    paths: Sequence[Path],
    recipe: Recipe,
    ledger: Ledger,
    workers: int,
    limits: Limits,
    told: Told = lambda _: None,
) -> tuple[Outcome, ...]:
    """`monitor` with worker processes: each examines one scene at a time, `ledger` is written here.

    A scene that was the end of as many workers as `limits` say, as it takes too long or too much
    memory, or crashes what reads it, is put into quarantine: its file is not tried again until the
    ledger's quarantine is released. Outcomes are in the order of `paths`. Raises LedgerError and
    InputError.
    """
    culprits = {path: one for path in paths for one in ledger.quarantined() if one.is_at(path)}
    outcomes = {path: _quarantined(one) for path, one in culprits.items()}
    for outcome in outcomes.values():
        told(outcome)
    waiting = [path for path in paths if path not in culprits]
    with tqdm(total=len(waiting), desc="scenes", unit="scene", disable=None, leave=False) as bar:
        for result in examined(waiting, recipe, workers, limits):
            outcomes[result.path] = _kept(result, ledger)
            told(outcomes[result.path])
            bar.update()
    return tuple(outcomes[path] for path in paths)


def _examine(path: Path, recipe: Recipe, detector: Detector, ledger: Ledger) -> Found:
    return examine(path, recipe.site, detector, ledger, recipe.opener)


def _kept(result: Result[Found], ledger: Ledger) -> Outcome:
    if result.found is not None:
        return keep(result.found, ledger)
    if result.fault is not None:
        return Outcome(str(result.path), Fate.REFUSED, result.fault.reason)
    culprit = Culprit.of(result.path, result.death or "")
    ledger.quarantine(culprit)
    return _quarantined(culprit)


def _quarantined(culprit: Culprit) -> Outcome:
    reason = f"{culprit.path}: {culprit.reason}, twice and more; it is left alone"
    return Outcome(culprit.path, Fate.QUARANTINED, reason)
