"""The Open Inference Protocol: requests and answers of tensors, apart from HTTP."""
