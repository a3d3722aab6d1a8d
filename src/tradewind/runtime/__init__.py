"""ONNX sessions and tokenisation: how every package encodes without torch."""
