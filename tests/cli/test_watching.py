"""`pierwatch monitor --watch`: what comes is counted, whatever state the place is in meanwhile."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from cv.cli import main, monitor
from cv.ledger import Ledger
from cv.ledger.culprit import Culprit

COMMAND = ["monitor", "--site", "port.geojson", "--ledger", "port.db", "--watch", "1"]


@pytest.fixture
def meanwhile(monkeypatch):
    """Sets what happens at each wait of a watch, which is interrupted after the last one."""

    def set_up(*steps):
        waiting = iter(steps)

        def sleep(seconds):
            step = next(waiting, None)
            if step is None:
                raise KeyboardInterrupt
            step()

        monkeypatch.setattr(monitor, "time", SimpleNamespace(sleep=sleep))

    return set_up


def item(name: str) -> str:
    """A STAC Item of scenes/NAME.tif."""
    path = Path(f"{name}.json")
    geometry = {"type": "Point", "coordinates": [130.3, 42.2]}
    path.write_text(
        json.dumps(
            {
                "type": "Feature",
                "stac_version": "1.0.0",
                "id": name,
                "geometry": geometry,
                "bbox": [130.3, 42.2, 130.3, 42.2],
                "properties": {"datetime": "2024-03-10T02:30:00Z"},
                "links": [],
                "assets": {"visual": {"href": f"images/{name}.tif"}},
            }
        )
    )
    return path.name


def listing(*names: str) -> None:
    links = [{"rel": "item", "href": name} for name in names]
    catalogue = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "links": links}
    Path("catalogue.json").write_text(json.dumps(catalogue))


def scenes() -> set[str]:
    with Ledger.open("port.db", readonly=True) as ledger:
        return {count.scene for count in ledger.counts()}


def nothing() -> None:
    """Time passes."""


def test_a_catalogue_in_any_state(place, meanwhile, capsys):
    Path("images").mkdir()

    def come(name):
        shutil.copy(f"scenes/{name}.tif", f"images/{name}.tif")

    come("day9")
    listing(item("day9"))
    meanwhile(
        nothing,
        lambda: Path("catalogue.json").write_text('{"type": "Cat'),
        lambda: Path("catalogue.json").unlink(),
        lambda: listing("day9.json", item("day10"), "https://a.example/day11.json"),
        nothing,
        lambda: come("day10"),
        nothing,
    )
    assert main([*COMMAND, "catalogue.json"]) == 130
    told = capsys.readouterr()
    assert "catalogue.json: not JSON" in told.err
    assert "catalogue.json: no such file or folder" in told.err
    assert told.out.count("1 refused") == 1  # its image was not there yet
    assert scenes() == {"day9", "day10"}


def test_a_folder_that_goes_away_and_comes_back(place, meanwhile, capsys):
    meanwhile(
        nothing,
        lambda: Path("scenes").rename("moved"),
        nothing,
        lambda: Path("moved").rename("scenes"),
        lambda: shutil.copy("scenes/day9.tif", "scenes/day9b.tif"),
        nothing,
    )
    assert main([*COMMAND, "scenes"]) == 130
    told = capsys.readouterr()
    assert told.err.count("no such file or folder") == 1
    assert scenes() == {"day9", "day9b", "day10", "day12"}


def test_the_quarantine_is_ended_once(place, meanwhile, capsys):
    def quarantine():
        shutil.copy("scenes/day9.tif", "scenes/day13.tif")
        with Ledger.open("port.db") as ledger:
            ledger.quarantine(Culprit.of(Path("scenes/day13.tif"), "signal 9"))

    meanwhile(nothing, quarantine, nothing, nothing)
    assert main([*COMMAND, "scenes", "--retry", "--workers", "1"]) == 130
    with Ledger.open("port.db", readonly=True) as ledger:
        assert len(ledger.quarantined()) == 1


def test_links_that_are_not_followed_are_told(place, capsys):
    Path("images").mkdir()
    shutil.copy("scenes/day9.tif", "images/day9.tif")
    listing(item("day9"), "https://a.example/day11.json", "missing.json")
    assert main([*COMMAND[:-2], "catalogue.json"]) == 1
    told = capsys.readouterr().out
    assert "left out: 1 links of catalogues" in told
    assert "https://a.example/day11.json" in told
    assert "1 recorded, 0 known, 0 failed, 1 refused" in told


def test_a_place_that_is_spelled_in_several_ways_is_one(place, capsys):
    Path("linked").symlink_to("scenes")
    same = ["scenes", "./scenes", str(Path("scenes").absolute()), "scenes/day9.tif", "linked"]
    assert main([*COMMAND[:-2], *same]) == 0
    assert "scenes: 3 recorded, 0 known, 0 failed, 0 refused" in capsys.readouterr().out
