"""Writing one scene into the ledger, inside a transaction that the caller holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cv.counting.count import CountStatus, PierCount
from cv.counting.counts import SceneCounts
from cv.errors import LedgerError, SceneError, TimeError
from cv.ledger import queries, row_mapping
from cv.ledger.postgres import PostgresConnection

ROUNDING = timedelta(minutes=1)
"""Times of one image that are no further apart are one time, rounded here and there."""
_UNTOUCHED = "Nothing of this scene was recorded; please report it."


def time_of(counts: SceneCounts) -> str:
    """The one time of all counts, at least one, ISO 8601 in UTC; raises TimeError."""
    times = {count.acquired for count in counts}
    acquired = times.pop()
    if acquired is None or acquired.tzinfo is None or times:
        found = "several times" if times else f"its time is {acquired}, without a time zone"
        raise TimeError(
            counts.scene,
            "no acquisition time" if acquired is None else found,
            "a recorded scene has one time, in UTC",
            "Declare when it was taken (metadata, or a pattern of its file name).",
        )
    return utc_timestamp(acquired)


def utc_timestamp(acquired: datetime) -> str:
    """A time with its zone as the ledger writes it: ISO 8601, UTC, microseconds."""
    return acquired.astimezone(UTC).isoformat(timespec="microseconds")


def check_unchanged(
    path: Path | str, scene: str, now: tuple[str, str], before: tuple[str, str]
) -> None:
    """Raises SceneError where (digest, time) of `scene` are not what the ledger `path` knows.

    Times are rounded here and there, see `ROUNDING`.
    """
    (digest, acquired), (known_digest, known_time) = now, before
    later = datetime.fromisoformat(acquired) - datetime.fromisoformat(known_time)
    if digest != known_digest:
        what, value, known = "sha256", digest, known_digest
    elif abs(later) > ROUNDING:
        what, value, known = "time", acquired, known_time
    else:
        return
    raise SceneError(
        scene,
        f"its {what} is {value[:26]}, in {path} it is {known[:26]}",
        "a recorded scene never changes, and no two scenes have one name",
        "Give the new file another name, or record it into another ledger.",
    )


def check_cloud_mask(path: Path | str, scene: str, basis: str, masked: bool) -> None:
    """Raises SceneError where clouds of `scene`, known (`masked`) to the ledger `path`, would be
    forgotten by counts whose visibility rests on `basis`."""
    if masked and basis == "mask":
        raise SceneError(
            scene,
            "no UDM2 comes with it now",
            f"in {path} it has counts that know its clouds",
            "Put the UDM2 beside the image; a copy of the image without it can be removed.",
        )


@dataclass(frozen=True)
class KnownScene:
    """A scene in the ledger."""

    name: str
    id: int
    acquired: datetime


def same_image(found: Iterable[row_mapping.Row], acquired: datetime) -> KnownScene | None:
    """The first scene among the rows `found` (of queries.SAME) that was taken at `acquired`."""
    known = (KnownScene(name, int(number), datetime.fromisoformat(t)) for name, number, t in found)
    return next((one for one in known if abs(one.acquired - acquired) <= ROUNDING), None)


class SceneWriter:
    """Writes the counts of one scene into the ledger at `path`."""

    def __init__(
        self,
        path: Path | str,
        connection: sqlite3.Connection | PostgresConnection,
        counts: SceneCounts,
    ) -> None:
        """`connection` is inside of a write transaction; a raised error must roll it back."""
        self._path = path
        self._connection = connection
        self._counts = counts

    def record(self, acquired: str) -> int:
        """Inserts what is new, taken at `acquired`; returns how many counts that were.

        Raises SceneError, LedgerError and sqlite3.Error.
        """
        self._check_piers()
        scene_id = self._scene_id(acquired)
        self._check_bases(scene_id)
        fresh = self._fresh(scene_id)
        if fresh:
            self._insert(scene_id, fresh)
        return len(fresh)

    def _check_piers(self) -> None:
        names = {count.pier for count in self._counts}
        for sighting in self._counts.detections:
            if sighting.pier is not None and sighting.pier not in names:
                raise self._refusal(f"a sighting on {sighting.pier!r}", "that pier has no count")

    def _scene_id(self, acquired: str) -> int:
        """The scene's row, made if it is new; raises SceneError if the known one differs.

        It may have another name, see `Ledger.known_as`.
        """
        scene, digest = self._counts.scene, self._counts.digest
        known = self._connection.execute(queries.SCENE, (scene,)).fetchone()
        if known is None:
            found = self._connection.execute(queries.SAME, (digest,)).fetchall()
            same = same_image(found, datetime.fromisoformat(acquired))
            if same is not None:
                return same.id
            return self._add("scenes", name=scene, digest=digest, acquired=acquired)
        scene_id, *before = known
        check_unchanged(self._path, scene, (digest, acquired), (before[0], before[1]))
        return int(scene_id)

    def _check_bases(self, scene_id: int) -> None:
        asked = "SELECT 1 FROM counts WHERE scene_id = ? AND visibility = 'udm2' LIMIT 1"
        masked = self._connection.execute(asked, (scene_id,)).fetchone() is not None
        for count in self._counts:
            check_cloud_mask(self._path, self._counts.scene, count.visibility, masked)

    def _fresh(self, scene_id: int) -> list[PierCount]:
        """The counts that are not there yet; removes failed ones that are to be replaced."""
        known: dict[tuple[str, str, str], tuple[int, str]] = {
            (pier, model, settings): (count_id, status)
            for count_id, pier, model, settings, status in self._connection.execute(
                queries.KNOWN, (scene_id,)
            )
        }
        fresh, replaced = [], []
        for count in self._counts:
            before = known.get((count.pier, count.model, count.settings))
            if before is None:
                fresh.append(count)
            elif before[1] == CountStatus.FAILED and count.status is not CountStatus.FAILED:
                fresh.append(count)
                replaced.append((before[0],))
        self._connection.executemany("DELETE FROM counts WHERE id = ?", replaced)
        return fresh

    def _insert(self, scene_id: int, fresh: Sequence[PierCount]) -> None:
        run_id = self._add("runs", scene_id=scene_id, model=fresh[0].model)
        first = self._next("counts")
        (newest,) = self._connection.execute(queries.RECENCY, (scene_id,)).fetchone()
        ids = {count.pier: first + i for i, count in enumerate(fresh)}
        self._fill(
            "counts",
            (
                "id",
                "run_id",
                "scene_id",
                "recency",
                "pier_id",
                "recipe_id",
                *row_mapping.COUNT_COLUMNS,
            ),
            [
                (first + i, run_id, scene_id, newest + 1, *self._keys(count), *self._row(count))
                for i, count in enumerate(fresh)
            ],
        )
        self._fill(
            "stacks",
            ("count_id", "position", *row_mapping.STACK_COLUMNS),
            (
                (ids[count.pier], i, *row_mapping.stack_row(stack))
                for count in fresh
                for i, stack in enumerate(count.stacks)
            ),
        )
        self._fill(
            "hulls",
            ("count_id", "position", *row_mapping.HULL_COLUMNS),
            (
                (ids[count.pier], i, *row_mapping.hull_row(hull))
                for count in fresh
                for i, hull in enumerate(count.berthed)
            ),
        )
        self._insert_sightings(run_id, ids)

    def _insert_sightings(self, run_id: int, ids: dict[str, int]) -> None:
        behind = [s for s in self._counts.detections if s.pier is None or s.pier in ids]
        first = self._next("sightings")
        self._fill(
            "sightings",
            ("id", "run_id", "count_id", *row_mapping.DETECTION_COLUMNS),
            (
                (first + i, run_id, ids[s.pier] if s.pier is not None else None, *row)
                for i, (s, row) in enumerate(
                    zip(behind, row_mapping.detection_rows(behind), strict=True)
                )
            ),
        )

    def _row(self, count: PierCount) -> row_mapping.Row:
        try:
            return row_mapping.count_row(count)
        except ValueError as error:
            raise self._refusal(
                f"{count.pier}: {error}", "a finite number or none at all is recorded"
            ) from error

    def _keys(self, count: PierCount) -> tuple[int, int]:
        """The rows of its pier and of its recipe, made if they are new."""
        pier = self._find("piers", name=count.pier)
        return pier, self._find("recipes", model=count.model, settings=count.settings)

    def _find(self, table: str, **values: str) -> int:
        """The id of the row of `table` with these `values`, made if there is none."""
        where = " AND ".join(f"{name} = ?" for name in values)
        known = self._connection.execute(
            f"SELECT id FROM {table} WHERE {where}", tuple(values.values())
        ).fetchone()
        return int(known[0]) if known else self._add(table, **values)

    def _add(self, table: str, **values: str | int) -> int:
        """The id of a new row of `table` with these `values`."""
        row_id = self._next(table)
        self._fill(table, ("id", *values), [(row_id, *values.values())])
        return row_id

    def _next(self, table: str) -> int:
        largest = self._connection.execute(f"SELECT max(id) FROM {table}").fetchone()[0]
        return int(largest or 0) + 1

    def _fill(self, table: str, columns: Sequence[str], values: Iterable[row_mapping.Row]) -> None:
        marks = ", ".join("?" * len(columns))
        self._connection.executemany(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", values
        )

    def _refusal(self, found: str, limit: str) -> LedgerError:
        return LedgerError(self._path, f"scene {self._counts.scene!r}: {found}", limit, _UNTOUCHED)
