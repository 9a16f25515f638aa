"""The tutorial's script for PyTorch: reads a picture, runs the network, writes the result.

    python tutorial_pytorch.py srcnn.pth face.png face_torch.png

As in the tutorial, but for the weights that ship with pliant: residual, in the range [0, 1] and the order RGB.
"""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

try:
    import cv2  # pyright: ignore[reportMissingImports]
except ImportError:  # the tutorial has it
    cv2 = None

weights, source, destination = sys.argv[1:]


class SuperResolutionNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=9, padding=4)
        self.conv2 = nn.Conv2d(64, 32, kernel_size=1, padding=0)
        self.conv3 = nn.Conv2d(32, 3, kernel_size=5, padding=2)
        self.relu = nn.ReLU()

    def forward(self, x: torch.Tensor, upscale_factor: float) -> torch.Tensor:
        x = F.interpolate(x, scale_factor=upscale_factor, mode="bicubic", align_corners=False)
        out = self.relu(self.conv1(x))
        out = self.relu(self.conv2(out))
        return x + self.conv3(out)


model = SuperResolutionNet()
model.load_state_dict(torch.load(weights))
model.eval()

if cv2:
    pixels = np.asarray(cv2.imread(source))[:, :, ::-1]
else:
    from PIL import Image

    pixels = np.asarray(Image.open(source).convert("RGB"))
image = np.expand_dims(np.transpose(pixels, [2, 0, 1]).astype(np.float32) / 255, 0)

with torch.no_grad():
    result = model(torch.from_numpy(image), 4).numpy()

result = np.clip(np.squeeze(result, 0) * 255 + 0.5, 0, 255)
result = np.transpose(result, [1, 2, 0]).astype(np.uint8)
if cv2:
    cv2.imwrite(destination, result[:, :, ::-1])
else:
    from PIL import Image

    Image.fromarray(result).save(destination)
