"""pliant inspect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from pliant.apps.cli.options import common
from pliant.errors import UsageError

if TYPE_CHECKING:
    from pliant.apps.inspect import Inspection
    from pliant.contract import Contract, Input
    from pliant.dataflow import Route

ROUTES = 4  # shown for each live value; --json has them all


@click.command()
@click.argument("model")
@click.option("--view", is_flag=True, help="Open the graph in Netron, in the browser.")
@common
def inspect(model: str, view: bool, as_json: bool) -> None:
    """Show what is in an ONNX file.

    The contract, the graph, and where each live value goes. MODEL is a path or the name of a shipped model.
    """
    from pliant.apps.inspect import inspect as run
    from pliant.apps.models import find

    path = find(model)
    found = run(path)
    if as_json:
        click.echo(json.dumps(found.as_dict()))
    else:
        for title, lines in _sections(found):
            if lines:
                click.secho(title, bold=True)
                click.echo("".join(f"  {line}\n" for line in lines), nl=False)
    if view:
        _view(str(path))


def _sections(found: Inspection) -> Iterator[tuple[str, list[str]]]:
    graph, contract = found.graph, found.contract
    opsets = ", ".join(f"{domain or 'opset'} {version}" for domain, version in graph.opsets.items())
    made = f", made by {graph.producer}" if graph.producer else ""
    size = f"{found.size:,} bytes, {graph.parameters:,} parameters"
    yield str(found.file), [f"{size}, {opsets}, IR {graph.ir_version}{made}"]
    if contract is None:
        yield "Contract", [found.problem]
    else:
        yield from _contract(contract)
    yield "Live values", [line for name in found.routes for line in _routes(found, name)]
    yield "Resizes", [_resize(found, at) for at in range(len(found.resizes))]
    yield "Operators", [", ".join(f"{name} {count}" for name, count in found.operators.items())]
    yield "Verified", [_stamp(stamp) for stamp in found.stamps]


def _stamp(stamp: dict[str, Any]) -> str:
    """The engine first, then what else the stamp says; --json has the fingerprint."""
    engine = " ".join(str(stamp.get(key, "")) for key in ("engine", "version", "precision"))
    rest = {key: value for key, value in stamp.items() if key not in ("engine", "version", "precision", "fingerprint")}
    return ", ".join([engine.strip(), *(f"{key.replace('_', ' ')} {value}" for key, value in rest.items())])


def _contract(contract: Contract) -> Iterator[tuple[str, list[str]]]:
    yield "Inputs", _aligned([_input(contract, i) for i in contract.inputs])
    yield "Outputs", _aligned([(o.name, f"{o.dtype} [{', '.join(o.dims)}]", "") for o in contract.outputs])
    source = contract.provenance
    facts = [source.source, f"weights sha256 {source.weights_sha256}" if source.weights_sha256 else ""]
    facts.append(", ".join(f"{name} {version}" for name, version in source.versions))
    yield "Origin", [fact for fact in facts if fact]
    yield "Notes", list(contract.notes)


def _input(contract: Contract, i: Input) -> tuple[str, str, str]:
    shape = f" [{', '.join(map(str, i.dims))}]" if i.dims else ""
    meaning = ""
    if i.role == "image" and contract.image:
        image = contract.image
        meaning = f"picture, {image.colours} from {image.minimum:g} to {image.maximum:g}, rounded {image.rounding}"
    elif i.role == "value":
        meaning = f"{'upscale factor' if i.name == contract.factor else 'live value'}, {i.values}"
    return i.name, f"{i.dtype}{shape}", meaning


def _routes(found: Inspection, name: str) -> Iterator[str]:
    ways = found.routes[name]
    if not ways:
        yield f"{name} reaches nothing: it changes no output"
    told = list(dict.fromkeys(_route(found, route) for route in ways))
    yield from told[:ROUTES]
    if len(told) > ROUTES:
        yield f"{name} has {len(told) - ROUTES} more; --json shows all"


def _route(found: Inspection, route: Route) -> str:
    """A route in one line; a resize says what it means where the contract knows it."""
    meanings = {r.node: f"{r.node} ({r.mode}, {r.semantics}s)" for r in found.resizes}
    last = route.steps[-1] if route.steps else ""
    told = " -> ".join((route.start, *(meanings.get(step, step) for step in route.steps)))
    return told if last in meanings else f"{told} ({route.operand})"


def _resize(found: Inspection, at: int) -> str:
    resize = found.resizes[at]
    constants = found.fixed.get(resize.node)
    driver = f"fixed at [{', '.join(map('{:g}'.format, constants))}]" if constants else "driven by no live value"
    if resize.driver:
        driver = f"driven by {', '.join(resize.driver)}"
    return f"{resize.node or 'unnamed'}: {resize.mode}, by {resize.semantics}, {driver}"


def _aligned(rows: list[tuple[str, str, str]]) -> list[str]:
    first, second = (max((len(row[at]) for row in rows), default=0) for at in (0, 1))
    return [f"{a:<{first}}  {b:<{second}}  {c}".rstrip() for a, b, c in rows]


def _view(path: str) -> None:
    try:
        netron: Any = import_module("netron")
    except ModuleNotFoundError as error:
        raise UsageError("Netron, which shows graphs, is not installed: pip install netron.") from error
    click.echo("Netron shows the graph in the browser; press Ctrl+C to stop.", err=True)
    netron.start(path)
    netron.wait()


COMMAND = inspect
