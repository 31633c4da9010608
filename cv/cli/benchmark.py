"""`pierwatch benchmark`: what the engine of events makes of a published case."""

from __future__ import annotations

import argparse


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "benchmark",
        help="print what the engine makes of a published case",
        description="Feeds the published looks of a case to the engine of events and prints, for "
        "each published finding, what it says of it and whether it is reproduced or declined.",
        epilog="example: pierwatch benchmark rajin",
    )
    parser.add_argument("case", choices=["rajin"], help="the port of Rajin, 2023 to 2024")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints a line for each finding."""
    from cv.evaluation.events.rajin import answer_all

    print("\n".join(str(answer) for answer in answer_all()))
    return 0
