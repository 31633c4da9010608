"""One scene, many scenes: counting them, and keeping the counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from cv.counting.counts import Counts
from cv.detector.detector import Detector
from cv.errors import InputError, LedgerError, TimeError
from cv.ledger import Ledger
from cv.outcome import Brief, Cost, Fate, Outcome
from cv.scene.scene import Scene
from cv.site import Site
from cv.visit import Visit

Told = Callable[[Outcome], None]
"""Called with each outcome, when all of it is kept."""


def count(scene: Scene, site: Site | None, detector: Detector) -> Counts:
    """What `scene` shows on each pier of `site`; on the whole image where `site` is None.

    Raises CoverageError where no pier meets the scene, SceneError where pixels cannot be read, and
    InferenceError where the network's answer is not a number.
    """
    return Visit.of(scene, site, detector).count()


def monitor(
    scenes: Iterable[Scene | str | Path],
    site: Site,
    detector: Detector,
    ledger: Ledger,
    opener: Callable[[str | Path], Scene] = Scene.open,
    told: Told = lambda _: None,
) -> tuple[Outcome, ...]:
    """Counts every scene that `ledger` does not hold yet, and records it: whole, or not at all.

    `scenes` are opened scenes, or paths that `opener` opens. One that cannot be read is refused,
    one whose counting breaks off is recorded as failed; neither ends the batch. `told` hears of
    each when it is done. Raises LedgerError when the ledger itself cannot be written.
    """
    outcomes = []
    for scene in tqdm(list(scenes), desc="scenes", unit="scene", disable=None, leave=False):
        outcomes.append(keep(examine(scene, site, detector, ledger, opener), ledger))
        told(outcomes[-1])
    return tuple(outcomes)


@dataclass(frozen=True)
class Found:
    """What one scene brought, before anything of it is kept."""

    outcome: Outcome
    """What becomes of it if it can be kept."""
    counts: Counts | None = None
    """To be recorded."""
    known: tuple[str, str, str] | None = None
    """Scene, model and settings of counts that the ledger has, and that are its newest again."""

    def with_cost(self, cost: Cost) -> Found:
        """The same, and what it cost."""
        return replace(self, outcome=replace(self.outcome, cost=cost))


def examine(
    item: Scene | str | Path,
    site: Site,
    detector: Detector,
    ledger: Ledger,
    opener: Callable[[str | Path], Scene],
) -> Found:
    """One scene, counted if `ledger`, which is only read, has not its counts.

    The border at which errors become outcomes. Raises LedgerError.
    """
    if isinstance(item, Scene):
        return _of_scene(item, site, detector, ledger)
    start = time.perf_counter()
    try:
        scene = opener(item)
    except InputError as error:
        return Found(Outcome(str(item), Fate.REFUSED, str(error)))
    except Exception as error:  # a file that no check of ours foresaw: the night goes on
        return Found(Outcome(str(item), Fate.REFUSED, f"{type(error).__name__}: {error}"))
    opened = time.perf_counter()
    with scene:
        found = _of_scene(scene, site, detector, ledger)
    ended = time.perf_counter()
    return found.with_cost(Cost(opened - start, ended - opened, bytes=_size(scene.path)))


def keep(found: Found, ledger: Ledger) -> Outcome:
    """Writes what was found into `ledger`, whole or not at all; raises LedgerError."""
    start = time.perf_counter()
    try:
        if found.counts is not None:
            ledger.record(found.counts)
        if found.known is not None:
            ledger.renew(*found.known)
    except LedgerError:
        raise
    except InputError as error:
        return replace(found.outcome, fate=Fate.REFUSED, reason=str(error))
    cost = replace(found.outcome.cost, record_s=time.perf_counter() - start)
    return replace(found.outcome, cost=cost, piers=tuple(map(Brief.of, found.counts or ())))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _of_scene(scene: Scene, site: Site, detector: Detector, ledger: Ledger) -> Found:
    try:
        return _counted(scene, site, detector, ledger)
    except LedgerError:
        raise
    except InputError as error:
        return Found(Outcome(scene.id, Fate.REFUSED, str(error)))


def _counted(scene: Scene, site: Site, detector: Detector, ledger: Ledger) -> Found:
    if scene.acquired is None:
        raise TimeError(
            scene.path,
            "no acquisition time",
            "the ledger needs one in UTC",
            "Declare it: --time-pattern tells where the file name holds it.",
        )
    ledger.check(scene.id, scene.digest, scene.acquired)
    visit = Visit.of(scene, site, detector)
    header = visit.header
    if ledger.has(scene.id, header.model, header.settings):
        known = scene.id, header.model, header.settings
        return Found(Outcome(scene.id, Fate.KNOWN, ""), known=known)
    try:
        return Found(Outcome(scene.id, Fate.RECORDED, ""), visit.count())
    except InputError:
        raise
    except MemoryError as error:
        reason = "it needs more memory than there is"
        return Found(Outcome(scene.id, Fate.FAILED, f"{reason} ({error})"), visit.failed(reason))
    except Exception as error:  # the border of one scene: the night goes on, the reason stays
        reason = f"{type(error).__name__}: {error}"
        return Found(Outcome(scene.id, Fate.FAILED, reason), visit.failed(reason))
