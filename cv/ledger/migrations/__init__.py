"""How a ledger of an older version becomes one of this version.

A new ledger is made from the tables of `schema` and marked with the latest revision. An older one
goes through the scripts in `versions`, in the transaction of the caller: all of it, or nothing.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from cv.ledger.schema import METADATA
from cv.ledger.views import create_views

LATEST = "0001"
"""The revision that this program reads and writes."""
VERSION_0_1_0 = "0.1.0"
"""Stands for every ledger that was written before there were revisions."""
OLDER: tuple[str, ...] = (VERSION_0_1_0,)
"""The revisions that can be brought up to date."""
_SQLITE_VERSION = 7
"""Keeps version 0.1.0, which knows 1 to 6, from writing into a ledger of a later version."""
_TABLE_EXISTS = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name",
    "postgresql": "SELECT 1 FROM pg_tables "
    "WHERE schemaname = current_schema() AND tablename = :name",
}
"""Not `to_regclass`: that may answer from what the connection knew before it waited for a lock."""


def has_table(connection: Connection, name: str) -> bool:
    """Return whether there is a table of that name."""
    query = text(_TABLE_EXISTS[connection.dialect.name])
    return connection.execute(query, {"name": name}).first() is not None


def revision_of(connection: Connection) -> str | None:
    """Return the revision of a ledger; None where there are no tables yet."""
    if has_table(connection, "alembic_version"):
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    old = "scenes" if connection.dialect.name == "sqlite" else "pierwatch_ledger"
    return VERSION_0_1_0 if has_table(connection, old) else None


def create_tables(connection: Connection) -> None:
    """Create all tables and views."""
    METADATA.create_all(connection, checkfirst=False)
    create_views(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version = {_SQLITE_VERSION}")


def upgrade(connection: Connection) -> None:
    """Bring a ledger, which may be empty, to the latest revision.

    The caller begins and ends the transaction. SQLite must not enforce foreign keys meanwhile.
    """
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "cv.ledger:migrations")
    scripts = ScriptDirectory.from_config(config)
    is_new = revision_of(connection) is None
    if is_new:
        create_tables(connection)

    def steps(revision: object, _: object) -> list[object]:
        run = scripts._stamp_revs if is_new else scripts._upgrade_revs
        return list(run(LATEST, revision))  # type: ignore[arg-type]

    with EnvironmentContext(config, scripts, fn=steps) as environment:
        environment.configure(connection=connection, target_metadata=METADATA)
        environment.run_migrations()
