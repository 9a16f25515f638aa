"""One request from its body to its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pliant.apps.server.batching import Batcher, Waiting
from pliant.apps.server.inference.answers import Answer, encoded
from pliant.apps.server.inference.body import Body
from pliant.apps.server.inference.joining import outputs_of, waiting_of
from pliant.apps.server.inference.metadata import MODEL_VERSION
from pliant.apps.server.inference.requests import Asked, asked
from pliant.apps.server.inference.sizes import check
from pliant.apps.server.inference.tensors import Array
from pliant.apps.server.models import Offered
from pliant.apps.server.service import Service


@dataclass(frozen=True)
class Prepared:
    """A request that may be computed: it fits the contract and the limits. `pixels` are of input and result."""

    offered: Offered
    asked: Asked
    pixels: tuple[int, int]


@dataclass(frozen=True)
class Call:
    """A request that has come. What is small is prepared at once, and may be joined with others while it waits."""

    body: Body
    name: str
    ready: Prepared | None = None
    waiting: Waiting | None = None


def called(body: Body, name: str, service: Service) -> Call:
    """Raises as `prepared`."""
    if not (body.small and service.models.is_loaded(name)):
        return Call(body, name)
    ready = prepared(body, name, service)
    return Call(body, name, ready, waiting_of(ready.offered, ready.asked.inputs, ready.pixels))


def prepared(body: Body, name: str, service: Service) -> Prepared:
    """Raises Problem for what is malformed or too large, ContractError for what the model does not take."""
    offered = service.models.get(name)
    wanted = asked(*body.parts(service.settings.body), offered.session.contract)
    as_json = not all(binary for _, binary in wanted.outputs)
    return Prepared(offered, wanted, check(offered.network, wanted.inputs, as_json, service.settings))


def computed(ready: Prepared) -> tuple[Array, ...]:
    """All outputs, in the order of the contract: exactly what the session gives. Raises InputError."""
    return outputs_of(ready.offered, ready.asked.inputs)


def answered(ready: Prepared, arrays: tuple[Array, ...], service: Service) -> Answer:
    """The answer with the outputs that were asked for."""
    names = [output.name for output in ready.offered.session.contract.outputs]
    by_name = dict(zip(names, arrays, strict=True))
    facts = {"model_name": ready.offered.name, "model_version": MODEL_VERSION}
    if ready.asked.id is not None:
        facts["id"] = ready.asked.id
    return encoded(facts, [(name, by_name[name], binary) for name, binary in ready.asked.outputs], service.spool)


def infer(call: Call, service: Service, batcher: Batcher, step: Callable[[], None]) -> Answer:
    """What is left to do when it is a call's turn; `step` is called in between, and ends the work by raising."""
    ready = call.ready or prepared(call.body, call.name, service)
    step()
    arrays = computed(ready) if call.waiting is None else batcher.compute(call.waiting, step)
    step()
    service.metrics.pixels_in.inc(ready.pixels[0])
    service.metrics.pixels_out.inc(ready.pixels[1])
    return answered(ready, arrays, service)
