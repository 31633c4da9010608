"""What would do harm when it is unpickled."""

from __future__ import annotations

from pathlib import Path


class Harm:
    """Makes the file `canary` when it is unpickled without care."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.canary,)
