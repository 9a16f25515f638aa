"""The application: guards around routes, and one service for all of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi

from pliant.apps.server import problems
from pliant.apps.server.access import Access
from pliant.apps.server.guards import Guards
from pliant.apps.server.heads import Heads
from pliant.apps.server.service import Part, Service
from pliant.apps.server.settings import Settings
from pliant.registry import load, names
from pliant.version import VERSION

ROUTES = "pliant.apps.server.routes"


def create_app(settings: Settings, *, at_once: bool = False, part: Part | None = None) -> FastAPI:
    """The whole server, or a `part` of one, as an ASGI application.

    Its `state` has the `service`, and `loading`, which is done when the default model is loaded.

    Models are loaded when they are first asked for, the default one when the application starts. It has started when
    that is loaded, and does not start if that cannot be; with `at_once` it has started before, and /health/ready tells
    the difference. Raises UsageError if a model does not exist.
    """
    service = Service.of(settings, part)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        try:
            app.state.loading = await service.start()
            if not at_once:
                await app.state.loading
            yield
        finally:
            await service.leave()
            await run_in_threadpool(service.close)

    # the usual pages of documentation load scripts of another host; /openapi.json is there
    app = FastAPI(
        title="pliant",
        version=VERSION,
        summary="Upscales pictures by any factor.",
        lifespan=lifespan,
        redirect_slashes=False,  # it would repeat the header Host to the client
        docs_url=None,
        redoc_url=None,
        responses=problems.RESPONSES,
    )
    app.state.service = service
    for name in names(ROUTES):
        app.include_router(load(ROUTES, name, "ROUTES", extra="serve")(service))
    problems.register(app)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    # the last added is the outermost
    app.add_middleware(Heads)
    app.add_middleware(Guards, settings=settings)
    app.add_middleware(Access, metrics=service.metrics)
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the schema of a problem and how to say who asks."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        parts = made.setdefault("components", {})
        parts.setdefault("schemas", {})["Problem"] = problems.SCHEMA
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        made["security"] = [{}, {"token": []}]
        app.openapi_schema = made
    return app.openapi_schema
