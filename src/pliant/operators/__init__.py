"""One operator per file: the PyTorch reference, its shape, and its ONNX body; each declares `OPERATOR`."""
