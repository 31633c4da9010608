"""The command line `pierwatch`."""

from __future__ import annotations

import argparse
import io
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from cv.cli import options
from cv.errors import InputError, PierwatchError
from cv.io.terminal_text import printable_line

COMMANDS = (
    "count", "monitor", "series", "events", "alerts", "timeline", "ships", "voyages", "show",
    "export", "datasets", "evaluate", "benchmark", "train", "release", "calibrate", "ledger",
    "doctor",
)  # fmt: skip
"""The commands; each is a module of this package."""
OK, UNFINISHED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in `argv` (default: sys.argv) and return its exit code.

    0: done. 1: the work could not be finished, or some scenes of a batch failed. 2: bad input, and
    nothing was written. 3: `alerts` printed something. 130: interrupted.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        args, unknown = parser().parse_known_args(argv)
        if unknown:
            args.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
        with _sigterm_as_interrupt():
            code: int = args.run(args)
    except InputError as error:
        print(f"pierwatch: {printable_line(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("pierwatch: interrupted; finished work is kept", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of the output, such as `head`, has ended
        sys.stderr.close()
        return UNFINISHED
    except (PierwatchError, OSError) as error:
        print(f"pierwatch: {printable_line(str(error))}", file=sys.stderr)
        return UNFINISHED
    return code


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Make SIGTERM interrupt the command as Ctrl-C does: what is finished is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="pierwatch",
        description="Counts containers and ship hulls on piers in overhead scenes.",
        epilog="example: pierwatch count scene.tif --site port.geojson",
    )
    top.add_argument(
        "--version", action="version", version=f"pierwatch {options.installed_version('pierwatch')}"
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = import_module(f"cv.cli.{name}")
        module.add_arguments(options.add_command(commands, name, module.run, module.__doc__))
    return top
