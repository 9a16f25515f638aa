"""POST /v1/upscale: a picture in, the larger one out."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from pliant.apps.server.beside import Beside
from pliant.apps.server.bodies import BODY, received
from pliant.apps.server.results import picture, taken
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
    beside = Beside(service.settings.workers, lambda: service.work.busy)

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

        def work(ticket: Ticket) -> tuple[Made, bytes | None]:
            offered = service.models.get(asked.model)
            made = make(source, asked, offered, service.settings, target, ticket.step, ticket.release, beside)
            source.unlink(missing_ok=True)
            return made, taken(target)

        def undo() -> None:
            source.unlink(missing_ok=True)
            target.unlink(missing_ok=True)

        try:
            made, content = await service.work.run(work, end - perf_counter(), request.is_disconnected, undo)
        except Stopped:
            return Response(status_code=499)  # to nobody
        service.metrics.upscaled(made.source_size, made.size, made.seconds)
        return picture(made, target, content=content)

    return router
