"""`pierwatch events`: what happened at a site's piers."""

from __future__ import annotations

import argparse

from cv.cli import options


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    from cv.events.event import Kind

    parser = commands.add_parser(
        "events",
        help="print what happened at the piers: calls, stockpiles, halts ...",
        description="Prints the findings that a ledger's counts allow, by time, each with its "
        "interval, its confidence and what else would explain it.",
        epilog='example: pierwatch events --ledger port.db --pier "Pier 2"',
    )
    options.add_ledger(parser)
    parser.add_argument("--pier", metavar="P", help="only what begins at this pier")
    parser.add_argument(
        "--kind", metavar="K", choices=[kind.value for kind in Kind], help="only this kind"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the events."""
    from cv.errors import LedgerError
    from cv.events.findings import findings
    from cv.ledger import Ledger
    from cv.report.findings import events_json, events_text
    from cv.series import Series

    with Ledger.open(args.ledger, readonly=True) as ledger:
        piers = ledger.piers()
        counts = {name: Series.of(name, ledger.counts(name)).counts for name in piers}
    if args.pier is not None and args.pier not in piers:
        raise LedgerError(
            args.ledger,
            f"no pier is called {args.pier!r}",
            f"it holds {', '.join(piers) or 'no pier yet'}",
            "Use one of these names.",
        )
    found = [
        event
        for event in findings(counts)
        if args.pier in (None, event.pier) and args.kind in (None, event.kind.value)
    ]
    print(events_json(found) if args.json else events_text(found))
    return 0
