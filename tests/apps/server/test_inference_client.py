"""NVIDIA's client of the Open Inference Protocol gets from the server what the session gives, bit for bit."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pliant.engines.base import Session
from tests.apps.server.running import running

triton: Any = pytest.importorskip("tritonclient.http", exc_type=ImportError)
pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
TOKEN = "a-token-of-this-test-alone"
PATIENCE = 120.0  # seconds; the machine may be busy
SIZES = [(1, 1), (5, 7), (24, 17)]
FACTORS = [1.0, 1.3, 2.0, 2.7]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[str, Session]]:
    """The address of a server, and the session that it computes with."""
    from pliant.apps.server.app import create_app
    from pliant.apps.server.settings import Settings

    app = create_app(Settings(engine="onnxruntime", jobs=Path(tmp_path_factory.mktemp("jobs")), queue=64))
    with running(app) as address:
        yield address, app.state.service.models.get("anyscale").session


@pytest.fixture
def client(served: tuple[str, Session]) -> Generator[Any]:
    made = triton.InferenceServerClient(served[0], connection_timeout=PATIENCE, network_timeout=PATIENCE)
    yield made
    made.close()


def picture(rows: int, columns: int, count: int = 1) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(rows * 1000 + columns).random((count, 3, rows, columns), dtype=np.float32)


def inputs(image: Any, factor: float, binary: bool = True, kind: Any = triton) -> list[Any]:
    made = [kind.InferInput("image", list(image.shape), "FP32"), kind.InferInput("factor", [], "FP64")]
    made[0].set_data_from_numpy(image, binary_data=binary)
    made[1].set_data_from_numpy(np.array(factor), binary_data=binary)
    return made


def same(got: Any, expected: Any) -> bool:
    """Bit for bit, with the same shape and type."""
    return got.dtype == expected.dtype and got.shape == expected.shape and got.tobytes() == expected.tobytes()


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("size", SIZES)
def test_binary(client: Any, served: tuple[str, Session], size: tuple[int, int], factor: float) -> None:
    image = picture(*size)
    assert same(client.infer("anyscale", inputs(image, factor)).as_numpy("output"), served[1](image, factor))


@pytest.mark.parametrize("factor", [1.3, 2.0, 2.7])
@pytest.mark.parametrize("size", [(1, 1), (5, 7), (24, 17)])
def test_json(client: Any, served: tuple[str, Session], size: tuple[int, int], factor: float) -> None:
    image = picture(*size)
    wanted = [triton.InferRequestedOutput("output", binary_data=False)]
    got = client.infer("anyscale", inputs(image, factor, binary=False), outputs=wanted)
    assert "data" in got.get_output("output")
    assert same(got.as_numpy("output"), served[1](image, factor))


def test_several_pictures_in_one_request(client: Any, served: tuple[str, Session]) -> None:
    image = picture(9, 13, count=3)
    assert same(client.infer("anyscale", inputs(image, 2.7)).as_numpy("output"), served[1](image, 2.7))


def test_the_session_is_pliants(client: Any) -> None:
    import pliant
    from pliant.models import path

    image = picture(11, 6)
    with pliant.load(path("srcnn"), engine="onnxruntime") as session:
        expected = session(image, 3.3)
    assert same(client.infer("srcnn", inputs(image, 3.3), model_version="1").as_numpy("output"), expected)


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compressed_requests(client: Any, served: tuple[str, Session], algorithm: str) -> None:
    image = picture(12, 10)
    got = client.infer(
        "anyscale",
        inputs(image, 2.7),
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
        request_id="of mine",
    )
    assert same(got.as_numpy("output"), served[1](image, 2.7))
    assert got.get_response()["id"] == "of mine"


def test_nan_and_infinity_are_what_the_session_makes_of_them(client: Any, served: tuple[str, Session]) -> None:
    image = picture(6, 6)
    image[0, 0, 0, 0], image[0, 1, 5, 5] = np.nan, np.inf
    assert same(client.infer("anyscale", inputs(image, 2.0)).as_numpy("output"), served[1](image, 2.0))
    with pytest.raises(triton.InferenceServerException, match="JSON cannot hold; ask for binary data"):
        client.infer("anyscale", inputs(image, 2.0), outputs=[triton.InferRequestedOutput("output", binary_data=False)])


def test_health_and_metadata(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("anyscale")
    assert client.is_model_ready("anyscale", "1")
    assert not client.is_model_ready("anyscale", "2")
    assert not client.is_model_ready("nobody")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    about = client.get_model_metadata("anyscale")
    assert about["inputs"] == [
        {"name": "image", "datatype": "FP32", "shape": [-1, 3, -1, -1]},
        {"name": "factor", "datatype": "FP64", "shape": []},
    ]
    assert about["outputs"] == [{"name": "output", "datatype": "FP32", "shape": [-1, 3, -1, -1]}]
    index = {entry["name"]: entry["state"] for entry in client.get_model_repository_index()}
    assert index["anyscale"] == "READY"
    assert set(index) == {"anyscale", "srcnn"}


@pytest.mark.parametrize(
    ("ask", "said", "status"),
    [
        (lambda c: c.get_model_config("anyscale"), "nothing at this path", "404"),
        (lambda c: c.get_inference_statistics(), "There is no model 'stats'", "404"),
        (lambda c: c.load_model("anyscale"), "nothing at this path", "404"),
        (lambda c: c.get_model_metadata("../../etc/passwd"), "nothing at this path", "404"),
        (lambda c: c.get_model_metadata("nobody"), "There is no model 'nobody'", "404"),
        (lambda c: c.infer("anyscale", inputs(picture(4, 4), 100.0)), "the model takes 1 to 64", "422"),
        (lambda c: c.infer("anyscale", inputs(picture(4, 4), 2.0)[:1]), "Input 'factor' is missing", "400"),
        (lambda c: c.infer("anyscale", inputs(picture(4, 4), 2.0), sequence_id=3), "'sequence_id' belongs to", "400"),
    ],
)
def test_errors_are_ones_that_the_client_understands(client: Any, ask: Any, said: str, status: str) -> None:
    with pytest.raises(triton.InferenceServerException, match=said) as caught:
        ask(client)
    assert caught.value.status() == status


def test_concurrent_requests_of_several_clients(served: tuple[str, Session]) -> None:
    address, session = served

    def one(number: int) -> bool:
        own = triton.InferenceServerClient(address, connection_timeout=PATIENCE, network_timeout=PATIENCE)
        image, factor = picture(8, 8 + number % 3), FACTORS[number % 4]
        return same(own.infer("anyscale", inputs(image, factor)).as_numpy("output"), session(image, factor))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(one, range(24))) == [True] * 24


def test_asynchronous_requests(served: tuple[str, Session]) -> None:
    aio: Any = pytest.importorskip("tritonclient.http.aio", exc_type=ImportError)
    address, session = served

    async def all_of_them() -> list[bool]:
        async with aio.InferenceServerClient(address, conn_timeout=PATIENCE) as client:
            asked = [(picture(7, 9 + number % 2), FACTORS[number % 4]) for number in range(16)]
            got = await asyncio.gather(*(client.infer("anyscale", inputs(*one, kind=aio)) for one in asked))
            return [same(made.as_numpy("output"), session(*one)) for made, one in zip(got, asked, strict=True)]

    assert asyncio.run(all_of_them()) == [True] * 16


def test_tokens(tmp_path: Path) -> None:
    from pliant.apps.server.app import create_app
    from pliant.apps.server.settings import Settings

    app = create_app(Settings(engine="onnxruntime", jobs=tmp_path, tokens=(TOKEN,)))
    with running(app) as address:
        client = triton.InferenceServerClient(address, connection_timeout=PATIENCE, network_timeout=PATIENCE)
        with pytest.raises(triton.InferenceServerException, match="A token is needed") as caught:
            client.get_server_metadata()
        assert caught.value.status() == "401"
        assert client.get_server_metadata(headers={"Authorization": f"Bearer {TOKEN}"})["name"] == "pliant"
        client.close()


def test_requests_that_wait_are_joined_and_equal_those_alone(tmp_path: Path) -> None:
    from pliant.apps.server import batching
    from pliant.apps.server.app import create_app
    from pliant.apps.server.line import Place
    from pliant.apps.server.settings import Settings

    app = create_app(Settings(engine="onnxruntime", jobs=tmp_path, queue=20))
    work, busy = app.state.service.work, Place()
    sizes: list[int] = []
    joined = batching._joined

    def watched(group: Any) -> Any:
        sizes.append(len(group))
        return joined(group)

    def one(number: int) -> bool:
        own = triton.InferenceServerClient(address, connection_timeout=PATIENCE, network_timeout=PATIENCE)
        image = picture(8, 8) + np.float32(number)
        return same(own.infer("anyscale", inputs(image, 2.7)).as_numpy("output"), session(image, 2.7))

    with running(app) as address, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "_joined", watched)
        session = app.state.service.models.get("anyscale").session
        work._line.join(busy)  # the only worker is busy until all of them wait
        with ThreadPoolExecutor(6) as threads:
            asked = [threads.submit(one, number) for number in range(6)]
            while len(work._tickets) < 6:
                assert not any(done.done() for done in asked)
            work._line.leave(busy)
            assert [done.result(PATIENCE) for done in asked] == [True] * 6
    assert sizes == [6]


def test_too_many_are_told_to_come_back(tmp_path: Path) -> None:
    from pliant.apps.server.app import create_app
    from pliant.apps.server.line import Place
    from pliant.apps.server.settings import Settings

    app = create_app(Settings(engine="onnxruntime", jobs=tmp_path, queue=1))
    work, busy = app.state.service.work, Place()

    def one(number: int) -> str:
        own = triton.InferenceServerClient(address, connection_timeout=PATIENCE, network_timeout=PATIENCE)
        try:
            return str(own.infer("anyscale", inputs(picture(8, 8), 2.7)).as_numpy("output").shape)
        except triton.InferenceServerException as error:
            return error.status()

    with running(app) as address, ThreadPoolExecutor(3) as threads:
        app.state.service.models.get("anyscale")
        work._line.join(busy)
        asked = [threads.submit(one, number) for number in range(3)]
        wait(asked, PATIENCE, FIRST_COMPLETED)
        work._line.leave(busy)
        assert sorted(done.result(PATIENCE) for done in asked) == ["(1, 3, 21, 21)", "(1, 3, 21, 21)", "429"]
