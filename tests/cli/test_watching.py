"""`pierwatch monitor --watch`: new scenes are counted, whatever happens to their folder."""

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
from cv.pipeline.batch_recorder import ScanResult
from cv.pipeline.quarantine import add_to_quarantine
from cv.pipeline.scene_outcome import SceneOutcome, SceneStatus
from cv.scene.discovery.new_scenes import NewScenes

COMMAND = ["monitor", "--site", "port.geojson", "--ledger", "port.db", "--watch", "1"]


@pytest.fixture
def meanwhile(monkeypatch):
    """Set what happens during each pause of a watch, which is interrupted after the last one."""

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
    """Write a STAC Item for images/NAME.tif and return its name."""
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


def write_catalogue(*names: str) -> None:
    links = [{"rel": "item", "href": name} for name in names]
    catalogue = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "links": links}
    Path("catalogue.json").write_text(json.dumps(catalogue))


def scenes() -> set[str]:
    with Ledger.open("port.db", readonly=True) as ledger:
        return {count.scene for count in ledger.counts()}


def copy_scene(name: str, other: str) -> None:
    """Copy a scene under another name, with the time of another day."""
    shutil.copy(f"scenes/{name}.tif", f"scenes/{other}.tif")
    with rasterio.open(f"scenes/{other}.tif", "r+") as data:
        data.update_tags(TIFFTAG_DATETIME="2024-03-13T02:30:00Z")


def nothing() -> None:
    """Only time passes."""


def test_a_catalogue_may_be_broken_or_missing_for_a_while(place, meanwhile, capsys):
    Path("images").mkdir()

    def arrive(name):
        shutil.copy(f"scenes/{name}.tif", f"images/{name}.tif")

    arrive("day9")
    write_catalogue(item("day9"))
    meanwhile(
        nothing,
        lambda: Path("catalogue.json").write_text('{"type": "Cat'),
        lambda: Path("catalogue.json").unlink(),
        lambda: write_catalogue("day9.json", item("day10"), "https://a.example/day11.json"),
        nothing,
        lambda: arrive("day10"),
        nothing,
    )
    assert main([*COMMAND, "catalogue.json"]) == 130
    printed = capsys.readouterr()
    assert "catalogue.json: not JSON" in printed.err
    assert "catalogue.json: no such file or folder" in printed.err
    assert printed.out.count("1 refused") == 1  # its image was not there yet
    assert scenes() == {"day9", "day10"}


def test_a_folder_may_be_missing_for_a_while(place, meanwhile, capsys):
    meanwhile(
        nothing,
        lambda: Path("scenes").rename("moved"),
        nothing,
        lambda: Path("moved").rename("scenes"),
        lambda: copy_scene("day9", "day13"),
        nothing,
    )
    assert main([*COMMAND, "scenes"]) == 130
    printed = capsys.readouterr()
    assert printed.err.count("no such file or folder") == 1
    assert scenes() == {"day9", "day10", "day12", "day13"}


def test_the_quarantine_is_released_only_once(place, meanwhile, capsys):
    def quarantine():
        copy_scene("day9", "day13")
        with Ledger.open("port.db") as ledger:
            add_to_quarantine(ledger, Path("scenes/day13.tif"), "signal 9")

    meanwhile(nothing, quarantine, nothing, nothing)
    assert main([*COMMAND, "scenes", "--retry", "--workers", "1"]) == 130
    with Ledger.open("port.db", readonly=True) as ledger:
        assert len(ledger.quarantined()) == 1


def test_links_that_are_not_followed_are_reported(place, capsys):
    Path("images").mkdir()
    shutil.copy("scenes/day9.tif", "images/day9.tif")
    write_catalogue(item("day9"), "https://a.example/day11.json", "missing.json")
    assert main([*COMMAND[:-2], "catalogue.json"]) == 1
    printed = capsys.readouterr().out
    assert "left out: 1 link of catalogues" in printed
    assert "https://a.example/day11.json" in printed
    assert "1 recorded, 0 known, 0 failed, 1 refused" in printed


def test_a_place_given_in_several_ways_is_read_once(place, capsys):
    Path("linked").symlink_to("scenes")
    same = ["scenes", "./scenes", str(Path("scenes").absolute()), "scenes/day9.tif", "linked"]
    assert main([*COMMAND[:-2], *same]) == 0
    assert "scenes: 3 recorded, 0 known, 0 failed, 0 refused" in capsys.readouterr().out


def test_an_item_that_arrives_after_its_image_is_not_a_second_scene(place, meanwhile, capsys):
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
def test_replacing_the_ledger_ends_the_watch(place, meanwhile, capsys, kind):
    def replace():
        Path("port.db").rename("old.db")
        if kind == "older":
            Ledger.open("port.db").close()

    meanwhile(nothing, replace, nothing)
    assert main([*COMMAND, "scenes"]) == 2
    assert "while it was open" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["cp", "new"])
