"""Watching folders and catalogues: count what is there, then what arrives, until interrupted."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from cv.errors import InputError, LedgerError, SceneError
from cv.io.terminal_text import printable_line
from cv.ledger import Ledger
from cv.ledger.connection import file_identity
from cv.pipeline.outcome import SceneOutcome, SceneStatus
from cv.scene.discovery.new_scenes import NewScenes


def watch_folders(
    places: Sequence[Path | str],
    every_s: int,
    ledger: Path | None,
    count: Callable[[Sequence[Path]], Sequence[SceneOutcome]],
    begin: Callable[[], None],
) -> NoReturn:
    """Call `count` with the scenes in `places`, then every `every_s` seconds with new ones.

    `count` returns the outcome of each path, in order; refused and failed scenes are passed to it
    again later. `begin` is called once, after the first search. `ledger` is the file that `count`
    fills, None for a database server. A place that cannot be read is reported and tried again.

    Raises InputError if a place is not local, SceneError if no place can be read at first, and
    LedgerError if the ledger is no longer the one that was there before.
    """
    watched = [NewScenes(place, settled_s=every_s) for place in _local(places)]
    new = unique_files(_first_poll(watched))
    begin()
    guard = _LedgerGuard(ledger)
    while True:
        if new:
            _schedule_retries(watched, new, count(new))
        guard.check()
        time.sleep(every_s)
        guard.check()
        new = unique_files(path for folder in watched for path in _poll(folder))


def unique_files(paths: Iterable[Path]) -> list[Path]:
    """Return `paths` with each file once.

    A file is preferred to a link to it, because its masks and metadata lie beside it.
    """
    kept: dict[Path, Path] = {}
    for path in paths:
        file = path.resolve()
        if file not in kept or file == Path(os.path.abspath(path)):  # noqa: PTH100 - keeps links
            kept[file] = path
    return list(kept.values())


def _local(places: Sequence[Path | str]) -> list[Path]:
    """Return `places`; raise InputError if one is a remote address."""
    remote = [place for place in places if not isinstance(place, Path)]
    if remote:
        raise InputError(
            "--watch",
            remote[0],
            "only folders and catalogues can be watched",
            "Leave the address out.",
        )
    return [place for place in places if isinstance(place, Path)]


def _first_poll(watched: Sequence[NewScenes]) -> list[Path]:
    """Return the scenes that are there; raise SceneError if no place can be read."""
    found: list[Path] = []
    errors: list[SceneError] = []
    for folder in watched:
        try:
            found += folder.poll()
        except SceneError as error:
            errors.append(error)
    if errors and len(errors) == len(watched):
        raise errors[0]
    for unreadable in errors:
        _report(unreadable)
    return found


def _poll(folder: NewScenes) -> tuple[Path, ...]:
    """Return the scenes that arrived; report a folder that cannot be read now."""
    try:
        return folder.poll()
    except SceneError as error:
        _report(error)
        return ()


def _report(error: SceneError) -> None:
    print(f"pierwatch: {printable_line(str(error))}", file=sys.stderr)


def _schedule_retries(
    watched: Sequence[NewScenes], paths: Sequence[Path], outcomes: Sequence[SceneOutcome]
) -> None:
    """Have scenes that were refused or failed polled again later."""
    for path, outcome in zip(paths, outcomes, strict=True):
        if outcome.status in (SceneStatus.REFUSED, SceneStatus.FAILED):
            for folder in watched:
                folder.retry(path)


class _LedgerGuard:
    """Ensures that the ledger file stays the same file and only grows."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._identity = file_identity(file) if file else None
        self._last_run = 0

    def check(self) -> None:
        """Raise LedgerError if the file is missing, another one, or an older copy of itself."""
        if self._file is None:
            return
        identity, last_run = file_identity(self._file), _last_run(self._file, self._last_run)
        if self._identity not in (None, identity) or last_run < self._last_run:
            raise LedgerError(
                self._file,
                "it was moved, removed or replaced while it was watched",
                "scenes that were counted before may be missing in it",
                "Run the same command again: it counts what the ledger does not hold.",
            )
        self._identity, self._last_run = identity, last_run


def _last_run(file: Path, known: int) -> int:
    """Return the number of the last recording in the ledger; `known` if it cannot be read now."""
    try:
        with Ledger.open(file, readonly=True) as ledger:
            return ledger.last_run()
    except LedgerError:
        return known
