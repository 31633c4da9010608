"""What goes into a ledger comes out of it, once."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import ResourceClosedError

from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.counting.pier_count import (
    UNKNOWN,
    BerthedHull,
    ContainerStack,
    CountStatus,
    Estimate,
    PierCount,
)
from cv.counting.scene_counts import SceneCounts
from cv.errors import LedgerError, SceneError, TimeError
from cv.ledger import Ledger
from cv.ledger.quarantined_file import QuarantinedFile
from cv.site import PierRole
from tests.fixtures import sample_counts
from tests.fixtures.sample_counts import NO_VIEW, a_count, a_scene, a_sighting, by, identity_of
from tests.ledger.conftest import Place, content

finite = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(0, 1e6)
share = st.floats(0, 1)
heading = st.one_of(st.just(math.nan), st.floats(0, 180, exclude_max=True))
point = st.tuples(finite, finite)
# Without lone surrogates, and without NUL, which PostgreSQL refuses: they have their own test.
text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
estimates = st.one_of(
    st.just(UNKNOWN),
    st.lists(positive, min_size=3, max_size=3).map(lambda v: Estimate(v[0], *sorted(v[1:]))),
)


@st.composite
def some_counts(draw: st.DrawFn) -> SceneCounts:
    scene = draw(text)
    acquired = draw(st.datetimes(timezones=st.just(UTC)))
    names = draw(st.lists(text, min_size=1, max_size=3, unique=True))
    counts = tuple(draw(a_drawn_count(scene, name, acquired)) for name in names)
    sighting = st.builds(
        GeoreferencedDetection,
        kind=st.sampled_from(["container", "hull"]),
        score=share,
        corners=st.tuples(point, point, point, point),
        outline=st.one_of(st.none(), st.builds(shapely.box, share, share, positive, positive)),
        length_m=positive,
        width_m=positive,
        heading_deg=heading,
        aboard=st.booleans(),
        pier=st.sampled_from([None, *names]),
    )
    sightings = tuple(draw(st.lists(sighting, max_size=4)))
    return SceneCounts(scene, draw(text), counts, sightings)


@st.composite
def a_drawn_count(draw: st.DrawFn, scene: str, pier: str, acquired: datetime) -> PierCount:
    status = draw(st.sampled_from(list(CountStatus)))
    numbers = st.just(UNKNOWN) if status in NO_VIEW else estimates
    stacks = st.builds(ContainerStack, st.integers(1, 10**6), positive, positive, point)
    hulls = st.builds(BerthedHull, positive, positive, heading, share, point)
    return PierCount(
        scene=scene,
        pier=pier,
        role=draw(st.sampled_from(list(PierRole))),
        acquired=acquired,
        status=status,
        reason=draw(text),
        visible_fraction=draw(st.none() | share),
        berth_visible_fraction=draw(st.none() | share),
        visibility=draw(text),
        radiometry=draw(text),
        containers=draw(numbers),
        teu=draw(numbers),
        hulls=draw(numbers),
        aboard=draw(numbers),
        stacks=tuple(draw(st.lists(stacks, max_size=3))),
        berthed=tuple(draw(st.lists(hulls, max_size=3))),
        gsd_m=draw(st.tuples(positive, positive)),
        method=draw(text),
        interval_level=draw(share),
        interval_calibrated=draw(st.booleans()),
        model=draw(text),
        settings=draw(text),
        place=draw(text),
        unseen=draw(st.none() | st.builds(shapely.box, share, share, positive, positive)),
        shift_m=draw(st.none() | st.tuples(share, share)),
    )


def plain(value: Any) -> Any:
    """`value` so that equal things compare equal: NaN as text, geometry as its bytes."""
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if isinstance(value, shapely.Geometry):
        return value.wkb
    if isinstance(value, tuple):
        return tuple(plain(part) for part in value)
    return value


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(counts=some_counts())
def test_a_scene_reads_back_as_it_was_written(
    counts: SceneCounts, fresh_place: Callable[[], Place]
) -> None:
    path = fresh_place()
    with Ledger(path) as ledger:
        assert ledger.record(counts) == len(counts)
    with Ledger(path, readonly=True) as ledger:
        read = ledger.counts()
        sightings = ledger.detections()
    in_order = sorted(counts, key=lambda count: count.pier.encode())
    assert [plain(astuple(c)) for c in read] == [plain(astuple(c)) for c in in_order]
    assert [plain(astuple(r.detection)) for r in sightings] == [
        plain(astuple(s)) for s in counts.detections
    ]
    assert {(r.scene, r.acquired) for r in sightings} <= {(counts.scene, counts[0].acquired)}


def test_recounting_changes_no_byte(place: Place) -> None:
    path = place
    scene = a_scene([a_count(), a_count(pier="West")], [a_sighting(), a_sighting(None)])
    with Ledger(path) as ledger:
        assert ledger.record(scene) == 2
    before = content(path)
    with Ledger(path) as ledger:
        assert ledger.record(scene) == 0
    assert content(path) == before


def test_another_model_or_other_settings_add_rows(place: Place) -> None:
    first, newer = a_count(containers=10.0), a_count(containers=11.0)
    with Ledger(place) as ledger:
        assert ledger.record(a_scene([first])) == 1
        assert ledger.record(a_scene([by(newer, model=sample_counts.OTHER_MODEL)])) == 1
        assert ledger.record(a_scene([by(newer, settings=sample_counts.OTHER_SETTINGS)])) == 1
        assert ledger.record(a_scene([by(newer, model=sample_counts.OTHER_MODEL)])) == 0
        assert [c.containers.value for c in ledger.counts()] == [10.0, 11.0, 11.0]
        assert [c.model for c in ledger.counts(model=sample_counts.MODEL)] == [
            sample_counts.MODEL
        ] * 2


def test_a_pier_added_later_is_recorded_alone(place: Place) -> None:
    with Ledger(place) as ledger:
        ledger.record(a_scene([a_count()], [a_sighting("East")]))
        both = a_scene([a_count(), a_count(pier="West")], [a_sighting("East"), a_sighting("West")])
        assert ledger.record(both) == 1
        assert ledger.piers() == ("East", "West")
        assert [r.detection.pier for r in ledger.detections()] == ["East", "West"]


def test_newest_is_the_last_inserted_that_did_not_fail(place: Place) -> None:
    sighting = a_sighting()
    with Ledger(place) as ledger:
        ledger.record(a_scene([a_count(containers=10.0)], [sighting, a_sighting(None, "hull")]))
        newer = by(a_count(containers=11.0), model=sample_counts.OTHER_MODEL)
        ledger.record(a_scene([newer], [sighting, sighting]))
        failed = by(a_count(status=CountStatus.FAILED), settings=sample_counts.OTHER_SETTINGS)
        ledger.record(a_scene([failed]))
        assert [c.containers.value for c in ledger.counts()] == [10.0, 11.0, None]
        assert ledger.counts(latest=True) == (ledger.counts()[1],)
        old = ledger.counts(latest=True, model=sample_counts.MODEL)
        assert [c.containers.value for c in old] == [10.0]
        assert [r.model for r in ledger.detections(latest=True)] == [sample_counts.OTHER_MODEL] * 2
        assert len(ledger.detections()) == 4


def test_a_failed_count_gives_way_and_is_no_reason_not_to_count(place: Place) -> None:
    wanted = identity_of(a_scene([a_count()]))
    with Ledger(place) as ledger:
        failed = a_count(status=CountStatus.FAILED)
        assert ledger.record(a_scene([failed])) == 1
        assert ledger.record(a_scene([failed])) == 0
        assert ledger.recorded_as(wanted) is None
        assert ledger.record(a_scene([a_count()])) == 1
        assert ledger.record(a_scene([failed])) == 0
        assert [count.status for count in ledger.counts()] == [CountStatus.COUNTED]
        assert ledger.recorded_as(wanted) == "scene-0"
        assert ledger.recorded_as(replace(wanted, settings=sample_counts.OTHER_SETTINGS)) is None
        other = identity_of(a_scene([a_count("scene-1")]))
        assert ledger.recorded_as(other) is None


def test_one_image_is_one_scene_whatever_its_name_and_time(place: Place) -> None:
    first = a_scene([a_count()], [a_sighting()])
    copy = a_scene([a_count("copy", days=3.0)], [a_sighting()], digest=first.digest)
    with Ledger(place) as ledger:
        assert ledger.record(first) == 1
        before = content(place)
        assert ledger.recorded_as(identity_of(copy)) == "scene-0"
        assert ledger.record(copy) == 0
    assert content(place) == before


@pytest.mark.parametrize(
    "config", [{"model": sample_counts.OTHER_MODEL}, {"settings": sample_counts.OTHER_SETTINGS}]
)
def test_a_renamed_image_is_counted_again_under_its_first_name(
    place: Place, config: dict[str, str]
) -> None:
    first = a_scene([a_count(containers=10.0)], [a_sighting()])
    again = by(a_count("renamed", containers=11.0, days=3.0), **config)
    renamed = a_scene([again], [a_sighting(), a_sighting()], digest=first.digest)
    with Ledger(place) as ledger:
        ledger.record(first)
        assert ledger.recorded_as(identity_of(renamed)) is None
        assert ledger.record(renamed) == 1
        (latest,) = ledger.counts(latest=True)
        assert (latest.containers.value, latest.scene) == (11.0, "scene-0")
        assert latest.acquired == sample_counts.START
        assert len(ledger.counts()) == 2
        assert {found.scene for found in ledger.detections()} == {"scene-0"}
        assert len(ledger.detections(latest=True)) == 2
        assert ledger.recorded_as(identity_of(renamed)) == "scene-0"
        assert ledger.record(renamed) == ledger.record(first) == 0


def test_a_recorded_name_may_come_to_stand_for_another_recorded_image(place: Place) -> None:
    scenes = [a_scene([a_count(f"scene-{i}", days=i)]) for i in range(2)]
    swapped = a_scene([by(a_count("scene-0"), sample_counts.OTHER_MODEL)], digest=scenes[1].digest)
    with Ledger(place) as ledger:
        for scene in scenes:
            ledger.record(scene)
        assert ledger.record(swapped) == 1
        assert [c.scene for c in ledger.counts(model=sample_counts.OTHER_MODEL)] == ["scene-1"]


def test_a_recount_supersedes_and_an_older_one_never_comes_back(place: Place) -> None:
    loose = a_sighting(None, "hull")
    usual = a_scene([a_count(containers=10.0), a_count(pier="West")], [loose])
    with Ledger(place) as ledger:
        ledger.record(usual)
        trial = by(a_count(containers=11.0), model=sample_counts.OTHER_MODEL)
        ledger.record(a_scene([trial], [loose, loose]))
        before = content(place)
        assert ledger.record(usual) == 0
        assert [c.containers.value for c in ledger.counts("East", latest=True)] == [11.0]
        assert len(ledger.detections(latest=True)) == 2
    assert content(place) == before


def test_counts_that_know_clouds_are_not_superseded_by_counts_that_do_not(place: Place) -> None:
    blind = replace(a_count(), visibility="mask", settings=sample_counts.OTHER_SETTINGS)
    with Ledger(place) as ledger:
        assert ledger.record(a_scene([blind])) == 1
        assert ledger.record(a_scene([a_count()])) == 1
        later = a_scene([by(blind, sample_counts.OTHER_MODEL)])
        before = content(place)
        with pytest.raises(SceneError, match="counts that know its clouds"):
            ledger.record(later)
        with pytest.raises(SceneError, match="no UDM2"):
            ledger.recorded_as(identity_of(later))
    assert content(place) == before


def test_order_is_time_then_pier_then_insertion(place: Place) -> None:
    with Ledger(place) as ledger:
        for name, days in (("c", 2.0), ("a", 1.0), ("b", 0.0)):
            ledger.record(a_scene([a_count(name, pier, days=days) for pier in ("West", "East")]))
        found = [(c.scene, c.pier) for c in ledger.counts()]
        assert found == [(s, p) for s in ("b", "a", "c") for p in ("East", "West")]
        assert [c.scene for c in ledger.counts(pier="West")] == ["b", "a", "c"]
        assert [c.pier for c in ledger.counts(scene="a")] == ["East", "West"]


def test_times_of_other_zones_are_the_same_instant(place: Place) -> None:
    local = datetime(2026, 1, 5, 20, 30, tzinfo=timezone(timedelta(hours=10)))
    with Ledger(place) as ledger:
        ledger.record(a_scene([replace(a_count(), acquired=local)]))
        read = ledger.counts()[0].acquired
    assert read == sample_counts.START
    assert read is not None
    assert read.tzinfo is UTC


@pytest.mark.parametrize("acquired", [None, datetime(2026, 1, 5)])
def test_a_scene_without_a_time_is_refused(place: Place, acquired: datetime | None) -> None:
    with Ledger(place) as ledger:
        before = content(place)
        with pytest.raises(TimeError, match="time"):
            ledger.record(a_scene([replace(a_count(), acquired=acquired)]))
    assert content(place) == before


def test_a_known_scene_with_other_content_or_time_is_refused(place: Place) -> None:
    with Ledger(place) as ledger:
        ledger.record(a_scene([a_count()]))
        before = content(place)
        with pytest.raises(SceneError, match="Give the new file another name"):
            ledger.record(a_scene([by(a_count(), sample_counts.OTHER_MODEL)], digest="f6" * 32))
        with pytest.raises(
            SceneError, match="2026-01-06 10:30 UTC by this run and 2026-01-05 10:30"
        ):
            ledger.record(a_scene([by(a_count(days=1.0), sample_counts.OTHER_MODEL)]))
    assert content(place) == before


@pytest.mark.parametrize(
    "wrong",
    [
        replace(a_count(), containers=Estimate(0.0, 0.0, 0.0), status=CountStatus.NOT_VISIBLE),
        replace(a_count(), aboard=Estimate(0.0, 0.0, 0.0), status=CountStatus.FAILED),
        replace(a_count(), hulls=Estimate(1.0, None, None)),
        replace(a_count(), teu=Estimate(5.0, 7.0, 6.0)),
        replace(a_count(), teu=Estimate(-1.0, -1.0, 1.0)),
        replace(a_count(), teu=Estimate(math.nan, math.nan, math.nan)),
        replace(a_count(), teu=Estimate(1.0, 1.0, math.inf)),
        replace(a_count(), visible_fraction=1.5),
        replace(a_count(), berth_visible_fraction=math.nan),
        a_count(pier="West"),
    ],
)
def test_counts_that_contradict_themselves_leave_no_trace(place: Place, wrong: PierCount) -> None:
    with Ledger(place) as ledger:
        before = content(place)
        with pytest.raises(LedgerError):
            ledger.record(a_scene([a_count(pier="West"), wrong], [a_sighting("West")]))
        assert ledger.counts() == ()
    assert content(place) == before


def test_names_that_are_not_text_are_refused(place: Place) -> None:
    with Ledger(place) as ledger, pytest.raises(LedgerError, match="not valid text"):
        ledger.record(a_scene([a_count(scene="bad\udcff")]))


def test_sightings_by_scene_and_pier(place: Place) -> None:
    with Ledger(place) as ledger:
        for day, scene in enumerate(("late", "early")):
            counts = [a_count(scene, pier, days=-day) for pier in ("East", "West")]
            sightings = [a_sighting("East"), a_sighting("West", "hull"), a_sighting(None, x=99.0)]
            ledger.record(a_scene(counts, sightings))
        assert [r.scene for r in ledger.detections()] == ["early"] * 3 + ["late"] * 3
        assert [r.detection.pier for r in ledger.detections(scene="late")] == ["East", "West", None]
        assert [r.detection.kind for r in ledger.detections(pier="West")] == ["hull", "hull"]
        assert len(ledger.detections(model=sample_counts.OTHER_MODEL)) == 0
        assert len(ledger.detections(latest=True)) == 6


def test_nothing_to_record_is_nothing(place: Place) -> None:
    with Ledger(place) as ledger:
        assert ledger.record(SceneCounts("s", "d", (), ())) == 0
        assert ledger.counts() == ()
        assert ledger.detections() == ()
        assert ledger.piers() == ()


def test_a_closed_ledger_says_so(place: Place) -> None:
    ledger = Ledger(place)
    ledger.close()
    with pytest.raises(ResourceClosedError):
        ledger.piers()


def test_loose_sightings_stay_when_another_model_failed(place: Place) -> None:
    with Ledger(place) as ledger:
        ledger.record(a_scene([a_count()], [a_sighting(), a_sighting(None)]))
        ledger.record(
            a_scene([by(a_count(status=CountStatus.FAILED), model=sample_counts.OTHER_MODEL)])
        )
        assert [r.detection.pier for r in ledger.detections(latest=True)] == ["East", None]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    times=st.lists(
        st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=st.timezones()),
        min_size=1,
        max_size=5,
        unique_by=lambda time: time.astimezone(UTC),
    )
)
def test_times_are_kept_to_the_microsecond_and_sort_as_text(
    times: list[datetime], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("times") / "l"
    with Ledger(path) as ledger:
        for number, time in enumerate(times):
            ledger.record(a_scene([replace(a_count(f"scene-{number}"), acquired=time)]))
        in_order = sorted(time.astimezone(UTC) for time in times)
        assert [one.acquired for one in ledger.counts()] == in_order
        with ledger._connection.reading() as sql:
            texts = sql.exec_driver_sql("SELECT acquired FROM scenes ORDER BY 1").scalars().all()
    assert texts == [time.isoformat(timespec="microseconds") for time in in_order]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps files that are open")
@pytest.mark.parametrize("content", ["nothing", "a count", "a quarantined file"])
def test_only_a_ledger_in_which_nothing_was_recorded_is_removed(tmp_path, content) -> None:
    path = tmp_path / "port.db"
    with Ledger.open(path) as ledger:
        if content == "a count":
            ledger.record(a_scene([a_count()]))
        elif content == "a quarantined file":
            ledger.add_to_quarantine(QuarantinedFile("0" * 64, 10, "a.tif", "it crashed"))
    with Ledger.open(path) as other, Ledger.open(path) as ledger:
        ledger.remove_if_empty()
        assert path.exists() is (content != "nothing")
        if content == "nothing":
            with pytest.raises(LedgerError, match="it was moved, removed or replaced"):
                other.record(a_scene([a_count()]))


def test_a_renamed_pier_keeps_the_name_that_it_was_recorded_under(place: Place) -> None:
    renamed = [a_count("b", "Quay B", days=1.0), a_count("b", "West", days=1.0)]
    sightings = [a_sighting("Quay B"), a_sighting(None)]
    aliases = {"Harbour": "Quay B", "East": "Quay B", "Old": "West"}
    with Ledger(place) as ledger:
        ledger.record(a_scene([a_count("a", "East")]))
        ledger.record(replace(a_scene(renamed, sightings), aliases=aliases))
        assert ledger.piers() == ("East", "West")
        assert [count.scene for count in ledger.counts("East")] == ["a", "b"]
        assert [one.detection.pier for one in ledger.detections()] == ["East", None]
        assert ledger.record(replace(a_scene(renamed, sightings), aliases=aliases)) == 0
