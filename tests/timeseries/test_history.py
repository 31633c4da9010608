"""The counts of sites from a ledger: grouped by site, and a foreign site refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from pyproj import CRS

from cv.errors import InputError, SiteError
from cv.ledger import Ledger
from cv.report.findings import findings
from cv.site import Pier, PierRole, Site
from cv.timeseries.history import histories_by_site, pier_history, site_history
from tests.fixtures.sample_counts import a_count, a_scene


def a_site(name: str, *piers: str) -> Site:
    outline = shapely.box(130.0, 42.0, 130.001, 42.001)
    return Site(
        name, tuple(Pier(pier, PierRole.YARD, outline) for pier in piers), CRS.from_epsg(4326)
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "port.db") as opened:
        yield opened


def record(ledger: Ledger, *piers: str) -> None:
    for day, scene in enumerate("ab"):
        counts = [a_count(scene, pier, days=day) for pier in piers]
        ledger.record(a_scene(counts))


def test_piers_are_grouped_by_their_site_and_the_others_come_last(ledger: Ledger) -> None:
    record(ledger, "East", "West", "North", "South")
    sites = [a_site("one", "West", "New"), a_site("two", "East", "South")]
    histories = histories_by_site(ledger, sites)
    assert [set(history) for history in histories] == [{"West"}, {"East", "South"}, {"North"}]
    assert [count.scene for count in histories[0]["West"]] == ["a", "b"]
    (alone,), others = histories_by_site(ledger, []), pier_history(ledger, ledger.piers())
    assert {name: one.counts for name, one in alone.items()} == {
        name: one.counts for name, one in others.items()
    }


def test_a_pier_is_in_one_site_only(ledger: Ledger) -> None:
    record(ledger, "East")
    with pytest.raises(SiteError, match="2 sites have a pier of this name"):
        histories_by_site(ledger, [a_site("one", "East"), a_site("two", "East")])


def test_a_site_without_a_pier_of_the_ledger_is_refused(ledger: Ledger) -> None:
    foreign = a_site("elsewhere", "Quay 1")
    assert site_history(ledger, foreign) == {}  # nothing was counted yet
    record(ledger, "East", "West")
    message = "none of the piers of site elsewhere; its piers are East, West"
    with pytest.raises(InputError, match=message):
        site_history(ledger, foreign)
    with pytest.raises(InputError, match=message):
        histories_by_site(ledger, [a_site("here", "East"), foreign])
    with pytest.raises(InputError, match=message):
        findings(ledger, foreign)
    assert set(site_history(ledger, a_site("here", "East", "Quay 1"))) == {"East"}


def test_counts_under_an_alias_belong_to_the_pier(ledger: Ledger) -> None:
    record(ledger, "Pier 2", "West")
    outline = shapely.box(130.0, 42.0, 130.001, 42.001)
    pier = Pier("Export pier", PierRole.EXPORT, outline, aliases=("Pier 2",))
    histories = histories_by_site(ledger, [Site("port", (pier,), CRS.from_epsg(4326))])
    assert [set(history) for history in histories] == [{"Export pier"}, {"West"}]
    assert [count.scene for count in histories[0]["Export pier"]] == ["a", "b"]
