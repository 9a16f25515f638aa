from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from PIL import Image

from pliant.exporter.weights.kinds import is_text, other_kind
from tests.exporter.weights.limits import refusal


def picture(form: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(stream, form)
    return stream.getvalue()


def model() -> bytes:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [value])
    return helper.make_model(graph, producer_name="someone").SerializeToString()


def tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("sys_info"), io.BytesIO())
    return stream.getvalue()


def array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.arange(5.0))
    return stream.getvalue()


FILES = {
    "a PNG picture": picture("PNG"),
    "a JPEG picture": picture("JPEG"),
    "a GIF picture": picture("GIF"),
    "a WebP, AVI or WAV file": picture("WEBP"),
    "a TIFF picture": picture("TIFF"),
    "an ONNX model": model(),
    "a GGUF file": b"GGUF\3\0\0\0" + bytes(100),
    "a gzip archive": gzip.compress(b"weights"),
    "an xz archive": lzma.compress(b"weights"),
    "a tar archive": tar(),
    "a numpy array": array(),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:12ab\nsize 66921491\n",
    "a web page": b"\n<!DOCTYPE html><html><title>Sign in</title>\xff",
    "an ncnn network": b"7767517\n3 3\nInput x 0 1 x\n",
    "a text": "Modèle à télécharger\n".encode(),
    "zeros at its start": bytes(5000),
    "a program": b"\x7fELF" + bytes(60),
}


@pytest.mark.parametrize("what", FILES)
@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_a_file_of_another_kind(tmp_path: Path, what: str, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[what])
    message = refusal(tmp_path / name)
    assert message.startswith(f"{tmp_path / name} is not a PyTorch weights file but {what}")


def test_an_onnx_file_with_no_producer(tmp_path: Path) -> None:
    loaded = onnx.load_model_from_string(model())
    loaded.producer_name = ""
    (tmp_path / "w.pth").write_bytes(loaded.SerializeToString())
    assert "an ONNX model, which is exported already" in refusal(tmp_path / "w.pth")


@given(st.binary(max_size=600))
def test_any_beginning_is_of_a_kind_or_unknown(head: bytes) -> None:
    what = other_kind(head)
    assert what == "" or what.split()[0] in ("a", "an", "zeros")


def test_text_may_be_cut_in_a_letter() -> None:
    text = "größer".encode()
    assert all(is_text(text[:k]) for k in range(1, len(text) + 1))
    assert not is_text(b"abc\0def")
    assert not is_text(b"\xff\xfe\xfd\xfc\xfb\xfa")
