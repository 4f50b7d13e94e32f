"""A mask painted over a photograph with the mouse or a finger, or uploaded."""

import base64
import io
import tempfile
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from PIL import Image

from ..files.fitted import load_mask
from ..files.images import file_of
from ..regions import checked_mask
from .panel import Panel, callback, data_url, hint, jpeg
from .uploads import save_upload, upload_button

SIDES = 512, 1024
"""Least and greatest longer side of the canvas, in pixels."""
HERE = Path(__file__).parent


class MaskCanvas(anywidget.AnyWidget):
    """The marker in the browser: a photograph, and over it the mask; both are data URLs, "" is a black mask."""

    _esm = HERE / "mask_canvas.js"
    _css = HERE / "mask_canvas.css"
    photo = traitlets.Unicode().tag(sync=True)
    mask = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    height = traitlets.Int().tag(sync=True)


class MaskPainter(Panel):
    """A photograph on which places are marked: `value` is the mask, `[H, W]`, 0..1, 1 where it is marked.

    Args:
        content: the photograph, `[1, H, W, 3]`, 0..1.
    """

    placeholder = "(A photograph to mark appears here when the notebook runs.)"

    def __init__(self, content: np.ndarray):
        self.canvas = MaskCanvas()
        self.upload = upload_button("mask", "upload a mask", self.take_upload)
        self.upload.layout.width = "160px"
        hint(self.upload, "A grey picture of the photograph's proportions: what is white is marked.")
        super().__init__(self.canvas, self.upload)
        self.canvas.observe(self.show_coverage, "mask")
        self.show(content)

    def show(self, content: np.ndarray) -> None:
        """Show another photograph, with nothing marked on it."""
        self._shape = content.shape[1:3]
        side = min(max(SIDES[0], *self._shape), SIDES[1])
        height, width = (max(1, round(side * each / max(self._shape))) for each in self._shape)
        with self.canvas.hold_sync():
            self.canvas.width, self.canvas.height, self.canvas.mask = width, height, ""
            self.canvas.photo = data_url(jpeg(content), "jpeg")
        self.show_coverage()

    @property
    def value(self) -> np.ndarray:
        """The mask, float32 `[H, W]`, 0..1, as large as the photograph."""
        if not self.canvas.mask:
            return np.zeros(self._shape, np.float32)
        file = io.BytesIO(base64.b64decode(self.canvas.mask.partition(",")[2]))
        with Image.open(file, formats=["PNG"]) as picture:
            height, width = self._shape
            mask = picture.convert("L").resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(mask, np.float32) / 255

    @value.setter
    def value(self, mask: np.ndarray) -> None:
        """Replace what was marked by a mask `[h, w]`, 0..1, of any size; InputError for anything else."""
        gray = Image.fromarray(np.uint8(np.round(255 * checked_mask("a mask", mask))))
        resized = gray.resize((self.canvas.width, self.canvas.height), Image.Resampling.BILINEAR)
        self.canvas.mask = data_url(file_of(resized, "PNG"), "png")

    @callback
    def take_upload(self) -> None:
        """Use the uploaded picture as the mask; report one that cannot be a mask, and keep what was marked."""
        corrections: list[str] = []
        with tempfile.TemporaryDirectory(prefix="nst-") as folder:
            path = save_upload(self.upload, folder)
            try:
                self.value = load_mask(path, (1, *self._shape, 3), report=corrections.append)
            except ValueError as error:
                raise type(error)(str(error).replace(str(path), path.name)) from error
        self.say(" ".join([*corrections, self._covered()]))

    @callback
    def show_coverage(self) -> None:
        """Show how much of the photograph is marked."""
        self.say(self._covered() if self.canvas.mask else "Drag over the photograph to mark a place.")

    def _covered(self) -> str:
        return f"{self.value.mean():.0%} of the picture is marked."


paint_mask = MaskPainter
