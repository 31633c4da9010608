"""Run a script so that invalid input ends it with one line and exit code 2, not a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from cv.errors import PierwatchError


def run(main: Callable[[], None]) -> None:
    """Run a script's `main`."""
    try:
        main()
    except (PierwatchError, OSError) as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        raise SystemExit(2) from None
