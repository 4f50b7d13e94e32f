"""The snapshot viewer and the atlas in a real browser: dragged by mouse and moved by keys, in JupyterLab."""

import csv
import io
import re

import numpy as np
import pytest
from conftest import settling
from jupyter_page import keep_screenshot, pixels_out_of_sight, until
from PIL import Image

from nst_helpers.files.atlas_folder import AtlasFolder, Grid, Painted
from nst_helpers.files.images import encode, save_image, to_pixels
from nst_helpers.files.recipe import Picture, Recipe
from nst_helpers.settings import Settings

pytestmark = pytest.mark.browser
ITERATIONS = [0, 10, 100, 300, 1000, 3000, 9000]


@pytest.fixture
def run(noise, tmp_path):
    """A run on disk that changes fast at first."""
    _, images = settling(len(ITERATIONS), noise)
    for iteration, image in zip(ITERATIONS, images, strict=True):
        save_image(image.repeat(8, axis=1).repeat(8, axis=2), tmp_path / f"iteration_{iteration:05d}.jpg")
    with (tmp_path / "losses.csv").open("w") as file:
        table = csv.writer(file)
        table.writerow(["iteration", "content", "style", "tv", "total"])
        table.writerows([k, k / (k + 30), 5 / (k + 9), 1, 9 / (k + 3) ** 0.5] for k in range(0, 9001, 10))
    return tmp_path


@pytest.fixture
def atlas(noise, tmp_path):
    """An atlas in which each picture has a colour of its own."""
    grid = Grid((0.1, 1, 10), (1e3, 1e4, 1e5), (0, 10), (10, 100))
    recipe = Recipe(Picture("a", "1"), Picture("b", "2"), 160, 100, Settings())
    folder = AtlasFolder.create(tmp_path / "atlas", recipe, grid, (noise(100, 160), noise(120, 120, seed=1)))
    for cell in grid.cells:
        pictures = []
        for iteration in grid.iterations:
            colour = np.float32([np.log10(cell[1]) / 6, cell[2] / 100, iteration / 100])
            pictures.append(
                Painted(iteration, jpeg(np.tile(colour, (100, 160, 1))), {"content": 1, "style": 2, "tv": 3})
            )
        folder.save(cell, pictures)
    return folder


def jpeg(array):
    return encode(to_pixels(array), ".jpg")


def shown(page, index):
    """The picture in the index-th image widget of the page, as the browser has it."""
    source = page.locator("img.widget-image").nth(index).get_attribute("src")
    data = page.evaluate("async (url) => Array.from(new Uint8Array(await (await fetch(url)).arrayBuffer()))", source)
    return np.asarray(Image.open(io.BytesIO(bytes(data))).convert("RGB"), np.float32)


def drag(page, name, share):
    """Drag the handle of the slider of that name to a share of its length."""
    slider = page.locator(".widget-slider", has_text=re.compile(rf"^{name}"))
    slider.scroll_into_view_if_needed()
    handle = slider.locator(".noUi-handle").bounding_box()
    track = slider.locator(".noUi-base").bounding_box()
    y = handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(track["x"] + share * track["width"], y, steps=8)
    page.mouse.up()


def wait_for_status(page, text):
    page.wait_for_selector(f".widget-html code:has-text('{text}')")


def test_viewer_is_dragged_wiped_walked_and_filmed(lab, page, run):
    lab.open(page, [f"from nst_helpers.widgets.viewer import view_run\nview_run({str(run)!r})"], name="viewer")
    wait_for_status(page, "iteration 9,000")
    before, curves = shown(page, 0), shown(page, 2)
    drag(page, "iteration", 0.5)
    wait_for_status(page, "iteration 300")
    until(page, lambda: np.abs(shown(page, 0) - before).mean() > 3, "the picture changes")
    until(page, lambda: np.abs(shown(page, 2) - curves).max() > 100, "the mark moves")
    page.locator(".widget-slider", has_text=re.compile("^iteration")).locator(".noUi-handle").press("ArrowRight")
    wait_for_status(page, "iteration 1,000")
    comparison = shown(page, 1)
    drag(page, "line at", 0.1)
    until(page, lambda: np.abs(shown(page, 1) - comparison).mean() > 3, "the line moves")
    page.get_by_role("button", name="difference").click()
    until(page, lambda: shown(page, 1)[..., 2].mean() < shown(page, 0)[..., 2].mean(), "the difference is shown")
    page.get_by_role("button", name="wipe").click()
    page.locator(".widget-play button").first.click()
    wait_for_status(page, "iteration 9,000")  # it walks to the end
    page.get_by_role("button", name="make a film").click()
    wait_for_status(page, "a film of 7 frames")
    with page.expect_download() as download:
        page.get_by_text("download film.gif").click()
    film = Image.open(download.value.path())
    assert (film.format, film.n_frames) == ("GIF", 7)
    keep_screenshot(page, "viewer")
    assert pixels_out_of_sight(page) == 0
    keep_screenshot(page, "viewer_narrow")


def test_atlas_is_dragged_and_run_for_real(lab, page, atlas, weights):
    lab.open(
        page, [f"from nst_helpers.widgets.atlas_panel import view_atlas\nview_atlas({str(atlas.path)!r})"], name="atlas"
    )
    wait_for_status(page, "α : β : γ = 1 : 10000 : 10, iteration 100")
    for name, share, cell, iteration in (
        ("style β", 1.0, (1, 1e5, 10), 100),
        ("content α", 0.0, (0.1, 1e5, 10), 100),
        ("smooth γ", 0.0, (0.1, 1e5, 0), 100),
        ("iteration", 0.0, (0.1, 1e5, 0), 10),
    ):
        drag(page, name, share)
        wait_for_status(page, "α : β : γ = {:g} : {:g} : {:g}, iteration {}".format(*cell, iteration))
        expected = np.asarray(Image.open(io.BytesIO(atlas.picture(cell, iteration))), np.float32)
        until(page, lambda expected=expected: np.array_equal(shown(page, 0), expected), f"{cell} is shown")
    page.get_by_role("button", name="run this one for real").click()
    live = page.locator(".nst-explorer")
    live.locator(".widget-play button").first.wait_for()
    for name, weight in (("photograph α", 0.1), ("style β", 1e5)):
        readout = live.locator(".widget-slider", has_text=name).locator(".widget-readout")
        until(page, lambda r=readout, w=weight: float(r.inner_text()) == w, f"{name} is the atlas's")
    assert live.get_by_role("checkbox").nth(2).is_checked() is False  # γ is 0
    live.locator(".widget-play button").first.click()
    live.get_by_text(re.compile("step [1-9]")).wait_for()
    keep_screenshot(page, "atlas")
    assert pixels_out_of_sight(page) == 0
    keep_screenshot(page, "atlas_narrow")
