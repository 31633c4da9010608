"""What may happen to a worker, by the name of the file that it is given."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def make():
    """An examiner with accidents."""
    return examine


def make_nothing():
    """No examiner: something that it needs is missing."""
    raise FileNotFoundError("model.onnx")


def make_at_the_second_try(marker: Path):
    """An examiner, unless it is the first one to be made."""
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return examine


def make_and_die():
    """No examiner, nor a process any more."""
    os.kill(os.getpid(), signal.SIGKILL)


def examine(path: Path) -> str:
    """The stem of the file's name, if it comes to that."""
    kind = path.stem.split("-")[0]
    if kind == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "leaves":
        os._exit(7)
    if kind == "hangs":
        time.sleep(600)
    if kind == "hungry":
        return str(len(bytearray(2**33)))
    if kind == "fails":
        raise ValueError("no such luck")
    if kind == "once" and not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return path.stem
