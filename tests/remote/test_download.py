"""Downloads over HTTPS and from S3: complete and from an allowed source, or not at all."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from botocore.session import Session

from cv.errors import InputError, SceneError
from cv.remote import download, https
from cv.remote.allow_list import AllowList
from cv.remote.download import download_scene
from tests.fixtures import http_servers
from tests.fixtures.http_servers import CONTENT, HERE, Server, running

server = http_servers.server


@pytest.fixture
def into(tmp_path):
    (tmp_path / "into").mkdir()
    return tmp_path / "into"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_scene_is_downloaded_whole_and_only_once(server, into):
    allowed = AllowList.of([server.entry, *HERE])
    first = download_scene(server.url("/a/b.tif"), allowed, into)
    assert first.read_bytes() == CONTENT
    assert first == into / f"https_localhost_{server.port}" / "a" / "b.tif"
    assert download_scene(server.url("/a/b.tif"), allowed, into) == first
    assert server.asked == ["/a/b.tif"]


def test_a_query_is_sent_but_not_printed(server, into):
    allowed = AllowList.of([server.entry, *HERE])
    server.files["/a/b.tif?key=hunter2"] = CONTENT
    path = download_scene(server.url("/a/b.tif?key=hunter2"), allowed, into)
    assert path.name == "b.tif"
    with pytest.raises(SceneError) as caught:
        download_scene(server.url("/a/c.tif?key=hunter2"), allowed, into)
    assert "hunter2" not in str(caught.value)
    assert "404" in str(caught.value)


@pytest.mark.parametrize(
    ("path", "entries", "message"),
    [
        ("/moved/a.tif", HERE, "leads elsewhere"),
        ("/missing.tif", HERE, "HTTP 404"),
        ("/a/b.tif", (), "not public"),
        ("/a/b.tif", ("::1/128",), "not public"),
    ],
)
def test_redirects_errors_and_private_addresses_are_refused(server, into, path, entries, message):
    with pytest.raises(SceneError, match=message):
        download_scene(server.url(path), AllowList.of([server.entry, *entries]), into)
    assert list(into.iterdir()) == []
    assert server.asked == ([path] if entries == HERE else [])


def test_a_file_in_place_of_a_folder_is_reported(server, into):
    (into / f"https_localhost_{server.port}").write_text("a file")
    with pytest.raises(SceneError, match="cannot be kept"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)


def test_a_host_that_is_not_allowed_is_not_even_resolved(server, into, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    for url in (server.url("/a/b.tif"), "HTTPS://127.0.0.1/a.tif", "s3://bucket/a.tif"):
        with pytest.raises(SceneError, match="is not allowed"):
            download_scene(url, AllowList.of(["other.example", "s3://other"]), into)
    assert server.asked == []


def test_every_address_of_a_host_must_be_allowed(server, into, monkeypatch):
    def both(host: str, port: int, **_: object) -> list[object]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (number, port)) for number in ("127.0.0.1", "169.254.169.254")]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(SceneError, match=r"169\.254\.169\.254"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert server.asked == []


def test_the_certificate_must_be_trusted_and_issued_for_the_host(server, into, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(SceneError, match="certificate"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    monkeypatch.setenv("SSL_CERT_FILE", str(into.parent / "ca.pem"))
    other = f"127.0.0.1:{server.port}"
    with pytest.raises(SceneError, match="certificate"):  # issued for localhost, not for 127.0.0.1
        download_scene(f"https://{other}/a/b.tif", AllowList.of([other, *HERE]), into)
    assert server.asked == []
    assert files_in(into) == []


def test_proxies_of_the_environment_are_not_used(server, into, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)


def test_a_broken_connection_leaves_no_file(server, into):
    server.promised = 10
    with pytest.raises(SceneError, match=r"download failed|bytes were received"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert files_in(into) == []


def test_two_different_lengths_are_an_error(server, into):
    server.lengths = ("10",)
    with pytest.raises(SceneError, match="Content-Length"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert files_in(into) == []


def test_a_file_that_is_too_large_is_not_kept(server, into, monkeypatch):
    monkeypatch.setattr(download, "MAX_BYTES", 1000)
    with pytest.raises(SceneError, match="1 to 1000 bytes"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert files_in(into) == []


def test_an_empty_file_is_an_error(server, into):
    server.files["/a/b.tif"] = b""
    with pytest.raises(SceneError, match="0 of 0 bytes"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)


def test_the_folder_must_exist(server, into):
    allowed = AllowList.of([server.entry, *HERE])
    with pytest.raises(InputError, match=r"no such folder.*mkdir"):
        download_scene(server.url("/a/b.tif"), allowed, into / "missing")
    (into / "file").touch()
    with pytest.raises(InputError, match=r"a file; .* name another"):
        download_scene(server.url("/a/b.tif"), allowed, into / "file")


@pytest.mark.parametrize("content", [b"<!DOCTYPE html><p>Sign in", b"II*", b"{}", b"PK\3\4"])
def test_a_file_that_is_not_an_image_is_not_kept(server, into, content):
    server.files["/a/b.tif"] = content
    with pytest.raises(SceneError, match="not an image"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert files_in(into) == []


def test_an_error_of_the_disk_is_not_reported_as_one_of_the_server(server, into, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SceneError, match=r"cannot be kept.*No space left") as caught:
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert "download failed" not in str(caught.value)
    assert files_in(into) == []


def test_a_silent_server_is_given_up(server, into, monkeypatch):
    monkeypatch.setattr(https, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        entry = f"localhost:{silent.getsockname()[1]}"
        with pytest.raises(SceneError, match=r"download failed \(.*timed out"):
            download_scene(f"https://{entry}/a.tif", AllowList.of([entry, *HERE]), into)
    assert files_in(into) == []


def test_a_file_that_ends_with_its_connection_is_refused(server, into):
    server.unannounced = True
    with pytest.raises(SceneError, match="does not announce where the file ends"):
        download_scene(server.url("/a/b.tif"), AllowList.of([server.entry, *HERE]), into)
    assert files_in(into) == []


@pytest.mark.parametrize("complete", [True, False])
def test_a_file_sent_in_chunks_is_whole_or_an_error(server, into, complete):
    server.chunked, server.cut = True, not complete
    url, allowed = server.url("/a/b.tif"), AllowList.of([server.entry, *HERE])
    if complete:
        assert download_scene(url, allowed, into).read_bytes() == CONTENT
    else:
        with pytest.raises(SceneError, match="download failed"):
            download_scene(url, allowed, into)
        assert files_in(into) == []


def test_the_next_address_of_a_host_is_tried(server, into, monkeypatch):
    monkeypatch.setattr(https, "_resolve", lambda *_: ["127.0.0.7", "127.0.0.1"])
    allowed = AllowList.of([server.entry, *HERE])
    assert download_scene(server.url("/a/b.tif"), allowed, into).read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["é" * 150, "/".join(["a" * 190] * 30)])
def test_a_name_too_long_for_the_disk_is_reported(server, into, name):
    server.files[quote(f"/{name}.tif")] = CONTENT
    with pytest.raises(SceneError, match="cannot be kept"):
        download_scene(server.url(f"/{name}.tif"), AllowList.of([server.entry, *HERE]), into)
    assert files_in(into) == []


def test_control_characters_of_a_server_are_not_printed(server, into):
    server.reason = "\x1b[31mRED"
    with pytest.raises(SceneError, match="HTTP 404") as caught:
        download_scene(server.url("/missing.tif"), AllowList.of([server.entry, *HERE]), into)
    assert str(caught.value).isprintable()


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """A server in place of S3 on the loopback, without TLS, set as the endpoint."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for one in running(Server(files={"/scenes/rajin/b.tif": CONTENT}), None):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{one.port}")
        yield one


