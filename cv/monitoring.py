"""One scene, many scenes: counting them, and keeping the counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, Self

from tqdm import tqdm

from cv.counting.counts import Counts
from cv.detector.detector import Detector
from cv.errors import InputError, LedgerError, TimeError
from cv.ledger import Ledger
from cv.outcome import Brief, Cost, Fate, Outcome
from cv.quarantine import set_aside
from cv.scene.scene import Scene
from cv.site import Site
from cv.visit import METHOD_VERSION, Visit

Told = Callable[[Outcome], None]
"""Called with each outcome, when all of it is kept."""
_TOO_MUCH = "it needs more memory than there is"


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
    one whose counting breaks off is recorded as failed, and a file in the ledger's quarantine is
    left alone; none of them ends the batch. `told` hears of each when it is done. Raises
    LedgerError when the ledger itself cannot be written.
    """
    items = list(scenes)
    aside = set_aside([Path(i) for i in items if not isinstance(i, Scene)], ledger, told)
    outcomes, seen = [], []
    for item in tqdm(items, desc="scenes", unit="scene", disable=None, leave=False):
        if not isinstance(item, Scene) and Path(item) in aside:
            outcomes.append(aside[Path(item)])
            continue
        found = examine(item, site, detector, ledger, opener)
        outcomes.append(keep(found, ledger))
        seen.append(Seen.of(found, outcomes[-1]))
        told(outcomes[-1])
    confirm(seen, ledger)
    return tuple(outcomes)


class Register(Protocol):
    """What a ledger is asked before a scene is counted."""

    def known_as(self, scene: str, digest: str, acquired: datetime) -> tuple[str, datetime]:
        """The name and the time by which `scene` is known: its own, or those of the same image."""

    def check(self, scene: str, digest: str, acquired: datetime, basis: str) -> None:
        """Raises SceneError where `scene` is known with another digest or time, or better."""

    def has(self, scene: str, model: str, settings: str) -> bool:
        """Whether counts of `scene` by `model` with `settings` are there."""


@dataclass(frozen=True)
class Identity:
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
    def of(cls, visit: Visit) -> Self:
        """That of the counts that `visit` will make; raises TimeError."""
        scene, header = visit.scene, visit.header
        if scene.acquired is None:
            raise TimeError(
                scene.path,
                "no acquisition time",
                "the ledger needs one in UTC",
                "Declare it: --time-pattern tells where the file name holds it.",
            )
        of_scene = (scene.id, scene.digest, scene.acquired, scene.basis)
        return cls(*of_scene, header.model, header.settings)

    def known_as(self, register: Register) -> Identity:
        """The same, by the name and time by which `register` knows the scene."""
        name, acquired = register.known_as(self.scene, self.digest, self.acquired)
        return replace(self, scene=name, acquired=acquired)

    def is_in(self, register: Register) -> bool:
        """Whether `register` has the counts; raises SceneError for a scene that has changed."""
        register.check(self.scene, self.digest, self.acquired, self.basis)
        return register.has(self.scene, self.model, self.settings)

    def is_of(self, found: Found) -> bool:
        """Whether the counts in `found`, if there are any, are those that this tells."""
        own = self.digest, self.model, self.settings
        counts = found.counts
        return counts is None or all((counts.digest, c.model, c.settings) == own for c in counts)

    @property
    def known(self) -> Found:
        """What is found of a scene whose counts are there."""
        return Found(Outcome(self.scene, Fate.KNOWN, ""), identity=self)


@dataclass(frozen=True)
class Found:
    """What one scene brought, before anything of it is kept."""

    outcome: Outcome
    """What becomes of it if it can be kept."""
    counts: Counts | None = None
    """To be recorded."""
    identity: Identity | None = None
    """Of its counts, those to be recorded or those that the ledger has."""

    def with_cost(self, cost: Cost) -> Found:
        """The same, and what it cost."""
        return replace(self, outcome=replace(self.outcome, cost=cost))


