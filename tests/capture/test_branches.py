"""Decisions on live values: every way of the file is the model's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import pliant
from pliant.errors import CaptureError
from tests.idioms import picture
from tests.live import exported, kinds

FACTORS = [
    (picture(h, w, n), f)
    for (h, w, n), f in zip(
        [(7, 9, 1), (12, 5, 2), (8, 8, 1), (5, 6, 1), (9, 4, 3)], (0.5, 1.0, 2.0, 2.5, 6.0), strict=True
    )
]


class Statements(nn.Module):
    """Statements that decide, each with a result of its own."""

    def forward(self, x: Tensor, f: float) -> Any:
        return {
            "one": self.one(x, f),
            "chain": self.chain(x, f),
            "nested": self.nested(x, f),
            "early": self.early(x, f),
            "several": self.several(x, f),
            "combined": self.combined(x, f),
            "loop": self.loop(x, f),
            "tried": self.tried(x, f),
        }

    def one(self, x: Tensor, f: float) -> Tensor:
        if f > 2:
            x = x * f
        return x

    def chain(self, x: Tensor, f: float) -> Tensor:
        if f < 0.75:
            y = x[:, :, 1:]
        elif f < 1.5:
            y = x[..., ::2]
        elif f < 2.25:
            y = F.pad(x, (1, 2))
        else:
            y = x - f
        return y

    def nested(self, x: Tensor, f: float) -> Tensor:
        if f > 1:
            x = x + 1
            if f > 2:
                x = x * 3
                if f > 5:
                    x = -x
            else:
                x = x / 2
        return x

    def early(self, x: Tensor, f: float) -> Tensor:
        if f > 4:
            return x.mean((2, 3), keepdim=True)
        y = x * 2
        if f > 1.5:
            return y
        if f < 0.75:
            return y[:, :, 1:]
        return y + 5

    def several(self, x: Tensor, f: float) -> Tensor:
        if f >= 2:
            a, b, (c, *d) = x, 3, (4.0, 5)
        else:
            a, b, (c, *d) = x[:, :, :3], f, (1.0, 2)
        return a * b + c + d[0]

    def combined(self, x: Tensor, f: float) -> Tensor:
        if (f > 2 and x.shape[2] > 6) or (not 0.75 < f <= 1.0 and f != 2.0):
            return x + 10
        return x - 10

    def loop(self, x: Tensor, f: float) -> Tensor:
        for k in range(4):
            if f < k:
                break
            if k == 1:
                continue
            x = x + k * f
        else:
            x = x * 100
        return x

    def tried(self, x: Tensor, f: float) -> Tensor:
        try:
            with torch.no_grad():
                if f > 2:
                    return x * 7
                y = x + 7
        finally:
            self.seen = f
        return y * self.seen


def test_statements() -> None:
    model = exported(Statements(), (picture(8, 10), 3.0), FACTORS)
    assert kinds(model).count("If") >= 8
    assert "Loop" not in kinds(model)


class Size(NamedTuple):
    height: Any
    width: Any


@dataclass(frozen=True)
class Settings:
    scale: Any
    sharpen: bool


class Expressions(nn.Module):
    """Values of every kind that depend on a decision, and expressions that decide."""

    def __init__(self) -> None:
        super().__init__()
        self.pick = lambda x, f: x * 2 if f > 2 else x * 3
        self.parts = nn.ModuleList([nn.Conv2d(3, 3, k, padding=k // 2) for k in (1, 3)])
        self.branch = {"a": torch.sin, "b": torch.cos}

    def forward(self, x: Tensor, f: float, k: int) -> Any:
        return (
            self.pick(x, f),
            self.mode(x, f),
            self.sizes(x, f),
            self.attributes(x, f),
            self.containers(x, f),
            self.optional(x, f),
            self.functions(x, f),
            self.numbers(x, f, k),
            self.parts[k % 2](x),
            sum(self.generator(x, f)),
            self.matched(x, k),
        )

    def mode(self, x: Tensor, f: float) -> Tensor:
        mode = "nearest" if f > 2 else "bilinear"
        return F.interpolate(x, scale_factor=f, mode=mode)

    def sizes(self, x: Tensor, f: float) -> Tensor:
        size = Size(x.shape[2], 4) if f > 2 else Size(3, x.shape[3] * 2)
        return F.interpolate(x, size=(size.height, size.width))

    def attributes(self, x: Tensor, f: float) -> Tensor:
        self.state, self.count = x, 1
        if f > 2:
            self.state = x[:, :, :2]
            self.count += 1
            self.extra = f
        return self.state * self.count

    def containers(self, x: Tensor, f: float) -> Any:
        found = {"x": x, "n": 1}
        steps = [x]
        if f > 2:
            found["x"], found["n"] = x * 2, f
            steps[0] = x + 5
        else:
            steps = [-x]
        return found["x"] * found["n"] + steps[0]

    def optional(self, x: Tensor, f: float) -> Tensor:
        extra = None
        if f > 2:
            extra = x * 9
        return x if extra is None else x + extra

    def functions(self, x: Tensor, f: float) -> Tensor:
        function = torch.sin if f > 2 else torch.cos

        def twice(y: Tensor) -> Tensor:
            if f > 1:
                return function(function(y))
            return function(y)

        return twice(x) + self.branch["a" if f > 2 else "b"](x)

    def numbers(self, x: Tensor, f: float, k: int) -> Tensor:
        scale = f if k > 2 else k
        scale = scale or 4.5
        whole = k and int(f)
        low, high = sorted([f, 2.0])
        return x * scale + whole + low - high * (1 if float(f).is_integer() else 2)

    def generator(self, x: Tensor, f: float) -> Any:
        yield x
        if f > 1:
            yield x * f
        if f > 2:
            yield x - f

    def matched(self, x: Tensor, k: int) -> Tensor:
        match k:
            case n if n > 3:
                return x + n
            case _:
                return x - 1


def test_expressions() -> None:
    cases = [(*case, k) for case, k in zip(FACTORS, (0, 1, 3, 5, 2), strict=True)]
    exported(Expressions(), (picture(8, 10), 3.0, 4), cases, values={"f": (0.25, 8.0), "k": (0, 9)})


class Tensors(nn.Module):
    """Decisions on what the picture holds, and on its size."""

    def forward(self, x: Tensor) -> Any:
        y = x * 2 if x.mean() > 0.5 else x
        if (x > 0.9).any():
            y = y[:, :, 1:]
        if not torch.all(x < 0.95) and x.max().item() > 0.2:
            y = y + x.max()
        h, w = x.shape[-2:]
        return y, x if h > w else -x


def test_tensors_and_sizes() -> None:
    pictures = [
        picture(8, 12) * 0.1,
        picture(9, 7) * 0 + 0.7,
        picture(12, 12),
        picture(5, 6) * 0.9,
        picture(31, 8, 2) * 0.3,
    ]
    model = exported(Tensors(), (picture(8, 10),), [(x,) for x in pictures])
    assert kinds(model).count("If") == 4


class Raising(nn.Module):
    """What a model refuses is not in its file."""

    def forward(self, x: Tensor, f: float, k: int) -> Tensor:
        assert f > 0, "no factor"
        if k == 0:
            y = x * 2
        elif k == 1:
            y = x * f
        else:
            raise NotImplementedError(k)
        if f > 100:
            raise ValueError(f"{f} is too much")
        return y


def test_the_side_that_raises_is_dropped() -> None:
    cases = [(picture(5, 6), 0.5, 1), (picture(9, 7), 4.0, 0)]
    exported(Raising(), (picture(8, 10), 3.0, 0), cases, values={"f": (0.25, 50.0), "k": (0, 1)})


def line_of(text: str) -> str:
    with open(__file__) as file:
        (number,) = (
            k for k, line in enumerate(file, 1) if text in line and "line_of" not in line and '"' + text not in line
        )
    return f"test_branches.py:{number}"


class Structures(nn.Module):
    def forward(self, x: Tensor, f: float) -> Any:
        if f > 2.125:
            return x, x * 2
        return (x,)


class Ranks(nn.Module):
    def forward(self, x: Tensor, f: float) -> Any:
        return x if f > 2.25 else x.mean((2, 3))


class Kinds(nn.Module):
    def forward(self, x: Tensor, f: float) -> Any:
        if f > 2.375:
            return x > 0.5
        return x


class Deep(nn.Module):
    def forward(self, x: Tensor, f: float) -> Tensor:
        if f > 1e-9:
            return self.forward(x + 1, f - 1)
        return x


@pytest.mark.parametrize(
    ("module", "line", "told"),
    [
        (Structures, "if f > 2.125", "one has 2 elements, the other 1"),
        (Ranks, "x if f > 2.25", "4 axes"),
        (Kinds, "if f > 2.375", "torch.bool"),
        (Deep, "", "calls itself for as long as a live value says so"),
    ],
)
def test_two_ways_that_no_value_can_stand_for_are_refused(module: type[nn.Module], line: str, told: str) -> None:
    with pytest.raises(CaptureError) as caught:
        pliant.export(module(), (picture(8, 10), 3.0))
    assert told in str(caught.value)
    assert not line or line_of(line) in str(caught.value)
    assert "Fix: " in str(caught.value)


class Windows(nn.Module):
    """Windows of four are put together again; in the example there are as many of them along a side as in a window."""

    def forward(self, x: Tensor) -> tuple[Tensor]:
        h, w = x.shape[-2:]
        x = F.pad(x, (0, -w % 4, 0, -h % 4))
        n, c, h, w = x.shape
        windows = x.view(n, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 3, 5, 1).reshape(-1, 4, 4, c)
        count = int(windows.shape[0] / (h * w / 16))
        y = windows.view(count, h // 4, w // 4, 4, 4, -1).permute(0, 1, 3, 2, 4, 5).contiguous()
        return (y.view(count, h, w, -1).permute(0, 3, 1, 2) * 2,)


def test_a_length_that_is_left_open_is_no_question() -> None:
    exported(Windows(), (picture(16, 16),), [(picture(h, w),) for h, w in ((17, 16), (9, 31), (4, 1), (12, 20))])


class Mirrored(nn.Module):
    """Pads to whole blocks, mirrored where that can be done: the model catches what PyTorch raises where it cannot."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        below, right = -x.shape[-2] % 8, -x.shape[-1] % 8
        try:
            x = F.pad(x, (0, right, 0, below), self.mode)
        except RuntimeError:
            x = F.pad(x, (0, right, 0, below), "constant")
        return x.flip(-1)


