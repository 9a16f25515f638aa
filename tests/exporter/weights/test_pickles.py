from __future__ import annotations

import argparse
import collections
import contextlib
import io
import os
import pathlib
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pliant.exporter.checkpoint import read_checkpoint
from pliant.exporter.weights.names import Foreign, Inert, Name
from pliant.exporter.weights.pickles import read_pickle
from pliant.exporter.weights.stored import Damaged
from tests.exporter.weights.crafted import Claim, legacy, program, zipped
from tests.exporter.weights.limits import refusal

GOOD = {"w": Claim((2, 2), (2, 1))}
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
    max_leaves=30,
)


@settings(max_examples=60)
@given(PLAIN, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_data_are_what_pickle_gives(value: Any, protocol: int) -> None:
    try:
        found = read_pickle(io.BytesIO(pickle.dumps(value, protocol)))
    except Foreign as error:
        pytest.fail(f"{error} is no object of data")
    assert without_bytes(found) == without_bytes(value)


def without_bytes(value: Any) -> Any:
    """`value` without bytes, which old protocols write as calls."""
    if isinstance(value, dict):
        return {k: without_bytes(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(without_bytes(v) for v in value)
    return None if isinstance(value, bytes | Inert) else value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read_pickle(io.BytesIO(b"\x80\x02" + data))
    except (Damaged, Foreign):
        return


@given(st.data())
def test_a_changed_pickle_is_read_or_refused(data: st.DataObject) -> None:
    good = bytearray(program({"state_dict": collections.OrderedDict(a=GOOD["w"], b=GOOD["w"]), "epoch": [1, 2.5, "x"]}))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_pickle(io.BytesIO(bytes(good)))
    except (Damaged, Foreign):
        return


class Call:
    """A pickle of this calls `function` with `arguments` when it is loaded, and then gives the result a `state`."""

    def __init__(self, function: Any, arguments: tuple[Any, ...], state: Any = None) -> None:
        self.parts = (function, arguments, state)

    def __reduce__(self) -> Any:
        return self.parts


def brief(text: bytes) -> bytes:
    """The instruction that pushes a short text."""
    return b"\x8c" + bytes([len(text)]) + text


def attacks(target: str) -> dict[str, Any]:
    """Values and programs that make a folder at `target` when a full unpickler loads them."""
    text = target.encode()
    mkdir = Call(os.mkdir, (target,))
    return {
        "reduce": {"x": mkdir, **GOOD},
        "in a parameter": {"w": Call(torch._utils._rebuild_parameter, (mkdir, False, {}))},
        "as a shape": {"w": Claim(mkdir, (1,))},
        "as a hook": {"w": Call(torch._utils._rebuild_tensor_v2, (GOOD["w"], 0, (4,), (1,), False, mkdir))},
        "as a key": {mkdir: 1, **GOOD},
        "as a state": {**GOOD, "x": Call(collections.OrderedDict, (), {"y": mkdir})},
        "through a tensor class": {
            "w": Call(torch._tensor._rebuild_from_type_v2, (os.mkdir, torch.Tensor, (target,), None))
        },
        "inst": b"\x80\x02(S'" + text + b"'\niposix\nmkdir\n.",
        "obj": b"\x80\x02(cposix\nmkdir\nS'" + text + b"'\no.",
        "stack global": b"\x80\x04" + brief(b"posix") + brief(b"mkdir") + b"\x93" + brief(text) + b"\x85R.",
        "newobj": b"\x80\x02cposix\nmkdir\nS'" + text + b"'\n\x85\x81.",
        "attributes of what is allowed": b"\x80\x04"
        + brief(b"torch._utils")
        + brief(b"_rebuild_tensor_v2.__globals__.__getitem__")
        + b"\x93"
        + brief(b"os")
        + b"\x85R.",
        "a submodule of what is allowed": b"\x80\x02cnumpy.testing._private.utils\nrunstring\n(S'0'\n}tR.",
        "import by a harmless name": b"\x80\x02cbuiltins\n__import__\nS'os'\n\x85R.",
        "getattr": b"\x80\x02cbuiltins\ngetattr\n(ctorch\nTensor\nS'__class__'\ntR.",
        "torch.load within": b"\x80\x02ctorch.storage\n_load_from_bytes\nC\x01a\x85R.",
        "a module": b"\x80\x02ctorch.hub\nload\n(S'x'\ntR.",
        "memo": b"\x80\x02cposix\nmkdir\nq\x000h\x00S'" + text + b"'\n\x85R.",
        "extension": b"\x80\x02\x82\x01.",
        "after the end": program(GOOD)[:-1] + b"cposix\nmkdir\nS'" + text + b"'\n\x85R0.",
    }


@pytest.mark.parametrize("name", attacks(""))
@pytest.mark.parametrize("form", ["zip", "bare"])
def test_nothing_of_an_attack_runs(tmp_path: Path, form: str, name: str) -> None:
    target = tmp_path / "attacked"
    attack = attacks(str(target))[name]
    path = tmp_path / "w.pth"
    if form == "zip":
        zipped(path, attack)
    else:
        path.write_bytes(attack if isinstance(attack, bytes) else program(attack))
    assert "is a full pickle: loading it would run code from the file" in refusal(path)
    assert not target.exists()


@pytest.mark.parametrize("name", ["reduce", "in a parameter", "inst", "obj", "stack global", "memo"])
def test_the_attacks_above_are_attacks(tmp_path: Path, name: str) -> None:
    attack = attacks(str(tmp_path / "attacked"))[name]

    class Loader(pickle.Unpickler):
        def persistent_load(self, pid: Any) -> Any:
            return torch.UntypedStorage(16)

    data = attack if isinstance(attack, bytes) else program(attack)
    with contextlib.suppress(TypeError, AttributeError):  # of what comes after the harm
        Loader(io.BytesIO(data)).load()
    assert (tmp_path / "attacked").exists()


def test_a_name_that_a_program_made_safe_for_torch_stays_foreign(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1), "x": Call(os.mkdir, (str(tmp_path / "attacked"),))}, tmp_path / "w.pth")
    with torch.serialization.safe_globals([os.mkdir, nn.Conv2d]):
        assert "asks for posix.mkdir" in refusal(tmp_path / "w.pth")


def test_what_training_tools_put_beside_weights(tmp_path: Path) -> None:
    beside = {
        "psnr": np.float64(31.5),
        "history": np.arange(5.0),
        "options": argparse.Namespace(rate=1e-4, folder=pathlib.PurePosixPath("runs")),
        "milestones": collections.Counter([100, 200]),
        "averages": collections.defaultdict(list, a=[1]),
        "device": torch.device("cuda:1"),
        "kinds": {"a", "b"},
        "bytes": b"abc",
        "number": 1j,
        "places": {(1, 2): 3, torch.float32: torch.Size([2, 3])},
    }
    torch.save({**beside, "state_dict": {"w": torch.arange(3.0)}}, tmp_path / "w.ckpt")
    assert torch.equal(read_checkpoint(tmp_path / "w.ckpt")[0]["w"], torch.arange(3.0))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol_of_torch_save(tmp_path: Path, protocol: int) -> None:
    torch.save(nn.Conv2d(2, 3, 3).state_dict(), tmp_path / "w.pth", pickle_protocol=protocol)
    assert set(read_checkpoint(tmp_path / "w.pth")[0]) == {"weight", "bias"}


def test_parameters_and_attributes(tmp_path: Path) -> None:
    marked = nn.Parameter(torch.rand(3))
    marked.note = "for whom it may concern"  # type: ignore[attr-defined]
    expected = {"a": nn.Parameter(torch.rand(2)), "b": marked, "c": nn.Buffer(torch.rand(4))}
    torch.save(expected, tmp_path / "w.pth")
    found, _ = read_checkpoint(tmp_path / "w.pth")
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    assert {type(t) for t in found.values()} == {torch.Tensor}
    assert not any(t.requires_grad for t in found.values())


def test_names_as_python_2_wrote_them(tmp_path: Path) -> None:
    """OrderedDict of a list of pairs, with byte strings as keys."""
    pair = b"]q\x01(U\x01w" + program(GOOD["w"])[2:-1] + b"e"
    body = b"\x80\x02ccollections\nOrderedDict\n]" + pair + b"a\x85R."
    assert torch.equal(read_checkpoint(zipped(tmp_path / "w.pth", body))[0]["w"], torch.zeros(2, 2))


class Same:
    """A tuple of tuples of one thing: 2^depth long for whoever walks it."""

    def __init__(self, depth: int) -> None:
        self.value: Any = ()
        for _ in range(depth):
            self.value = (self.value, self.value)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\x80\x02X\xff\xff\xff\x7f" + b"a" * 100, "description is broken"),
        (b"\x80\x02\x8a\xff" + b"\x7f" * 255 + b".", "holds no weights"),
        (b"\x80\x02\x8b\xff\xff\xff\x7f" + b"\x7f" * 255 + b".", "description is broken"),
        (b"\x80\x02L" + b"9" * 100_000 + b"L\n.", "description is broken"),
        (b"\x80\x02", "description"),
        (b"\x80\x02.", "description is broken"),
        (b"\x80\x02h\x07.", "description is broken"),
        (b"\x80\x02t.", "description is broken"),
        (b"\x80\x02}K\x01s.", "description"),
        (b"\x80\x02K\x01K\x02K\x03s.", "puts a name into what has none"),
        (b"\x80\x02K\x01K\x02a.", "appends to what is no list"),
        (b"\x80\x02K\x01K\x02R.", "calls what cannot be called"),
        (b"\x80\x02K\x01K\x02b.", "gives attributes to what has none"),
        (b"\x80\x02K\x01Q.", "refers to something that is no storage"),
        (program(Same(60).value, 2)[:-1] + b"K\x01Q.", "refers to something that is no storage"),
        (b"\x80\x04" + program(Same(60).value, 2)[2:-1] + b"\x8c\x01a\x93.", "by what is no text"),
        (b"\x80\x02}(X\x01\0\0\0aK\x01X\x01\0\0\0aK\x02u.", "it gives a twice"),
        (b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.", "holds no weights"),
        (b"\x80\x02ctorch\nFloatStorage\nJ\xff\xff\xff\x7f\x85R.", "holds no weights"),
        (b"\x80\x02ctorch\nUntypedStorage\nJ\xff\xff\xff\x7f\x85R.", "holds no weights"),
    ],
    ids=lambda value: value[:40].hex() if isinstance(value, bytes) else value[:20],
)
def test_absurd_programs(tmp_path: Path, body: bytes, words: str) -> None:
    assert words in refusal(zipped(tmp_path / "w.pth", body))


