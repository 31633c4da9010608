"""A night: many scenes, many workers, one ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cv.counting.scene_counter import METHOD_VERSION, SceneCounter
from cv.detector.detector import Detector
from cv.errors import InputError, LedgerError
from cv.ledger import Ledger
from cv.pipeline.batch import (
    CountIdentity,
    RecordedScan,
    ScanResult,
    SceneRegistry,
    Told,
    mark_latest,
    persist,
    scan_scene,
)
from cv.pipeline.dask_pool import DaskPool
from cv.pipeline.outcome import SceneOutcome, SceneStatus
from cv.pipeline.pool_worker import Task
from cv.pipeline.process_pool import TaskResult, WorkerLimits, map_unordered
from cv.pipeline.quarantine import add_to_quarantine, skip_quarantined
from cv.scene.scene import Scene
from cv.site import Site


@dataclass(frozen=True)
class WorkerConfig:
    """How a worker examines scenes: all that it needs, to be sent to a new process."""

    site: Site
    detector: Callable[[], Detector]
    """Loads it."""
    opener: Callable[[str | Path], Scene]

    def counting(self, register: Callable[[], SceneRegistry]) -> Task[ScanResult]:
        """What a worker calls to count each scene that `register`, opened there, has not."""
        return partial(_examine, recipe=self, detector=self.detector(), register=register())

    def identifying(self) -> Task[CountIdentity]:
        """What a worker calls to tell which scene each one is; it raises InputError."""
        return partial(_identify, recipe=self, detector=self.detector())


class EmptyRegistry:
    """A register in which nothing is: for scenes that are known to be new."""

    def canonical_scene(self, scene: str, digest: str, acquired: datetime) -> tuple[str, datetime]:
        """Its own."""
        return scene, acquired

    def check_scene(self, scene: str, digest: str, acquired: datetime, basis: str) -> None:
        """Finds nothing wrong."""

    def has(self, scene: str, model: str, settings: str) -> bool:
        """Nothing."""
        return False


def monitor_in_processes(
    paths: Sequence[Path],
    recipe: WorkerConfig,
    ledger: Ledger,
    workers: int,
    limits: WorkerLimits,
    told: Told = lambda _: None,
) -> tuple[SceneOutcome, ...]:
    """`monitor` with worker processes: each examines one scene at a time, `ledger` is written here.

    A scene that was the end of as many workers as `limits` say, as it takes too long or too much
    memory, or crashes what reads it, is put into quarantine: its file is not tried again until the
    ledger's quarantine is released. Outcomes are in the order of `paths`. Raises LedgerError and
    InputError.
    """
    outcomes = skip_quarantined(paths, ledger, told)
    waiting = [path for path in paths if path not in outcomes]
    make = partial(recipe.counting, ledger.reader)
    seen: dict[Path, RecordedScan | None] = {}
    for result in _shown(map_unordered(waiting, make, workers, limits), len(waiting)):
        outcomes[result.path] = _kept(result, ledger)
        if result.found is not None:
            seen[result.path] = RecordedScan.of(result.found, outcomes[result.path])
        told(outcomes[result.path])
    mark_latest([seen.get(path) for path in paths], ledger)
    return tuple(outcomes[path] for path in paths)


def monitor_on_dask(
    paths: Sequence[Path],
    recipe: WorkerConfig,
    ledger: Ledger,
    cluster: DaskPool,
    told: Told = lambda _: None,
) -> tuple[SceneOutcome, ...]:
    """`monitor_with_crew` on the workers of a cluster, which cannot look into `ledger`.

    So they first say which scene each file is, and then count those that the ledger has not. Files
    and model have the same paths there as here.
    """
    outcomes = skip_quarantined(paths, ledger, told)
    model = recipe.detector().digest
    new: dict[Path, CountIdentity] = {}
    seen: dict[Path, RecordedScan | None] = {}
    waiting = [path for path in paths if path not in outcomes]
    for named in _shown(
        cluster.map_unordered(waiting, recipe.identifying), len(waiting), "looking"
    ):
        identity = named.found
        if identity is not None and (identity.model, identity.method) != (model, METHOD_VERSION):
            raise _other_program(identity)
        outcome = _known(named, ledger)
        if outcome is not None:
            outcomes[named.path] = outcome
            told(outcome)
            if identity is not None:
                seen[named.path] = RecordedScan.of(identity.known, outcome)
        elif identity is not None:
            new[named.path] = identity
    make = partial(recipe.counting, EmptyRegistry)
    for result in _shown(cluster.map_unordered(new, make), len(new)):
        identity = new[result.path]
        if result.found is None or identity.is_of(result.found):
            outcomes[result.path] = _kept(result, ledger)
            if result.found is not None:
                seen[result.path] = RecordedScan.of(result.found, outcomes[result.path])
        else:
            reason = "its files, or the programs of the workers, changed while it was counted"
            outcomes[result.path] = SceneOutcome(identity.scene, SceneStatus.REFUSED, reason)
        told(outcomes[result.path])
    mark_latest([seen.get(path) for path in paths], ledger)
    return tuple(outcomes[path] for path in paths)


def _examine(
    path: Path, recipe: WorkerConfig, detector: Detector, register: SceneRegistry
) -> ScanResult:
    return scan_scene(path, recipe.site, detector, register, recipe.opener)


def _identify(path: Path, recipe: WorkerConfig, detector: Detector) -> CountIdentity:
    with recipe.opener(path) as scene:
        return CountIdentity.of(SceneCounter.of(scene, recipe.site, detector))


def _shown(results: Iterable[TaskResult[Any]], total: int, what: str = "scenes") -> Any:
    return tqdm(results, total=total, desc=what, unit="scene", disable=None, leave=False)


def _known(named: TaskResult[CountIdentity], ledger: Ledger) -> SceneOutcome | None:
    """The outcome of a scene that need not be counted, or cannot; None for one that is new."""
    if named.found is None:
        return _lost(named, ledger)
    identity = named.found.known_as(ledger)
    try:
        return persist(identity.known, ledger) if identity.is_in(ledger) else None
    except LedgerError:
        raise
    except InputError as error:
        return SceneOutcome(identity.scene, SceneStatus.REFUSED, str(error))


def _kept(result: TaskResult[ScanResult], ledger: Ledger) -> SceneOutcome:
    return _lost(result, ledger) if result.found is None else persist(result.found, ledger)


def _lost(result: TaskResult[Any], ledger: Ledger) -> SceneOutcome:
    """The outcome of a scene that nothing was found in."""
    if result.fault is not None:
        return SceneOutcome(str(result.path), SceneStatus.REFUSED, result.fault.reason)
    return add_to_quarantine(ledger, result.path, result.death or "")


def _other_program(identity: CountIdentity) -> InputError:
    return InputError(
        "a worker of the cluster",
        f"model {identity.model[:12]}, method {identity.method}",
        "counts of one batch are those of one model and one version of Pierwatch",
        "Install the same version and the same model on every worker.",
    )
