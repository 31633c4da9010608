"""Views for people who read a ledger with SQL.

`latest_counts` has one row per scene and pier: THE count. `events` has one row per alert: the event
that was reported last.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from cv.counting.scene_counts import QUANTITIES
from cv.ledger.queries import COUNTS, LATEST_COUNT_IDS
from cv.ledger.schema import alerts, counts, estimate_columns, piers, processing_configs, scenes


def create_views(connection: sa.Connection) -> None:
    """Create the views; the tables must be there."""
    views = {"latest_counts": _latest_counts(), "events": _events(connection.dialect)}
    for name, query in views.items():
        sql = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {sql}".replace("%%", "%"))


def _latest_counts() -> sa.Select[Any]:
    numbers = [name for quantity in QUANTITIES for name in estimate_columns(quantity)]
    others = ("visible_fraction", "berth_visible_fraction", "visibility", "reason")
    columns = [
        scenes.c.name.label("scene"),
        piers.c.name.label("pier"),
        scenes.c.acquired,
        *(counts.c[name] for name in ("status", *numbers, *others)),
        processing_configs.c.model,
        processing_configs.c.settings,
    ]
    return sa.select(*columns).select_from(COUNTS).where(counts.c.id.in_(LATEST_COUNT_IDS))


def _events(dialect: sa.Dialect) -> sa.Select[Any]:
    event = sa.type_coerce(alerts.c.event, sa.JSON)

    def time(*path: str) -> sa.ColumnElement[Any]:
        value = event[path].as_string()
        return value if dialect.name == "sqlite" else sa.cast(value, sa.DateTime(timezone=True))

    return sa.select(
        alerts.c.id.label("alert"),
        event["kind"].as_string().label("kind"),
        piers.c.name.label("pier"),
        time("began", "after").label("began_after"),
        time("began", "by").label("began_by"),
        time("ended", "after").label("ended_after"),
        time("ended", "by").label("ended_by"),
        *(
            event["size", end].as_float().label(name)
            for end, name in (("value", "size"), ("low", "size_low"), ("high", "size_high"))
        ),
        event["size", "unit"].as_string().label("size_unit"),
        event["confidence"].as_float().label("confidence"),
        alerts.c.standing,
    ).join(piers)
