"""Skill of the events engine at simulated ports of many kinds, compared with simple rules.

    python tools/port_kinds.py --ports 50 --days 365 --seed 1 --workers 2 --write docs/events.md

Every port's parameters are drawn from wide distributions (`simulated_ports/kinds.py`), and from
them its ships, containers, clouds, counts. Whether an event is true is judged by
`simulated_ports/event_truth.py`, one definition for each kind. The engine gets the counts with the
places of the containers, as from a ledger. Ports of another `--seed` are other ports: whoever fits
something to some seeds reports others.

The simple warnings are tuned on ports of seeds of their own
(`port_kinds_bench/simple_warnings.py`).

`--json FILE` writes a JSON object a line: every event ("event"), every true stay ("stay") and the
amounts of every pier ("amounts"). With `--uncalibrated`, confidences are the probabilities of the
model itself, and the events are called "uncalibrated_event": `tools/fit_event_confidence.py` and
`tools/leave_one_kind_out.py` read those. `--write PAGE` puts the main tables between their marks in
a page.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from pathlib import Path

from page_sections import indented, write_sections
from port_kinds_bench.judged_events import PortId
from port_kinds_bench.port_score import PortScore, score_port
from port_kinds_bench.records import write_records
from port_kinds_bench.reliability import farthest_off_table, reliability_table
from port_kinds_bench.simple_warnings import Rule, tune_rules
from port_kinds_bench.skill_tables import (
    Scores,
    amounts_table,
    calls_table,
    halts_table,
    naive_calls_table,
    simple_warnings_table,
    sizes_table,
    warnings_table,
)
from port_kinds_bench.skill_targets import summary
from port_kinds_bench.uncalibrated import state_model_probabilities
from simulated_ports.kinds import KIND_BY_NAME, KINDS
from simulated_ports.port_kind import PortKind
from tqdm import tqdm

PAGE_COLUMNS = 92
"""Columns of the table of warnings that a page has room for."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What is simulated."""

    kinds: Sequence[PortKind]
    ports: int
    """Ports of each kind."""
    days: int
    """Days that each is observed."""
    seed: int
    calibrated: bool = True
    """Whether confidences are calibrated, or the probabilities of the model itself."""

    def title(self) -> str:
        """Return what the tables are of."""
        return (
            f"`python tools/port_kinds.py --ports {self.ports} --days {self.days} "
            f"--seed {self.seed}`: ports of {len(self.kinds)} kinds, {self.ports} of each, "
            f"observed for {self.days} days."
        )


def measure(wanted: Measurement, workers: int) -> tuple[dict[str, PortScore], tuple[Rule, ...]]:
    """Return the scores of each kind of port, and the tuned simple warnings."""
    ports = [
        PortId(kind=kind.name, seed=wanted.seed, number=number)
        for number in range(wanted.ports)
        for kind in wanted.kinds
    ]
    start_worker = None if wanted.calibrated else state_model_probabilities
    with ProcessPoolExecutor(workers, initializer=start_worker) as pool:
        rules = tune_rules(wanted.seed, wanted.days, pool)
        results = pool.map(partial(score_port, days=wanted.days, rules=rules), ports, chunksize=2)
        scores = list(tqdm(results, total=len(ports), unit="port", disable=None, leave=False))
    by_kind = {
        kind.name: reduce(
            add, [s for p, s in zip(ports, scores, strict=True) if p.kind == kind.name]
        )
        for kind in wanted.kinds
    }
    return by_kind, rules


def tables(scores: Scores, rules: Sequence[Rule]) -> str:
    """Return all tables as text."""
    parts = [
        calls_table(scores),
        naive_calls_table(scores),
        warnings_table(scores),
        simple_warnings_table(scores, rules),
        halts_table(scores),
        amounts_table(scores),
        sizes_table(scores),
        reliability_table(scores),
        farthest_off_table(scores),
        summary(scores),
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def sections(wanted: Measurement, scores: Scores) -> dict[str, str]:
    """Return the sections of a page by their names: the title, and the main tables."""
    warnings = [line[:PAGE_COLUMNS] for line in warnings_table(scores)]
    return {
        "port kinds": f"\n{wanted.title()}\n",
        "port kinds, calls": indented(calls_table(scores)),
        "port kinds, warnings": indented(warnings),
        "port kinds, halts": indented(halts_table(scores)),
        "port kinds, amounts": indented(amounts_table(scores)),
        "port kinds, reliability": indented(reliability_table(scores)),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ports", type=int, default=50, help="ports of each kind")
    parser.add_argument("--days", type=int, default=365, help="days that each is observed")
    parser.add_argument("--seed", type=int, default=1, help="ports of another seed are others")
    parser.add_argument("--kinds", help="kinds of ports, separated by commas; all without")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--uncalibrated", action="store_true", help="probabilities of the model")
    parser.add_argument("--json", type=Path, help="file for every event with its truth")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="page to put the tables into")
    args = parser.parse_args()
    names = args.kinds.split(",") if args.kinds else list(KIND_BY_NAME)
    unknown = sorted(set(names) - set(KIND_BY_NAME))
    if unknown:
        parser.error(f"unknown kinds: {', '.join(unknown)}; known: {', '.join(KIND_BY_NAME)}")
    if args.write and (args.uncalibrated or args.kinds):
        parser.error("--write is for calibrated confidences at all kinds of ports")
    wanted = Measurement(
        kinds=[kind for kind in KINDS if kind.name in names],
        ports=args.ports,
        days=args.days,
        seed=args.seed,
        calibrated=not args.uncalibrated,
    )
    scores, rules = measure(wanted, args.workers)
    if args.json:
        write_records(args.json, scores, wanted.calibrated)
    print(tables(scores, rules))
    if args.write:
        write_sections(args.write, sections(wanted, scores))


if __name__ == "__main__":
    main()
