"""The snapshot viewer: walk through a run, compare two of its pictures, make a film."""

import io
from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter
from PIL import Image, ImageDraw

from ..files.film import choose_frames, encode_film, visible_change
from ..files.images import file_of
from ..files.recording import Recording
from ..machine.disk import File
from ..snapshot import Snapshot
from .panel import Panel, button, callback, choice_slider, column, data_url, hint, image, jpeg, png, row, wipe

STRIP = 5
SHOWN = ("content", "style", "tv", "total")
VIEWS = {
    "wipe": "the other snapshot on the left of a line that you move, this one on its right",
    "difference": "where the two snapshots differ: the brighter, the more",
}


class RunViewer(Panel):
    """A slider over the iterations of a run, with the picture, its losses, and a comparison with another snapshot.

    Args:
        run: a list of what `StyleTransfer.steps` yielded, or a folder that `nst --snapshots` made.
        strip: iterations for the strip of thumbnails; by default five between which the picture changes equally.

    Raises:
        InputError: there are no snapshots.
    """

    def __init__(self, run: Sequence[Snapshot] | File, strip: Sequence[int] = ()):
        self.recording = Recording(run)
        self.kept = list(self.recording)
        self._curves = _Curves(self.recording)
        self.iteration = choice_slider(
            "iteration", self.kept, self.kept[-1], "which snapshot to look at; the arrow keys move it, too"
        )
        self.other = choice_slider("against", self.kept, self.kept[0], "the snapshot that it is compared with")
        self.play = widgets.Play(value=0, min=0, max=len(self.kept) - 1, interval=400)
        self.view = widgets.ToggleButtons(options=list(VIEWS), tooltips=list(VIEWS.values()))
        self.line = _slider(50, 0, 100, "line at", "how much of the width shows the other snapshot, in percent")
        self.picture, self.comparison, self.curves = image(512), image(512), image(1040, "png")
        self.strip = self._thumbnails(
            strip or [self.kept[i] for i in choose_frames(list(self.recording.values()), STRIP)]
        )
        most = max(2, min(60, len(self.kept)))
        self.frames = _slider(min(24, most), 2, most, "frames", "pictures in the film, with equally visible changes")
        self.frames.layout.width = "300px"
        self.format = widgets.ToggleButtons(
            options=["gif", "webp"], tooltips=["works everywhere", "all colours, smaller"]
        )
        self.format.style.button_width = "60px"
        self.make = button("make a film", "to look at here, and to download", "film")
        self.film = image(512, "gif")
        self.film.layout.display = "none"
        self.download = widgets.HTML()
        for widget in (self.iteration, self.other, self.view, self.line):
            widget.observe(self.show, "value")
        self.play.observe(self.walk, "value")
        self.make.on_click(self.make_film)
        super().__init__(
            widgets.HBox([self.iteration, self.play]),
            row(column(self.picture), column(self.comparison, self.line, self.other, self.view)),
            self.curves,
            self.strip,
            row(self.frames, self.format, self.make, self.download),
            self.film,
        )
        self.show()

    @callback
    def show(self) -> None:
        """Show the chosen snapshot, its comparison with the other one, and its place on the loss curves."""
        self.play.value = self.iteration.index
        a, b = self.recording[self.iteration.value], self.recording[self.other.value]
        self.picture.value = jpeg(a)
        wiped = self.view.value == "wipe"
        self.comparison.value = jpeg(wipe(b, a, self.line.value / 100) if wiped else difference_map(b, a))
        self.line.layout.visibility = "visible" if wiped else "hidden"
        self.curves.value = self._curves.marked(self.iteration.value)
        losses = self.recording.losses_at(self.iteration.value)
        named = " · ".join(f"{name} {losses[name]:.3g}" for name in SHOWN if name in losses) or "not recorded"
        self.say(
            f"iteration {self.iteration.value:,} · losses: {named} · visible change against "
            f"{self.other.value:,}: {visible_change(a, b):.1f} of 255"
        )

    @callback
    def walk(self) -> None:
        """Go to the snapshot that the play control has reached."""
        self.iteration.index = self.play.value

    @callback
    def make_film(self) -> None:
        """Make the film, show it, and offer it for download."""
        kind = self.format.value
        self.say(f"making a film of {self.frames.value} frames …")
        film = encode_film(self.recording, frames=self.frames.value, format=kind)
        self.film.format, self.film.value, self.film.layout.display = kind, film, ""
        self.download.value = f'<a download="film.{kind}" href="{data_url(film, kind)}">download film.{kind}</a>'
        self.say(f"a film of {self.frames.value} frames, {len(film) / 1000:.0f} kB")

    def _thumbnails(self, iterations: Sequence[int]) -> widgets.HBox:
        cells = []
        for iteration in iterations:
            chooser = button(f"{iteration:,}", "go to this iteration")
            chooser.on_click(lambda _, to=iteration: setattr(self.iteration, "value", to))
            thumbnail = image(210)
            thumbnail.value = jpeg(self.recording[iteration])
            cells.append(column(thumbnail, chooser, flex="1 1 0%", width="210px"))
        return widgets.HBox(cells)


def _slider(value: int, low: int, high: int, name: str, tooltip: str) -> widgets.IntSlider:
    slider = widgets.IntSlider(value, low, high, description=name, layout={"width": "97%"})
    slider.style.description_width = "80px"
    hint(slider, tooltip)
    return slider


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
    """Loss curves, drawn only once; moving the mark alone is fast enough for dragging."""

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
        if axes.lines:
            axes.legend(frameon=False, ncols=len(SHOWN), loc="upper right", fontsize=9)
        self._picture = Image.open(io.BytesIO(png(figure))).convert("RGB")
        self._place = axes.transData.transform
        self._top, self._bottom = (self._picture.height - y for y in (axes.bbox.y1, axes.bbox.y0))

    def marked(self, iteration: int) -> bytes:
        """Return the curves as a PNG file, with a line at an iteration."""
        x = float(self._place((max(iteration, 1), 1))[0])
        picture = self._picture.copy()
        ImageDraw.Draw(picture).line([(x, self._top), (x, self._bottom)], fill="black", width=2)
        return file_of(picture, "PNG", compress_level=1)


view_run = RunViewer
