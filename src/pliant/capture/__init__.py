"""What keeps run-time values live while PyTorch traces a model."""