class MirroredOrNothing(Mirrored):
    """The same, with a way out of the function in each block."""

    def forward(self, x: Tensor) -> Tensor:
        amounts = (0, -x.shape[-1] % 8, 0, -x.shape[-2] % 8)
        try:
            return F.pad(x, amounts, self.mode)
        except (ValueError, RuntimeError):
            return F.pad(x, amounts)


class MirroredElsewhere(Mirrored):
    """The same in a function of its own, which decides something itself before it fails."""

    def padded(self, x: Tensor, mode: str) -> Tensor:
        right, below = -x.shape[-1] % 8, -x.shape[-2] % 8
        if below or right:
            return F.pad(x, (0, right, 0, below), mode)
        return x

    def forward(self, x: Tensor) -> Tensor:
        try:
            return self.padded(x, self.mode)
        except BaseException:  # noqa: BLE001 - as a published network has it
            return self.padded(x, "constant")


class Demanding(Mirrored):
    """Catches errors of its own, one of them an assertion."""

    def checked(self, x: Tensor) -> Tensor:
        if x.shape[-2] > 20:
            raise ValueError("too high")
        assert x.shape[-1] > 4
        return x * 2

    def forward(self, x: Tensor) -> Tensor:
        try:
            y = self.checked(x)
        except ValueError as error:
            y = x - len(str(error))
        except AssertionError:
            y = x + 1
        return y


