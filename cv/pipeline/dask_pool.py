"""A Dask cluster that exists already (extra `distributed`): many files, examined by its workers.

It gives what a crew of own processes gives, see `cv.pipeline.process_pool`: a result a file, none left out.
Memory is bounded by the cluster's own limits; time by a watch in the worker. Results come back as
pickles, so that a cluster is trusted as this computer is: off it, both sides show certificates
(TLS).
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
_LOOK_S = 2.0
"""How often it is seen to whether there are workers, seconds."""
_PATIENCE_S = 120.0
"""A cluster that has no worker for so long is given up."""
_CLOSE_S = 5.0
_AHEAD = 2
"""Files that wait for each thread of a worker, so that none is idle."""
_own = threading.local()


class DaskPool:
    """The workers of one scheduler."""

    def __init__(self, client: Any, time_s: float) -> None:
        """`client` is connected; a worker that takes longer than `time_s` for a file is ended."""
        self._client = client
        self._time_s = time_s
        self._numbers = count()
        self._seen = time.monotonic()

    @classmethod
    @contextmanager
    def at(cls, address: str, time_s: float) -> Iterator[DaskPool]:
        """The cluster whose scheduler is at `address`, HOST:PORT or tls://HOST:PORT.

        Certificates are those of Dask's own configuration (distributed.comm.tls). Raises InputError
        for an address without TLS that is not of this computer, and where nobody answers.
        """
        distributed = _library()
        security = _security(distributed, address)
        with _quiet():
            try:
                client = distributed.Client(
                    address, security=security, timeout=_CONNECT_S, set_as_default=False
                )
            except (OSError, ValueError, RuntimeError) as error:
                raise InputError(
                    address,
                    f"no connection ({error or type(error).__name__})",
                    "a Dask scheduler that speaks as the address says (tcp:// or tls://) is needed",
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
        """What the workers find in each of `paths`, as they are done; none is left out.

        A file at whose time several workers ended may have been beside the one that they died of:
        it is tried once more when all others are done, alone. Raises InputError where a worker
        cannot begin, or none is left.
        """
        made = pickle.dumps(make)
        suspects = []
        for result in self._results(deque(paths), made, ahead=_AHEAD):
            if result.death:
                suspects.append(result.path)
            else:
                yield result
        for path in suspects:
            yield from self._results(deque([path]), made, ahead=_AHEAD)

    def _results(self, waiting: deque[Path], made: bytes, ahead: int) -> Iterator[TaskResult[Any]]:
        flying: dict[Any, Path] = {}  # what is dropped of it, the scheduler drops
        while waiting or flying:
            for path in self._taken(waiting, len(flying), ahead):
                key = f"pierwatch-{os.getpid()}-{id(self)}-{next(self._numbers)}"
                flying[self._client.submit(_looked, path, made, self._time_s, key=key)] = path
            for future in self._landed(flying):
                path = flying.pop(future)
                result = self._result(path, future)
                if result is None:
                    waiting.append(path)
                else:
                    yield result

    def _taken(self, waiting: deque[Path], flying: int, ahead: int) -> list[Path]:
        """The next of `waiting`: as many as the workers have room for."""
        try:
            threads = sum(self._client.nthreads(callback_timeout=_PATIENCE_S).values())
        except (OSError, TimeoutError, AttributeError) as error:  # without a connection it is None
            raise _unusable("the cluster", "its scheduler does not answer any more") from error
        self._seen = time.monotonic() if threads else self._seen
        if time.monotonic() - self._seen > _PATIENCE_S:
            raise _unusable("the cluster", f"no worker in {_PATIENCE_S:g} s")
        room = max(0, ahead * max(1, threads) - flying)
        return [waiting.popleft() for _ in range(min(room, len(waiting)))]

    def _landed(self, flying: dict[Any, Path]) -> list[Any]:
        """Those that are done, after a while at most."""
        wait: Any = _library().wait
        try:
            with self._client.as_current():
                wait(list(flying), timeout=_LOOK_S, return_when="FIRST_COMPLETED")
        except TimeoutError:
            pass
        except CancelledError as error:
            raise _unusable("the cluster", "its scheduler has gone") from error
        return [future for future in flying if future.done()]

    def _result(self, path: Path, future: Any) -> TaskResult[Any] | None:
        """What a future that is done has brought; None where that was lost with who had it."""
        killed = _library().KilledWorker
        try:
            told = future.result()
            return TaskResult(path, told.found, told.fault)
        except killed as error:
            ended = f"{error.allowed_failures + 1} workers of the cluster ended over it"
            why = f"it took more than {self._time_s:g} s, or more memory than there was, or crashed"
            return TaskResult(path, death=f"{ended}: {why}")
        except CancelledError as error:
            if future.status == "lost":
                return None
            raise _unusable("the cluster", "its scheduler has gone") from error
        except Exception as error:
            raise _unfit(error) from error


def _looked(path: Path, made: bytes, time_s: float) -> TaskReply[Any]:
    """On a worker: the answer for `path` of what the pickle `made` makes."""
    if getattr(_own, "made", None) != made:  # a thread of its own each, as the models need
        _own.examine, _own.made = pickle.loads(made)(), made
    watch = threading.Timer(time_s, os._exit, (1,))
    watch.daemon = True
    watch.start()
    try:
        return run_task(cast(Task[Any], _own.examine), path)
    finally:
        watch.cancel()


def _unfit(error: Exception) -> InputError:
    return InputError(
        "a worker of the cluster",
        f"{type(error).__name__}: {error}",
        "it cannot begin",
        "Every worker needs this version of Pierwatch, the model, and the scenes at these paths.",
    )


def _library() -> Any:
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
    """What the connection to `address` is protected by; None on this computer."""
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
            "only a scheduler on this computer may do without",
            "Give the cluster certificates, and its address as tls://HOST:PORT.",
        )
    security = distributed.Security(require_encryption=True)
    try:
        context = security.get_connection_args("client").get("ssl_context")
    except (OSError, ValueError) as error:
        raise _uncertified(f"{address}, certificates that cannot be used ({error})") from error
    if context is None:
        raise _uncertified(f"{address}, without certificates")
    return security


def _uncertified(found: str) -> InputError:
    return InputError(
        "--dask",
        found,
        "TLS needs those of a client",
        "Set distributed.comm.tls (ca-file, client.cert, client.key) in Dask's configuration.",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what distributed says of connections that break: we say it, once."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]  # each has one of its own
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _unusable(what: str, found: str) -> InputError:
    limit = "a scheduler with workers that lives until the batch has ended is needed"
    return InputError(what, found, limit, "Run the same command again: what is kept stays kept.")
