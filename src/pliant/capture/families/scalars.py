"""Operators of tensors that take a number: `x + f`, `torch.where(mask, f, x)`, `x.clamp(0, f)`, `torch.lerp(x, y, f)`.

PyTorch's exporter writes many such numbers as attributes, or converts them with `float()`. A live one becomes a 0-d
tensor of the type with which the result has the dtype that PyTorch gives it: a number never makes a float tensor wider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import SymBool, SymFloat, SymInt, Tensor

from pliant.capture.base import Capture
from pliant.capture.live.choices import is_live
from pliant.capture.live.symbols import any_live, scalar

BINARY = (
    "add",
    "sub",
    "subtract",
    "mul",
    "multiply",
    "div",
    "divide",
    "true_divide",
    "floor_divide",
    "remainder",
    "fmod",
    "pow",
    "float_power",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
)
DUNDERS = (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
    "xor",
)
BARE = (torch.float32,)  # the dtypes that the exporter combines with a live number by itself


def operand(value: Any, like: Tensor | None = None) -> Any:
    """A live number as a 0-d tensor, to be combined with `like`; anything else as it is."""
    if isinstance(value, SymFloat):
        wide = like is not None and like.dtype == torch.float64
        return scalar(value, torch.float64 if wide else torch.get_default_dtype())
    if isinstance(value, (SymInt, SymBool)):
        return scalar(value, torch.int64)
    return value


def fixed(value: Any, like: Tensor) -> Any:
    """Any number as a 0-d tensor of the dtype of `like`."""
    return value if isinstance(value, Tensor) else scalar(value, like.dtype)


def partner(args: Any) -> Tensor | None:
    """The first tensor among `args`."""
    return next((a for a in args if isinstance(a, Tensor)), None)


def binary(original: Callable[..., Any]) -> Callable[..., Any]:
    """`original` of two operands, one of which may be a live number, and a factor `alpha` of the second."""

    def handler(*args: Any, alpha: Any = 1, **named: Any) -> Any:
        like = partner(args)
        if like is None or not (any_live(args) or is_live(alpha)):
            return NotImplemented
        if is_live(alpha):
            return original(args[0], args[1] * operand(alpha, args[1]), **named)
        if like.dtype in BARE and alpha == 1 and not named and original not in SHY:
            return NotImplemented
        operands = [operand(a, like) for a in args]
        if not like.is_floating_point() and any(isinstance(a, (float, SymFloat)) for a in args):
            operands = [o.to(torch.get_default_dtype()) if isinstance(o, Tensor) else o for o in operands]
        return original(*operands, **(named if alpha == 1 else named | {"alpha": alpha}))

    return handler


SHY = {  # functions that the exporter combines with no live number at all
    getattr(space, key)
    for space in (torch, Tensor)
    for name in ("floor_divide", "fmod", "remainder", "pow", "float_power", "floordiv", "mod")
    for key in (name, f"{name}_", f"__{name}__", f"__i{name}__")
    if hasattr(space, key)
}


def backwards(original: Callable[[Any, Any], Any]) -> Callable[[Tensor, Any], Any]:
    """`number - x` and its like."""

    def handler(self: Tensor, other: Any) -> Any:
        if not is_live(other):
            return NotImplemented
        floats = isinstance(other, SymFloat) and not self.is_floating_point()
        return original(operand(other, self), self.to(torch.get_default_dtype()) if floats else self)

    return handler


def where(condition: Tensor, *values: Any, **named: Any) -> Any:
    """`torch.where` with numbers."""
    values = (*values, *(named[key] for key in ("input", "self", "other") if key in named))
    a, b = values if len(values) == 2 else (None, None)
    if not any_live((a, b)):
        return NotImplemented
    like = partner((a, b))
    if like is None:
        floats = any(isinstance(v, (float, SymFloat)) for v in (a, b))
        dtype = torch.get_default_dtype() if floats else torch.int64
        return torch.where(condition, scalar(a, dtype), scalar(b, dtype))
    return torch.where(condition, operand(a, like), operand(b, like))


def where_method(self: Tensor, condition: Any, other: Any) -> Any:
    """`x.where(condition, other)`."""
    return where(condition, self, other)


def masked_fill(self: Tensor, mask: Tensor, value: Any) -> Any:
    """`x.masked_fill`."""
    return torch.where(mask, fixed(value, self), self) if is_live(value) else NotImplemented


def clamp(self: Tensor, min: Any = None, max: Any = None) -> Any:  # noqa: A002 - PyTorch's names
    """`torch.clamp`."""
    if not any_live((min, max)):
        return NotImplemented
    floats = self.dtype if self.is_floating_point() else torch.get_default_dtype()
    wanted = floats if any(isinstance(v, (float, SymFloat)) for v in (min, max)) else self.dtype
    low, high = (v if v is None or isinstance(v, Tensor) else scalar(v, wanted) for v in (min, max))
    self = self.to(wanted)
    self = self if low is None else torch.maximum(self, low)
    return self if high is None else torch.minimum(self, high)


def clamp_min(self: Tensor, min: Any) -> Any:  # noqa: A002
    """`x.clamp_min`."""
    return clamp(self, min)


def clamp_max(self: Tensor, max: Any) -> Any:  # noqa: A002
    """`x.clamp_max`."""
    return clamp(self, None, max)


def lerp(self: Tensor, end: Tensor, weight: Any) -> Any:
    """`torch.lerp`, from the nearer end as PyTorch computes it."""
    if not is_live(weight):
        return NotImplemented
    w, gap = fixed(weight, self), end - self
    return torch.where(w < 0.5, self + w * gap, end - gap * (1 - w))


def addcmul(self: Tensor, a: Tensor, b: Tensor, *, value: Any = 1) -> Any:
    """`torch.addcmul`."""
    return self + operand(value, self) * a * b if is_live(value) else NotImplemented


def addcdiv(self: Tensor, a: Tensor, b: Tensor, *, value: Any = 1) -> Any:
    """`torch.addcdiv`."""
    return self + operand(value, self) * a / b if is_live(value) else NotImplemented


def hypot(input: Tensor, other: Tensor) -> Tensor:  # noqa: A002
    """`torch.hypot`, which has no ONNX form of its own."""
    return torch.sqrt(input * input + other * other)


def in_place(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The form that writes its result into its first argument."""

    def written(self: Tensor, *args: Any, **named: Any) -> Any:
        result = handler(self, *args, **named)
        return result if result is NotImplemented else self.copy_(result)

    return written


