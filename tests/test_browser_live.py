"""The page that paints in the browser: its numbers are the package's, and every control does what it says."""

import base64
import http.server
import io
import re
import shutil
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from jupyter_page import keep_screenshot, missing, serious
from pictures import live
from PIL import Image
from test_browser_playground import PLAYGROUND, WINDOWS, Handler, check_that_sliders_are_seen_below_a_square

from nst_helpers import StyleTransfer, load_image
from nst_helpers.errors import InputError
from nst_helpers.optimizers import decay

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT = 40, 32
"""Of all pictures here, for which a processor does what is a graphics processor's work; each size compiles anew."""
STEPS = 3
PATIENCE_MS = 300_000
RUN = """async ([content, style, shape, steps]) => {
    network ??= await loadNetwork(window.LIVE, () => {});
    const pictures = [content, style].map((values) => tf.tensor(values, shape)), totals = [];
    const tensors = [tf.memory().numTensors], painter = new Painter(network, ...pictures, window.LIVE);
    for (let i = 0; i < steps; i++) {
        totals.push(await painter.step(USUAL));
        tensors.push(tf.memory().numTensors);
    }
    const average = [...(await painter.average.data())];
    painter.dispose();
    return [totals, average, [...tensors, tf.memory().numTensors]];
}"""
NO_WEBGL = """() => {
    for (const { prototype } of [HTMLCanvasElement, OffscreenCanvas]) {
        const get = prototype.getContext;
        prototype.getContext = function (kind) { return kind === "2d" ? get.call(this, kind) : null; };
    }
}"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def folder(weights, tmp_path_factory):
    """The playground, with what it needs to paint."""
    folder = tmp_path_factory.mktemp("live")
    for name in (PLAYGROUND, "data/atlas"):
        shutil.copytree(ROOT / name, folder / name)
    try:
        live.main(["--output", str(folder / PLAYGROUND)])
    except InputError as error:
        missing(str(error))
    return folder


@pytest.fixture(scope="module")
def address(folder):
    """Where a web server on this machine has the playground."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    server.sent = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/{PLAYGROUND}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def page(chromium, address):
    """The page, on which the network is loaded once; at the end it must not have complained, nor asked elsewhere."""
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    complaints, foreign = [], []
    page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: foreign.append(request.url))
    page.goto(f"{address}/index.html#alpha=0.1&beta=3000&gamma=0")
    page.get_by_role("link", name="Paint a photograph of your own, live").click()
    page.wait_for_selector("#style-picture[src]")
    yield page
    page.close()
    assert set(complaints) <= {"No available adapters."}  # what Chromium says where there is no WebGPU
    assert not [url for url in foreign if not url.startswith((address.partition("/notebooks")[0], "data:", "blob:"))]


@pytest.fixture(scope="module")
def pictures():
    """A photograph and a painting, arrays `[1, H, W, 3]`."""
    return [load_image(ROOT / f"data/{name}.jpg", 120, report=None)[:, 20:52, 30:70] for name in ("chelsea", "auvers")]


def file(image, name="mine.png"):
    """An array as a file that somebody chooses."""
    buffer = io.BytesIO()
    Image.fromarray(np.uint8(image[0] * 255 + 0.5)).save(buffer, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


def count(page):
    """The number of the iteration that is shown."""
    found = re.match(r"Iteration (\d+)", page.locator("#count").inner_text())
    return int(found[1]) if found else 0


def lost(page):
    """The total loss that is shown."""
    return float(page.locator("#count").inner_text().split()[-1].replace(",", ""))


def wait_for_iteration(page, number):
    page.wait_for_function(f"() => Number((/\\d+/.exec($('count').textContent) ?? [0])[0]) >= {number}")


def shown(page):
    """The bytes of the picture, as a file."""
    return base64.b64decode(page.evaluate("$('canvas').toDataURL()").partition(",")[2])


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), float)


def test_the_page_takes_over_the_weights_of_the_playground(page):
    said = [page.locator(f"#{name}-value").inner_text() for name in ("alpha", "beta", "gamma")]
    assert said == ["1/10 as strong · α = 0.1", "1/3 as strong · β = 3,000", "off · γ = 0"]
    assert "The first start loads 28 MB" in page.locator("#said").inner_text()


def test_a_run_in_the_page_is_a_run_of_the_package(page, pictures):
    values = [image.astype(float).ravel().tolist() for image in pictures]
    totals, average, tensors = page.evaluate(RUN, [*values, [1, HEIGHT, WIDTH, 3], STEPS])
    transfer = StyleTransfer(*pictures, style_distance="squared", precision="float32")
    expected = [transfer.snapshot.losses.total, *(snapshot.losses.total for snapshot in transfer.steps(STEPS))]
    np.testing.assert_allclose(totals, expected[:STEPS], rtol=0.01)  # the page's weights have 16 bits
    image = transfer.snapshot.image
    moved, apart = (np.abs(image - other).mean() for other in (pictures[0], np.reshape(average, image.shape)))
    assert apart < 0.05 * moved
    before, *during, after = tensors
    assert len(set(during)) == 1 and before == after  # none is forgotten


