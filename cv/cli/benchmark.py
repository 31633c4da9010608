"""Compare findings with those of a published case.

Derives findings from the published observations of a case and prints, for each published finding,
the matching result and whether it is reproduced or declined.

example: pierwatch benchmark rajin
"""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("case", choices=["rajin"], help="the port of Rajin, 2023 to 2024")


def run(args: argparse.Namespace) -> int:
    """Print a line for each published finding."""
    from cv.evaluation.events.rajin import answer_all

    print("\n".join(str(answer) for answer in answer_all()))
    return 0
