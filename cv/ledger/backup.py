"""A copy of a ledger while it is in use."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from cv.errors import LedgerError
from cv.io.atomic_files import atomic_path
from cv.ledger.sqlite_connection import open_file

_WAIT_S = 5.0


def backup_ledger(path: str | Path, target: str | Path) -> None:
    """Copy the ledger at `path` into the new file `target`, whole or not at all.

    The ledger may be in use: the copy is of one moment, and writers wait until it is made. A ledger
    of an older version is copied as it is; the copy has the file mode of the ledger. Raises
    LedgerError, also where `target` exists.
    """
    path, target = Path(path), Path(target)
    with closing(open_file(path, "ro", _WAIT_S)) as source:
        try:
            with (
                atomic_path(target, overwrite=False) as draft,
                closing(sqlite3.connect(draft)) as made,
            ):
                source.backup(made)
            target.chmod(stat.S_IMODE(path.stat().st_mode))
        except (OSError, sqlite3.Error) as error:
            raise LedgerError(
                target,
                getattr(error, "strerror", None) or str(error),
                "a copy is a new file in a folder that can be written, with space for it",
                "Name another file, or free some space.",
            ) from error
