"""Who counts where: hand-made detections on hand-made piers."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from cv.counting.pier_count import UNKNOWN, CountStatus
from cv.counting.pier_counter import PierCounter
from cv.counting.pier_zones import Zone, Zones
from cv.counting.seen_ground import MIN_VISIBLE, SeenPart, SeenZone
from cv.detector.detections import Detections
from cv.geometry.grid import Grid
from cv.geometry.oriented_boxes import OrientedBoxes
from cv.site import PierRole
from tests.fixtures.fake_detectors import CARD
from tests.fixtures.sample_counts import a_count

GRID = Grid.local((1000, 1000), (0.5, 0.5))


def fractions(outline, berth):
    """What is seen of a zone of which these shares of pier and berth are visible and fit."""
    water = None if berth is None else SeenPart(berth)
    return SeenZone(SeenPart(outline), water, water, "udm2+pixels")


SEEN = fractions(1.0, 1.0)


def counter_of(zones, found, seen=SEEN, card=CARD):
    """A counter of zones of each of which `seen` is seen."""
    return PierCounter.of(card, zones, (seen,) * len(zones.zones), found)


def numbers(counter, index=0):
    """The count of a zone."""
    zone = counter.zones.zones[index]
    status, reason = counter.seen[index].status(zone)
    unknown = replace(
        a_count(zone.name, containers=None), status=status, reason=reason, interval_calibrated=True
    )
    return counter.count(unknown, index)


def zones_of(*pairs):
    return Zones(
        GRID.local_plane(),
        tuple(
            Zone(
                name=f"pier {i}",
                role=PierRole.EXPORT,
                outline=outline,
                berth=berth,
                declared=True,
                digest=f"{i}" * 64,
            )
            for i, (outline, berth) in enumerate(pairs)
        ),
    )


def detections(*rows):
    """Rows: class, score, cx, cy, length, width, angle in degrees; metres."""
    table = np.array(rows, dtype=float).reshape(-1, 7)
    boxes = table[:, 2:].copy()
    boxes[:, 4] = np.radians(boxes[:, 4])
    return Detections(OrientedBoxes.from_values(boxes), table[:, 1], table[:, 0].astype(np.int64))


NORTH = (shapely.box(0, 0, 100, 40), shapely.box(0, 40, 100, 80))
SOUTH = (shapely.box(0, 120, 100, 160), shapely.box(0, 80, 100, 120))


def box(x, y, score=0.9, length=12.19, angle=0.0):
    return (0, score, x, y, length, 2.44, angle)


def hull(x, y, score=0.9, length=90, beam=16, angle=0.0):
    return (1, score, x, y, length, beam, angle)


def test_boxes_count_for_the_pier_they_stand_on_and_teu_by_length():
    found = detections(box(20, 20), box(50, 20, length=6.06), box(20, 140), box(300, 300))
    counter = counter_of(zones_of(NORTH, SOUTH), found)
    north, south = numbers(counter), numbers(counter, 1)
    assert (north.containers.value, north.teu.value) == (2, 3)
    assert (south.containers.value, south.teu.value) == (1, 2)
    assert (north.hulls.value, north.aboard.value) == (0, 0)
    piers = [s.pier for s in counter.georeferenced_detections(GRID)]
    assert sorted(map(str, piers)) == ["None", "pier 0", "pier 0", "pier 1"]


def test_boxes_on_deck_are_aboard_and_go_with_their_hull():
    found = detections(hull(50, 62), box(40, 62), box(60, 58), box(20, 20))
    counter = counter_of(zones_of(NORTH, SOUTH), found)
    north, south = numbers(counter), numbers(counter, 1)
    assert (north.containers.value, north.aboard.value, north.hulls.value) == (1, 2, 1)
    assert (south.containers.value, south.aboard.value, south.hulls.value) == (0, 0, 0)
    assert sum(s.aboard for s in counter.georeferenced_detections(GRID)) == 2
    assert north.berthed[0].length_m == pytest.approx(90)
    assert north.berthed[0].beam_m == pytest.approx(16)


def test_a_container_inside_a_hull_that_overlaps_the_quay_is_aboard():
    """The hull's box covers the quay's edge; a box whose middle lies in it is aboard."""
    counter = counter_of(zones_of(NORTH), detections(hull(50, 46), box(50, 39.5)))
    north = numbers(counter)
    assert (north.containers.value, north.aboard.value) == (0, 1)


def test_a_hull_on_the_pier_makes_hulls_unknown_and_is_shown():
    """Either the outline or the georeference is off: a ship does not lie on a pier."""
    counter = counter_of(zones_of(NORTH), detections(hull(50, 20), box(20, 20)))
    north = numbers(counter)
    assert north.status is CountStatus.PARTIAL
    assert "a hull lies on the outline" in north.reason
    assert north.hulls == north.aboard == UNKNOWN
    assert north.containers.value == 1
    found = counter.georeferenced_detections(GRID)
    assert [one.pier for one in found if one.kind == "hull"] == [None]


def test_a_faint_hull_on_the_pier_is_dropped():
    counter = counter_of(zones_of(NORTH), detections(hull(50, 20, score=0.2), box(50, 20)))
    north = numbers(counter)
    assert (north.status, north.containers.value, north.hulls.value) == ("counted", 1, 0)
    assert {one.kind for one in counter.georeferenced_detections(GRID)} == {"container"}


def test_containers_on_water_without_a_hull_make_those_aboard_unknown():
    afloat = [box(20 + 15 * i, 60) for i in range(3)]
    north = numbers(counter_of(zones_of(NORTH), detections(box(20, 20), *afloat)))
    assert north.status is CountStatus.PARTIAL
    assert "no hull was found under them" in north.reason
    assert north.aboard == UNKNOWN
    assert (north.containers.value, north.hulls.value) == (1, 0)
    alone = numbers(counter_of(zones_of(NORTH), detections(box(20, 20), afloat[0])))
    assert (alone.status, alone.aboard.value) == ("counted", 0)


def test_nothing_is_counted_in_unfit_ground():
    unfit = shapely.box(0, 0, 30, 40)
    outline = SeenPart(0.7, unfit_share=0.3, cause="cloud", recall=0.9, unfit=unfit)
    seen = SeenZone(outline, SeenPart(1.0), SeenPart(1.0), "pixels")
    counter = counter_of(zones_of(NORTH), detections(box(20, 20), box(60, 20)), seen)
    north = numbers(counter)
    assert (north.status, north.containers.value) == ("partial", 1)
    assert "30% of the pier cannot be judged: cloud" in north.reason
    piers = [one.pier for one in counter.georeferenced_detections(GRID)]
    assert sorted(map(str, piers)) == ["None", "pier 0"]


@pytest.mark.parametrize(
    ("outline", "berth", "status"),
    [(0.6, 0.6, "unfit"), (0.6, 0.0, "partial"), (0.0, 0.6, "partial"), (0.0, 0.0, "counted")],
)
def test_what_is_mostly_unfit_gets_no_number(outline, berth, status):
    parts = [SeenPart(1 - share, unfit_share=share, cause="haze") for share in (outline, berth)]
    seen = SeenZone(parts[0], parts[1], parts[1], "pixels")
    north = numbers(counter_of(zones_of(NORTH), detections(box(20, 20), hull(50, 62)), seen))
    assert north.status == status
    assert north.containers.known is north.teu.known is (outline < 0.5)
    assert north.hulls.known is north.aboard.known is (berth < 0.5)
    assert ("60% of the pier cannot be judged: haze" in north.reason) is (outline > 0.5)
    assert ("60% of its berth cannot be judged: haze" in north.reason) is (berth > 0.5)


@pytest.mark.parametrize(
    ("basis", "mask"),
    [("udm2+pixels", "cloud mask, nodata or fill"), ("pixels", "nodata or fill")],
)
def test_the_reason_says_what_hides_how_much(basis, mask):
    outline = SeenPart(0.5, outside=0.4, masked=0.1)
    berth = SeenPart(0.994, masked=0.006)
    seen = SeenZone(outline, berth, berth, basis)
    reason = numbers(counter_of(zones_of(NORTH), detections(box(20, 20)), seen)).reason
    assert reason == (
        f"seen: 50% of the pier (40% outside the image, 10% {mask}) "
        f"and 99% of its berth (1% {mask})"
    )


def test_a_doubtful_image_widens_upwards_and_claims_no_calibration():
    parts = SeenPart(1.0), SeenPart(1.0, recall=0.5)
    rows = detections(box(20, 20))
    clear = numbers(counter_of(zones_of(NORTH), rows))
    doubtful = SeenZone(SeenPart(1.0, recall=0.5), parts[1], parts[0], "pixels")
    unsure = numbers(counter_of(zones_of(NORTH), rows, doubtful))
    assert unsure.containers.value == clear.containers.value
    assert unsure.containers.low == clear.containers.low
    assert unsure.containers.high > clear.containers.high
    assert unsure.aboard == UNKNOWN, "a hull may be there that was not found"
    assert (clear.interval_calibrated, unsure.interval_calibrated) == (True, False)


def test_a_hull_between_two_berths_goes_to_the_one_that_holds_more_of_it():
    found = detections(hull(50, 78))
    counter = counter_of(zones_of(NORTH, SOUTH), found)
    assert numbers(counter).hulls.value == 1
    assert numbers(counter, 1).hulls.value == 0


def test_a_hull_at_anchor_far_away_counts_for_no_pier():
    counter = counter_of(zones_of(NORTH), detections(hull(300, 300)))
    assert numbers(counter).hulls.value == 0
    assert [s.pier for s in counter.georeferenced_detections(GRID)] == [None]


def test_candidates_below_the_threshold_widen_the_interval_and_nothing_else():
    above = [box(10 + 14 * i, 10, score=0.95) for i in range(5)]
    faint = [box(10 + 4 * i, 25, score=0.25) for i in range(20)]
    alone = numbers(counter_of(zones_of(NORTH), detections(*above)))
    more = numbers(counter_of(zones_of(NORTH), detections(*above, *faint)))
    assert alone.containers.value == more.containers.value == 5
    assert more.containers.high > alone.containers.high
    assert len(more.stacks) == len(alone.stacks)
    assert alone.containers.low <= 5 <= alone.containers.high


def test_touching_boxes_are_one_stack_with_its_size():
    block = [box(20 + 12.5 * i, 10 + 2.5 * j, length=12.19) for i in range(3) for j in range(4)]
    counter = counter_of(zones_of(NORTH), detections(*block, box(85, 35)))
    (stack,) = numbers(counter).stacks
    assert stack.containers == 12
    assert stack.length_m == pytest.approx(2 * 12.5 + 12.19)
    assert stack.width_m == pytest.approx(3 * 2.5 + 2.44)
    assert stack.center == pytest.approx((32.5 / 0.5, 13.75 / 0.5))


@pytest.mark.parametrize(
    ("view", "status", "containers", "hulls"),
    [
        (fractions(1.0, 1.0), CountStatus.COUNTED, 1, 1),
        (fractions(0.5, 1.0), CountStatus.PARTIAL, 1, 1),
        (fractions(1.0, 0.0), CountStatus.PARTIAL, 1, None),
        (fractions(0.02, 1.0), CountStatus.PARTIAL, None, 1),
        (fractions(0.0, 0.0), CountStatus.NOT_VISIBLE, None, None),
        (fractions(0.04, 0.05), CountStatus.NOT_VISIBLE, None, None),
    ],
)
def test_what_was_not_seen_is_unknown_and_never_zero(view, status, containers, hulls):
    counter = counter_of(zones_of(NORTH), detections(hull(50, 62), box(20, 20)), view)
    count = numbers(counter)
    assert count.status is status
    assert count.containers.value == count.containers.value
    assert (count.containers.value, count.hulls.value) == (containers, hulls)
    if containers is None:
        assert count.containers == count.teu == UNKNOWN
        assert count.stacks == ()
    if hulls is None:
        assert count.hulls == count.aboard == UNKNOWN
        assert count.berthed == ()
    assert bool(count.reason) is (status is not CountStatus.COUNTED)


def test_a_visible_empty_pier_counts_zero():
    count = numbers(counter_of(zones_of(NORTH), Detections.empty()))
    assert count.containers.value == count.hulls.value == count.aboard.value == 0
    assert count.status is CountStatus.COUNTED


def test_without_the_class_hull_the_number_of_hulls_is_unknown():
    from dataclasses import replace

    from cv.detector.model_card import InferencePass

    card = replace(
        CARD,
        classes=("container",),
        thresholds=(0.3,),
        passes=(InferencePass(0.3, 96, ("container",)),),
    )
    count = numbers(counter_of(zones_of(NORTH), detections(box(20, 20)), card=card))
    assert count.containers.value == 1
    assert count.hulls == count.aboard == UNKNOWN


def test_the_order_of_detections_does_not_matter():
    rng = np.random.default_rng(0)
    rows = [box(x, y, s) for x, y, s in rng.uniform([0, 0, 0.1], [100, 40, 1], (60, 3))]
    rows += [hull(50, 60), hull(50, 78)]
    straight = detections(*rows).ranked()
    shuffled = detections(*[rows[i] for i in rng.permutation(len(rows))]).ranked()
    one = counter_of(zones_of(NORTH, SOUTH), straight)
    two = counter_of(zones_of(NORTH, SOUTH), shuffled)
    assert [str(asdict(numbers(one, i))) for i in (0, 1)] == [
        str(asdict(numbers(two, i))) for i in (0, 1)
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_where_undeclared_berths_overlap_the_nearest_pier_counts(order):
    near, far = shapely.box(0, 0, 100, 40), shapely.box(0, 88, 100, 120)
    water = shapely.box(0, 40, 100, 88)
    pairs = [(near, water), (far, water)]
    shared = Zones(
        GRID.local_plane(),
        tuple(
            Zone(
                name=f"pier {i}",
                role=PierRole.EXPORT,
                outline=pairs[i][0],
                berth=pairs[i][1],
                declared=False,
                digest="0" * 64,
            )
            for i in order
        ),
    )
    counter = counter_of(shared, detections(hull(50, 52)))
    counts = {zone.name: numbers(counter, i) for i, zone in enumerate(shared.zones)}
    assert (counts["pier 0"].hulls.value, counts["pier 1"].hulls.value) == (1, 0)


def test_a_hidden_area_that_fits_a_container_makes_a_count_partial():
    yard = (shapely.box(0, 0, 1000, 500), shapely.box(0, 500, 1000, 600))
    zones = zones_of(yard)
    area = 1000 * 500
    for hidden, status in ((14.0, CountStatus.COUNTED), (15.0, CountStatus.PARTIAL)):
        view = fractions(1 - hidden / area, 1.0)
        assert numbers(counter_of(zones, detections(), view)).status is status
    for hidden, status in ((290.0, CountStatus.COUNTED), (310.0, CountStatus.PARTIAL)):
        view = fractions(1.0, 1 - hidden / (1000 * 100))
        assert numbers(counter_of(zones, detections(), view)).status is status


def test_a_pier_without_a_berth_has_containers_and_unknown_hulls():
    inland = (shapely.box(0, 0, 100, 40), shapely.Polygon())
    counter = counter_of(zones_of(inland), detections(box(20, 20)), fractions(1.0, None))
    count = numbers(counter)
    assert (count.status, count.containers.value, count.hulls.value) == (
        CountStatus.COUNTED,
        1,
        None,
    )


def test_without_the_class_container_the_number_of_containers_is_unknown():
    card = replace(CARD, classes=("hull",), thresholds=(0.3,), passes=CARD.passes[1:])
    found = detections((0, 0.9, 50, 60, 90, 16, 0))
    count = numbers(counter_of(zones_of(NORTH), found, card=card))
    assert (count.hulls.value, count.containers.value, count.aboard.value) == (1, None, None)


@given(st.floats(0, 1), st.one_of(st.none(), st.floats(0, 1)))
def test_a_number_is_known_exactly_where_enough_was_seen(outline, berth):
    pier = NORTH if berth is not None else (NORTH[0], shapely.Polygon())
    visible = fractions(outline, berth)
    counter = counter_of(zones_of(pier), detections(hull(50, 62), box(20, 20)), visible)
    count = numbers(counter)
    assert count.containers.known is count.teu.known is (outline > MIN_VISIBLE)
    assert count.hulls.known is count.aboard.known is ((berth or 0.0) > MIN_VISIBLE)
    known = count.containers.known or count.hulls.known
    assert (count.status is CountStatus.NOT_VISIBLE) is not known
    assert visible.known is known


def test_each_detection_above_the_threshold_counts_for_at_most_one_pier():
    """Over all piers the counts are those of the detections that name a pier."""
    rng = np.random.default_rng(3)
    rows = [box(x, y, s) for x, y, s in rng.uniform([-20, -20, 0.1], [120, 180, 1], (150, 3))]
    rows += [hull(50, 60), hull(50, 100), hull(300, 60)]
    zones = zones_of(NORTH, SOUTH)
    counter = counter_of(zones, detections(*rows))
    counts = {zone.name: numbers(counter, i) for i, zone in enumerate(zones.zones)}
    found = counter.georeferenced_detections(GRID)
    for name, count in counts.items():
        own = [one for one in found if one.pier == name]
        ashore = [one for one in own if one.kind == "container" and not one.aboard]
        assert count.containers.value == len(ashore) > 0
        assert count.aboard == UNKNOWN, "some lie in the berth beside the hulls"
        assert any(one.aboard for one in own)
        assert count.hulls.value == sum(one.kind == "hull" for one in own) == len(count.berthed)
        assert count.teu.value == sum(2 if one.length_m > 9.1 else 1 for one in ashore)