def test_restoring_an_older_ledger_ends_the_watch(place, meanwhile, capsys, how):
    assert main([*COMMAND[:-2], "scenes/day9.tif"]) == 0
    shutil.copy("port.db", "backup.db")

    def restore():
        if how == "new":
            Path("port.db").unlink()
        shutil.copy("backup.db", "port.db")

    meanwhile(nothing, restore, nothing)
    assert main([*COMMAND, "scenes"]) == 2
    assert "while it was open" in capsys.readouterr().err


def test_a_place_may_appear_later_if_another_is_readable(place, meanwhile, capsys):
    Path("bad.json").write_text('{"type": "Cat')
    meanwhile(nothing, lambda: Path("scenes").rename("late"), nothing)
    Path("more").mkdir()
    shutil.copy("scenes/day9.tif", "more/day9.tif")
    Path("scenes/day9.tif").unlink()
    assert main([*COMMAND, "late", "bad.json", "x" * 300, "more"]) == 130
    printed = capsys.readouterr().err
    for named in ("late: no such", "bad.json: not JSON", "File name too long"):
        assert printed.count(named) == 1, printed
    assert scenes() == {"day9", "day10", "day12"}


def test_losing_the_log_does_not_end_the_watch(place, meanwhile, capsys):
    Path("logs").mkdir()

    def arrive():
        Path("logs").rename("away")
        copy_scene("day9", "day13")

    meanwhile(nothing, arrive, nothing, nothing)
    assert main([*COMMAND, "scenes", "--log", "logs/n.jsonl"]) == 130
    assert "logs/n.jsonl: No such file" in capsys.readouterr().err
    assert scenes() == {"day9", "day10", "day12", "day13"}


def test_the_quarantine_is_kept_if_no_scene_is_found(place, capsys):
    with Ledger.open("port.db") as ledger:
        add_to_quarantine(ledger, Path("scenes/day9.tif"), "signal 9")
    assert main([*COMMAND[:-2], "missing", "--retry"]) == 2
    assert main([*COMMAND[:-2], "x" * 300, "scenes"]) == 1
    printed = capsys.readouterr().out
    assert "File name too long" in printed
    assert "1 quarantined" in printed


def test_a_refused_scene_is_tried_again_later(place, meanwhile, monkeypatch, capsys):
    usual = cv.pipeline.batch.scan_scene
    refused: list[Path] = []

    def once(path, *rest):
        if path.stem == "day9" and not refused:
            refused.append(path)
            return ScanResult(SceneOutcome(str(path), SceneStatus.REFUSED, "no luck"))
        return usual(path, *rest)

    monkeypatch.setattr("cv.pipeline.batch.scan_scene", once)
    monkeypatch.setattr("cv.scene.discovery.new_scenes.RETRY_S", 0.0)
    for path in Path("scenes").iterdir():
        os.utime(path, (0, 0))  # all are complete at the first poll
    meanwhile(nothing, nothing, nothing)
    assert main([*COMMAND, "scenes"]) == 130
    assert scenes() == {"day9", "day10", "day12"}
    printed = capsys.readouterr().out
    assert printed.count("no luck") == printed.count("scenes: 1 recorded") == 1


def test_folders_without_permission_are_reported(place, meanwhile, monkeypatch, capsys):
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
    printed = capsys.readouterr().out
    assert "scenes/sub: a folder, which may not be readable" in printed
    assert "2 known, 0 failed, 1 refused" in printed


def test_moving_the_ledger_during_a_poll_ends_the_watch(place, meanwhile, monkeypatch, capsys):
    usual = NewScenes.poll
    polls = []

    def poll(new_scenes):
        polls.append(new_scenes)
        if len(polls) == 3:
            Path("port.db").rename("old.db")
        return usual(new_scenes)

    monkeypatch.setattr(NewScenes, "poll", poll)
    meanwhile(nothing, lambda: copy_scene("day9", "day13"), nothing, nothing)
    assert main([*COMMAND, "scenes"]) == 2
    assert "while it was open" in capsys.readouterr().err


def test_a_file_is_preferred_to_a_link_to_it(place):
    Path("linked").mkdir()
    link = Path("linked/a.tif")
    link.symlink_to("../scenes/day9.tif")
    files = [Path("scenes/day9.tif"), Path("scenes/day10.tif")]
    assert folder_watch.unique_files([link, *files]) == files
    assert folder_watch.unique_files([*files, link, link]) == files
    assert folder_watch.unique_files([link, files[1]]) == [link, files[1]]


@pytest.mark.parametrize("other", ["empty", "nowhere", "broken.json"])
def test_a_place_without_scenes_does_not_affect_others(place, capsys, other):
    Path("empty").mkdir()
    Path("broken.json").write_text('{"type": "Catalog", "stac_version": "1.0.0", "links": 5}')
    assert main([*COMMAND[:-2], other, "scenes"]) == 1
    assert scenes() == {"day9", "day10", "day12"}
    assert f"refused: {other}" in capsys.readouterr().out
    assert main([*COMMAND[:-2], other]) == 2
    assert other in capsys.readouterr().err
