"""ONNX files made elsewhere: what they mean, what of it can be made live, and the proof that nothing else changed."""
