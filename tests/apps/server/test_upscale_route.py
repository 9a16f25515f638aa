"""POST /v1/upscale gives what `pliant.upscale` writes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import pliant


def expected(tmp_path: Path, face: bytes, **wish: Any) -> bytes:
    (tmp_path / "in.png").write_bytes(face)
    pliant.upscale(tmp_path / "in.png", tmp_path / "out.png", **wish)
    return (tmp_path / "out.png").read_bytes()


def test_a_raw_body(serve: Callable[..., Any], face: bytes, tmp_path: Path) -> None:
    got = serve().post("/v1/upscale?factor=2.7", content=face, headers={"Content-Type": "image/png"})
    assert got.status_code == 200, got.text
    assert got.content == expected(tmp_path, face, factor=2.7)
    assert got.headers["content-type"] == "image/png"
    assert (got.headers["pliant-size"], got.headers["pliant-source-size"]) == ("64x48", "24x18")
    assert float(got.headers["pliant-factor"]) == pytest.approx(2.7)
    assert json.loads(got.headers["pliant-notes"]) == []


def test_a_form(serve: Callable[..., Any], face: bytes, tmp_path: Path) -> None:
    got = serve().post("/v1/upscale", files={"picture": face}, data={"size": "50x", "format": "png"})
    assert got.content == expected(tmp_path, face, size=(50, None))
    assert got.headers["pliant-size"] == "50x38"


def test_another_format_and_model(serve: Callable[..., Any], face: bytes) -> None:
    got = serve().post("/v1/upscale", files={"picture": face}, data={"format": "jpeg", "model": "srcnn", "factor": "2"})
    assert got.headers["content-type"] == "image/jpeg"
    assert got.headers["pliant-model"] == "srcnn"
    assert np.asarray(Image.open(io.BytesIO(got.content))).shape == (36, 48, 3)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("factor=0", 400, "give a number above 0"),
        ("factor=nan", 400, "give a number above 0"),
        ("size=0x5", 400, "give 1920x1080, 1920x or x1080"),
        ("size=9x9&factor=2", 400, "give one of them"),
        ("format=tga", 400, "is not written"),
        ("strip=perhaps", 400, "give true or false"),
        ("url=http://127.0.0.1/", 400, "no parameter 'url'"),
        ("model=../../etc/passwd", 404, "There is no model"),
        ("factor=20000", 422, "the model goes up to"),
        ("alpha=none", 400, "give 'network' or 'resize'"),
    ],
)
def test_what_makes_no_sense(serve: Callable[..., Any], face: bytes, query: str, status: int, said: str) -> None:
    got = serve().post(f"/v1/upscale?{query}", content=face)
    assert (got.status_code, got.headers["content-type"]) == (status, "application/problem+json"), got.text
    assert said in got.json()["detail"]
    assert got.json()["status"] == status


def test_what_is_no_picture(serve: Callable[..., Any], face: bytes) -> None:
    client = serve()
    assert client.post("/v1/upscale", content=b"hello").status_code == 415
    assert client.post("/v1/upscale", content=face[:-30]).status_code == 415
    assert client.post("/v1/upscale", content=b"").status_code == 400
    assert client.post("/v1/upscale", files={"other": face}).status_code == 400
    assert "pliant-serve" not in client.post("/v1/upscale", content=face[:-30]).text, "a path of the server"


def test_nothing_is_left_behind(serve: Callable[..., Any], face: bytes) -> None:
    client = serve()
    client.post("/v1/upscale", content=face)
    client.post("/v1/upscale", content=b"hello")
    assert list(client.app.state.service.spool.iterdir()) == []


def test_limits_of_pixels(serve: Callable[..., Any], face: bytes) -> None:
    got = serve(pixels_in=431).post("/v1/upscale?factor=2", content=face)
    assert got.status_code == 413
    assert "432 pixels, but this server takes up to 431" in got.json()["detail"]
    client = serve(pixels_out=432 * 4 - 1)
    assert client.post("/v1/upscale?factor=2", content=face).status_code == 413
    assert client.post("/v1/upscale?factor=1.9", content=face).status_code == 200
