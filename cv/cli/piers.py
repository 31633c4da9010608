"""The piers of a ledger that a command uses, grouped by site."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from cv.cli import options
from cv.counting.count import PierCount
from cv.events.event import Event
from cv.events.vessels.claims import PublishedClaim
from cv.ledger import Ledger
from cv.site import Site
from cv.timeseries.history import History, histories_by_site


@dataclass(frozen=True)
class PierSelection:
    """The piers of a ledger that a command uses."""

    sites: list[Site]
    """The sites given on the command line."""
    histories: list[History]
    """The histories of the piers of each site, then those of all other piers."""
    wanted: tuple[str, ...]
    """Names of the selected piers."""

    @classmethod
    def read(cls, args: argparse.Namespace) -> PierSelection:
        """Read the selection in `args` (see `options.add_piers`); raise InputError."""
        sites = [Site.read(path) for path in args.site]
        with Ledger.open(args.ledger, readonly=True) as ledger:
            histories = histories_by_site(ledger, sites)
        names = tuple(name for history in histories for name in history)
        if args.pier is None:
            return cls(sites, histories, names)
        piers = cls(sites, histories, names)
        name = piers.aliases.get(args.pier, args.pier)
        if name not in names:
            raise options.unknown_pier(args, args.pier, names)
        return cls(sites, histories, (name,))

    @property
    def aliases(self) -> dict[str, str]:
        """Return the name of each pier of the sites by its aliases."""
        piers = [pier for site in self.sites for pier in site]
        return {alias: pier.name for pier in piers for alias in pier.aliases}

    @property
    def counts(self) -> dict[str, tuple[PierCount, ...]]:
        """Return the counts of the selected piers by name."""
        return {
            name: history[name]
            for history in self.histories
            for name in history
            if name in self.wanted
        }

    def select_claims(self, claims: Sequence[PublishedClaim]) -> tuple[PublishedClaim, ...]:
        """Return the claims about the selected piers; print how many are about others."""
        kept = tuple(claim for claim in claims if claim.pier in self.wanted)
        if len(kept) < len(claims):
            others = sorted({claim.pier for claim in claims} - set(self.wanted))
            names = ", ".join(others)
            print(f"{len(claims) - len(kept)} claims about other places: {names}", file=sys.stderr)
        return kept

    def events(self) -> list[Event]:
        """Return the findings at the selected piers by time."""
        from cv.events.pipeline import find_events_of_sites, sort_key

        found = [
            event
            for events in find_events_of_sites(self.histories)
            for event in events
            if event.pier in self.wanted
        ]
        return sorted(found, key=sort_key)
