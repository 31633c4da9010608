"""The questions that the ledger asks SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cv.ledger import row_mapping


@dataclass(frozen=True)
class CountFilter:
    """Which counts or sightings are asked for; None asks for all."""

    pier: str | None = None
    """Name of the pier."""
    model: str | None = None
    """sha256 of the model file, hexadecimal."""
    scene: str | None = None
    """Identifier of the scene."""
    newest: bool = False
    """Only the newest per scene and pier."""


@dataclass(frozen=True)
class SqlQuery:
    """SQL and the values of its question marks."""

    sql: str
    parameters: tuple[str, ...]


_NAMES = (
    "JOIN scenes s ON s.id = c.scene_id JOIN piers p ON p.id = c.pier_id "
    "JOIN recipes r ON r.id = c.recipe_id"
)
_COUNTS = (
    "SELECT c.id, s.name, p.name, s.acquired, r.model, r.settings, "
    f"{', '.join(f'c.{name}' for name in row_mapping.COUNT_COLUMNS)} FROM counts c {_NAMES}"
)
_SIGHTINGS = (
    "SELECT e.name, e.acquired, u.model, p.name, "
    f"{', '.join(f's.{name}' for name in row_mapping.DETECTION_COLUMNS)} FROM sightings s "
    "JOIN runs u ON u.id = s.run_id JOIN scenes e ON e.id = u.scene_id "
    "LEFT JOIN counts c ON c.id = s.count_id LEFT JOIN piers p ON p.id = c.pier_id"
)

PIERS = "SELECT name FROM piers ORDER BY name"
RECENCY = "SELECT coalesce(max(recency), 0) FROM counts WHERE scene_id = ?"
"""Recency of the newest count of the scene with an id."""
KNOWN = (
    "SELECT c.id, p.name, r.model, r.settings, c.status FROM counts c "
    "JOIN piers p ON p.id = c.pier_id JOIN recipes r ON r.id = c.recipe_id WHERE c.scene_id = ?"
)
"""Id, pier, model, settings and status of every count of the scene with an id."""


MARK_LATEST = (
    "UPDATE counts SET recency = 1 + "
    "(SELECT max(m.recency) FROM counts m WHERE m.scene_id = counts.scene_id) WHERE id IN ("
    "SELECT c.id FROM counts c JOIN scenes s ON s.id = c.scene_id "
    "JOIN recipes r ON r.id = c.recipe_id "
    "WHERE s.name = ? AND r.model = ? AND r.settings = ? AND EXISTS (SELECT 1 FROM counts o "
    "WHERE o.scene_id = c.scene_id AND o.pier_id = c.pier_id AND o.recency > c.recency) "
    "AND NOT (c.visibility = 'mask' AND EXISTS (SELECT 1 FROM counts k "
    "WHERE k.scene_id = c.scene_id AND k.visibility = 'udm2')))"
)
"""Makes the counts of a scene by a model with settings the newest ones, where they are not; never
those that know nothing of its clouds above others that do."""
SCENE = "SELECT id, digest, acquired FROM scenes WHERE name = ?"
"""Id, digest and time of the scene with a name."""
SAME = "SELECT name, id, acquired FROM scenes WHERE digest = ? ORDER BY id"
"""Name, id and time of the scenes with an image."""
MASKED = (
    "SELECT 1 FROM counts c JOIN scenes s ON s.id = c.scene_id "
    "WHERE s.name = ? AND c.visibility = 'udm2' LIMIT 1"
)
"""A row if a count of the scene with a name knows its clouds."""

LATEST_CONFIG = (
    "SELECT r.model, r.settings FROM counts c JOIN scenes s ON s.id = c.scene_id "
    "JOIN recipes r ON r.id = c.recipe_id WHERE s.name = ? ORDER BY c.recency DESC LIMIT 1"
)
"""Model and settings of the newest counts of the scene with a name."""

LAST_RUN = "SELECT coalesce(max(id), 0) FROM runs"
"""The id of the last recording."""
ARRIVALS = (
    "SELECT s.name, s.acquired, min(c.run_id) FROM counts c JOIN scenes s ON s.id = c.scene_id "
    "WHERE c.pier_id = (SELECT id FROM piers WHERE name = ?) GROUP BY s.id ORDER BY s.acquired"
)
"""Name, time and first recording of every scene of a pier."""
ALERTS = (
    "SELECT a.id, p.name, a.event, a.standing, a.run_id FROM alerts a "
    "JOIN piers p ON p.id = a.pier_id ORDER BY a.id"
)
"""Everything that was told."""
UPSERT_ALERT = (
    "INSERT INTO alerts (id, pier_id, event, standing, run_id) "
    "VALUES (?, (SELECT id FROM piers WHERE name = ?), ?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET event = excluded.event, standing = excluded.standing, "
    "run_id = excluded.run_id"
)
"""Writes what was told: id, pier, event, whether it stands, last recording."""

QUARANTINED = "SELECT digest, bytes, path, reason FROM quarantine ORDER BY path, digest"
"""All files in quarantine."""
QUARANTINE = (
    "INSERT INTO quarantine (digest, bytes, path, reason) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (digest) DO UPDATE SET path = excluded.path, reason = excluded.reason"
)
RELEASE = "DELETE FROM quarantine"


def has(scene: str, model: str, settings: str, pier: str | None) -> SqlQuery:
    """A row if there is a count that did not fail."""
    where = "s.name = ? AND r.model = ? AND r.settings = ? AND c.status <> 'failed'"
    given: tuple[str, ...] = (scene, model, settings)
    if pier is not None:
        where, given = f"{where} AND p.name = ?", (*given, pier)
    return SqlQuery(f"SELECT 1 FROM counts c {_NAMES} WHERE {where} LIMIT 1", given)


def counts(asked: CountFilter) -> SqlQuery:
    """Rows as `rows.to_counts` wants them, by time, then pier, then recency: the newest last."""
    ids = _chosen(asked)
    order = "ORDER BY s.acquired, p.name, s.name, c.recency, c.id"
    return SqlQuery(f"{_COUNTS} WHERE c.id IN ({ids.sql}) {order}", ids.parameters)


def parts(table: str, columns: Sequence[str], asked: CountFilter) -> SqlQuery:
    """The parts in `table` of the counts that are asked for, in the order of each count."""
    ids = _chosen(asked)
    return SqlQuery(
        f"SELECT count_id, {', '.join(columns)} FROM {table} "
        f"WHERE count_id IN ({ids.sql}) ORDER BY count_id, position",
        ids.parameters,
    )


def detections(asked: CountFilter) -> SqlQuery:
    """Rows as `rows.to_recorded` wants them, by time, then insertion."""
    ids = _chosen(asked)
    where, given = f"s.count_id IN ({ids.sql})", ids.parameters
    if asked.pier is None:
        where = f"{where} OR (s.count_id IS NULL AND s.run_id IN ({_runs(asked, ids.sql)}))"
        given = given + ids.parameters
    return SqlQuery(f"{_SIGHTINGS} WHERE {where} ORDER BY e.acquired, e.name, s.id", given)


def _chosen(asked: CountFilter) -> SqlQuery:
    """The ids of the counts that are asked for."""
    where = _where(
        ("c.pier_id = (SELECT id FROM piers WHERE name = ?)", asked.pier),
        ("c.recipe_id IN (SELECT id FROM recipes WHERE model = ?)", asked.model),
        ("c.scene_id = (SELECT id FROM scenes WHERE name = ?)", asked.scene),
    )
    source = f"FROM counts c WHERE {where.sql}"
    if not asked.newest:
        return SqlQuery(f"SELECT c.id {source}", where.parameters)
    age = "PARTITION BY c.scene_id, c.pier_id ORDER BY c.status = 'failed', c.recency DESC"
    ranked = f"SELECT c.id AS id, row_number() OVER ({age}) AS age {source}"
    return SqlQuery(f"SELECT id FROM ({ranked}) AS ranked WHERE age = 1", where.parameters)


def _runs(asked: CountFilter, counts: str) -> str:
    """The ids of the recordings behind `counts`; of the newest ones, the last in each scene."""
    source = f"FROM counts n WHERE n.id IN ({counts})"
    if not asked.newest:
        return f"SELECT n.run_id {source}"
    age = "PARTITION BY n.scene_id ORDER BY n.status = 'failed', n.recency DESC"
    ranked = f"SELECT n.run_id AS run_id, row_number() OVER ({age}) AS age {source}"
    return f"SELECT run_id FROM ({ranked}) AS ranked WHERE age = 1"


def _where(*wanted: tuple[str, str | None]) -> SqlQuery:
    """A condition: all of those that have a value."""
    given = [(condition, value) for condition, value in wanted if value is not None]
    return SqlQuery(
        " AND ".join(condition for condition, _ in given) or "TRUE",
        tuple(value for _, value in given),
    )