def test_a_program_that_is_too_long(tmp_path: Path) -> None:
    path = zipped(tmp_path / "w.pth", b"\x80\x02" + b"}" * 1_100_000 + b".")
    assert "takes more than 1000000 steps" in refusal(path, traced=False)


def test_keys_that_take_for_ever_to_hash(tmp_path: Path) -> None:
    path = zipped(tmp_path / "w.pth", b"\x80\x02}" + program(Same(60).value, 2)[2:-1] + b"K\x01s.")
    assert "holds no weights" in refusal(path)


def test_a_list_that_is_copied_again_and_again(tmp_path: Path) -> None:
    pairs = b"](" + b"K\x01K\x02\x86" * 2_000 + b"e\x85q\x00"
    copies = b"(" + b"ccollections\nOrderedDict\nh\x00R" * 2_000 + b"l."
    assert "steps" in refusal(zipped(tmp_path / "w.pth", b"\x80\x02" + pairs + copies))


def nested(depth: int, value: Any) -> Any:
    for _ in range(depth):
        value = {"state_dict": value}
    return value


def test_a_deep_nest(tmp_path: Path) -> None:
    body = b"\x80\x02" + b"}X\x05\0\0\0model" * 50_000 + b"N" + b"s" * 50_000 + b"."
    assert "holds no weights" in refusal(zipped(tmp_path / "w.pth", body))
    assert set(read_checkpoint(zipped(tmp_path / "v.pth", nested(10, GOOD)))[0]) == {"w"}


