"""JSON and XML of unknown origin: accepted within the limits, refused with the given error."""

from __future__ import annotations

from pathlib import Path

import pytest

from cv.errors import SceneError
from cv.io.safe_loading import SafeLoader

LOADER = SafeLoader(error=SceneError, max_bytes=1000, max_depth=5, remedy="Ask again.")
STRICT = SafeLoader(error=SceneError, max_bytes=1000, allow_nan=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.txt"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, {}]}', {"a": [1, {}]}),
        ('"[[[[[[[["', "[[[[[[[["),
        ('["\\"[[[[[[["]', ['"[[[[[[[']),
        ("[[[[[]]]]]", [[[[[]]]]]),
        ("\ufeff[1]", [1]),
        ("Infinity", float("inf")),
    ],
)
def test_json_within_the_limits(path: Path, text: str, value: object) -> None:
    path.write_text(text, encoding="utf-8")
    assert LOADER.read_json(path) == value


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[1] [2]", "not JSON"),
        (b"1" * 900, None),
        (b"[[[[[[1]]]]]]", "nested too deeply; at most 5 levels"),
        (b"[" * 450 + b"]" * 450, "nested too deeply"),
        (b"[" * 900, "not JSON"),
        (b"[" + b"1," * 600 + b"1]", "more than 1000 bytes"),
        (b"\xff\xfe[\x00", "not UTF-8"),
    ],
)
def test_json_beyond_the_limits(path: Path, content: bytes, found: str | None) -> None:
    path.write_bytes(content)
    if found is None:
        assert LOADER.read_json(path) == int(content)
        return
    with pytest.raises(SceneError, match=rf"a\.txt: .*{found}.*Ask again\."):
        LOADER.read_json(path)


@pytest.mark.parametrize("text", ["NaN", "[-Infinity]"])
def test_numbers_that_json_does_not_know(text: str) -> None:
    with pytest.raises(SceneError, match="is not a JSON number"):
        STRICT.parse_json("a.json", text)


def test_an_object_is_asked_for(path: Path) -> None:
    path.write_text("[1]")
    with pytest.raises(SceneError, match="JSON of a list"):
        LOADER.read_json_object(path)


def test_a_missing_file(path: Path) -> None:
    with pytest.raises(SceneError, match="No such file"):
        LOADER.read_json(path)


def test_xml_within_the_limits(path: Path) -> None:
    path.write_text('\ufeff<?xml version="1.0" encoding="cp037"?><a x="1">t<b>é</b></a>', "utf-8")
    root = LOADER.read_xml(path)
    assert (root.tag, root.attrib, root.text, root[0].text) == ("a", {"x": "1"}, "t", "é")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "not XML"),
        ("<a><b></a>", "not XML"),
        ("<a>&unknown;</a>", "not XML"),
        ("<a>" * 6 + "</a>" * 6, "XML nested too deeply; at most 5 levels"),
        ("<!DOCTYPE a><a/>", "DOCTYPE"),
        ('<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>', "DOCTYPE"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "DOCTYPE"),
    ],
)
def test_xml_beyond_the_limits(path: Path, text: str, found: str) -> None:
    path.write_text(text)
    with pytest.raises(SceneError, match=found):
        LOADER.read_xml(path)
