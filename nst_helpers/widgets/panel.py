"""What all widgets share: a box with a status line, callbacks that report their errors, pictures as bytes, layouts.

A panel keeps its state in ordinary attributes; its widgets only show and change them, each through a method, so that
a panel can be tested without a browser. It works with ipywidgets 7.7 and 8.
"""

import base64
import html
import io
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import ipywidgets as widgets
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from PIL import Image

from ..files.images import file_of, to_pil

IN_SIGHT = "Keep this tab in sight while it plays: browsers slow hidden ones down."
VIEW = "application/vnd.jupyter.widget-view+json"


class Panel:
    """A box of widgets; where there is no kernel, one line takes its place."""

    placeholder = "(Controls appear here when the notebook runs; the figure below shows what they do.)"

    def __init__(self, *rows: widgets.Widget):
        self.status = widgets.HTML()
        self.box = widgets.VBox([*rows, self.status])

    def _ipython_display_(self):
        view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        display({"text/plain": self.placeholder, VIEW: view}, raw=True)

    def say(self, text: str) -> None:
        """Show a line below the panel."""
        self.status.value = f"<code>{html.escape(text, quote=False)}</code>"


def callback(method: Callable) -> Callable:
    """Decorate a panel's method as a callback: it ignores the event, and shows an error in the status line."""

    @wraps(method)
    def safe(self, *event: Any) -> None:
        try:
            method(self)
        except Exception as error:
            self.say(f"stopped: {error}")

    return safe


def jpeg(image: np.ndarray) -> bytes:
    """Return an image `[1, H, W, 3]` or `[H, W, 3]`, 0..1, as a JPEG file: quick to make and small, for previews."""
    return file_of(to_pil(image), "JPEG", quality=85)


def png(figure: Figure) -> bytes:
    """Return a matplotlib figure as a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def data_url(file: bytes, kind: str) -> str:
    """Return a picture file of a kind, such as "png", as a URL that holds all of it."""
    return f"data:image/{kind};base64,{base64.b64encode(file).decode()}"


def wipe(left: np.ndarray, right: np.ndarray, share: float) -> np.ndarray:
    """Return one image to the left and the other to the right of a white line.

    Args:
        left, right: `[1, H, W, 3]`, 0..1; the left one is scaled to the shape of the right one.
        share: of the width that shows the left one, 0..1.

    Returns:
        `[1, H, W, 3]`, the shape of the right one.
    """
    _, height, width, _ = right.shape
    if left.shape != right.shape:
        left = np.asarray(to_pil(left).resize((width, height), Image.Resampling.LANCZOS), np.float32)[None] / 255
    at = round(share * width)
    both = np.concatenate([left[:, :, :at], right[:, :, at:]], axis=2)
    if 0 < at < width:
        both[:, :, max(0, at - 1) : at + 1] = 1
    return both


def hint(widget: widgets.Widget, text: str) -> None:
    """Give a widget a tooltip; the trait's name differs between ipywidgets 7 and 8."""
    setattr(widget, "tooltip" if widget.has_trait("tooltip") else "description_tooltip", text)


def playing_trait(play: widgets.Play) -> str:
    """Return the name of the trait that says whether a Play widget runs; it differs between ipywidgets 7 and 8."""
    return "playing" if play.has_trait("playing") else "_playing"


def mark_chosen(widget: widgets.DOMWidget, chosen: bool) -> None:
    """Outline a widget as the chosen one of several, or take its outline away."""
    (widget.add_class if chosen else widget.remove_class)("nst-chosen")


def image(width: int, format: str = "jpeg") -> widgets.Image:
    """Return an Image widget as wide as its column, at most so many pixels."""
    return widgets.Image(format=format, layout={"width": "100%", "max_width": f"{width}px", "height": "auto"})


def button(words: str, tooltip: str, icon: str = "") -> widgets.Button:
    """Return a button that is as wide as its words."""
    return widgets.Button(description=words, tooltip=tooltip, icon=icon, layout={"width": "auto"})


def heading(words: str) -> widgets.HTML:
    """Return a small line over a group of controls."""
    return widgets.HTML(f'<div class="nst-heading">{words}</div>')


def choice_slider(name: str, values: Iterable[float], value: float, tooltip: str) -> widgets.SelectionSlider:
    """Return a slider over a few numbers, as wide as its column."""
    options = [(f"{each:,g}" if isinstance(each, float) else f"{each:,}", each) for each in values]
    slider = widgets.SelectionSlider(options=options, value=value, description=name, layout={"width": "97%"})
    slider.style.description_width = "80px"
    hint(slider, tooltip)
    return slider


def row(*parts: widgets.Widget) -> widgets.HBox:
    """Return widgets side by side; those without room wrap to the next line."""
    return widgets.HBox(parts, layout={"flex_flow": "row wrap", "align_items": "center"})


def column(*parts: widgets.Widget, flex: str = "1 1 300px", width: str | None = None) -> widgets.VBox:
    """Return widgets below each other, in a column that grows as `flex` says, to `width` at most."""
    return widgets.VBox(parts, layout={"flex": flex, "min_width": "0", "max_width": width})
