"""Remote addresses, and the list of what may be contacted."""

from __future__ import annotations

from pathlib import Path

import pytest

from cv.errors import InputError, SceneError
from cv.remote.allow_list import AllowList
from cv.remote.remote_address import RemoteAddress, is_remote


def test_an_address_is_parsed_and_has_its_own_path(tmp_path):
    address = RemoteAddress.parse("https://Images.Example:8443/2024/a%20b.tif?sig=secret")
    assert (address.scheme, address.host, address.port) == ("https", "images.example", 8443)
    assert address.path == ("2024", "a b.tif")
    assert address.target == "/2024/a%20b.tif?sig=secret"
    assert str(address) == "https://images.example:8443/2024/a b.tif"
    kept = address.within(tmp_path)
    assert (kept.name, kept.parents[1]) == ("a b.tif", tmp_path / "https_images.example_8443/2024")
    other = RemoteAddress.parse("https://Images.Example:8443/2024/a%20b.tif?sig=other")
    assert other.within(tmp_path) != kept
    assert RemoteAddress.parse("https://a.example/ä/b c.tif").target == "/%C3%A4/b%20c.tif"
    assert RemoteAddress.parse("s3://scenes/a b.tif").target == "a b.tif"
    key = RemoteAddress.parse("S3://scenes/rajin/2024.tif")
    assert (key.scheme, key.host, key.target) == ("s3", "scenes", "rajin/2024.tif")
    assert key.within(Path("x")) == Path("x/s3_scenes/rajin/2024.tif")


@pytest.mark.parametrize("text", ["a.tif", "http://a.example/a.tif", "file:///a.tif", None])
def test_paths_and_other_schemes_are_not_remote(text):
    assert not is_remote(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/",
        "https://a.example/a.exe",
        "https://a.example/../a.tif",
        "https://a.example/x/..%2f..%2fa.tif",
        "https://a.example/%2e%2e/a.tif",
        "https://a.example/.hidden.tif",
        "https://a.example//a.tif",
        "https://a.example/a%00.tif",
        "https://a.example/a\\b.tif",
        "https://a.example/a.tif\r\nHost: b",
        "https://a.example/a.tif#b",
        "https://user@a.example/a.tif",
        "https://user:pass@a.example/a.tif",
        "https://a.example:port/a.tif",
        "https://a.example:99999/a.tif",
        "https:///a.tif",
        "https://a_b/a.tif",
        "https://a..example/a.tif",
        "https://-a.example/a.tif",
        "https://a.example:0/a.tif",
        "https://[fe80::1%eth0]/a.tif",
        "https://a.example/a.json",
        "https://a.example/a.xml",
        "https://[::1/a.tif",
        "https://a.exämple/a.tif",
        "https://a.example/a%2Fb.tif",
        "https://a.example/a.tif?\u202e",
        "https://a.example/a.tif?\udcff",
        "https://a.example/\udcff.tif",
        "https://a.example/a.tif?\x9b2J",
        "s3://Bucket_/a.tif",
        "s3://bucket",
        "s3://bucket/a.tif?versionId=1",
        "s3://bucket:1/a.tif",
        "s3://bucket/a%20b.tif",
        "s3://bucket/../other/a.tif",
    ],
)
def test_invalid_addresses_are_refused(text):
    with pytest.raises(SceneError):
        RemoteAddress.parse(text)


def test_different_addresses_have_different_paths(tmp_path):
    addresses = [
        "https://[2001:db8::1]:8443/a.tif",
        "https://[2001:db8::1:8443]/a.tif",
        "https://2001-db8--1/a.tif",
        "https://a.example/a.tif?test",
        "https://a.example/a.tif?test2",
        "https://a.example/query_9f86d081884c7d65/a.tif",
        "https://a.example:8443/a.tif",
        "s3://a.example/a.tif",
    ]
    kept = {RemoteAddress.parse(text).within(tmp_path) for text in addresses}
    assert len(kept) == len(addresses)


