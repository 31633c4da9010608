"""Check a ledger, or copy it while it is in use.

Checks or copies the file that keeps the counts.

example: pierwatch ledger verify port.db
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cv.cli import options
from cv.errors import LedgerError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verify = options.add_command(verbs, "verify", run, run.__doc__)
    backup = options.add_command(verbs, "backup", run_backup, run_backup.__doc__)
    for verb in (verify, backup):
        verb.add_argument("ledger", type=_ledger_file, metavar="LEDGER", help="SQLite ledger")
    options.add_file(backup, "target", "the copy, a new file", metavar="TARGET")


def run(args: argparse.Namespace) -> int:
    """Report what is wrong with a ledger.

    Checks the database pages, references and values of a ledger. Exit code: 0 if the ledger is
    sound, 2 if it is not. Nothing is written.

    example: pierwatch ledger verify port.db
    """
    from cv.ledger.integrity_check import find_problems

    found = find_problems(args.ledger)
    for line in found or ["sound"]:
        print(f"{args.ledger}: {line}")
    return 2 if found else 0


def run_backup(args: argparse.Namespace) -> int:
    """Copy a ledger while it is in use.

    Copies a ledger as it is at one moment, completely or not at all; a batch may write to it at the
    same time.

    example: pierwatch ledger backup port.db copy.db
    """
    from cv.ledger.backup import backup_ledger

    backup_ledger(args.ledger, args.target)
    print(f"{args.target}: a copy of {args.ledger}")
    return 0


def _ledger_file(text: str) -> Path:
    """Parse the path of an SQLite ledger; raises LedgerError for an address."""
    from cv.ledger.postgres_address import is_postgres_address, without_password

    if is_postgres_address(text):
        found, limit = "a ledger in PostgreSQL", "a server has its own tools"
        raise LedgerError(without_password(text), found, limit, "Use pg_dump and amcheck.")
    return Path(text)
