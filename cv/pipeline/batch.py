"""One scene, many scenes: counting them, and keeping the counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self

from tqdm import tqdm

from cv.counting.counts import SceneCounts
from cv.counting.scene_counter import METHOD_VERSION, SceneCounter
from cv.detector.detector import Detector
from cv.errors import InputError, LedgerError, TimeError
from cv.ledger import Ledger
from cv.pipeline.outcome import PierSummary, SceneOutcome, SceneStatus, Timing
from cv.pipeline.quarantine import skip_quarantined
from cv.scene.scene import Scene
from cv.site import Site

Told = Callable[[SceneOutcome], None]
"""Called with each outcome, when all of it is kept."""
_TOO_MUCH = "it needs more memory than there is"


def count(scene: Scene, site: Site | None, detector: Detector) -> SceneCounts:
    """What `scene` shows on each pier of `site`; on the whole image where `site` is None.

    >>> with Scene.open("scenes/20250908_032850_ssc4_u0001_visual.tif") as scene:
    ...     counts = count(scene, site, detector)
    >>> counts["Export pier"].containers.value > 0
    True

    Raises CoverageError where no pier meets the scene, SceneError where pixels cannot be read, and
    InferenceError where the network's answer is not a number.
    """
    return SceneCounter.of(scene, site, detector).count()


def monitor(
    scenes: Iterable[Scene | str | Path],
    site: Site,
    detector: Detector,
    ledger: Ledger,
    opener: Callable[[str | Path], Scene] = Scene.open,
    told: Told = lambda _: None,
) -> tuple[SceneOutcome, ...]:
    """Counts every scene that `ledger` does not hold yet, and records it: whole, or not at all.

    >>> paths = ["scenes/20250908_032850_ssc4_u0001_visual.tif"]
    >>> with Ledger.open("new.db") as ledger:
    ...     first = monitor(paths, site, detector, ledger)
    ...     again = monitor(paths, site, detector, ledger)
    >>> first[0].status.value, again[0].status.value
    ('recorded', 'known')

    `scenes` are opened scenes, or paths that `opener` opens. One that cannot be read is refused,
    one whose counting breaks off is recorded as failed, and a file in the ledger's quarantine is
    left alone; none of them ends the batch. `told` hears of each when it is done. Raises
    LedgerError when the ledger itself cannot be written.
    """
    items = list(scenes)
    aside = skip_quarantined([Path(i) for i in items if not isinstance(i, Scene)], ledger, told)
    outcomes, seen = [], []
    for item in tqdm(items, desc="scenes", unit="scene", disable=None, leave=False):
        if not isinstance(item, Scene) and Path(item) in aside:
            outcomes.append(aside[Path(item)])
            continue
        found = scan_scene(item, site, detector, ledger, opener)
        outcomes.append(persist(found, ledger))
        seen.append(RecordedScan.of(found, outcomes[-1]))
        told(outcomes[-1])
    mark_latest(seen, ledger)
    return tuple(outcomes)


class SceneRegistry(Protocol):
    """What a ledger is asked before a scene is counted."""

    def canonical_scene(self, scene: str, digest: str, acquired: datetime) -> tuple[str, datetime]:
        """The name and the time by which `scene` is known: its own, or those of the same image."""

    def check_scene(self, scene: str, digest: str, acquired: datetime, basis: str) -> None:
        """Raises SceneError where `scene` is known with another digest or time, or better."""

    def has(self, scene: str, model: str, settings: str) -> bool:
        """Whether counts of `scene` by `model` with `settings` are there."""


@dataclass(frozen=True)
class CountIdentity:
    """What tells one count of a scene from another, before it is made."""

    scene: str
    digest: str
    """sha256 of the image file, hexadecimal."""
    acquired: datetime
    basis: str
    """What its visibility rests on, see Visibility."""
    model: str
    """Digest of the model."""
    settings: str
    """Digest of what else shapes the counts."""
    method: int = METHOD_VERSION
    """Of the program that says so."""

    @classmethod
    def of(cls, visit: SceneCounter) -> Self:
        """That of the counts that `visit` will make; raises TimeError."""
        scene, header = visit.scene, visit.scene_info
        if scene.acquired is None:
            raise TimeError(
                scene.path,
                "no acquisition time",
                "the ledger needs one in UTC",
                "Declare it: --time-pattern tells where the file name holds it.",
            )
        of_scene = (scene.id, scene.digest, scene.acquired, scene.basis)
        return cls(*of_scene, header.model, header.settings)

    def known_as(self, register: SceneRegistry) -> CountIdentity:
        """The same, by the name and time by which `register` knows the scene."""
        name, acquired = register.canonical_scene(self.scene, self.digest, self.acquired)
        return replace(self, scene=name, acquired=acquired)

    def is_in(self, register: SceneRegistry) -> bool:
        """Whether `register` has the counts; raises SceneError for a scene that has changed."""
        register.check_scene(self.scene, self.digest, self.acquired, self.basis)
        return register.has(self.scene, self.model, self.settings)

    def is_of(self, found: ScanResult) -> bool:
        """Whether the counts in `found`, if there are any, are those that this tells."""
        own = self.digest, self.model, self.settings
        counts = found.counts
        return counts is None or all((counts.digest, c.model, c.settings) == own for c in counts)

    @property
    def known(self) -> ScanResult:
        """What is found of a scene whose counts are there."""
        return ScanResult(SceneOutcome(self.scene, SceneStatus.KNOWN, ""), identity=self)


@dataclass(frozen=True)
class ScanResult:
    """What one scene brought, before anything of it is kept."""

    outcome: SceneOutcome
    """What becomes of it if it can be kept."""
    counts: SceneCounts | None = None
    """To be recorded."""
    identity: CountIdentity | None = None
    """Of its counts, those to be recorded or those that the ledger has."""

    def with_cost(self, cost: Timing) -> ScanResult:
        """The same, and what it cost."""
        return replace(self, outcome=replace(self.outcome, timing=cost))


@dataclass(frozen=True)
class RecordedScan:
    """Counts that are in the ledger, as a batch came to them."""

    identity: CountIdentity
    is_new: bool
    """The batch made them."""

    @classmethod
    def of(cls, found: ScanResult, outcome: SceneOutcome) -> RecordedScan | None:
        """What was `found` and has the `outcome`; None where the ledger has no counts of it."""
        if found.identity is None or not outcome.is_kept:
            return None
        return cls(found.identity, outcome.status is SceneStatus.RECORDED)


def scan_scene(
    item: Scene | str | Path,
    site: Site,
    detector: Detector,
    register: SceneRegistry,
    opener: Callable[[str | Path], Scene],
) -> ScanResult:
    """One scene, counted if `register` has not its counts.

    The border at which errors become outcomes. Raises LedgerError.
    """
    if isinstance(item, Scene):
        return _of_scene(item, site, detector, register)
    start = time.perf_counter()
    try:
        scene = opener(item)
    except InputError as error:
        return ScanResult(SceneOutcome(str(item), SceneStatus.REFUSED, str(error)))
    except MemoryError:
        return ScanResult(SceneOutcome(str(item), SceneStatus.REFUSED, _TOO_MUCH))
    except Exception as error:  # a file that no check of ours foresaw: the night goes on
        return ScanResult(
            SceneOutcome(str(item), SceneStatus.REFUSED, f"{type(error).__name__}: {error}")
        )
    opened = time.perf_counter()
    with scene:
        found = _of_scene(scene, site, detector, register)
    ended = time.perf_counter()
    return found.with_cost(Timing(opened - start, ended - opened, bytes=_size(scene.path)))


def persist(found: ScanResult, ledger: Ledger) -> SceneOutcome:
    """Writes what was found into `ledger`, whole or not at all; raises LedgerError."""
    start = time.perf_counter()
    fate = found.outcome.status
    try:
        if (
            found.counts is not None
            and not ledger.record(found.counts)
            and fate is SceneStatus.RECORDED
        ):
            fate = SceneStatus.KNOWN  # somebody else was quicker
    except LedgerError:
        raise
    except InputError as error:
        return replace(found.outcome, status=SceneStatus.REFUSED, reason=str(error))
    cost = replace(found.outcome.timing, record_s=time.perf_counter() - start)
    piers = tuple(map(PierSummary.of, found.counts or ()))
    return replace(found.outcome, status=fate, timing=cost, piers=piers)


def mark_latest(seen: Iterable[RecordedScan | None], ledger: Ledger) -> None:
    """Settles which counts of each scene that a batch has `seen`, in the order of its paths, are
    its newest: those that it made, of several the last ones; where it made none, those that were
    the newest of those seen, and else the last ones.

    So they are the same whoever was quicker, where several files lead to one scene and tell of it
    differently. Raises LedgerError.
    """
    scenes: dict[str, list[RecordedScan]] = {}
    for one in seen:
        if one is not None:
            scenes.setdefault(one.identity.known_as(ledger).scene, []).append(one)
    bar = tqdm(scenes.items(), desc="newest", delay=2, disable=None, leave=False)
    for scene, looks in bar:
        made = [one.identity for one in looks if one.is_new]
        there = [one.identity for one in looks]
        if made or ledger.latest_config(scene) not in {(i.model, i.settings) for i in there}:
            last = (made or there)[-1]
            ledger.mark_latest(scene, last.model, last.settings)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _of_scene(scene: Scene, site: Site, detector: Detector, register: SceneRegistry) -> ScanResult:
    try:
        return _counted(scene, site, detector, register)
    except LedgerError:
        raise
    except InputError as error:
        return ScanResult(SceneOutcome(scene.id, SceneStatus.REFUSED, str(error)))


def _counted(scene: Scene, site: Site, detector: Detector, register: SceneRegistry) -> ScanResult:
    visit = SceneCounter.of(scene, site, detector)
    identity = CountIdentity.of(visit).known_as(register)
    if identity.is_in(register):
        return identity.known
    try:
        return ScanResult(SceneOutcome(scene.id, SceneStatus.RECORDED, ""), visit.count(), identity)
    except InputError:
        raise
    except MemoryError as error:
        reason = f"{_TOO_MUCH} ({error})"
        return ScanResult(
            SceneOutcome(scene.id, SceneStatus.FAILED, reason), visit.failed(_TOO_MUCH)
        )
    except Exception as error:  # the border of one scene: the night goes on, the reason stays
        reason = f"{type(error).__name__}: {error}"
        return ScanResult(SceneOutcome(scene.id, SceneStatus.FAILED, reason), visit.failed(reason))
