"""The weight explorer of notebook 06 in Chromium, on a JupyterLab: played, changed, paused, remembered, saved."""

import io
import json
import re
import shlex
import time
import urllib.request
from pathlib import Path

import nbformat
import numpy as np
import pytest
from jupyter_page import RUN_SECONDS, keep_screenshot, pixels_out_of_sight, until
from PIL import Image

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.browser


def explorer_cells():
    """The cells of notebook 06 that the explorer needs: its setup and its own."""
    cells = nbformat.read(ROOT / "notebooks" / "06_weight_explorer.ipynb", as_version=4).cells
    setup = next(cell for cell in cells if "setup" in cell["metadata"].get("tags", []))
    shown = next(cell for cell in cells if cell["cell_type"] == "code" and "explore(" in cell["source"])
    return [setup["source"], shown["source"]]


class Shown:
    """The explorer as a reader sees it."""

    def __init__(self, page):
        self.page, self.box = page, page.locator(".nst-explorer")

    def iteration(self) -> int:
        return int(re.search(r"step\s+(\d+)\s+of", self.box.inner_text())[1])

    def until(self, condition, what: str) -> None:
        until(self.page, condition, what)

    def click(self, words: str) -> None:
        self.box.get_by_role("button", name=words).first.click()

    def play_or_pause(self) -> None:
        self.box.locator(".widget-play button").first.click()

    def drag(self, label: str, share: float) -> None:
        """Drag a slider's handle by so much of its length."""
        slider = self.box.locator(".widget-slider", has_text=label)
        slider.scroll_into_view_if_needed()
        handle, track = slider.locator(".noUi-handle").bounding_box(), slider.locator(".noUi-base").bounding_box()
        x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + share * track["width"], y, steps=4)
        self.page.mouse.up()

    def readout(self, label: str) -> float:
        return float(self.box.locator(".widget-slider", has_text=label).locator(".widget-readout").inner_text())

    def picture(self, number: int = 0) -> bytes:
        """The bytes of the widest pictures, from the top."""
        image = self.box.locator("img.widget-image").nth(number)
        script = "async image => Array.from(new Uint8Array(await (await fetch(image.src)).arrayBuffer()))"
        return bytes(image.evaluate(script))

    def curves(self) -> bytes:
        for number in range(self.box.locator("img.widget-image").count()):
            if (content := self.picture(number)).startswith(b"\x89PNG"):
                return content
        return b""


def marks(curves: bytes) -> int:
    """How many upright dotted grey lines there are in a figure of curves."""
    pixels = np.asarray(Image.open(io.BytesIO(curves)).convert("RGB")).astype(int)
    gray = (pixels.min(axis=2) > 60) & (pixels.max(axis=2) < 200) & (np.ptp(pixels, axis=2) < 12)
    columns = gray.sum(axis=0) > 0.25 * len(pixels)
    return int((columns[1:] & ~columns[:-1]).sum())


def kernel(lab, name):
    """What the server says about the kernel of a notebook."""
    with urllib.request.urlopen(f"{lab.address}/api/sessions", timeout=20) as answer:
        return next(session["kernel"] for session in json.load(answer) if session["path"].endswith(name))


def comes_to_rest(lab, name):
    """Whether the kernel of a notebook is idle, and does nothing for three seconds, within three minutes."""
    end = time.monotonic() + RUN_SECONDS
    seen = None
    while time.monotonic() < end:
        now = kernel(lab, name)
        if now == seen and now["execution_state"] == "idle":
            return True
        seen = now
        time.sleep(3)
    return False


def test_explorer_is_played_changed_and_kept(lab, page, weights):
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    lab.open(page, explorer_cells(), "explorer")
    page.wait_for_selector(".nst-explorer .widget-play button")
    shown = Shown(page)
    assert shown.iteration() == 0
    first = shown.picture()
    page.set_viewport_size({"width": 1400, "height": 1000})
    keep_screenshot(page, "explorer_first")
    shown.box.get_by_text("what moves the picture").click()

    shown.play_or_pause()
    shown.until(lambda: shown.iteration() >= 4, "the iterations count")
    shown.until(lambda: shown.picture() != first, "the picture changes")
    shown.until(lambda: shown.curves(), "the curves are drawn")

    before = shown.readout("style β")
    shown.drag("style β", 0.2)
    shown.until(lambda: shown.readout("style β") > 3 * before, "β grows")
    changed = shown.iteration()
    shown.until(lambda: shown.iteration() > changed + 4, "it runs on")
    shown.play_or_pause()
    shown.until(lambda: marks(shown.curves()) >= 1, "the change is marked")

    assert comes_to_rest(lab, "explorer.ipynb"), "the clock ticks on although it is paused"
    held = shown.iteration()
    page.wait_for_timeout(2000)
    assert shown.iteration() == held
    shown.click("one step")
    shown.until(lambda: shown.iteration() == held + 1, "one step is one iteration")

    shown.click("remember")
    shown.until(lambda: shown.box.get_by_role("button", name="use this mix").count() == 1, "it is remembered")
    shown.click("25 steps")
    shown.until(lambda: shown.iteration() == held + 26, "25 iterations more")
    shown.box.get_by_role("button", name=f"step {held + 1}", exact=True).click()
    shown.until(lambda: "grey levels away" in shown.box.inner_text(), "it is compared")

    shown.click("save")
    shown.until(lambda: shown.box.locator("pre").count() == 1, "the command is shown")
    words = shlex.split(shown.box.locator("pre").inner_text())
    assert words[0] == "nst"
    assert words[words.index("--iterations") + 1] == str(held + 26)
    saved = lab.folder / "notebooks" / words[words.index("--output") + 1]
    assert Image.open(saved).size == Image.open(io.BytesIO(shown.picture())).size
    shown.until(lambda: "weights were changed on the way" in shown.box.inner_text(), "a change is said")

    keep_screenshot(page, "explorer")
    widest = shown.box.locator("img.widget-image").first.bounding_box()
    assert widest["width"] >= 512
    assert pixels_out_of_sight(page) == 0
    keep_screenshot(page, "explorer_narrow")

    shown.drag("compare", -1)
    shown.click("start over")
    shown.until(lambda: shown.iteration() == 0 and shown.picture() == first, "it starts over")

    shown.play_or_pause()
    shown.until(lambda: shown.iteration() >= 2, "it plays again")
    page.close()
    assert comes_to_rest(lab, "explorer.ipynb"), "the clock ticks on although the page is closed"
    assert errors == []
