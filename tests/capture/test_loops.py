"""Loops of a live length: any number of iterations is the model's, none among them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.errors import CaptureError
from tests.idioms import picture
from tests.live import exported, kinds

COUNTS = [
    (picture(h, w, n), k)
    for (h, w, n), k in zip([(7, 9, 1), (12, 5, 2), (8, 8, 1), (5, 6, 1)], (1, 5, 2, 9), strict=True)
]
NONE = (picture(6, 11), 0)


class Variables(nn.Module):
    """What an iteration may carry on to the next."""

    def forward(self, x: Tensor, n: int) -> Any:
        return (
            self.tensor(x, n),
            self.several(x, n),
            self.growing(x, n),
            self.written(x, n),
            self.nested(x, n),
            self.jumping(x, n),
            self.live_range(x, n),
            self.containers(x, n),
            self.inside_a_branch(x, n),
            self.while_counting(x, n),
        )

    def tensor(self, x: Tensor, n: int) -> Tensor:
        for _ in range(n):
            x = x * 0.5 + 1
        return x

    def several(self, x: Tensor, n: int) -> Tensor:
        total, scale, y = 0, 1.0, x
        for k in range(n):
            total += k
            scale = scale * 0.5 + total
            y, x = x + scale, y
        return y * total + x + scale

    def growing(self, x: Tensor, n: int) -> Tensor:
        for k in range(n):
            x = F.pad(x, (k, 1))
        return x

    def written(self, x: Tensor, n: int) -> Tensor:
        out = torch.zeros(x.shape[0], x.shape[1], x.shape[2], n + 1)
        for k in range(n):
            out[..., k] = x[..., 0] * (k + 1)
        return out

    def nested(self, x: Tensor, n: int) -> Tensor:
        for i in range(n):
            part = x * 0
            for j in range(n + 1):
                if j > i:
                    break
                part = part + j * i
            x = x + part
        return x

    def jumping(self, x: Tensor, n: int) -> Tensor:
        k = -1
        for k in range(n):
            if k % 2 == 0:
                continue
            x = x + k
            if k > 4:
                break
        return x * (k + 2)

    def live_range(self, x: Tensor, n: int) -> Tensor:
        for k in range(n, 3 * n, n + 1):
            x = x + k
        for k, j in zip(range(n), range(10, n + 9), strict=False):
            x = x + k * j
        for position, k in enumerate(reversed(range(n))):
            x = x * 2 if k > position else x - 1
        return x

    def containers(self, x: Tensor, n: int) -> Tensor:
        state = {"x": x, "count": 0}
        pair = (x, x + 1)
        for k in range(n):
            state["x"] = state["x"] + k
            state["count"] += 1
            pair = (pair[1], pair[0] * 0.5)
        return state["x"] * state["count"] + pair[0]

    def inside_a_branch(self, x: Tensor, n: int) -> Tensor:
        if n > 2:
            for k in range(n):
                x = x + k if x.shape[3] > 8 else x - k
            return x
        return -x

    def while_counting(self, x: Tensor, n: int) -> Tensor:
        left = n
        while left > 0:
            left -= 2
            if left == 1:
                continue
            x = x + left
        return x


def test_variables() -> None:
    model = exported(Variables(), (picture(8, 10), 3), [*COUNTS, NONE], values={"n": (0, 12)})
    assert kinds(model).count("Loop") >= 10
    assert "If" in kinds(model)


class Lists(nn.Module):
    """Lists that a loop fills, and a first iteration that is of another kind. At least one iteration."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor, n: int) -> Any:
        return (*self.lists(x, n), self.previous(x, n), self.first_alone(x, n))

    def lists(self, x: Tensor, n: int) -> Any:
        parts, stacked = [x], []
        for k in range(n):
            parts.append(x[:, :, : k + 1])
            stacked.append(x * k)
        doubled = torch.stack([x + k for k in range(n)])
        return torch.cat(parts, 2), torch.stack(stacked, 1), doubled, torch.full((1,), len(parts)), stacked[0]

    def previous(self, x: Tensor, n: int) -> Tensor:
        previous, total = None, 0
        for k in range(n):
            y = self.conv(x) + k
            if previous is not None:
                y = y + previous
            previous = y
            total = total + y
        return previous + total

    def first_alone(self, x: Tensor, n: int) -> Tensor:
        for k in range(n):
            y = x * k if k == 0 else y + x  # noqa: F821
        return y


def test_lists_and_first_iterations() -> None:
    model = exported(Lists(), (picture(8, 10), 3), COUNTS, values={"n": (1, 12)})
    assert kinds(model).count("Loop") >= 4
    assert len([i for i in model.graph.initializer if list(i.dims) == [3, 3, 3, 3]]) == 1


