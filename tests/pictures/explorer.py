"""The film of the weight explorer in the README: a run that is played, and changed on the way, in Chromium.

Its end, with the curves of the losses, is the picture on top of notebook 06.

python -m tests.pictures.explorer
"""

import io
import re
import sys

import pytest
from PIL import Image

from .gallery import PREVIEWS, write

FILE = PREVIEWS / "explorer.gif"
NOTEBOOK = "06_weight_explorer"
CELL = """
from nst_helpers.widgets.explorer import explore
explore(size=256, beta=1000, iterations=240)
"""
SCENES = ((100, None), (160, ("style", "100000")), (210, ("style", "10000")))
"""Up to which iteration to play, after which slider was set to what."""
STEP = 8
"""Iterations between two frames."""
WIDTH, MILLISECONDS, LAST_MILLISECONDS, COLOURS = 640, 200, 2500, 128


def main() -> None:
    sys.exit(pytest.main([__file__, "-q", "-s", "-o", "addopts=", "-p", "no:cacheprovider"]))  # for its fixtures


def test_the_film_is_recorded(lab, page):
    page.set_viewport_size({"width": 1440, "height": 1500})  # room for the curves below
    lab.open(page, [CELL], name="film")
    panel = page.locator(".nst-explorer")
    panel.wait_for()
    page.add_style_tag(content=".jp-SideBar, #jp-left-stack, .jp-InputArea { display: none !important; }")
    frames = [frame(page, panel)]
    for last, change in SCENES:
        if change:
            name, value = change
            readout = panel.locator(".widget-hslider", has_text=name).locator(".widget-readout")
            readout.click()
            page.keyboard.press("Control+A")
            page.keyboard.type(value)
            page.keyboard.press("Enter")
            frames += [frame(page, panel)] * 4
        panel.locator(".widget-play button").first.click()
        wanted = iteration(panel)
        while wanted < last:
            wanted = iteration(panel)
            if wanted >= STEP * (len(frames) - 1):
                frames.append(frame(page, panel))
            page.wait_for_timeout(50)
        panel.locator(".widget-play button").first.click()
    save(frames)
    panel.get_by_text("what moves the picture").click()
    page.wait_for_timeout(3000)  # the curves are drawn then
    whole = Image.open(io.BytesIO(panel.screenshot())).convert("RGB")
    write(whole, PREVIEWS / f"{NOTEBOOK}.jpg", f"{iteration(panel)} iterations")


def iteration(panel) -> int:
    """Return the iteration that the explorer shows."""
    return int(re.search(r"step\s+(\d+)", panel.inner_text())[1])


def frame(page, panel) -> Image.Image:
    """Return what the explorer shows, without what is folded."""
    box, folded = panel.bounding_box(), panel.locator(".widget-accordion").bounding_box()
    clip = {"x": box["x"], "y": box["y"], "width": box["width"], "height": folded["y"] - box["y"]}
    picture = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
    return picture.resize((WIDTH, round(WIDTH * picture.height / picture.width)), Image.Resampling.LANCZOS)


def save(frames: list[Image.Image]) -> None:
    """Write the film, all frames in the colours of the last one, so that what does not move does not flicker."""
    palette = frames[-1].quantize(COLOURS)
    indexed = [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in frames]
    durations = [MILLISECONDS] * (len(frames) - 1) + [LAST_MILLISECONDS]
    indexed[0].save(FILE, save_all=True, append_images=indexed[1:], duration=durations, loop=0, optimize=False)
    print(f"{FILE}: {len(frames)} frames of {frames[0].width}×{frames[0].height}, {FILE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
