"""What is read from a ledger, as SQLAlchemy expressions for both databases.

THE count of a scene and pier is the count recorded last among those that did not fail, and the
failed one only where there is no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, func, or_, select, true

from cv.counting.pier_count import CountStatus
from cv.ledger.schema import (
    alerts,
    counts,
    detections,
    pier_references,
    piers,
    processing_configs,
    quarantine,
    runs,
    scenes,
)


@dataclass(frozen=True)
class CountFilter:
    """Which counts or detections are wanted; None means all."""

    pier: str | None = None
    """Name of the pier."""
    model: str | None = None
    """sha256 of the model file, hexadecimal."""
    scene: str | None = None
    """Identifier of the scene."""
    latest: bool = False
    """Only THE count of each scene and pier."""


_FAILED = counts.c.status == CountStatus.FAILED.value
COUNTS = counts.join(scenes).join(piers).join(processing_configs)
"""Counts with what they refer to."""
_COUNTS = select(
    counts,
    scenes.c.name.label("scene"),
    piers.c.name.label("pier"),
    scenes.c.acquired,
    processing_configs.c.model,
    processing_configs.c.settings,
).select_from(COUNTS)
PIERS = select(piers.c.name).order_by(piers.c.name)
LAST_RUN = select(func.coalesce(func.max(runs.c.id), 0))
QUARANTINED = select(quarantine).order_by(quarantine.c.path, quarantine.c.digest)
ALERTS = select(alerts, piers.c.name.label("pier")).join(piers).order_by(alerts.c.id)

SCENES = (
    select(scenes)
    .where(or_(scenes.c.name == bindparam("name"), scenes.c.digest == bindparam("digest")))
    .order_by(
        scenes.c.digest != bindparam("digest"), scenes.c.name != bindparam("name"), scenes.c.id
    )
)
"""The scenes with an image or a name, those with the image first."""
PIER_REFERENCES = (
    select(pier_references, scenes.c.name.label("scene"))
    .join(scenes)
    .where(pier_references.c.place.in_(bindparam("places", expanding=True)))
    .order_by(pier_references.c.scene_id, pier_references.c.place)
)
"""The reference windows of piers, those of the scene recorded first are first."""
PIER_IDS = select(piers.c.name, piers.c.id).where(
    piers.c.name.in_(bindparam("names", expanding=True))
)
CONFIG_ID = select(processing_configs.c.id).where(
    processing_configs.c.model == bindparam("model"),
    processing_configs.c.settings == bindparam("settings"),
)
NEXT_IDS = select(
    *(
        select(func.coalesce(func.max(table.c.id), 0) + 1).scalar_subquery().label(table.name)
        for table in (scenes, piers, processing_configs, runs, counts, detections)
    )
)
"""The id of the next row of each table that the writer numbers."""


def select_arrivals(pier: str) -> Select[Any]:
    """Return scene, time and first recording of every scene with a count of `pier`, by time."""
    first = func.min(counts.c.run_id).label("run")
    return (
        select(scenes.c.name.label("scene"), scenes.c.acquired, first)
        .join(counts)
        .where(counts.c.pier_id == _pier_id(pier))
        .group_by(scenes.c.id)
        .order_by(scenes.c.acquired)
    )


def select_scene_counts(scene_id: int) -> Select[Any]:
    """Return every count of a scene."""
    return _COUNTS.where(counts.c.scene_id == scene_id)


def select_counts(wanted: CountFilter) -> Select[Any]:
    """Return the counts by time, then pier; of one scene and pier the one recorded last is last."""
    order = scenes.c.acquired, piers.c.name, scenes.c.name, counts.c.id
    return _COUNTS.where(counts.c.id.in_(_count_ids(wanted))).order_by(*order)


def select_parts(table: Table, wanted: CountFilter) -> Select[Any]:
    """Return the rows of `stacks` or `hulls` that belong to the counts, in the order of each."""
    ids = table.c.count_id.in_(_count_ids(wanted))
    return select(table).where(ids).order_by(table.c.count_id, table.c.position)


def select_detections(wanted: CountFilter) -> Select[Any]:
    """Return the detections behind the counts, by time, then insertion.

    Unless one pier is wanted, those on no pier are among them; of the latest counts, those of the
    last recording in each scene.
    """
    found: ColumnElement[bool] = detections.c.count_id.in_(_count_ids(wanted))
    if wanted.pier is None:
        on_no_pier = and_(detections.c.count_id.is_(None), detections.c.run_id.in_(_runs(wanted)))
        found = or_(found, on_no_pier)
    return (
        select(
            detections,
            scenes.c.name.label("scene"),
            scenes.c.acquired,
            runs.c.model,
            piers.c.name.label("pier"),
        )
        .select_from(detections.join(runs).join(scenes))
        .outerjoin(counts, counts.c.id == detections.c.count_id)
        .outerjoin(piers, piers.c.id == counts.c.pier_id)
        .where(found)
        .order_by(scenes.c.acquired, scenes.c.name, detections.c.id)
    )


def select_container_outlines(pier: str) -> Select[Any]:
    """Return scene and outline of every container on `pier` behind its latest counts, by time."""
    wanted = CountFilter(pier, latest=True)
    on_pier = and_(detections.c.kind == "container", detections.c.aboard.is_(False))
    return (
        select(scenes.c.name.label("scene"), detections.c.outline)
        .select_from(detections.join(counts, counts.c.id == detections.c.count_id).join(scenes))
        .where(detections.c.count_id.in_(_count_ids(wanted)), on_pier)
        .where(detections.c.outline.is_not(None))
        .order_by(scenes.c.acquired, scenes.c.name, detections.c.id)
    )


def _pier_id(name: str) -> Any:
    return select(piers.c.id).where(piers.c.name == name).scalar_subquery()


def _latest(
    value: ColumnElement[Any], where: ColumnElement[bool], *group: ColumnElement[Any]
) -> Select[Any]:
    """Return `value` of the count recorded last that did not fail in each `group`, if there is one,
    of the failed one recorded last otherwise."""
    age = func.row_number().over(partition_by=group, order_by=(_FAILED, counts.c.id.desc()))
    ranked = select(value.label("value"), age.label("age")).where(where).subquery("ranked")
    return select(ranked.c.value).where(ranked.c.age == 1)


LATEST_COUNT_IDS = _latest(counts.c.id, true(), counts.c.scene_id, counts.c.pier_id)
"""Id of THE count of each scene and pier."""


def _count_ids(wanted: CountFilter) -> Select[Any]:
    where: list[ColumnElement[bool]] = [true()]
    if wanted.pier is not None:
        where.append(counts.c.pier_id == _pier_id(wanted.pier))
    if wanted.model is not None:
        configs = select(processing_configs.c.id).where(processing_configs.c.model == wanted.model)
        where.append(counts.c.config_id.in_(configs))
    if wanted.scene is not None:
        scene = select(scenes.c.id).where(scenes.c.name == wanted.scene).scalar_subquery()
        where.append(counts.c.scene_id == scene)
    if wanted.latest:
        return _latest(counts.c.id, and_(*where), counts.c.scene_id, counts.c.pier_id)
    return select(counts.c.id).where(*where)


def _runs(wanted: CountFilter) -> Select[Any]:
    """Return the recordings behind the counts; of the latest ones, the last in each scene."""
    among = counts.c.id.in_(_count_ids(wanted))
    if wanted.latest:
        return _latest(counts.c.run_id, among, counts.c.scene_id)
    return select(counts.c.run_id).where(among)
