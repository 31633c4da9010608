"""From a training checkpoint to a released ONNX model, in float32 or 8-bit integers."""
