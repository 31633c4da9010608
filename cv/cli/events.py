"""Print findings: calls, stockpiles, halts and others.

Prints the findings derived from a ledger's counts by time, each with its interval, its confidence
and other explanations.

example: pierwatch events --ledger port.db --pier "Pier 2"
"""

from __future__ import annotations

import argparse

from cv.cli import argument_types, options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_piers(parser, "only findings that begin at this pier")
    kind_help = "only this kind, such as call or 'ship due'"
    parser.add_argument("--kind", type=argument_types.event_kind, metavar="K", help=kind_help)
    options.add_shared(parser, "--claims", "--json")


def run(args: argparse.Namespace) -> int:
    """Print the findings."""
    from cv.cli.piers import PierSelection
    from cv.events.rules.ship_calls import CALLS
    from cv.report import events_text as text

    piers = PierSelection.read(args)
    claims = piers.claims(args.claims)
    found = piers.events()
    events = [event for event in found if args.kind in (None, event.kind)]
    if args.json:
        for line in (*text.events_json(events), *text.claims_json(claims, found)):
            print(line)
        return 0
    print(text.events_text(events))
    if args.kind is None:
        called = dict.fromkeys(event.pier for event in found if event.kind in CALLS)
        if called:
            print("\n".join(["", *(text.throughput_text(pier, found) for pier in called)]))
    if claims:
        print(f"\n{text.claims_text(claims, found)}")
    return 0
