"""Scenes over HTTPS and from S3: whole, from where they were asked for, or not at all."""

from __future__ import annotations

import builtins
import errno
import os
import socket
import time
from pathlib import Path

import pytest

from cv.errors import InputError, SceneError
from cv.scene.remote import download, https
from cv.scene.remote.allow_list import AllowList
from cv.scene.remote.download import download_scene
from tests.fixtures import http_servers
from tests.fixtures.http_servers import CONTENT, HERE, Server, running

server = http_servers.server


@pytest.fixture
def into(tmp_path):
    (tmp_path / "into").mkdir()
    return tmp_path / "into"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_scene_comes_whole_and_once(server, into):
    allowed = AllowList.of([server.entry, *HERE])
    first = download_scene(server.url("/a/b.tif"), allowed, into)
    assert first.read_bytes() == CONTENT
    assert first == into / f"https_localhost_{server.port}" / "a" / "b.tif"
    assert download_scene(server.url("/a/b.tif"), allowed, into) == first
    assert server.asked == ["/a/b.tif"]


def test_a_query_is_sent_and_not_told(server, into):
    allowed = AllowList.of([server.entry, *HERE])
    server.files["/a/b.tif?key=hunter2"] = CONTENT
    path = download_scene(server.url("/a/b.tif?key=hunter2"), allowed, into)
    assert path.name == "b.tif"
    with pytest.raises(SceneError) as told:
        download_scene(server.url("/a/c.tif?key=hunter2"), allowed, into)
    assert "hunter2" not in str(told.value)
    assert "404" in str(told.value)


@pytest.mark.parametrize(
    ("path", "entries", "said"),
    [
        ("/moved/a.tif", HERE, "leads elsewhere"),
        ("/missing.tif", HERE, "HTTP 404"),
        ("/a/b.tif", (), "not public"),
        ("/a/b.tif", ("::1/128",), "not public"),
    ],
)
def test_answers_that_are_refused(server, into, path, entries, said):
    with pytest.raises(SceneError, match=said):
        download_scene(server.url(path), AllowList.of([server.entry, *entries]), into)
    assert list(into.iterdir()) == []
    assert server.asked == ([path] if entries == HERE else [])


def test_a_place_that_is_taken(server, into):
    (into / f"https_localhost_{server.port}").write_text("a file")
    with pytest.raises(SceneError, match="cannot be kept"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)


