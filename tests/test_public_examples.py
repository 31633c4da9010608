"""The examples in the docstrings of the public interface, run on the sample port."""

from __future__ import annotations

import doctest
import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cv

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "datasets" / "sample_pier"
NEED_EXAMPLES = {
    "Detector", "Estimate", "InputError", "Ledger", "Scene", "SceneCounts", "Series", "Site",
    "count", "deliver_alerts", "draw", "export", "findings", "monitor", "pending_alerts",
}  # fmt: skip
"""Names that are called; the others are records and enumerations that these return."""


def doctests() -> list[doctest.DocTest]:
    """The docstrings with examples of `cv` and of all public names, each once."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = finder.find(cv, "cv", module=False, globs={})[:1]
    for name in cv.__all__:
        value = getattr(cv, name)
        tests = finder.find(value, name, module=False, globs={})
        if inspect.ismodule(value):
            functions = inspect.getmembers(value, inspect.isfunction)
            public = [(n, f) for n, f in functions if f.__module__ == value.__name__]
            tests = [
                test
                for n, f in public
                if not n.startswith("_")
                for test in finder.find(f, f"{name}.{n}", module=False, globs={})
            ]
        found += [test for test in tests if test.examples]
    return [test for test in found if test.examples]


DOCTESTS = doctests()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three scenes, the site file and a ledger of the sample port."""
    folder = tmp_path_factory.mktemp("sample")
    render = [sys.executable, str(SAMPLE / "render.py"), str(folder / "scenes"), "--days", "3"]
    subprocess.run(render, check=True, capture_output=True)
    shutil.copy(SAMPLE / "site.geojson", folder / "port.geojson")
    with cv.Ledger.open(folder / "port.db") as ledger:
        scenes = sorted((folder / "scenes").glob("*_visual.tif"))
        site = cv.Site.read(folder / "port.geojson")
        cv.monitor(scenes, site, cv.Detector.load(), ledger)
    return folder


@pytest.fixture(scope="module")
def names(sample: Path) -> dict[str, object]:
    """The names that examples may use: all of `cv`, and what its first example makes."""
    site, detector = cv.Site.read(sample / "port.geojson"), cv.Detector.load()
    with cv.Scene.open(sample / "scenes" / "20250908_032850_ssc4_u0001_visual.tif") as scene:
        counts = cv.count(scene, site, detector)
    with cv.Ledger.open(sample / "port.db", readonly=True) as ledger:
        series = cv.Series.of("Export pier", ledger.counts("Export pier"))
        events = cv.findings(ledger, site)
    made = {"site": site, "detector": detector, "counts": counts, "series": series}
    return {name: getattr(cv, name) for name in cv.__all__} | made | {"events": events, "cv": cv}


@pytest.mark.parametrize("test", DOCTESTS, ids=lambda test: test.name)
def test_examples_give_what_they_show(test, sample, names, tmp_path, monkeypatch):
    for path in sample.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    (tmp_path / "scenes").symlink_to(sample / "scenes")
    monkeypatch.chdir(tmp_path)
    test.globs.update(names)
    messages: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    result = runner.run(test, out=messages.append, clear_globs=False)
    assert result.attempted > 0
    assert result.failed == 0, "".join(messages)


def test_every_public_name_that_is_called_has_an_example():
    assert set(cv.__all__) >= NEED_EXAMPLES
    with_example = {test.name.split(".")[0] for test in DOCTESTS}
    assert not NEED_EXAMPLES - with_example
    assert "cv" in with_example