@dataclass(frozen=True)
class Seen:
    """Counts that are in the ledger, as a batch came to them."""

    identity: Identity
    is_new: bool
    """The batch made them."""

    @classmethod
    def of(cls, found: Found, outcome: Outcome) -> Seen | None:
        """What was `found` and has the `outcome`; None where the ledger has no counts of it."""
        if found.identity is None or not outcome.is_kept:
            return None
        return cls(found.identity, outcome.fate is Fate.RECORDED)


def examine(
    item: Scene | str | Path,
    site: Site,
    detector: Detector,
    register: Register,
    opener: Callable[[str | Path], Scene],
) -> Found:
    """One scene, counted if `register` has not its counts.

    The border at which errors become outcomes. Raises LedgerError.
    """
    if isinstance(item, Scene):
        return _of_scene(item, site, detector, register)
    start = time.perf_counter()
    try:
        scene = opener(item)
    except InputError as error:
        return Found(Outcome(str(item), Fate.REFUSED, str(error)))
    except MemoryError:
        return Found(Outcome(str(item), Fate.REFUSED, _TOO_MUCH))
    except Exception as error:  # a file that no check of ours foresaw: the night goes on
        return Found(Outcome(str(item), Fate.REFUSED, f"{type(error).__name__}: {error}"))
    opened = time.perf_counter()
    with scene:
        found = _of_scene(scene, site, detector, register)
    ended = time.perf_counter()
    return found.with_cost(Cost(opened - start, ended - opened, bytes=_size(scene.path)))


def keep(found: Found, ledger: Ledger) -> Outcome:
    """Writes what was found into `ledger`, whole or not at all; raises LedgerError."""
    start = time.perf_counter()
    fate = found.outcome.fate
    try:
        if found.counts is not None and not ledger.record(found.counts) and fate is Fate.RECORDED:
            fate = Fate.KNOWN  # somebody else was quicker
    except LedgerError:
        raise
    except InputError as error:
        return replace(found.outcome, fate=Fate.REFUSED, reason=str(error))
    cost = replace(found.outcome.cost, record_s=time.perf_counter() - start)
    piers = tuple(map(Brief.of, found.counts or ()))
    return replace(found.outcome, fate=fate, cost=cost, piers=piers)


def confirm(seen: Iterable[Seen | None], ledger: Ledger) -> None:
    """Settles which counts of each scene that a batch has `seen`, in the order of its paths, are
    its newest: those that it made, of several the last ones; where it made none, those that were
    the newest of those seen, and else the last ones.

    So they are the same whoever was quicker, where several files lead to one scene and tell of it
    differently. Raises LedgerError.
    """
    scenes: dict[str, list[Seen]] = {}
    for one in seen:
        if one is not None:
            scenes.setdefault(one.identity.known_as(ledger).scene, []).append(one)
    bar = tqdm(scenes.items(), desc="newest", delay=2, disable=None, leave=False)
    for scene, looks in bar:
        made = [one.identity for one in looks if one.is_new]
        there = [one.identity for one in looks]
        if made or ledger.newest_recipe(scene) not in {(i.model, i.settings) for i in there}:
            last = (made or there)[-1]
            ledger.renew(scene, last.model, last.settings)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _of_scene(scene: Scene, site: Site, detector: Detector, register: Register) -> Found:
    try:
        return _counted(scene, site, detector, register)
    except LedgerError:
        raise
    except InputError as error:
        return Found(Outcome(scene.id, Fate.REFUSED, str(error)))


def _counted(scene: Scene, site: Site, detector: Detector, register: Register) -> Found:
    visit = Visit.of(scene, site, detector)
    identity = Identity.of(visit).known_as(register)
    if identity.is_in(register):
        return identity.known
    try:
        return Found(Outcome(scene.id, Fate.RECORDED, ""), visit.count(), identity)
    except InputError:
        raise
    except MemoryError as error:
        reason = f"{_TOO_MUCH} ({error})"
        return Found(Outcome(scene.id, Fate.FAILED, reason), visit.failed(_TOO_MUCH))
    except Exception as error:  # the border of one scene: the night goes on, the reason stays
        reason = f"{type(error).__name__}: {error}"
        return Found(Outcome(scene.id, Fate.FAILED, reason), visit.failed(reason))
