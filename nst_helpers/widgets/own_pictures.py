"""Two upload buttons: a content and a style picture of one's own, and what had to be put right about them."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets

from ..images import load_image
from .panel import Panel, hint, jpeg, told
from .thumbnails import UPLOAD_LIMIT, on_upload, take_upload

PREVIEW = 256
"""Longer side of the pictures shown beside the buttons."""


class OwnPictures(Panel):
    """Takes uploads; `content` and `style` are the paths of the newest ones, or of what stands in for them.

    An uploaded file is kept, as it came, in a folder that goes with this panel.

    Args:
        content, style: the files that stand in until something has been uploaded.

    Built in notebooks/11_your_own_picture.
    """

    note = "(Two upload buttons appear here when the notebook runs; the figure below shows what stands in for uploads.)"

    def __init__(self, content: Path, style: Path):
        self._folder = tempfile.TemporaryDirectory(prefix="nst-")
        self.content, self.style = Path(content), Path(style)
        self.content_upload, self.content_view = _upload("content", self.take_content)
        self.style_upload, self.style_view = _upload("style", self.take_style)
        self._show(self.content_view, self.content)
        self._show(self.style_view, self.style)
        super().__init__(
            widgets.HBox(
                [
                    widgets.VBox([self.content_upload, self.content_view]),
                    widgets.VBox([self.style_upload, self.style_view]),
                ],
                layout=widgets.Layout(flex_flow="row wrap"),
            ),
            widgets.HTML(f'<small>U{UPLOAD_LIMIT[1:]} give its name as Path("its name") below.</small>'),
        )

    @told
    def take_content(self) -> None:
        """Make what was uploaded the content picture; if it is none, say so and keep the old one."""
        self.content = self._take(self.content_upload, self.content_view)

    @told
    def take_style(self) -> None:
        """Make what was uploaded the style picture, likewise."""
        self.style = self._take(self.style_upload, self.style_view)

    def _take(self, upload: widgets.FileUpload, view: widgets.Image) -> Path:
        name, content = take_upload(upload)
        path = Path(tempfile.mkdtemp(dir=self._folder.name)) / (Path(name).name or "picture")
        path.write_bytes(content)
        notes = self._show(view, path)
        self.say(" ".join(notes) or f"{path.name}: nothing had to be put right.")
        return path

    def _show(self, view: widgets.Image, path: Path) -> list[str]:
        """Show a picture file and return what had to be put right."""
        notes: list[str] = []
        view.value = jpeg(load_image(path, PREVIEW, report=notes.append))
        return notes


def _upload(name: str, taken: Callable[[], None]) -> tuple[widgets.FileUpload, widgets.Image]:
    """Return an upload button and the view beneath it."""
    upload = widgets.FileUpload(accept="image/*", multiple=False, description=f"{name} picture")
    upload.layout = widgets.Layout(width="180px")
    on_upload(upload, taken)
    hint(upload, f"Bring a {name} picture from your computer; no part of it leaves this kernel.")
    return upload, widgets.Image(format="jpeg")
