"""The page: `GET /` and the files that it needs.

They are built from `web/` and lie in `pliant/apps/server/page`. Which there are is found out once; the path of a
request is only looked up among them and never opened.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, Response

PLACE = Path(__file__).parent.parent / "page"

# nothing from or to another host, no script or style in the document itself; WebAssembly and workers are the page's own
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# a worker has the policy of its own file, and threads need the page and all that it loads to be isolated
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
ASKED_EACH_TIME = "no-cache"  # kept by browsers, and used again once the server said that it is the same
KEPT = "public, max-age=31536000, immutable"  # names change with contents

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gz": "application/gzip",  # unpacked by the page, so that it needs no `Content-Encoding`
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


def routes(service: object) -> APIRouter:
    """Routes that need nothing of the service, and no token: the page asks for one when the service does."""
    del service
    router = APIRouter(include_in_schema=False)
    files = {path.name: _File(path) for path in sorted((PLACE / "assets").iterdir())}
    index, licences = _File(PLACE / "index.html"), _File(PLACE / "licences.txt")

    @router.get("/")
    def page(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return index.answer(request, ASKED_EACH_TIME)

    @router.get("/licences.txt")
    def licence(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return licences.answer(request, ASKED_EACH_TIME)

    @router.get("/assets/{name}")
    def asset(name: str, request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        if name not in files:
            raise HTTPException(404, "The page has no such file; reload it.")
        return files[name].answer(request, KEPT)

    return router


class _File:
    """A file of the page, with a tag that tells its contents from others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tag = f'"{sha256(path.read_bytes()).hexdigest()[:32]}"'

    def answer(self, request: Request, caching: str) -> Response:
        """The file, or that the browser has it already."""
        headers = {**HEADERS, "Cache-Control": caching, "ETag": self._tag}
        known = (tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(","))
        if self._tag in known:
            return Response(status_code=304, headers=headers)
        return FileResponse(self._path, headers=headers, media_type=TYPES[self._path.suffix])


ROUTES = routes
