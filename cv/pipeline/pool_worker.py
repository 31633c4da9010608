"""What runs in a worker process: one task after the other, until the connection is closed."""

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

_STDERR = 2
_MIB = 2**20
TaskOutput = TypeVar("TaskOutput")
Task = Callable[[Path], TaskOutput]
"""Processes one file; whatever it raises becomes a `TaskError`."""
TaskFactory = Callable[[], Task[TaskOutput]]
"""Creates the task in a worker; must be picklable."""


@dataclass(frozen=True)
class TaskError:
    """Why a task failed for a file; its worker lives on."""

    reason: str


@dataclass(frozen=True)
class TaskReply(Generic[TaskOutput]):
    """What a worker sends back: the output of its task, or the error."""

    found: TaskOutput | None
    fault: TaskError | None = None


def run_worker(
    connection: Connection, make: TaskFactory[TaskOutput], memory_mb: int | None
) -> None:
    """Send a first reply when ready, then a reply for every path received.

    Standard error is discarded: progress bars, and what libraries print when they crash.
    """
    with Path(os.devnull).open("wb") as devnull:
        os.dup2(devnull.fileno(), _STDERR)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process decides when to stop
    tqdm.set_lock(threading.RLock())  # its default lock would outlive a killed process
    try:
        task = make()
    except Exception as error:
        connection.send(TaskReply(None, _task_error(error)))
        return
    _limit_memory(memory_mb)
    with suppress(EOFError, OSError):  # the parent process has closed the connection
        connection.send(TaskReply(None))
        while True:
            connection.send(run_task(task, connection.recv()))


def run_task(task: Task[TaskOutput], path: Path) -> TaskReply[TaskOutput]:
    """Return the output of `task` for `path`, or the error that it raised."""
    try:
        return TaskReply(task(path))
    except Exception as error:  # one bad file must not stop the others
        return TaskReply(None, _task_error(error))


def _task_error(error: Exception) -> TaskError:
    if isinstance(error, MemoryError):
        return TaskError("it needs more memory than a worker may have")
    if isinstance(error, InputError):
        return TaskError(str(error))
    return TaskError(f"{type(error).__name__}: {error}")


def _limit_memory(memory_mb: int | None) -> None:
    """Limit the address space that this process may add to what it has now."""
    if memory_mb is None:
        return
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        present = pages * resource.getpagesize()
        hard_limit = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (present + memory_mb * _MIB, hard_limit))
    except (ImportError, OSError, ValueError):
        return  # this system has no such limit
