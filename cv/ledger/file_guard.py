"""The rule for a ledger's file: it stays where it is while it is open.

A ledger file that is moved, removed or replaced while it is open is an error, also where an older
copy of itself takes its place. Otherwise counts would be written where nobody finds them.
"""

from __future__ import annotations

from pathlib import Path

from cv.errors import LedgerError


class LedgerFileGuard:
    """Remembers which file was opened, and how much it held."""

    def __init__(self, file: Path | str) -> None:
        """`file` may be missing still; an address, which is not a file, is never replaced."""
        self._file = Path(file)
        self._identity = self._current_identity()
        self.last_run = 0
        """Number of the last recording that was seen in it."""

    def check(self, last_run: int) -> None:
        """Raise LedgerError where another file is there now, or one whose last recording is older
        than was seen before; remember `last_run` otherwise."""
        now = self._current_identity()
        if self._identity not in (None, now) or last_run < self.last_run:
            raise LedgerError(
                self._file,
                "it was moved, removed or replaced while it was open",
                "a ledger stays in its place while scenes are recorded in it",
                "Run the same command again: it counts what the ledger does not hold.",
            )
        self._identity, self.last_run = now, last_run

    def _current_identity(self) -> tuple[int, int] | None:
        """Return what distinguishes the file from another one of its name; None without a file."""
        try:
            stat = self._file.stat()
        except (OSError, ValueError):
            return None
        return stat.st_dev, stat.st_ino
