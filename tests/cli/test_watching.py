"""`pierwatch monitor --watch`: what comes is counted, whatever state the place is in meanwhile."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import rasterio

import cv.pipeline.batch
from cv.cli import main
from cv.ledger import Ledger
from cv.pipeline import folder_watch
from cv.pipeline.batch import ScanResult
from cv.pipeline.outcome import SceneOutcome, SceneStatus
from cv.pipeline.quarantine import add_to_quarantine
from cv.scene.discovery.new_scenes import NewScenes

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

        monkeypatch.setattr(folder_watch, "time", SimpleNamespace(sleep=sleep))

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


def later(name: str, other: str) -> None:
    """A scene as another one, of another day."""
    shutil.copy(f"scenes/{name}.tif", f"scenes/{other}.tif")
    with rasterio.open(f"scenes/{other}.tif", "r+") as data:
        data.update_tags(TIFFTAG_DATETIME="2024-03-13T02:30:00Z")


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
        lambda: later("day9", "day13"),
        nothing,
    )
    assert main([*COMMAND, "scenes"]) == 130
    told = capsys.readouterr()
    assert told.err.count("no such file or folder") == 1
    assert scenes() == {"day9", "day10", "day12", "day13"}


def test_the_quarantine_is_ended_once(place, meanwhile, capsys):
    def quarantine():
        later("day9", "day13")
        with Ledger.open("port.db") as ledger:
            add_to_quarantine(ledger, Path("scenes/day13.tif"), "signal 9")

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


def test_an_item_that_comes_after_its_image_is_no_second_look(place, meanwhile, capsys):
    Path("folder/images").mkdir(parents=True)
    shutil.copy("scenes/day10.tif", "folder/images/day10.tif")

    def describe():
        item("day10")
        Path("day10.json").rename("folder/day10-item.json")

    meanwhile(nothing, describe, nothing, nothing)
    assert main([*COMMAND, "folder"]) == 130
    assert capsys.readouterr().out.count("1 known") == 1
    assert scenes() == {"day10"}


@pytest.mark.parametrize("kind", ["moved", "older"])
def test_a_ledger_that_is_replaced_ends_the_watch(place, meanwhile, capsys, kind):
    def replace():
        Path("port.db").rename("old.db")
        if kind == "older":
            Ledger.open("port.db").close()

    meanwhile(nothing, replace, nothing)
    assert main([*COMMAND, "scenes"]) == 2
    assert "while it was watched" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["cp", "new"])
def test_an_older_copy_in_its_place_ends_the_watch(place, meanwhile, capsys, how):
    assert main([*COMMAND[:-2], "scenes/day9.tif"]) == 0
    shutil.copy("port.db", "backup.db")

    def restore():
        if how == "new":
            Path("port.db").unlink()
        shutil.copy("backup.db", "port.db")

    meanwhile(nothing, restore, nothing)
    assert main([*COMMAND, "scenes"]) == 2
    assert "while it was watched" in capsys.readouterr().err


def test_places_beside_a_good_one_may_come_later(place, meanwhile, capsys):
    Path("bad.json").write_text('{"type": "Cat')
    meanwhile(nothing, lambda: Path("scenes").rename("late"), nothing)
    Path("more").mkdir()
    shutil.copy("scenes/day9.tif", "more/day9.tif")
    Path("scenes/day9.tif").unlink()
    assert main([*COMMAND, "late", "bad.json", "x" * 300, "more"]) == 130
    told = capsys.readouterr().err
    for named in ("late: no such", "bad.json: not JSON", "File name too long"):
        assert told.count(named) == 1, told
    assert scenes() == {"day9", "day10", "day12"}


def test_a_log_that_goes_away_does_not_end_the_watch(place, meanwhile, capsys):
    Path("logs").mkdir()

    def come():
        Path("logs").rename("away")
        later("day9", "day13")

    meanwhile(nothing, come, nothing, nothing)
    assert main([*COMMAND, "scenes", "--log", "logs/n.jsonl"]) == 130
    assert "logs/n.jsonl: No such file" in capsys.readouterr().err
    assert scenes() == {"day9", "day10", "day12", "day13"}


def test_the_quarantine_stays_where_nothing_could_begin(place, capsys):
    with Ledger.open("port.db") as ledger:
        add_to_quarantine(ledger, Path("scenes/day9.tif"), "signal 9")
    assert main([*COMMAND[:-2], "missing", "--retry"]) == 2
    assert main([*COMMAND[:-2], "x" * 300, "scenes"]) == 1
    told = capsys.readouterr().out
    assert "File name too long" in told
    assert "1 quarantined" in told


def test_what_was_refused_is_tried_again_after_a_while(place, meanwhile, monkeypatch, capsys):
    usual = cv.pipeline.batch.scan_scene
    refused = []

    def once(path, *rest):
        if path.stem == "day9" and not refused:
            refused.append(path)
            return ScanResult(SceneOutcome(str(path), SceneStatus.REFUSED, "no luck"))
        return usual(path, *rest)

    monkeypatch.setattr("cv.pipeline.batch.examine", once)
    monkeypatch.setattr("cv.scene.discovery.new_scenes.RETRY_S", 0.0)
    for path in Path("scenes").iterdir():
        os.utime(path, (0, 0))  # all are whole at the first look
    meanwhile(nothing, nothing, nothing)
    assert main([*COMMAND, "scenes"]) == 130
    assert scenes() == {"day9", "day10", "day12"}
    told = capsys.readouterr().out
    assert told.count("no luck") == told.count("scenes: 1 recorded") == 1


def test_places_that_may_not_be_read(place, meanwhile, monkeypatch, capsys):
    closed = []
    usual = os.scandir

    def scandir(path):
        if isinstance(path, str | Path) and Path(path).name in closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return usual(path)

    monkeypatch.setattr(os, "scandir", scandir)
    Path("scenes/sub").mkdir()
    shutil.move("scenes/day12.tif", "scenes/sub/day12.tif")
    meanwhile(
        nothing, lambda: closed.append("scenes"), nothing, closed.clear, nothing,
    )  # fmt: skip
    assert main([*COMMAND, "scenes"]) == 130
    assert capsys.readouterr().err.count("Permission denied") == 1
    assert scenes() == {"day9", "day10", "day12"}
    closed.append("sub")
    assert main([*COMMAND[:-2], "scenes"]) == 1
    told = capsys.readouterr().out
    assert "scenes/sub: a folder, which may not be readable" in told
    assert "2 known, 0 failed, 1 refused" in told


def test_a_ledger_that_is_moved_while_scenes_are_looked_for_ends_the_watch(
    place, meanwhile, monkeypatch, capsys
):
    usual = NewScenes.poll
    looks = []

    def look(arrivals):
        looks.append(arrivals)
        if len(looks) == 3:
            Path("port.db").rename("old.db")
        return usual(arrivals)

    monkeypatch.setattr(NewScenes, "look", look)
    meanwhile(nothing, lambda: later("day9", "day13"), nothing, nothing)
    assert main([*COMMAND, "scenes"]) == 2
    assert "while it was watched" in capsys.readouterr().err


def test_of_a_link_and_its_file_the_file_is_read(place):
    Path("linked").mkdir()
    link = Path("linked/a.tif")
    link.symlink_to("../scenes/day9.tif")
    files = [Path("scenes/day9.tif"), Path("scenes/day10.tif")]
    assert folder_watch.unique_files([link, *files]) == files
    assert folder_watch.unique_files([*files, link, link]) == files
    assert folder_watch.unique_files([link, files[1]]) == [link, files[1]]


@pytest.mark.parametrize("other", ["empty", "nowhere", "broken.json"])
def test_a_place_without_scenes_leaves_the_others_alone(place, capsys, other):
    Path("empty").mkdir()
    Path("broken.json").write_text('{"type": "Catalog", "stac_version": "1.0.0", "links": 5}')
    assert main([*COMMAND[:-2], other, "scenes"]) == 1
    assert scenes() == {"day9", "day10", "day12"}
    assert f"refused: {other}" in capsys.readouterr().out
    assert main([*COMMAND[:-2], other]) == 2
    assert other in capsys.readouterr().err
