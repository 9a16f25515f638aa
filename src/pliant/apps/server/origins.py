"""Pages of other sites: refused, unless the settings name the site; then answers say that it may read them.

Source: the Fetch standard, https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import Response

from pliant.apps.server.problems import Problem

METHODS = "GET, HEAD, POST, DELETE"
SENT = "Authorization, Content-Type, Inference-Header-Content-Length, Last-Event-ID, Range"
READ = (
    "Pliant-Source-Size, Pliant-Size, Pliant-Factor, Pliant-Model, Pliant-Engine, Pliant-Seconds, Pliant-Notes, "
    "Pliant-Request, Location, Retry-After, Content-Range, Inference-Header-Content-Length"
)
REMEMBERED = "600"  # seconds for which a browser need not ask again

Pairs = tuple[tuple[bytes, bytes], ...]


def check(headers: Headers, allowed: tuple[str, ...]) -> Problem | None:
    """Why a request is refused, by what a browser says about the page that it comes from; None if it is not."""
    origin, host = headers.get("origin"), headers.get("host", "")
    if origin is None:
        # pictures and scripts of a page are fetched without an origin; following a link here is fine
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate":
            return _refused()
        return None
    # which of the two it is, a server behind one that encrypts does not know
    if origin in (f"http://{host}", f"https://{host}", *allowed):
        return None
    return _refused()


def _refused() -> Problem:
    return Problem(403, "Pages of other sites may not ask this server; --origin allows one.")


def preflight(method: str, headers: Headers, allowed: tuple[str, ...]) -> Response | None:
    """The answer to a browser that asks what a page of another site may do, which it does without a token."""
    if method != "OPTIONS" or headers.get("origin") not in allowed or "access-control-request-method" not in headers:
        return None
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": SENT,
            "Access-Control-Max-Age": REMEMBERED,
        },
    )


def readable(headers: Headers, allowed: tuple[str, ...]) -> Pairs:
    """Headers of an answer that let the page which asked read it; none if it is not of an allowed site."""
    if not allowed:
        return ()
    varies = ((b"vary", b"Origin"),)
    origin = headers.get("origin")
    if origin not in allowed:
        return varies
    told = (
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", READ.encode()),
    )
    return (*varies, *told)
