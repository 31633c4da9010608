"""Places on the command line: paths, and addresses of local or remote files."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from cv.cli import main, options


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a/b.tif", Path("a/b.tif")),
        ("file:///a%20b.tif", Path("/a b.tif")),
        ("FILE://localhost/a.tif", Path("/a.tif")),
        ("https://a.example/a.tif", "https://a.example/a.tif"),
        ("s3://bucket/a.tif", "s3://bucket/a.tif"),
    ],
)
def test_paths_and_addresses_are_parsed(text, place):
    assert options.scene_location(text) == place


@pytest.mark.parametrize("text", ["file:///%00a.tif", "file://elsewhere/a.tif", "ftp://a/a.tif"])
def test_other_addresses_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        options.scene_location(text)


def test_a_hint_is_printed_for_a_refused_scene_that_was_fetched(place, monkeypatch, capsys):
    kept = Path("scenes/https_a.example/a.tif")
    kept.parent.mkdir()
    for path in (kept, Path("scenes/bad.tif")):
        path.write_bytes(b"II*\0 truncated")
    monkeypatch.setattr(options, "local_path", lambda *_: kept)
    common = ["--site", "port.geojson", "--ledger", "port.db", "--into", "scenes"]
    hint = "it was fetched: remove the file"
    assert main(["monitor", "scenes/bad.tif", *common]) == 2
    assert hint not in capsys.readouterr().out
    assert main(["monitor", "https://a.example/a.tif", "--allow", "a.example", *common]) == 2
    assert capsys.readouterr().out.count(hint) == 1
