from __future__ import annotations

import ast

import pytest
import torch
from torch import Tensor, nn

from pliant.capture.simpler import simpler
from tests.live import exported, kinds


class UntilTheEnd(nn.Module):
    """Pieces of a row until none is left."""

    def forward(self, x: Tensor, factor: float, step: int) -> Tensor:
        n, c, h, w = x.shape
        row = torch.ones(n, c, int(h * factor) * w) * x.mean()
        pieces, at = [], 0
        while True:
            piece = row[:, :, at : at + step]
            if piece.shape[2] == 0:
                break
            pieces.append(piece + at)
            at += step
        return torch.cat(pieces, 2)


def test_a_loop_that_is_left_amid_its_body() -> None:
    cases = [(torch.rand(1, 2, h, w), f, step) for h, w, f, step in ((1, 1, 1.0, 5), (4, 5, 2.5, 7), (5, 7, 1.3, 42))]
    model = exported(UntilTheEnd(), (torch.rand(1, 2, 6, 8), 1.5, 10), cases)
    assert kinds(model).count("Loop") == 1


def run(source: str) -> list[int]:
    """What a piece of source has put into `said`."""
    said: list[int] = []
    exec(compile(source, "<source>", "exec"), {"said": said})
    return said


def simplified(source: str) -> str:
    return ast.unparse(ast.fix_missing_locations(simpler(ast.parse(source))))


@pytest.mark.parametrize(
    "source",
    [
        "k = 0\nwhile True:\n if k > 3: break\n said.append(k)\n k += 1",
        "k = 0\nwhile 1:\n k += 2\n if k > 7: break\n said.append(k)\nsaid.append(k)",
        "k = 0\nwhile True:\n k += 1\n if k > 7: break\n said.append(k)\n if k == 3: break\n said.append(-k)",
        "k = 0\nwhile True:\n k += 1\n if k > 3: break\n for j in range(9):\n  if j > 2: break\n  if j: continue\n"
        "  said.append(j)",
        "k = 0\nwhile True:\n for j in range(9):\n  if j > k: break\n  k += 2\n if k > 30: break\n said.append(k)\n"
        " k += j",
        "k = 0\nwhile True:\n while True:\n  k += 1\n  if k % 5 == 0: break\n  said.append(k)\n if k > 20: break\n"
        " said.append(-k)",
    ],
)
def test_a_condition_of_its_own(source: str) -> None:
    found = simplified(source)
    assert "while not" in found
    assert run(found) == run(source)
    assert run(source)


@pytest.mark.parametrize(
    "source",
    [
        "k = 0\nwhile True:\n k += 1\n if k > 7: break\n if k == 3: continue\n said.append(k)",
        "k = 0\nwhile True:\n k += 1\n if k == 3: continue\n if k > 7: break\n said.append(k)",
        "k = 0\nwhile True:\n k += 1\n said.append(k)\n if k > 7: break",
        "k = 0\nwhile k < 9:\n k += 1\n if k > 7: break\n said.append(k)",
        "k = 0\nwhile True:\n k += 1\n if k > 7:\n  said.append(99)\n  break\n said.append(k)",
        "k = 0\nwhile True:\n k += 1\n if k > 7: break\n else: said.append(-k)\n said.append(k)",
    ],
)
def test_loops_that_stay_as_they_are(source: str) -> None:
    found = simplified(source)
    assert "while not" not in found
    assert run(found) == run(source)
    assert run(source)
