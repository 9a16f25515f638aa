"""What cannot be sent through a client library: lying headers, bodies without an end, and waiting for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from pliant.artifact import entry
from tests.apps.server.process import Process, running
from tests.apps.server.wire import Wire
from tests.support import gradient, live_model, save

pytest.importorskip("uvicorn")

HASTE = 2  # seconds, after which one of the servers gives up waiting
LIMIT = 1 << 20  # bytes of a body
AT_ONCE = 20  # connections
PADDING = 64 << 20  # bytes of the model's file


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model in a large file."""
    path = live_model().save(tmp_path_factory.mktemp("wire") / "live.onnx")
    path.write_bytes(path.read_bytes() + entry("padding", " " * PADDING))
    return path


@pytest.fixture(scope="module")
def server(model: Path) -> Generator[Process]:
    """A real server with small limits."""
    with running(model.parent / "jobs", model, "--body-mib", "1", "--connections", str(AT_ONCE)) as process:
        yield process


@pytest.fixture(scope="module")
def hasty(model: Path) -> Generator[Process]:
    """A real server with little patience."""
    with running(model.parent / "jobs of the hasty", model, "--idle", str(HASTE)) as process:
        yield process


@pytest.fixture
def wire(server: Process) -> Generator[Wire]:
    with Wire(server.url) as wire:
        yield wire


def alive(server: Process) -> None:
    """The server answers others, and none of its requests failed."""
    with Wire(server.url) as other:
        assert other.request("GET /health/live HTTP/1.1").answer().status == 200
    assert server.log("failed") == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (("Content-Length: 4", "Transfer-Encoding: chunked"), 400),
        (("Transfer-Encoding: chunked", "Content-Length: 4"), 400),
        (("Content-Length: 4", "Content-Length: 5"), 400),
        (("Content-Length: 4, 5",), 400),
        (("Content-Length: +4",), 400),
        (("Content-Length: -1",), 400),
        (("Content-Length: 0x10",), 400),
        (("Content-Length: 99999999999999999999",), 413),
        (("Content-Length: 1048577",), 413),
        (("Transfer-Encoding: gzip",), 501),
        (("Transfer-Encoding: chunked, chunked",), 501),
        (("Transfer-Encoding : chunked",), 400),
        (("X: a\x00b",), 400),
        (("No colon",), 400),
        (("Host: a", "Host: b"), 400),
    ],
)
def test_headers_about_the_body_that_lie(wire: Wire, server: Process, headers: tuple[str, ...], status: int) -> None:
    got = wire.request(
        "POST /v1/upscale HTTP/1.1", *headers, body=b"0\r\n\r\nGET /health/live HTTP/1.1\r\n\r\n"
    ).answer()
    assert got.problem["status"] == status
    assert got.headers["connection"] == "close", "what follows could be taken for another request"
    assert wire.ended(), "the smuggled request was not answered"
    alive(server)


@pytest.mark.parametrize(
    ("first", "status"),
    [
        ("nonsense", 400),
        ("GET /health/live HTTP/9.9", 505),
        ("GET  /health/live HTTP/1.1", 400),
        ("GET /health/live\x00 HTTP/1.1", 400),
        ("GET /\xff HTTP/1.1", 400),
        (f"GET /{'a' * 40_000} HTTP/1.1", 431),
        (f"GET /health/live?{'a' * 40_000} HTTP/1.1", 431),
        (f"GET /health/live HTTP/1.1\r\nX: {'a' * 40_000}", 431),
        ("GET /health/live HTTP/1.1" + "\r\nX: a" * 10_000, 431),
        (f"GET /{'a' * 20_000} HTTP/1.1", 404),
        ("GET /%00%0d%0aX:%20a HTTP/1.1", 404),
        ("GET http://example.org/health/live HTTP/1.1", 404),
        ("GET //example.org/health/live HTTP/1.1", 404),
        ("GET /../../../etc/passwd HTTP/1.1", 404),
        ("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", 404),
        ("GET /assets/../../../../etc/passwd HTTP/1.1", 404),
        ("GET /assets/..%2f..%2f..%2fetc/passwd HTTP/1.1", 404),
        ("GET /v1/models/..%2f..%2fetc%2fpasswd/file HTTP/1.1", 404),
        ("GET /v1/models/live%00.onnx HTTP/1.1", 404),
        ("BREW /health/live HTTP/1.1", 405),
        ("TRACE /health/live HTTP/1.1", 405),
        ("CONNECT 127.0.0.1:22 HTTP/1.1", 404),
        ("OPTIONS * HTTP/1.1", 404),
        ("HEAD /v1/upscale HTTP/1.1", 405),
    ],
)
def test_strange_first_lines(wire: Wire, server: Process, first: str, status: int) -> None:
    got = wire.request(first).answer(head=first.startswith("HEAD"))
    assert got.status == status, got
    assert got.headers["content-type"] == "application/problem+json"
    alive(server)


def test_a_length_that_is_too_large_is_refused_before_the_body(wire: Wire, server: Process) -> None:
    got = wire.request("POST /v1/upscale HTTP/1.1", "Content-Length: 5000000", "Expect: 100-continue").answer()
    assert got.problem["detail"] == "The body is larger than 1 MiB; send a smaller picture."
    assert got.status == 413
    alive(server)


