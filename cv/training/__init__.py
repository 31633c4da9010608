"""The training wing: rendered chips, training and export.

The only room that imports torch, ultralytics and OpenCV; nothing above it imports it.
"""

from __future__ import annotations
