"""Uploaded pictures: an upload button, its file, and the panel of two buttons of notebook 11."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets

from ..errors import InputError
from ..files.images import load_image
from .panel import Panel, callback, column, hint, image, jpeg, row

PREVIEW = 256
"""Longer side of the pictures shown beside the buttons."""
LIMIT = "up to about 10 MB, on Colab 1 MB"
"""What a notebook's server passes to the kernel; a larger file does not arrive, and nothing says so."""


def upload_button(role: str, words: str, taken: Callable[[], None]) -> widgets.FileUpload:
    """Return an upload button whose tooltip names the picture's role, and which calls `taken` when a file arrives."""
    upload = widgets.FileUpload(accept="image/*", multiple=False, description=words)
    upload.observe(lambda change: taken() if change["new"] else None, "value")
    hint(upload, f"Bring a {role} picture from your computer; no part of it leaves this kernel.")
    return upload


def save_upload(upload: widgets.FileUpload, folder: str | Path) -> Path:
    """Write an upload button's file, unchanged, into a new folder within `folder`, and empty the button.

    Raises:
        InputError: there is no file, or it is not a readable picture.
    """
    files = upload.value  # a dict in ipywidgets 7, a tuple in 8
    if not files:
        raise InputError("no file has arrived; choose one again.")
    name, file = next(iter(files.items())) if isinstance(files, dict) else (files[0]["name"], files[0])
    path = Path(tempfile.mkdtemp(dir=folder)) / (Path(name).name or "picture")
    path.write_bytes(file["content"])
    if isinstance(files, dict):  # emptied, so that the same file counts as a change when it is uploaded again
        files.clear()  # ipywidgets 7 forbids setting it
    else:
        upload.value = ()
    try:
        load_image(path, PREVIEW, report=None)
    except InputError as error:
        raise InputError(str(error).replace(str(path), path.name)) from error
    return path


class OwnPictures(Panel):
    """Takes uploads; `content` and `style` are the paths of the latest ones, or of the defaults.

    An uploaded file is kept, unchanged, in a folder that is deleted with this panel.

    Args:
        content, style: the files to use until something has been uploaded.
    """

    placeholder = (
        "(Two upload buttons appear here when the notebook runs; the figure below shows what stands in for uploads.)"
    )

    def __init__(self, content: Path, style: Path):
        self._folder = tempfile.TemporaryDirectory(prefix="nst-")
        self.uploads = {role: upload_button(role, f"{role} picture", self.take) for role in ("content", "style")}
        self.views = {role: image(PREVIEW) for role in self.uploads}
        for role in self.uploads:
            self.uploads[role].layout.width, self.views[role].layout.width = "180px", "auto"
        super().__init__(
            row(*(column(upload, self.views[role], flex="0 1 260px") for role, upload in self.uploads.items())),
            widgets.HTML(
                f"<small>Uploads: {LIMIT}; put a larger file beside the notebook, by the file pane, and give its name "
                'as Path("its name") below.</small>'
            ),
        )
        self._use("content", Path(content))
        self._use("style", Path(style))
        self.status.value = ""

    @callback
    def take(self) -> None:
        """Use the files that were uploaded; report one that is not a picture, and keep the old one."""
        for role, upload in self.uploads.items():
            if upload.value:
                self._use(role, save_upload(upload, self._folder.name))

    def _use(self, role: str, path: Path) -> None:
        """Show a picture and what was corrected in it, and use it."""
        corrections: list[str] = []
        self.views[role].value = jpeg(load_image(path, PREVIEW, report=corrections.append))
        self.say(" ".join(corrections) or f"{path.name}: nothing had to be corrected.")
        setattr(self, role, path)
