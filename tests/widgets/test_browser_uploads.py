"""The upload buttons of notebook 11 in a real browser: a file is chosen, its findings are told, its path is used."""

import pytest
from jupyter_page import keep_screenshot, pixels_out_of_sight, until
from PIL import ExifTags, Image

pytestmark = pytest.mark.browser

UPLOADS = """
from nst_helpers.course.notebooks import picture_path
from nst_helpers.widgets.uploads import OwnPictures
own = OwnPictures(picture_path("summer_palace.jpg"), picture_path("great_wave.jpg"))
own
"""
ANSWER = """
from IPython.display import Markdown
Markdown(f"now {own.content.name} with {own.style.name}")
"""


def test_a_picture_of_ones_own_takes_the_place_of_the_shipped_one(lab, page, tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (600, 400), "red").save(tmp_path / "mine.jpg", exif=exif)
    lab.open(page, [UPLOADS, ANSWER], "uploads")
    page.get_by_text("now summer_palace.jpg with great_wave.jpg").wait_for()
    before = page.locator("img.widget-image").first.get_attribute("src")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="content picture").click()
    chooser.value.set_files(tmp_path / "mine.jpg")
    page.get_by_text("mine.jpg: turned upright.").wait_for()
    page.wait_for_function("before => document.querySelector('img.widget-image').src != before", arg=before)
    shape = "image => [image.naturalWidth, image.naturalHeight]"
    until(page, lambda: page.locator("img.widget-image").first.evaluate(shape) == [171, 256], "it is upright")
    keep_screenshot(page, "uploads")
    page.locator(".jp-CodeCell").last.click()
    page.keyboard.press("Control+Enter")
    page.get_by_text("now mine.jpg with great_wave.jpg").wait_for()
    assert pixels_out_of_sight(page) == 0
    keep_screenshot(page, "uploads_narrow")
