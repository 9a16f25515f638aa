"""The OpenAPI document says what there is, with examples, and nothing that it allows makes the server fail."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

from fastapi.testclient import TestClient

from pliant.apps.server.app import create_app
from pliant.apps.server.settings import Settings
from tests.support import live_model

EXAMPLES = 20  # requests for each path and method
METHODS = ("get", "put", "post", "delete", "patch")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("openapi")
    model = live_model().save(folder / "live.onnx")
    settings = Settings(models=(f"live={model}",), jobs=folder / "jobs", pixels_out=1_000_000)
    with TestClient(create_app(settings), "http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    return client.get("/openapi.json").json()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_every_route_has_a_summary_and_problems(document: dict[str, Any]) -> None:
    assert {path for path, _, _ in operations(document)} >= {"/v1/upscale", "/v1/models", "/v1/plan", "/health/ready"}
    assert all(operation["summary"] for _, _, operation in operations(document))
    for path, method, operation in own(document):
        schema = operation["responses"]["500"]["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}, (path, method)
    assert len({operation["operationId"] for _, _, operation in operations(document)}) == len(operations(document))


def own(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Without the Open Inference Protocol, whose errors and examples are those of its own specification."""
    return [operation for operation in operations(document) if not operation[0].startswith("/v2")]


def has_example(part: Any) -> bool:
    """Whether a part of the document shows what is meant, at some depth."""
    if isinstance(part, dict):
        return any(name in ("example", "examples", "enum", "const", "default") for name in part) or any(
            map(has_example, part.values())
        )
    return isinstance(part, list) and any(map(has_example, part))


def test_every_route_has_examples(document: dict[str, Any]) -> None:
    lacking = [
        f"{method} {path}: {parameter['name']}"
        for path, method, operation in own(document)
        for parameter in operation.get("parameters", [])
        if not has_example(parameter) and parameter["schema"].get("type") != "boolean"
    ]
    lacking += [
        f"{method} {path}: {status}"
        for path, method, operation in own(document)
        for status, answer in operation["responses"].items()
        for kind, content in answer.get("content", {}).items()
        if status.startswith("2") and kind == "application/json" and not has_example(content)
    ]
    assert lacking == []


def test_examples_are_what_the_server_answers(client: TestClient, document: dict[str, Any]) -> None:
    """Of the core's own routes: they have the keys of the answers."""
    for path in ("/v1/models", "/v1/models/{name}", "/v1/models/{name}/tiles", "/v1/plan", "/health/live"):
        example = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["example"]
        query = "?width=256&height=256&factor=2.7" if path == "/v1/plan" else ""
        got = client.get(path.replace("{name}", "live") + query)
        assert got.status_code == 200, got.text
        assert got.json().keys() == example.keys(), path


def test_nothing_the_document_allows_makes_the_server_fail(client: TestClient, document: dict[str, Any]) -> None:
    """Schemathesis makes requests of the document, right and wrong ones, always the same."""
    schemathesis = pytest.importorskip("schemathesis")
    import requests  # which schemathesis brings
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from schemathesis import GenerationMode

    schema = schemathesis.openapi.from_dict(document)
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    asked, skipped = set[str](), set[str]()
    bounded = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/events"):  # may go on as long as a job does
            skipped.add(operation.path)
            continue

        @seed(7)
        @bounded
        @given(case=operation.as_strategy())
        def fails_not(case: Any) -> None:
            sent = requests.Request(**case.as_transport_kwargs(base_url="http://127.0.0.1")).prepare()
            got = client.request(str(sent.method), str(sent.url), headers=dict(sent.headers), content=sent.body)
            asked.add(f"{case.method} {case.path}")
            assert got.status_code < 500, (sent.method, sent.url, sent.headers, sent.body, got.text)

        fails_not()
    assert len(asked) == len(operations(document)) - len(skipped)
