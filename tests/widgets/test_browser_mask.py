"""A mask is brushed over a photograph in Chromium, with the mouse and with a finger, and the explorer paints by it."""

import io
import re

import numpy as np
import pytest
from jupyter_page import keep_screenshot, pixels_out_of_sight, until
from PIL import Image
from test_browser_explorer import Shown, comes_to_rest

pytest.importorskip("anywidget")
pytestmark = pytest.mark.browser

PAINTER = """
from nst_helpers import load_image
from nst_helpers.course.notebooks import picture_path
from nst_helpers.widgets.mask_painter import paint_mask
mask = paint_mask(load_image(picture_path("summer_palace.jpg"), 128, report=None))
mask
"""
ANSWER = """
from IPython.display import Markdown
Markdown(f"left {mask.value[:, :60].mean():.2f}, right {mask.value[:, 68:].mean():.2f}, most {mask.value.max():.2f}")
"""
EXPLORER = """
from nst_helpers.widgets.explorer import explore
explore(size=128, iterations=60)
"""


def place(page, x, y):
    """A place on the canvas in the page's coordinates, from shares of its width and height."""
    box = page.locator(".nst-mask canvas").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page, *places):
    """Draw a stroke with the mouse through places on the canvas."""
    page.locator(".nst-mask canvas").scroll_into_view_if_needed()
    page.mouse.move(*place(page, *places[0]))
    page.mouse.down()
    for each in places[1:]:
        page.mouse.move(*place(page, *each), steps=5)
    page.mouse.up()


def marked(page) -> int:
    """How much of the picture is marked, in percent, as Python says."""
    text = page.locator(".jp-OutputArea-output").first.inner_text()
    found = re.search(r"(\d+)% of the picture is marked", text)
    return int(found[1]) if found else 0


def until_marked(page, condition):
    until(page, lambda: condition(marked(page)), "so much is marked")


def test_a_mask_is_brushed_taken_back_and_erased(lab, page):
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_viewport_size({"width": 1400, "height": 1000})
    lab.open(page, [PAINTER, ANSWER], "mask")
    page.wait_for_selector(".nst-mask canvas")
    page.get_by_text("left 0.00, right 0.00").wait_for()
    drag(page, (0.15, 0.2), (0.15, 0.8), (0.35, 0.8))
    until_marked(page, lambda share: share > 5)
    one = marked(page)
    page.locator(".jp-CodeCell").last.click()
    page.keyboard.press("Control+Enter")
    answer = page.get_by_text(re.compile(r"left 0\.[1-9]\d, right 0\.00, most 1\.00"))
    answer.wait_for()
    drag(page, (0.6, 0.2), (0.9, 0.7))
    until_marked(page, lambda share: share > one + 3)
    keep_screenshot(page, "mask")
    page.get_by_role("button", name="undo").click()
    until_marked(page, lambda share: share == one)
    page.get_by_role("button", name="eraser").click()
    drag(page, (0.15, 0.2), (0.15, 0.6))
    until_marked(page, lambda share: 0 < share < one)
    page.get_by_role("button", name="clear").click()
    page.get_by_text("Drag over the photograph to mark a place.").wait_for()
    page.get_by_role("button", name="undo").click()
    until_marked(page, lambda share: 0 < share < one)

    page.get_by_role("button", name="marker").click()
    page.locator(".nst-mask-soft").fill("0")
    before = marked(page)
    finger = page.context.new_cdp_session(page)
    finger.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    for kind, at in (
        ("touchStart", (0.6, 0.5)),
        ("touchMove", (0.8, 0.5)),
        ("touchMove", (0.9, 0.5)),
        ("touchEnd", ()),
    ):
        points = [dict(zip("xy", place(page, *at), strict=True))] if at else []
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    until_marked(page, lambda share: share > before + 2)
    assert pixels_out_of_sight(page) == 0
    keep_screenshot(page, "mask_narrow")
    assert errors == []


def test_explorer_paints_only_where_it_was_brushed(lab, page, weights):
    page.set_viewport_size({"width": 1400, "height": 1600})
    lab.open(page, [EXPLORER], "explorer_mask")
    page.wait_for_selector(".nst-explorer .widget-play button")
    shown = Shown(page)

    def picture():
        return np.asarray(Image.open(io.BytesIO(shown.picture())).convert("RGB"), np.float32)

    photograph = picture()
    assert not shown.box.get_by_text("a second painting", exact=True).is_visible()
    shown.box.get_by_text("a second painting, the photograph's colours").click()
    keep_screenshot(page, "explorer_second")
    shown.box.get_by_text("paint only some places").click()
    page.wait_for_selector(".nst-mask canvas")
    page.wait_for_timeout(500)  # for the fold to come to rest
    page.locator(".nst-mask-size").fill("40")
    drag(page, (0.2, 0.05), (0.2, 0.95))
    until_marked(page, lambda share: share > 15)
    shown.click("paint only there")
    shown.until(lambda: "ready" in shown.box.inner_text(), "a new run begins")
    shown.click("25 steps")
    shown.until(lambda: shown.iteration() == 25, "it paints")
    shown.until(lambda: (picture() != photograph).any(), "it is shown")
    assert comes_to_rest(lab, "explorer_mask.ipynb")
    change = np.abs(picture() - photograph).mean(axis=(0, 2))
    width = len(change)
    inside, outside = change[: width // 4].mean(), change[width * 3 // 5 :].mean()
    assert inside > 2 * outside
    keep_screenshot(page, "explorer_mask")
    assert pixels_out_of_sight(page) == 0
    shown.box.get_by_role("button", name="keep the photograph there").scroll_into_view_if_needed()
    keep_screenshot(page, "explorer_mask_narrow")
