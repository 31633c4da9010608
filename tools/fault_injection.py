"""What accidents do to a batch: the real command is killed, starved and fed with broken files.

    python tools/fault_injection.py --work runs/faults

Prints a line for each kind of accident: how many there were, and how many rows of the ledger were
lost, doubled or other than those of an undisturbed run afterwards. Kinds: `kill -9` at a random
instant of the command, with and without worker processes; workers that are killed, and workers
without memory; disks that are full at a random byte (a tmpfs: needs root on Linux); two batches
on one ledger; models, sites and ledgers with random damage. Exit code 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fault_fixture import CLEAR, PATIENCE_S, PROGRAM, Tally, TestBed, prepared, run, started
from tqdm import tqdm

from cv.detector.model_zoo import model_files
from cv.detector.onnx_model import model_card_path
from cv.errors import PierwatchError
from cv.ledger.integrity_check import find_problems


def kills(bed: TestBed, number: int) -> Tally:
    """`kill -9` of the command and of its workers at a random instant; then it goes on."""
    tally, whole = Tally(), _duration(bed)
    bed.fresh()
    for i in _counted(number, "kill -9"):
        more = ["--workers", "2"] if i % 2 else []
        running = started(bed.command(*more))
        time.sleep(bed.rng.uniform(0.0, whole))
        ended = running.poll()
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
        tally.accidents += 1
        bed.check_whole(tally)
        if ended is not None or i % 5 == 4 or i == number - 1:
            bed.finish(tally)
            bed.fresh()
    return tally


def deaths(bed: TestBed, number: int) -> Tally:
    """Workers that are killed, or have no memory; then the command is given again."""
    tally = Tally()
    while tally.accidents < number:
        bed.fresh()
        hungry = bed.rng.random() < 0.3
        running = started(bed.command("--workers", "2", *(["--memory", "64"] if hungry else [])))
        killed = 0 if hungry else _kill_children(running, bed.rng)
        _ended(running, tally)
        bed.check_numbers(tally) if hungry else bed.check_whole(tally)
        tally.accidents += 2 if hungry else max(1, killed)
        bed.finish(tally, "--workers", "2", "--retry")
    return tally


def _kill_children(running: subprocess.Popen[str], rng: random.Random) -> int:
    killed = 0
    while running.poll() is None and killed < 6:
        time.sleep(rng.uniform(0.2, 0.9))
        listed = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        children = listed.read_text().split() if listed.exists() else []
        if len(children) > 1:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(rng.choice(children[1:])), signal.SIGKILL)  # the first one is a helper
                killed += 1
    return killed


def full_disks(bed: TestBed, number: int) -> Tally:
    """A disk that is full at a random byte; then there is room again."""
    tally, mount = Tally(), bed.work / "small"
    mount.mkdir(exist_ok=True)
    bed.finish(tally)
    most = bed.ledger.stat().st_size
    for _ in _counted(number, "full disks"):
        size = 4096 * bed.rng.randint(1, 2 * most // 4096)
        with _disk(mount, size):
            done = run(bed.command(ledger=mount / "port.db"))
            tally.accidents += 1
            if done.returncode not in CLEAR or "Traceback" in done.stderr:
                tally.unclear.append(done.stderr)
            bed.fresh()
            for path in mount.glob("port.db*"):
                shutil.copy(path, bed.work / path.name)
        bed.check_whole(tally)
        bed.finish(tally)
    return tally


def locks(bed: TestBed, number: int) -> Tally:
    """Two batches on one ledger, that begin one shortly after the other."""
    tally = Tally()
    for _ in _counted(number, "two batches"):
        bed.fresh()
        first = started(bed.command())
        time.sleep(bed.rng.uniform(0.0, 1.5))
        second = started(bed.command(*bed.rng.choice([[], ["--workers", "2"]])))
        for running in (first, second):
            _ended(running, tally)
        tally.accidents += 1
        bed.check_whole(tally)
        bed.finish(tally)
    return tally


def corrupt(bed: TestBed, number: int) -> Tally:
    """Models, sites and ledgers with random damage: refused, and nothing is recorded wrongly."""
    tally, broken = Tally(), bed.work / "broken"
    for i in _counted(number, "corrupt files"):
        shutil.rmtree(broken, ignore_errors=True)
        broken.mkdir()
        bed.fresh()
        _CORRUPTED[i % 3](bed, broken, tally)
        tally.accidents += 1
    bed.finish(tally)
    return tally


def _corrupt_model(bed: TestBed, broken: Path, tally: Tally) -> None:
    files = [Path(shutil.copy(path, broken)) for path in model_files("pierwatch-n")]
    for path in model_files("pierwatch-n"):
        shutil.copy(model_card_path(path), broken)
    _damage(files[0], bed.rng)
    done = run(bed.command(model=files[0]))
    _must_refuse(done, tally)
    if bed.ledger.exists():
        tally.other += 1


def _corrupt_site(bed: TestBed, broken: Path, tally: Tally) -> None:
    site = Path(shutil.copy(bed.work / "port.geojson", broken))
    _damage(site, bed.rng, printable=True)
    done = run(bed.command(site=site))
    _must_say(done, tally)
    if bed.ledger.exists():
        tally.unclear += find_problems(bed.ledger)


def _corrupt_ledger(bed: TestBed, broken: Path, tally: Tally) -> None:
    done = run(bed.command())
    copied = Path(shutil.copy(bed.ledger, broken))
    _damage(copied, bed.rng)
    done = run([sys.executable, str(PROGRAM), "ledger", "verify", str(copied)])
    _must_say(done, tally)
    _must_say(run(bed.command(ledger=copied)), tally)


_CORRUPTED: tuple[Callable[[TestBed, Path, Tally], None], ...] = (
    _corrupt_model,
    _corrupt_site,
    _corrupt_ledger,
)


def _damage(path: Path, rng: random.Random, printable: bool = False) -> None:
    """Cuts the file short, or changes some of its bytes."""
    content = bytearray(path.read_bytes())
    if rng.random() < 0.3:
        del content[rng.randrange(len(content)) :]
    else:
        for _ in range(rng.randint(1, 20)):
            content[rng.randrange(len(content))] = (
                rng.randint(32, 126) if printable else (rng.randrange(256))
            )
    path.write_bytes(content)


def _must_refuse(done: subprocess.CompletedProcess[str], tally: Tally) -> None:
    if done.returncode != 2 or "Traceback" in done.stderr or not done.stderr.strip():
        tally.unclear.append(f"{done.returncode} {done.stdout} {done.stderr}")


def _must_say(done: subprocess.CompletedProcess[str], tally: Tally) -> None:
    silent = done.returncode and not (done.stderr + done.stdout).strip()
    mistaken = "usage:" in done.stderr  # a command that this script spells wrongly
    if done.returncode not in CLEAR or "Traceback" in done.stderr or silent or mistaken:
        tally.unclear.append(f"{done.returncode} {done.stdout} {done.stderr}")


def _duration(bed: TestBed) -> float:
    bed.fresh()
    start = time.monotonic()
    run(bed.command())
    return time.monotonic() - start


def _ended(running: subprocess.Popen[str], tally: Tally) -> None:
    out, error = running.communicate(timeout=PATIENCE_S)
    if running.returncode not in CLEAR or "Traceback" in error:
        tally.unclear.append(f"{running.returncode} {out} {error}")


def _counted(number: int, what: str) -> Iterator[int]:
    return iter(tqdm(range(number), desc=what, disable=None, leave=False))


@contextlib.contextmanager
def _disk(mount: Path, size: int) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(mount)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def main() -> None:
    """Prints a line for each kind of accident."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder to work in")
    parser.add_argument("--seed", type=int, default=1)
    for name, number in (
        ("kills", 200), ("deaths", 100), ("full-disks", 50), ("locks", 50), ("corrupt", 100),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=number, metavar="N")
    args = parser.parse_args()
    bed = prepared(args.work, args.seed)
    sound = True
    print(f"{'accident':<14} {'number':>6} {'lost':>5} {'doubled':>7} {'other':>5} {'unclear':>7}")
    for cause in (kills, deaths, full_disks, locks, corrupt):
        number = getattr(args, cause.__name__)
        if number:
            tally = cause(bed, number)
            print(
                f"{cause.__name__:<14} {tally.accidents:>6} {tally.lost:>5} {tally.doubled:>7} "
                f"{tally.other:>5} {len(tally.unclear):>7}",
                flush=True,
            )
            for text in tally.unclear[:3]:
                print(f"    {' '.join(text.split())[-300:]}")
            sound = sound and tally.sound
    raise SystemExit(0 if sound else 1)


if __name__ == "__main__":
    try:
        main()
    except PierwatchError as error:
        raise SystemExit(str(error)) from None
