"""Places on the command line: paths, and addresses of local or remote files."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from cv.cli import argument_types


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
    assert argument_types.scene_location(text) == place


@pytest.mark.parametrize("text", ["file:///%00a.tif", "file://elsewhere/a.tif", "ftp://a/a.tif"])
def test_other_addresses_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        argument_types.scene_location(text)
