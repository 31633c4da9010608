"""Commands that fetch remote scenes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cv.cli import main
from cv.ledger import Ledger
from tests.fixtures import http_servers
from tests.fixtures.http_servers import HERE

server = http_servers.server


@pytest.fixture
def into(tmp_path):
    (tmp_path / "into").mkdir()
    return tmp_path / "into"


def test_a_batch_of_remote_scenes_is_fetched_and_counted(server, place, into, capsys):
    for path in sorted(Path("scenes").iterdir()):
        server.files[f"/{path.name}"] = path.read_bytes()
    shutil.rmtree("scenes")
    urls = [server.url(f"/{name}.tif") for name in ("day9", "day10", "day11", "day9")]
    command = ["monitor", *urls, "--site", "port.geojson", "--ledger", "port.db"]
    allowing = ["--allow", server.entry, *(word for net in HERE for word in ("--allow", net))]
    assert main([*command, *allowing, "--into", str(into)]) == 1
    out = capsys.readouterr().out
    assert "day11.tif: the download failed (HTTP 404" in out
    assert "2 recorded" in out
    assert "1 refused" in out
    with Ledger.open("port.db", readonly=True) as ledger:
        assert {count.scene for count in ledger.counts()} == {"day9", "day10"}
    server.asked.clear()
    assert main([*command[:3], *command[5:], *allowing, "--into", str(into)]) == 0
    assert "2 known" in capsys.readouterr().out
    assert server.asked == []


def test_one_remote_scene_is_fetched_and_counted(server, place, into, capsys):
    server.files["/scene.tif"] = Path("scene.tif").read_bytes()
    allowing = ["--allow", server.entry, *(word for net in HERE for word in ("--allow", net))]
    command = ["count", server.url("/scene.tif"), "--site", "port.geojson", "--json", *allowing]
    assert main([*command, "--into", str(into)]) == 0
    assert json.loads(capsys.readouterr().out)
    assert main(command) == 2
    assert "--into" in capsys.readouterr().err
