"""Digests against the published test vectors of SHA-256 and MD5."""

from __future__ import annotations

from pathlib import Path

import pytest

from cv.io.hashing import file_digest, files_digest, sha256

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""FIPS 180-2, appendix B.1: "abc"."""


def test_of_texts_and_bytes() -> None:
    assert sha256("abc") == sha256(b"abc") == sha256("a", b"bc") == ABC


def test_of_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"ab")
    (tmp_path / "b").write_bytes(b"c")
    assert files_digest([tmp_path / "a", tmp_path / "b"]) == ABC
    (tmp_path / "b").write_bytes(b"abc")
    assert file_digest(tmp_path / "b") == ABC
    assert file_digest(tmp_path / "b", "md5") == "900150983cd24fb0d6963f7d28e17f72"  # RFC 1321
    with pytest.raises(OSError, match="No such file"):
        file_digest(tmp_path / "missing")
