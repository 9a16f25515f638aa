"""Which node of a graph is the first whose value departs: from a trusted graph's, or from one engine to another.

Needs the package onnx, which is imported when a function is called.
"""
