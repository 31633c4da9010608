"""The core needs its declared dependencies and nothing else: what is imported, and what runs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from tests.test_architecture import PACKAGE, ROOMS, ROOT, imports, modules, room
from tests.test_packaging import MOST_DISTRIBUTIONS

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DEVELOPER_EXTRAS = {"docs", "peers", "test"}
"""Extras that no user installs to run a command."""
DISTRIBUTIONS = packages_distributions()
"""Distributions by the package that they install."""


def names(requirements: list[str]) -> set[NormalizedName]:
    return {canonicalize_name(Requirement(one).name) for one in requirements}


CORE = names(PROJECT["dependencies"])
USER = CORE.union(
    *(
        names(requirements)
        for extra, requirements in PROJECT["optional-dependencies"].items()
        if extra not in DEVELOPER_EXTRAS
    )
)


def distributions(package: str) -> set[NormalizedName]:
    return {canonicalize_name(name) for name in DISTRIBUTIONS.get(package, ())}


def with_requirements(wanted: set[NormalizedName]) -> set[NormalizedName]:
    """`wanted` and all that they require here, without extras."""
    found: set[NormalizedName] = set()
    while wanted:
        found |= wanted
        needed = (Requirement(one) for name in wanted for one in requires(name) or ())
        wanted = {
            canonicalize_name(one.name)
            for one in needed
            if one.marker is None or one.marker.evaluate({"extra": ""})
        } - found
    return found


def foreign(path: Path) -> set[str]:
    """Packages of others that a module imports, anywhere in it."""
    tops = {name.split(".")[0] for name in imports(path)}
    return tops - set(sys.stdlib_module_names) - {"cv", "__future__"}


def undeclared(path: Path, package: str, here: str) -> str:
    """What is wrong with the import of `package` in room `here`, empty if nothing is."""
    if distributions(package) & CORE:
        return ""
    if here not in ROOMS.get(package, ()):
        return f"{path.name} imports {package}, which is no core dependency"
    return "" if distributions(package) & USER else f"no extra installs {package}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_import_is_a_core_dependency_or_an_extra_of_its_room(path):
    assert not [
        text for one in sorted(foreign(path)) if (text := undeclared(path, one, room(path)))
    ]


def test_an_undeclared_import_is_found(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("def area():\n    import hypothesis\n    import cv2\n")
    wrong = {one: undeclared(module, one, "counting") for one in foreign(module)}
    assert wrong == {
        "hypothesis": "module.py imports hypothesis, which is no core dependency",
        "cv2": "module.py imports cv2, which is no core dependency",
    }
    assert not undeclared(module, "cv2", "rendering")
    assert not undeclared(module, "scipy", "counting")


def test_the_core_has_few_distributions():
    assert len(with_requirements(CORE)) + 1 <= MOST_DISTRIBUTIONS  # and Pierwatch itself


def test_the_core_counts_and_finds_without_any_extra(tmp_path):
    render = [sys.executable, ROOT / "datasets" / "sample_pier" / "render.py", tmp_path / "scenes"]
    subprocess.run([*render, "--days", "2"], check=True, capture_output=True)
    core = with_requirements(CORE)
    absent = sorted(
        package
        for package in set(DISTRIBUTIONS) - set(sys.stdlib_module_names) - {"cv"}
        if not distributions(package) & core
    )
    assert {"torch", "cv2", "openvino", "geopandas", "hypothesis"} <= set(absent)
    code = f"""
import sys
sys.modules.update(dict.fromkeys({absent!r}))  # None: as if it were not installed
from pathlib import Path
from cv import Detector, Ledger, Series, Site, draw, export, findings, monitor, pending_alerts
site_path = {str(ROOT / "datasets" / "sample_pier" / "site.geojson")!r}
site = Site.read(site_path)
scenes = sorted(Path("scenes").glob("*_visual.tif"))
with Ledger.open("port.db") as ledger:
    outcomes = monitor(scenes, site, Detector.load(), ledger)
    series = Series.read(ledger, "Export pier")
    events = findings(ledger, site)
    pending_alerts(ledger, site_path)
    export(ledger, "counts.csv", site)
draw.timeline(series, events, "timeline.png")
print(len(scenes), len(series), [one for one in {absent!r} if sys.modules[one]])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 2 []"
    assert (tmp_path / "timeline.png").stat().st_size > 10_000
    assert len((tmp_path / "counts.csv").read_text().splitlines()) > 2
