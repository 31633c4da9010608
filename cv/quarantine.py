"""Quarantine: files that were the end of several workers are left alone by every batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cv.ledger import Ledger
from cv.ledger.culprit import Culprit
from cv.outcome import Fate, Outcome
from cv.scene.belongings import belongings, names_in


def set_aside(
    paths: Sequence[Path], ledger: Ledger, told: Callable[[Outcome], None]
) -> dict[Path, Outcome]:
    """The outcomes of those of `paths` that `ledger` has in quarantine, told to `told`.

    Raises LedgerError.
    """
    known = ledger.quarantined()
    if not known:
        return {}
    beside = {folder: names_in(folder) for folder in {path.parent for path in paths}}
    outcomes = {}
    for path in paths:
        files = _files(path, beside[path.parent])
        for culprit in known:
            if culprit.consists_of(files):
                outcomes[path] = _left_alone(culprit)
                told(outcomes[path])
                break
    return outcomes


def put_into(ledger: Ledger, path: Path, death: str) -> Outcome:
    """What becomes of the scene `path`, of which several workers died, the last one of `death`.

    It is put into the quarantine of `ledger`, unless it went away. Raises LedgerError.
    """
    try:
        culprit = Culprit.of(path, _files(path, names_in(path.parent)) or (path,), death)
    except OSError as error:
        reason = f"{death}, twice and more; then: {error.strerror or error}"
        return Outcome(str(path), Fate.REFUSED, reason)
    ledger.quarantine(culprit)
    return _left_alone(culprit)


def _left_alone(culprit: Culprit) -> Outcome:
    reason = f"{culprit.path}: {culprit.reason}, twice and more; it is left alone"
    return Outcome(culprit.path, Fate.QUARANTINED, reason)


def _files(path: Path, names: list[str]) -> tuple[Path, ...]:
    """Those of the scene `path` that are there; none where it is none itself."""
    try:
        found = belongings(path, names) if path.is_file() else ()
        return tuple(file for file in found if file.is_file())
    except (OSError, ValueError):
        return ()
