"""Engines that run an ONNX file, one per file; the file name is the engine's name."""
