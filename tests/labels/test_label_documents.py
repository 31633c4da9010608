"""Archives and label files that were made to do harm are refused, each for its own reason."""

from __future__ import annotations

import json
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from cv.errors import DatasetError
from cv.labels import coco, cvat, formats, label_documents
from cv.labels.label_documents import LabelDocument, parse_json, parse_xml
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
    """A sound export and the `extra` members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("annotations.xml", GOOD)
        for info, content in extra:
            out.writestr(info, content)
    return path


MEMBERS = [
    (member("../outside.xml"), "x", "leads out of the archive"),
    (member("images/../../x.png"), "x", "leads out of the archive"),
    (member("..\\..\\x.png"), "x", "leads out of the archive"),
    (member("/etc/cron.d/x"), "x", "an absolute path"),
    (member("C:/Windows/x.png"), "x", "an absolute path"),
    (member("\\\\server\\x.png"), "x", "an absolute path"),
    (member("link.xml", stat.S_IFLNK | 0o777), "/etc/passwd", "a link"),
    (member("pipe", stat.S_IFIFO | 0o644), "", "a special file"),
    (member("inner.zip"), "PK", "an archive in the archive"),
    (member("inner.tar.gz"), "x", "an archive in the archive"),
    (member("bomb.xml"), b"\0" * (20 << 20), r"packed \d+ to 1"),
    (member("a.xml", packing=zipfile.ZIP_LZMA), "x", "an unusual packing"),
]


@pytest.mark.parametrize(
    ("info", "content", "text"), MEMBERS, ids=[repr(m[0].filename) for m in MEMBERS]
)
def test_a_member_that_nobody_should_unpack(tmp_path, monkeypatch, info, content, text):
    monkeypatch.chdir(tmp_path)
    path = archive(tmp_path / "export.zip", (info, content))
    before = sorted(tmp_path.parent.rglob("*"))
    with pytest.raises(DatasetError, match=text) as caught:
        formats.read_dataset(path)
    assert caught.value.subject.endswith("export.zip")
    assert caught.value.limit
    assert caught.value.remedy
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_a_sound_archive_is_read_without_unpacking(tmp_path):
    path = archive(tmp_path / "export.zip", (member("images/a.png"), b"\x89PNG"))
    assert [image.name for image in cvat.read(path).images] == ["a.png"]
    assert sorted(tmp_path.iterdir()) == [path]


def test_too_many_members(tmp_path, monkeypatch):
    monkeypatch.setattr(label_documents, "MOST_ENTRIES", 3)
    path = archive(tmp_path / "a.zip", *((member(f"{i}.png"), "x") for i in range(3)))
    with pytest.raises(DatasetError, match="4 members; at most 3 are read"):
        cvat.read(path)


def test_too_many_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(label_documents, "MOST_BYTES", 1000)
    path = archive(tmp_path / "a.zip", (member("a.png"), "x" * 1000))
    with pytest.raises(DatasetError, match="bytes when unpacked; at most 1000 are read"):
        cvat.read(path)


@pytest.mark.parametrize("name", ["a.zip", "annotations.xml"])
def test_a_label_file_that_is_too_large(tmp_path, monkeypatch, name):
    monkeypatch.setattr(label_documents, "LARGEST_TEXT", 100)
    path = tmp_path / name
    if name == "a.zip":
        archive(path)
    else:
        path.write_text(GOOD)
    with pytest.raises(DatasetError, match="a label file has at most 100"):
        cvat.read(path)


def test_two_members_of_one_name(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = archive(tmp_path / "a.zip", (member("annotations.xml"), "other"))
    with pytest.raises(DatasetError, match=r"two members named 'annotations\.xml'"):
        cvat.read(path)


def patched(path: Path, local: int, central: int, value: bytes) -> Path:
    """The archive with `value` written at offsets in the first local and central header."""
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        at = data.index(mark) + offset
        data[at : at + len(value)] = value
    path.write_bytes(bytes(data))
    return path


def test_an_encrypted_member(tmp_path):
    path = patched(archive(tmp_path / "a.zip"), 6, 8, struct.pack("<H", 1))
    with pytest.raises(DatasetError, match="which is encrypted"):
        cvat.read(path)


def test_a_member_that_lies_about_its_size(tmp_path):
    path = patched(archive(tmp_path / "a.zip"), 22, 24, struct.pack("<I", 60))
    with pytest.raises(DatasetError, match="a damaged archive"):
        cvat.read(path)


def test_archives_that_are_cut_or_none(tmp_path):
    whole = archive(tmp_path / "a.zip", (member("big.png"), bytes(range(256)) * 90)).read_bytes()
    for size in (0, 10, 200, len(whole) - 30):
        path = tmp_path / "cut.zip"
        path.write_bytes(whole[:size])
        with pytest.raises(DatasetError, match="a damaged archive"):
            formats.read_dataset(path)


def test_side_files_of_macos_are_not_labels(tmp_path):
    path = archive(tmp_path / "a.zip", (member("__MACOSX/._annotations.xml"), b"\0\xff"))
    assert len(cvat.read(path).images) == 1


def test_other_archives_than_zip(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(DatasetError, match=r"a \.gz archive; of archives only ZIP is read"):
        formats.read_dataset(tmp_path / "a.tar.gz")


def test_an_archive_without_labels(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("a.png", "x")
    with pytest.raises(DatasetError, match="no file that ends in"):
        formats.read_dataset(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (LAUGHS, "a declaration <!DOCTYPE"),
        (FILE_ENTITY, "a declaration <!DOCTYPE"),
        ("<!doctype html><html/>", "a declaration <!doctype"),
        ("<a>" * 500, "nested too deep"),
        ("<annotations>&unknown;</annotations>", "no valid XML"),
        ("<annotations>", "no valid XML"),
        ("", "no valid XML"),
    ],
)
def test_xml_that_was_made_to_do_harm(xml, text):
    with pytest.raises(DatasetError, match=text):
        parse_xml(LabelDocument("a.xml", xml))


def test_a_document_type_cannot_hide_in_another_encoding(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(LAUGHS.replace('"1.0"', '"1.0" encoding="utf-16"').encode("utf-16"))
    with pytest.raises(DatasetError, match="no UTF-8"):
        cvat.read(path)
    declared = '<?xml version="1.0" encoding="utf-7"?><a>+ADwAIQ-DOCTYPE</a>'
    assert parse_xml(LabelDocument("a.xml", declared)).text == "+ADwAIQ-DOCTYPE"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "100000 lists in one another; at most 64"),
        ('{"a":' * 70 + "1" + "}" * 70, "70 lists in one another"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": -Infinity}', "-Infinity is no number"),
        ("1" * 5000, "no valid JSON"),
        ("", "no valid JSON"),
        ("<html>", "no valid JSON"),
    ],
)
def test_json_that_was_made_to_do_harm(text, message):
    with pytest.raises(DatasetError, match=message):
        parse_json(LabelDocument("a.json", text))


def test_brackets_in_texts_are_not_depth():
    text = json.dumps({"a": "[" * 1000 + '"\\' + "{" * 1000})
    assert parse_json(LabelDocument("a.json", text))["a"].startswith("[[[")


@pytest.mark.parametrize("value", ["1e999", "-1e999", "1" + "0" * 400])
def test_numbers_that_overflow(value):
    text = (
        '{"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 1, "name": "hull"}],'
        f'"annotations": [{{"image_id": 1, "category_id": 1, "bbox": [0, 0, {value}, 1]}}]}}'
    )
    with pytest.raises(DatasetError, match="annotation 0: bbox is"):
        coco.parse(LabelDocument("a.json", text))
