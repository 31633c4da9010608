"""Watching: looks for what comes to some places, and has it counted, until it is ended."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from cv.errors import InputError, LedgerError, SceneError
from cv.ledger.opening import identity
from cv.outcome import Fate, Outcome
from cv.scene.arrivals import Arrivals
from cv.wording import one_line


def watch(
    places: Sequence[Path | str],
    every_s: int,
    ledger: Path | None,
    count: Callable[[Sequence[Path]], Sequence[Outcome]],
) -> NoReturn:
    """Has `count` count what is in `places`, and every `every_s` seconds what came since.

    `count` answers what became of each path, in their order; what could not be counted is given to
    it again later. `ledger` is the file that it fills, if it is one. Raises InputError where a
    place cannot be watched, LedgerError where the ledger is not the one any more that was there
    before, and SceneError where a place cannot be read at first.
    """
    watched = [Arrivals(place, settled_s=every_s) for place in _local(places)]
    fresh = each_once(path for one in watched for path in one.look())
    place = _LedgersPlace(ledger)
    while True:
        if fresh:
            _try_again(watched, fresh, count(fresh))
        place.check()
        time.sleep(every_s)
        place.check()
        fresh = each_once(path for one in watched for path in _seen(one))


def each_once(paths: Iterable[Path]) -> list[Path]:
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


def _seen(arrivals: Arrivals) -> tuple[Path, ...]:
    """What came; a place that cannot be read now is told, and looked at again later."""
    try:
        return arrivals.look()
    except SceneError as error:
        print(f"pierwatch: {one_line(str(error))}", file=sys.stderr)
        return ()


def _try_again(
    watched: Sequence[Arrivals], paths: Sequence[Path], outcomes: Sequence[Outcome]
) -> None:
    """Has scenes that could not be counted told again, whatever the reason was."""
    for path, outcome in zip(paths, outcomes, strict=True):
        if outcome.fate in (Fate.REFUSED, Fate.FAILED):
            for one in watched:
                one.again(path)


class _LedgersPlace:
    """Where a ledger lies, if it is a file: once one was seen there, it has to stay."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._seen = identity(file) if file else None

    def check(self) -> None:
        """Raises LedgerError where another ledger is there now, or none."""
        if self._file is None:
            return
        now = identity(self._file)
        if self._seen not in (None, now):
            raise LedgerError(
                self._file,
                "it was moved, removed or replaced while it was watched",
                "scenes that were counted before may be missing in it",
                "Give the same command again: it counts what the ledger does not hold.",
            )
        self._seen = now
