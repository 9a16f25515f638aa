"""Pictures and results in stores that fsspec opens; memory:// stands for all of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import pliant
from pliant.apps.batch import stores
from pliant.apps.batch.objects import named
from pliant.apps.batch.stores import version
from pliant.apps.cli.main import main
from pliant.errors import MissingExtra, UsageError
from tests.apps.clusters import inline
from tests.support import gradient, save

fsspec = pytest.importorskip("fsspec")
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty store in memory, for workers in this process."""
    inline.use(monkeypatch)
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    yield memory
    memory.store.clear()


def put(store: Any, path: str, width: int = 20, height: int = 10, kind: str = "PNG") -> bytes:
    """A picture in the store; its bytes."""
    content = BytesIO()
    Image.fromarray(gradient(width, height)).save(content, kind)
    store.pipe(path, content.getvalue())
    return content.getvalue()


def upscale(*arguments: str, live: Path) -> int:
    return main(["upscale", *arguments, "-s", "2", "-m", str(live), "--cluster", "auto"])


def test_a_folder_in_a_store_to_another(store: Any, tmp_path: Path, live: Path) -> None:
    for name in ("a.png", "sub/b.png", "sub/.hidden.png", "text.txt"):
        put(store, f"/in/{name}")
    put(store, "/in/c.webp", 400, 300, "WEBP")
    store.pipe("/in/bad.png", b"no picture")
    log = tmp_path / "log.jsonl"
    done = pliant.upscale_folder("memory://in", "memory://out", 2, model=live, cluster="auto", log=log)
    assert (done.source, done.destination, done.done, done.ignored) == ("memory://in", "memory://out", 3, 2)
    assert [failure.source for failure in done.failed] == ["bad.png"]
    assert done.failed[0].reason.startswith("memory://in/bad.png is not a PNG")
    assert sorted(store.find("/out")) == ["/out/a.png", "/out/c.webp", "/out/sub/b.png"]
    folder = tmp_path / "in"
    store.get("/in", str(folder), recursive=True)
    alone = pliant.upscale_folder(folder, tmp_path / "alone", 2, model=live)
    for name in ("a.png", "sub/b.png", "c.webp"):
        assert store.cat(f"/out/{name}") == (alone.destination / name).read_bytes()
    again = pliant.upscale_folder("memory://in", "memory://out", 2, model=live, cluster="auto", log=log, resume=True)
    assert (again.done, again.skipped) == (0, 3)
    put(store, "/in/a.png", 21)
    changed = pliant.upscale_folder("memory://in", "memory://out", 2, model=live, cluster="auto", log=log)
    assert (changed.done, changed.skipped) == (1, 2)


def test_a_list_to_a_folder(store: Any, tmp_path: Path, live: Path, capsys: Capture) -> None:
    put(store, "/bucket/x/a %20b.png")
    picture = save(tmp_path, "local.png", gradient(8, 8))
    listing = tmp_path / "urls.txt"
    rows = ["# pictures", "memory://bucket/x/a %20b.png", "", picture.as_uri(), "memory://bucket/none.png"]
    listing.write_text("\n".join(rows))
    out = tmp_path / "out"
    assert upscale(str(listing), "-o", str(out), "--json", live=live) == 1
    shown = json.loads(capsys.readouterr().out)
    assert (shown["done"], [failure["source"] for failure in shown["failed"]]) == (2, ["bucket/none.png"])
    assert shown["failed"][0]["reason"].startswith("There is no memory://bucket/none.png")
    assert Image.open(out / "bucket/x/a %20b.png").size == (40, 20)
    assert Image.open(out / str(picture).lstrip("/")).size == (16, 16)
    assert upscale(str(listing), "-o", str(out), "--json", "--resume", live=live) == 1
    assert json.loads(capsys.readouterr().out)["skipped"] == 2


def test_stored_but_not_put_down(store: Any, tmp_path: Path, live: Path) -> None:
    """What a run that was killed has stored is made anew; what others have stored is kept."""
    put(store, "/in/a.png")
    log, options = tmp_path / "log", {"model": live, "cluster": "auto", "log": tmp_path / "log"}
    pliant.upscale_folder("memory://in", "memory://out", 2, **options)
    kept = [line for line in log.read_text().splitlines() if '"done"' not in line and '"end"' not in line]
    assert [json.loads(line)["event"] for line in kept] == ["run", "sent"]
    log.write_text("\n".join(kept) + "\n")
    assert pliant.upscale_folder("memory://in", "memory://out", 2, **options).done == 1
    foreign = put(store, "/out/b.png", 3, 3)
    put(store, "/in/b.png")
    refused = pliant.upscale_folder("memory://in", "memory://out", 2, **options)
    assert (refused.done, refused.skipped, len(refused.failed)) == (0, 1, 1)
    assert "memory://out/b.png exists" in refused.failed[0].reason
    assert store.cat("/out/b.png") == foreign
    assert pliant.upscale_folder("memory://in", "memory://out", 2, overwrite=True, **options).done == 2


