"""Pictures as buttons: to choose one of several or bring one's own, and a strip of pictures that were remembered."""

import base64
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from ..errors import InputError
from ..images import load_image
from .panel import hint, jpeg
from .steered import Remembered

SIDE = 84
"""Height and width of a thumbnail's button in pixels."""
_numbers = itertools.count()
UPLOAD_LIMIT = "up to about 10 MB, on Colab 1 MB; put a larger file beside the notebook, by the file pane, and"
"""What a notebook's server lets through to the kernel; of a larger file nothing arrives, not even a word."""


class Thumbnail:
    """A button that looks like a picture; its description stands on it, for screen readers and where colours fail.

    Args:
        image: `[1, H, W, 3]`, 0..1.
        name: a few words to write on it.
        tooltip: what a click does.
    """

    def __init__(self, image: np.ndarray, name: str, tooltip: str):
        self.button = widgets.Button(description=name, tooltip=tooltip)
        self.button.layout = widgets.Layout(width=f"{SIDE}px", height=f"{SIDE}px", flex="0 0 auto")
        css = f"nst-thumbnail-{next(_numbers)}"
        for each in ("nst-thumbnail", css):
            self.button.add_class(each)
        picture = base64.b64encode(jpeg(image)).decode()
        style = f"<style>.{css}{{background-image:url(data:image/jpeg;base64,{picture}) !important}}</style>"
        self.paint = widgets.HTML(style, layout=widgets.Layout(display="none"))
        self.box = widgets.VBox([self.button, self.paint], layout=widgets.Layout(flex="0 0 auto"))


class PictureChooser:
    """Thumbnails of picture files, of which one is chosen, and a button for a picture of one's own.

    Args:
        title: what is to be chosen.
        paths: the files on offer.
        choose: is called with the path that a click or an upload asks for.
        folder: where uploaded files are put.

    Nothing is marked as chosen but by `show`, so that a choice can be refused.

    Built in notebooks/06_weight_explorer.
    """

    def __init__(self, title: str, paths: Sequence[Path], choose: Callable[[Path], None], folder: Path):
        self.title, self.choose, self.folder = title, choose, folder
        self.thumbnails: dict[Path, Thumbnail] = {}
        self.upload = widgets.FileUpload(accept="image/*", multiple=False, description="your own")
        hint(self.upload, f"Bring a {title} picture from your computer; no part of it leaves this kernel.")
        self.upload.layout = widgets.Layout(width=f"{SIDE + 36}px", height=f"{SIDE}px")
        self.box = widgets.VBox([], layout=widgets.Layout(flex="1 1 380px"))
        for path in paths:
            self._offer(path)
        self._arrange()

    def show(self, path: Path) -> None:
        """Mark the picture that is in use; one that was not on offer yet joins the others."""
        if path not in self.thumbnails:
            self._offer(path)
            self._arrange()
        for each, thumbnail in self.thumbnails.items():
            (thumbnail.button.add_class if each == path else thumbnail.button.remove_class)("nst-chosen")
        self.chosen = path

    def uploaded(self) -> Path:
        """Write the uploaded picture into the folder and return its path.

        Raises:
            InputError: it is no picture that can be read.
        """
        name, content = take_upload(self.upload)
        name = Path(name).name or "picture"
        path = self.folder / f"{len(self.thumbnails)}-{name}"
        path.write_bytes(content)
        try:
            load_image(path, SIDE, report=None)
        except InputError as error:
            raise InputError(str(error).replace(str(path), name)) from error
        return path

    def _offer(self, path: Path) -> None:
        name = path.stem.partition("-")[2] if path.parent == self.folder else path.stem
        name = name.replace("_", " ")
        thumbnail = Thumbnail(load_image(path, 2 * SIDE, report=None), name, f"take {name} as the {self.title} picture")
        thumbnail.button.on_click(lambda _: self.choose(path))
        self.thumbnails[path] = thumbnail

    def _arrange(self) -> None:
        wrap = widgets.Layout(flex_flow="row wrap")
        boxes = [thumbnail.box for thumbnail in self.thumbnails.values()]
        row = widgets.HBox([*boxes, self.upload], layout=wrap)
        limit = widgets.HTML(f'<small>Your own: {UPLOAD_LIMIT} say explore({self.title}="its name").</small>')
        self.box.children = [widgets.HTML(f"<b>{self.title}</b>"), row, limit]


def uploaded_file(value: Any) -> tuple[str, bytes]:
    """Return name and content of the first file in a FileUpload's value: a dict in ipywidgets 7, a tuple in 8.

    Raises:
        InputError: there is none.
    """
    if not value:
        raise InputError("no file has arrived; choose one again.")
    if isinstance(value, dict):
        name, file = next(iter(value.items()))
    else:
        file = value[0]
        name = file["name"]
    return name, bytes(file["content"])


def take_upload(upload: widgets.FileUpload) -> tuple[str, bytes]:
    """Return name and content of what a FileUpload holds, and empty it, or the same file would not be heard again.

    Raises:
        InputError: it holds nothing.
    """
    name, content = uploaded_file(upload.value)
    if isinstance(upload.value, dict):
        upload.value.clear()  # ipywidgets 7 lets no one set it
    else:
        upload.value = ()
    return name, content


def on_upload(upload: widgets.FileUpload, taken: Callable[[], None]) -> None:
    """Call `taken` when a file has come, not when it was taken out."""
    upload.observe(lambda change: taken() if change["new"] else None, "value")


class FilmStrip:
    """The pictures that were remembered, side by side: a click on one compares, the button below it restores.

    Args:
        compare, restore: are called with the `Remembered` whose button was clicked.

    Built in notebooks/06_weight_explorer.
    """

    def __init__(self, compare: Callable[[Remembered], None], restore: Callable[[Remembered], None]):
        self.compare, self.restore = compare, restore
        self.pictures: list[Remembered] = []
        self.box = widgets.HBox([], layout=widgets.Layout(overflow="auto", width="100%"))

    def add(self, picture: Remembered) -> None:
        """Put a picture at the strip's end."""
        self.pictures.append(picture)
        s = picture.settings
        thumbnail = Thumbnail(picture.image, f"{picture.iteration}", "compare it with the present picture")
        thumbnail.button.on_click(lambda _: self.compare(picture))
        restore = widgets.Button(description="use its weights", tooltip="set α, β, γ and learning rate to its own")
        restore.layout = widgets.Layout(width="118px")
        restore.on_click(lambda _: self.restore(picture))
        weights = f"α {s.alpha:g}, β {s.beta:g},<br>γ {s.gamma:g}, rate {s.learning_rate:g}"
        caption = widgets.HTML(f"<small>{weights}</small>")
        self.box.children = [*self.box.children, widgets.VBox([thumbnail.box, caption, restore])]
