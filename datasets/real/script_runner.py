"""How scripts end that were given something wrong: one line and exit code 2, no traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from cv.errors import PierwatchError


def run(main: Callable[[], None]) -> None:
    """Runs a script's `main`."""
    try:
        main()
    except (PierwatchError, OSError) as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        raise SystemExit(2) from None
