"""Print findings: calls, stockpiles, halts and others.

Prints the findings derived from a ledger's counts by time, each with its interval, its confidence
and other explanations.

example: pierwatch events --ledger port.db --pier "Pier 2"
"""

from __future__ import annotations

import argparse

from cv.cli import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    from cv.events.event import EventKind

    options.add_piers(parser, "only findings that begin at this pier")
    kinds = [kind.value for kind in EventKind]
    parser.add_argument("--kind", metavar="K", choices=kinds, help="only this kind")
    options.add_shared(parser, "--claims", "--json")


def run(args: argparse.Namespace) -> int:
    """Print the findings."""
    from cv.cli.piers import PierSelection
    from cv.events.rules.ship_calls import CALLS
    from cv.report import events_text as text

    piers = PierSelection.read(args)
    claims = piers.claims(args.claims)
    found = piers.events()
    events = [event for event in found if args.kind in (None, event.kind.value)]
    if args.json:
        for line in (*text.events_json(events), *text.claims_json(claims, found)):
            print(line)
        return 0
    print(text.events_text(events))
    if args.kind is None:
        called = dict.fromkeys(event.pier for event in found if event.kind in CALLS)
        print("\n".join(["", *(text.throughput_text(pier, found) for pier in called)]).rstrip())
    if claims:
        print(f"\n{text.claims_text(claims, found)}")
    return 0
