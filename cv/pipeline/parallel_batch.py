"""A batch on many workers: they count, and this program alone writes the ledger."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, takewhile
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cv.counting.scene_counter import METHOD_VERSION, SceneCounter
from cv.detector.detector import Detector
from cv.errors import InputError, SceneError
from cv.ledger import Ledger
from cv.ledger.count_identity import CountIdentity
from cv.pipeline.batch import OnOutcome, identify_scene, scan_scene
from cv.pipeline.batch_outcomes import BatchOutcomes
from cv.pipeline.batch_recorder import BatchRecorder, ScanResult, already_known
from cv.pipeline.dask_pool import DaskPool
from cv.pipeline.process_pool import Task, TaskResult, WorkerLimits, map_in_order, map_unordered
from cv.pipeline.quarantine import add_to_quarantine, skip_quarantined
from cv.pipeline.scene_outcome import SceneOutcome, SceneStatus
from cv.registration.ground_reference import SiteReference
from cv.scene.scene import Scene
from cv.site import Site


@dataclass(frozen=True)
class WorkerConfig:
    """What a worker needs to count scenes; it can be sent to another process."""

    site: Site
    detector: Callable[[], Detector]
    """Loads it."""
    opener: Callable[[str | Path], Scene]

    def counting(
        self, open_ledger: Callable[[], Ledger] | None, reference: SiteReference | None
    ) -> Task[ScanResult]:
        """Return what counts a scene, aligned with `reference`, unless the ledger has it.

        `open_ledger` None: every scene is new.
        """
        recorded_as = open_ledger().recorded_as if open_ledger else lambda _: None
        return partial(
            scan_scene,
            site=self.site,
            detector=self.detector(),
            reference=reference,
            recorded_as=recorded_as,
            opener=self.opener,
        )

    def identifying(self) -> Task[CountIdentity]:
        """Return what identifies the counts of a scene; it raises InputError."""
        return partial(_identify, config=self, detector=self.detector())


def monitor_in_processes(
    paths: Sequence[Path],
    config: WorkerConfig,
    ledger: Ledger,
    workers: int,
    limits: WorkerLimits,
    on_outcome: OnOutcome = lambda _: None,
) -> BatchOutcomes:
    """Run `batch.monitor` in worker processes, a scene each at a time; `ledger` is written here.

    A scene on which as many workers died as `limits` allow, because it takes too long or too much
    memory, or crashes what reads it, is put into quarantine: its file is not tried again until the
    ledger's quarantine is released. Outcomes are in the order of `paths`. Raises LedgerError and
    InputError.
    """
    outcomes = skip_quarantined(paths, ledger, on_outcome)
    waiting = [path for path in paths if path not in outcomes]
    recorder = BatchRecorder(config.site, ledger)

    def record(results: Generator[TaskResult[ScanResult], None, None], number: int) -> None:
        with closing(results):
            for result in _with_progress(results, number):
                outcomes[result.path] = _persist(result, ledger, recorder)
                on_outcome(outcomes[result.path])

    make = partial(config.counting, ledger.reader, None)
    first = takewhile(lambda _: recorder.searching, waiting)
    record(map_in_order(first, make, limits), len(waiting))
    rest = [path for path in waiting if path not in outcomes]
    make = partial(config.counting, ledger.reader, recorder.reference)
    record(map_unordered(rest, make, workers, limits), len(rest))
    return BatchOutcomes(outcomes[path] for path in paths)


def monitor_on_dask(
    paths: Sequence[Path],
    config: WorkerConfig,
    ledger: Ledger,
    cluster: DaskPool,
    on_outcome: OnOutcome = lambda _: None,
) -> BatchOutcomes:
    """Run `batch.monitor` on the workers of a cluster, which cannot read `ledger`.

    So they first identify the scene of each file, and then count those that are new to the ledger.
    Files and model have the same paths there as here. Outcomes are in the order of `paths`. Raises
    LedgerError and InputError.
    """
    outcomes = skip_quarantined(paths, ledger, on_outcome)
    model = config.detector().digest
    new: dict[Path, CountIdentity] = {}
    waiting = [path for path in paths if path not in outcomes]
    named = cluster.map_unordered(waiting, config.identifying)
    for result in _with_progress(named, len(waiting), "identifying"):
        identity = result.found
        if identity is not None and (identity.model, identity.method) != (model, METHOD_VERSION):
            raise InputError(
                "a worker of the cluster",
                f"model {identity.model[:12]}, method {identity.method}",
                "counts of one batch are those of one model and one version of Pierwatch",
                "Install the same version and the same model on every worker.",
            )
        outcome = _without_counting(result, ledger)
        if outcome is not None:
            outcomes[result.path] = outcome
            on_outcome(outcome)
        elif identity is not None:
            new[result.path] = identity
    recorder = BatchRecorder(config.site, ledger)
    make = partial(config.counting, None, None)
    ordered = [path for path in waiting if path in new]
    first = takewhile(lambda _: recorder.searching, ordered)
    one_by_one = chain.from_iterable(cluster.map_unordered([path], make) for path in first)

    def record(results: Iterable[TaskResult[ScanResult]], number: int) -> None:
        for result in _with_progress(results, number):
            identity = new[result.path]
            if result.found is None or _are_counts_of(identity, result.found):
                outcomes[result.path] = _persist(result, ledger, recorder)
            else:
                reason = "its files, or the programs of the workers, changed while it was counted"
                outcomes[result.path] = SceneOutcome(identity.scene, SceneStatus.REFUSED, reason)
            on_outcome(outcomes[result.path])

    record(one_by_one, len(ordered))
    rest = [path for path in ordered if path not in outcomes]
    make = partial(config.counting, None, recorder.reference)
    record(cluster.map_unordered(rest, make), len(rest))
    return BatchOutcomes(outcomes[path] for path in paths)


def _identify(path: Path, config: WorkerConfig, detector: Detector) -> CountIdentity:
    with config.opener(path) as scene:
        return identify_scene(SceneCounter.of(scene, config.site, detector))


def _with_progress(
    results: Iterable[TaskResult[Any]], total: int, what: str = "scenes"
) -> Iterable[TaskResult[Any]]:
    return tqdm(results, total=total, desc=what, unit="scene", disable=None, leave=False)


def _without_counting(result: TaskResult[CountIdentity], ledger: Ledger) -> SceneOutcome | None:
    """Return the outcome of a scene that is known, or cannot be counted; None for a new one."""
    if result.found is None:
        return _lost(result, ledger)
    scene = result.found.scene
    try:
        name = ledger.recorded_as(result.found)
    except SceneError as error:
        return SceneOutcome(scene, SceneStatus.REFUSED, str(error))
    return None if name is None else already_known(scene, name)


def _are_counts_of(identity: CountIdentity, found: ScanResult) -> bool:
    """Return whether the counts in `found`, if there are any, have this identity."""
    own = identity.digest, identity.model, identity.settings
    counts = found.counts
    return counts is None or all((counts.digest, c.model, c.settings) == own for c in counts)


def _persist(
    result: TaskResult[ScanResult], ledger: Ledger, recorder: BatchRecorder
) -> SceneOutcome:
    return _lost(result, ledger) if result.found is None else recorder.persist(result.found)


def _lost(result: TaskResult[Any], ledger: Ledger) -> SceneOutcome:
    """Return the outcome of a scene whose worker raised an error or died."""
    if result.fault is not None:
        return SceneOutcome(str(result.path), SceneStatus.REFUSED, result.fault)
    return add_to_quarantine(ledger, result.path, result.death or "")
