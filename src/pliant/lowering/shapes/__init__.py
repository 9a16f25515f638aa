"""The shape of every value as arithmetic on the shapes of the inputs: one group of operators per file.

A graph asks for the shape of a feature map to compute a size. That question is answered here without computing the map,
so that the size can be computed before the network runs. Source of the formulas: the operator specifications of ONNX.
"""
