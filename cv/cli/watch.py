"""Watching: looks for what comes to some places, and has it counted, until it is ended."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
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
    place cannot be watched, LedgerError where the ledger went away between two batches, and
    SceneError where a place cannot be read at first.
    """
    watched = [Arrivals(place, settled_s=every_s) for place in _local(places)]
    fresh = each_once(path for one in watched for path in one.look())
    while True:
        if fresh:
            _try_again(watched, fresh, count(fresh))
        with _in_its_place(ledger):
            time.sleep(every_s)
        fresh = each_once(path for one in watched for path in _seen(one))


def each_once(paths: Iterable[Path]) -> list[Path]:
    """`paths` without those that lead to the same file as an earlier one."""
    return list({path.resolve(): path for path in reversed(list(paths))}.values())[::-1]


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


@contextmanager
def _in_its_place(file: Path | None) -> Iterator[None]:
    """Raises LedgerError where the ledger `file` is another one, or none, after the block."""
    before = identity(file) if file else None
    yield
    if file and before and identity(file) != before:
        raise LedgerError(
            file,
            "it was moved, removed or replaced while it was watched",
            "scenes that were counted before may be missing in it",
            "Give the same command again: it counts what the ledger does not hold.",
        )
