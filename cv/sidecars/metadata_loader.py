"""How JSON, XML and text files beside images are read."""

from __future__ import annotations

from cv.errors import SceneError
from cv.io.safe_loading import SafeLoader

METADATA = SafeLoader(error=SceneError, max_bytes=8 * 2**20)
"""Reads the JSON and XML of scenes."""
