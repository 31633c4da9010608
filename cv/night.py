"""A night: many scenes, many workers, one ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cv.cluster import Cluster
from cv.crew.crew import Result, examined
from cv.crew.limits import Limits
from cv.crew.worker import Examine
from cv.detector.detector import Detector
from cv.errors import InputError, LedgerError
from cv.ledger import Ledger
from cv.monitoring import Found, Identity, Register, Seen, Told, confirm, examine, keep
from cv.outcome import Fate, Outcome
from cv.quarantine import put_into, set_aside
from cv.scene.scene import Scene
from cv.site import Site
from cv.visit import METHOD_VERSION, Visit


@dataclass(frozen=True)
class Recipe:
    """How a worker examines scenes: all that it needs, to be sent to a new process."""

    site: Site
    detector: Callable[[], Detector]
    """Loads it."""
    opener: Callable[[str | Path], Scene]

    def counting(self, register: Callable[[], Register]) -> Examine[Found]:
        """What a worker calls to count each scene that `register`, opened there, has not."""
        return partial(_examine, recipe=self, detector=self.detector(), register=register())

    def identifying(self) -> Examine[Identity]:
        """What a worker calls to tell which scene each one is; it raises InputError."""
        return partial(_identify, recipe=self, detector=self.detector())


class Blank:
    """A register in which nothing is: for scenes that are known to be new."""

    def known_as(self, scene: str, digest: str, acquired: datetime) -> tuple[str, datetime]:
        """Its own."""
        return scene, acquired

    def check(self, scene: str, digest: str, acquired: datetime, basis: str) -> None:
        """Finds nothing wrong."""

    def has(self, scene: str, model: str, settings: str) -> bool:
        """Nothing."""
        return False


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
    outcomes = set_aside(paths, ledger, told)
    waiting = [path for path in paths if path not in outcomes]
    make = partial(recipe.counting, ledger.reader)
    seen: dict[Path, Seen | None] = {}
    for result in _shown(examined(waiting, make, workers, limits), len(waiting)):
        outcomes[result.path] = _kept(result, ledger)
        if result.found is not None:
            seen[result.path] = Seen.of(result.found, outcomes[result.path])
        told(outcomes[result.path])
    confirm([seen.get(path) for path in paths], ledger)
    return tuple(outcomes[path] for path in paths)


def monitor_on_cluster(
    paths: Sequence[Path],
    recipe: Recipe,
    ledger: Ledger,
    cluster: Cluster,
    told: Told = lambda _: None,
) -> tuple[Outcome, ...]:
    """`monitor_with_crew` on the workers of a cluster, which cannot look into `ledger`.

    So they first say which scene each file is, and then count those that the ledger has not. Files
    and model have the same paths there as here.
    """
    outcomes = set_aside(paths, ledger, told)
    model = recipe.detector().digest
    new: dict[Path, Identity] = {}
    seen: dict[Path, Seen | None] = {}
    waiting = [path for path in paths if path not in outcomes]
    for named in _shown(cluster.examined(waiting, recipe.identifying), len(waiting), "looking"):
        identity = named.found
        if identity is not None and (identity.model, identity.method) != (model, METHOD_VERSION):
            raise _other_program(identity)
        outcome = _known(named, ledger)
        if outcome is not None:
            outcomes[named.path] = outcome
            told(outcome)
            if identity is not None:
                seen[named.path] = Seen.of(identity.known, outcome)
        elif identity is not None:
            new[named.path] = identity
    make = partial(recipe.counting, Blank)
    for result in _shown(cluster.examined(new, make), len(new)):
        identity = new[result.path]
        if result.found is None or identity.is_of(result.found):
            outcomes[result.path] = _kept(result, ledger)
            if result.found is not None:
                seen[result.path] = Seen.of(result.found, outcomes[result.path])
        else:
            reason = "its files, or the programs of the workers, changed while it was counted"
            outcomes[result.path] = Outcome(identity.scene, Fate.REFUSED, reason)
        told(outcomes[result.path])
    confirm([seen.get(path) for path in paths], ledger)
    return tuple(outcomes[path] for path in paths)


def _examine(path: Path, recipe: Recipe, detector: Detector, register: Register) -> Found:
    return examine(path, recipe.site, detector, register, recipe.opener)


def _identify(path: Path, recipe: Recipe, detector: Detector) -> Identity:
    with recipe.opener(path) as scene:
        return Identity.of(Visit.of(scene, recipe.site, detector))


def _shown(results: Iterable[Result[Any]], total: int, what: str = "scenes") -> Any:
    return tqdm(results, total=total, desc=what, unit="scene", disable=None, leave=False)


def _known(named: Result[Identity], ledger: Ledger) -> Outcome | None:
    """The outcome of a scene that need not be counted, or cannot; None for one that is new."""
    if named.found is None:
        return _lost(named, ledger)
    identity = named.found.known_as(ledger)
    try:
        return keep(identity.known, ledger) if identity.is_in(ledger) else None
    except LedgerError:
        raise
    except InputError as error:
        return Outcome(identity.scene, Fate.REFUSED, str(error))


def _kept(result: Result[Found], ledger: Ledger) -> Outcome:
    return _lost(result, ledger) if result.found is None else keep(result.found, ledger)


def _lost(result: Result[Any], ledger: Ledger) -> Outcome:
    """The outcome of a scene that nothing was found in."""
    if result.fault is not None:
        return Outcome(str(result.path), Fate.REFUSED, result.fault.reason)
    return put_into(ledger, result.path, result.death or "")


def _other_program(identity: Identity) -> InputError:
    return InputError(
        "a worker of the cluster",
        f"model {identity.model[:12]}, method {identity.method}",
        "counts of one batch are those of one model and one version of Pierwatch",
        "Install the same version and the same model on every worker.",
    )
