"""The renderer of labelled training chips (OpenCV)."""
