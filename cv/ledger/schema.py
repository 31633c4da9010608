"""The tables of a ledger: one definition for SQLite and PostgreSQL.

Ids are given by the one program that writes (the largest one plus one), and never change. A count
with a larger id was recorded later.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from cv.counting.pier_count import CountStatus
from cv.counting.scene_counts import QUANTITIES


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone, read back in UTC: TIMESTAMP WITH TIME ZONE, in SQLite ISO 8601 text.

    The text is in UTC with microseconds, which sorts by time.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Return the type of the column in a database."""
        date, time = "%(year)04d-%(month)02d-%(day)02d", "%(hour)02d:%(minute)02d:%(second)02d"
        text = DATETIME(f"{date}T{time}.%(microsecond)06d+00:00")  # type: ignore[no-untyped-call]
        return text if dialect.name == "sqlite" else sa.DateTime(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return `value` in UTC, for its text."""
        return None if value is None else value.astimezone(UTC)

    process_result_value = process_bind_param


class JsonText(UserDefinedType[str]):
    """JSON that is written and read as text, character by character as it was reported."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type in DDL."""
        return "JSON"

    def column_expression(self, colexpr: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Return the column as text, which PostgreSQL would parse otherwise."""
        return sa.cast(colexpr, sa.Text)


_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Sorted by its bytes in both databases."""

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


def estimate_columns(quantity: str) -> tuple[str, str, str]:
    """Return the names of the columns of an estimate: its value, and both ends of its interval."""
    return quantity, f"{quantity}_low", f"{quantity}_high"


def _id() -> sa.Column[Any]:
    return sa.Column("id", _ID, primary_key=True, autoincrement=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Double, nullable=False)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, _TEXT, nullable=False)


def _refers(name: str, to: str) -> sa.Column[Any]:
    return sa.Column(name, _ID, sa.ForeignKey(to), nullable=False)


def _of_count() -> tuple[sa.Column[Any], sa.Column[Any]]:
    """Return the key of a part of a count."""
    owner = sa.ForeignKey("counts.id", ondelete="CASCADE")
    return (
        sa.Column("count_id", _ID, owner, primary_key=True, autoincrement=False),
        sa.Column("position", _ID, primary_key=True, autoincrement=False),
    )


def _within_0_and_1(name: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{name} BETWEEN 0 AND 1", name=f"{name}_is_a_fraction")


def _estimate(quantity: str) -> tuple[SchemaItem, ...]:
    """Return columns and checks of an estimate; its three numbers are all known, or all unknown."""
    value, low, high = estimate_columns(quantity)
    interval = (
        f"({value} IS NULL) = ({low} IS NULL) AND ({value} IS NULL) = ({high} IS NULL) "
        f"AND {low} <= {high}"
    )
    return (
        *(sa.Column(name, sa.Double) for name in (value, low, high)),
        sa.CheckConstraint(f"{value} >= 0", name=f"{value}_is_not_negative"),
        sa.CheckConstraint(interval, name=f"{value}_has_an_interval"),
    )


scenes = sa.Table(
    "scenes",
    METADATA,
    _id(),
    sa.Column("name", _TEXT, nullable=False, unique=True),
    sa.Column("digest", _TEXT, nullable=False, comment="sha256 of the image file"),
    sa.Column("acquired", UtcDateTime, nullable=False),
    sa.Index("scenes_by_digest", "digest"),
)
piers = sa.Table("piers", METADATA, _id(), sa.Column("name", _TEXT, nullable=False, unique=True))
processing_configs = sa.Table(
    "processing_configs",
    METADATA,
    _id(),
    sa.Column("model", _TEXT, nullable=False, comment="sha256 of the model file"),
    sa.Column("settings", _TEXT, nullable=False, comment="sha256 of what else shapes a count"),
    sa.UniqueConstraint("model", "settings"),
)
runs = sa.Table(
    "runs",
    METADATA,
    _id(),
    _refers("scene_id", "scenes.id"),
    _text("model"),
    sa.Index("runs_by_scene", "scene_id"),
    comment="one recording of a scene that brought at least one new count",
)
STATUSES = ", ".join(f"'{status}'" for status in CountStatus)
"""Every status of a count, as SQL lists them."""
counts = sa.Table(
    "counts",
    METADATA,
    _id(),
    _refers("run_id", "runs.id"),
    _refers("scene_id", "scenes.id"),
    _refers("pier_id", "piers.id"),
    _refers("config_id", "processing_configs.id"),
    _text("role"),
    _text("status"),
    _text("reason"),
    sa.Column("visible_fraction", sa.Double, comment="NULL: unknown"),
    sa.Column("berth_visible_fraction", sa.Double, comment="NULL: unknown"),
    _text("visibility"),
    _text("radiometry"),
    sa.Column("place", _TEXT, nullable=False, comment="sha256 of outline and berth"),
    sa.Column(
        "unseen", sa.LargeBinary, comment="WKB in EPSG:4326 of what was not seen; NULL: unknown"
    ),
    sa.Column("shift_east_m", sa.Double, comment="NULL: not aligned"),
    sa.Column("shift_north_m", sa.Double, comment="NULL: not aligned"),
    sa.Column("gsd_x_m", sa.Double),
    sa.Column("gsd_y_m", sa.Double),
    _text("method"),
    _number("interval_level"),
    sa.Column("interval_calibrated", sa.Boolean, nullable=False),
    *(item for quantity in QUANTITIES for item in _estimate(quantity)),
    *map(_within_0_and_1, ("visible_fraction", "berth_visible_fraction", "interval_level")),
    sa.CheckConstraint(f"status IN ({STATUSES})", name="status_is_known"),
    sa.CheckConstraint(
        f"status IN ('counted', 'partial') OR coalesce({', '.join(QUANTITIES)}) IS NULL",
        name="unknown_is_not_zero",
    ),
    sa.UniqueConstraint("scene_id", "pier_id", "config_id"),
    sa.Index("counts_by_pier", "pier_id"),
)
pier_references = sa.Table(
    "pier_references",
    METADATA,
    sa.Column("place", _TEXT, primary_key=True, comment="sha256 of outline and berth"),
    _refers("scene_id", "scenes.id"),
    *map(_number, ("longitude", "latitude")),
    sa.Column("rows", _ID, nullable=False),
    sa.Column("columns", _ID, nullable=False),
    sa.Column(
        "grey", sa.LargeBinary, nullable=False, comment="zlib: a byte per square metre; 0: not seen"
    ),
    comment="what the surroundings of piers showed in the first clear scene",
)
stacks = sa.Table(
    "stacks",
    METADATA,
    *_of_count(),
    sa.Column("containers", _ID, nullable=False),
    *map(_number, ("length_m", "width_m", "x", "y")),
    sqlite_with_rowid=False,
)
hulls = sa.Table(
    "hulls",
    METADATA,
    *_of_count(),
    *map(_number, ("length_m", "beam_m")),
    sa.Column("heading_deg", sa.Double, comment="NULL: unknown"),
    *map(_number, ("score", "x", "y")),
    sqlite_with_rowid=False,
)
CORNER_COLUMNS = tuple((f"x{corner}", f"y{corner}") for corner in range(4))
"""Names of the columns with the corners of a detection."""
detections = sa.Table(
    "detections",
    METADATA,
    _id(),
    _refers("run_id", "runs.id"),
    sa.Column(
        "count_id", _ID, sa.ForeignKey("counts.id", ondelete="CASCADE"), comment="NULL: on no pier"
    ),
    _text("kind"),
    _number("score"),
    sa.Column(
        "outline", sa.LargeBinary, comment="WKB in EPSG:4326, longitude first; NULL: unknown"
    ),
    *map(_number, ("length_m", "width_m")),
    sa.Column("heading_deg", sa.Double, comment="NULL: unknown"),
    sa.Column("aboard", sa.Boolean, nullable=False),
    *(_number(name) for corner in CORNER_COLUMNS for name in corner),
    sa.Index("detections_by_run", "run_id"),
    sa.Index("detections_by_count", "count_id"),
)
alerts = sa.Table(
    "alerts",
    METADATA,
    _id(),
    _refers("pier_id", "piers.id"),
    sa.Column("event", JsonText, nullable=False, comment="as it was last reported"),
    sa.Column("standing", sa.Boolean, nullable=False, comment="false: withdrawn"),
    sa.Column("run_id", _ID, nullable=False, comment="the last recording that was known then"),
    sa.Index("alerts_by_pier", "pier_id"),
)
quarantine = sa.Table(
    "quarantine",
    METADATA,
    sa.Column(
        "digest", _TEXT, primary_key=True, comment="sha256 of the file and its sidecar files"
    ),
    sa.Column("bytes", _ID, nullable=False),
    _text("path"),
    _text("reason"),
    comment="files on which several workers died",
)
