"""What ONNX fixes when a file is made, why, and what a model can do instead.

A rule is one entry of `RULES`; the first that fits a call counts. Every rewrite that a rule proposes is exported in
tests/exporter/test_refusal.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Rule:
    """Why some parameters of some functions cannot be live, and a rewrite that can be.

    `functions` and `parameters` are words, separated by blanks, in which `*` stands for anything. `why` is a clause,
    `instead` a clause in the imperative, or empty if there is nothing but to fix the value.
    """

    functions: str
    parameters: str
    why: str
    instead: str = ""

    def fits(self, function: str, parameter: str) -> bool:
        """Whether the rule is about this parameter of this function."""
        return _any(self.functions, function) and _any(self.parameters, parameter)


@dataclass(frozen=True)
class Construct:
    """Why a construct of Python cannot take a live number. `pattern` is searched in the source line."""

    pattern: str
    why: str
    instead: str


CONVOLUTIONS = "conv1d conv2d conv3d conv_transpose*"
POOLS = "*pool1d* *pool2d* *pool3d* *Pool*"
EVERY_NTH = "every s-th row, y = y[:, :, torch.arange((y.shape[2] - 1) // s + 1) * s], and the columns in the same way"

RULES = (
    Rule(
        "conv1d conv2d conv3d",
        "stride",
        "the strides of a convolution are an attribute in ONNX, fixed in the file",
        f"compute it with stride 1 and take {EVERY_NTH}",
    ),
    Rule(
        "conv_transpose*",
        "stride",
        "the strides of a transposed convolution are an attribute in ONNX, fixed in the file",
    ),
    Rule(
        CONVOLUTIONS,
        "dilation",
        "the dilations of a convolution are an attribute in ONNX, fixed in the file",
        "compute the dilations that can occur and choose between the results with torch.where",
    ),
    Rule(
        CONVOLUTIONS,
        "groups",
        "the number of groups of a convolution is an attribute in ONNX, fixed in the file",
    ),
    Rule(CONVOLUTIONS, "output_padding", "the output padding is an attribute in ONNX, fixed in the file"),
    Rule(
        "conv_transpose*",
        "padding",
        "the pads of a transposed convolution are an attribute in ONNX, fixed in the file",
        "compute it with padding 0 and cut p rows and columns off each side, y[:, :, p : y.shape[2] - p]",
    ),
    Rule(
        "*avg_pool2d",
        "kernel_size",
        "the window of a pooling is an attribute in ONNX, fixed in the file",
        "convolve with the weight torch.ones(c, 1, k, k) / k**2 and groups=c, whose size can be live; for a stride "
        f"take {EVERY_NTH}",
    ),
    Rule(
        f"{POOLS} unfold fold im2col col2im",
        "kernel_size stride padding dilation size step",
        "the window of this operator is an attribute in ONNX, fixed in the file",
        "gather the windows by index: x[:, :, (torch.arange(n) * step)[:, None] + torch.arange(size)], where n is how "
        "many fit, and reduce them",
    ),
    Rule(
        "adaptive*",
        "output_size",
        "an adaptive pooling has windows that differ in size, which ONNX cannot describe for a live output size",
    ),
    Rule(
        "pixel_shuffle pixel_unshuffle PixelShuffle",
        "upscale_factor downscale_factor",
        "the block size of DepthToSpace and SpaceToDepth is an attribute in ONNX, fixed in the file",
        "write it with x.reshape(n, c // (r * r), r, r, h, w).permute(0, 1, 4, 2, 5, 3).reshape(n, c // (r * r), h * "
        "r, w * r), whose lengths can be live",
    ),
    Rule(
        "chunk split* tensor_split* unbind hsplit vsplit dsplit unsafe_*",
        "chunks split_size* indices* sections",
        "the number of results decides what the rest of the model is given, and must be known when the file is made",
        "cut out the one piece you need: x[:, :, :n] or x[:, :, n:] can be live",
    ),
    Rule(
        "one_hot",
        "num_classes",
        "the number of classes is a length that PyTorch wants to know when it traces",
        "compare instead: indices[..., None] == torch.arange(n), where n can be live",
    ),
    Rule(
        "group_norm",
        "num_groups",
        "PyTorch decides by the number of groups how the channels are divided, when it traces",
        "write it out: reshape to (n, groups, -1), subtract the mean, divide by the deviation, reshape back",
    ),
    Rule(
        "*norm*",
        "eps epsilon",
        "the epsilon of a normalisation is an attribute in ONNX, fixed in the file",
        "write it out: (x - mean) / (variance + eps).sqrt(), where eps can be live",
    ),
    Rule(
        "*",
        "eps negative_slope alpha beta lambd threshold upper lower min_val max_val approximate",
        "this parameter is an attribute in ONNX, fixed in the file",
        "write the function out with arithmetic and torch.where",
    ),
    Rule("*dropout*", "p", "a dropout does nothing in a finished model, and its probability is no part of the file"),
    Rule(
        "*",
        "dim dims axis axes dim0 dim1 dimension axis0 axis1 start_dim end_dim source destination",
        "an axis decides the shape of everything that follows, and is an attribute in ONNX, fixed in the file",
        "compute each way that can occur and choose between the results with torch.where, if their shapes are equal",
    ),
    Rule(
        "__getitem__",
        "idx",
        "PyTorch wants to know the step of a slice, or the length of what it cuts, when it traces",
        "index with torch.arange(n) * step, where n and step can be live",
    ),
    Rule("*", "dtype device layout mode", "this parameter decides what kind of numbers follow, when the file is made"),
    Rule(
        "*",
        "kernel_size stride dilation groups",
        "this parameter is an attribute in ONNX, fixed in the file",
    ),
)

CONSTRUCTS = (
    Construct(
        r"\bnn\.\w+\(|\b(Conv|ConvTranspose|Linear|LayerNorm|GroupNorm|BatchNorm)\w*\(",
        "a layer is made here with a size that is known only at run time, and its weights would be made anew",
        "make the layer in __init__ with a fixed size, or call F.conv2d with a weight whose size is live",
    ),
    Construct(
        r"^(el)?if\b|\bif\b.*\belse\b",
        "Python decides here which way to go, when the file is made, by a value known only at run time",
        "compute both ways and choose with torch.where, or use min and max",
    ),
    Construct(
        r"^while\b",
        "Python decides here how often to repeat, when the file is made, by a value known only at run time",
        "use torch.where with a fixed number of repetitions",
    ),
    Construct(
        r"\brange\(",
        "Python repeats this as often as a value known only at run time says, when the file is made",
        "compute all at once with torch.arange(n), which can be live, in place of a loop",
    ),
    Construct(
        r"^assert\b",
        "Python checks here a value known only at run time",
        'remove the check and declare the range instead: values={"NAME": (low, high)}',
    ),
    Construct(
        r"\bf[\"']|\.format\(|%|\bprint\(|\bstr\(",
        "a text is made of a value known only at run time",
        "remove the text, or make it without the value",
    ),
    Construct(
        r"\b(np|numpy|math|cv2|scipy)\.",
        "a library outside of PyTorch asks for the number itself, and it is known only at run time",
        "write the step with arithmetic, math.floor/ceil/sqrt or functions of torch",
    ),
    Construct(
        r"\*\*|\bpow\(",
        "an integer power of a live integer is no integer if that is negative, so its type is not known",
        "write 2.0 ** n, which is a float in any case",
    ),
    Construct(
        r"\[[^\]]*\w[^\]]*\]",
        "Python takes an element of a list or a tuple by a number known only at run time",
        "make the list a tensor: torch.tensor([...])[k] can be live",
    ),
)

ANY = Construct(
    "",
    "Python needs the number itself here, and it is known only at run time",
    "compute it with arithmetic, min and max, or torch.where",
)


def rule_for(function: str, parameters: Iterable[str]) -> tuple[Rule, str] | None:
    """The first rule about a call with these live parameters, and which parameter it is about."""
    known = list(parameters)
    for rule in RULES:
        for parameter in known:
            if rule.fits(function, parameter):
                return rule, parameter
    return None


def construct_for(source: str) -> Construct:
    """What is known about a line that asked for the number of a live value."""
    return next((c for c in CONSTRUCTS if re.search(c.pattern, source)), ANY)


def _any(patterns: str, word: str) -> bool:
    return any(fnmatchcase(word, pattern) for pattern in patterns.split())
