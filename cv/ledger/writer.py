"""Writing one scene into the ledger, inside a transaction that the caller holds.

The rules of a ledger:

1. One image, known by its sha256, is one scene, wherever its file lies. The name and time that were
   recorded first stay.
2. Another image by a recorded name is refused, and so is a recorded name with another time (by more
   than a minute, as times are rounded).
3. A count by another model or with other settings supersedes: every count is kept, and the one
   recorded last of those that did not fail is THE count of its scene and pier.
4. A count by a model and settings that are there already changes nothing; only one that failed is
   replaced by one that did not.
5. Counts that know the clouds of a scene are never superseded by counts that do not: a scene with
   such counts is refused without its cloud mask.
6. A pier that was renamed in its site keeps the name under which it was recorded, if the site has
   that name as an alias.
7. The reference of a pier, with which later scenes are aligned, is written once and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, insert

from cv.counting.pier_count import CountStatus, PierCount
from cv.counting.scene_counts import SceneCounts
from cv.errors import LedgerError, SceneError, TimeError
from cv.ledger import queries, row_mapping, schema
from cv.ledger.count_identity import CountIdentity
from cv.registration.ground_reference import SiteReference

ROUNDING = timedelta(minutes=1)
"""Times of one scene that differ by no more are one time, rounded differently."""
_CLOUD_MASK = "udm2"
"""How the visibility of a count begins that knows the clouds, see `PierCount.visibility`."""
_INSERT = {table.name: insert(table) for table in schema.METADATA.sorted_tables}


class SceneWriter:
    """Reads and writes one scene of the ledger at `place`."""

    def __init__(self, place: Path | str, sql: Connection) -> None:
        """Bind to `sql`, a connection inside a transaction (for `record`, one that writes)."""
        self._place = place
        self._sql = sql
        self._next_ids: dict[str, int] = {}
        """The id of the next row of each table, while a scene is recorded."""

    def recorded_as(self, wanted: CountIdentity) -> str | None:
        """Return the name of the scene that makes it needless to count `wanted`, see `Ledger`."""
        scene = self._find(wanted.scene, wanted.digest, wanted.acquired)
        if scene is None:
            return None
        known = self._sql.execute(queries.select_scene_counts(scene.id)).all()
        self._check_clouds(wanted.scene, wanted.basis, known)
        config = wanted.model, wanted.settings, False
        has = any((c.model, c.settings, c.status == CountStatus.FAILED) == config for c in known)
        return str(scene.name) if has else None

    def record(self, counts: SceneCounts, reference: SiteReference | None = None) -> int:
        """Insert the counts that are new, and return their number.

        With them, `reference` becomes that of its piers, unless one of them has one.

        Raises SceneError, TimeError and LedgerError; the caller must then roll back.
        """
        acquired = _time_of(counts)
        counts = self._under_recorded_names(counts)
        self._next_ids = dict(self._sql.execute(queries.NEXT_IDS).mappings().one())
        scene = self._find(counts.scene, counts.digest, acquired)
        if scene is None:
            values = {"name": counts.scene, "digest": counts.digest, "acquired": acquired}
            scene_id, new = self._add(schema.scenes, **values), list(counts)
        else:
            scene_id, new = scene.id, self._new(scene.id, counts)
        if new:
            self._insert(scene_id, new, counts)
        if new and reference is not None:
            self._insert_reference(scene_id, reference)
        return len(new)

    def _under_recorded_names(self, counts: SceneCounts) -> SceneCounts:
        """Return `counts` with the recorded name of each pier that is known by an alias only."""
        names = [*counts.aliases, *counts.aliases.values()]
        known = {row.name for row in self._sql.execute(queries.PIER_IDS, {"names": names})}
        recorded: dict[str | None, str] = {}
        for alias, name in counts.aliases.items():
            if alias in known and name not in known:
                recorded.setdefault(name, alias)
        if not recorded:
            return counts
        piers = [replace(one, pier=recorded.get(one.pier, one.pier)) for one in counts]
        found = [replace(one, pier=recorded.get(one.pier, one.pier)) for one in counts.detections]
        return replace(counts, piers=tuple(piers), detections=tuple(found))

    def _find(self, name: str, digest: str, acquired: datetime) -> Row[Any] | None:
        """Return the scene of an image; raises SceneError where the image or its time changed."""
        row = self._sql.execute(queries.SCENES, {"name": name, "digest": digest}).first()
        if row is not None and row.digest != digest:
            raise SceneError(
                name,
                f"its sha256 is {digest[:26]}, in {self._place} it is {row.digest[:26]}",
                "a recorded scene never changes, and no two scenes have one name",
                "Give the new file another name, or record it into another ledger.",
            )
        if row is not None and row.name == name and abs(row.acquired - acquired) > ROUNDING:
            raise SceneError(
                name,
                f"its time is {_utc(acquired)} by this run and {_utc(row.acquired)} in "
                f"{self._place}",
                "a recorded scene keeps its time",
                "Check --time-pattern. If the recorded time is wrong, begin a new ledger.",
            )
        return row

    def _check_clouds(self, scene: str, basis: str, known: Sequence[Any]) -> None:
        blind = basis != "none" and not basis.startswith(_CLOUD_MASK)
        if blind and any(c.visibility.startswith(_CLOUD_MASK) for c in known):
            raise SceneError(
                scene,
                "no UDM2 comes with it now",
                f"in {self._place} it has counts that know its clouds",
                "Put the UDM2 beside the image; a copy of the image without it can be removed.",
            )

    def _new(self, scene_id: int, counts: SceneCounts) -> list[PierCount]:
        """Return the counts that are not there yet; delete failed ones that they replace."""
        rows = self._sql.execute(queries.select_scene_counts(scene_id)).all()
        known = {(row.pier, row.model, row.settings): row for row in rows}
        new, replaced = [], []
        for count in counts:
            self._check_clouds(counts.scene, count.visibility, rows)
            before = known.get((count.pier, count.model, count.settings))
            if before is None:
                new.append(count)
            elif before.status == CountStatus.FAILED and count.status is not CountStatus.FAILED:
                new.append(count)
                replaced.append(before.id)
        if replaced:
            self._sql.execute(delete(schema.counts).where(schema.counts.c.id.in_(replaced)))
        return new

    def _insert(self, scene_id: int, new: Sequence[PierCount], counts: SceneCounts) -> None:
        run_id = self._add(schema.runs, scene_id=scene_id, model=new[0].model)
        pier_ids, config_ids = self._pier_ids(new), self._config_ids(new)
        ids = {count.pier: self._take_id(schema.counts) for count in new}
        run = {"run_id": run_id, "scene_id": scene_id}
        rows = []
        for count in new:
            config_id = config_ids[count.model, count.settings]
            keys = {"id": ids[count.pier], "pier_id": pier_ids[count.pier], "config_id": config_id}
            rows.append(run | keys | self._values(count))
        self._fill(schema.counts, rows)
        parts = list(zip(ids.values(), new, strict=True))
        self._fill(schema.stacks, [v for part in parts for v in row_mapping.stack_values(*part)])
        self._fill(schema.hulls, [v for part in parts for v in row_mapping.hull_values(*part)])
        behind = [one for one in counts.detections if one.pier is None or one.pier in ids]
        found = row_mapping.detection_values(behind)
        for one, row in zip(behind, found, strict=True):
            row["count_id"] = None if one.pier is None else ids[one.pier]
            row |= {"id": self._take_id(schema.detections), "run_id": run_id}
        self._fill(schema.detections, found)

    def _values(self, count: PierCount) -> row_mapping.Values:
        try:
            return row_mapping.count_values(count)
        except ValueError as error:
            raise LedgerError(
                self._place,
                f"scene {count.scene!r}: {count.pier}: {error}",
                "a finite number or none at all is recorded",
                "Nothing of this scene was recorded; please report it.",
            ) from error

    def _insert_reference(self, scene_id: int, reference: SiteReference) -> None:
        places = {"places": [window.place for window in reference.windows]}
        if self._sql.execute(queries.PIER_REFERENCES, places).first() is None:
            values = row_mapping.reference_values(reference, scene_id)
            self._fill(schema.pier_references, values)

    def _pier_ids(self, counts: Sequence[PierCount]) -> dict[str, int]:
        """Return the ids of the piers by their names; new ones are added."""
        names = [count.pier for count in counts]
        known = {row.name: row.id for row in self._sql.execute(queries.PIER_IDS, {"names": names})}
        return {name: known.get(name) or self._add(schema.piers, name=name) for name in names}

    def _config_ids(self, counts: Sequence[PierCount]) -> dict[tuple[str, str], int]:
        """Return the ids of the processing configs by model and settings; new ones are added."""
        ids = {}
        for model, settings in dict.fromkeys((count.model, count.settings) for count in counts):
            config = {"model": model, "settings": settings}
            known: int | None = self._sql.execute(queries.CONFIG_ID, config).scalar()
            ids[model, settings] = known or self._add(schema.processing_configs, **config)
        return ids

    def _add(self, table: Table, **values: Any) -> int:
        """Insert a row, and return its id."""
        row_id = self._take_id(table)
        self._fill(table, [{"id": row_id, **values}])
        return row_id

    def _take_id(self, table: Table) -> int:
        row_id = self._next_ids[table.name]
        self._next_ids[table.name] += 1
        return row_id

    def _fill(self, table: Table, rows: Sequence[row_mapping.Values]) -> None:
        if rows:
            self._sql.execute(_INSERT[table.name], rows)


def _time_of(counts: SceneCounts) -> datetime:
    """Return the time of the scene of `counts`, at least one; raises TimeError."""
    acquired = counts[0].acquired
    if acquired is None or acquired.tzinfo is None:
        raise TimeError(
            counts.scene,
            f"its acquisition time is {acquired}",
            "a recorded scene has a time with its zone",
            "Declare when it was taken (metadata, or a pattern of its file name).",
        )
    return acquired


def _utc(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
