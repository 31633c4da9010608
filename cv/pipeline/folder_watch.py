"""Watching folders and catalogues: count what is there, then what arrives, until interrupted."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from cv.errors import InputError, LedgerError, SceneError
from cv.io.terminal_text import printable_line
from cv.ledger import Ledger
from cv.ledger.file_guard import LedgerFileGuard
from cv.pipeline.scene_outcome import SceneOutcome, SceneStatus
from cv.scene.acquisition_time import NamePattern
from cv.scene.discovery.new_scenes import NewScenes


def watch_folders(
    places: Sequence[Path | str],
    every_s: int,
    ledger: Path | None,
    count: Callable[[Sequence[Path]], Sequence[SceneOutcome]],
    begin: Callable[[], None],
    time_pattern: NamePattern | None = None,
) -> NoReturn:
    """Call `count` with the scenes in `places`, then every `every_s` seconds with new ones.

    `count` returns the outcome of each path, in order; refused and failed scenes are passed to it
    again later. `begin` is called once, after the first search. `ledger` is the file that `count`
    fills, None for a database server. `time_pattern` is where names of scenes hold their time. A
    place that cannot be read is reported and tried again.

    Raises InputError if a place is not local, SceneError if no place can be read at first, and
    LedgerError if the ledger is no longer the one that was there before.
    """
    for place in places:
        if not isinstance(place, Path):
            limit, remedy = "only folders and catalogues can be watched", "Leave the address out."
            raise InputError("--watch", place, limit, remedy)
    watched = [
        NewScenes(place, every_s, time_pattern) for place in places if isinstance(place, Path)
    ]
    new, errors = _poll(watched)
    if len(errors) == len(watched):
        raise errors[0]
    begin()
    guard = LedgerFileGuard(ledger or "")
    while True:
        for error in errors:
            print(f"pierwatch: {printable_line(str(error))}", file=sys.stderr)
        if new:
            _schedule_retries(watched, new, count(new))
        _check_ledger(guard, ledger)
        time.sleep(every_s)
        _check_ledger(guard, ledger)
        new, errors = _poll(watched)


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


def _poll(watched: Sequence[NewScenes]) -> tuple[list[Path], list[SceneError]]:
    """Return the scenes that arrived, and the errors of folders that cannot be read now."""
    found: list[Path] = []
    errors: list[SceneError] = []
    for folder in watched:
        try:
            found += folder.poll()
        except SceneError as error:
            errors.append(error)
    return unique_files(found), errors


def _schedule_retries(
    watched: Sequence[NewScenes], paths: Sequence[Path], outcomes: Sequence[SceneOutcome]
) -> None:
    """Have scenes that were refused or failed polled again later."""
    for path, outcome in zip(paths, outcomes, strict=True):
        if outcome.status in (SceneStatus.REFUSED, SceneStatus.FAILED):
            for folder in watched:
                folder.retry(path)


def _check_ledger(guard: LedgerFileGuard, file: Path | None) -> None:
    """Raise LedgerError where another ledger is there now, an older copy, or none.

    A ledger that cannot be read now is checked later.
    """
    if file is None:
        return
    last_run = guard.last_run
    with suppress(LedgerError), Ledger.open(file, readonly=True) as ledger:
        last_run = ledger.last_run()
    guard.check(last_run)