def test_an_error_does_not_print_passwords():
    with pytest.raises(SceneError) as caught:
        RemoteAddress.parse("https://user:hunter2@a.example/a.tif?sig=hunter3")
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        (["a.example"], "https://a.example/a.tif"),
        (["A.Example"], "https://a.example:443/a.tif"),
        (["a.example:8443"], "https://a.example:8443/a.tif"),
        (["s3://bucket"], "s3://bucket/a.tif"),
        (["s3://bucket/"], "s3://bucket/a.tif"),
        (["10.1.2.3"], "https://10.1.2.3/a.tif"),
        (["8.8.8.8"], "https://8.8.8.8/a.tif"),
        (["8.8.8.8:8443"], "https://8.8.8.8:8443/a.tif"),
        (["10.1.2.3:8443"], "https://10.1.2.3:8443/a.tif"),
        (["2001:4860::8888"], "https://[2001:4860:0::8888]/a.tif"),
        (["[2001:4860::8888]:8443"], "https://[2001:4860::8888]:8443/a.tif"),
        (["[2001:4860:0::8888]:443"], "https://[2001:4860::8888]/a.tif"),
    ],
)
def test_an_entry_allows_its_own_address(entries, text):
    AllowList.of(entries).check(RemoteAddress.parse(text))


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ([], "https://a.example/a.tif"),
        (["example"], "https://a.example/a.tif"),
        (["a.example"], "https://b.a.example/a.tif"),
        (["a.example"], "https://a.example.evil.test/a.tif"),
        (["a.example"], "https://a.example:8443/a.tif"),
        (["a.example:8443"], "https://a.example/a.tif"),
        (["a.example"], "s3://a.example/a.tif"),
        (["s3://bucket"], "s3://bucket2/a.tif"),
        (["s3://bucket"], "https://bucket/a.tif"),
        (["10.0.0.0/8"], "https://10.1.2.3/a.tif"),
    ],
)
def test_an_entry_allows_nothing_else(entries, text):
    with pytest.raises(SceneError, match="is not allowed"):
        AllowList.of(entries).check(RemoteAddress.parse(text))


@pytest.mark.parametrize(
    "entry",
    [
        *("", "*", "*.example", "https://a.example", "s3://", "a.example/x", "a.example:x", "a b"),
        *("a.example:0", "a.example:99999", "a..example", "-a.example", "s3://*", "s3://bucket/a"),
        *("s3://b", "[::1]", "[::1]:0", "[a.example]:1", "::1:8443:z"),
    ],
)
def test_invalid_entries_are_refused(entry):
    with pytest.raises(InputError, match="--allow"):
        AllowList.of([entry])


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/a.tif",
        "https://a.example:8443/a.tif",
        "https://[2001:4860::8888]/a.tif",
        "https://[2001:4860::8888]:8443/a.tif",
        "https://8.8.8.8:8443/a.tif",
        "s3://bucket/a.tif",
    ],
)
def test_the_entry_suggested_by_the_error_is_sufficient(text):
    address = RemoteAddress.parse(text)
    with pytest.raises(SceneError) as caught:
        AllowList.of([]).check(address)
    AllowList.of([caught.value.remedy.partition("--allow ")[2].rstrip(".")]).check(address)


PRIVATE = (
    "127.0.0.1",
    "127.9.9.9",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001::1",
    "::7f00:1",
    "::ffff:0:127.0.0.1",
    "fec0::1",
    "3fff::1",
    "5f00::1",
    "192.88.99.1",
)


@pytest.mark.parametrize("number", PRIVATE)
def test_a_host_may_not_resolve_to_a_private_address(number):
    address = RemoteAddress.parse("https://a.example/a.tif")
    with pytest.raises(SceneError, match="not public"):
        AllowList.of(["a.example"]).check_resolved(address, number)


@pytest.mark.parametrize("number", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_a_host_may_resolve_to_a_public_address(number):
    AllowList.of(["a.example"]).check_resolved(
        RemoteAddress.parse("https://a.example/a.tif"), number
    )


def test_a_private_network_may_be_allowed():
    allowed = AllowList.of(["a.example", "10.1.0.0/16"])
    address = RemoteAddress.parse("https://a.example/a.tif")
    allowed.check_resolved(address, "10.1.2.3")
    with pytest.raises(SceneError, match="not public"):
        allowed.check_resolved(address, "10.2.0.1")


def test_a_private_address_may_be_allowed_with_its_port():
    for entry in ("10.1.2.3:8443", "[fc00::1]:8443"):
        host = entry.rpartition(":")[0].strip("[]")
        address = RemoteAddress.parse(f"https://{entry}/a.tif")
        AllowList.of([entry]).check_resolved(address, host)
        with pytest.raises(SceneError, match="not public"):
            AllowList.of([entry]).check_resolved(address, "10.1.2.4")
