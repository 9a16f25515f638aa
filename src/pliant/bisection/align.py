"""Which step of a given graph is which step of a trusted one: by name, else by what it reads."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from pliant.bisection.flat import Flat, Step

SHOWN = 12  # elements of an attribute in a message


@dataclass
class Alignment:
    """`values` maps names of the given graph to names of the trusted one, `steps` indices to indices.

    `by_name` counts the steps that have their name in common.
    """

    values: dict[str, str] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)
    by_name: int = 0


def align(given: Flat, trusted: Flat) -> Alignment:
    """Pair the steps of two graphs, each at most once, in the order of the given graph."""
    found = Alignment(values=_inputs(given, trusted))
    named = {step.outputs[0]: k for k, step in enumerate(trusted.steps) if step.outputs}
    reading: dict[Any, list[int]] = defaultdict(list)
    for k, step in enumerate(trusted.steps):
        data = _data(step, trusted)
        reading[data].append(k)
        reading[frozenset(data), step.op].append(k)
    used: set[int] = set()
    for k, step in enumerate(given.steps):
        mapped = tuple(found.values.get(name) for name in _data(step, given))
        same = named.get(step.outputs[0]) if step.outputs else None
        if same is not None and same not in used and _plausible(step, mapped, trusted.steps[same], trusted):
            found.by_name += 1
            chosen: int | None = same
        else:
            known = None not in mapped
            like = (reading.get(mapped) or reading.get((frozenset(mapped), step.op), [])) if known else []
            free = [t for t in like if t not in used]
            chosen = _best(step, given, [(t, trusted.steps[t]) for t in free], trusted)
        if chosen is not None:
            used.add(chosen)
            found.steps[k] = chosen
            found.values.update(zip(step.outputs, trusted.steps[chosen].outputs, strict=False))
    return found


def _inputs(given: Flat, trusted: Flat) -> dict[str, str]:
    if set(given.inputs) == set(trusted.inputs):
        return {name: name for name in given.inputs}
    return dict(zip(given.inputs, trusted.inputs, strict=False))


def _data(step: Step, flat: Flat) -> tuple[str, ...]:
    """What a step reads that is no constant."""
    return tuple(name for name in step.reads if name not in flat.constants)


def _plausible(step: Step, mapped: tuple[str | None, ...], other: Step, trusted: Flat) -> bool:
    return step.op == other.op or mapped == _data(other, trusted)


def _best(step: Step, given: Flat, candidates: list[tuple[int, Step]], trusted: Flat) -> int | None:
    """Of steps that read the same, the one with the same operator that differs least; another operator if alone."""
    same = [(k, other) for k, other in candidates if other.op == step.op]
    if same:
        ranked = sorted(same, key=lambda pair: len(differences(step, given, pair[1], trusted)))
        best = differences(step, given, ranked[0][1], trusted)
        alone = bool(_data(step, given))  # steps that read constants only are many, and alike
        return ranked[0][0] if alone or not best else None
    if len(candidates) == 1 and _data(step, given) and len(candidates[0][1].outputs) == len(step.outputs):
        return candidates[0][0]
    return None


def differences(step: Step, given: Flat, other: Step, trusted: Flat, values: dict[str, str] | None = None) -> list[str]:
    """Sentences about what a step of the given graph has otherwise than its like in the trusted one."""
    told: list[str] = []
    if step.op != other.op:
        told.append(f"It is {step.op}; {other.op} was expected.")
    told += _attributes(step, other)
    pairs = list(zip(step.node.input, other.node.input, strict=False))
    if len(step.node.input) != len(other.node.input):
        told.append(f"It reads {len(step.node.input)} inputs; {len(other.node.input)} were expected.")
    for at, (name, wanted) in enumerate(pairs):
        if name in given.constants and wanted in trusted.constants:
            told += _constant(name, given.constants[name], trusted.constants[wanted], at)
        elif name in given.constants or wanted in trusted.constants or bool(name) != bool(wanted):
            told.append(f"Its input {at + 1} is {name or 'missing'!r}; {wanted or 'none'!r} was expected.")
        elif values is not None and name and values.get(name) not in (wanted, None):
            told.append(f"Its input {at + 1} is {name!r}; {wanted!r} was expected.")
    return told


def attributes(step: Step) -> dict[str, str]:
    """The attributes of a step in words, but for bodies."""
    from onnx import AttributeProto, helper

    kinds = (AttributeProto.GRAPH, AttributeProto.GRAPHS)
    return {a.name: shown(helper.get_attribute_value(a)) for a in step.node.attribute if a.type not in kinds}


def _attributes(step: Step, other: Step) -> list[str]:
    a, b = attributes(step), attributes(other)
    pairs = ((name, a.get(name, "absent"), b.get(name, "absent")) for name in sorted(a.keys() | b.keys()))
    return [
        f"Its attribute {name!r} is {got}; {expected} was expected." for name, got, expected in pairs if got != expected
    ]


def shown(value: Any) -> str:
    """An attribute in a message."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if hasattr(value, "SerializeToString"):
        return f"tensor {hash(value.SerializeToString()) & 0xFFFF:x}"
    if hasattr(value, "__iter__") and not isinstance(value, str):
        items = [shown(v) for v in value]
        return f"[{', '.join(items[:SHOWN])}{', ...' if len(items) > SHOWN else ''}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _constant(name: str, got: Any, expected: Any, at: int) -> list[str]:
    """How a weight differs from the trusted one."""
    if got.raw_data and got.raw_data == expected.raw_data and got.dims == expected.dims:
        return []
    import numpy as np
    from onnx import numpy_helper

    a, b = numpy_helper.to_array(got), numpy_helper.to_array(expected)
    if a.shape != b.shape:
        return [f"Its weight {name!r} (input {at + 1}) has shape {list(a.shape)}; {list(b.shape)} was expected."]
    if a.dtype != b.dtype:
        return [f"Its weight {name!r} (input {at + 1}) is {a.dtype}; {b.dtype} was expected."]
    off = (a != b) & ~((a != a) & (b != b))
    if not off.any():
        return []
    if a.size == 1:
        return [f"Its constant {name!r} (input {at + 1}) is {a.item()}; {b.item()} was expected."]
    places = np.argwhere(off)
    most = np.abs(a.astype(np.float64) - b.astype(np.float64)).max() if a.dtype.kind in "fiu" else float("nan")
    where = [int(n) for n in places[0]]
    return [
        f"Its weight {name!r} (input {at + 1}) differs in {len(places):,} of {a.size:,} elements, by {most:.2g} at "
        f"most, first at {where}: {a[tuple(where)]:g} instead of {b[tuple(where)]:g}."
    ]