@pytest.mark.parametrize("key", ["", "hunter2"])
def test_a_scene_is_downloaded_from_a_bucket(bucket, into, monkeypatch, key):
    if key:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "user")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key)
    path = download_scene("s3://scenes/rajin/b.tif", AllowList.of(["s3://scenes"]), into)
    assert path.read_bytes() == CONTENT
    assert path == into / "s3_scenes" / "rajin" / "b.tif"
    assert [one.partition("?")[0] for one in bucket.asked] == ["/scenes/rajin/b.tif"]


def test_a_missing_key_is_an_error(bucket, into):
    with pytest.raises(SceneError, match="download failed"):
        download_scene("s3://scenes/missing.tif", AllowList.of(["s3://scenes"]), into)
    assert files_in(into) == []


@pytest.mark.parametrize(
    ("package", "url"), [("httpcore", "https://a.example/b.tif"), ("botocore", "s3://scenes/b.tif")]
)
def test_a_missing_package_is_reported(into, monkeypatch, package, url):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=rf"{package} is not installed.*pierwatch\[remote\]"):
        download_scene(url, AllowList.of(["a.example", "s3://scenes"]), into)


def test_credentials_come_only_from_environment_and_files(bucket, into, monkeypatch):
    providers: list[str] = []
    usual = Session.create_client

    def create_client(session, *args, **kwargs):
        providers.extend(p.METHOD for p in session.get_component("credential_provider").providers)
        return usual(session, *args, **kwargs)

    monkeypatch.setattr(Session, "create_client", create_client)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{bucket.port}/keys")
    download_scene("s3://scenes/rajin/b.tif", AllowList.of(["s3://scenes"]), into)
    local = {"env", "shared-credentials-file", "custom-process", "config-file"}
    assert set(providers) <= local | {"ec2-credentials-file", "boto-config"}
    assert "/keys" not in bucket.asked


@pytest.mark.parametrize("endpoint", ["garbage", "http://", "http://127.0.0.1:99999", "ftp://a"])
def test_an_invalid_endpoint_is_an_error(bucket, into, monkeypatch, endpoint):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    with pytest.raises(SceneError, match="download failed"):
        download_scene("s3://scenes/rajin/b.tif", AllowList.of(["s3://scenes"]), into)
    assert bucket.asked == []
