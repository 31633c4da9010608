"""From version 0.1.0, whose tables had other names and types, and of several earlier layouts.

SQLite had layouts 1 to 6, PostgreSQL 5 and 6. They differ in columns and tables that were added; a
column that is missing gets the value that was true of every count at its time. The tables are those
of `schema` as it is now: the revision that first changes them must copy them into this script.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Connection, inspect

from cv.counting.scene_counts import QUANTITIES
from cv.ledger.migrations import create_tables, has_table
from cv.ledger.schema import alerts, counts, detections, estimate_columns, hulls, scenes, stacks

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "quarantine", "alerts", "sightings", "hulls", "stacks", "counts", "runs", "recipes", "piers",
    "scenes",
)  # fmt: skip
"""Of version 0.1.0, each before those that it refers to."""
_INDEXES = (
    "runs_by_scene", "counts_by_pier", "sightings_by_run", "sightings_by_count", "alerts_by_pier",
    "scenes_by_digest",
)  # fmt: skip
_ADDED = {
    "interval_calibrated": "0",
    "radiometry": "'not recorded'",
    "place": "''",
    "recency": "id",
}
"""Columns of `counts` that the first layouts lacked, and their values."""


def upgrade() -> None:
    """Copy every row into the tables of now, and drop the old tables."""
    connection = op.get_bind()
    there = [name for name in _TABLES if has_table(connection, name)]
    for name in _INDEXES:
        op.execute(f"DROP INDEX IF EXISTS {name}")
    for name in there:
        op.execute(f"ALTER TABLE {name} RENAME TO old_{name}")
    create_tables(connection)
    _copy(connection, there)
    for name in ("count_ids", *(f"old_{name}" for name in there)):
        op.execute(f"DROP TABLE {name}")
    op.execute("DROP TABLE IF EXISTS pierwatch_ledger")


def _copy(connection: Connection, there: list[str]) -> None:
    postgres = connection.dialect.name == "postgresql"
    time = "CAST(acquired AS timestamptz)" if postgres else "acquired"
    event = "CAST(event AS json)" if postgres else "event"
    _insert(scenes.name, "old_scenes", _same("id", "name", "digest") | {"acquired": time})
    _insert("piers", "old_piers", _same("id", "name"))
    _insert("processing_configs", "old_recipes", _same("id", "model", "settings"))
    _insert("runs", "old_runs", _same("id", "scene_id", "model"))
    _copy_counts(connection)
    ids = "JOIN count_ids n ON n.old_id = o.count_id"
    for part in (stacks, hulls):
        columns = {name: f"o.{name}" for name in part.c.keys()}  # noqa: SIM118
        _insert(part.name, f"old_{part.name} o {ids}", columns | {"count_id": "n.id"})
    columns = {name: f"o.{name}" for name in detections.c.keys()}  # noqa: SIM118
    columns |= {"count_id": "n.id", "aboard": "o.aboard <> 0"}
    _insert(detections.name, f"old_sightings o LEFT {ids}", columns)
    if "alerts" in there:
        columns = _same("id", "pier_id", "run_id") | {"event": event, "standing": "standing <> 0"}
        _insert(alerts.name, "old_alerts", columns)
    if "quarantine" in there:
        _insert("quarantine", "old_quarantine", _same("digest", "bytes", "path", "reason"))


def _copy_counts(connection: Connection) -> None:
    """Copy the counts; ids are given anew, so that they follow the order of recording."""
    there = {column["name"] for column in inspect(connection).get_columns("old_counts")}
    added = {name: value for name, value in _ADDED.items() if name not in there}
    recency = added.pop("recency", "recency")
    op.execute(
        "CREATE TABLE count_ids AS SELECT id AS old_id, "
        f"row_number() OVER (ORDER BY scene_id, {recency}, id) AS id FROM old_counts"
    )
    numbers = (name for quantity in QUANTITIES for name in estimate_columns(quantity))
    columns = _same(
        "run_id", "scene_id", "pier_id", "role", "status", "reason", "visibility", "radiometry",
        "place", "gsd_x_m", "gsd_y_m", "method", "interval_level", *numbers,
    )  # fmt: skip
    columns |= {"id": "n.id", "config_id": "recipe_id"} | added
    columns["interval_calibrated"] = (
        f"{added.get('interval_calibrated', 'interval_calibrated')} <> 0"
    )
    for name in ("visible_fraction", "berth_visible_fraction"):
        columns[name] = f"CASE WHEN status <> 'failed' THEN {name} END" if added else name
    _insert(counts.name, "old_counts o JOIN count_ids n ON n.old_id = o.id", columns)


def _same(*names: str) -> dict[str, str]:
    """Return columns that are copied as they are."""
    return {name: name for name in names}


def _insert(table: str, source: str, columns: dict[str, str]) -> None:
    op.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
        f"FROM {source}"
    )
