"""/v2 refuses whatever is not a tensor that the model takes, with the protocol's own errors."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

INFER = "/v2/models/anyscale/infer"
HEADER = "Inference-Header-Content-Length"
IMAGE = np.random.default_rng(0).random((1, 3, 2, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[Any]:
    yield from started(tmp_path_factory.mktemp("jobs"))


def started(jobs: Path, **settings: Any) -> Generator[Any]:
    from fastapi.testclient import TestClient

    from pliant.apps.server.app import create_app
    from pliant.apps.server.settings import Settings

    app = create_app(Settings(engine="onnxruntime", jobs=jobs, **settings))
    with TestClient(app, "http://127.0.0.1", raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def limited(tmp_path: Path) -> Generator[Callable[..., Any]]:
    """`limited(**settings)` is a client of a server of its own."""
    servers: list[Generator[Any]] = []

    def start(**settings: Any) -> Any:
        servers.append(started(tmp_path, **settings))
        return next(servers[-1])

    yield start
    for server in servers:
        next(server, None)


def image(**changes: Any) -> dict[str, Any]:
    made = {"name": "image", "datatype": "FP32", "shape": list(IMAGE.shape), "data": IMAGE.reshape(-1).tolist()}
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def factor(**changes: Any) -> dict[str, Any]:
    made = {"name": "factor", "datatype": "FP64", "shape": [], "data": [2.0]}
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def request(*inputs: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"inputs": list(inputs) or [image(), factor()], **more}).encode()


def binary(body: bytes, *pieces: bytes) -> dict[str, Any]:
    return {"content": b"".join((body, *pieces)), "headers": {HEADER: str(len(body))}}


def refused(got: Any, status: int, said: str) -> None:
    assert (got.status_code, got.headers["content-type"]) == (status, "application/json"), got.text
    assert list(got.json()) == ["error"]
    assert said in got.json()["error"], got.text


def expected(client: Any, value: float = 2.0) -> Any:
    return client.app.state.service.models.get("anyscale").session(IMAGE, value)


def result(got: Any) -> Any:
    assert got.status_code == 200, got.text
    output = got.json()["outputs"][0]
    return np.array(output["data"], np.float32).reshape(output["shape"])


@pytest.mark.parametrize("data", [IMAGE.tolist(), IMAGE.reshape(-1).tolist()], ids=["nested", "flat"])
@pytest.mark.parametrize(
    "value", [factor(), factor(data=2.0), factor(shape=[1]), factor(data=[2])], ids=["list", "number", "vector", "int"]
)
def test_forms_of_data(client: Any, data: Any, value: dict[str, Any]) -> None:
    got = client.post(INFER, content=request(image(data=data), value, id="7"))
    assert np.array_equal(result(got), expected(client))
    assert (got.json()["id"], got.json()["model_name"], got.json()["model_version"]) == ("7", "anyscale", "1")


def test_without_an_id_there_is_none(client: Any) -> None:
    assert "id" not in client.post(INFER, content=request()).json()


def test_order_of_inputs_is_that_of_their_bytes(client: Any) -> None:
    body = request(
        factor(data=None, parameters={"binary_data_size": 8}),
        image(data=None, parameters={"binary_data_size": IMAGE.nbytes}),
    )
    got = client.post(INFER, **binary(body, np.float64(2).tobytes(), IMAGE.tobytes()))
    assert HEADER not in got.headers
    assert np.array_equal(result(got), expected(client))


def test_binary_and_json_at_once(client: Any) -> None:
    body = request(image(data=None, parameters={"binary_data_size": IMAGE.nbytes}), factor())
    assert np.array_equal(result(client.post(INFER, **binary(body, IMAGE.tobytes()))), expected(client))


@pytest.mark.parametrize(
    ("more", "as_binary"),
    [
        ({"parameters": {"binary_data_output": True}}, True),
        ({"parameters": {"binary_data_output": False}}, False),
        ({"outputs": [{"name": "output", "parameters": {"binary_data": True}}]}, True),
        ({"outputs": [{"name": "output"}], "parameters": {"binary_data_output": True}}, True),
        (
            {
                "outputs": [{"name": "output", "parameters": {"binary_data": False}}],
                "parameters": {"binary_data_output": True},
            },
            False,
        ),
        ({"outputs": [], "parameters": {"of": "somebody else"}}, False),
    ],
)
def test_forms_of_outputs(client: Any, more: dict[str, Any], as_binary: bool) -> None:
    got = client.post(INFER, content=request(**more))
    assert (HEADER in got.headers) is as_binary
    if not as_binary:
        assert np.array_equal(result(got), expected(client))
        return
    length = int(got.headers[HEADER])
    assert got.headers["content-type"] == "application/octet-stream"
    assert json.loads(got.content[:length])["outputs"][0]["parameters"] == {"binary_data_size": expected(client).nbytes}
    assert got.content[length:] == expected(client).tobytes()


MALFORMED = [
    (b"", "not JSON"),
    (b"[]", "not a JSON object"),
    (b"\xff\xfe{}", "not JSON"),
    (b'{"inputs": [' * 10_000, "nested too deeply"),
    (b"[" * 10_000 + b"]" * 10_000, "nested too deeply"),
    (b'{"inputs": [], "inputs": []}', "same name twice"),
    (b'{"inputs": ' + b"9" * 5000 + b"}", "not JSON"),
    (b"{}", "has no 'inputs'"),
    (b'{"inputs": {}}', "is not an array"),
    (b'{"inputs": [1]}', "something else than objects"),
    (b'{"inputs": [{}]}', "An input has no 'name'"),
    (request(image(name=7)), "is not a string"),
    (request(id=7), "'id' of the request is not a string"),
    (request(parameters=[]), "is not an object"),
    (request(parameters={"binary_data_output": 1}), "is not true or false"),
    (request(outputs=[{"name": "other"}]), "no output 'other'"),
    (request(outputs=[{"name": "output"}] * 2), "there twice"),
    (request(outputs=[{"name": "output", "parameters": {"classification": 2}}]), "'classification' belongs to"),
    (request(image(), image(), factor()), "there twice"),
    (request(image()), "Input 'factor' is missing"),
    (request(image(), factor(), image(name="\ud800")), "no input '\\ud800'"),
    (request(image(datatype="FP64"), factor()), "is 'FP64', but the model takes FP32"),
    (request(image(datatype="BYTES"), factor()), "is 'BYTES'"),
    (request(image(shape=[1, 3, 2, -3]), factor()), "whole numbers from 0 on"),
    (request(image(shape=[1, 3, 2, 3.0]), factor()), "whole numbers from 0 on"),
    (request(image(shape=[1, 3, 2, True]), factor()), "whole numbers from 0 on"),
    (request(image(shape=None), factor()), "has no 'shape'"),
    (request(image(shape=[1, 3, 2, 4]), factor()), "has 18 elements, but its shape needs 24"),
    (request(image(shape=[1, 3, 2**20, 2**20], data=[]), factor()), "has 0 elements"),
    (request(image(shape=[1, 3, 2**40, 2**40], data=[]), factor()), "that of no tensor"),
    (request(image(shape=[0, 3, 2**62, 2**62], data=[]), factor()), "that of no tensor"),
    (request(image(shape=[10**400], data=[]), factor()), "that of no tensor"),
    (request(image(shape=[1] * 17, data=[1.0]), factor()), "that of no tensor"),
    (request(image(data=IMAGE[0].tolist()), factor()), "not nested as its shape says"),
    (request(image(data=[[[[0.0] * 3] * 2] * 2 + [[[0.0] * 2] * 3]]), factor()), "not nested as its shape says"),
    (request(image(data="0" * 18), factor()), "is not an array"),
    (request(image(data=["1"] * 18), factor()), "something else than numbers"),
    (request(image(data=[True] * 18), factor()), "something else than numbers"),
    (request(image(data=[[[[[0.0]]]]] * 18), factor()), "not nested as its shape says"),
    (request(image(data=[None] * 18), factor()), "something else than numbers"),
    (request(image(data=[1e39] * 18), factor()), "does not fit float32"),
    (request(image(), factor(data=[10**400])), "does not fit float64"),
    (b'{"inputs": [{"name": "factor", "datatype": "FP64", "shape": [], "data": [1e999]}]}', "does not fit float64"),
    (b'{"inputs": [{"name": "factor", "datatype": "FP64", "shape": [], "data": [NaN]}]}', "NaN is not JSON"),
    (b'{"inputs": [{"name": "factor", "datatype": "FP64", "shape": [], "data": [-Infinity]}]}', "is not JSON"),
    (request(image(data=None), factor()), "either 'data' or"),
    (request(image(parameters={"binary_data_size": 72}), factor()), "either 'data' or"),
    (request(image(data=None, parameters={"binary_data_size": 72}), factor()), "0 bytes are left"),
    (request(image(data=None, parameters={"binary_data_size": -1}), factor()), "is -1"),
    (request(image(data=None, parameters={"binary_data_size": "72"}), factor()), "is not a whole number"),
    (request(image(data=None, parameters={"shared_memory_region": "a"}), factor()), "does not have"),
]


@pytest.mark.parametrize(("body", "said"), MALFORMED, ids=[said[:30] for _, said in MALFORMED])
def test_what_is_malformed(client: Any, body: bytes, said: str) -> None:
    refused(client.post(INFER, content=body), 400, said)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ((image(shape=[3, 2, 3]), factor()), "[3, 2, 3]"),
        ((image(shape=[1, 2, 3, 3]), factor()), "axis 1 must be 3"),
        ((image(shape=[1, 3, 0, 2**40], data=[]), factor()), "at least 1"),
        ((image(), factor(data=[0.5])), "the model takes 1 to 64"),
        ((image(), factor(shape=[2], data=[2, 2])), "the model takes a number"),
    ],
)
def test_what_the_model_does_not_take(client: Any, inputs: tuple[dict[str, Any], ...], said: str) -> None:
    refused(client.post(INFER, content=request(*inputs)), 422, said)


def test_binary_data_that_lies(client: Any) -> None:
    short = request(image(data=None, parameters={"binary_data_size": 68}), factor())
    refused(client.post(INFER, **binary(short, bytes(68))), 400, "has 68 bytes, but its shape needs 72")
    body = request(image(data=None, parameters={"binary_data_size": 72}), factor())
    refused(client.post(INFER, **binary(body, bytes(71))), 400, "71 bytes are left")
    refused(client.post(INFER, **binary(body, bytes(73))), 400, "1 bytes that belong to no input")
    nan = request(image(), factor(data=None, parameters={"binary_data_size": 8}))
    refused(client.post(INFER, **binary(nan, np.float64("nan").tobytes())), 422, "the model takes 1 to 64")


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "٣", "9" * 40])
def test_headers_that_lie(client: Any, length: str) -> None:
    got = client.post(INFER, content=request(), headers={HEADER: length.encode()})
    refused(got, 400, "is not a number of bytes")


def test_a_header_that_is_too_long(client: Any) -> None:
    refused(client.post(INFER, content=request(), headers={HEADER: "100000"}), 400, "but the body has")


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_bodies(limited: Callable[..., Any], encoding: str, pack: Callable[[bytes], bytes]) -> None:
    client, headers = limited(body=100_000), {"Content-Encoding": encoding}
    assert np.array_equal(result(client.post(INFER, content=pack(request()), headers=headers)), expected(client))
    refused(client.post(INFER, content=pack(request() + b" " * 200_000), headers=headers), 413, "decompressed")
    refused(client.post(INFER, content=pack(request())[:-6], headers=headers), 400, "ends too early")
    refused(client.post(INFER, content=pack(request()) + b"x", headers=headers), 400, "something follows")
    refused(client.post(INFER, content=request(), headers=headers), 400, f"The body is not {encoding}")


def test_other_encodings(client: Any) -> None:
    for encoding in ("br", "gzip, gzip", "x"):
        got = client.post(INFER, content=request(), headers={"Content-Encoding": encoding})
        refused(got, 415, "not one of identity, gzip, deflate")
        assert got.headers["accept-encoding"] == "gzip, deflate"


def test_limits(limited: Callable[..., Any]) -> None:
    client = limited(pixels_in=12, pixels_out=54, body=5000)
    assert client.post(INFER, content=request(image(), factor(data=[3.0]))).status_code == 200
    refused(client.post(INFER, content=request(image(), factor(data=[3.4]))), 413, "result would have 60 pixels")
    many = image(shape=[3, 3, 2, 3], data=IMAGE.reshape(-1).tolist() * 3)
    refused(client.post(INFER, content=request(many, factor(data=[1.0]))), 413, "input has 18 pixels")
    refused(client.post(INFER, content=b" " * 5001), 413, "The body is larger than")


def test_a_result_that_is_too_long_for_json(client: Any) -> None:
    wide = image(shape=[1, 3, 100, 100], data=None, parameters={"binary_data_size": 120_000})
    body = request(wide, factor(data=[9.0]))
    refused(client.post(INFER, **binary(body, bytes(120_000))), 413, "ask for binary data")


def test_a_result_that_does_not_fit_in_memory(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pliant.apps.server.inference import sizes

    monkeypatch.setattr(sizes, "NO_QUESTION", 1)
    monkeypatch.setattr(sizes, "available_memory", lambda: 10)
    refused(client.post(INFER, content=request()), 413, "send the picture to /v1/upscale")


def test_results_that_are_large_go_through_a_file(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pliant.apps.server.inference import answers

    monkeypatch.setattr(answers, "IN_MEMORY", 10)
    got = client.post(INFER, content=request(parameters={"binary_data_output": True}))
    assert got.content[int(got.headers[HEADER]) :] == expected(client).tobytes()
    assert int(got.headers["content-length"]) == len(got.content)
    assert list(client.app.state.service.spool.iterdir()) == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", INFER, 405),
        ("POST", "/v2/models/nobody/infer", 404),
        ("POST", "/v2/models/anyscale/versions/2/infer", 404),
        ("POST", "/v2/models/..%2F..%2Fetc%2Fpasswd/infer", 404),
        ("GET", "/v2/models/anyscale/nothing", 404),
        ("GET", "/v2/nothing", 404),
    ],
)
def test_paths_that_are_not_there(client: Any, method: str, path: str, status: int) -> None:
    refused(client.request(method, path), status, "")


def test_what_the_guards_refuse_has_the_same_form(client: Any, limited: Callable[..., Any]) -> None:
    refused(client.get("/v2", headers={"Host": "elsewhere.example"}), 421, "is not called")
    refused(client.get("/v2", headers={"Origin": "https://elsewhere.example"}), 403, "other sites")
    guarded = limited(tokens=("a-token-of-this-test",))
    got = guarded.get("/v2/health/ready")
    refused(got, 401, "A token is needed")
    assert got.headers["www-authenticate"] == "Bearer"
    assert guarded.get("/v2", headers={"Authorization": "Bearer a-token-of-this-test"}).status_code == 200
    assert client.get("/v2x").headers["content-type"] == "application/problem+json"


def test_the_index(client: Any) -> None:
    def names(**sent: Any) -> list[str]:
        return [entry["name"] for entry in client.post("/v2/repository/index", **sent).json()]

    assert names() == names(content=b"{}") == ["anyscale", "srcnn"]
    assert "anyscale" in names(json={"ready": True})
    refused(client.post("/v2/repository/index", json={"ready": 1}), 400, "not true or false")
    refused(client.post("/v2/repository/index", content=b" " * 5000), 413, "larger than 4096 bytes")


def test_the_engines_failure_is_an_error_of_the_protocol(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pliant.apps.server.inference import joining

    def broken(*given: Any) -> Any:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(joining, "outputs_of", broken)
    got = client.post(INFER, content=request())
    refused(got, 500, "The server failed")
    assert "secret" not in got.text
