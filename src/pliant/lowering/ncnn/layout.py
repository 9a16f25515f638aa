"""Operators that order, join, cut and repeat axes."""

from __future__ import annotations

from itertools import pairwise, permutations

import onnx_ir as ir

from pliant.lowering.builder import array_of, attribute
from pliant.lowering.ncnn._layout import MOST, Groups, Refused, Sizes, dims_of, is_empty, known, ones, separate
from pliant.lowering.ncnn._network import Network, Parameter, known_product
from pliant.lowering.ncnn.base import Layer

END = -233  # "to the end" in Crop
FAR = 2**31 - 1  # exporters write this or more for "to the end"


def numbers(node: ir.Node, at: int, name: str) -> list[int] | None:
    """Whole numbers given by an operand, or by an attribute as in older opsets; None if by neither."""
    value = node.inputs[at] if len(node.inputs) > at else None
    if value is None:
        found = attribute(node, name)
        return None if found is None else [int(n) for n in found]
    content = array_of(value)
    if content is None:
        raise Refused(f"has an operand {value.name!r} that has to be a constant")
    return [int(n) for n in content.reshape(-1)]


def _reshape(node: ir.Node, network: Network) -> None:
    """Row by row into other lengths."""
    x, result = node.inputs[0], node.outputs[0]
    assert x is not None
    dims = dims_of(result)
    if separate(dims) is None:
        known(dims, f"the shape {dims} of its result")
    groups = separate(dims) or (tuple(range(len(dims))),)
    lengths = [known_product(dims, group) for group in groups]
    blob, held = network.any(x)
    if [known_product(dims_of(x), group) for group in held] == lengths and None not in lengths:
        network.put(result, blob, groups)
        return
    network.put(result, network.reshape(blob, lengths, f"the shape {dims} of its result"), groups)


def _relabel(node: ir.Node, network: Network, moved: dict[int, int]) -> None:
    """The same blob, whose axes have other numbers; those that are not in `moved` have length 1."""
    blob, groups = network.any(node.inputs[0])
    network.put(node.outputs[0], blob, tuple(tuple(moved[a] for a in g if a in moved) for g in groups))


def _unsqueeze(node: ir.Node, network: Network) -> None:
    rank = len(dims_of(node.inputs[0])) if node.inputs[0] is not None else 0
    axes = numbers(node, 1, "axes") or []
    total = rank + len(axes)
    new = {a % total for a in axes}
    _relabel(node, network, dict(enumerate(k for k in range(total) if k not in new)))


def _squeeze(node: ir.Node, network: Network) -> None:
    assert node.inputs[0] is not None
    dims = dims_of(node.inputs[0])
    axes = numbers(node, 1, "axes")
    gone = ones(dims) if axes is None else {a % len(dims) for a in axes}
    if axes is None:
        known(dims, "which axes have length 1")
    _relabel(node, network, {old: new for new, old in enumerate(k for k in range(len(dims)) if k not in gone)})


def _flatten(node: ir.Node, network: Network) -> None:
    _reshape(node, network)


def _transpose(node: ir.Node, network: Network) -> None:
    x, result = node.inputs[0], node.outputs[0]
    assert x is not None
    dims = dims_of(x)
    perm = [int(k) for k in attribute(node, "perm", list(reversed(range(len(dims)))))]
    target = [a for a in perm if dims[a] != 1]
    blob, groups = network.any(x)
    if len(groups) > MOST or not _stay_whole(groups, target):
        groups = _runs(target)
        if len(groups) > MOST:
            return _in_steps(node, network, perm)
        blob = network.view(x, groups)
    at = {axis: k for k, axis in enumerate(target)}
    order = sorted(range(len(groups)), key=lambda k: _place(groups, k, at))
    if order != list(range(len(groups))):
        blob = network.layer("Permute", [blob], {0: order_type(order)})
    new = {old: k for k, old in enumerate(perm)}
    network.put(result, blob, tuple(tuple(new[a] for a in groups[k] if a in at) for k in order))
    return None


def _place(groups: Groups, k: int, at: dict[int, int]) -> float:
    """Where a group comes in the result; one of length 1 stays behind the group before it."""
    for j in range(k, -1, -1):
        found = [at[a] for a in groups[j] if a in at]
        if found:
            return found[0] + (0 if j == k else 0.5)
    return -1


def _stay_whole(groups: Groups, target: list[int]) -> bool:
    """Whether the axes of each group stay neighbours, in order."""
    at = {axis: k for k, axis in enumerate(target)}
    for group in groups:
        places = [at[a] for a in group if a in at]
        if places != list(range(places[0], places[0] + len(places)) if places else []):
            return False
    return True


def _runs(target: list[int]) -> Groups:
    """Neighbours that stay neighbours, in the order in which they are now."""
    ordered = sorted(target)
    follows = dict(pairwise(ordered))
    runs: list[list[int]] = []
    for axis in target:
        if runs and follows.get(runs[-1][-1]) == axis:
            runs[-1].append(axis)
        else:
            runs.append([axis])
    return tuple(sorted(tuple(run) for run in runs)) or ((),)


