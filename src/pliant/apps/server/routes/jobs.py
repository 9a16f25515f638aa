"""/v1/jobs: pictures that take longer than a request, and are done whatever happens to the server."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from pliant.apps.server.bodies import BODY, received
from pliant.apps.server.jobs import described, events
from pliant.apps.server.jobs.job import ENDED, Job, is_id
from pliant.apps.server.jobs.runner import Runner
from pliant.apps.server.jobs.store import CANNOT_WRITE
from pliant.apps.server.problems import Problem
from pliant.apps.server.results import picture
from pliant.apps.server.service import Service
from pliant.apps.server.task import Made
from pliant.apps.server.wishes import QUERY

Id = Annotated[str, Path(description="What POST answered as `id`.", json_schema_extra=described.ID)]


def ROUTES(service: Service) -> APIRouter:  # noqa: N802 - the name by which families are found
    """See the module. A server without a folder for jobs has none of these paths."""
    router = APIRouter(prefix="/v1/jobs")
    if service.settings.jobs is None:
        return router
    keep, runner = service.settings.keep, Runner(service, service.settings.jobs)
    if service.part.keeps_jobs:
        service.starting.append(runner.start)
        service.leaving.append(runner.leave)

    @router.post(
        "",
        status_code=202,
        responses=described.TAKEN,
        summary="Upscale a picture later",
        openapi_extra={"requestBody": BODY, "parameters": QUERY},
    )
    async def add(request: Request) -> JSONResponse:
        """As /v1/upscale, but the answer comes at once and says where to ask for the result."""
        await runner.check_room()  # before the body: what cannot be done should not be sent
        try:
            body, asked = await received(request, runner.store.files.incoming)
        except OSError as error:
            raise Problem(507, CANNOT_WRITE) from error
        try:
            job = await runner.add(body, asked)
        finally:
            body.unlink(missing_ok=True)  # unless it is the job's now
        return JSONResponse(job.as_json(keep), 202, {"Location": f"/v1/jobs/{job.id}"})

    @router.get("/{id}", responses=described.ONE, summary="How far a job is")
    async def one(id: Id) -> dict[str, Any]:  # noqa: A002 - what clients call it
        return (await _found(runner, id)).as_json(keep)

    @router.get("/{id}/result", responses=described.RESULT, response_class=Response, summary="The result of a job")
    async def result(id: Id) -> Response:  # noqa: A002
        """As of /v1/upscale; part of it where the header Range asks for one."""
        return picture(_made(await _found(runner, id)))

    @router.get("/{id}/events", responses=described.EVENTS, response_class=Response, summary="How far a job is, live")
    async def changes(
        id: Id,  # noqa: A002
        last_event_id: str = Header("", description="Sent by browsers that come back."),
    ) -> Response:
        """Server-sent events: the job at once, at each change, and when it has ended, which ends the stream."""
        job = await _found(runner, id)
        if job.state in ENDED and last_event_id == job.state:
            return Response(status_code=204)
        return StreamingResponse(
            events.stream(runner.events(id), keep), headers=events.HEADERS, media_type=events.MEDIA
        )

    @router.delete("/{id}", status_code=204, response_class=Response, summary="Stop a job and remove everything of it")
    async def remove(id: Id) -> Response:  # noqa: A002
        await _found(runner, id)
        await runner.remove(id)
        return Response(status_code=204)

    return router


async def _found(runner: Runner, text: str) -> Job:
    if not is_id(text):
        raise Problem(404, "That is not the id of a job; POST /v1/jobs answers one.")
    return await runner.find(text)


def _made(job: Job) -> Made:
    if job.made is None:
        why = f"The job failed: {job.problem['detail']}" if job.problem else f"The job is {job.state}; wait for it."
        raise Problem(409, why)
    if not job.made.path.is_file():
        raise Problem(404, "The result is not there any more.")
    return job.made
