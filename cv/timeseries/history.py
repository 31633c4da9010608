"""The counts of several piers from a ledger, by site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cv.counting.count import PierCount
from cv.errors import SiteError
from cv.ledger import Ledger
from cv.site import Site
from cv.timeseries.series import Series

History = dict[str, tuple[PierCount, ...]]
"""The counts of each pier of a site by its name; ordered by time, one a scene."""


def pier_history(ledger: Ledger, piers: Iterable[str]) -> History:
    """Return the counts of those of `piers` that the ledger has."""
    known = ledger.piers()
    return {pier: Series.of(pier, ledger.counts(pier)).counts for pier in piers if pier in known}


def histories_by_site(ledger: Ledger, sites: Sequence[Site]) -> list[History]:
    """Return the history of each site, and last that of the ledger's piers in none of them.

    Raises SiteError where two sites have a pier of one name.
    """
    named = [[pier.name for pier in site] for site in sites]
    for name, times in Counter(name for names in named for name in names).items():
        if times > 1:
            raise SiteError(
                name,
                f"{times} sites have a pier of this name",
                "a ledger knows piers by their names alone",
                "Name each site once, and give their piers names of their own.",
            )
    others = [pier for pier in ledger.piers() if not any(pier in names for names in named)]
    return [pier_history(ledger, names) for names in (*named, others)]
