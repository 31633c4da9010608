"""What a worker may use."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class WorkerLimits:
    """Of one worker process."""

    memory_mb: int | None = 4096
    """Address space that it may have beside what it began with, MiB; None: no limit. Only systems
    with POSIX resource limits know one."""
    time_s: float = 900.0
    """It is ended where one thing takes longer, seconds."""
    deaths: int = 2
    """What so many workers died of is given up."""
