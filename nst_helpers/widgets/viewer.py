"""The snapshot viewer: walk through a run, wipe between two of its pictures, see what changed, make a film."""

import base64
import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter
from PIL import Image, ImageDraw

from ..film import choose_frames, encode_film, visible_change
from ..recording import Recording
from .panel import Panel, hint, jpeg, png, told

if TYPE_CHECKING:  # transfer.py starts TensorFlow
    from ..transfer import Snapshot

STRIP = 5
SHOWN = ("content", "style", "tv", "total")
VIEWS = {
    "wipe": "the other snapshot on the left of a line that you move, this one on its right",
    "difference": "where the two snapshots differ: the brighter, the more",
}
"""What can be shown of two snapshots, and what that is."""


def view_run(run: "Sequence[Snapshot] | str | os.PathLike", strip: Sequence[int] = ()) -> "RunViewer":
    """Return a viewer for a run: snapshots in memory, or the folder of a run on disk.

    Args:
        run: what `StyleTransfer.steps` yielded, collected in a list, or a folder that `nst --snapshots` made.
        strip: iterations for the strip of thumbnails; by default five between which the picture changes equally.

    Raises:
        InputError: there are no snapshots.

    Built in notebooks/08_iterations_and_snapshots.
    """
    return RunViewer(Recording(run), strip)


