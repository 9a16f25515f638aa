"""A stand-in for `pliant serve`: the interface that the page talks to, each picture really upscaled by `pliant`.

Run it for development: `python -m tests.apps.server.page_server 8000 [TOKEN]`.
"""

from __future__ import annotations

import json
import sys
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn
from fastapi import Body, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

import pliant
from pliant.apps.server.routes import page
from pliant.contract import Contract
from pliant.errors import PliantError
from pliant.imaging.facts import locality_of
from pliant.imaging.locality import measured
from pliant.imaging.network import Network
from pliant.media.read import read_size
from pliant.models import DEFAULT, names, path

ENGINE = "onnxruntime"
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".tif": "image/tiff", ".bmp": "image/bmp"}


@dataclass
class Job:
    """One picture; `state` and `progress` as the interface has them."""

    folder: TemporaryDirectory[str]
    wanted: dict[str, str]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    state: str = "queued"
    progress: float = 0
    result: Any = None
    problem: dict[str, Any] | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)

    def tell(self, **values: Any) -> None:
        """Change what is told, and wake those who listen."""
        with self.changed:
            self.__dict__.update(values)
            self.changed.notify_all()

    def json(self) -> dict[str, Any]:
        """As `GET /v1/jobs/ID` answers it."""
        done = self.result
        return {
            "id": self.id,
            "state": self.state,
            "progress": self.progress,
            "source_size": done and done.source_size,
            "result_size": done and done.size,
            "result": f"/v1/jobs/{self.id}/result" if done else None,
            "problem": self.problem,
            "notes": done.notes if done else [],
        }


class Pictures:
    """The work: one picture at a time, each by `pliant.upscale`."""

    def __init__(self, models: dict[str, Path]) -> None:
        self.jobs: dict[str, Job] = {}
        self.models = models
        self.sessions = {name: pliant.load(file, engine=ENGINE) for name, file in models.items()}
        self.busy = threading.Lock()

    def start(self, body: bytes, wanted: dict[str, str]) -> Job:
        """A job on a thread of its own."""
        job = Job(TemporaryDirectory(prefix="pliant-page-"), wanted)
        self.jobs[job.id] = job
        (Path(job.folder.name) / "source").write_bytes(body)
        threading.Thread(target=self._run, args=(job,), daemon=True).start()
        return job

    def _run(self, job: Job) -> None:
        with self.busy:
            job.tell(state="running")
            try:
                done = self.upscaled(job)
            except PliantError as error:
                problem = {"type": "about:blank", "title": "Unprocessable", "status": 422, "detail": str(error)}
                job.tell(state="failed", problem=problem)
            else:
                job.tell(state="done", progress=1.0, result=done)

    def upscaled(self, job: Job) -> Any:
        """What `pliant.upscale` returns."""
        wanted, folder = job.wanted, Path(job.folder.name)
        return pliant.upscale(
            folder / "source",
            None,
            float(wanted.get("factor", 4)),
            model=self.sessions[wanted.get("model", DEFAULT)],
            format=wanted.get("format"),
            alpha=wanted.get("alpha", "network"),
            advance=lambda share: job.tell(progress=share),
        )


def application(token: str | None = None, models: dict[str, Path] | None = None) -> FastAPI:
    """The service, which wants `token` if there is one, with the shipped models and more by name."""
    app, pictures = FastAPI(), Pictures({name: path(name) for name in names()} | (models or {}))
    app.include_router(page.ROUTES(None))

    @app.middleware("http")
    async def guard(request: Request, following: Any) -> Response:
        wanted = request.url.path.startswith("/v1/") and token is not None
        if wanted and request.headers.get("Authorization") != f"Bearer {token}":
            return problem(401, "The token is missing or wrong.")
        return await following(request)

    describe(app, pictures)
    work(app, pictures)
    return app


