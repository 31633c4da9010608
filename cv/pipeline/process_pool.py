"""A pool of worker processes that survives what a file does to a worker."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from tqdm import tqdm

from cv.errors import InputError
from cv.pipeline.scene_outcome import error_text

_START_TIMEOUT_S = 120.0
"""A worker that is not ready by then is killed."""
_EXIT_TIMEOUT_S = 5.0
_MAX_STARTS = 3
"""After so many workers in a row that died before they were ready, the pool gives up."""
_STDERR = 2
_MIB = 2**20
TaskOutput = TypeVar("TaskOutput")
Task = Callable[[Path], TaskOutput]
"""Processes one file; whatever it raises becomes the `fault` of its result."""
TaskFactory = Callable[[], Task[TaskOutput]]
"""Creates the task in a worker; must be picklable."""


@dataclass(frozen=True)
class WorkerLimits:
    """What a worker process may use, and when a file is given up."""

    memory_mb: int | None = 4096
    """Address space that it may add to what it starts with, MiB; None: no limit. Only enforced on
    systems with POSIX resource limits."""
    time_s: float = 900.0
    """A worker that takes longer for one file is killed, seconds."""
    deaths: int = 2
    """A file is given up when so many workers have died of it."""


@dataclass(frozen=True)
class TaskResult(Generic[TaskOutput]):
    """The result for one file: exactly one of `found`, `fault` and `death` is set."""

    path: Path
    found: TaskOutput | None = None
    fault: str | None = None
    """The error that the task raised."""
    death: str | None = None
    """Each worker that tried the file died; why the last one did."""


class _WorkerDied(Exception):
    """A worker process ended, or was killed; the message says why."""


def map_unordered(
    paths: Iterable[Path], make: TaskFactory[TaskOutput], workers: int, limits: WorkerLimits
) -> Generator[TaskResult[TaskOutput], None, None]:
    """Run the task that `make` creates on every path and yield the results as they are finished.

    Each of the `workers` processes handles one path at a time. One that dies or takes too long is
    replaced and its path is tried again, until `limits.deaths` workers have died of it. The
    processes end when the iterator is closed. Raises InputError if workers cannot start.
    """
    pool = _Pool(make, workers, limits)
    with ThreadPoolExecutor(workers) as threads:  # each waits for one worker
        try:
            for future in as_completed([threads.submit(pool.run, path) for path in paths]):
                yield future.result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            pool.stop()


def map_in_order(
    paths: Iterable[Path], make: TaskFactory[TaskOutput], limits: WorkerLimits
) -> Generator[TaskResult[TaskOutput], None, None]:
    """Do the same as `map_unordered` with one process, which begins a path when it is asked for."""
    pool = _Pool(make, 1, limits)
    try:
        for path in paths:
            yield pool.run(path)
    finally:
        pool.stop()


def run_task(task: Task[TaskOutput], path: Path) -> TaskResult[TaskOutput]:
    """Return the output of `task` for `path`, or the error that it raised."""
    try:
        return TaskResult(path, task(path))
    except Exception as error:  # one bad file must not stop the others
        return TaskResult(path, fault=error_text(error))


class _Pool(Generic[TaskOutput]):
    """Worker processes, of which each thread that calls `run` uses one at a time."""

    def __init__(self, make: TaskFactory[TaskOutput], workers: int, limits: WorkerLimits) -> None:
        self._make = make
        self._limits = limits
        self._idle: SimpleQueue[_Worker[TaskOutput] | None] = SimpleQueue()
        """One for each thread; None has still to be started."""
        for _ in range(workers):
            self._idle.put(None)
        self._started: set[_Worker[TaskOutput]] = set()
        self._stopped = False

    def run(self, path: Path) -> TaskResult[TaskOutput]:
        """Return the result of one path; raise InputError if no worker can start."""
        worker, death = self._idle.get(), ""
        try:
            for _ in range(self._limits.deaths):
                worker = worker or self._start()
                try:
                    return worker.run(path, self._limits.time_s)
                except _WorkerDied as error:
                    self._started.discard(worker)
                    worker, death = None, str(error)
            return TaskResult(path, death=death)
        finally:
            self._idle.put(worker)

    def stop(self) -> None:
        """End all workers."""
        self._stopped = True
        for worker in tuple(self._started):
            worker.kill()

    def _start(self) -> _Worker[TaskOutput]:
        death = ""
        for _ in range(_MAX_STARTS):
            worker = _Worker(self._make, self._limits.memory_mb)
            self._started.add(worker)
            try:
                if self._stopped:
                    worker.kill()
                fault = worker.receive(_START_TIMEOUT_S)
            except _WorkerDied as error:
                self._started.discard(worker)
                death = str(error)
                continue
            if fault:
                raise InputError("worker", fault, "it cannot start", "Correct that.")
            return worker
        raise InputError("worker", death, "it cannot start", "Check memory and installation.")


class _Worker(Generic[TaskOutput]):
    """A worker process. When it is ready it sends None, or the reason why it cannot start."""

    def __init__(self, make: TaskFactory[TaskOutput], memory_mb: int | None) -> None:
        context = get_context("spawn")
        self._connection, worker_end = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(worker_end, make, memory_mb), daemon=True
        )
        self._process.start()
        worker_end.close()

    def run(self, path: Path, time_s: float) -> TaskResult[TaskOutput]:
        """Return the result of one path; raise _WorkerDied."""
        with suppress(OSError):  # it has died: `receive` finds out how
            self._connection.send(path)
        result: TaskResult[TaskOutput] = self.receive(time_s)
        return result

    def receive(self, time_s: float) -> Any:
        """Return what the process sends within `time_s` seconds; raise _WorkerDied."""
        if not self._connection.poll(time_s):
            self.kill()
            raise _WorkerDied(f"it took more than {time_s:g} s")
        try:
            return self._connection.recv()
        except (EOFError, OSError):
            self._process.join(_EXIT_TIMEOUT_S)
            code = self._process.exitcode
            how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            raise _WorkerDied(f"its worker ended with {how}") from None

    def kill(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join(_EXIT_TIMEOUT_S)


def _serve(connection: Connection, make: TaskFactory[TaskOutput], memory_mb: int | None) -> None:
    """Run in a worker process: one task after the other, until the connection is closed.

    Standard error is discarded: progress bars, and what libraries print when they crash.
    """
    with Path(os.devnull).open("wb") as devnull:
        os.dup2(devnull.fileno(), _STDERR)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent process decides when to stop
    tqdm.set_lock(threading.RLock())  # its default lock would outlive a killed process
    try:
        task = make()
    except Exception as error:
        connection.send(error_text(error))
        return
    _limit_memory(memory_mb)
    with suppress(EOFError, OSError):  # the parent process has closed the connection
        connection.send(None)
        while True:
            connection.send(run_task(task, connection.recv()))


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
