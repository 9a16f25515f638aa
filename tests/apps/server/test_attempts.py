"""Attempts on the server, each with the status that it gets. What needs a socket of its own is in test_wire.py."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from pliant.apps.server import access
from pliant.apps.server.app import create_app
from pliant.apps.server.settings import Settings
from tests.apps.server.evil import PICTURES
from tests.support import gradient, live_model, save

TOKEN, OTHER = "a-secret-of-some-length", "another-secret-of-length"
SITE = "https://pictures.example"
URL = "http://127.0.0.1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attempts")


@pytest.fixture(scope="module")
def picture(folder: Path) -> bytes:
    return save(folder, "face.png", gradient(24, 18)).read_bytes()


def started(folder: Path, **settings: Any) -> Generator[TestClient]:
    model = live_model().save(folder / "live.onnx")
    app = create_app(Settings(**{"models": (f"live={model}",), "jobs": None, **settings}))
    with TestClient(app, URL, raise_server_exceptions=False) as client:
        yield client
        assert not list(app.state.service.spool.iterdir()), "something was left behind"


@pytest.fixture(scope="module")
def client(folder: Path) -> Generator[TestClient]:
    yield from started(folder)


@pytest.fixture(scope="module")
def closed(folder: Path) -> Generator[TestClient]:
    """A server that wants a token."""
    yield from started(folder, tokens=(OTHER, TOKEN))


@pytest.fixture(scope="module")
def shared(folder: Path) -> Generator[TestClient]:
    """A server that another site may use."""
    yield from started(folder, tokens=(TOKEN,), origins=(SITE,))


def refused(got: Any, status: int) -> dict[str, Any]:
    assert got.status_code == status, got.text
    assert got.headers["content-type"] == "application/problem+json"
    assert got.json()["status"] == status
    assert "/tmp" not in got.text, "a path of the server"
    return got.json()


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_that_are_none(client: TestClient, name: str) -> None:
    file, status = PICTURES[name]
    got = client.post("/v1/upscale?factor=2&format=png", content=file, headers={"Content-Type": "image/png"})
    if status == 200:
        assert (got.status_code, got.headers["content-type"]) == (200, "image/png"), got.text
    else:
        refused(got, status)
    assert not list(client.app.state.service.spool.iterdir())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/v1/models/../../../etc/passwd",
        "/v1/models/..%2F..%2Fetc%2Fpasswd",
        "/v1/models/%2e%2e/file",
        "/v1/models/live.onnx/file",
        "/v1/models/live%00/file",
        "/v1/models/live/file/../../../../etc/passwd",
        "/v1/models/C:%5CWindows%5Cwin.ini/file",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "//v1/models",
        "/v1/models/",
        "/V1/models",
    ],
)
def test_paths_that_lead_elsewhere(client: TestClient, path: str) -> None:
    refused(client.get(path, follow_redirects=False), 404)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("model=/etc/passwd", 404),
        ("model=../live", 404),
        ("model=live%00", 404),
        ("model=live%0d%0aSet-Cookie:%20a=b", 404),
        ("model=" + "a" * 20_000, 404),
        ("model=file:///etc/passwd", 404),
        ("factor=2%0d%0aX-Made:%20b", 400),
        ("factor=1e400", 400),
        ("factor=" + "9" * 5_000, 400),
        ("factor=%D9%A2", 200),  # a digit, as Python reads it
        ("factor=2&factor=3", 400),
        ("size=" + "9" * 5_000 + "x", 400),
        ("size=999999999x999999999", 422),
        ("size=1x1&size=2x2", 400),
        ("format=png%00.exe", 400),
        ("format=dzi", 400),
        ("format=../../a.png", 400),
        ("format=" + "a" * 20_000, 400),
        ("alpha=" + "a" * 20_000, 400),
        ("strip=%00", 400),
        ("url=http://169.254.169.254/latest/meta-data/", 400),
        ("source=file:///etc/passwd", 400),
        ("callback=alert", 400),
        ("%00=1", 400),
        ("__proto__=1", 400),
    ],
)
def test_parameters(client: TestClient, picture: bytes, query: str, status: int) -> None:
    got = client.post(f"/v1/upscale?{query}", content=picture)
    assert got.status_code == status, got.text
    assert len(got.content) < 2_000 or status == 200, "what was sent comes back"
    assert not {"set-cookie", "x-made"} & set(got.headers)


def form(*parts: bytes, end: bytes = b"--x--\r\n") -> dict[str, Any]:
    body = b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + end
    return {"content": body, "headers": {"Content-Type": "multipart/form-data; boundary=x"}}


def part(name: bytes, value: bytes, more: bytes = b"") -> bytes:
    return b'Content-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value


@pytest.mark.parametrize(
    "name",
    [
        b"../../../../tmp/executed.png",
        b"/etc/passwd",
        b"C:\\Windows\\a.png",
        b"a\0.png",
        b"a.png; rm -rf ~",
        b"$(touch executed).png",
        b"\xff\xfe.png",
        b"a" * 3_000,
        b"",
    ],
)
def test_file_names_mean_nothing(client: TestClient, picture: bytes, name: bytes) -> None:
    got = client.post("/v1/upscale?factor=1", **form(part(b"picture", picture, b'; filename="' + name + b'"')))
    assert (got.status_code, got.headers["content-type"]) == (200, "image/png"), got.text


@pytest.mark.parametrize(
    "sent",
    [
        form(*[part(b"factor", b"2")] * 20_000),
        form(*[part(b"picture", b"a", b'; filename="a"')] * 20_000),
        form(part(b"factor", b"2" * 100_000)),
        form(part(b"factor", b"2"), part(b"factor", b"3"), part(b"picture", b"a", b'; filename="a"')),
        form(part(b"picture", b"no file")),
        form(part(b"picture", b"", b'; filename="a"')),
        form(part(b"picture", b"a", b'; filename="a"\r\nX: ' + b"a" * 100_000)),
        form(part(b"picture", b"a", b'; filename="a"' + b"\r\nX: a" * 1_000)),
        form(part(b"__class__", b"a"), part(b"picture", b"a", b'; filename="a"')),
        form(b"Content-Disposition: form-data\r\n\r\na"),
        form(b"\r\n\r\n"),
        form(part(b"picture", b"a", b'; filename="a"'), end=b""),
        {"content": b"", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"a", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"a", "headers": {"Content-Type": f"multipart/form-data; boundary={'x' * 9_000}"}},
        {
            "content": form(part(b"\\ud800", b"\\ud800"), part(b"picture", b"a", b'; filename="a"'))["content"],
            "headers": {"Content-Type": "multipart/form-data; boundary=x; charset=unicode_escape"},
        },
    ],
)
def test_forms(client: TestClient, sent: dict[str, Any]) -> None:
    refused(client.post("/v1/upscale", **sent), 400)


def test_a_parameter_in_both_query_and_form(client: TestClient, picture: bytes) -> None:
    got = client.post("/v1/upscale?factor=2", files={"picture": picture}, data={"factor": "3"})
    assert "more than once" in refused(got, 400)["detail"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW", "GET", "OPTIONS"])
def test_methods(client: TestClient, method: str) -> None:
    got = client.request(method, "/v1/upscale")
    refused(got, 405)
    assert got.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "deep", ["[" * 10_000, '{"a":' * 10_000, "[" * 10_000 + "]" * 10_000, '{"a":1e999999}', "[NaN]"]
)
def test_deep_json_where_anything_can_be_posted(client: TestClient, deep: str) -> None:
    paths: dict[str, Any] = client.get("/openapi.json").json()["paths"]
    posts = [path for path, methods in paths.items() if "post" in methods]
    assert "/v1/upscale" in posts
    for path in posts:
        got = client.post(path.replace("{name}", "live"), content=deep, headers={"Content-Type": "application/json"})
        assert 400 <= got.status_code < 500, (path, got.text)
        assert got.headers["content-type"].endswith("json")


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}a",
        f"Bearer {TOKEN}\x00",
        f"Bearer {TOKEN.upper()}",
        f"Bearer {TOKEN},{OTHER}",
        f"Bearer {'a' * 20_000}",
        "Bearer é€".encode(),
        f"Bearer Bearer {TOKEN}",
    ],
)
def test_tokens_that_are_wrong(closed: TestClient, sent: str | bytes | None) -> None:
    headers = {} if sent is None else {b"Authorization": sent.encode() if isinstance(sent, str) else sent}
    got = closed.get("/v1/models", headers=headers)
    refused(got, 401)
    assert got.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in got.text


@pytest.mark.parametrize("path", ["/v1/upscale", "/v1/models", "/metrics", "/openapi.json", "/nothing", "/assetsx"])
def test_what_needs_a_token(closed: TestClient, path: str) -> None:
    refused(closed.get(f"{path}?token={TOKEN}", cookies={"token": TOKEN}), 401)
    for token in (TOKEN, OTHER):
        assert closed.get(path, headers={"Authorization": f"bearer {token}"}).status_code != 401


def test_what_needs_none(closed: TestClient) -> None:
    assert closed.get("/health/live").status_code == 200
    assert closed.get("/health/ready").status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8000", 200),
        ("LocalHost", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("evil.example:127.0.0.1", 421),
        ("localhost.evil.example:80", 421),
        ("127.0.0.1@evil.example", 421),
        ("", 421),
        ("0.0.0.0", 421),
        ("localhost\r\nX-Made: a", 421),
    ],
)
def test_names_of_the_server(client: TestClient, host: str, status: int) -> None:
    got = client.get("/v1/models", headers={"Host": host})
    assert got.status_code == status, got.text
    assert "x-made" not in got.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": URL}, 200),
        ({"Origin": "https://127.0.0.1"}, 200),  # behind one that encrypts
        ({"Origin": SITE}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"{URL}.evil.example"}, 403),
        ({"Origin": f"{URL}:81"}, 403),
        ({"Origin": "file://"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200),
    ],
)
def test_pages_of_other_sites(client: TestClient, headers: dict[str, str], status: int) -> None:
    got = client.get("/v1/models", headers=headers)
    assert got.status_code == status, got.text
    assert "access-control-allow-origin" not in got.headers


def asking(origin: str, method: str = "POST") -> dict[str, str]:
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }


def test_no_other_site_is_allowed_unless_asked_for(client: TestClient) -> None:
    got = client.options("/v1/upscale", headers=asking(SITE))
    refused(got, 403)
    assert not [name for name in got.headers if name.startswith("access-control")]


def test_a_site_that_is_allowed(shared: TestClient, picture: bytes) -> None:
    asked = shared.options("/v1/upscale", headers=asking(SITE))  # which browsers send without a token
    assert (asked.status_code, asked.content) == (204, b"")
    assert asked.headers["access-control-allow-origin"] == SITE
    assert {"authorization", "content-type"} <= set(asked.headers["access-control-allow-headers"].lower().split(", "))
    assert "POST" in asked.headers["access-control-allow-methods"]
    headers = {"Origin": SITE, "Authorization": f"Bearer {TOKEN}"}
    got = shared.post("/v1/upscale?factor=1", content=picture, headers=headers)
    assert (got.status_code, got.headers["access-control-allow-origin"]) == (200, SITE)
    assert "Origin" in got.headers["vary"]
    assert "Pliant-Size" in got.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in got.headers
    without = shared.post("/v1/upscale", content=picture, headers={"Origin": SITE})
    refused(without, 401)
    assert without.headers["access-control-allow-origin"] == SITE, "the page may read why"


def test_the_others_are_still_refused(shared: TestClient) -> None:
    for origin in (f"{SITE}.evil.example", "https://evil.example", "http://pictures.example", "null"):
        got = shared.options("/v1/upscale", headers=asking(origin))
        refused(got, 403)
        assert "access-control-allow-origin" not in got.headers
    got = shared.get("/health/live")
    assert (got.headers["vary"], "access-control-allow-origin" in got.headers) == ("Origin", False)
    refused(shared.options("/v1/upscale", headers={"Origin": SITE}), 401)


def test_what_all_answers_say(client: TestClient, picture: bytes) -> None:
    for got in (client.get("/health/live"), client.get("/nothing"), client.post("/v1/upscale", content=picture)):
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["x-frame-options"] == "DENY"
        assert got.headers["cache-control"] == "no-store"
        assert len(got.headers["pliant-request"]) == 32
        assert "server" not in got.headers
    assert client.get("/v1/models/live/file").headers["cache-control"] == "no-cache"


def test_head_is_get_without_the_body(client: TestClient) -> None:
    for path in ("/health/live", "/v1/models", "/v1/models/live/file", "/openapi.json"):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == get.headers["content-length"]
    refused(client.get("/v1/upscale"), 405)
    assert client.head("/v1/upscale").status_code == 405


@pytest.mark.parametrize(
    ("asked", "status", "length"),
    [
        ("bytes=0-9", 206, 10),
        ("bytes=-5", 206, 5),
        ("bytes=0-0,2-2", 206, None),
        ("bytes=999999999-", 416, None),
        ("bytes=9-1", 400, None),
        ("lines=1-2", 400, None),
        ("bytes=a-b", 400, None),
        ("bytes=" + "0-," * 3_000, 200, None),
    ],
)
def test_parts_of_a_file(client: TestClient, asked: str, status: int, length: int | None) -> None:
    got = client.get("/v1/models/live/file", headers={"Range": asked})
    assert got.status_code == status, got.text
    if status >= 400:
        refused(got, status)
    assert length in (None, len(got.content))
    assert status != 416 or got.headers["content-range"].startswith("bytes */")


def test_nothing_speaks_websocket(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect) as refusal, client.websocket_connect("/v1/upscale"):
        pass
    assert refusal.value.code == 1008


class Kept(logging.Handler):
    """Log lines as they would stand on stderr."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(access.Json())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def lines() -> Generator[list[str]]:
    kept = Kept()
    level = access.LOGGER.level
    access.LOGGER.setLevel(logging.INFO)
    access.LOGGER.addHandler(kept)
    yield kept.lines
    access.LOGGER.removeHandler(kept)
    access.LOGGER.setLevel(level)