def test_what_is_not_allowed_is_not_even_looked_up(server, into, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    for url in (server.url("/a/b.tif"), "HTTPS://127.0.0.1/a.tif", "s3://bucket/a.tif"):
        with pytest.raises(SceneError, match="is not allowed"):
            download_scene(url, AllowList.of(["other.example", "s3://other"]), into)
    assert server.asked == []


def test_a_name_that_leads_to_two_addresses_needs_both_allowed(server, into, monkeypatch):
    def both(host: str, port: int, **_: object) -> list[object]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (number, port)) for number in ("127.0.0.1", "169.254.169.254")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(SceneError, match=r"169\.254\.169\.254"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert server.asked == []


def test_a_certificate_of_somebody_else(server, into, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(SceneError, match="certificate"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    monkeypatch.setenv("SSL_CERT_FILE", str(into.parent / "ca.pem"))
    other = f"127.0.0.1:{server.port}"
    with pytest.raises(SceneError, match="certificate"):  # it is the host's, not the address's
        download_scene(f"https://{other}/a/b.tif", AllowList.of([other, *HERE]), into)
    assert server.asked == []
    assert files_in(into) == []


def test_a_proxy_of_the_environment_is_not_asked(server, into, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)


def test_a_connection_that_breaks_leaves_nothing(server, into):
    server.promised = 10
    with pytest.raises(SceneError, match=r"did not come|bytes came"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert files_in(into) == []


def test_a_length_that_is_told_twice(server, into):
    server.lengths = ("10",)
    with pytest.raises(SceneError, match="several lengths"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert files_in(into) == []


def test_a_file_that_is_too_large_leaves_nothing(server, into, monkeypatch):
    monkeypatch.setattr(download, "MOST_BYTES", 1000)
    with pytest.raises(SceneError, match="1 to 1000 bytes"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert files_in(into) == []


def test_an_empty_file_is_none(server, into):
    server.files["/a/b.tif"] = b""
    with pytest.raises(SceneError, match="0 of 0 bytes"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)


def test_a_folder_is_needed(server, into):
    allowed = AllowList.of([server.entry, *HERE])
    with pytest.raises(InputError, match=r"no such folder.*mkdir"):
        download_scene(server.url("/a/b.tif"), allowed, into / "missing")
    (into / "file").touch()
    with pytest.raises(InputError, match=r"a file; .* Name another"):
        download_scene(server.url("/a/b.tif"), allowed, into / "file")


@pytest.mark.parametrize("content", [b"<!DOCTYPE html><p>Sign in", b"II*", b"{}", b"PK\3\4"])
def test_what_is_no_image_is_not_kept(server, into, content):
    server.files["/a/b.tif"] = content
    with pytest.raises(SceneError, match="no image came"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert files_in(into) == []


def test_a_disk_that_fails_is_not_the_servers_fault(server, into, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SceneError, match=r"cannot be kept.*No space left") as told:
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert "did not come" not in str(told.value)
    assert files_in(into) == []


def test_what_a_killed_run_left_is_swept_after_a_day(server, into):
    kept = into / f"https_localhost_{server.port}" / "a"
    for name in (".b.tif.0123456789ab.tmp", ".b.tif.ba9876543210.tmp", ".c.tif.0123456789ab.tmp"):
        (kept / name).mkdir(parents=True)
        (kept / name / "b.tif").write_bytes(CONTENT[:100])
    yesterday = time.time() - 90_000
    for name in (".b.tif.0123456789ab.tmp", ".c.tif.0123456789ab.tmp"):
        for path in (kept / name / "b.tif", kept / name):
            os.utime(path, (yesterday, yesterday))
    download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    left = {path.name for path in kept.iterdir()}
    assert left == {"b.tif", ".b.tif.ba9876543210.tmp", ".c.tif.0123456789ab.tmp"}


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 \x1b[31mOK\r\n"]
)
def test_an_answer_that_never_begins_is_given_up(server, into, monkeypatch, answer):
    monkeypatch.setattr(https, "PATIENCE_S", 1.0)
    server.endless = answer
    with pytest.raises(SceneError, match="did not come") as told:
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert str(told.value).isprintable()
    assert files_in(into) == []


def test_a_name_that_no_disk_takes(server, into):
    host = ".".join(["a" * 60] * 4)
    with pytest.raises(SceneError, match="cannot be kept"):
        download_scene(f"https://{host}.example/a.tif", AllowList.of([f"{host}.example"]), into)


def test_a_file_that_drips_is_given_up(server, into, monkeypatch):
    monkeypatch.setattr("cv.scene.remote.stream.PATIENCE_S", 0.5)
    server.drips = True
    with pytest.raises(SceneError, match="1000 bytes a second"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert files_in(into) == []


def test_what_a_server_says_is_printed_plainly(server, into):
    server.reason = "\x1b[31mRED"
    with pytest.raises(SceneError, match="HTTP 404") as told:
        download_scene(server.url("/missing.tif"), AllowList.of([server.entry, *HERE]), into)
    assert str(told.value).isprintable()


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """What speaks like S3, without TLS on the loopback, as its endpoint says."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for one in running(Server(files={"/scenes/rajin/b.tif": CONTENT}), None):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{one.port}")
        yield one


@pytest.mark.parametrize("key", ["", "hunter2"])
def test_a_scene_from_a_bucket(bucket, into, monkeypatch, key):
    if key:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "user")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key)
    path = download_scene("s3://scenes/rajin/b.tif", AllowList.of(["s3://scenes"]), into)
    assert path.read_bytes() == CONTENT
    assert path == into / "s3_scenes" / "rajin" / "b.tif"
    assert [one.partition("?")[0] for one in bucket.asked] == ["/scenes/rajin/b.tif"]


def test_what_a_bucket_does_not_have(bucket, into):
    with pytest.raises(SceneError, match="did not come"):
        download_scene("s3://scenes/missing.tif", AllowList.of(["s3://scenes"]), into)
    assert files_in(into) == []


def test_a_bucket_needs_botocore(into, monkeypatch):
    usual = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.startswith("botocore"):
            raise ImportError(name)
        return usual(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pierwatch\[s3\]"):
        download_scene("s3://scenes/b.tif", AllowList.of(["s3://scenes"]), into)


@pytest.mark.parametrize("endpoint", ["garbage", "http://", "http://127.0.0.1:99999", "ftp://a"])
def test_an_endpoint_that_is_none(bucket, into, monkeypatch, endpoint):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    with pytest.raises(SceneError, match="did not come"):
        download_scene("s3://scenes/rajin/b.tif", AllowList.of(["s3://scenes"]), into)
    assert bucket.asked == []
