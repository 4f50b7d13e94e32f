"""Pictures of the notebooks' panels for readers without a kernel: each is opened in Chromium, used and photographed.

python -m tests.pictures.panels [NAME …]      these panels, such as 02_gram_inspector, or all

The weight explorer has a command of its own, explorer.
"""

import argparse
import io
import re
import sys
from collections.abc import Callable

import pytest
from PIL import Image

from .gallery import PREVIEWS, write

PICTURES = """
from nst_helpers.course.notebooks import picture, picture_path
names = "summer_palace.jpg", "great_wave.jpg"
def pair(size):
    return [picture(name, size) for name in names]
"""
WINDOW = {"width": 1000, "height": 1500}
PATIENCE = 300_000
"""Milliseconds that anything may take."""
SETTLING = 2000
"""Milliseconds after which nothing moves any more."""
PANELS: dict[str, tuple[str, Callable]] = {}
"""Name of the picture to the cell that shows the panel, and what a learner does with it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="panels, or all")
    names = parser.parse_args().names or list(PANELS)
    if unknown := set(names) - set(PANELS):
        parser.error(f"no such panel: {', '.join(sorted(unknown))} (there are {', '.join(PANELS)})")
    tests = [f"{__file__}::test_a_panel_is_photographed[{name}]" for name in names]  # a test for its fixtures
    sys.exit(pytest.main([*tests, "-q", "-s", "-o", "addopts=", "-p", "no:cacheprovider"]))


def panel(name: str, cell: str) -> Callable:
    """Register what a learner does with the panel that a cell shows."""

    def register(use: Callable) -> Callable:
        PANELS[name] = cell.strip(), use
        return use

    return register


@panel("00_widget_check", "from nst_helpers.widgets.live import WidgetCheck\nWidgetCheck()")
def ask_and_move(page):
    page.get_by_role("button", name="are you there?").click()
    drag(page, "or move me", 0.7)


@panel(
    "00_live_picture",
    "from nst_helpers.widgets.live import LivePicture\nLivePicture(*pair(256), beta=100, gamma=3)",
)
def turn_up_the_style_while_it_plays(page):
    play(page, 20)
    drag(page, "style β", 0.6)
    play(page, 80)


INSPECTOR = """
from nst_helpers import FeatureExtractor, StyleTransfer
from nst_helpers.layers import STYLE_LAYERS
from nst_helpers.settings import coarse_to_fine
from nst_helpers.widgets.inspector import GramInspector
photo, wave = pair(256)
run = StyleTransfer(photo, wave, style_distance="squared", scales=coarse_to_fine(photo.shape, 60))
pictures = {"the style": wave, "a result": run.run(60, progress=False)[-1].image, "its photograph": photo}
GramInspector(FeatureExtractor(STYLE_LAYERS), pictures, layer="block2_conv1", row=3, column=102)
"""


@panel("02_gram_inspector", INSPECTOR)
def click_an_entry(page):
    page.locator(".widget-gridbox .widget-button").nth(12 * 4 + 9).click()


@panel("07_layer_chooser", "from nst_helpers.widgets.layer_chooser import LayerChooser\nLayerChooser(*pair(192))")
def paint_textures_and_play(page):
    page.get_by_role("button", name="paint textures").click()
    page.get_by_text("16 of 16").wait_for()
    play(page, 40)


VIEWER = """
from nst_helpers.widgets.viewer import view_run
view_run(picture_path("c1,s10000,t10/run.json").parent, strip=[100, 1000, 3000, 9000, 17000, 23000, 30000])
"""


@panel("08_run_viewer", VIEWER)
def walk_and_wipe(page):
    drag(page, "iteration", 0.57)
    drag(page, "line at", 0.4)


@panel("08_atlas_panel", "from nst_helpers.widgets.atlas_panel import view_atlas\nview_atlas()")
def change_two_weights(page):
    drag(page, "style β", 0.75)
    drag(page, "smooth γ", 0.75)


@panel("11_uploads", "from nst_helpers.widgets.uploads import OwnPictures\nOwnPictures(*map(picture_path, names))")
def only_look(page):
    page.get_by_text("Uploads: ").wait_for()


@panel("11_mask_painter", "from nst_helpers.widgets.mask_painter import paint_mask\npaint_mask(pair(512)[0])")
def brush_over_the_sky(page):
    canvas = page.locator(".nst-mask canvas")
    page.locator(".nst-mask-size").fill("24")
    box = canvas.bounding_box()
    for stroke in ((0.02, 0.1, 0.12, 0.1), (0.6, 0.12, 0.98, 0.12), (0.98, 0.25, 0.66, 0.3)):
        x, y, to_x, to_y = (share * box[side] for share, side in zip(stroke, ("width", "height") * 2, strict=True))
        canvas.drag_to(canvas, source_position={"x": x, "y": y}, target_position={"x": to_x, "y": to_y})


def drag(page, slider: str, share: float) -> None:
    """Drag the handle of the slider of that name to a share of its length."""
    track = page.locator(".widget-slider", has_text=re.compile(f"^{slider}")).locator(".noUi-base")
    box = track.bounding_box()
    place = {"x": share * box["width"], "y": box["height"] / 2}
    track.locator(".noUi-handle").drag_to(track, target_position=place, force=True)


def play(page, iterations: int) -> None:
    """Press play, and pause after so many iterations."""
    button = page.locator(".widget-play button").first
    button.click()
    script = "n => +(/iteration (\\d+)/.exec(document.querySelector('.jp-OutputArea').innerText) || [0, 0])[1] >= n"
    page.wait_for_function(script, arg=iterations)
    button.click()


@pytest.mark.parametrize("name", PANELS)
def test_a_panel_is_photographed(lab, page, name):
    cell, use = PANELS[name]
    page.set_default_timeout(PATIENCE)
    page.set_viewport_size(WINDOW)
    lab.open(page, [PICTURES + cell], name)
    page.evaluate("window.jupyterapp.shell.collapseLeft()")
    page.add_style_tag(content=".jp-InputArea { display: none !important; }")
    page.locator(".jp-OutputArea-output .jupyter-widgets").first.wait_for()
    settle(page)
    use(page)
    settle(page)
    whole = Image.open(io.BytesIO(page.locator(".jp-OutputArea-output").last.screenshot())).convert("RGB")
    write(trimmed(whole), PREVIEWS / f"{name}.jpg", cell.splitlines()[-1])


def settle(page) -> None:
    """Wait until the kernel has answered and the browser has shown it."""
    page.wait_for_timeout(SETTLING)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    page.wait_for_timeout(SETTLING)


def trimmed(image: Image.Image) -> Image.Image:
    """Return a picture without the white to its right and below."""
    inked = image.point(lambda value: 255 if value < 245 else 0).convert("L")
    _, _, right, bottom = inked.getbbox()
    return image.crop((0, 0, min(image.width, right + 8), min(image.height, bottom + 8)))


if __name__ == "__main__":
    main()
