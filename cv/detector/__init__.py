"""The detector: an ONNX network on CPU that finds containers and hulls."""
