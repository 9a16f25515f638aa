"""Whether a model on an engine computes what eager PyTorch computes, on inputs the exporter has not seen."""