def nan_to_num(self: Tensor, nan: Any = None, posinf: Any = None, neginf: Any = None) -> Any:
    """`torch.nan_to_num`."""
    if not any_live((nan, posinf, neginf)):
        return NotImplemented
    limits = torch.finfo(self.dtype)
    for wrong, value in (
        (torch.isnan(self), 0.0 if nan is None else nan),
        (self == float("inf"), limits.max if posinf is None else posinf),
        (self == float("-inf"), limits.min if neginf is None else neginf),
    ):
        self = torch.where(wrong, fixed(value, self), self)
    return self


def quantile(self: Tensor, q: Any, *args: Any, **named: Any) -> Any:
    """`torch.quantile` at a live fraction."""
    return torch.quantile(self, scalar(q, self.dtype), *args, **named) if is_live(q) else NotImplemented


def leaky_relu(input: Tensor, negative_slope: Any = 0.01, inplace: bool = False) -> Any:  # noqa: A002
    """`F.leaky_relu`."""
    del inplace
    return (
        torch.where(input > 0, input, input * fixed(negative_slope, input))
        if is_live(negative_slope)
        else NotImplemented
    )


def elu(input: Tensor, alpha: Any = 1.0, inplace: bool = False) -> Any:  # noqa: A002
    """`F.elu`."""
    del inplace
    return torch.where(input > 0, input, torch.expm1(input) * fixed(alpha, input)) if is_live(alpha) else NotImplemented


def celu(input: Tensor, alpha: Any = 1.0, inplace: bool = False) -> Any:  # noqa: A002
    """`F.celu`."""
    del inplace
    a = fixed(alpha, input)
    return torch.where(input > 0, input, torch.expm1(input / a) * a) if is_live(alpha) else NotImplemented


