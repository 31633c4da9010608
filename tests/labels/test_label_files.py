"""Malicious archives and label files are refused, each for its own reason."""

from __future__ import annotations

import json
import stat
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cv.errors import DatasetError
from cv.labels import coco, label_files, label_formats
from cv.labels.label_files import LabelText, parse_json, parse_xml
from tests.fixtures.label_files import cvat_xml

GOOD = cvat_xml("a.png", (9, 9), [])
LAUGHS = (
    '<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>\n<annotations><version>1.1</version><name>&i;</name></annotations>"
)  # fmt: skip
FILE_ENTITY = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotations>&x;</annotations>'


def member(name: str, mode: int = 0, packing: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = packing
    return info


def archive(path: Path, *extra: tuple[zipfile.ZipInfo, str | bytes]) -> Path:
    """Write a valid export with the `extra` members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("annotations.xml", GOOD)
        for info, content in extra:
            out.writestr(info, content)
    return path


@pytest.mark.parametrize(
    "name",
    ["../a.xml", "x/../../a.xml", "..\\..\\a.xml", "/etc/a.xml", "C:/a.xml", "\\\\host\\a.xml"],
)
def test_label_file_that_leads_out_of_its_archive_is_refused(tmp_path, name):
    path = archive(tmp_path / "export.zip", (member(name), GOOD))
    with pytest.raises(DatasetError, match="a path inside its folder is needed") as caught:
        label_formats.read_dataset(path)
    assert caught.value.subject == str(path)


def test_link_in_an_archive_is_not_followed(tmp_path):
    secret = tmp_path / "secret.xml"
    secret.write_text(GOOD)
    link = member("link.xml", stat.S_IFLNK | 0o777)
    with pytest.raises(DatasetError, match=r"link\.xml: not XML"):
        label_formats.read_dataset(archive(tmp_path / "export.zip", (link, str(secret))))


def test_members_that_are_no_label_files_are_not_read(tmp_path):
    names = ("../outside.png", "/etc/cron.d/x", "inner.zip", "inner.tar.gz")
    extra = [(member(name), b"\0" * (20 << 20)) for name in names]
    path = archive(tmp_path / "export.zip", *extra)
    before = sorted(tmp_path.parent.rglob("*"))
    assert [image.name for image in label_formats.read_dataset(path).images] == ["a.png"]
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_archive_is_read_without_unpacking(tmp_path):
    path = archive(tmp_path / "export.zip", (member("images/a.png"), b"\x89PNG"))
    assert [image.name for image in label_formats.read_dataset(path).images] == ["a.png"]
    assert sorted(tmp_path.iterdir()) == [path]


def test_too_many_unpacked_bytes_of_labels_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(label_files, "MAX_UNPACKED_BYTES", len(GOOD) + 1000)
    image = (member("a.png"), "x" * 5000)
    assert len(label_formats.read_dataset(archive(tmp_path / "a.zip", image)).images) == 1
    path = archive(tmp_path / "b.zip", (member("b.xml"), " " * 1001))
    with pytest.raises(DatasetError, match=f"bytes of labels; at most {len(GOOD) + 1000} are read"):
        label_formats.read_dataset(path)


@pytest.mark.parametrize("name", ["a.zip", "annotations.xml"])
def test_too_large_label_file_is_refused(tmp_path, monkeypatch, name):
    small = replace(label_files.LOADER, max_bytes=100)
    monkeypatch.setattr(label_files, "LOADER", small)
    path = tmp_path / name
    if name == "a.zip":
        archive(path)
    else:
        path.write_text(GOOD)
    with pytest.raises(DatasetError, match="more than 100 bytes; at most 100 bytes are read"):
        label_formats.read_dataset(path)


def patched(path: Path, local: int, central: int, value: bytes) -> Path:
    """Write `value` at offsets in the first local and central header of an archive."""
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        at = data.index(mark) + offset
        data[at : at + len(value)] = value
    path.write_bytes(bytes(data))
    return path


def test_encrypted_member_is_refused(tmp_path):
    path = patched(archive(tmp_path / "a.zip"), 6, 8, struct.pack("<H", 1))
    with pytest.raises(DatasetError, match="is encrypted"):
        label_formats.read_dataset(path)


def test_member_with_a_wrong_size_is_refused(tmp_path):
    path = patched(archive(tmp_path / "a.zip"), 22, 24, struct.pack("<I", 60))
    with pytest.raises(DatasetError, match="an archive that cannot be read"):
        label_formats.read_dataset(path)


def test_truncated_or_invalid_archive_is_refused(tmp_path):
    whole = archive(tmp_path / "a.zip", (member("big.png"), bytes(range(256)) * 90)).read_bytes()
    for size in (0, 10, 200, len(whole) - 30):
        path = tmp_path / "cut.zip"
        path.write_bytes(whole[:size])
        with pytest.raises(DatasetError, match="an archive that cannot be read"):
            label_formats.read_dataset(path)


def test_side_files_of_macos_are_not_labels(tmp_path):
    path = archive(tmp_path / "a.zip", (member("__MACOSX/._annotations.xml"), b"\0\xff"))
    assert len(label_formats.read_dataset(path).images) == 1


def test_archives_other_than_zip_are_refused(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(DatasetError, match=r"a \.gz archive; of archives only ZIP is read"):
        label_formats.read_dataset(tmp_path / "a.tar.gz")


def test_archive_without_labels_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("a.png", "x")
    with pytest.raises(DatasetError, match="no file that ends in"):
        label_formats.read_dataset(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (LAUGHS, "XML with a DOCTYPE"),
        (FILE_ENTITY, "XML with a DOCTYPE"),
        ("<!doctype html><html/>", "not XML"),
        ("<a>" * 500 + "</a>" * 500, "XML nested too deeply"),
        ("<annotations>&unknown;</annotations>", "not XML"),
        ("<annotations>", "not XML"),
        ("", "not XML"),
    ],
)
def test_malicious_or_broken_xml_is_refused(xml, text):
    with pytest.raises(DatasetError, match=text):
        parse_xml(LabelText("a.xml", xml))


def test_document_type_cannot_be_hidden_in_another_encoding(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(LAUGHS.replace('"1.0"', '"1.0" encoding="utf-16"').encode("utf-16"))
    with pytest.raises(DatasetError, match="not UTF-8"):
        label_formats.read_dataset(path)
    declared = '<?xml version="1.0" encoding="utf-7"?><a>+ADwAIQ-DOCTYPE</a>'
    assert parse_xml(LabelText("a.xml", declared)).text == "+ADwAIQ-DOCTYPE"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "JSON nested too deeply; at most 64"),
        ('{"a":' * 70 + "1" + "}" * 70, "JSON nested too deeply"),
        ('{"a": NaN}', "NaN is not a JSON number"),
        ('{"a": -Infinity}', "-Infinity is not a JSON number"),
        ("1" * 5000, "not JSON"),
        ("", "not JSON"),
        ("<html>", "not JSON"),
    ],
)
def test_malicious_or_broken_json_is_refused(text, message):
    with pytest.raises(DatasetError, match=message):
        parse_json(LabelText("a.json", text))


def test_brackets_in_texts_do_not_count_as_depth():
    text = json.dumps({"a": "[" * 1000 + '"\\' + "{" * 1000})
    assert parse_json(LabelText("a.json", text))["a"].startswith("[[[")


@pytest.mark.parametrize("value", ["1e999", "-1e999", "1" + "0" * 400])
def test_infinite_and_overflowing_numbers_are_refused(value):
    text = (
        '{"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "hull"}],'
        f'"annotations": [{{"image_id": 1, "category_id": 1, "bbox": [0, 0, {value}, 1]}}]}}'
    )
    with pytest.raises(DatasetError, match="annotation 0: bbox is"):
        coco.parse(LabelText("a.json", text))
