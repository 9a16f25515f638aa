"""Rewriting an ONNX model for one engine: sizes are computed beforehand, the rest is made legal there."""
