"""The counts of a scene: access by position, name and alias."""

from __future__ import annotations

import pytest

from cv.counting.scene_counts import SceneCounts
from cv.site import Pier, PierRole
from cv.timeseries.series import Series
from tests.fixtures.sample_counts import a_count

EAST, WEST = a_count(pier="East"), a_count(pier="West", containers=None)
COUNTS = SceneCounts("scene-0", "e5" * 32, (EAST, WEST), (), {"Pier 1": "East"})


def test_a_pier_is_found_by_position_name_and_alias():
    assert COUNTS[0] is COUNTS["East"] is COUNTS["Pier 1"] is EAST
    assert COUNTS[1:] == (WEST,)


def test_an_unknown_pier_is_a_key_error_that_lists_the_piers():
    with pytest.raises(KeyError, match="there are East, West"):
        COUNTS["Pier 9"]


def test_representations_are_short_and_unknown_is_not_zero():
    assert repr(COUNTS) == "SceneCounts('scene-0', piers=2, detections=0)"
    assert "containers=12 (10 to 14)" in repr(EAST)
    assert "containers=unknown" in repr(WEST)
    for shown in (COUNTS, Series.of("West", [WEST])):
        assert "<td>unknown</td>" in shown._repr_html_()
        assert "NA" not in shown._repr_html_()


def test_a_series_takes_counts_under_any_name_of_a_pier():
    pier = Pier("East", PierRole.EXPORT, outline=None, aliases=("Old name",))
    counts = [a_count("a", pier="Old name"), a_count("b", pier="East", days=1.0)]
    assert [one.scene for one in Series.of(pier, counts).counts] == ["a", "b"]
    with pytest.raises(ValueError, match="'Old name' in the series of 'East'"):
        Series.of("East", counts)
