"""Pictures that are upscaled in the browser: equal to those of `pliant`, and never sent anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

import pliant
from tests.apps.server.page.conftest import visiting
from tests.apps.server.page.visit import Visit, farthest, picture
from tests.support import fixed_model

pytestmark = pytest.mark.xdist_group("browser")
WATCH = """() => {
  window.shares = [];
  const look = () => window.shares.push(...[...document.querySelectorAll("progress")].map((bar) => bar.value));
  const all = { subtree: true, attributes: true, childList: true };
  new MutationObserver(look).observe(document.querySelector("#list"), all);
}"""


@pytest.fixture(scope="module")
def _here(browser: Any, server: str) -> Iterator[Visit]:
    with visiting(browser, server) as visit:
        visit.open().in_browser()
        yield visit


@pytest.fixture
def here(_here: Visit) -> Visit:
    """One tab for all tests that compute in it: the engine and the models are loaded once. The list is empty."""
    page = _here.page
    if page.is_enabled("#clear"):
        page.click("#clear")
    page.select_option("#model", "anyscale")
    page.select_option("#format", "")
    _here.requests.clear()
    return _here


def test_in_tiles(here: Visit, tmp_path: Path) -> None:
    """A picture of several tiles at a fractional factor equals that of `pliant`, and nothing is sent to the server."""
    source = picture(tmp_path / "large.png", 272, 270)
    here.drop(source)
    here.factor(2.7)
    here.page.evaluate(WATCH)
    here.run()
    assert here.states() == ["done"]
    tiles = re.search(r"in (\d+) tiles", here.page.locator(".item .notes").inner_text())
    assert tiles is not None
    assert int(tiles[1]) >= 4
    assert len({share for share in here.page.evaluate("window.shares") if 0 < share < 1}) >= 3
    pliant.upscale(source, tmp_path / "expected.png", 2.7)
    assert farthest(here.download(tmp_path), tmp_path / "expected.png") <= 1
    assert {method for method, _ in here.requests} == {"GET"}  # which has no body
    assert any(url.endswith("/tiles?factor=2.7") for _, url in here.requests)


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "alpha.png": ("RGBA", {}),
    "grey.png": ("L", {}),
    "grey_alpha.png": ("LA", {}),
    "deep.png": ("I;16", {}),
    "palette.png": ("P", {}),
    "one_bit.png": ("1", {}),
    "photo.jpg": ("RGB", {"quality": 90, "profile": True}),
    "grey.jpg": ("L", {"quality": 90}),
}


def kind(folder: Path, name: str) -> Path:
    """A picture of one of the kinds."""
    mode, options = KINDS[name]
    drawn = picture(folder / f"drawn_{name}.png", 33, 29, {"P": "RGB", "1": "L"}.get(mode, mode))
    image = Image.open(drawn)
    if options.get("profile"):
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        options = {"quality": options["quality"], "icc_profile": profile}
    (image.convert(mode) if mode in "P1" else image).save(folder / name, **options)
    return folder / name


def test_all_kinds(here: Visit, tmp_path: Path) -> None:
    """Transparency, grey, 16 bits, palettes and JPEG: channels, depth and profile as `pliant` keeps them."""
    sources = [kind(tmp_path, name) for name in KINDS]
    here.drop(*sources)
    here.factor(1.5)
    here.page.select_option("#format", "png")
    here.run()
    assert here.states() == ["done"] * len(sources)
    for number, source in enumerate(sources):
        expected = tmp_path / f"expected_{number}.png"
        pliant.upscale(source, expected, 1.5)
        result = here.download(tmp_path, number)
        assert farthest(result, expected) <= 1, source.name
        own, other = Image.open(result), Image.open(expected)
        assert own.mode == other.mode, source.name
        assert own.info.get("icc_profile") == other.info.get("icc_profile"), source.name


def test_alpha_by_resize(here: Visit, tmp_path: Path) -> None:
    """The choice for transparency is the server's `alpha`; the other model gives another picture."""
    source = picture(tmp_path / "soft.png", 40, 30, "RGBA")
    page = here.page
    here.drop(source)
    page.select_option("#model", "srcnn")
    here.factor(2)
    page.click("summary")
    page.select_option("#alpha", "resize")
    here.run()
    page.select_option("#alpha", "network")
    page.click("summary")
    pliant.upscale(source, tmp_path / "expected.png", 2, model="srcnn", alpha="resize")
    assert farthest(here.download(tmp_path), tmp_path / "expected.png") <= 1


