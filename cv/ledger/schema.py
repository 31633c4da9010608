"""The tables of a ledger, how they came to be, and how SQLite is told to keep them safe."""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x50574C47
"""Marks a SQLite file as a ledger ("PWLG"), in its header."""

STATUSES = "'counted', 'partial', 'not_visible', 'out_of_range', 'failed'"
"""What a count may be worth, as SQL lists it."""


def _estimate(name: str) -> str:
    """Columns and check of one estimate: value and both ends are known together, or none is."""
    return (
        f"{name} REAL CHECK ({name} >= 0), {name}_low REAL, {name}_high REAL "
        f"CHECK (({name} IS NULL) = ({name}_low IS NULL) "
        f"AND ({name} IS NULL) = ({name}_high IS NULL) AND {name}_low <= {name}_high)"
    )


_V1 = (
    """CREATE TABLE scenes (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        digest TEXT NOT NULL,
        acquired TEXT NOT NULL -- ISO 8601, UTC, microseconds: sorts as it reads
    )""",
    "CREATE TABLE piers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    """CREATE TABLE recipes (
        id INTEGER PRIMARY KEY,
        model TEXT NOT NULL,
        settings TEXT NOT NULL,
        UNIQUE (model, settings)
    )""",
    """CREATE TABLE runs ( -- one recording of a scene that brought at least one new count
        id INTEGER PRIMARY KEY,
        scene_id INTEGER NOT NULL REFERENCES scenes (id),
        model TEXT NOT NULL
    )""",
    "CREATE INDEX runs_by_scene ON runs (scene_id)",
    f"""CREATE TABLE counts (
        id INTEGER PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        scene_id INTEGER NOT NULL REFERENCES scenes (id),
        pier_id INTEGER NOT NULL REFERENCES piers (id),
        recipe_id INTEGER NOT NULL REFERENCES recipes (id),
        role TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ({STATUSES})),
        reason TEXT NOT NULL,
        visible_fraction REAL NOT NULL CHECK (visible_fraction BETWEEN 0 AND 1),
        berth_visible_fraction REAL NOT NULL CHECK (berth_visible_fraction BETWEEN 0 AND 1),
        visibility TEXT NOT NULL,
        gsd_x_m REAL,
        gsd_y_m REAL,
        method TEXT NOT NULL,
        interval_level REAL NOT NULL CHECK (interval_level BETWEEN 0 AND 1),
        {_estimate("containers")}, {_estimate("teu")}, {_estimate("hulls")}, {_estimate("aboard")},
        UNIQUE (scene_id, pier_id, recipe_id),
        CONSTRAINT unknown_is_not_zero CHECK (
            status IN ('counted', 'partial')
            OR coalesce(containers, teu, hulls, aboard) IS NULL
        )
    )""",
    "CREATE INDEX counts_by_pier ON counts (pier_id)",
    """CREATE TABLE stacks (
        count_id INTEGER NOT NULL REFERENCES counts (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        containers INTEGER NOT NULL,
        length_m REAL NOT NULL,
        width_m REAL NOT NULL,
        x REAL NOT NULL,
        y REAL NOT NULL,
        PRIMARY KEY (count_id, position)
    ) WITHOUT ROWID""",
    """CREATE TABLE hulls (
        count_id INTEGER NOT NULL REFERENCES counts (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        length_m REAL NOT NULL,
        beam_m REAL NOT NULL,
        heading_deg REAL, -- NULL: unknown
        score REAL NOT NULL,
        x REAL NOT NULL,
        y REAL NOT NULL,
        PRIMARY KEY (count_id, position)
    ) WITHOUT ROWID""",
    """CREATE TABLE sightings (
        id INTEGER PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        count_id INTEGER REFERENCES counts (id) ON DELETE CASCADE, -- NULL: on no pier
        kind TEXT NOT NULL,
        score REAL NOT NULL,
        outline BLOB, -- WKB in EPSG:4326, longitude first; NULL: unknown
        length_m REAL NOT NULL,
        width_m REAL NOT NULL,
        heading_deg REAL, -- NULL: unknown
        aboard INTEGER NOT NULL CHECK (aboard IN (0, 1)),
        x0 REAL NOT NULL, y0 REAL NOT NULL, x1 REAL NOT NULL, y1 REAL NOT NULL,
        x2 REAL NOT NULL, y2 REAL NOT NULL, x3 REAL NOT NULL, y3 REAL NOT NULL
    )""",
    "CREATE INDEX sightings_by_run ON sightings (run_id)",
    "CREATE INDEX sightings_by_count ON sightings (count_id)",
)
_V2 = (
    # Before there was a calibration, every interval came from detection scores alone.
    """ALTER TABLE counts ADD COLUMN interval_calibrated INTEGER NOT NULL DEFAULT 0
        CHECK (interval_calibrated IN (0, 1))""",
    "ALTER TABLE counts ADD COLUMN radiometry TEXT NOT NULL DEFAULT 'not recorded'",
)

_V3_COUNTS = f"""CREATE TABLE counts_v3 (
        id INTEGER PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        scene_id INTEGER NOT NULL REFERENCES scenes (id),
        pier_id INTEGER NOT NULL REFERENCES piers (id),
        recipe_id INTEGER NOT NULL REFERENCES recipes (id),
        recency INTEGER NOT NULL, -- of the counts of one scene, the highest is the newest
        role TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ({STATUSES})),
        reason TEXT NOT NULL,
        visible_fraction REAL CHECK (visible_fraction BETWEEN 0 AND 1), -- NULL: not known
        berth_visible_fraction REAL CHECK (berth_visible_fraction BETWEEN 0 AND 1),
        visibility TEXT NOT NULL,
        radiometry TEXT NOT NULL,
        place TEXT NOT NULL, -- sha256 of outline and berth; empty: not recorded
        gsd_x_m REAL,
        gsd_y_m REAL,
        method TEXT NOT NULL,
        interval_level REAL NOT NULL CHECK (interval_level BETWEEN 0 AND 1),
        interval_calibrated INTEGER NOT NULL CHECK (interval_calibrated IN (0, 1)),
        {_estimate("containers")}, {_estimate("teu")}, {_estimate("hulls")}, {_estimate("aboard")},
        UNIQUE (scene_id, pier_id, recipe_id),
        CONSTRAINT unknown_is_not_zero CHECK (
            status IN ('counted', 'partial')
            OR coalesce(containers, teu, hulls, aboard) IS NULL
        )
    )"""
_V3_COPIED = ", ".join(
    ("run_id", "scene_id", "pier_id", "recipe_id", "role", "status", "reason", "visibility",
     "radiometry", "gsd_x_m", "gsd_y_m", "method", "interval_level", "interval_calibrated",
     *(f"{name}{end}" for name in ("containers", "teu", "hulls", "aboard")
       for end in ("", "_low", "_high")))
)  # fmt: skip
_V3 = (
    # A table whose checks change is written anew: https://sqlite.org/lang_altertable.html#otheralter
    _V3_COUNTS,
    f"""INSERT INTO counts_v3
        (id, recency, place, visible_fraction, berth_visible_fraction, {_V3_COPIED})
        SELECT id, id, '', iif(status = 'failed', NULL, visible_fraction),
        iif(status = 'failed', NULL, berth_visible_fraction), {_V3_COPIED} FROM counts""",
    "DROP TABLE counts",
    "ALTER TABLE counts_v3 RENAME TO counts",
    "CREATE INDEX counts_by_pier ON counts (pier_id)",
)

_V4 = (
    """CREATE TABLE alerts ( -- what was told of a pier
        id INTEGER PRIMARY KEY,
        pier_id INTEGER NOT NULL REFERENCES piers (id),
        event TEXT NOT NULL, -- JSON, as it was last told
        standing INTEGER NOT NULL CHECK (standing IN (0, 1)), -- 0: withdrawn
        run_id INTEGER NOT NULL -- the last recording that was known then
    )""",
    "CREATE INDEX alerts_by_pier ON alerts (pier_id)",
)
_V5 = (
    """CREATE TABLE quarantine ( -- files that were the end of several workers
        digest TEXT PRIMARY KEY, -- sha256 of the file
        bytes INTEGER NOT NULL,
        path TEXT NOT NULL,
        reason TEXT NOT NULL
    )""",
)
_V6 = ("CREATE INDEX scenes_by_digest ON scenes (digest)",)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_V1, _V2, _V3, _V4, _V5, _V6)
"""Statements that lead from schema version i to i + 1. A released entry is never edited."""
VERSION = len(MIGRATIONS)
"""The schema version that this program reads and writes."""


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of an open file; 0 for a file without tables."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Brings an open file to `VERSION` in one transaction; raises sqlite3.Error, changing nothing.

    The connection must be in autocommit mode (isolation_level None) and not enforce foreign keys
    yet: tables are replaced under the eyes of those that refer to them.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in MIGRATIONS[version_of(connection) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def wal_is_safe(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether SQLite `version` has the fix of the WAL-reset bug, which can corrupt a file.

    Source: https://sqlite.org/wal.html#walresetbug - fixed in 3.51.3, and in 3.50.7 and 3.44.6.
    """
    return (
        version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    )


def journal_mode() -> str:
    """The journal mode that is safe with the SQLite at hand: "wal" or "delete"."""
    return "wal" if wal_is_safe() else "delete"