def order_type(order: list[int]) -> int:
    """The number that ncnn gives to an order of axes: its place among all orders."""
    return list(permutations(range(len(order)))).index(tuple(order))


def _in_steps(node: ir.Node, network: Network, perm: list[int]) -> None:
    """More runs than a blob has axes: one axis is moved after the other."""
    x = node.inputs[0]
    assert x is not None
    dims = known(dims_of(x), "the shape of its operand")
    blob, groups = network.any(x)
    lengths, now = list(dims), list(range(len(dims)))
    for place, axis in enumerate(perm):
        at = now.index(axis)
        if at == place:
            continue
        parts = [lengths[:place], lengths[place:at], [lengths[at]], lengths[at + 1 :]]
        sizes: list[int | None] = [_total(p) for p in parts]
        blob = network.layer("Permute", [network.reshape(blob, sizes, "")], {0: order_type([0, 2, 1, 3])})
        for row in (lengths, now):
            row.insert(place, row.pop(at))
    groups = separate([*lengths]) or (tuple(range(len(dims))),)
    wanted: list[int | None] = [_total([lengths[a] for a in g]) for g in groups]
    network.put(node.outputs[0], network.reshape(blob, wanted, ""), groups)


def _total(lengths: list[int]) -> int:
    total = 1
    for n in lengths:
        total *= n
    return total


def _concat(node: ir.Node, network: Network) -> None:
    values = [v for v in node.inputs if v is not None and not is_empty(v)]
    rank = len(dims_of(values[0]))
    axis = int(attribute(node, "axis")) % rank
    groups, place = _joint(network, values, node.outputs[0], axis)
    blobs = [network.view(v, groups) for v in values]
    network.put(node.outputs[0], network.layer("Concat", blobs, {0: place}), groups)


def _joint(network: Network, values: list[ir.Value], result: ir.Value, axis: int) -> tuple[Groups, int]:
    """A layout in which all values can be joined along `axis`, and its place there."""
    dims = dims_of(result)
    axes = [k for k in range(len(dims)) if k == axis or any(dims_of(v)[k] != 1 for v in values)]
    if len(axes) <= MOST:
        groups: Groups = tuple((k,) for k in axes)
    else:
        groups = tuple(range(axis)), (axis,), tuple(range(axis + 1, len(dims)))
    # an axis of length 1 in one operand only must not be dropped there: the blob keeps it by the empty group
    return groups, groups.index((axis,))


def crop(network: Network, blob: str, place: int, start: int, end: int) -> str:
    """Elements start .. end - 1 along one axis of a blob."""
    return network.layer("Crop", [blob], {9: [start], 10: [end], 11: [place]})


def _slice(node: ir.Node, network: Network) -> None:
    """With steps of 1."""
    x = node.inputs[0]
    assert x is not None
    dims = dims_of(x)
    starts, ends = numbers(node, 1, "starts") or [], numbers(node, 2, "ends") or []
    axes = [a % len(dims) for a in (numbers(node, 3, "axes") or range(len(starts)))]
    found = [(a, _bounds(dims[a], s, e, str(x.name))) for a, s, e in zip(axes, starts, ends, strict=True)]
    cuts = [(axis, bounds) for axis, bounds in found if bounds is not None]
    blob, groups = network.any(x)
    if cuts:
        blob, groups, places = network.isolated(x, *(axis for axis, _ in cuts))
        for place, (_, bounds) in zip(places, cuts, strict=True):
            blob = crop(network, blob, place, *bounds)
    network.put(node.outputs[0], blob, groups)


def _bounds(length: int | str | None, start: int, end: int, name: str) -> tuple[int, int] | None:
    """Where a cut begins and ends in ncnn's terms; None if it keeps all."""
    if isinstance(length, int):
        first, last = slice(start, end).indices(length)[:2]
        if last <= first:
            raise Refused("cuts out nothing, and ncnn has no empty blobs")
        return None if (first, last) == (0, length) else (first, last)
    if start >= 0 and end >= FAR:
        return None if start == 0 else (start, END)
    raise Sizes(f"the length of an axis of {name!r}")


def _check_slice(node: ir.Node) -> str | None:
    steps = node.inputs[4] if len(node.inputs) > 4 else None
    content = array_of(steps)
    if steps is not None and (content is None or any(content != 1)):
        return "takes steps other than 1"
    return None


