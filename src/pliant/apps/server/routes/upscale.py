"""POST /v1/upscale: a picture in, the larger one out."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pliant.apps.server.bodies import BODY, received
from pliant.apps.server.results import picture
from pliant.apps.server.service import Service
from pliant.apps.server.task import Made, make
from pliant.apps.server.wishes import QUERY
from pliant.apps.server.work import Stopped, Ticket

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}
}


def ROUTES(service: Service) -> APIRouter:  # noqa: N802 - the name by which families are found
    """See the module."""
    router = APIRouter()

    @router.post(
        "/v1/upscale",
        responses=ANSWERS,
        response_class=Response,
        summary="Upscale a picture",
        openapi_extra={"requestBody": BODY, "parameters": QUERY},
    )
    async def upscale(request: Request) -> Response:
        """The picture is the body, or the field `picture` of a form; parameters are in the query or the form."""
        end = perf_counter() + service.settings.seconds
        service.work.check()  # before the body: who has to come back should not have to send it twice
        source, asked = await received(request, service.spool)
        target = source.with_name(f"{source.name}.result")

        def work(ticket: Ticket) -> Made:
            offered = service.models.get(asked.model)
            return make(source, asked, offered, service.settings, target, ticket.step, ticket.release)

        def undo() -> None:
            source.unlink(missing_ok=True)
            target.unlink(missing_ok=True)

        try:
            made = await service.work.run(work, end - perf_counter(), request.is_disconnected, undo)
        except Stopped:
            return Response(status_code=499)  # to nobody
        source.unlink(missing_ok=True)
        service.metrics.upscaled(made.source_size, made.size, made.seconds)
        return picture(made, target)

    return router
