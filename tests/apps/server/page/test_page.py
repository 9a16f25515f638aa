"""The page in a browser: what visitors do with it, and that the pictures which come out are those of `pliant`."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import pliant
from tests.apps.server.page.conftest import TOKEN, serving, visiting
from tests.apps.server.page.visit import Visit, farthest, picture

pytestmark = pytest.mark.xdist_group("browser")
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
LOOK = """async () => (await axe.run({
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
})).violations.map((v) => [v.impact, v.id, v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")])"""
PASTE = """([text]) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], "pasted.png", { type: "image/png" }));
  data.items.add(new File(["words"], "words.txt", { type: "text/plain" }));
  document.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, clipboardData: data }));
}"""
# colours that are on their way from one to another are none that anybody has to read
STILL = "document.getAnimations().every((animation) => animation.playState !== 'running')"
SPLIT = "() => [...document.querySelectorAll('.layer')].map((layer) => layer.style.clipPath)"


def test_drop_slide_compare_download(visit: Visit, tmp_path: Path) -> None:
    """A dropped picture, slid to 2.7, is what `pliant.upscale` makes of it, byte for byte of its pixels."""
    source = picture(tmp_path / "wren.png", 61, 47)
    page = visit.open().page
    visit.drop(source)
    page.locator("#factor").fill("2.7")
    visit.until("document.querySelector('#size').textContent.includes('164 \\u00d7 126')")
    assert page.input_value("#factor-number") == "2.7"
    visit.run()
    assert visit.states() == ["done"]
    before, after = page.evaluate(SPLIT)
    page.locator("#split").fill("20")
    assert page.evaluate(SPLIT) != [before, after]
    assert page.get_attribute("#split", "aria-valuetext") == "20 % before"
    result = visit.download(tmp_path)
    assert result.name == "wren_x2.7.png"
    pliant.upscale(source, tmp_path / "expected.png", 2.7)
    assert farthest(result, tmp_path / "expected.png") == 0
    assert [method for method, url in visit.requests if "/v1/jobs" in url] == ["POST", "GET", "GET", "DELETE"]


def test_a_server_without_jobs(browser: Any, tmp_path: Path) -> None:
    """As `pliant serve --no-jobs`: a picture is one request, and what is wrong with one is told all the same."""
    source, broken = picture(tmp_path / "wren.png", 31, 27), tmp_path / "broken.png"
    broken.write_bytes(source.read_bytes()[:200])
    with serving(None, tmp_path, jobs=False) as address, visiting(browser, address) as visit:
        page = visit.open().page
        visit.drop(source, broken)
        visit.factor(2.7)
        visit.run()
        assert visit.states() == ["done", "failed"]
        assert "damaged" in page.inner_text(".item >> nth=1")
        result = visit.download(tmp_path)
        assert [url.rpartition("?")[0] for method, url in visit.requests if method == "POST"] == [
            f"{address}v1/{way}" for way in ("jobs", "upscale", "jobs", "upscale")
        ]
    pliant.upscale(source, tmp_path / "expected.png", 2.7)
    assert farthest(result, tmp_path / "expected.png") == 0


def test_any_factor(visit: Visit, tmp_path: Path) -> None:
    """A pasted picture: numbers between the slider's steps are taken, others said to be wrong and not run."""
    page = visit.open().page
    data = picture(tmp_path / "one.png", 100, 30).read_bytes()
    page.evaluate(PASTE, [base64.b64encode(data).decode()])
    page.wait_for_selector(".item")
    assert "words.txt" in page.inner_text("#announcer")
    visit.factor(3.14159)
    visit.until("document.querySelector('#size').textContent.includes('314 \\u00d7 94')")
    assert page.is_enabled("#run")
    most = float(page.get_attribute("#factor", "max"))
    visit.factor(most + 1)
    visit.until("document.querySelector('#factor-wrong').textContent !== ''")
    assert page.is_disabled("#run")
    assert page.get_attribute("#factor-number", "aria-invalid") == "true"


def test_batch(visit: Visit, tmp_path: Path) -> None:
    """Several at once: a damaged one fails alone and says why, equal names stay apart, all come in one ZIP."""
    (tmp_path / "again").mkdir()
    sources = [picture(tmp_path / "a.png", 24, 20), picture(tmp_path / "again/a.png", 20, 24, seed=1)]
    broken = tmp_path / "broken.png"
    broken.write_bytes(sources[0].read_bytes()[:200])
    page = visit.open().page
    visit.drop(*sources, broken)
    visit.factor(2)
    visit.run()
    assert visit.states() == ["done", "done", "failed"]
    assert "damaged" in page.locator(".item .state").nth(2).inner_text()
    with zipfile.ZipFile(visit.download(tmp_path, selector="#download-all")) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a_x2.png", "a_x2 (2).png"]
        sizes = [Image.open(io.BytesIO(archive.read(name))).size for name in archive.namelist()]
    assert sizes == [(48, 40), (40, 48)]
    page.locator(".remove").nth(1).click()
    page.click("#clear")
    assert page.locator(".item").count() == 0


def test_token(browser: Any, locked_server: str, tmp_path: Path) -> None:
    """A server with tokens asks for one, says that a wrong one is wrong, and takes the right one for everything."""
    with visiting(browser, locked_server) as visit:
        page = visit.page
        page.goto(visit.address)
        page.wait_for_selector("#token-field")
        page.fill("#token-field", "wrong")
        page.keyboard.press("Enter")
        visit.until("document.querySelector('#token-wrong').textContent !== ''")
        page.fill("#token-field", TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_selector("#token", state="hidden")
        visit.drop(picture(tmp_path / "a.png", 16, 16))
        visit.factor(2)
        visit.run()
        visit.in_browser()
        visit.run()
        assert visit.states() == ["done"]
        visit.open()  # kept for the tab
        assert page.is_hidden("#token")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_accessible(browser: Any, server: str, tmp_path: Path, scheme: str, locale: str) -> None:
    """axe-core finds nothing serious, before there is a picture and with one done, one failed and one waiting."""
    with visiting(browser, server, color_scheme=scheme, locale=locale, bypass_csp=True) as visit:
        page = visit.open().page
        page.add_script_tag(path=AXE)
        assert page.get_attribute("html", "lang") == ("zh-Hans" if locale == "zh-CN" else "en")
        assert (page.get_attribute("#dark", "aria-pressed") == "true") == (scheme == "dark")
        visit.until(STILL)
        faults = page.evaluate(LOOK)
        broken = tmp_path / "broken.png"
        broken.write_bytes(b"no picture")
        visit.drop(picture(tmp_path / "a.png", 16, 16), broken)
        visit.factor(2)
        visit.run()
        visit.drop(picture(tmp_path / "b.png", 16, 16))
        page.click("summary")
        visit.until(STILL)
        faults += page.evaluate(LOOK)
        assert [fault for fault in faults if fault[0] in ("serious", "critical")] == []


def test_by_keyboard_alone(visit: Visit, tmp_path: Path) -> None:
    """Choose a file, set the factor, run, compare, zoom and download without a pointer."""
    page = visit.open().page
    source = picture(tmp_path / "keys.png", 40, 30)

    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
        pytest.fail(f"{selector} is not reached by the tabulator")

    with page.expect_file_chooser() as chooser:
        tab_to("#files")
        page.keyboard.press("Enter")
    chooser.value.set_files(source)
    page.wait_for_selector(".item")
    tab_to("#factor-number")
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    tab_to("#factor")
    page.keyboard.press("ArrowRight")
    assert page.input_value("#factor-number") == "2.01"
    tab_to("#place-server")
    tab_to("#run")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    visit.finished()
    visit.until("document.querySelector('#announcer').textContent.includes('done')")
    tab_to("#stage")
    level = page.inner_text("#zoom-level")
    page.keyboard.press("+")
    assert page.inner_text("#zoom-level") != level
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("0")
    assert page.inner_text("#zoom-level") == level
    tab_to("#split")
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute("#split", "aria-valuetext") == "49 % before"
    tab_to(".compare")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "split"
    tab_to(".download")
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    assert coming.value.suggested_filename == "keys_x2.01.png"


PLACED = "() => [...new DOMMatrix(document.querySelector('#picture-after').style.transform).toFloat64Array()]"


def test_zoom_and_move(browser: Any, server: str, tmp_path: Path) -> None:
    """The wheel zooms where it is, dragging moves, two fingers zoom, and the handle moves no picture."""
    with visiting(browser, server, has_touch=True) as visit:
        page = visit.open().page
        visit.drop(picture(tmp_path / "a.png", 200, 150))
        visit.factor(2)
        visit.run()
        stage = page.locator("#stage")
        stage.scroll_into_view_if_needed()
        box = stage.bounding_box()
        x, y = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.4

        def scale_and_corner() -> tuple[float, float, float]:
            matrix = page.evaluate(PLACED)
            return matrix[0], matrix[12], matrix[13]

        scale, left, top = scale_and_corner()
        page.mouse.move(x, y)
        page.mouse.wheel(0, -400)
        visit.until(f"({PLACED})()[0] > {scale}")
        zoomed = scale_and_corner()
        at = (x - box["x"], y - box["y"])
        assert [(at[k] - zoomed[1 + k]) / zoomed[0] for k in (0, 1)] == pytest.approx(
            [(at[0] - left) / scale, (at[1] - top) / scale], abs=0.5
        )
        page.mouse.down()
        page.mouse.move(x + 30, y + 20)
        page.mouse.up()
        assert scale_and_corner() == pytest.approx((zoomed[0], zoomed[1] + 30, zoomed[2] + 20), abs=0.5)
        moved = scale_and_corner()
        middle = box["x"] + box["width"] / 2
        page.mouse.move(middle, y)
        page.mouse.down()
        page.mouse.move(middle + box["width"] / 4, y)
        page.mouse.up()
        assert int(page.input_value("#split")) == pytest.approx(75, abs=2)
        assert scale_and_corner() == moved
        touch = page.context.new_cdp_session(page)
        for kind, spread in (("touchStart", 30), ("touchMove", 60), ("touchMove", 90)):
            points = [{"x": x - spread, "y": y, "id": 1}, {"x": x + spread, "y": y, "id": 2}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        visit.until(f"({PLACED})()[0] > {2.5 * moved[0]}")


def test_language_and_theme(browser: Any, server: str) -> None:
    """Both can be switched, and are as they were when the page is opened again."""
    with visiting(browser, server) as visit:
        page = visit.open().page
        page.select_option("#language", "zh")
        assert page.inner_text(".drop-title") == "把图片拖到这里"
        page.click("#dark")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        visit.open()
        assert page.inner_text(".drop-title") == "把图片拖到这里"
        assert page.get_attribute("html", "data-theme") == "dark"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
