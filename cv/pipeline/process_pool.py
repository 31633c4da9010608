"""A pool of worker processes that survives what a file does to a worker."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Generic

from cv.errors import InputError
from cv.pipeline.pool_worker import TaskError, TaskFactory, TaskOutput, TaskReply, run_worker

_START_TIMEOUT_S = 120.0
"""A worker that is not ready by then is killed."""
_EXIT_TIMEOUT_S = 5.0
_MAX_FAILED_STARTS = 3
"""After so many workers in a row that end before they are ready, the pool gives up."""


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
    fault: TaskError | None = None
    """The task raised this."""
    death: str | None = None
    """Each worker that tried the file died; why the last one did."""


@dataclass
class _Worker(Generic[TaskOutput]):
    """A worker process and its current file."""

    process: BaseProcess
    connection: Connection
    path: Path | None
    """None while it starts or is idle."""
    since: float
    """When it was started or given its file, seconds of the monotonic clock."""
    ready: bool = False


def map_unordered(
    paths: Iterable[Path], make: TaskFactory[TaskOutput], workers: int, limits: WorkerLimits
) -> Iterator[TaskResult[TaskOutput]]:
    """Run the task that `make` creates on every path and yield the results as they are finished.

    Each of the `workers` processes handles one path at a time. One that dies or takes too long is
    replaced and its path is tried again, until `limits.deaths` workers have died of it. The
    processes end when the iterator is closed. Raises InputError if workers cannot start.
    """
    pool = _Pool(deque(paths), make, limits)
    try:
        yield from pool.run(workers)
    finally:
        pool.stop()


class _Pool(Generic[TaskOutput]):
    def __init__(
        self, waiting: deque[Path], make: TaskFactory[TaskOutput], limits: WorkerLimits
    ) -> None:
        self._waiting = waiting
        self._make = make
        self._limits = limits
        self._deaths: Counter[Path] = Counter()
        self._workers: list[_Worker[TaskOutput]] = []
        self._failed_starts = 0

    def run(self, workers: int) -> Iterator[TaskResult[TaskOutput]]:
        """Yield the results of all paths."""
        while unfinished := len(self._waiting) + sum(w.path is not None for w in self._workers):
            while len(self._workers) < min(workers, unfinished):
                self._workers.append(self._spawn())
            self._assign()
            yield from self._receive()

    def stop(self) -> None:
        """End all workers; an idle one ends by itself when its connection is closed."""
        for worker in self._workers:
            worker.connection.close()
            if worker.path is not None or not worker.ready:
                worker.process.kill()
        for worker in self._workers:
            worker.process.join(_EXIT_TIMEOUT_S)
            if worker.process.is_alive():
                worker.process.kill()
        self._workers = []

    def _spawn(self) -> _Worker[TaskOutput]:
        context = get_context("spawn")
        own_end, worker_end = context.Pipe()
        process = context.Process(
            target=run_worker, args=(worker_end, self._make, self._limits.memory_mb), daemon=True
        )
        process.start()
        worker_end.close()
        return _Worker(process, own_end, None, time.monotonic())

    def _assign(self) -> None:
        """Give every idle worker a path."""
        for worker in self._workers:
            if worker.ready and worker.path is None and self._waiting:
                worker.path, worker.since = self._waiting.popleft(), time.monotonic()
                try:
                    worker.connection.send(worker.path)
                except OSError:
                    continue  # it has died: `_receive` handles that

    def _receive(self) -> Iterator[TaskResult[TaskOutput]]:
        """Wait until a worker replies, dies or exceeds its time, and yield what that gives."""
        busy = [worker for worker in self._workers if worker.path or not worker.ready]
        deadlines = [worker.since + self._time_limit_s(worker) for worker in busy]
        timeout = max(0.0, min(deadlines, default=0.0) - time.monotonic())
        readable = set(wait([worker.connection for worker in busy], timeout))
        for worker, deadline in zip(busy, deadlines, strict=True):
            if worker.connection in readable:
                yield from self._handle_reply(worker)
            elif time.monotonic() >= deadline:
                worker.process.kill()
                worker.process.join(_EXIT_TIMEOUT_S)
                limit = f"{self._time_limit_s(worker):g} s"
                yield from self._handle_death(worker, f"it took more than {limit}")

    def _time_limit_s(self, worker: _Worker[TaskOutput]) -> float:
        return self._limits.time_s if worker.ready else _START_TIMEOUT_S

    def _handle_reply(self, worker: _Worker[TaskOutput]) -> Iterator[TaskResult[TaskOutput]]:
        try:
            reply: TaskReply[TaskOutput] = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(_EXIT_TIMEOUT_S)
            code = worker.process.exitcode
            how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            yield from self._handle_death(worker, f"its worker ended with {how}")
            return
        if worker.path is not None:
            path, worker.path = worker.path, None
            yield TaskResult(path, reply.found, reply.fault)
        elif reply.fault:
            raise _no_start(reply.fault.reason, "Correct that.")
        else:
            worker.ready = True
            self._failed_starts = 0

    def _handle_death(
        self, worker: _Worker[TaskOutput], reason: str
    ) -> Iterator[TaskResult[TaskOutput]]:
        self._workers.remove(worker)
        worker.connection.close()
        if worker.path is None:
            self._failed_starts += not worker.ready
            if self._failed_starts >= _MAX_FAILED_STARTS:
                raise _no_start(reason, "Check memory and installation.")
            return
        self._deaths[worker.path] += 1
        if self._deaths[worker.path] < self._limits.deaths:
            self._waiting.appendleft(worker.path)
        else:
            yield TaskResult(worker.path, death=reason)


def _no_start(reason: str, remedy: str) -> InputError:
    return InputError("worker", reason, "it cannot start", remedy)
