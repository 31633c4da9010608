"""The ledger: record scenes, read counts, remember alerts and quarantined files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from shapely.errors import ShapelyError
from sqlalchemy import Connection, RowMapping, Select, Table, delete, insert, select

from cv.counting.pier_count import PierCount
from cv.counting.scene_counts import SceneCounts
from cv.geometry.arrays import Float64Array
from cv.ledger import queries, row_mapping, schema
from cv.ledger.alert_log import RecordedAlert, SceneArrival
from cv.ledger.count_identity import CountIdentity
from cv.ledger.error_messages import damaged_ledger
from cv.ledger.file_guard import LedgerFileGuard
from cv.ledger.postgres_address import is_postgres_address
from cv.ledger.postgres_connection import open_postgres_ledger
from cv.ledger.quarantined_file import QuarantinedFile
from cv.ledger.sqlite_connection import open_sqlite_ledger
from cv.ledger.writer import SceneWriter
from cv.registration.ground_reference import SiteReference
from cv.site import Pier

TIMEOUT_S = 5.0
"""How long to wait for another writer, seconds."""


class Ledger:
    """Every count that was made, by scene, pier, model and settings.

    >>> with Ledger.open("port.db", readonly=True) as ledger:
    ...     counts = ledger.counts(site.pier("Pier 2"))
    >>> len(counts), counts[0].pier
    (3, 'Export pier')

    In one SQLite file, or for teams in PostgreSQL (an address, extra `postgres`). One program
    writes at a time, others wait for it; any number reads meanwhile. What holds of scenes and
    counts is written in `cv.ledger.writer`. A ledger is a context manager and belongs to the thread
    that opened it.
    """

    def __init__(
        self, path: str | Path, readonly: bool = False, timeout_s: float = TIMEOUT_S
    ) -> None:
        """Open the ledger at `path`; create it if there is none, unless `readonly`.

        `path` is a file, or an address such as "postgresql://user@host/database"; there the tables
        lie in the first schema of the search path, and off this computer TLS is needed.
        Another writer is waited for at most `timeout_s` seconds. Raises LedgerError; a file that is
        not a ledger, is damaged, or was written by a newer version stays as it is.
        """
        self.reader: Callable[[], Ledger] = partial(Ledger, path, readonly=True)
        """Opens it once more, to be read, here or in another process."""
        if isinstance(path, str) and is_postgres_address(path):
            self._connection = open_postgres_ledger(path, readonly, timeout_s)
        else:
            self._connection = open_sqlite_ledger(Path(path), readonly, timeout_s)
        self.path: Path | str = self._connection.place
        """The file, or the address without its password."""
        self._guard = LedgerFileGuard(self.path)

    @classmethod
    def open(cls, path: str | Path, readonly: bool = False, timeout_s: float = TIMEOUT_S) -> Self:
        """Return `Ledger(...)`, as scenes are opened."""
        return cls(path, readonly, timeout_s)

    def __enter__(self) -> Self:
        return self

    def __repr__(self) -> str:
        return f"Ledger({str(self.path)!r})"

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; further calls raise sqlalchemy.exc.ResourceClosedError."""
        self._connection.close()

    def record(self, counts: SceneCounts, reference: SiteReference | None = None) -> int:
        """Write the scene of `counts` in one transaction; return how many counts are new.

        With new counts, `reference` is written too, unless one of its piers has a reference.

        Raises TimeError for a scene without a time, SceneError for a known scene that changed or
        lost its cloud mask, and LedgerError (other writer, full disk, ...); then nothing is
        written.
        """
        if not counts.piers:
            return 0
        with self._writing() as sql:
            return SceneWriter(self.path, sql).record(counts, reference)

    def recorded_as(self, wanted: CountIdentity) -> str | None:
        """Return the name of the scene that makes it needless to count `wanted`, else None.

        It has these counts, and they did not fail; where the same image was recorded first by
        another name, it is that. Raises SceneError as `record` does, and LedgerError.
        """
        with self._reading() as sql:
            return SceneWriter(self.path, sql).recorded_as(wanted)

    def reference(self, places: Sequence[str]) -> SiteReference | None:
        """Return the reference of the piers with these `PierCount.place`, None if none has one.

        Raises LedgerError.
        """
        with self._reading() as sql:
            found = sql.execute(queries.PIER_REFERENCES, {"places": list(places)})
            return row_mapping.to_reference(list(found.mappings()))

    def piers(self) -> tuple[str, ...]:
        """Return the names of all piers that were ever counted, sorted; raises LedgerError."""
        return tuple(row["name"] for row in self._rows(queries.PIERS))

    def counts(
        self,
        pier: str | Pier | None = None,
        *,
        model: str | None = None,
        scene: str | None = None,
        latest: bool = False,
    ) -> tuple[PierCount, ...]:
        """Return the counts (of `pier`, by `model`, in `scene`) by time, pier and recording.

        A `Pier` stands for its counts under its name or, if there are none, under an alias.
        `latest` keeps one count per scene and pier among them: the one recorded last, and one that
        failed only where there is no other. Raises LedgerError.
        """
        wanted = queries.CountFilter(self._recorded_name(pier), model, scene, latest)
        all_parts = replace(wanted, latest=False)  # cheaper; those of other counts are left out
        with self._reading() as sql:
            return row_mapping.to_counts(
                _all(sql, queries.select_counts(wanted)),
                _all(sql, queries.select_parts(schema.stacks, all_parts)),
                _all(sql, queries.select_parts(schema.hulls, all_parts)),
            )

    def detections(
        self,
        pier: str | Pier | None = None,
        *,
        scene: str | None = None,
        model: str | None = None,
        latest: bool = False,
    ) -> tuple[row_mapping.RecordedDetection, ...]:
        """Return the detections (in `scene`, on `pier`, by `model`), by time, then recording.

        `latest` keeps those behind the latest counts, and those on no pier from the last of their
        recordings. Raises LedgerError.
        """
        wanted = queries.CountFilter(self._recorded_name(pier), model, scene, latest)
        with self._reading() as sql:
            found = _all(sql, queries.select_detections(wanted))
            return row_mapping.to_recorded_detections(found)

    def container_places(self, pier: str | Pier) -> dict[str, Float64Array]:
        """Return the centres of the containers on `pier` by scene, of the latest counts, by time.

        Each (k, 2): longitude and latitude, degrees. Scenes without a container, or without a CRS,
        are left out. Raises LedgerError.
        """
        name = self._recorded_name(pier) or ""
        with self._reading() as sql:
            found = _all(sql, queries.select_container_outlines(name))
            return row_mapping.to_container_places(found)

    def _recorded_name(self, pier: str | Pier | None) -> str | None:
        """Return the name of `pier` in this ledger: of a `Pier` the first one that has counts."""
        if not isinstance(pier, Pier):
            return pier
        recorded = self.piers()
        return next((name for name in pier.names if name in recorded), pier.name)

    def last_run(self) -> int:
        """Return the number of the last recording, 0 before the first; raises LedgerError."""
        with self._reading() as sql:
            return _last_run(sql)

    def arrivals(self, pier: str) -> tuple[SceneArrival, ...]:
        """Return the scenes that have a count of `pier`, by time; raises LedgerError."""
        return tuple(SceneArrival(**row) for row in self._rows(queries.select_arrivals(pier)))

    def alerts(self) -> tuple[RecordedAlert, ...]:
        """Return all alerts that were reported, by their number; raises LedgerError."""
        return tuple(
            RecordedAlert(row["id"], row["pier"], row["event"], row["standing"], row["run_id"])
            for row in self._rows(queries.ALERTS)
        )

    @contextmanager
    def alert_transaction(self) -> Iterator[list[RecordedAlert]]:
        """Yield a list for alerts that are reported in the block; record them when it ends well.

        No other program reports at the same time. Raises LedgerError.
        """
        reported: list[RecordedAlert] = []
        with self._writing() as sql:
            yield reported
            for alert in reported:
                pier = select(schema.piers.c.id).where(schema.piers.c.name == alert.pier)
                values = {"event": alert.event, "standing": alert.standing, "run_id": alert.run}
                values |= {"id": alert.id, "pier_id": sql.execute(pier).scalar()}
                _replace(sql, schema.alerts, "id", values)

    def quarantined(self) -> tuple[QuarantinedFile, ...]:
        """Return the files in quarantine, by path; raises LedgerError."""
        return tuple(
            QuarantinedFile(row["digest"], row["bytes"], row["path"], row["reason"])
            for row in self._rows(queries.QUARANTINED)
        )

    def add_to_quarantine(self, file: QuarantinedFile) -> None:
        """Put a file into quarantine; raises LedgerError."""
        values = {"digest": file.digest, "bytes": file.size}
        values |= {"path": file.path, "reason": file.reason}
        with self._writing() as sql:
            _replace(sql, schema.quarantine, "digest", values)

    def release_quarantine(self) -> None:
        """End the quarantine of all files; raises LedgerError."""
        with self._writing() as sql:
            sql.execute(delete(schema.quarantine))

    def remove_if_empty(self) -> None:
        """Remove the ledger's file if nothing was ever recorded in it; raises LedgerError.

        No other program records anything meanwhile; one that has the file open is refused later. A
        file that the system does not let go (Windows) stays.
        """
        if self.quarantined() or is_postgres_address(str(self.path)):
            return
        with self._writing() as sql, suppress(OSError):
            if _last_run(sql) == 0:
                Path(self.path).unlink()

    def _rows(self, query: Select[Any]) -> list[RowMapping]:
        with self._reading() as sql:
            return _all(sql, query)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._connection.reading() as sql:
            try:
                yield sql
            except (ValueError, TypeError, ShapelyError) as error:
                raise damaged_ledger(self.path, error) from error

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """All or nothing; a block that wrote nothing leaves the file's bytes alone."""
        with self._connection.writing() as sql:
            self._guard.check(_last_run(sql))
            yield sql
            last_run = _last_run(sql)
        self._guard.last_run = last_run


def _all(sql: Connection, query: Select[Any]) -> list[RowMapping]:
    return list(sql.execute(query).mappings())


def _last_run(sql: Connection) -> int:
    return int(sql.execute(queries.LAST_RUN).scalar_one())


def _replace(sql: Connection, table: Table, key: str, values: row_mapping.Values) -> None:
    """Insert a row in place of the one with the same `key`."""
    sql.execute(delete(table).where(table.c[key] == values[key]))
    sql.execute(insert(table), values)