def test_a_nest_in_itself(tmp_path: Path) -> None:
    ring: dict[str, Any] = {}
    ring["state_dict"] = ring
    assert "holds no weights" in refusal(zipped(tmp_path / "w.pth", ring))


@pytest.mark.parametrize(
    ("count", "words"), [(60_000, "it holds 60000 tensors"), (1_000_000, "takes more than 1000000 steps")]
)
def test_a_million_names(tmp_path: Path, count: int, words: str) -> None:
    good = program(GOOD["w"])[2:-1] + b"q\x7f0"
    items = b"".join(b"X\x08\0\0\0%08dh\x7f" % k for k in range(count))
    path = zipped(tmp_path / "w.pth", b"\x80\x02" + good + b"}(" + items + b"u.")
    assert words in refusal(path, traced=False)


def test_a_name_of_a_megabyte(tmp_path: Path) -> None:
    path = zipped(tmp_path / "w.pth", {"\x1b[31m" + "n" * (1 << 20): GOOD["w"], **GOOD})
    assert "with names of up to 1048581 letters (?[31mnnnnnnnnnnnnnnn...)" in refusal(path)


def test_a_description_that_is_too_long(tmp_path: Path) -> None:
    body = b"\x80\x02X" + struct.pack("<I", 65 << 20) + b"a" * (65 << 20) + b"."
    path = tmp_path / "w.pth"
    path.write_bytes(body)
    assert "longer than 64 MiB" in refusal(path)


