"""Places on the command line: paths, and addresses of files here or elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from cv.cli import options


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
def test_what_a_place_is(text, place):
    assert options.place(text) == place


@pytest.mark.parametrize("text", ["file:///%00a.tif", "file://elsewhere/a.tif", "ftp://a/a.tif"])
def test_what_is_none(text):
    with pytest.raises(argparse.ArgumentTypeError):
        options.place(text)
