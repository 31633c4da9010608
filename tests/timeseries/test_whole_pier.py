"""The hidden part is what it was when it was last seen, an interval that widens, or unknown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from cv.counting.pier_count import UNKNOWN, CountStatus, Estimate
from cv.timeseries.series import Series
from tests.fixtures.sample_counts import MODEL, OTHER_MODEL, a_count

WEST = np.array([[130.0 + 1e-4 * i, 42.0] for i in range(20)])
EAST = WEST + np.array([0.01, 0.0])
PIER = np.concatenate([WEST, EAST])
OVER_EAST = shapely.box(130.005, 41.999, 130.02, 42.001)


def count(name: str, day: float, number: int, unseen=None, model: str = MODEL):
    status = CountStatus.COUNTED if unseen is None else CountStatus.PARTIAL
    made = a_count(name, containers=float(number), days=day, status=status, visible=0.5, hulls=0.0)
    half = 1 + 0.1 * number
    estimate = Estimate(float(number), max(0.0, number - half), number + half)
    return replace(made, unseen=unseen, containers=estimate, model=model)


def series(*counts, **places) -> Series:
    return Series("East", tuple(counts), places)


def test_what_a_cloud_covers_is_what_it_was_and_less_sure_every_day():
    counts = [count("a", 0, 40), *(count(f"b{d}", d, 20, OVER_EAST) for d in (1, 3, 6))]
    whole = series(*counts, a=PIER, b1=WEST, b3=WEST, b6=WEST).whole
    assert [one.value for one in whole] == [40, 40, 40, 40]
    widths = [one.high - one.low for one in whole]
    assert widths == sorted(widths)
    assert widths[0] < widths[1] < widths[3]
    assert all(one.low >= 17 for one in whole)  # what is seen is there


def test_a_hidden_part_that_was_never_seen_or_too_long_ago_is_unknown():
    never = series(count("b", 1, 20, OVER_EAST), b=WEST).whole
    long_ago = series(count("a", 0, 40), count("b", 9, 20, OVER_EAST), a=PIER, b=WEST).whole
    other = [count("a", 0, 40, model=OTHER_MODEL), count("b", 1, 20, OVER_EAST)]
    assert not never[0].known
    assert not long_ago[1].known
    assert not series(*other, a=PIER, b=WEST).whole[1].known


def test_a_low_count_between_the_same_containers_is_contradicted():
    seen = [count("a", 0, 40), count("b", 1, 4), count("c", 2, 0), count("d", 3, 40)]
    same = series(*seen, a=PIER, b=PIER[:4], d=PIER + np.array([5e-5, 0.0]))  # 4 m off
    assert same.standing.contradicted.tolist() == [False, True, True, False]
    moved = series(
        *seen, a=PIER, b=PIER[:4], d=PIER * [1, 1] + np.arange(40)[:, None] * [3e-5, 9e-5]
    )
    assert not moved.standing.contradicted.any()


def test_a_partial_count_shows_that_the_number_is_back():
    """Of 40 containers the 20 in its visible part are there: the count of none was wrong."""
    seen = [count("a", 0, 40), count("b", 1, 0), count("c", 2, 20, OVER_EAST)]
    back = series(*seen, a=PIER, c=WEST)
    assert back.standing.contradicted.tolist() == [False, True, False]
    assert back.whole[2].value == 40
    few = series(*seen[:2], count("c", 2, 4, OVER_EAST), a=PIER, c=WEST[:4])
    assert not few.standing.contradicted.any()


def test_at_the_beginning_a_count_of_far_fewer_than_soon_after_is_contradicted():
    first, then = count("a", 0, 10), count("b", 2, 40)
    assert series(first, then, a=PIER[:10], b=PIER).standing.contradicted.tolist() == [True, False]
    late = count("b", 6, 40)
    assert not series(first, late, a=PIER[:10], b=PIER).standing.contradicted.any()
    after = [count("z", -20, 40), first, then]  # what it was before says whether it is wrong
    assert not series(*after, z=PIER + 0.003, a=PIER[:10], b=PIER).standing.contradicted.any()


def test_a_ship_explains_a_rise_at_the_beginning():
    first, then = count("a", 0, 10), replace(count("b", 2, 40), hulls=Estimate(1.0, 1.0, 1.0))
    assert not series(first, then, a=PIER[:10], b=PIER).standing.contradicted.any()


def test_a_small_visible_part_does_not_settle_the_beginning():
    over_most = shapely.box(129.9, 41.999, 130.01175, 42.001)
    seen = [count("a", 0, 2, over_most), count("b", 1, 0), count("c", 2, 40)]
    first = series(*seen, a=PIER[38:], c=PIER)
    assert first.standing.contradicted.tolist() == [False, True, False]


def test_the_same_few_containers_twice_were_no_more_at_the_beginning():
    seen = [count("a", 0, 10), count("b", 1, 10), count("c", 2, 40)]
    same = series(*seen, a=PIER[:10], b=PIER[:10], c=PIER)
    others = series(*seen, a=PIER[:10], b=PIER[8:18], c=PIER)
    assert not same.standing.contradicted.any()
    assert others.standing.contradicted.tolist() == [True, True, False]


def test_a_change_of_model_or_outline_starts_a_segment():
    first, second = count("a", 0, 40), count("b", 1, 40, model=OTHER_MODEL)
    third = replace(count("c", 2, 40, model=OTHER_MODEL), place="d" * 64)
    blind = replace(a_count("x", status=CountStatus.UNFIT, days=0.5), model=OTHER_MODEL)
    parts = series(first, blind, second, third).segments()
    assert [[one.scene for one in part] for part in parts] == [["a", "x"], ["b"], ["c"]]


LIMITS = "limits bands 3,2,1 limits 0-{0} 0-{0} 0-{0} gamma 1"
PERCENTILES = "percentile:{} bands 3,2,1 limits {}-900 1-900 1-900 gamma 1"


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"method": "resolved 0"}, 2),
        ({"place": "d" * 64}, 2),
        ({"radiometry": LIMITS.format(2000)}, 2),
        ({"radiometry": PERCENTILES.format("2-98", 7)}, 2),
        ({"radiometry": LIMITS.format(3000) + " stretched by 1.4"}, 1),
        ({"radiometry": "visual bands 1,2,3 limits 0-255 0-255 0-255 gamma 1"}, 1),
        ({"settings": "e" * 64}, 1),  # a mask of its own, for instance
    ],
)
def test_a_segment_starts_where_the_way_of_counting_changes(change, parts):
    first = replace(count("a", 0, 40), radiometry=LIMITS.format(3000))
    assert len(series(first, replace(first, scene="b", **change)).segments()) == parts


def test_percentiles_of_several_scenes_are_one_stretch():
    """Their limits are measured in each scene; their percentiles are the setting."""
    one, other, wider = (
        replace(count(name, day, 40), radiometry=PERCENTILES.format(*stretch))
        for name, day, stretch in (
            ("a", 0, ("0.5-99.5", 10)), ("b", 1, ("0.5-99.5", 20)), ("c", 2, ("0-100", 0)),
        )
    )  # fmt: skip
    parts = series(one, other, wider).segments()
    assert [[found.scene for found in part] for part in parts] == [["a", "b"], ["c"]]


def test_a_part_of_unknown_size_leaves_the_whole_unknown():
    """A mask that was not used may hide anything."""
    seen = replace(count("b", 1, 30), status=CountStatus.PARTIAL, visible_fraction=None)
    assert series(count("a", 0, 40), seen).whole[1] == UNKNOWN


def test_a_pier_that_was_seen_whole_has_its_number_whatever_hides_its_berth():
    made = replace(count("a", 0, 21), status=CountStatus.PARTIAL, visible_fraction=1.0)
    berth = replace(made, unseen=OVER_EAST, berth_visible_fraction=0.89)
    assert series(berth, a=PIER[:21]).whole == (berth.containers,)
    assert not series(replace(berth, visible_fraction=0.9), a=PIER[:21]).whole[0].known