def test_what_is_inert_stays_so() -> None:
    found = read_pickle(io.BytesIO(pickle.dumps(argparse.Namespace(a=1), 2)))
    assert isinstance(found, Inert | Name)
    assert not hasattr(found, "a")


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: torch.quantize_per_tensor(torch.rand(3), 0.1, 0, torch.quint8), "quantised"),
        (
            lambda: torch.quantize_per_channel(torch.rand(2, 3), torch.ones(2), torch.zeros(2), 0, torch.qint8),
            "quantis",
        ),
        (lambda: torch.eye(3).to_sparse(), "sparse"),
        (lambda: torch.eye(3).to_sparse_csr(), "sparse"),
        (lambda: torch.rand(3, device="meta"), "without values"),
        (lambda: torch.rand(3, dtype=torch.complex64).conj(), "a view that conjugates"),
        (lambda: torch.randint(0, 9, (2, 3), dtype=torch.int8), "of the type torch.int8"),
        (lambda: torch.randint(0, 9, (2, 3), dtype=torch.uint8), "of the type torch.uint8"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_tensors_that_are_no_plain_arrays(tmp_path: Path, make: Any, kind: str) -> None:
    torch.save({"a": torch.ones(1), "b.weight": make()}, tmp_path / "w.pth")
    message = refusal(tmp_path / "w.pth")
    assert f"the tensor b.weight is {kind}" in message
    assert message.endswith("give the weights as plain float32 or float16 tensors.")
    torch.save({"state_dict": {"a": torch.ones(1)}, "b.weight": make()}, tmp_path / "beside.pth")
    assert set(read_checkpoint(tmp_path / "beside.pth")[0]) == {"a"}


def test_the_same_as_legacy(tmp_path: Path) -> None:
    path = legacy(tmp_path / "w.pth", lambda place: {"w": Claim((2, 2), (0, 1), 2, place)})
    assert torch.equal(read_checkpoint(path)[0]["w"], torch.zeros(2, 2))
