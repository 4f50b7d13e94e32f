"""Pictures as buttons: to choose or upload one, and the shelf of remembered pictures."""

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import ipywidgets as widgets
import numpy as np

from ..files.images import load_image
from .interactive_run import Remembered
from .panel import button, data_url, jpeg, mark_chosen
from .uploads import upload_button

SIDE = 60
"""Height and width of a thumbnail's button in pixels, as in explorer.css."""


def thumbnail(image: np.ndarray, name: str, tooltip: str) -> tuple[widgets.Button, widgets.VBox]:
    """Return a button that looks like an image `[1, H, W, 3]`, 0..1, and the box that shows it.

    The button's description stands on it, for screen readers and where colours fail.
    """
    shown = widgets.Button(description=name, tooltip=tooltip)
    css = f"nst-thumbnail-{uuid.uuid4().hex}"  # in JupyterLab all notebooks share one page
    for each in ("nst-thumbnail", css):
        shown.add_class(each)
    style = f"<style>.{css}{{background-image:url({data_url(jpeg(image), 'jpeg')}) !important}}</style>"
    return shown, widgets.VBox([shown, widgets.HTML(style, layout={"display": "none"})])


class PictureChooser:
    """Thumbnails of picture files, one of them chosen, and a button to upload another.

    Args:
        role: "content", "style" or "second style".
        paths: the files on offer.
        choose: is called with the role and the path of the thumbnail that was clicked.
        uploaded: is called with the role when a file was uploaded.

    Only `show` marks a picture as chosen, so that a choice can be refused.
    """

    def __init__(
        self, role: str, paths: Sequence[Path], choose: Callable[[str, Path], None], uploaded: Callable[[str], None]
    ):
        self.role, self.choose = role, choose
        self.thumbnails: dict[Path, widgets.Button] = {}
        self.upload = upload_button(role, "your own", lambda: uploaded(role))
        self.upload.add_class("nst-upload")
        self.box = widgets.HBox([self.upload], layout={"flex_flow": "row wrap"})
        for path in paths:
            self._offer(path)

    def show(self, path: Path | None) -> None:
        """Mark the picture in use, if there is one; a new one joins the others."""
        if path and path not in self.thumbnails:
            self._offer(path)
        for each, shown in self.thumbnails.items():
            mark_chosen(shown, each == path)

    def _offer(self, path: Path) -> None:
        name = path.stem.replace("_", " ")
        image = load_image(path, 2 * SIDE, report=None)
        self.thumbnails[path], box = thumbnail(image, name, f"take {name} as the {self.role} picture")
        self.thumbnails[path].on_click(lambda _: self.choose(self.role, path))
        *others, upload = self.box.children
        self.box.children = [*others, box, upload]


class Shelf:
    """The remembered pictures: a click on one compares it, the button below it restores its weights.

    Args:
        compare, restore: are called with the `Remembered` whose button was clicked.
    """

    def __init__(self, compare: Callable[[Remembered], None], restore: Callable[[Remembered], None]):
        self.compare, self.restore = compare, restore
        self.box = widgets.HBox([], layout={"flex_flow": "row wrap"})

    def add(self, picture: Remembered) -> None:
        """Put a picture at the end."""
        s = picture.settings
        shown, box = thumbnail(picture.image, f"step {picture.iteration}", "compare it with the present picture")
        shown.on_click(lambda _: self.compare(picture))
        restore = button("use this mix", "set photograph, style, smoothness and learning rate to its own")
        restore.on_click(lambda _: self.restore(picture))
        weights = f"α {s.alpha:g}, β {s.beta:g},<br>γ {s.gamma:g}, rate {s.learning_rate:g}"
        caption = widgets.HTML(f'<div class="nst-quiet">{weights}</div>')
        self.box.children = [*self.box.children, widgets.VBox([box, caption, restore])]
