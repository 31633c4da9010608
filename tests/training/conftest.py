"""A checkpoint that would do harm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fixtures.malicious_pickle import Harm


@dataclass(frozen=True)
class Hostile:
    """Writes hostile files."""

    canary: Path
    # the file that would appear

    def __call__(self, path: Path, legacy: bool = False) -> Path:
        """A checkpoint at `path`, as a ZIP archive or in the older way as a bare pickle."""
        import torch

        record = {"ema": Harm(self.canary), "model": None, "epoch": 1}
        torch.save(record, path, _use_new_zipfile_serialization=not legacy)
        return path


@pytest.fixture
def hostile(tmp_path: Path) -> Hostile:
    return Hostile(tmp_path / "canary")
