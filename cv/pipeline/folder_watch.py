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
    guard = LedgerFileGuard(ledger or "")
    while True:
        if new:
            _schedule_retries(watched, new, count(new))
        _check_ledger(guard, ledger)
        time.sleep(every_s)
        _check_ledger(guard, ledger)
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
