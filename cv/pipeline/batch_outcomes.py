"""The outcomes of a batch: what became of each scene, and a summary."""

from __future__ import annotations

from collections import Counter

from cv.counting.distant_pier import DistantPier
from cv.io.terminal_text import printable_line, quantity
from cv.pipeline.scene_outcome import SceneOutcome, SceneStatus

DONE = (SceneStatus.RECORDED, SceneStatus.KNOWN)
"""Statuses of scenes whose counts are in the ledger."""


class BatchOutcomes(tuple[SceneOutcome, ...]):
    """The outcome of each scene of a batch, in order: a tuple that can be printed."""

    __slots__ = ()

    @property
    def unfinished(self) -> tuple[SceneOutcome, ...]:
        """The scenes that were refused, failed or are in quarantine, each with its reason."""
        return tuple(outcome for outcome in self if outcome.status not in DONE)

    @property
    def without_number(self) -> tuple[SceneOutcome, ...]:
        """The scenes that were recorded without a number: clouded, out of range and the like."""
        return tuple(outcome for outcome in self if outcome.without_number)

    @property
    def distant(self) -> tuple[DistantPier, ...]:
        """The piers of the site that were elsewhere than all recorded scenes, and how far."""
        near = {pier.pier for outcome in self for pier in outcome.piers}
        nearest: dict[str, DistantPier] = {}
        for far in (pier for outcome in self for pier in outcome.distant):
            known = nearest.get(far.pier, far)
            nearest[far.pier] = min(known, far, key=lambda one: one.distance_km)
        return tuple(far for name, far in nearest.items() if name not in near)

    def __str__(self) -> str:
        """Return what went wrong, a line each, and the number of scenes by status.

        What to do about it is said once for all scenes with the same problem.
        """
        problems = (one for one in self if one.reason or one.without_number)
        lines, known = [], set[str]()
        for line, advice in map(_problem, problems):
            lines.append(line if advice in known else f"{line}{advice}")
            known.add(advice)
        if self.distant:
            lines.append(f"piers far from all scenes: {', '.join(map(str, self.distant))}")
        return "\n".join([*map(printable_line, lines), f"scenes: {self._numbers()}"])

    def __repr__(self) -> str:
        first = "".join(f"; {''.join(_problem(outcome))}" for outcome in self.unfinished[:1])
        more = ", ..." if len(self.unfinished) > 1 else ""
        return f"BatchOutcomes({quantity(len(self), 'scene')}: {self._numbers()}{first}{more})"

    def _numbers(self) -> str:
        """Return the number of scenes by status, and how many were recorded without a number."""
        statuses, unknown = Counter(outcome.status for outcome in self), len(self.without_number)
        notes = {SceneStatus.RECORDED: f" ({unknown} without a number)"} if unknown else {}
        return ", ".join(
            f"{statuses[status]} {status.value}{notes.get(status, '')}" for status in SceneStatus
        )


def _problem(outcome: SceneOutcome) -> tuple[str, str]:
    """Return what is wrong with a scene that has no count or no number, and what to do about it."""
    if outcome.without_number:
        reasons = dict.fromkeys(pier.reason or pier.status for pier in outcome.piers)
        return f"recorded without a number: {outcome.scene}: {'; '.join(reasons)}", ""
    name = "" if outcome.scene in outcome.reason else f"{outcome.scene}: "
    found, mark, advice = outcome.reason.partition("; ")
    return f"{outcome.status.value}: {name}{found}", f"{mark}{advice}"