def test_a_chunked_body_without_an_end(wire: Wire, server: Process) -> None:
    wire.request("POST /v1/upscale HTTP/1.1", "Transfer-Encoding: chunked")
    for _ in range(5):  # the last of them are sent when the answer is there already, and must not break the connection
        wire.send(b"%x\r\n%b\r\n" % (LIMIT // 4, bytes(LIMIT // 4)))
    got = wire.answer()
    assert (got.status, got.headers["connection"]) == (413, "close")
    assert wire.ended()
    alive(server)


@pytest.mark.parametrize("sent", [b"zz\r\nabc\r\n", b"-1\r\n", b"ffffffffffffffffffffff\r\n", b"3\r\nabcdef"])
def test_chunks_that_are_none(wire: Wire, server: Process, sent: bytes) -> None:
    got = wire.request("POST /v1/upscale HTTP/1.1", "Transfer-Encoding: chunked", body=sent).answer()
    assert got.status == 400
    assert wire.ended()
    alive(server)


def test_an_early_refusal_reaches_a_client_that_sends_on(wire: Wire, server: Process) -> None:
    wire.request("POST /v1/upscale?factor=0 HTTP/1.1", f"Content-Length: {LIMIT}", body=bytes(LIMIT))
    got = wire.answer()
    assert "give a number above 0" in got.problem["detail"]
    assert got.headers["connection"] == "close"
    assert wire.ended()
    alive(server)


def test_a_connection_is_kept_where_everything_was_read(wire: Wire, tmp_path: Path) -> None:
    face = save(tmp_path, "face.png", gradient(24, 18)).read_bytes()
    for _ in range(2):
        wire.request("POST /v1/upscale?factor=2 HTTP/1.1", f"Content-Length: {len(face)}", body=face)
        got = wire.answer()
        assert got.status == 200
        assert "connection" not in got.headers
    got = wire.request("HEAD /health/live HTTP/1.1").answer(head=True)
    assert got.headers["content-length"] == "17"
    assert wire.request("GET /health/live HTTP/1.1", "Connection: close").answer().status == 200
    assert wire.ended()


@pytest.mark.parametrize("sent", [b"", b"GET /health/live HT", b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: "])
def test_a_request_that_never_comes(hasty: Process, sent: bytes) -> None:
    with Wire(hasty.url) as wire:
        wire.send(sent)
        if sent:
            assert wire.answer().problem["status"] == 408
        assert wire.ended()
    alive(hasty)


def test_one_byte_now_and_then(hasty: Process) -> None:
    """As long as something comes, headers may take their time no longer than anything else."""
    with Wire(hasty.url) as wire:
        wire.send(b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: ")
        try:
            while not wire.readable(0.1):
                wire.send(b"a")
        except ConnectionError:
            pass
        assert wire.answer().problem["status"] == 408
    alive(hasty)


@pytest.mark.parametrize("kind", ["image/png", "multipart/form-data; boundary=x"])
def test_a_body_that_stops(hasty: Process, kind: str) -> None:
    begun = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\n' if "form" in kind else b"abc"
    with Wire(hasty.url) as wire:
        wire.request("POST /v1/upscale HTTP/1.1", f"Content-Type: {kind}", "Content-Length: 999", body=begun)
        assert wire.answer().problem["detail"] == "The body came too slowly; send it again."
        assert wire.ended()
    alive(hasty)


def test_an_answer_that_nobody_takes(hasty: Process) -> None:
    """The file is larger than what systems hold for a connection; the others are answered meanwhile."""
    with Wire(hasty.url) as wire:
        wire.request("GET /v1/models/live/file HTTP/1.1")
        until(lambda: [fact for fact in hasty.log("request") if fact["bytes"] > LIMIT])
        (given,) = [fact for fact in hasty.log("request") if fact["bytes"] > LIMIT]
        assert given["bytes"] < PADDING, "it was cut off"
    alive(hasty)


def test_a_client_that_goes(server: Process) -> None:
    with Wire(server.url) as wire:
        wire.request("POST /v1/upscale HTTP/1.1", "Content-Length: 999", body=b"abc")
    until(lambda: [fact for fact in server.log("request") if fact["status"] == 499])
    alive(server)


def test_more_clients_than_may_be_connected(server: Process) -> None:
    wires = [Wire(server.url) for _ in range(AT_ONCE)]
    try:
        for wire in wires:
            wire.request("POST /v1/upscale HTTP/1.1", "Content-Length: 999")  # and nothing else
        with Wire(server.url) as further:
            got = further.request("GET /health/live HTTP/1.1").answer()
            assert (got.problem["status"], got.headers["retry-after"]) == (503, "5")
            assert further.ended()
    finally:
        for wire in wires:
            wire.__exit__()
    until(lambda: answers(server))


def answers(server: Process) -> bool:
    with Wire(server.url) as wire:
        return wire.request("GET /health/live HTTP/1.1").answer().status == 200


def until(is_so: Callable[[], object]) -> None:
    """Return when it is; fails after a long time."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)
