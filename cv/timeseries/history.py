"""The counts of several piers from a ledger, by site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cv.errors import InputError, SiteError
from cv.ledger import Ledger
from cv.site import Pier, Site
from cv.timeseries.series import Series

History = dict[str, Series]
"""The series of each pier of a site by its name."""


def pier_history(ledger: Ledger, piers: Iterable[Pier | str]) -> History:
    """Return the series of those of `piers` that the ledger has, by name or by an alias."""
    known = set(ledger.piers())
    history = {}
    for pier in piers:
        name, names = (pier.name, pier.names) if isinstance(pier, Pier) else (pier, (pier,))
        if not known.isdisjoint(names):
            history[name] = Series.read(ledger, pier)
    return history


def site_history(ledger: Ledger, site: Site) -> History:
    """Return the series of the piers of `site`.

    Raises InputError if the ledger has counts, but of other piers only.
    """
    history = pier_history(ledger, site)
    if not history and ledger.piers():
        raise foreign_site(ledger, site)
    return history


def histories_by_site(ledger: Ledger, sites: Sequence[Site]) -> list[History]:
    """Return the history of each site, and last that of the ledger's piers in none of them.

    Raises SiteError where two sites have a pier of one name, and as `site_history`.
    """
    names = Counter(name for site in sites for pier in site for name in pier.names)
    for name, times in names.items():
        if times > 1:
            limit = "a ledger knows piers by their names alone"
            remedy = "Name each site once, and give their piers names of their own."
            raise SiteError(name, f"{times} sites have a pier of this name", limit, remedy)
    others = [pier for pier in ledger.piers() if pier not in names]
    return [*(site_history(ledger, site) for site in sites), pier_history(ledger, others)]


def foreign_site(ledger: Ledger, site: Site) -> InputError:
    """Return the error for a site of which the ledger has no pier."""
    return InputError(
        ledger.path,
        f"it holds none of the piers of site {site.subject}",
        f"its piers are {', '.join(ledger.piers())}",
        "Use the site that was counted.",
    )
