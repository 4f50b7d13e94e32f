"""The Gram inspector and the layer chooser in a real browser: cells clicked, cards pressed by mouse and by keys."""

import pytest
from jupyter_page import keep_screenshot, pixels_out_of_sight, until

pytestmark = pytest.mark.browser

SETUP = """
import nst_helpers.machine.hardware
from nst_helpers.course.notebooks import picture
content, style = picture("summer_palace.jpg", 96), picture("great_wave.jpg", 96)
"""
INSPECTOR = """
from nst_helpers import FeatureExtractor
from nst_helpers.widgets.inspector import GramInspector
vgg = FeatureExtractor(["block1_conv1", "block2_conv1"], weights=None)
GramInspector(vgg, {"the style": style, "a photograph": content})
"""
CHOOSER = """
from nst_helpers.widgets.layer_chooser import LayerChooser
LayerChooser(content, style, weights=None)
"""


def status(page):
    return page.locator(".widget-html code").last


def wait_for_status(page, text):
    until(page, lambda: text in status(page).inner_text(), f"the status says {text}")


def source(page, index=0):
    return page.locator("img.widget-image").nth(index).get_attribute("src")


def wait_for_another(page, before, index=0):
    page.wait_for_function(
        "([index, before]) => document.querySelectorAll('img.widget-image')[index].src != before", arg=[index, before]
    )


def test_a_clicked_cell_is_shown_with_its_maps(lab, page):
    lab.open(page, [SETUP, INSPECTOR], "inspector")
    status(page).wait_for()
    cells = page.locator(".widget-gridbox .widget-button")
    before = source(page)
    cell = cells.nth(12 * 2 + 7)
    channels = cell.get_attribute("title")
    cell.click()
    wait_for_another(page, before)
    wait_for_status(page, f"{channels}: ")
    keep_screenshot(page, "inspector")
    before = source(page)
    page.keyboard.press("Tab")  # to the cell beside it
    page.keyboard.press("Enter")
    wait_for_another(page, before)
    wait_for_status(page, f"{cells.nth(12 * 2 + 8).get_attribute('title')}: ")
    before = source(page)
    page.locator(".widget-dropdown select").select_option("block2_conv1")
    wait_for_another(page, before)
    wait_for_status(page, "block2_conv1")
    assert pixels_out_of_sight(page) == 0
    keep_screenshot(page, "inspector_narrow")


def test_cards_are_pressed_while_it_plays(lab, page):
    lab.open(page, [SETUP, CHOOSER], "chooser")
    status(page).get_by_text("iteration 0").wait_for()
    before = source(page)
    page.locator(".widget-play button").first.click()
    wait_for_another(page, before)
    for layer in ("block3_conv1", "block1_conv2"):
        before = source(page)
        page.get_by_title(f"match the statistics of {layer}").click()
        wait_for_another(page, before)
    pressed = page.locator(".widget-toggle-button.mod-active", has_text="style")
    until(page, lambda: pressed.count() == 5, "one is switched off, one on")
    page.locator(".widget-play button").first.click()
    page.get_by_title("keep what block3_conv2 sees of the content image").press("Enter")
    page.locator(".widget-toggle-button.mod-active", has_text="content").and_(
        page.get_by_title("keep what block3_conv2 sees of the content image")
    ).wait_for()
    status(page).get_by_text("iteration 0").wait_for()
    keep_screenshot(page, "chooser")
    assert pixels_out_of_sight(page) > 0  # four cards in a row stay four cards in a row
    keep_screenshot(page, "chooser_narrow")
    last = page.get_by_title("match the statistics of block3_conv4")
    page.get_by_title("match the statistics of block3_conv1").hover()
    page.mouse.wheel(1000, 0)
    page.wait_for_timeout(500)
    box, cell = last.bounding_box(), page.locator(".jp-OutputArea-output").last.bounding_box()
    assert box["x"] + box["width"] <= cell["x"] + cell["width"] + 1
