"""The workers of an existing Dask cluster as a pool (extra `distributed`).

The results are those of `cv.pipeline.process_pool`: one for each file. The cluster limits the
memory of its workers; a timer in the worker limits the time. Results come back as pickles, so the
cluster must be trusted like this computer: elsewhere both sides need certificates (TLS).
"""

from __future__ import annotations

import logging
import os
import pickle
import re
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, cast

from cv.errors import InputError
from cv.io.hosts import is_loopback
from cv.pipeline.pool_worker import Task, TaskFactory, TaskOutput, TaskReply, run_task
from cv.pipeline.process_pool import TaskResult

_ADDRESS = re.compile(r"(?:(tcp|tls)://)?(\[[0-9a-f:.]+\]|[^][:/@\s]+):(\d{1,5})", re.IGNORECASE)
_CONNECT_S = 20.0
_POLL_S = 2.0
"""How often the number of workers is checked, seconds."""
_NO_WORKER_TIMEOUT_S = 120.0
"""A cluster without a worker for so long is given up."""
_CLOSE_S = 5.0
_TASKS_PER_THREAD = 2
"""Tasks that are submitted for each thread of the workers, so that none is idle."""
_thread_state = threading.local()


class DaskPool:
    """The workers of one scheduler."""

    def __init__(self, client: Any, time_s: float) -> None:
        """`client` is connected; a worker that takes longer than `time_s` for a file is ended."""
        self._client = client
        self._time_s = time_s
        self._task_numbers = count()
        self._last_with_workers = time.monotonic()

    @classmethod
    @contextmanager
    def at(cls, address: str, time_s: float) -> Iterator[DaskPool]:
        """Connect to the scheduler at `address`, HOST:PORT or tls://HOST:PORT.

        Certificates are those of Dask's own configuration (distributed.comm.tls). Raises InputError
        for an address elsewhere without TLS, and if the scheduler does not answer.
        """
        distributed = _import_distributed()
        security = _security(distributed, address)
        with _quiet_logging():
            try:
                client = distributed.Client(
                    address, security=security, timeout=_CONNECT_S, set_as_default=False
                )
            except (OSError, ValueError, RuntimeError) as error:
                raise InputError(
                    address,
                    f"no connection ({error or type(error).__name__})",
                    "a Dask scheduler that uses the same protocol (tcp:// or tls://) is needed",
                    "Check the address, and the certificates of both ends.",
                ) from error
            try:
                yield cls(client, time_s)
            finally:
                with suppress(OSError, TimeoutError, AttributeError):
                    client.close(timeout=_CLOSE_S)

    def map_unordered(
        self, paths: Iterable[Path], make: TaskFactory[TaskOutput]
    ) -> Iterator[TaskResult[TaskOutput]]:
        """Run the task that `make` creates on every path; yield the results as they are finished.

        Dask blames every task on a worker that died, so a file with a death may only have been
        beside the cause: it is tried again alone when all others are done. Raises InputError if a
        worker cannot start, or none is left.
        """
        pickled = pickle.dumps(make)
        suspects = []
        for result in self._run(deque(paths), pickled):
            if result.death:
                suspects.append(result.path)
            else:
                yield result
        for path in suspects:
            yield from self._run(deque([path]), pickled)

    def _run(self, waiting: deque[Path], pickled: bytes) -> Iterator[TaskResult[Any]]:
        running: dict[Any, Path] = {}  # the scheduler drops a future that is not referenced
        while waiting or running:
            for path in self._take(waiting, len(running)):
                key = f"pierwatch-{os.getpid()}-{id(self)}-{next(self._task_numbers)}"
                future = self._client.submit(_run_on_worker, path, pickled, self._time_s, key=key)
                running[future] = path
            for future in self._wait(running):
                path = running.pop(future)
                result = self._result(path, future)
                if result is None:
                    waiting.append(path)
                else:
                    yield result

    def _take(self, waiting: deque[Path], running: int) -> list[Path]:
        """Take as many paths as the workers have room for."""
        try:
            threads = sum(self._client.nthreads(callback_timeout=_NO_WORKER_TIMEOUT_S).values())
        except (OSError, TimeoutError, AttributeError) as error:  # None without a connection
            raise _lost_cluster("its scheduler does not answer any more") from error
        if threads:
            self._last_with_workers = time.monotonic()
        elif time.monotonic() - self._last_with_workers > _NO_WORKER_TIMEOUT_S:
            raise _lost_cluster(f"no worker in {_NO_WORKER_TIMEOUT_S:g} s")
        room = max(0, _TASKS_PER_THREAD * max(1, threads) - running)
        return [waiting.popleft() for _ in range(min(room, len(waiting)))]

    def _wait(self, running: dict[Any, Path]) -> list[Any]:
        """Wait for a future to finish, for a while at most, and return those that are."""
        wait: Any = _import_distributed().wait
        try:
            with self._client.as_current():
                wait(list(running), timeout=_POLL_S, return_when="FIRST_COMPLETED")
        except TimeoutError:
            pass
        except CancelledError as error:
            raise _lost_cluster("its scheduler has gone") from error
        return [future for future in running if future.done()]

    def _result(self, path: Path, future: Any) -> TaskResult[Any] | None:
        """Return the result of a finished future; None if it was lost together with its worker."""
        killed = _import_distributed().KilledWorker
        try:
            reply = future.result()
            return TaskResult(path, reply.found, reply.fault)
        except killed as error:
            ended = f"{error.allowed_failures + 1} workers of the cluster ended over it"
            why = f"it took more than {self._time_s:g} s, or more memory than there was, or crashed"
            return TaskResult(path, death=f"{ended}: {why}")
        except CancelledError as error:
            if future.status == "lost":
                return None
            raise _lost_cluster("its scheduler has gone") from error
        except Exception as error:
            raise InputError(
                "a worker of the cluster",
                f"{type(error).__name__}: {error}",
                "it cannot start",
                "Every worker needs this version of Pierwatch, the model, and the scenes at the "
                "same paths.",
            ) from error