def events(lines: Iterable[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def test_logs_hold_nothing_that_was_sent(closed: TestClient, picture: bytes, lines: list[str]) -> None:
    right = {"Authorization": f"Bearer {TOKEN}"}
    closed.post("/v1/upscale?model=MARK", content=picture, headers=right)
    closed.post("/v1/upscale?MARK=MARK", content=picture, headers=right)
    closed.post(
        "/v1/upscale?factor=1", files={"picture": ("MARK.png", picture)}, headers={**right, "User-Agent": "MARK"}
    )
    closed.post("/v1/upscale", content=b"MARK", headers={**right, "Content-Type": "MARK", "Referer": "http://MARK"})
    closed.get("/MARK", headers={"Authorization": "Bearer MARK", "Cookie": "MARK", "X-Forwarded-For": "MARK"})
    closed.get("/v1/models/MARK", headers=right)
    closed.request("MARK", "/health/live", headers=right)
    text = "\n".join(lines)
    assert [fact["status"] for fact in events(lines)] == [404, 400, 200, 415, 401, 404, 405]
    assert "MARK" not in text
    assert TOKEN not in text
    assert {"time", "level", "event", "request", "method", "route", "status", "bytes", "seconds", "client"} == set(
        events(lines)[2]
    )


@pytest.mark.parametrize("error", [ValueError("MARK"), PermissionError(13, "no", "/tmp/MARK"), RecursionError("MARK")])
def test_what_nobody_expected(
    client: TestClient, picture: bytes, lines: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*given: object) -> None:
        raise RuntimeError("MARK") from error

    monkeypatch.setattr("pliant.apps.server.routes.upscale.make", broken)
    got = client.post("/v1/upscale", content=picture)
    detail = refused(got, 500)["detail"]
    assert "Pliant-Request" in detail
    failed, request = events(lines)
    assert (failed["event"], request["status"]) == ("failed", 500)
    assert failed["request"] == request["request"] == got.headers["pliant-request"]
    assert [told["kind"] for told in failed["error"]] == ["RuntimeError", type(error).__name__]
    assert "broken" in failed["error"][0]["at"][-1]
    assert "MARK" not in "\n".join(lines)


def test_a_full_disk(client: TestClient, picture: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device", "/tmp/x")

    with monkeypatch.context() as patch:
        patch.setattr("pliant.apps.server.bodies._append", full)
        refused(client.post("/v1/upscale", content=picture), 507)
    with monkeypatch.context() as patch:
        patch.setattr("pliant.artifact.os.replace", full)
        refused(client.post("/v1/upscale", content=picture), 507)
    assert client.post("/v1/upscale", content=picture).status_code == 200