def hardtanh(input: Tensor, min_val: Any = -1.0, max_val: Any = 1.0, inplace: bool = False) -> Any:  # noqa: A002
    """`F.hardtanh`."""
    del inplace
    return clamp(input, min_val, max_val)


def threshold(input: Tensor, threshold: Any, value: Any, inplace: bool = False) -> Any:  # noqa: A002
    """`F.threshold`."""
    del inplace
    if not any_live((threshold, value)):
        return NotImplemented
    return torch.where(input > fixed(threshold, input), input, fixed(value, input))


def softplus(input: Tensor, beta: Any = 1.0, threshold: Any = 20.0) -> Any:  # noqa: A002
    """`F.softplus`."""
    if not any_live((beta, threshold)):
        return NotImplemented
    b = fixed(beta, input)
    return torch.where(input * b > fixed(threshold, input), input, torch.log1p(torch.exp(input * b)) / b)


def hardshrink(input: Tensor, lambd: Any = 0.5) -> Any:  # noqa: A002
    """`F.hardshrink`."""
    return (
        torch.where(input.abs() > fixed(lambd, input), input, torch.zeros_like(input))
        if is_live(lambd)
        else NotImplemented
    )


def softshrink(input: Tensor, lambd: Any = 0.5) -> Any:  # noqa: A002
    """`F.softshrink`."""
    if not is_live(lambd):
        return NotImplemented
    bound = fixed(lambd, input)
    return torch.where(input.abs() > bound, input - torch.sign(input) * bound, torch.zeros_like(input))


def normalize(input: Tensor, p: Any = 2.0, dim: int = 1, eps: Any = 1e-12, out: None = None) -> Any:  # noqa: A002
    """`F.normalize` with a live lower bound of the norm."""
    if not is_live(eps) or is_live(p) or out is not None:
        return NotImplemented
    return input / torch.maximum(input.norm(p, dim, keepdim=True), fixed(eps, input))


FORMS: dict[str, Callable[..., Any]] = {
    "masked_fill": masked_fill,
    "clamp": clamp,
    "clip": clamp,
    "clamp_min": clamp_min,
    "clamp_max": clamp_max,
    "lerp": lerp,
    "addcmul": addcmul,
    "addcdiv": addcdiv,
    "nan_to_num": nan_to_num,
    "quantile": quantile,
    "where": where_method,
}


BACKWARDS: dict[str, Callable[[Any, Any], Any]] = {
    "radd": torch.add,
    "rdiv": torch.true_divide,
    "rfloordiv": torch.floor_divide,
    "rmod": torch.remainder,
    "rmul": torch.mul,
    "rpow": torch.pow,
    "rsub": torch.sub,
    "rtruediv": torch.true_divide,
}


def existing(names: Iterable[tuple[Any, str]]) -> list[Callable[..., Any]]:
    """Those of these attributes that this version of PyTorch has."""
    return [getattr(space, name) for space, name in names if hasattr(space, name)]


def handlers() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Every function with its handler: of the module, the method, and the form that works in place."""
    found: dict[Callable[..., Any], Callable[..., Any]] = {}
    forms = [form for n in BINARY for form in ((torch, n), (Tensor, n), (Tensor, f"{n}_"))]
    forms += [(Tensor, form) for n in DUNDERS for form in (f"__{n}__", f"__i{n}__")]
    found |= {function: binary(function) for function in existing(forms)}
    for name, body in BACKWARDS.items():
        found |= {function: backwards(body) for function in existing([(Tensor, f"__{name}__")])}
    for name, form in FORMS.items():
        found |= dict.fromkeys(existing([(torch, name), (Tensor, name)]), form)
        found |= dict.fromkeys(existing([(Tensor, f"{name}_")]), in_place(form))
    activations = (leaky_relu, elu, celu, hardtanh, threshold, softplus, hardshrink, softshrink, normalize)
    found |= {getattr(F, body.__name__): body for body in activations}
    return found | {torch.rsub: backwards(torch.sub), torch.where: where, torch.hypot: hypot, Tensor.hypot: hypot}


CAPTURE = Capture(functions=handlers())