class RunViewer(Panel):
    """A slider over the iterations of a run, and whatever one wants to know of the picture that it chooses.

    Args:
        recording: the run.
        strip: iterations for the strip of thumbnails.

    Built in notebooks/08_iterations_and_snapshots.
    """

    def __init__(self, recording: Recording, strip: Sequence[int] = ()):
        self.recording = recording
        self.kept = list(recording)
        self._curves = _Curves(recording)
        first, last = self.kept[0], self.kept[-1]
        self.iteration = self._chooser("iteration", last, "which snapshot to look at; the arrow keys move it, too")
        self.other = self._chooser("against", first, "the snapshot that it is compared with")
        self.play = widgets.Play(value=0, min=0, max=len(self.kept) - 1, interval=400)
        self.view = widgets.ToggleButtons(options=list(VIEWS), tooltips=list(VIEWS.values()))
        self.line = _wide(widgets.IntSlider(50, 0, 100, description="line at"))
        hint(self.line, "how much of the width shows the snapshot that it is compared with, in per cent")
        self.picture, self.comparison = (_image("512px") for _ in range(2))
        self.curves = _image("1040px", "png")
        self.strip = self._thumbnails(strip or [self.kept[i] for i in choose_frames(list(recording.values()), STRIP)])
        most = max(2, min(60, len(self.kept)))
        self.frames = _wide(widgets.IntSlider(min(24, most), 2, most, description="frames"), "300px")
        hint(self.frames, "pictures in the film; from each to the next the change looks equally large")
        self.format = widgets.ToggleButtons(
            options=["gif", "webp"], tooltips=["works everywhere", "all colours, smaller"]
        )
        self.format.style.button_width = "60px"
        self.make = widgets.Button(description="make a film", tooltip="to look at here, and to download", icon="film")
        self.film = _image("512px", "gif")
        self.film.layout.display = "none"
        self.download = widgets.HTML()
        for widget in (self.iteration, self.other, self.view, self.line):
            widget.observe(self.show, "value")
        self.play.observe(self.walk, "value")
        self.make.on_click(self.make_film)
        super().__init__(
            widgets.HBox([self.iteration, self.play]),
            _row(_column(self.picture), _column(self.comparison, self.line, self.other, self.view)),
            self.curves,
            self.strip,
            _row(self.frames, self.format, self.make, self.download),
            self.film,
        )
        self.show()

    @told
    def show(self) -> None:
        """Show the chosen snapshot, its comparison with the other one, and where it stands on the loss curves."""
        a, b = self.recording[self.iteration.value], self.recording[self.other.value]
        self.picture.value = jpeg(a)
        compare = difference_map if self.view.value == "difference" else self._wipe
        self.comparison.value = jpeg(compare(b, a))
        self.line.layout.visibility = "hidden" if compare is difference_map else "visible"
        self.curves.value = self._curves.marked(self.iteration.value)
        losses = self.recording.losses_at(self.iteration.value)
        told_losses = " · ".join(f"{name} {losses[name]:.3g}" for name in SHOWN if name in losses)
        self.say(
            f"iteration {self.iteration.value:,} · losses: {told_losses} · visible change against "
            f"{self.other.value:,}: {visible_change(a, b):.1f} of 255"
        )

    @told
    def walk(self) -> None:
        """Go to the snapshot that the clock points to."""
        self.iteration.index = self.play.value

    @told
    def make_film(self) -> None:
        """Make the film, show it, and offer it for download."""
        kind = self.format.value
        self.say(f"making a film of {self.frames.value} frames …")
        film = encode_film(self.recording, frames=self.frames.value, format=kind)
        self.film.format, self.film.value, self.film.layout.display = kind, film, ""
        link = f"data:image/{kind};base64,{base64.b64encode(film).decode()}"
        self.download.value = f'<a download="film.{kind}" href="{link}">download film.{kind}</a>'
        self.say(f"a film of {self.frames.value} frames, {len(film) / 1000:.0f} kB")

    def _wipe(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return wipe(left, right, self.line.value / 100)

    def _chooser(self, name: str, value: int, tip: str) -> widgets.SelectionSlider:
        options = [(f"{iteration:,}", iteration) for iteration in self.kept]
        chooser = _wide(widgets.SelectionSlider(options=options, value=value, description=name))
        hint(chooser, tip)
        return chooser

    def _thumbnails(self, iterations: Sequence[int]) -> widgets.HBox:
        cells = []
        for iteration in iterations:
            button = widgets.Button(description=f"{iteration:,}", tooltip="go to this iteration")
            button.layout.width = "auto"
            button.on_click(lambda _, to=iteration: self.go_to(to))
            thumbnail = _image("210px")
            thumbnail.value = jpeg(self.recording[iteration])
            cells.append(widgets.VBox([thumbnail, button], layout=widgets.Layout(flex="1 1 0%", max_width="210px")))
        return widgets.HBox(cells)

    def go_to(self, iteration: int) -> None:
        """Choose a snapshot."""
        self.iteration.value = iteration


def _image(width: str, format: str = "jpeg") -> widgets.Image:
    return widgets.Image(format=format, layout=widgets.Layout(width="100%", max_width=width))


def _wide(slider: widgets.Widget, width: str = "97%") -> widgets.Widget:
    slider.style.description_width, slider.layout.width = "80px", width
    return slider


def _column(*parts: widgets.Widget) -> widgets.VBox:
    return widgets.VBox(parts, layout=widgets.Layout(flex="1 1 300px", min_width="240px"))


def _row(*parts: widgets.Widget) -> widgets.HBox:
    return widgets.HBox(parts, layout=widgets.Layout(flex_flow="row wrap", align_items="center"))


def wipe(left: np.ndarray, right: np.ndarray, share: float) -> np.ndarray:
    """Return one image on the left, the other one on the right of a white line.

    Args:
        left, right: `[1, H, W, 3]`, 0..1.
        share: of the width that the left one has, 0..1.

    Returns:
        `[1, H, W, 3]`.
    """
    width = left.shape[2]
    at = round(share * width)
    both = np.concatenate([left[:, :, :at], right[:, :, at:]], axis=2)
    if 0 < at < width:
        both[:, :, max(0, at - 1) : at + 1] = 1
    return both


def difference_map(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return where two images differ: the mean over the colours as a heat map, the largest difference brightest.

    Args:
        a, b: `[1, H, W, 3]`, 0..1.

    Returns:
        `[1, H, W, 3]`; black throughout for two images that are the same.
    """
    difference = np.abs(a - b).mean(axis=-1)  # (1, H, W)
    return colormaps["inferno"](difference / max(difference.max(), 1 / 255))[..., :3].astype(np.float32)


class _Curves:
    """Loss curves that are drawn once; only their mark moves, which is quick enough to be dragged."""

    def __init__(self, recording: Recording):
        iterations = recording.losses["iteration"]
        figure = Figure(figsize=(10.4, 2.6), layout="constrained", dpi=100)
        axes = figure.subplots()
        for name in SHOWN:
            values = recording.losses.get(name, np.zeros(0))
            level = values[-max(1, len(values) // 10) :].mean() if len(values) else 0
            if level > 0:
                later = (iterations > 0) & (values > 0)
                axes.plot(iterations[later], values[later] / level, label=name, linewidth=1)
        axes.set(xscale="log", yscale="log", xlabel="iteration", ylabel="loss, in units of its last tenth")
        for axis in (axes.yaxis, axes.xaxis):
            axis.set_major_formatter("{x:,g}")
        axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.8)))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, ncols=len(SHOWN), loc="upper right", fontsize=9)
        self._picture = Image.open(io.BytesIO(png(figure))).convert("RGB")
        self._place = axes.transData.transform
        self._top, self._bottom = (self._picture.height - y for y in (axes.bbox.y1, axes.bbox.y0))

    def marked(self, iteration: int) -> bytes:
        """Return the curves as a PNG file, with a line at an iteration."""
        x = float(self._place((max(iteration, 1), 1))[0])
        picture = self._picture.copy()
        ImageDraw.Draw(picture).line([(x, self._top), (x, self._bottom)], fill="black", width=2)
        file = io.BytesIO()
        picture.save(file, "PNG", compress_level=1)
        return file.getvalue()
