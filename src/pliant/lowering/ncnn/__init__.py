"""Writing an ONNX graph as an ncnn network: .param (text) and .bin (weights, float32).

ncnn has no batch axis and at most four axes. `_network.py` keeps for every value which of its axes the blob has, apart
or merged; the files of the family say how the operators of one group become layers.
"""
