"""What runs in a worker process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Generic, TypeVar

from tqdm import tqdm

from cv.errors import InputError
from cv.pipeline.worker_limits import MIB

_STDERR = 2
TaskOutput = TypeVar("TaskOutput")
Task = Callable[[Path], TaskOutput]
"""Looks at one file and says what it found; whatever it raises is a `Fault`."""
TaskFactory = Callable[[], Task[TaskOutput]]
"""Makes that in a new process; can be pickled."""


@dataclass(frozen=True)
class TaskError:
    """Why a file could not be examined, although its worker lives."""

    reason: str


@dataclass(frozen=True)
class TaskReply(Generic[TaskOutput]):
    """What a worker sends: what it found, or why it did not."""

    found: TaskOutput | None
    fault: TaskError | None = None


def run_worker(
    connection: Connection, make: TaskFactory[TaskOutput], memory_mb: int | None
) -> None:
    """Answers every path with an `Answer`, after a first one that says that it is ready.

    It says nothing else: progress and what runtimes write when they die go nowhere.
    """
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), _STDERR)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asks decides when work ends
    tqdm.set_lock(threading.RLock())  # its own would outlive a killed process
    try:
        examine = make()
    except Exception as error:
        connection.send(TaskReply(None, TaskError(f"{type(error).__name__}: {error}")))
        return
    _limit_memory(memory_mb)
    with suppress(EOFError, OSError):  # the one who asks has gone
        connection.send(TaskReply(None))
        while True:
            connection.send(run_task(examine, connection.recv()))


def run_task(examine: Task[TaskOutput], path: Path) -> TaskReply[TaskOutput]:
    """What `examine` finds in `path`; all that it raises becomes a `Fault`."""
    try:
        return TaskReply(examine(path))
    except MemoryError:
        return TaskReply(None, TaskError("it needs more memory than a worker may have"))
    except InputError as error:
        return TaskReply(None, TaskError(str(error)))
    except Exception as error:  # the border of one file
        return TaskReply(None, TaskError(f"{type(error).__name__}: {error}"))


def _limit_memory(memory_mb: int | None) -> None:
    """Bounds the address space that this process may add to what it has now."""
    if memory_mb is None:
        return
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        had = pages * resource.getpagesize()
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (had + memory_mb * MIB, most))
    except (ImportError, OSError, ValueError):
        return  # this system has no such limit
