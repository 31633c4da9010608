"""How well confidences fit a kind of port that their calibration was not fitted to.

    python tools/port_kinds.py --ports 20 --seed 500 --uncalibrated --json runs/fitting.jsonl
    python tools/port_kinds.py --ports 20 --seed 900 --uncalibrated --json runs/testing.jsonl
    python tools/leave_one_kind_out.py runs/fitting.jsonl runs/testing.jsonl --write docs/events.md

For each kind of port, the calibration (`tools/fit_event_confidence.py`) is fitted to the events of
the first file at all other kinds, and applied to those of the second at this one. Events that the
engine would not state with this confidence are left out. The tables show

- the number of events and stated minus true share, over all and in bands of stated probability, for
  each kind of port that was left out and for each kind of event,
- the Brier score of the same events with confidences to which their kind of port took part, too,
- which kinds of events are farthest off at which port.

A star marks fifty events or more whose stated and true shares differ by more than five points.
`--write PAGE` puts the first two tables into the section "leave one kind out" of a page.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from page_sections import indented, write_sections
from port_kinds_bench.judged_events import JudgedEvent
from port_kinds_bench.left_out_kinds import calibrate_left_out, left_out_tables, stated_only
from port_kinds_bench.records import read_uncalibrated_events

SECTION = "leave one kind out"


def title(fitting: Sequence[JudgedEvent], testing: Sequence[JudgedEvent]) -> str:
    """Return which events the tables are of."""
    return f"Fitted to {_described(fitting)}; tested on {_described(testing)}."


def section(title: str, tables: Sequence[Sequence[str]]) -> str:
    """Return the section of a page: the title, and the tables by kind of port and of event."""
    return "".join([f"\n{title}\n", *map(indented, tables[:2])])


def _described(events: Sequence[JudgedEvent]) -> str:
    seeds = ", ".join(map(str, sorted({event.seed for event in events})))
    ports = {(event.port_kind, event.seed, event.port) for event in events}
    kinds = {event.port_kind for event in events}
    return f"{len(events)} events at {len(ports)} ports of {len(kinds)} kinds (seed {seeds})"


def main() -> None:
    """Fit, test and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("fitting", type=Path, help="JSON lines of ports that are fitted to")
    parser.add_argument("testing", type=Path, help="JSON lines of ports of another seed")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="page to put the tables into")
    args = parser.parse_args()
    fitting, testing = map(read_uncalibrated_events, (args.fitting, args.testing))
    if {event.seed for event in fitting} & {event.seed for event in testing}:
        parser.error("both files hold ports of one seed: test on ports of another one")
    tables = left_out_tables(stated_only(calibrate_left_out(fitting, testing)))
    print(title(fitting, testing), *map("\n".join, tables), sep="\n\n")
    if args.write:
        write_sections(args.write, {SECTION: section(title(fitting, testing), tables)})


if __name__ == "__main__":
    main()