class Pyramid(nn.Module):
    def forward(self, x: Tensor, least: int) -> Any:
        levels, y = 0, x
        while y.shape[2] > least and y.shape[3] > least:
            y = F.avg_pool2d(y, 2, ceil_mode=True)
            levels += 1
        while y.shape[2] < x.shape[2]:
            y = torch.cat([y, y], 2)
        return y[:, :, : x.shape[2]] * levels


class Otherwise(nn.Module):
    """`else` of loops."""

    def forward(self, x: Tensor, n: int) -> Tensor:
        for _ in range(n):
            if x.mean() < 0.2:
                break
            x = x * 0.7
        else:
            x = x + 1
        k = 0
        while k < n:
            k += 2
            if k == 5:
                break
        else:
            x = x - k
        return x


class Pieces(nn.Module):
    """A live number of pieces, pictures and pairs."""

    def forward(self, x: Tensor, n: int) -> Any:
        pairs = torch.zeros_like(x)
        for i, j in itertools.product(range(n), range(2)):
            pairs = pairs + torch.roll(x, (i, j), (2, 3)) * (i + j)
        pieces = torch.chunk(x, n, dim=3)
        backwards = torch.cat([piece * 2 for piece in pieces][::-1], dim=3)
        split = torch.cat([piece + piece.shape[3] for piece in x.split(n, dim=3)], dim=3)
        pictures = torch.stack([picture / picture.max() for picture in x])
        left, right = torch.chunk(x, 2, dim=3)
        return pairs, backwards, split, pictures, left.mean() - right.mean(), torch.stack(x.unbind(0)[::-1])


@pytest.mark.parametrize("module", [Otherwise, Pieces])
def test_what_loops_go_over(module: type[nn.Module]) -> None:
    exported(module(), (picture(8, 12), 2), COUNTS)


def test_a_pyramid() -> None:
    cases = [(picture(h, w), least) for h, w, least in [(64, 48, 4), (17, 33, 2), (5, 9, 20), (8, 8, 3)]]
    model = exported(Pyramid(), (picture(24, 20), 5), cases, values={"least": (2, 40)})
    assert kinds(model).count("Loop") == 2


class ByPicture(nn.Module):
    """As often as the picture says."""

    def forward(self, x: Tensor) -> Tensor:
        while x.max() > 0.5:
            x = x * 0.75
        for row in range(x.shape[2] // 4):
            x = x + row
        return x


def test_numbers_of_iterations_from_the_picture() -> None:
    exported(ByPicture(), (picture(8, 10),), [(picture(3, 7) * 0.4,), (picture(21, 5) * 9,), (picture(12, 4),)])


class Returning(nn.Module):
    def forward(self, x: Tensor, n: int) -> Tensor:
        for k in range(n):
            if k > 3:
                return x * k
            x = x + 1
        return x


class Attribute(nn.Module):
    def forward(self, x: Tensor, n: int) -> Tensor:
        self.count = 0
        for _ in range(n):
            self.count = self.count + 1
            x = x + 1
        return x * self.count


class Changing(nn.Module):
    def forward(self, x: Tensor, n: int) -> Tensor:
        for _ in range(n):
            x = x.unsqueeze(0)
        return x


class Functions(nn.Module):
    def forward(self, x: Tensor, n: int) -> Tensor:
        found = []
        for k in range(n):
            found.append(lambda y, k=k: y + k)  # noqa: PERF401
        for function in found:
            x = function(x)
        return x


class Yielding(nn.Module):
    def parts(self, x: Tensor, n: int) -> Any:
        for k in range(n):
            yield x * k

    def forward(self, x: Tensor, n: int) -> Any:
        return sum(self.parts(x, n))


@pytest.mark.parametrize(
    ("module", "line", "told"),
    [
        (Returning, "for k in range(n):\n            if k > 3", "left from the middle by `return`"),
        (Attribute, "for _ in range(n):\n            self.count", "'count', which is no variable of this function"),
        (Changing, "for _ in range(n):\n            x = x.unsqueeze", "'x'"),
        (Functions, "for k in range(n):\n            found.append(lambda", "append tensors of one rank"),
        (Yielding, "for k in range(n):\n            yield", "only at run time"),
    ],
)
def test_loops_that_have_no_form_are_refused_with_the_line(module: type[nn.Module], line: str, told: str) -> None:
    with open(__file__) as file:
        number = file.read().split(line)[0].count("\n") + 1
    with pytest.raises(CaptureError) as caught:
        pliant.export(module(), (picture(8, 10), 3))
    assert told in str(caught.value)
    assert any(f"test_loops.py:{number + k}:" in str(caught.value) for k in range(3))  # the loop, or a line in it
    assert "Fix: " in str(caught.value)
