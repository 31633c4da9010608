"""Fine-tuning of networks; the only room besides `export` that imports torch and ultralytics."""

from __future__ import annotations
