"""Quarantine: files that were the end of several workers are left alone by every batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cv.ledger import Ledger
from cv.ledger.quarantined_file import QuarantinedFile
from cv.pipeline.outcome import SceneOutcome, SceneStatus
from cv.scene.discovery.sidecar_files import scene_files, sibling_names


def skip_quarantined(
    paths: Sequence[Path], ledger: Ledger, told: Callable[[SceneOutcome], None]
) -> dict[Path, SceneOutcome]:
    """The outcomes of those of `paths` that `ledger` has in quarantine, told to `told`.

    Raises LedgerError.
    """
    known = ledger.quarantined()
    if not known:
        return {}
    beside = {folder: sibling_names(folder) for folder in {path.parent for path in paths}}
    outcomes = {}
    for path in paths:
        files = _files(path, beside[path.parent])
        for culprit in known:
            if culprit.has_content(files):
                outcomes[path] = _left_alone(culprit)
                told(outcomes[path])
                break
    return outcomes


def add_to_quarantine(ledger: Ledger, path: Path, death: str) -> SceneOutcome:
    """What becomes of the scene `path`, of which several workers died, the last one of `death`.

    It is put into the quarantine of `ledger`, unless it went away. Raises LedgerError.
    """
    try:
        culprit = QuarantinedFile.of(
            path, _files(path, sibling_names(path.parent)) or (path,), death
        )
    except OSError as error:
        reason = f"{death}, twice and more; then: {error.strerror or error}"
        return SceneOutcome(str(path), SceneStatus.REFUSED, reason)
    ledger.add_to_quarantine(culprit)
    return _left_alone(culprit)


def _left_alone(culprit: QuarantinedFile) -> SceneOutcome:
    reason = f"{culprit.path}: {culprit.reason}, twice and more; it is left alone"
    return SceneOutcome(culprit.path, SceneStatus.QUARANTINED, reason)


def _files(path: Path, names: list[str]) -> tuple[Path, ...]:
    """Those of the scene `path` that are there; none where it is none itself."""
    try:
        found = scene_files(path, names) if path.is_file() else ()
        return tuple(file for file in found if file.is_file())
    except (OSError, ValueError):
        return ()