def _split(node: ir.Node, network: Network) -> None:
    x = node.inputs[0]
    assert x is not None
    axis = int(attribute(node, "axis", 0)) % len(dims_of(x))
    parts = numbers(node, 1, "split")
    if parts is None:
        (length,) = known(dims_of(x)[axis : axis + 1], "the length of the axis that it splits")
        each = -(-length // len(node.outputs))
        parts = [min(each, length - k * each) for k in range(len(node.outputs))]
    blob, groups, (place,) = network.isolated(x, axis)
    start = 0
    for value, part in zip(node.outputs, parts, strict=True):
        network.put(value, crop(network, blob, place, start, start + part), groups)
        start += part


def _expand(node: ir.Node, network: Network) -> None:
    """By a copy along each axis that grows."""
    x, result = node.inputs[0], node.outputs[0]
    assert x is not None
    new = known(dims_of(result), "the shape of its result")
    shift = len(new) - len(dims_of(x))
    old = [1] * shift + known(dims_of(x), "the shape of its operand")
    repeats = [n if o == 1 else 1 for n, o in zip(new, old, strict=True)]
    _repeat(network, x, result, repeats)


def _repeat(network: Network, x: ir.Value, result: ir.Value, repeats: list[int]) -> None:
    """One axis after the other; between them, neighbours are merged."""
    new = known(dims_of(result), "the shape of its result")
    lengths = [n // r for n, r in zip(new, repeats, strict=True)]
    blob = network.any(x)[0]
    for axis, count in enumerate(repeats):
        if count > 1:
            parts: list[int | None] = [_total(lengths[:axis]), lengths[axis], _total(lengths[axis + 1 :])]
            blob = network.layer("Tile", [network.reshape(blob, parts, "")], {0: 1, 1: count})
            lengths[axis] *= count
    groups = separate([*new]) or (tuple(range(len(new))),)
    wanted: list[int | None] = [_total([new[a] for a in g]) for g in groups]
    network.put(result, network.reshape(blob, wanted, ""), groups)


def _tile(node: ir.Node, network: Network) -> None:
    x = node.inputs[0]
    assert x is not None
    known(dims_of(x), "the shape of its operand")
    _repeat(network, x, node.outputs[0], numbers(node, 1, "repeats") or [])


def _pad(node: ir.Node, network: Network) -> None:
    """Two axes at a time; what is negative cuts."""
    x = node.inputs[0]
    assert x is not None
    rank = len(dims_of(x))
    axes = [a % rank for a in (numbers(node, 3, "axes") or range(rank))]
    amounts = numbers(node, 1, "pads") or []
    before, behind = amounts[: len(axes)], amounts[len(axes) :]
    moved = [(a, b, e) for a, b, e in zip(axes, before, behind, strict=True) if b or e]
    dims = dims_of(x)
    if any(b < 0 or e < 0 for _, b, e in moved):
        known(dims, "the shape of its operand, as it pads by negative numbers")
    blob, groups = network.any(x)
    if not moved:
        network.put(node.outputs[0], blob, groups)
        return
    blob, groups, places = network.isolated(x, *(a for a, _, _ in moved))
    for place, (axis, first, last) in zip(places, moved, strict=True):
        length = dims[axis]
        if min(first, last) < 0 and isinstance(length, int):
            blob = crop(network, blob, place, max(-first, 0), length + min(last, 0))
        blob = _pad_one(node, network, blob, len(groups), place, (max(first, 0), max(last, 0)))
    network.put(node.outputs[0], blob, groups)


def _pad_one(node: ir.Node, network: Network, blob: str, count: int, place: int, amounts: tuple[int, int]) -> str:
    """Padding along one axis of a blob, which is brought to the last place: ncnn pads the last two."""
    kind = {"constant": 0, "edge": 1, "reflect": 2}[attribute(node, "mode", "constant")]
    fill = array_of(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] is not None else None
    order = list(range(count))
    order[place], order[-1] = order[-1], order[place]
    swap = order_type(order)
    parameters: dict[int, Parameter] = {2: amounts[0], 3: amounts[1], 4: kind}
    if kind == 0:
        parameters[5] = 0.0 if fill is None else float(fill.item())
    if place >= count - 2:  # as it lies
        parameters = {**parameters, 2: 0, 3: 0, 0: amounts[0], 1: amounts[1]} if place == count - 2 else parameters
        return network.layer("Padding", [blob], parameters)
    turned = network.layer("Permute", [blob], {0: swap})
    return network.layer("Permute", [network.layer("Padding", [turned], parameters)], {0: swap})


def _check_pad(node: ir.Node) -> str | None:
    if attribute(node, "mode", "constant") == "wrap":
        return "repeats the picture around its edges, which ncnn does not"
    if len(node.inputs) > 2 and node.inputs[2] is not None and array_of(node.inputs[2]) is None:
        return "fills with a value that is computed"
    return None


LAYERS = {
    "Concat": Layer(_concat),
    "Expand": Layer(_expand, constants=(1,)),
    "Flatten": Layer(_flatten),
    "Pad": Layer(_pad, _check_pad, constants=(1, 3)),
    "Reshape": Layer(_reshape, constants=(1,)),
    "Slice": Layer(_slice, _check_slice, constants=(1, 2, 3, 4)),
    "Split": Layer(_split, constants=(1,)),
    "Squeeze": Layer(_squeeze, constants=(1,)),
    "Tile": Layer(_tile, constants=(1,)),
    "Transpose": Layer(_transpose),
    "Unsqueeze": Layer(_unsqueeze, constants=(1,)),
}
