from __future__ import annotations

import pytest
import torch

from pliant.architectures._luma import Colours, InColours, affine, ycbcr

# red, green and blue of full strength, black and white; from JFIF 1.02 and from MATLAB's documentation of rgb2ycbcr
JPEG = [(76.245, 84.972, 255.5), (149.685, 43.528, 21.235), (29.07, 255.5, 107.265), (0, 128, 128), (255, 128, 128)]
STUDIO = [(81.481, 90.203, 240), (144.553, 53.797, 34.214), (40.966, 240, 109.786), (16, 128, 128), (235, 128, 128)]
CORNERS = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [1, 1, 1]]).T[None, :, None]


@pytest.mark.parametrize(("colours", "expected"), [("full", JPEG), ("studio", STUDIO)])
def test_known_colours(colours: Colours, expected: list[tuple[float, float, float]]) -> None:
    found = affine(*ycbcr(colours))(CORNERS)[0, :, 0].T * 255
    torch.testing.assert_close(found, torch.tensor(expected), atol=1e-3, rtol=0)


@pytest.mark.parametrize("colours", ["full", "studio", "RGB"])
def test_there_and_back_is_nothing(colours: Colours) -> None:
    picture = torch.rand(1, 3, 9, 7)
    with torch.no_grad():
        result = InColours(torch.nn.Identity(), 3, colours)(picture)
    torch.testing.assert_close(result, picture, atol=2e-6, rtol=0)