def _run_on_worker(path: Path, pickled: bytes, time_s: float) -> TaskReply[Any]:
    """Run a task on a worker, which exits when the time is over; `pickled` is its factory."""
    if getattr(_thread_state, "pickled", None) != pickled:  # models are not shared by threads
        _thread_state.task, _thread_state.pickled = pickle.loads(pickled)(), pickled
    timer = threading.Timer(time_s, os._exit, (1,))
    timer.daemon = True
    timer.start()
    try:
        return run_task(cast(Task[Any], _thread_state.task), path)
    finally:
        timer.cancel()


def _import_distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise InputError(
            "--dask",
            "distributed is not installed",
            "a Dask cluster needs it",
            'Install it: pip install "pierwatch[distributed]".',
        ) from error
    return distributed


def _security(distributed: Any, address: str) -> Any:
    """Return the TLS settings for the scheduler at `address`; None on this computer without TLS."""
    parts = _ADDRESS.fullmatch(address)
    if not parts:
        raise InputError(
            "--dask",
            re.sub(".*@", "***@", address)[:200],
            "HOST:PORT or tls://HOST:PORT is needed",
            "Correct it.",
        )
    if (parts[1] or "").lower() != "tls":
        if is_loopback(parts[2]):
            return None
        raise InputError(
            "--dask",
            f"{address}, without TLS",
            "only a scheduler on this computer may be used without",
            "Give the cluster certificates, and its address as tls://HOST:PORT.",
        )
    security = distributed.Security(require_encryption=True)
    try:
        context = security.get_connection_args("client").get("ssl_context")
    except (OSError, ValueError) as error:
        raise _no_certificates(f"{address}, certificates that cannot be used ({error})") from error
    if context is None:
        raise _no_certificates(f"{address}, without certificates")
    return security


def _no_certificates(found: str) -> InputError:
    return InputError(
        "--dask",
        found,
        "TLS needs the certificates of a client",
        "Set distributed.comm.tls (ca-file, client.cert, client.key) in Dask's configuration.",
    )


@contextmanager
def _quiet_logging() -> Iterator[None]:
    """Silence the tracebacks that distributed logs for broken connections: we report them once."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _lost_cluster(found: str) -> InputError:
    limit = "a scheduler with workers is needed until the batch has ended"
    remedy = "Run the same command again: what was recorded is kept."
    return InputError("the cluster", found, limit, remedy)
