"""Damage in image files: checksums, compressed blocks, decoder warnings."""
