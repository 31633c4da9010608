"""The libraries that can run a network on CPU: ONNX Runtime and OpenVINO."""
