"""Quarantine: a file on which several workers died is left out by every batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from cv.io.hashing import files_digest
from cv.ledger import Ledger
from cv.ledger.quarantined_file import QuarantinedFile
from cv.pipeline.scene_outcome import SceneOutcome, SceneStatus
from cv.scene.discovery.sidecar_files import SceneFile, sibling_names


def skip_quarantined(
    paths: Sequence[Path], ledger: Ledger, on_outcome: Callable[[SceneOutcome], None]
) -> dict[Path, SceneOutcome]:
    """Return the outcomes of those `paths` whose content is in the quarantine of `ledger`.

    `on_outcome` is called with each. Raises LedgerError.
    """
    known = ledger.quarantined()
    siblings = cache(sibling_names)
    outcomes = {}
    for path in paths if known else ():
        try:
            files = _existing_files(path, siblings(path.parent))
            same_size = [one for one in known if one.size == _size(files)]
            digest = files_digest(files) if same_size else ""
        except OSError:
            continue  # it is refused when it is opened
        for quarantined in same_size:
            if quarantined.digest == digest:
                outcomes[path] = _outcome(quarantined)
                on_outcome(outcomes[path])
    return outcomes


def add_to_quarantine(ledger: Ledger, path: Path, death: str) -> SceneOutcome:
    """Put the scene at `path`, on which workers died, into quarantine, and return its outcome.

    `death` is how the last worker died. A scene that is gone is refused. Raises LedgerError.
    """
    try:
        files = _existing_files(path, sibling_names(path.parent)) or (path,)
        quarantined = QuarantinedFile(files_digest(files), _size(files), str(path), death)
    except OSError as error:
        reason = f"{death}, twice and more; then: {error.strerror or error}"
        return SceneOutcome(str(path), SceneStatus.REFUSED, reason)
    ledger.add_to_quarantine(quarantined)
    return _outcome(quarantined)


def _outcome(quarantined: QuarantinedFile) -> SceneOutcome:
    reason = f"{quarantined.path}: {quarantined.reason}, twice and more; it is left alone"
    return SceneOutcome(quarantined.path, SceneStatus.QUARANTINED, reason)


def _existing_files(path: Path, names: list[str]) -> tuple[Path, ...]:
    """Return the files of the scene at `path` that exist; none where the scene itself does not."""
    found = SceneFile(path).files(names) if path.is_file() else ()
    return tuple(file for file in found if file.is_file())


def _size(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files)
