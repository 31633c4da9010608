"""The documentation site is built without a warning, and needs nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.fixtures.documentation import DOCS

pytest.importorskip("sphinx", reason="needs the extra docs")
pytest.importorskip("furo", reason="needs the extra docs")


def test_the_site_is_built_and_works_offline(tmp_path):
    command = ["-m", "sphinx", "--quiet", "--fail-on-warning", str(DOCS), str(tmp_path / "site")]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = sorted((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=\"([^\"]+)\"", text)
        assert not [address for address in loaded if "//" in address], page
    for sheet in (tmp_path / "site" / "_static").rglob("*.css"):
        assert not re.findall(r"url\(['\"]?https?:|@import\s+['\"]?https?:", sheet.read_text())
