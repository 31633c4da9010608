"""Signatures (magic numbers) at the start of image files."""

from __future__ import annotations

TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
"""TIFF and BigTIFF, in both byte orders."""
PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
IMAGES = (*TIFF, PNG, JPEG)
