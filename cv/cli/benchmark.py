"""`pierwatch benchmark`: compares findings with those of a published case."""

from __future__ import annotations

import argparse

from cv.cli import options


def add_to(commands: options.Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "benchmark",
        help="compare findings with those of a published case",
        description="Derives findings from the published observations of a case and prints, for "
        "each published finding, the matching result and whether it is reproduced or declined.",
        epilog="example: pierwatch benchmark rajin",
    )
    parser.add_argument("case", choices=["rajin"], help="the port of Rajin, 2023 to 2024")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print a line for each published finding."""
    from cv.evaluation.events.rajin import answer_all

    print("\n".join(str(answer) for answer in answer_all()))
    return 0
