"""Recording what the scenes of a batch brought, and the search for the reference of their site.

Scenes are aligned with the reference of their site, so none is counted beside the scene that
becomes it. Until there is one, a batch counts one scene after the other, in its order; so the
counts are the same with any number of workers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from cv.counting.pier_zones import place_digest
from cv.counting.scene_counts import SceneCounts
from cv.errors import SceneError
from cv.ledger import Ledger
from cv.ledger.count_identity import CountIdentity
from cv.pipeline.scene_outcome import PierSummary, SceneOutcome, SceneStatus
from cv.registration.ground_reference import SiteReference
from cv.site import Site

MAX_TRIALS = 10
"""If none of so many scenes becomes the reference, the rest of the batch is counted without."""


@dataclass(frozen=True)
class ScanResult:
    """What one scene brought, before anything of it is recorded."""

    outcome: SceneOutcome
    """What becomes of it if it can be recorded."""
    counts: SceneCounts | None = None
    """To be recorded."""
    identity: CountIdentity | None = None
    """Of the counts that were made."""
    reference: SiteReference | None = None
    """What the scene is as the reference of its site; None if it cannot be, or there is one."""


class BatchRecorder:
    """Writes the results of a batch into a ledger."""

    def __init__(self, site: Site, ledger: Ledger) -> None:
        """Read the reference of `site`, if `ledger` has one; raises LedgerError."""
        self._ledger = ledger
        self._places = [place_digest(site, pier) for pier in site]
        self._trials_left = MAX_TRIALS
        self.reference = ledger.reference(self._places)
        """With which scenes are aligned; None: there is none."""

    @property
    def searching(self) -> bool:
        """Whether the next scene may become the reference, and must be recorded before others."""
        return self.reference is None and self._trials_left > 0

    def persist(self, found: ScanResult) -> SceneOutcome:
        """Write what was found, whole or not at all; raises LedgerError."""
        if found.counts is None:
            return found.outcome
        outcome = self._write(found, found.counts)
        if self.searching:
            self._trials_left -= 1
            self.reference = self._ledger.reference(self._places)
        return outcome

    def _write(self, found: ScanResult, counts: SceneCounts) -> SceneOutcome:
        start = time.perf_counter()
        outcome = found.outcome
        try:
            is_new = self._ledger.record(counts, found.reference if self.searching else None) > 0
            if not is_new and found.identity is not None:  # another path or program was faster
                name = self._ledger.recorded_as(found.identity)
                outcome = replace(already_known(outcome.scene, name), timing=outcome.timing)
        except SceneError as error:
            return replace(outcome, status=SceneStatus.REFUSED, reason=str(error))
        timing = replace(outcome.timing, record_s=time.perf_counter() - start)
        piers = tuple(map(PierSummary.of, counts))
        return replace(outcome, timing=timing, piers=piers, distant=counts.distant)


def already_known(scene: str, name: str | None) -> SceneOutcome:
    """Return the outcome of `scene` where the ledger holds its image under `name`."""
    reason = "" if name in (None, scene) else f"the same image is recorded as scene {name!r}"
    return SceneOutcome(scene, SceneStatus.KNOWN, reason)
