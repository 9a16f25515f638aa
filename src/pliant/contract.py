"""What a model accepts and returns, as frozen data: the one description everything else is derived from.

A contract travels inside the ONNX file as JSON. Only the standard library is needed to read it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

VERSION = 1
Role = Literal["image", "value", "tensor"]


@dataclass(frozen=True)
class Dim:
    """One axis of an input: fixed to `size`, or live under `name`.

    Live dims with the same name have the same length in one call. `minimum` and `maximum` are inclusive;
    the length is a multiple of `multiple`.
    """

    name: str | None = None
    size: int | None = None
    minimum: int = 1
    maximum: int | None = None
    multiple: int = 1

    @property
    def live(self) -> bool:
        """Whether the length is chosen at run time."""
        return self.size is None

    def __str__(self) -> str:
        if self.size is not None:
            return str(self.size)
        text = self.name or "?"
        if self.multiple > 1:
            text += f" (multiple of {self.multiple})"
        return text


@dataclass(frozen=True)
class Range:
    """Inclusive bounds of a live value; None is unbounded."""

    minimum: float | None = None
    maximum: float | None = None

    def contains(self, value: float) -> bool:
        """Whether `value` lies inside; NaN never does."""
        above = self.minimum is None or value >= self.minimum
        below = self.maximum is None or value <= self.maximum
        return above and below and value == value

    def __str__(self) -> str:
        low, high = self.minimum, self.maximum
        if low is None and high is None:
            return "any"
        if high is None:
            return f"{low:g} or more"
        return f"{high:g} or less" if low is None else f"{low:g} to {high:g}"


@dataclass(frozen=True)
class Input:
    """One input of the ONNX graph, in the order of the PyTorch arguments.

    `dtype` is NumPy's name. `dims` is empty for a number. `role` is "image" for a picture, "value" for a
    live value, "tensor" otherwise. `values` bounds the elements of a live value; `example` holds the elements it
    had when the model was exported, from which verification draws others.
    """

    name: str
    dtype: str
    dims: tuple[Dim, ...] = ()
    role: Role = "tensor"
    values: Range = field(default_factory=Range)
    example: tuple[float, ...] = ()


@dataclass(frozen=True)
class Output:
    """One output; `dims` are numbers or formulas over the names of live dims and values."""

    name: str
    dtype: str
    dims: tuple[str, ...] = ()


@dataclass(frozen=True)
class Image:
    """How pictures enter and leave: order of colours, value range, and how floats become whole levels."""

    colours: Literal["RGB", "BGR", "GREY"] = "RGB"
    layout: Literal["NCHW"] = "NCHW"
    minimum: float = 0.0
    maximum: float = 1.0
    rounding: Literal["half up", "truncate"] = "half up"


@dataclass(frozen=True)
class Resize:
    """What a resize in the graph means.

    With "scale" semantics sampling positions are computed with 1/factor, with "size" semantics with
    input/output; they differ wherever the scaled length is not whole. `driver` names the live values that
    reach the node.
    """

    node: str
    mode: str
    semantics: Literal["scale", "size"]
    driver: tuple[str, ...] = ()


@dataclass(frozen=True)
class Provenance:
    """Where the file comes from. `versions` pairs a package with its version."""

    source: str = ""
    weights_sha256: str = ""
    versions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Network:
    """What is known of a network from its architecture, beyond its inputs and outputs.

    `scale` is the factor it was made for. `minimum`, `multiple` and `square` are the sizes it needs inside, in pixels;
    the file itself takes any size and pads. `tiling` says whether a large picture may be cut in tiles: "supported",
    "discouraged" (it looks at the whole picture) or "internal" (it brings the picture to a size of its own). `tags`
    are short words for people, such as "64nf".
    """

    architecture: str = ""
    purpose: str = ""
    scale: float = 1
    minimum: int = 1
    multiple: int = 1
    square: bool = False
    tiling: str = "supported"
    tags: tuple[str, ...] = ()

    @property
    def demanding(self) -> bool:
        """Whether there are pictures that the network itself does not take."""
        return self.minimum > 1 or self.multiple > 1 or self.square


@dataclass(frozen=True)
class Contract:
    """Inputs, outputs and conventions of one model.

    `image` is None for a model that does not map a picture to a picture. `factor` names the live value that is the
    upscale factor, `scale` is the factor of a network that has only one; both None if neither is known. `network`
    has the facts of a known architecture. `notes` are sentences for people. `inferred` is true when the file
    carried no contract.
    """

    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    image: Image | None = None
    factor: str | None = None
    scale: float | None = None
    resizes: tuple[Resize, ...] = ()
    provenance: Provenance = field(default_factory=Provenance)
    notes: tuple[str, ...] = ()
    inferred: bool = False
    network: Network | None = None

    def input(self, name: str) -> Input:
        """The input called `name`. Raises KeyError if there is none."""
        return {i.name: i for i in self.inputs}[name]

    def to_json(self) -> str:
        """The contract as JSON that `from_json` reads back as an equal contract."""
        return json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Contract:
        """Read what `to_json` wrote.

        Raises ValueError if the text is not JSON, is from a newer version, or lacks a field.
        """
        data: Any = json.loads(text)
        version = data.get("version") if isinstance(data, dict) else None
        if version != VERSION:
            raise ValueError(f"contract version {version!r}; this pliant reads version {VERSION}")
        try:
            return cls(
                inputs=tuple(_input(i) for i in data["inputs"]),
                outputs=tuple(Output(o["name"], o["dtype"], tuple(o["dims"])) for o in data["outputs"]),
                image=Image(**data["image"]) if data["image"] else None,
                factor=data["factor"],
                scale=data["scale"],
                resizes=tuple(_resize(r) for r in data["resizes"]),
                provenance=_provenance(data["provenance"]),
                notes=tuple(data["notes"]),
                inferred=data["inferred"],
                network=_network(data.get("network")),  # absent in the first files
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"the contract lacks or misspells {error}") from error


def _input(data: dict[str, Any]) -> Input:
    dims = tuple(Dim(**d) for d in data["dims"])
    return Input(data["name"], data["dtype"], dims, data["role"], Range(**data["values"]), tuple(data["example"]))


def _network(data: dict[str, Any] | None) -> Network | None:
    facts: dict[str, Any] = {**data, "tags": tuple(data["tags"])} if data else {}
    return Network(**facts) if facts else None


def _resize(data: dict[str, Any]) -> Resize:
    return Resize(data["node"], data["mode"], data["semantics"], tuple(data["driver"]))


def _provenance(data: dict[str, Any]) -> Provenance:
    versions = tuple((name, version) for name, version in data["versions"])
    return Provenance(data["source"], data["weights_sha256"], versions)
