"""Watching: looks for what comes to some places, and has it counted, until it is ended."""

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
    """Has `count` count what is in `places`, and every `every_s` seconds what came since.

    `begin` is called once some of the places can be read. `count` answers what became of each path,
    in their order; what could not be counted is given to it again later. `ledger` is the file that
    it fills, if it is one. Raises InputError where a place cannot be watched, LedgerError where the
    ledger is not the one any more that was there before, and SceneError where no place can be read
    at first.
    """
    watched = [NewScenes(place, settled_s=every_s) for place in _local(places)]
    fresh = unique_files(_first_seen(watched))
    begin()
    past = _LedgersPast(ledger)
    while True:
        if fresh:
            _try_again(watched, fresh, count(fresh))
        past.check()
        time.sleep(every_s)
        past.check()
        fresh = unique_files(path for one in watched for path in _seen(one))


def unique_files(paths: Iterable[Path]) -> list[Path]:
    """`paths` without those that lead to the same file as another one.

    Where a link and the file that it leads to are among them the file stays, for what belongs to
    it lies beside it.
    """
    kept: dict[Path, Path] = {}
    for path in paths:
        file = path.resolve()
        if file not in kept or file == Path(os.path.abspath(path)):  # noqa: PTH100 - links stay
            kept[file] = path
    return list(kept.values())


def _local(places: Sequence[Path | str]) -> list[Path]:
    """`places`, if all of them can be watched."""
    for place in places:
        if not isinstance(place, Path):
            raise InputError(
                "--watch", place, "folders and catalogues are watched", "Leave the address out."
            )
    return [place for place in places if isinstance(place, Path)]


def _first_seen(watched: Sequence[NewScenes]) -> list[Path]:
    """What is there; raises SceneError where all places cannot be read."""
    found: list[Path] = []
    errors: list[SceneError] = []
    for one in watched:
        try:
            found += one.poll()
        except SceneError as error:
            errors.append(error)
    if errors and len(errors) == len(watched):
        raise errors[0]
    for wrong in errors:
        _tell(wrong)
    return found


def _seen(arrivals: NewScenes) -> tuple[Path, ...]:
    """What came; a place that cannot be read now is told, and looked at again later."""
    try:
        return arrivals.poll()
    except SceneError as error:
        _tell(error)
        return ()


def _tell(error: SceneError) -> None:
    print(f"pierwatch: {printable_line(str(error))}", file=sys.stderr)


def _try_again(
    watched: Sequence[NewScenes], paths: Sequence[Path], outcomes: Sequence[SceneOutcome]
) -> None:
    """Has scenes that could not be counted told again, whatever the reason was."""
    for path, outcome in zip(paths, outcomes, strict=True):
        if outcome.status in (SceneStatus.REFUSED, SceneStatus.FAILED):
            for one in watched:
                one.retry(path)


class _LedgersPast:
    """What a ledger held, if it is a file: what was there once has to stay."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._seen = file_identity(file) if file else None
        self._last_run = 0

    def check(self) -> None:
        """Raises LedgerError where another ledger is there now, an older copy, or none."""
        if self._file is None:
            return
        now, last_run = file_identity(self._file), _last_run(self._file, self._last_run)
        if self._seen not in (None, now) or last_run < self._last_run:
            raise LedgerError(
                self._file,
                "it was moved, removed or replaced while it was watched",
                "scenes that were counted before may be missing in it",
                "Give the same command again: it counts what the ledger does not hold.",
            )
        self._seen, self._last_run = now, last_run


def _last_run(file: Path, known: int) -> int:
    """The last recording in the ledger `file`; the `known` one where that cannot be read now."""
    try:
        with Ledger.open(file, readonly=True) as ledger:
            return ledger.last_run()
    except LedgerError:
        return known
