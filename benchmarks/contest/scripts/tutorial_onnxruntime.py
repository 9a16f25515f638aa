"""The tutorial's script for ONNX Runtime: reads a picture, runs the graph, writes the result.

    python tutorial_onnxruntime.py graph.onnx face.png face_ort.png

As in the tutorial, but for the range of the weights that ship with pliant, which is [0, 1] in the order RGB.
"""

import sys

import numpy as np
import onnxruntime

try:
    import cv2  # pyright: ignore[reportMissingImports]
except ImportError:  # the tutorial has it
    cv2 = None

graph, source, destination = sys.argv[1:]

if cv2:
    pixels = np.asarray(cv2.imread(source))[:, :, ::-1]
else:
    from PIL import Image

    pixels = np.asarray(Image.open(source).convert("RGB"))
image = np.expand_dims(np.transpose(pixels, [2, 0, 1]).astype(np.float32) / 255, 0)

session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
result = np.asarray(session.run(None, {"image": image})[0])

result = np.clip(np.squeeze(result, 0) * 255 + 0.5, 0, 255)
result = np.transpose(result, [1, 2, 0]).astype(np.uint8)
if cv2:
    cv2.imwrite(destination, result[:, :, ::-1])
else:
    from PIL import Image

    Image.fromarray(result).save(destination)