class Borders(Mirrored):
    """As many borders as fit, each a turn of a loop, with an error of one function turned into that of another."""

    def bordered(self, x: Tensor, width: int) -> Tensor:
        try:
            return F.pad(x, (width, width, width, width), self.mode)
        except RuntimeError as error:
            raise ValueError("too wide") from error

    def forward(self, x: Tensor) -> Tensor:
        fitting = []
        for width in (3, 4, 19):
            try:
                y = self.bordered(x, width)
            except ValueError:
                continue
            else:
                y = y[..., :1, :1]
            finally:
                x = x * 2
            fitting.append(y)
        return torch.cat(fitting, -1).amax(-1) if fitting else x[..., 0]


@pytest.mark.parametrize("kind", [Mirrored, MirroredOrNothing, MirroredElsewhere, Demanding, Borders])
@pytest.mark.parametrize("mode", ["reflect", "circular"])
def test_an_error_that_the_model_catches_is_a_way_of_its_own(kind: type[Mirrored], mode: str) -> None:
    model = kind(mode)
    session = pliant.load(pliant.export(model, (torch.rand(1, 3, 21, 30),)))
    for size in ((1, 1), (4, 17), (5, 17), (17, 4), (3, 3), (8, 16), (29, 35)):
        x = torch.rand(1, 3, *size)
        np.testing.assert_array_equal(session(x.numpy()), model(x).numpy())


class Nested(nn.Module):
    """What a decision changes lies in a list, in a tuple, among numbers that nothing can change."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = ((3, 3), (1, [1.0, 1.0]))

    def forward(self, x: Tensor, f: float) -> Tensor:
        self.kept[1][1][0] = 1.0
        if f > 1.5:
            self.kept[1][1][0] = 2.0
        return x * self.kept[1][1][0] * self.kept[0][0]


def test_a_list_in_a_tuple_of_the_model_is_kept_apart_on_each_way() -> None:
    artifact = pliant.export(Nested(), (picture(6, 5), 2.0), values={"f": (0.5, 6)})
    with pliant.load(artifact) as session:
        for image, f in FACTORS[:1] + FACTORS[2:3] + FACTORS[4:]:
            expected = Nested()(image[:1], f)
            torch.testing.assert_close(torch.from_numpy(session(image[:1].numpy(), f)), expected)
