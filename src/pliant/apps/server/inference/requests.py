"""What a client asks for: arrays by name, and which outputs it wants in which form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pliant.apps.server.inference.datatypes import datatype_of
from pliant.apps.server.inference.document import field, objects, optional, parsed
from pliant.apps.server.inference.tensors import Array, checked_shape, from_binary, from_json
from pliant.apps.server.problems import Problem
from pliant.arguments import bind
from pliant.contract import Contract, Input

REQUEST = "The request"
SIZE, BINARY, ALL_BINARY = "binary_data_size", "binary_data", "binary_data_output"
# parameters of extensions that are not offered here, and which a client must not believe to have worked
REFUSED = ("shared_memory_region", "classification", "sequence_id", "sequence_start", "sequence_end")


@dataclass(frozen=True)
class Asked:
    """A request that fits the contract. `outputs` pairs names with whether they are wanted as binary data."""

    id: str | None
    inputs: dict[str, Array]
    outputs: tuple[tuple[str, bool], ...]


def asked(header: memoryview, binary: memoryview, contract: Contract) -> Asked:
    """Raises Problem (400, 413), and ContractError where a shape or a value is not what the model takes."""
    document = parsed(header)
    tensors = objects(document, "inputs", REQUEST)
    if tensors is None:
        raise Problem(400, "The request has no 'inputs'; give an array of tensors.")
    all_binary = optional(_parameters(document, REQUEST), ALL_BINARY, bool, "The parameters")
    wanted = _outputs(objects(document, "outputs", REQUEST), bool(all_binary), contract)
    arrays = bind(contract, (), _inputs(tensors, binary, contract))
    return Asked(optional(document, "id", str, REQUEST), arrays, wanted)


def _parameters(owner: Mapping[str, Any], of: str) -> dict[str, Any]:
    found = optional(owner, "parameters", dict, of) or {}
    if refused := [name for name in REFUSED if name in found]:
        raise Problem(400, f"The parameter {refused[0]!r} belongs to an extension that this server does not have.")
    return found


def _inputs(tensors: list[dict[str, Any]], binary: memoryview, contract: Contract) -> dict[str, Array]:
    takes = {i.name: i for i in contract.inputs}
    found: dict[str, Array] = {}
    for tensor in tensors:
        name = field(tensor, "name", str, "An input")
        if name not in takes:
            raise Problem(400, f"There is no input {name[:60]!r}; the model takes: {', '.join(takes)}.")
        if name in found:
            raise Problem(400, f"Input {name!r} is there twice; give it once.")
        found[name], binary = _array(tensor, binary, takes[name])
    if missing := [name for name in takes if name not in found]:
        raise Problem(400, f"Input {missing[0]!r} is missing; the model takes: {', '.join(takes)}.")
    if binary:
        raise Problem(400, f"The body has {len(binary):,} bytes that belong to no input.")
    return found


def _array(tensor: dict[str, Any], binary: memoryview, takes: Input) -> tuple[Array, memoryview]:
    """The array of one input, and what is left of the binary data."""
    of = f"input {takes.name!r}"
    given, expected = field(tensor, "datatype", str, of), datatype_of(takes.dtype)
    if given != expected:
        raise Problem(400, f"The datatype of {of} is {given[:20]!r}, but the model takes {expected}.")
    shape = checked_shape(field(tensor, "shape", list, of), takes.dtype, of)
    size = optional(_parameters(tensor, of), SIZE, int, f"the parameters of {of}")
    if (size is None) == ("data" not in tensor):
        raise Problem(400, f"Give either 'data' or the parameter {SIZE!r} for {of}.")
    if size is None:
        return _as_taken(from_json(tensor["data"], takes.dtype, shape, of), takes), binary
    if not 0 <= size <= len(binary):
        raise Problem(400, f"{SIZE!r} of {of} is {size}, but {len(binary):,} bytes are left in the body.")
    return _as_taken(from_binary(binary[:size], takes.dtype, shape, of), takes), binary[size:]


def _as_taken(array: Array, takes: Input) -> Array:
    """A number may come as a vector of one: not every client can send a tensor without axes."""
    return array.reshape(()) if array.shape == (1,) and not takes.dims and takes.role == "value" else array


def _outputs(wanted: list[dict[str, Any]] | None, all_binary: bool, contract: Contract) -> tuple[tuple[str, bool], ...]:
    names = [output.name for output in contract.outputs]
    if not wanted:
        return tuple((name, all_binary) for name in names)
    found: dict[str, bool] = {}
    for output in wanted:
        name = field(output, "name", str, "An output")
        if name not in names:
            raise Problem(400, f"There is no output {name[:60]!r}; the model has: {', '.join(names)}.")
        if name in found:
            raise Problem(400, f"Output {name!r} is there twice; give it once.")
        of = f"output {name!r}"
        binary = optional(_parameters(output, of), BINARY, bool, f"the parameters of {of}")
        found[name] = all_binary if binary is None else binary
    return tuple(found.items())
