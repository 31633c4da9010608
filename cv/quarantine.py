"""Quarantine: files that were the end of several workers are left alone by every batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cv.ledger import Ledger
from cv.ledger.culprit import Culprit
from cv.outcome import Fate, Outcome


def set_aside(
    paths: Sequence[Path], ledger: Ledger, told: Callable[[Outcome], None]
) -> dict[Path, Outcome]:
    """The outcomes of those of `paths` that `ledger` has in quarantine, told to `told`.

    Raises LedgerError.
    """
    known = ledger.quarantined()
    culprits = {path: one for path in paths for one in known if one.is_at(path)}
    outcomes = {path: left_alone(one) for path, one in culprits.items()}
    for outcome in outcomes.values():
        told(outcome)
    return outcomes


def left_alone(culprit: Culprit) -> Outcome:
    """What becomes of a file in quarantine."""
    reason = f"{culprit.path}: {culprit.reason}, twice and more; it is left alone"
    return Outcome(culprit.path, Fate.QUARANTINED, reason)
