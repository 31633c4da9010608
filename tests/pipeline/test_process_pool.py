"""The pool of worker processes: one result for each file, also when workers die."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Generator
from functools import partial
from pathlib import Path

import pytest

from cv.errors import InputError
from cv.pipeline.process_pool import WorkerLimits, map_unordered
from tests.fixtures import worker_faults

QUICK = WorkerLimits(memory_mb=512, time_s=3.0)


def results(folder, names, workers=2, limits=QUICK, make=worker_faults.make):
    """The result for each name."""
    paths = [folder / f"{name}.tif" for name in names]
    found = list(map_unordered(paths, make, workers, limits))
    assert sorted(one.path for one in found) == sorted(paths)  # each exactly once
    return {one.path.stem: one for one in found}


def test_every_file_is_processed_once(tmp_path):
    names = [f"scene-{i}" for i in range(40)]
    assert {n: one.found for n, one in results(tmp_path, names).items()} == {n: n for n in names}
    assert results(tmp_path, []) == {}


def test_a_failing_file_does_not_affect_others(tmp_path):
    good = [f"scene-{i}" for i in range(6)]
    names = [*good, "dies-a", "leaves-a", "hangs-a", "hungry-a", "fails-a", "once-a"]
    random.Random(0).shuffle(names)
    by_name = results(tmp_path, names)
    assert [by_name[name].found for name in good] == good
    assert by_name["once-a"].found == "once-a"  # its second worker survived
    assert "signal 9" in by_name["dies-a"].death
    assert "exit code 7" in by_name["leaves-a"].death
    assert "more than 3 s" in by_name["hangs-a"].death
    assert "more memory" in by_name["hungry-a"].fault
    assert "ValueError: no such luck" in by_name["fails-a"].fault


def test_no_result_is_lost_over_fifty_deaths(tmp_path):
    names = [f"dies-{i}" for i in range(20)] + [f"once-{i}" for i in range(10)]
    names += [f"scene-{i}" for i in range(10)]
    random.Random(1).shuffle(names)
    by_name = results(tmp_path, names, workers=3)
    for name, one in by_name.items():
        assert (one.found is None) == name.startswith("dies")


@pytest.mark.parametrize(
    ("make", "message"),
    [(worker_faults.make_nothing, r"model\.onnx"), (worker_faults.make_and_die, "signal 9")],
)
def test_workers_that_cannot_start_are_an_error(tmp_path, make, message):
    with pytest.raises(InputError, match=message):
        results(tmp_path, ["scene-0"], make=make)


def test_workers_end_when_the_caller_stops(tmp_path):
    paths = [Path(f"scene-{i}") for i in range(3)] + [Path("hangs-0")]
    work = map_unordered(paths, worker_faults.make, 2, WorkerLimits(time_s=600))
    assert isinstance(work, Generator)
    assert next(work).found
    work.close()
    assert multiprocessing.active_children() == []


def test_a_worker_that_dies_while_starting_is_replaced(tmp_path):
    make = partial(worker_faults.make_at_the_second_try, tmp_path / "tried")
    results = list(map_unordered([tmp_path / "a.tif", tmp_path / "b.tif"], make, 1, WorkerLimits()))
    assert {one.found for one in results} == {"a", "b"}


@pytest.mark.parametrize("deaths", [1, 3])
def test_a_deadly_file_is_tried_by_as_many_workers_as_the_limit_says(tmp_path, deaths):
    limits = WorkerLimits(memory_mb=None, time_s=60.0, deaths=deaths)
    by_name = results(tmp_path, ["counted-a", "scene-0"], 4, limits)
    assert "signal 9" in by_name["counted-a"].death
    assert len((tmp_path / "counted-a.tif").read_text()) == deaths
    assert by_name["scene-0"].found == "scene-0"


def test_files_that_wait_are_not_begun_when_the_caller_stops(tmp_path):
    paths = [tmp_path / f"once-{i}.tif" for i in range(30)]  # each leaves a file when it is begun
    work = map_unordered(paths, worker_faults.make, 1, WorkerLimits(time_s=600))
    next(work)
    work.close()
    begun = sorted(tmp_path.iterdir())
    assert 1 <= len(begun) < 30
    assert multiprocessing.active_children() == []
    assert sorted(tmp_path.iterdir()) == begun
