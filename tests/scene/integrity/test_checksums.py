"""Checksums of a delivery: a file that does not match is refused, even if it can be decoded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cv.errors import SceneError
from cv.scene.scene import Scene
from tests.scene.providers.test_stac_item import image, item

KINDS = {"sha1": "1114", "sha256": "1220", "sha512": "1340", "md5": "d50110"}


@pytest.fixture
def path(write_tiff: Any, colours: np.ndarray) -> Path:
    return Path(write_tiff(colours, "scene.tif"))


def digest(path: Path, kind: str) -> str:
    return hashlib.new(kind, path.read_bytes()).hexdigest()


def damage(path: Path) -> None:
    """Change a pixel unnoticeably: the file is stored without compression."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("kind", KINDS)
def test_a_digest_beside_the_file(path: Path, kind: str) -> None:
    beside = path.with_name(f"scene.tif.{kind}")
    beside.write_text(f"{digest(path, kind).upper()}  scene.tif\n")
    with Scene.open(path):
        pass
    damage(path)
    with pytest.raises(SceneError, match=f"its {kind} is .* provider says"):
        Scene.open(path)


@pytest.mark.parametrize("text", ["", "abc", "x" * 64, "0" * 63])
def test_an_invalid_digest_file(path: Path, text: str) -> None:
    path.with_name("scene.tif.sha256").write_text(text)
    with pytest.raises(SceneError, match=r"scene\.tif\.sha256.*64 hexadecimal digits"):
        Scene.open(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", ["file:checksum", "checksum:multihash"])
def test_a_checksum_of_an_item(path: Path, kind: str, field: str) -> None:
    said = {field: KINDS[kind] + digest(path, kind)}
    document = path.with_name("item.json")
    document.write_text(json.dumps(item({"visual": image("scene.tif", **said)})))
    with Scene.open(document):
        pass
    damage(path)
    with pytest.raises(SceneError, match=f"its {kind} is .* provider says"):
        Scene.open(document)


@pytest.mark.parametrize("text", ["", "1220", "1220" + "0" * 63, "1b20" + "0" * 64, 5, ["1220"]])
def test_a_checksum_of_another_kind(path: Path, text: object) -> None:
    document = path.with_name("item.json")
    said = {"file:checksum": text}
    document.write_text(json.dumps(item({"visual": image("scene.tif", **said)})))
    if not text:
        Scene.open(document).close()
        return
    with pytest.raises(SceneError, match="a multihash of sha1, sha256, sha512 or md5"):
        Scene.open(document)
