"""The ledger's verbs: record a scene, ask what is there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from cv.counting.count import PierCount
from cv.counting.counts import SceneCounts
from cv.errors import LedgerError
from cv.ledger import postgres, queries, row_mapping
from cv.ledger.alert_log import RecordedAlert, SceneArrival
from cv.ledger.connection import connect, file_identity
from cv.ledger.error_messages import database_errors, malformed_rows
from cv.ledger.quarantined_file import QuarantinedFile
from cv.ledger.writer import (
    SceneWriter,
    check_cloud_mask,
    check_unchanged,
    same_image,
    time_of,
    utc_timestamp,
)
from cv.site import Pier

TIMEOUT_S = 5.0
"""How long another writer is waited for, seconds."""


class Ledger:
    """Every count that was made, by scene, pier, model and settings.

    >>> with Ledger.open("port.db", readonly=True) as ledger:
    ...     counts = ledger.counts(site.pier("Pier 2"))
    >>> len(counts), counts[0].pier
    (3, 'Export pier')

    In one SQLite file, or for teams in PostgreSQL (an address, extra `postgres`). One program
    writes at a time, others wait for it; any number reads meanwhile. A ledger is a context manager
    and belongs to the thread that opened it.
    """

    def __init__(
        self, path: str | Path, readonly: bool = False, timeout_s: float = TIMEOUT_S
    ) -> None:
        """Opens the ledger at `path`; creates it if there is none, unless `readonly`.

        `path` is a file, or an address such as "postgresql://user@host/database"; there the tables
        lie in the first schema of the search path, and off this computer TLS is needed.
        Another writer is waited for at most `timeout_s` seconds. Raises LedgerError; a file that is
        not a ledger, is damaged, or was written by a newer version stays as it is.
        """
        self.path: Path | str
        """The file, or the address without its password."""
        self.reader: Callable[[], Ledger] = partial(Ledger, path, readonly=True)
        """Opens it once more, to be read, here or in another process."""
        self._connection: sqlite3.Connection | postgres.PostgresConnection
        if isinstance(path, str) and postgres.is_postgres_address(path):
            self.path = postgres.without_password(path)
            self._connection = postgres.PostgresConnection(path, readonly, timeout_s)
        else:
            self.path = Path(path)
            self._connection = connect(self.path, readonly, timeout_s)
        self._opened = file_identity(self.path)
        self._past = 0
        """The last recording that was made here."""

    @classmethod
    def open(cls, path: str | Path, readonly: bool = False, timeout_s: float = TIMEOUT_S) -> Self:
        """`Ledger(...)`, spelled as scenes are opened."""
        return cls(path, readonly, timeout_s)

    def __enter__(self) -> Self:
        return self

    def __repr__(self) -> str:
        return f"Ledger({str(self.path)!r})"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file; further calls raise sqlite3.ProgrammingError."""
        self._connection.close()

    def record(self, counts: SceneCounts) -> int:
        """Writes the scene of `counts` in one transaction; returns how many counts are new.

        A count whose scene, pier, model and settings are there already changes nothing, except that
        one which failed gives way to one which did not. A scene whose image is known by another
        name is that one, see `known_as`. Raises TimeError for a scene without a time, SceneError
        for a known scene with another digest or time (by more than a minute), or whose clouds were
        known and are not any more, and LedgerError (other writer, full disk, ...); then nothing is
        written.
        """
        if not counts.piers:
            return 0
        acquired = time_of(counts)
        with database_errors(self.path), self._writing():
            if self.last_run() < self._past:
                raise self._replaced()
            written = SceneWriter(self.path, self._connection, counts).record(acquired)
            past = self.last_run()
        self._past = past
        return written

    def has(self, scene: str, model: str, settings: str, pier: str | None = None) -> bool:
        """Whether a count of `scene` (on `pier`) by `model` with `settings` is there.

        One that failed is not: it is worth another try. Raises LedgerError.
        """
        with database_errors(self.path):
            return bool(self._all(queries.has(scene, model, settings, pier)))

    def mark_latest(self, scene: str, model: str, settings: str) -> None:
        """Makes the counts of `scene` by `model` with `settings` its newest ones.

        Where they are already, nothing is written. Raises LedgerError.
        """
        renewing = queries.SqlQuery(queries.MARK_LATEST, (scene, model, settings))
        with database_errors(self.path), self._writing():
            self._connection.execute(renewing.sql, renewing.parameters)

    def latest_config(self, scene: str) -> tuple[str, str] | None:
        """Model and settings of the newest counts of `scene`, None without any; LedgerError."""
        with database_errors(self.path):
            found = self._all(queries.SqlQuery(queries.LATEST_CONFIG, (scene,)))
        return (found[0][0], found[0][1]) if found else None

    def canonical_scene(self, scene: str, digest: str, acquired: datetime) -> tuple[str, datetime]:
        """The name and the time by which `scene` is known: its own, or those of the same image.

        A copy of an image, or a STAC Item that names it, shows nothing new; their times may differ
        by a minute: they are rounded here and there. Raises LedgerError.
        """
        with database_errors(self.path), malformed_rows(self.path):
            if self._all(queries.SqlQuery(queries.SCENE, (scene,))):
                return scene, acquired
            same = same_image(self._all(queries.SqlQuery(queries.SAME, (digest,))), acquired)
        return (same.name, same.acquired) if same else (scene, acquired)

    def check_scene(self, scene: str, digest: str, acquired: datetime, basis: str) -> None:
        """Raises SceneError where `scene` is known with another digest or time, and LedgerError.

        Times may differ by a minute, see `known_as`.

        Also where its clouds are known and `basis`, what its visibility would rest on now, says
        nothing of them (see Visibility).
        """
        with database_errors(self.path):
            known = self._all(queries.SqlQuery(queries.SCENE, (scene,)))
            masked = bool(self._all(queries.SqlQuery(queries.MASKED, (scene,))))
        with malformed_rows(self.path):
            for _, *before in known:
                check_unchanged(
                    self.path, scene, (digest, utc_timestamp(acquired)), (before[0], before[1])
                )
        check_cloud_mask(self.path, scene, basis, masked)

    def piers(self) -> tuple[str, ...]:
        """The names of all piers that were ever counted, sorted; raises LedgerError."""
        with database_errors(self.path):
            return tuple(name for (name,) in self._all(queries.SqlQuery(queries.PIERS, ())))

    def counts(
        self,
        pier: str | Pier | None = None,
        *,
        model: str | None = None,
        scene: str | None = None,
        newest: bool = False,
    ) -> tuple[PierCount, ...]:
        """The counts (of `pier`, by `model`, in `scene`), by time, then pier, the newest last.

        A `Pier` stands for its counts under its name or, if there are none, under an alias.
        `newest` keeps one count per scene and pier among them: the one recorded or confirmed (see
        `renew`) last, and one that failed only where there is no other. Raises LedgerError.
        """
        asked = queries.CountFilter(self._recorded_name(pier), model, scene, newest)
        with database_errors(self.path), self._reading():
            found = self._all(queries.counts(asked))
            wider = replace(asked, newest=False)  # what is not among `found` is left out below
            stacks = self._all(queries.parts("stacks", row_mapping.STACK_COLUMNS, wider))
            hulls = self._all(queries.parts("hulls", row_mapping.HULL_COLUMNS, wider))
        with malformed_rows(self.path):
            return row_mapping.to_counts(found, stacks, hulls)

    def detections(
        self,
        pier: str | Pier | None = None,
        *,
        scene: str | None = None,
        model: str | None = None,
        newest: bool = False,
    ) -> tuple[row_mapping.RecordedDetection, ...]:
        """The sightings (of `scene`, on `pier`, by `model`), by time, then insertion.

        `newest` keeps those behind the newest counts, and those on no pier from the last of their
        recordings. Raises LedgerError.
        """
        asked = queries.CountFilter(self._recorded_name(pier), model, scene, newest)
        with database_errors(self.path):
            found = self._all(queries.detections(asked))
        with malformed_rows(self.path):
            return row_mapping.to_recorded_detections(found)

    def _recorded_name(self, pier: str | Pier | None) -> str | None:
        """Return the name of `pier` in this ledger: of a `Pier` the first one that has counts."""
        if not isinstance(pier, Pier):
            return pier
        recorded = self.piers()
        return next((name for name in pier.names if name in recorded), pier.name)

    def last_run(self) -> int:
        """The number of the last recording, 0 before the first; raises LedgerError."""
        with database_errors(self.path):
            ((last,),) = self._all(queries.SqlQuery(queries.LAST_RUN, ()))
        return int(last)

    def arrivals(self, pier: str) -> tuple[SceneArrival, ...]:
        """The scenes that have a count of `pier`, by time; raises LedgerError."""
        with database_errors(self.path):
            found = self._all(queries.SqlQuery(queries.ARRIVALS, (pier,)))
        with malformed_rows(self.path):
            return tuple(SceneArrival.of_row(row) for row in found)

    def alerts(self) -> tuple[RecordedAlert, ...]:
        """All alerts that were given, by their number; raises LedgerError."""
        with database_errors(self.path):
            found = self._all(queries.SqlQuery(queries.ALERTS, ()))
        with malformed_rows(self.path):
            return tuple(RecordedAlert.of_row(row) for row in found)

    @contextmanager
    def alert_transaction(self) -> Iterator[list[RecordedAlert]]:
        """A list to put into what is told meanwhile; it is recorded when the block ends well.

        Nobody else tells at the same time. Raises LedgerError.
        """
        said: list[RecordedAlert] = []
        with database_errors(self.path), self._writing():
            yield said
            self._connection.executemany(queries.UPSERT_ALERT, [one.row for one in said])

    def quarantined(self) -> tuple[QuarantinedFile, ...]:
        """The files in quarantine, by path; raises LedgerError."""
        with database_errors(self.path):
            found = self._all(queries.SqlQuery(queries.QUARANTINED, ()))
        return tuple(QuarantinedFile(*row) for row in found)

    def add_to_quarantine(self, culprit: QuarantinedFile) -> None:
        """Puts a file into quarantine; raises LedgerError."""
        with database_errors(self.path), self._writing():
            self._connection.execute(queries.QUARANTINE, culprit.row)

    def release_quarantine(self) -> None:
        """Ends the quarantine of all files; raises LedgerError."""
        with database_errors(self.path), self._writing():
            self._connection.execute(queries.RELEASE)

    def _all(self, query: queries.SqlQuery) -> list[row_mapping.Row]:
        return self._connection.execute(query.sql, query.parameters).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Several queries that see the same state."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _replaced(self) -> LedgerError:
        return LedgerError(
            self.path,
            "it was moved, removed or replaced while it was open",
            "what is written to a ledger has to be found in its place",
            "Run the same command again.",
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """All or nothing; a block that wrote nothing leaves the file's bytes alone."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            if file_identity(self.path) != self._opened:
                raise self._replaced()
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
