"""The files of the page: built from the sources that are there, complete, and served so that nothing else gets in."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[4] / "src/pliant/apps/server/page"
WEB = Path(__file__).parents[4] / "web"


@pytest.fixture(scope="module")
def client() -> Any:
    """A client of an application that has only the page."""
    fastapi = pytest.importorskip("fastapi")
    pytest.importorskip("httpx")
    from fastapi.testclient import TestClient

    from pliant.apps.server.routes.page import ROUTES

    app = fastapi.FastAPI()
    app.include_router(ROUTES(None))
    return TestClient(app)


def test_built_from_these_sources() -> None:
    """`make page` was run after the last change: names and contents have the hash that the build left."""
    single = ["index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"]
    files = [*(p for folder in ("src", "public") for p in (WEB / folder).rglob("*") if p.is_file())]
    files += [WEB / name for name in single]
    sums = hashlib.sha256()
    for name, path in sorted((p.relative_to(WEB).as_posix(), p) for p in files):
        sums.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    assert json.loads((PAGE / "sources.json").read_text()) == {"sha256": sums.hexdigest()}, "run: make page"


def test_all_files_that_are_named_are_there() -> None:
    """What the document and the scripts load lies in `assets`, and nothing lies there unused."""
    texts = [PAGE / "index.html", *PAGE.glob("assets/*.js"), *PAGE.glob("assets/*.css")]
    everything = "".join(path.read_text(encoding="utf-8") for path in texts)
    built = {path.name for path in (PAGE / "assets").iterdir()}
    assert {name for name in built if name not in everything} <= {n for n in built if n.startswith("ort-")}
    for name in re.findall(r"[./]assets/([\w.-]+)", everything):
        assert name in built
    version = re.search(r'"onnxruntime-web": "([\d.]+)"', (WEB / "package.json").read_text())
    assert version is not None
    for suffix in (".mjs", ".wasm.gz", ".jsep.mjs", ".jsep.wasm.gz"):
        assert f"ort-{version[1]}{suffix}" in built


def test_small() -> None:
    """What every visitor loads is below 100 kB, and everything below 12 MB."""
    first = [PAGE / "index.html", *PAGE.glob("assets/index-*")]
    assert sum(path.stat().st_size for path in first) < 100_000
    assert sum(path.stat().st_size for path in PAGE.rglob("*") if path.is_file()) < 12_000_000


def test_languages_have_the_same_sentences() -> None:
    """English and Chinese have the same keys, and each sentence the same places to fill in; none is empty."""
    english, chinese = (json.loads((WEB / f"src/i18n/{tag}.json").read_text(encoding="utf-8")) for tag in ("en", "zh"))
    assert english.keys() == chinese.keys()
    for key, sentence in english.items():
        assert sentence
        assert chinese[key]
        assert sorted(re.findall(r"\{\w+\}", sentence)) == sorted(re.findall(r"\{\w+\}", chinese[key])), key


def test_sentences_are_used_and_known() -> None:
    """Every key that a source asks for exists, and every key is asked for."""
    sources = [WEB / "index.html", *(WEB / "src").rglob("*.ts")]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    keys = json.loads((WEB / "src/i18n/en.json").read_text(encoding="utf-8")).keys()
    asked = set(re.findall(r'(?:\bt\(|key: |data-t="|data-t-label=")"?(\w+)"', text))
    assert asked - keys == set()
    assert {key for key in keys if f'"{key}"' not in text and not key.startswith("state_")} == set()


def test_headers(client: Any) -> None:
    """The document is asked for each time and its files never again; policy and isolation are on both."""
    index = client.get("/")
    assert index.status_code == 200
    assert index.headers["content-type"].startswith("text/html")
    assert index.headers["cache-control"] == "no-cache"
    worker = next((PAGE / "assets").glob("worker-*.js")).name
    asset = client.get(f"/assets/{worker}")
    assert "immutable" in asset.headers["cache-control"]
    for answer in (index, asset):
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self' 'wasm-unsafe-eval'"
        assert policy["connect-src"] == "'self'"
        assert not re.search(r"unsafe-inline|'unsafe-eval'|https?:|\*", answer.headers["content-security-policy"])
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-embedder-policy"] == "require-corp"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_known_files_are_not_sent_again(client: Any) -> None:
    """A browser that has the document is told so, and one that has an older one gets the new one."""
    tag = client.get("/").headers["etag"]
    known = client.get("/", headers={"If-None-Match": f'W/{tag}, "other"'})
    assert (known.status_code, known.content) == (304, b"")
    assert client.get("/", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/assets/none.js", "/assets/..%2findex.html", "/assets/%2e%2e/page.py", "/assets/"])
def test_no_other_file(client: Any, path: str) -> None:
    """A path is a name to look up, and no more."""
    assert client.get(path).status_code == 404