@pytest.mark.parametrize("iteration", [1, 40, 300])
def test_the_rate_falls_as_in_the_package(page, iteration):
    assert page.evaluate("k => schedule(k)", iteration) == pytest.approx(decay(iteration)[:3])


def test_somebody_paints(page, pictures):
    page.evaluate(f"state.size = {WIDTH}")
    page.locator("#content").set_input_files(file(pictures[0]))
    page.locator("#style").set_input_files(file(pictures[1]))
    page.wait_for_function(f"$('canvas').width === {WIDTH} && $('style-picture').src.startsWith('blob:')")
    photograph = shown(page)
    page.get_by_role("button", name="Start painting").click()
    wait_for_iteration(page, 2)
    assert shown(page) != photograph
    page.locator("#beta").focus()
    page.keyboard.press("End")
    assert page.locator("#beta-value").inner_text() == "100 times as strong · β = 1,000,000"
    loss = lost(page)
    wait_for_iteration(page, count(page) + 2)
    assert lost(page) > 20 * loss  # β is 300 times what it was

    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Save the picture").click()
    saved = Path(download.value.path()).read_bytes()
    assert pixels(saved).shape == (HEIGHT, WIDTH, 3) and saved == shown(page)
    assert not serious(page)
    keep_screenshot(page, "live_1400")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not serious(page)
    keep_screenshot(page, "live_390")

    iteration = count(page)
    page.get_by_role("button", name="Go on").click()
    wait_for_iteration(page, iteration + 1)
    page.locator("#content").set_input_files(file(1 - pictures[0]))  # while it paints
    page.wait_for_function("() => $('count').textContent === ''")
    assert page.get_by_role("link", name="Save the picture").is_hidden()
    wait_for_iteration(page, 1)
    assert count(page) < iteration
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    assert np.abs(pixels(shown(page)) - pixels(photograph)).mean() > 20  # it is the other one that is painted


def test_what_is_no_picture_is_said_and_changes_nothing(page):
    before = shown(page)
    page.locator("#content").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.get_by_text("The browser cannot read this file as a picture").wait_for()
    assert shown(page) == before


def test_numbers_that_become_too_large_are_said(page):
    page.evaluate("state.beta = Infinity")
    page.locator("#paint").click()
    page.get_by_text("The numbers have become too large").wait_for()
    assert page.get_by_role("button", name="Start painting").is_enabled()


def test_another_size_starts_again(page):
    page.locator("#size").select_option("192")
    page.wait_for_function("$('canvas').width === 192")
    assert "size=192" in page.url
    assert page.get_by_role("button", name="Start painting").is_visible()


@pytest.mark.parametrize(
    ("breaking", "said"),
    [
        ("() => { window.fetch = () => Promise.reject(new TypeError()); }", "The network could not be loaded"),
        (NO_WEBGL, "This browser has no WebGL"),
    ],
    ids=["no connection", "no WebGL"],
)
def test_what_hinders_painting_is_said(chromium, address, breaking, said):
    page = chromium.new_page()
    page.goto(f"{address}/live.html")
    page.wait_for_selector("#style-picture[src]")
    page.evaluate(breaking)
    page.get_by_role("button", name="Start painting").click()
    page.get_by_text(said).wait_for()
    assert page.get_by_role("button", name="Start painting").is_enabled()
    page.close()


@pytest.fixture
def plain(chromium):
    """A function that opens the page as it is committed, without a network, from the disk."""
    contexts = []

    def go(width=1400, height=900):
        contexts.append(chromium.new_context(viewport={"width": width, "height": height}))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.goto((ROOT / PLAYGROUND / "live.html").as_uri())
        page.wait_for_selector("#style-picture[src]")
        return page

    yield go
    for context in contexts:
        context.close()


def test_without_the_network_the_page_says_where_it_paints(plain):
    page = plain()
    assert page.get_by_role("button", name="Start painting").is_disabled()
    assert page.get_by_text("Painting works on the course’s website").is_visible()
    assert page.get_by_role("link", name="the course’s website").get_attribute("href").endswith("/playground/live.html")
    page.goto((ROOT / PLAYGROUND / "index.html").as_uri())
    assert page.get_by_role("link", name="Paint a photograph of your own, live").is_hidden()


@pytest.mark.parametrize(("width", "height"), WINDOWS)
def test_a_square_picture_leaves_the_sliders_in_sight(plain, width, height):
    check_that_sliders_are_seen_below_a_square(plain(width, height))