def test_a_result_that_cannot_be_stored(
    store: Any, tmp_path: Path, live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "/in/a.png")

    def refuse(*given: object, **named: object) -> None:
        raise PermissionError("Access Denied")

    monkeypatch.setattr(type(store), "put_file", refuse)
    done = pliant.upscale_folder("memory://in", "memory://out", 2, model=live, cluster="auto", log=tmp_path / "log")
    assert [failure.reason for failure in done.failed] == ["memory://out/a.png cannot be written: Access Denied."]


def test_sources_are_never_overwritten(store: Any, tmp_path: Path, live: Path) -> None:
    before = put(store, "/in/a.png")
    options = {"model": live, "cluster": "auto", "log": tmp_path / "log", "overwrite": True}
    done = pliant.upscale_folder("memory://in", "memory://in", 2, **options)
    assert [failure.reason.split(";")[0] for failure in done.failed] == [
        "memory://in/a.png is one of the sources, which are never overwritten"
    ]
    assert store.cat("/in/a.png") == before


@pytest.mark.parametrize("url", ["memory://b/../../x.png", "memory://b/./x.png", "memory://../x.png"])
def test_no_result_lies_outside(url: str) -> None:
    found = named(Path("urls.txt"), [url]).found
    assert (found.pictures, len(found.unreadable)) == ([], 1)


def test_what_lists_may_hold(tmp_path: Path) -> None:
    path = Path("urls.txt")
    assert named(path, ["s3://b/a.png", "s3://b/a.png", "s3://b/x.txt"]).found.pictures == ["b/a.png"]
    assert named(path, ["https://user:secret@host/a.png?size=2"]).found.pictures == ["host/a.png"]
    assert named(path, ["abfs://box@account/a #1?.png"]).found.pictures == ["box@account/a #1?.png"]
    with pytest.raises(UsageError, match="no URL"):
        named(path, ["a.png"])
    with pytest.raises(UsageError, match="one result"):
        named(path, ["s3://b/a.png", "gs://b/a.png"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none", "-o", "out"], "none is no folder"),
        (["memory://none", "-o", "out"], "There is no picture in memory://none"),
        (["memory://in"], "There is no place beside memory://in"),
        (["memory://in", "-o", "memory://out"], "say with --log which one"),
        (["nowhere://in", "-o", "out"], "Protocol not known: nowhere"),
        (["s3://in", "-o", "out"], "s3:// needs a package that is not installed"),
        (["urls.txt", "-o", "out", "--pattern", "*.png"], "a list names its pictures itself"),
        (["urls.txt"], "There is no place beside urls.txt"),
        (["binary.bin", "-o", "out"], "is no list of URLs"),
    ],
)
def test_bad_ends(
    store: Any,
    tmp_path: Path,
    live: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.chdir(tmp_path)
    put(store, "/in/a.png")
    Path("urls.txt").write_text("memory://in/a.png")
    Path("binary.bin").write_bytes(b"\xff\xfe\x00")
    assert upscale(*arguments, live=live) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not Path("out").exists()


def test_without_a_cluster(capsys: Capture, live: Path) -> None:
    assert main(["upscale", "memory://in", "-o", "out", "-m", str(live)]) == 2
    assert "add --cluster auto" in capsys.readouterr().err


def test_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtra, match=r"pliant\[ray\]"):
        stores.opened("s3://bucket/a.png")


def test_stores_that_show_what_is_half_written(tmp_path: Path) -> None:
    """What is not known to show whole objects alone gets them under another name first."""
    source = save(tmp_path, "a.png", gradient(5, 5))
    stores.put(source, f"file://{tmp_path}/deep/b.png")
    assert (tmp_path / "deep/b.png").read_bytes() == source.read_bytes()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["b.png"]


def test_a_version_is_the_same_however_it_is_told() -> None:
    assert version({"ETag": '"abc"', "LastModified": 1}) == version({"ETag": "abc"})
    assert version({"ETag": "abc"}) != version({"ETag": "abd"})
    assert 0 <= version({}) < 1 << 63
