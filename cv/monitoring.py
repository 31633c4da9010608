"""One scene, many scenes: counting them, and keeping the counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tqdm import tqdm

from cv.counting.counts import Counts
from cv.detector.detector import Detector
from cv.errors import InputError, LedgerError, TimeError
from cv.ledger import Ledger
from cv.scene.scene import Scene
from cv.site import Site
from cv.visit import Visit


class Fate(StrEnum):
    """What became of a scene in a batch."""

    RECORDED = "recorded"
    """It was counted, and the counts are in the ledger."""
    KNOWN = "known"
    """The ledger holds it already, for this model and these settings."""
    FAILED = "failed"
    """Counting broke off; the ledger says so for each pier."""
    REFUSED = "refused"
    """It cannot be read or has no time; the ledger is untouched, and the next run tries again."""


@dataclass(frozen=True)
class Outcome:
    """What became of one scene in a batch."""

    scene: str
    """Identifier, or path of a scene that could not be opened."""
    fate: Fate
    reason: str
    """Empty for what went as it should."""


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
) -> tuple[Outcome, ...]:
    """Counts every scene that `ledger` does not hold yet, and records it: whole, or not at all.

    `scenes` are opened scenes, or paths that `opener` opens. One that cannot be read is refused,
    one whose counting breaks off is recorded as failed; neither ends the batch. Raises LedgerError
    when the ledger itself cannot be written.
    """
    waiting = list(scenes)
    return tuple(
        _attend(scene, site, detector, ledger, opener)
        for scene in tqdm(waiting, desc="scenes", unit="scene", disable=None, leave=False)
    )


def _attend(
    item: Scene | str | Path,
    site: Site,
    detector: Detector,
    ledger: Ledger,
    opener: Callable[[str | Path], Scene],
) -> Outcome:
    """One scene; the border at which errors become outcomes."""
    if isinstance(item, Scene):
        return _record(item, site, detector, ledger)
    try:
        scene = opener(item)
    except InputError as error:
        return Outcome(str(item), Fate.REFUSED, str(error))
    except Exception as error:  # a file that no check of ours foresaw: the night goes on
        return Outcome(str(item), Fate.REFUSED, f"{type(error).__name__}: {error}")
    with scene:
        return _record(scene, site, detector, ledger)


def _record(scene: Scene, site: Site, detector: Detector, ledger: Ledger) -> Outcome:
    try:
        return _recorded(scene, site, detector, ledger)
    except LedgerError:
        raise
    except InputError as error:
        return Outcome(scene.id, Fate.REFUSED, str(error))


def _recorded(scene: Scene, site: Site, detector: Detector, ledger: Ledger) -> Outcome:
    if scene.acquired is None:
        raise TimeError(
            scene.path,
            "no acquisition time",
            "the ledger needs one in UTC",
            "Declare it: --time-pattern tells where the file name holds it.",
        )
    ledger.check(scene.id, scene.digest, scene.acquired)
    visit = Visit.of(scene, site, detector)
    if ledger.has(scene.id, visit.header.model, visit.header.settings):
        ledger.renew(scene.id, visit.header.model, visit.header.settings)
        return Outcome(scene.id, Fate.KNOWN, "")
    try:
        counts, fate, reason = visit.count(), Fate.RECORDED, ""
    except InputError:
        raise
    except Exception as error:  # the border of one scene: the night goes on, the reason stays
        fate, reason = Fate.FAILED, f"{type(error).__name__}: {error}"
        counts = visit.failed(reason)
    ledger.record(counts)
    return Outcome(scene.id, fate, reason)
