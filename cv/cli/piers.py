"""The piers of a ledger that a command selects, grouped by site."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from cv.cli import options
from cv.events.event import Event
from cv.events.site_events import find_events_of_sites, sort_key
from cv.events.vessels.published_claims import PublishedClaim, read_claims
from cv.io.terminal_text import quantity
from cv.ledger import Ledger
from cv.site import Site
from cv.timeseries.history import History, histories_by_site


@dataclass(frozen=True)
class PierSelection:
    """The piers of a ledger that a command selects."""

    sites: list[Site]
    """The sites given on the command line."""
    histories: list[History]
    """The histories of the piers of each site, then those of all other piers."""
    pier: str | None
    """The only selected pier, by its name or an alias; None: all piers."""

    @classmethod
    def read(cls, args: argparse.Namespace) -> PierSelection:
        """Read the selection in `args` (see `options.add_piers`); raise InputError."""
        sites = [options.read_site(path) for path in args.site]
        with Ledger.open(args.ledger, readonly=True) as ledger:
            selection = cls(sites, histories_by_site(ledger, sites), args.pier)
        if args.pier and not selection.counts:
            known = [name for history in selection.histories for name in history]
            raise options.no_observations(args, known)
        return selection

    @property
    def aliases(self) -> dict[str, str]:
        """Return the name of each pier of the sites by its aliases."""
        piers = [pier for site in self.sites for pier in site]
        return {alias: pier.name for pier in piers for alias in pier.aliases}

    @property
    def counts(self) -> History:
        """Return the counts of the selected piers by name."""
        everything = {
            name: counts for history in self.histories for name, counts in history.items()
        }
        if self.pier is None:
            return everything
        name = self.aliases.get(self.pier, self.pier)
        return {name: everything[name]} if name in everything else {}

    def claims(self, path: Path | None) -> tuple[PublishedClaim, ...]:
        """Read the claims about the selected piers; print how many are about others."""
        claims = read_claims(path, self.aliases) if path else ()
        others = [claim.pier for claim in claims if claim.pier not in self.counts]
        if others:
            names = ", ".join(sorted(set(others)))
            text = quantity(len(others), "claim")
            print(f"{text} about other places: {names}", file=sys.stderr)
        return tuple(claim for claim in claims if claim.pier in self.counts)

    def events(self) -> list[Event]:
        """Return the findings at the selected piers by time."""
        counts = self.counts
        found = [event for events in find_events_of_sites(self.histories) for event in events]
        return sorted((event for event in found if event.pier in counts), key=sort_key)