def test_network_of_one_factor(here: Visit, tmp_path: Path) -> None:
    """Its result is reduced to a smaller factor by the filter that `pliant` uses; larger ones cannot be set."""
    source = picture(tmp_path / "one.png", 41, 37, "RGBA")
    here.drop(source)
    here.page.select_option("#model", "twice")
    assert here.page.get_attribute("#factor", "max") == "2"
    here.factor(1.3)
    here.run()
    (tmp_path / "twice.onnx").write_bytes(fixed_model(2))
    pliant.upscale(source, tmp_path / "expected.png", 1.3, model=tmp_path / "twice.onnx")
    assert farthest(here.download(tmp_path), tmp_path / "expected.png") <= 1


def test_too_large(here: Visit, tmp_path: Path) -> None:
    """A factor that is no fraction has no exact tiles here: small pictures are run whole, large ones are refused."""
    here.drop(picture(tmp_path / "small.png", 20, 20), picture(tmp_path / "large.png", 640, 660))
    here.factor(2.718281828)
    here.run()
    assert here.states() == ["done", "failed"]
    assert "cannot be run in exact tiles" in here.page.locator(".item .state").nth(1).inner_text()


def test_formats(here: Visit, tmp_path: Path) -> None:
    """What a browser cannot write is not offered; JPEG and WebP are written, with the profile of the source."""
    page = here.page
    here.drop(kind(tmp_path, "photo.jpg"), kind(tmp_path, "alpha.png"))
    here.factor(2)
    offered = page.eval_on_selector_all("#format option:not(:disabled)", "(all) => all.map((one) => one.value)")
    assert offered == ["", "png", "jpeg", "webp"]
    here.run()
    same = [Image.open(here.download(tmp_path, number)) for number in (0, 1)]
    page.select_option("#format", "webp")
    here.run()
    webp = [Image.open(here.download(tmp_path, number)) for number in (0, 1)]
    assert [image.format for image in (*same, *webp)] == ["JPEG", "PNG", "WEBP", "WEBP"]
    profile = Image.open(tmp_path / "photo.jpg").info["icc_profile"]
    assert same[0].info["icc_profile"] == profile
    assert webp[0].info["icc_profile"] == profile
    assert [image.size for image in (*same, *webp)] == [(66, 58)] * 4
    difference = np.abs(np.asarray(same[0], float) - np.asarray(webp[0].convert("RGB"), float))
    assert difference.mean() < 12  # both are lossy
    assert webp[1].mode == "RGBA"


def test_stop(here: Visit, tmp_path: Path) -> None:
    """What runs can be stopped at once, and what is wanted after that is computed."""
    here.drop(picture(tmp_path / "large.png", 400, 400))
    here.factor(2.718281828)  # in one piece, which takes seconds
    here.page.click("#run")
    here.page.wait_for_selector('.item[data-state="running"]')
    here.page.click("#stop")
    here.finished()
    assert here.states() == ["cancelled"]
    here.page.click(".remove")
    here.drop(picture(tmp_path / "small.png", 16, 16))
    here.run()
    assert here.states() == ["done"]


def test_without_isolation(browser: Any, server: str, tmp_path: Path) -> None:
    """Where the page is not isolated, behind a proxy that drops headers, one thread computes the same."""
    source = picture(tmp_path / "small.png", 30, 20)
    with visiting(browser, server) as visit:

        def plainly(route: Any) -> None:
            answer = route.fetch()
            kept = {k: v for k, v in answer.headers.items() if not k.startswith("cross-origin-")}
            route.fulfill(response=answer, headers=kept)

        visit.page.route(lambda url: url.rstrip("/") == server.rstrip("/"), plainly)
        visit.open()
        assert not visit.page.evaluate("crossOriginIsolated")
        visit.drop(source)
        visit.factor(2)
        visit.in_browser()
        visit.run()
        pliant.upscale(source, tmp_path / "expected.png", 2)
        assert farthest(visit.download(tmp_path), tmp_path / "expected.png") <= 1
