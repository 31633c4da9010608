"""One scene, many scenes: count them, and record the counts.

Each scene is counted on its own: one that cannot be read, or whose counting breaks off, gets a
status and ends no batch. Before it is counted the ledger is asked whether that is needed; when it
is recorded the ledger applies the same rules again, as another program may have been faster. They
are written in `cv.ledger.writer`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from cv.counting.scene_counter import METHOD_VERSION, SceneCounter
from cv.counting.scene_counts import SceneCounts
from cv.counting.site_reference import reference_from
from cv.detector.detector import Detector
from cv.errors import GeoreferenceError, InputError, LedgerError, RadiometryError, TimeError
from cv.ledger import Ledger
from cv.ledger.count_identity import CountIdentity
from cv.pipeline.batch_outcomes import BatchOutcomes
from cv.pipeline.batch_recorder import BatchRecorder, ScanResult, already_known
from cv.pipeline.quarantine import skip_quarantined
from cv.pipeline.scene_outcome import SceneOutcome, SceneStatus, Timing, error_text
from cv.registration.ground_reference import SiteReference
from cv.scene.georeference import no_piers_located
from cv.scene.scene import Scene
from cv.site import Site

OnOutcome = Callable[[SceneOutcome], None]
"""Called with each outcome, when all of it is recorded."""
RecordedAs = Callable[[CountIdentity], str | None]
"""`Ledger.recorded_as`, or what stands for it; asked before a scene is counted."""


def count(scene: Scene, site: Site | None, detector: Detector) -> SceneCounts:
    """Count what `scene` shows on each pier of `site`, or on the whole image without a site.

    >>> with Scene.open("scenes/20250908_032850_ssc4_u0001_visual.tif") as scene:
    ...     counts = count(scene, site, detector)
    >>> counts["Export pier"].containers.value > 0
    True

    Raises CoverageError where no pier meets the scene, SceneError where pixels cannot be read,
    RadiometryError where its limits hide what they show, and InferenceError where the network's
    answer is not a number.
    """
    return SceneCounter.of(scene, site, detector).count()


def monitor(
    scenes: Iterable[Scene | str | Path],
    site: Site,
    detector: Detector,
    ledger: Ledger,
    opener: Callable[[str | Path], Scene] = Scene.open,
    on_outcome: OnOutcome = lambda _: None,
) -> BatchOutcomes:
    """Count every scene that `ledger` does not hold yet, and record it: whole, or not at all.

    >>> paths = ["scenes/20250908_032850_ssc4_u0001_visual.tif", "no-such.tif"]
    >>> with Ledger.open("new.db") as ledger:
    ...     first = monitor(paths, site, detector, ledger)
    ...     again = monitor(paths, site, detector, ledger)
    >>> first[0].status.value, again[0].status.value
    ('recorded', 'known')
    >>> print(again)
    refused: no-such.tif: No such file or directory; a readable file is needed. Check the path.
    scenes: 0 recorded, 1 known, 0 failed, 1 refused, 0 quarantined
    >>> [outcome.scene for outcome in again.unfinished]
    ['no-such.tif']

    `scenes` are opened scenes, or paths that `opener` opens. One that cannot be read is refused,
    one whose counting breaks off is recorded as failed, and a file in the ledger's quarantine is
    left out. The first clear scene becomes the reference of the site in the ledger; those after it
    are aligned with it. `on_outcome` is called after each scene. Outcomes are in the order of
    `scenes`; printed, they say which scenes have no count, or no number, and why. Raises
    LedgerError when the ledger itself cannot be written.
    """
    items = list(scenes)
    paths = [Path(item) for item in items if not isinstance(item, Scene)]
    quarantined = skip_quarantined(paths, ledger, on_outcome)
    outcomes = []
    recorder = BatchRecorder(site, ledger)
    for item in tqdm(items, desc="scenes", unit="scene", disable=None, leave=False):
        if not isinstance(item, Scene) and Path(item) in quarantined:
            outcomes.append(quarantined[Path(item)])
            continue
        reference = recorder.reference
        found = scan_scene(item, site, detector, reference, ledger.recorded_as, opener)
        outcomes.append(recorder.persist(found))
        on_outcome(outcomes[-1])
    return BatchOutcomes(outcomes)


def identify_scene(counter: SceneCounter) -> CountIdentity:
    """Return the identity of the counts that `counter` will make; raises TimeError."""
    scene = counter.scene
    if scene.acquired is None:
        raise TimeError(
            scene.path,
            "no acquisition time",
            "the ledger needs one in UTC",
            'Declare it: --time-pattern "UTC:*_%Y%m%d_%H%M%S" for port_20240310_013045.tif (in '
            "Python: time_pattern= or acquired= of Scene.open), or write it into the image.",
        )
    return CountIdentity(
        scene=scene.id,
        digest=scene.digest,
        acquired=scene.acquired,
        basis=scene.basis,
        model=counter.detector.digest,
        settings=counter.settings,
        method=METHOD_VERSION,
    )


def scan_scene(
    item: Scene | str | Path,
    site: Site,
    detector: Detector,
    reference: SiteReference | None,
    recorded_as: RecordedAs,
    opener: Callable[[str | Path], Scene],
) -> ScanResult:
    """Count one scene, unless `recorded_as` names it; errors become its outcome.

    Its piers are aligned with `reference`; None: it may become the reference.

    Raises LedgerError.
    """
    if isinstance(item, Scene):
        return _scan_open_scene(item, site, detector, reference, recorded_as)
    start = time.perf_counter()
    try:
        scene = opener(item)
        size = scene.path.stat().st_size
    except GeoreferenceError as error:
        return _refused(str(item), no_piers_located(error))
    except Exception as error:  # also of a file that no check foresaw: the batch goes on
        return _refused(str(item), error)
    opened = time.perf_counter()
    with scene:
        found = _scan_open_scene(scene, site, detector, reference, recorded_as)
    timing = Timing(opened - start, time.perf_counter() - opened, bytes=size)
    return replace(found, outcome=replace(found.outcome, timing=timing))


def _refused(scene: str, error: Exception) -> ScanResult:
    return ScanResult(SceneOutcome(scene, SceneStatus.REFUSED, error_text(error)))


def _failed(counter: SceneCounter, error: Exception) -> ScanResult:
    reason = error_text(error)
    failed = SceneOutcome(counter.scene.id, SceneStatus.FAILED, reason)
    return ScanResult(failed, counter.failed(reason))


def _scan_open_scene(
    scene: Scene,
    site: Site,
    detector: Detector,
    reference: SiteReference | None,
    recorded_as: RecordedAs,
) -> ScanResult:
    """Count a scene. An InputError refuses it; any other error is recorded as a failure.

    So is a RadiometryError of its pixels, for which the ledger then has a reason: other limits
    bring a new count.
    """
    try:
        counter = SceneCounter.of(scene, site, detector)
        identity = identify_scene(counter)
        name = recorded_as(identity)
        if name is not None:
            return ScanResult(already_known(scene.id, name))
        try:
            recorded = SceneOutcome(scene.id, SceneStatus.RECORDED, "")
            counts = counter.aligned(reference).count()
            own = reference_from(scene, site, counts) if reference is None else None
            return ScanResult(recorded, counts, identity, own)
        except RadiometryError as error:
            return _failed(counter, error)
        except InputError:
            raise
        except Exception as error:  # one scene ends here, the batch goes on
            return _failed(counter, error)
    except LedgerError:
        raise
    except InputError as error:
        return _refused(scene.id, error)
