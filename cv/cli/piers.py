"""Which piers of a ledger a command is about, and which of them belong together."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from cv.cli import options
from cv.counting.count import PierCount
from cv.errors import LedgerError
from cv.events.event import Event
from cv.events.vessels.claims import PublishedClaim
from cv.ledger import Ledger
from cv.site import Site
from cv.timeseries.history import History, histories_by_site


@dataclass(frozen=True)
class PierSelection:
    """The piers of a ledger."""

    named: list[Site]
    """The sites that were named."""
    histories: list[History]
    """What is known of the piers of each of them, then of the others."""
    wanted: tuple[str, ...]
    """Names of those that the command is about."""

    @classmethod
    def read(cls, args: argparse.Namespace) -> PierSelection:
        """Those that `args` name (see `options.add_piers`); raises InputError."""
        sites = [Site.read(path) for path in args.site]
        with Ledger.open(args.ledger, readonly=True) as ledger:
            histories = histories_by_site(ledger, sites)
        names = tuple(name for one in histories for name in one)
        if args.pier is None:
            return cls(sites, histories, names)
        piers = cls(sites, histories, names)
        name = piers.aliases.get(args.pier, args.pier)
        if name not in names:
            raise LedgerError(
                options.ledger_name(args),
                f"no look at a pier that is called {args.pier!r}",
                f"it holds {', '.join(names) or 'no pier yet'}",
                "Use one of these names, or add the --site that knows the alias.",
            )
        return cls(sites, histories, (name,))

    @property
    def aliases(self) -> dict[str, str]:
        """The name of each pier of the named sites by its other names."""
        every = [pier for site in self.named for pier in site]
        return {alias: pier.name for pier in every for alias in pier.aliases}

    @property
    def counts(self) -> dict[str, tuple[PierCount, ...]]:
        """Those of the piers that are wanted, by name."""
        return {name: one[name] for one in self.histories for name in one if name in self.wanted}

    def of_them(self, claims: Sequence[PublishedClaim]) -> tuple[PublishedClaim, ...]:
        """Those of `claims` that are of the piers that are wanted; says how many are not."""
        kept = tuple(claim for claim in claims if claim.pier in self.wanted)
        if len(kept) < len(claims):
            others = sorted({claim.pier for claim in claims} - set(self.wanted))
            named = ", ".join(others)
            print(f"{len(claims) - len(kept)} claims of other places: {named}", file=sys.stderr)
        return kept

    def events(self) -> list[Event]:
        """What happened at the piers that are wanted, by time."""
        from cv.events.pipeline import find_events_of_sites, sort_key

        found = [
            event
            for events in find_events_of_sites(self.histories)
            for event in events
            if event.pier in self.wanted
        ]
        return sorted(found, key=sort_key)
