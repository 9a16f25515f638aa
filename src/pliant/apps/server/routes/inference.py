"""/v2: the Open Inference Protocol (KServe v2 REST), tensors in and tensors out.

Source: https://github.com/kserve/open-inference-protocol, and Triton's extensions "Binary Tensor Data" and, of "Model
Repository", the index. Every error on these paths has the protocol's own form, those of the guards too; see `problems`.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from pliant.apps.server.batching import Batcher
from pliant.apps.server.inference import metadata
from pliant.apps.server.inference.answers import Answer
from pliant.apps.server.inference.body import received
from pliant.apps.server.inference.described import ANSWERS, BODY, ERRORS, INDEX
from pliant.apps.server.inference.document import optional, parsed
from pliant.apps.server.inference.inferring import Call, called, infer
from pliant.apps.server.problems import Problem
from pliant.apps.server.service import Service
from pliant.apps.server.work import Stopped, Ticket

MODEL = "/models/{name}"
VERSIONED = f"{MODEL}/versions/{{version}}"
SHORT = 4096  # bytes of a body that holds no tensors
NOBODY = 499  # the status of answers that nobody waits for


def ROUTES(service: Service) -> APIRouter:  # noqa: N802 - the name by which families are found
    """See the module."""
    router = APIRouter(prefix="/v2", responses=ERRORS)
    _server(router, service)
    _models(router, service)
    _infer(router, service)
    return router


def _server(router: APIRouter, service: Service) -> None:
    @router.get("", summary="What the server is")
    async def about() -> dict[str, Any]:
        return metadata.server()

    @router.get("/health/live", summary="Whether the process runs")
    async def live() -> dict[str, bool]:
        return {"live": True}

    @router.get("/health/ready", summary="Whether work is taken now")
    async def ready() -> dict[str, bool]:
        service.check_ready()
        return {"ready": True}

    @router.post("/repository/index", summary="All models", openapi_extra={"requestBody": INDEX})
    async def index(request: Request) -> list[dict[str, str]]:
        """Those that are not ready yet are loaded when they are first asked for."""
        body = await _short(request)
        only_ready = optional(parsed(body), "ready", bool, "The request") if body else False
        models = [_state(service, name) for name in service.models.paths]
        return [model for model in models if model["state"] == "READY" or not only_ready]


def _models(router: APIRouter, service: Service) -> None:
    @router.get(VERSIONED, summary="Inputs and outputs of a model, in its only version")
    @router.get(MODEL, summary="Inputs and outputs of a model")
    async def about(name: str, version: str = metadata.MODEL_VERSION) -> dict[str, Any]:
        _check(service, name, version)
        return await run_in_threadpool(lambda: metadata.model(service.models.get(name)))

    @router.get(f"{VERSIONED}/ready", summary="Load a model in its only version, and tell when it is ready")
    @router.get(f"{MODEL}/ready", summary="Load a model, and tell when it is ready")
    async def ready(name: str, version: str = metadata.MODEL_VERSION) -> dict[str, Any]:
        _check(service, name, version)
        await run_in_threadpool(service.models.get, name)
        return {"name": name, "ready": True}


def _infer(router: APIRouter, service: Service) -> None:
    batcher = Batcher()
    extra = {"requestBody": BODY}

    @router.post(f"{VERSIONED}/infer", responses=ANSWERS, openapi_extra=extra, summary="Compute, by version")
    @router.post(f"{MODEL}/infer", responses=ANSWERS, openapi_extra=extra, summary="Compute")
    async def infer_(request: Request, name: str, version: str = metadata.MODEL_VERSION) -> Response:
        """Inputs and outputs are those of the model's metadata; the live factor is an input like the others."""
        _check(service, name, version)
        try:
            body = await received(request, service.spool)

            answer = await _computed(called(body, name, service), request, service, batcher)
        except (Stopped, ClientDisconnect):
            return Response(status_code=NOBODY)
        return answer.response()


async def _short(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > SHORT:
            raise Problem(413, f"The body is larger than {SHORT} bytes, which this path has no use for.")
    return body


async def _computed(call: Call, request: Request, service: Service, batcher: Batcher) -> Answer:
    def work(ticket: Ticket) -> Answer:
        return infer(call, service, batcher, ticket.step)

    if call.waiting is not None:
        batcher.add(call.waiting)
    try:
        return await service.work.run(work, service.settings.seconds, request.is_disconnected)
    finally:
        if call.waiting is not None:
            batcher.remove(call.waiting)


def _check(service: Service, name: str, version: str) -> None:
    service.models.check_name(name)
    if version != metadata.MODEL_VERSION:
        raise Problem(404, f"There is no version {version[:20]!r} of {name!r}; there is {metadata.MODEL_VERSION!r}.")


def _state(service: Service, name: str) -> dict[str, str]:
    loaded = service.models.is_loaded(name)
    return {
        "name": name,
        "version": metadata.MODEL_VERSION,
        "state": "READY" if loaded else "UNAVAILABLE",
        "reason": "" if loaded else "It is loaded when it is first asked for.",
    }