def describe(app: FastAPI, pictures: Pictures) -> None:
    """Routes about models."""

    @app.get("/v1/models")
    def models() -> Any:
        return {"models": [about(name, file, pictures.sessions[name]) for name, file in pictures.models.items()]}

    @app.get("/v1/models/{name}/file")
    def file(name: str) -> Response:
        return FileResponse(pictures.models[name], media_type="application/octet-stream")

    @app.get("/v1/models/{name}/tiles")
    def tiles(name: str, factor: float) -> Any:
        network = Network.of(pictures.sessions[name])
        found = locality_of(network, factor, lambda: measured(network, factor))
        return {"radius": found.radius, "step": found.step, "exact": found.exact}

    @app.get("/v1/plan")
    def plan(width: int, height: int, factor: float, model: str = DEFAULT) -> Any:
        size = [int(width * factor), int(height * factor)]
        common = {"factor": factor, "model": model, "engine": ENGINE, "notes": []}
        return {
            "source_size": [width, height],
            "result_size": size,
            "memory": 500 * size[0] * size[1],
            "seconds": None,
        } | common


def about(name: str, file: Path, session: pliant.Session) -> dict[str, Any]:
    """As `GET /v1/models` describes a model."""
    contract: Contract = session.contract
    network = Network.of(session)
    low, high = network.factors.minimum, network.factors.maximum
    factor = {
        "minimum": low,
        "maximum": min(high or 8, 8),
        "default": network.default_factor,
        "live": network.factor is not None,
    }
    return {
        "name": name,
        "default": name == DEFAULT,
        "engine": ENGINE,
        "factor": factor,
        "contract": json.loads(contract.to_json()),
        "licence": "Apache-2.0",
        "bytes": file.stat().st_size,
        "file": f"/v1/models/{name}/file",
    }


def work(app: FastAPI, pictures: Pictures) -> None:
    """Routes that upscale."""

    @app.post("/v1/upscale")
    def upscale(request: Request, body: bytes = Body(media_type="image/*")) -> Response:
        job = Job(TemporaryDirectory(prefix="pliant-page-"), dict(request.query_params))
        (Path(job.folder.name) / "source").write_bytes(body)
        try:
            return picture(pictures.upscaled(job))
        except PliantError as error:
            return problem(422, str(error))

    @app.post("/v1/jobs", status_code=202)
    def start(request: Request, body: bytes = Body(media_type="image/*")) -> Any:
        job = pictures.start(body, dict(request.query_params))
        return JSONResponse(job.json(), 202, {"Location": f"/v1/jobs/{job.id}"})

    @app.get("/v1/jobs/{id}/events")
    def events(id: str) -> Response:  # noqa: A002
        return StreamingResponse(changes(pictures.jobs[id]), media_type="text/event-stream")

    @app.get("/v1/jobs/{id}/result")
    def result(id: str) -> Response:  # noqa: A002
        return picture(pictures.jobs[id].result)

    @app.delete("/v1/jobs/{id}", status_code=204)
    def remove(id: str) -> None:  # noqa: A002
        pictures.jobs.pop(id, None)


def changes(job: Job) -> Iterator[str]:
    """Server-sent events, one for each change."""
    last = ""
    while True:
        with job.changed:
            while (now := json.dumps(job.json())) == last:
                job.changed.wait()
            last = now
        yield f"event: job\ndata: {last}\n\n"
        if job.state in ("done", "failed", "cancelled"):
            return


def picture(done: Any) -> Response:
    """The result of `pliant.upscale` as an answer."""
    width, height, _ = read_size(done.destination)
    headers = {"Pliant-Size": f"{width}x{height}", "Pliant-Engine": done.engine}
    return Response(done.destination.read_bytes(), media_type=TYPES[done.destination.suffix], headers=headers)


def problem(status: int, detail: str) -> Response:
    """Problem details."""
    return JSONResponse(
        {"title": "Problem", "status": status, "detail": detail}, status, media_type="application/problem+json"
    )


if __name__ == "__main__":
    uvicorn.run(application(*sys.argv[2:]), host="127.0.0.1", port=int(sys.argv[1]))
