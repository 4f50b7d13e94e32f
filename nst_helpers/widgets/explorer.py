"""The weight explorer: sliders for α, β, γ and the learning rate beside the picture that they change."""

import html
import math
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..commands.options import ITERATIONS, SIZE
from ..course.notebooks import PAINTINGS, PHOTOGRAPHS, picture_path
from ..errors import InputError
from ..files.images import save_image
from ..files.recipe import Picture, Recipe
from ..layers import LAYERS, STYLE_LAYERS
from ..machine.disk import File
from ..settings import Settings
from .explorer_view import CURVES_AND_SHARES, PRESETS, REMEMBERED, SLIDERS, WHERE, ExplorerView
from .interactive_run import InteractiveRun, Remembered
from .panel import Panel, callback, data_url, playing_trait
from .thumbnails import PictureChooser, Shelf
from .uploads import save_upload

MANY = 25
TICK_SECONDS = 0.15
"""How long a tick runs before it shows the picture: the shorter, the sooner a slider acts."""


def _handler(method: Callable) -> Callable:
    """Decorate a method that a control calls: one runs at a time; an error is reported and leaves the run as it was."""

    @wraps(method)
    def safe(self, *arguments: Any) -> None:
        with self._lock:
            if self._showing:  # the explorer itself moved the control
                return
            self.say("")
            try:
                method(self, *arguments)
            except InputError as error:
                self.say(f"nothing changed: {error}")
            except Exception as error:
                self.say(f"stopped: {error}")
            finally:
                self._show_settings()

    return safe


class Throttle:
    """Limits a costly action to once in so many seconds, and to a tenth of the time."""

    def __init__(self, seconds: float):
        self.seconds, self.due = seconds, 0.0

    def __call__(self, action: Callable[[], None], *, now: bool = False) -> bool:
        """Do the action if it is due, or at once; return whether it was done."""
        start = time.monotonic()
        if not now and start < self.due:
            return False
        action()
        end = time.monotonic()
        self.due = end + max(self.seconds, 9 * (end - start))
        return True


class WeightExplorer(Panel):
    """A run with sliders: choose pictures, play, change weights as it paints, compare, save.

    A notebook shows it if it is the last thing in a cell. Play is a clock in the browser: each tick runs a few
    iterations, and closing the page ends the run.

    Args:
        content, style: a file, or an image `[1, H, W, 3]`, 0..1; the course's own when left out.
        size: the longer side in pixels.
        iterations: where to stop.
        weights: "imagenet", a weight file, or None for an untrained network.
        settings: further arguments of `StyleTransfer`, such as beta=100.

    Raises:
        InputError: a picture or a setting that cannot work.
    """

    def __init__(
        self,
        content: File | np.ndarray | None = None,
        style: File | np.ndarray | None = None,
        *,
        size: int = SIZE,
        iterations: int = ITERATIONS,
        weights: File | None = "imagenet",
        **settings: Any,
    ):
        self._lock, self._showing = threading.RLock(), False
        self._temporary = tempfile.TemporaryDirectory(prefix="nst-")
        self.folder = Path(self._temporary.name).resolve()
        self._network = {"weights": weights, "small_first": "scales" not in settings}
        files = self._file(content, "content", PHOTOGRAPHS), self._file(style, "style", PAINTINGS)
        recipe = Recipe(*map(Picture.of, files), size, iterations, Settings(**settings))
        self.run = InteractiveRun(recipe, **self._network)
        self.compared: Remembered | None = None
        self._layer_weights: dict[str, float] = {}  # also of layers that were switched off
        self.choosers = {
            role: PictureChooser(role, _shipped(names), self.choose_picture, self.take_upload)
            for role, names in (("content", PHOTOGRAPHS), ("style", PAINTINGS), ("second style", PAINTINGS))
        }
        self.shelf = Shelf(self.compare, self.restore)
        layers = sorted({*STYLE_LAYERS, *recipe.settings.style_layers}, key=LAYERS.index)
        self.view = ExplorerView(layers, [chooser.box for chooser in self.choosers.values()], self.shelf.box)
        self._curves, self._shares = Throttle(1.0), Throttle(2.0)
        self._awaited = False  # a slider has moved since the last picture was shown
        super().__init__()
        self.box.children = self.view.layout(self.status)
        self.box.add_class("nst-explorer")
        self._begun()
        self._show_settings()
        self._connect()

    def _connect(self) -> None:
        view, playing = self.view, playing_trait(self.view.play)
        for name, slider in view.sliders.items():
            slider.on_change(lambda _, name=name, slider=slider: self.change({name: slider.value}))
        for name, preset in view.presets.items():
            preset.on_click(lambda _, weights=PRESETS[name][0]: self.change(weights))
        view.more.share.observe(lambda _: self.change({"style_weights": view.more.style_weights}), "value")
        view.more.colors.observe(lambda _: self.change_colors(), "value")
        for control in (view.brush, view.size, view.init, view.optimizer, *view.layers.values()):
            control.observe(lambda _: self.choose(), "value")
        view.goal.observe(lambda _: self.set_goal(), "value")
        view.play.observe(self.tick, "value")
        view.play.observe(self.settle, playing)
        view.one.on_click(lambda _: self.one_step())
        view.many.on_click(self.run_many)
        view.again.on_click(lambda _: self.start_over())
        view.remember.on_click(lambda _: self.remember())
        view.export.on_click(lambda _: self.export())
        view.hide.on_click(lambda _: self.stop_comparing())
        view.wipe.observe(self.redraw, "value")
        view.folded.observe(self.settle, "selected_index")
        view.folded.observe(self.open_marker, "selected_index")
        view.more.alone.on_click(lambda _: self.choose_picture("second style", None))
        for use, place in view.more.places.items():
            place.on_click(lambda _, use=use: self.choose_places(use))

    # Controls that start over

    @_handler
    def choose(self) -> None:
        """Start over with the brush, size, start, optimizer and style layers that the controls show."""
        view, known = self.view, self._layer_weights
        known.update(self.run.transfer.settings.style_layers)
        layers = {layer: known.get(layer) for layer, toggle in view.layers.items() if toggle.value}
        settings = {"init": view.init.value, "optimizer": view.optimizer.value, "style_layers": layers}
        self._begin(settings, size=view.size.value, style_scale=(float(f"{view.brush.value:.3g}"),))

    @_handler
    def choose_picture(self, role: str, path: Path | None) -> None:
        """Start over with another "content", "style" or "second style" picture; there may be no second style."""
        picture = None if path is None else Picture.of(path)
        if role == "second style":
            weights = self.view.more.style_weights if picture else ()
            self._begin({"style_weights": weights}, blend=(picture,) if picture else ())
        elif role == "content":  # what was marked belongs to another photograph
            self._begin(content=picture, keep=None)
            self.view.more.take_photograph(self.run)
        else:
            self._begin(style=picture)

    @_handler
    def take_upload(self, role: str) -> None:
        """Start over with the picture that was uploaded as "content", "style" or "second style"."""
        self.choose_picture(role, save_upload(self.choosers[role].upload, self.folder))

    @_handler
    def choose_places(self, use: str) -> None:
        """Start over and "paint" only where the photograph is marked, "keep" it there, or "" for neither."""
        kept = None
        if use:
            mask = self.view.more.mask if use == "keep" else 1 - self.view.more.mask
            path = Path(tempfile.mkdtemp(dir=self.folder)) / "keep.png"
            Image.fromarray(np.uint8(np.round(255 * mask))).save(path)
            kept = Picture.of(path)
        self._begin(keep=kept)
        self.view.more.use = use

    def _begin(self, settings: dict[str, Any] | None = None, **chosen: Any) -> None:
        """Replace the run by one with other settings or pictures; keep it if they cannot work."""
        self.say("preparing a new run …")
        chosen["settings"] = replace(self.run.transfer.settings, **(settings or {}))
        chosen.setdefault("style_scale", self.run.recipe.style_scale[:1])  # for all styles, however many
        self.run = InteractiveRun(replace(self.run.recipe, **chosen), **self._network)
        self._begun()

    def _begun(self) -> None:
        recipe = self.run.recipe
        pictures = recipe.content, recipe.style, *(recipe.blend or [None])
        for chooser, picture in zip(self.choosers.values(), pictures, strict=True):
            chooser.show(picture and Path(picture.path))
        self.view.curves.layout.display, self.view.exported.value = "none", ""
        self.show()
        self.say(" ".join(self.run.messages) or "ready: press play, and move the sliders while it paints.")

    @_handler
    def start_over(self) -> None:
        """Go back to the first picture; the weights stay."""
        self.run.restart()
        self._begun()

    # Controls that act at once

    @_handler
    def change(self, weights: dict[str, Any]) -> None:
        """Set weights of the run, by name, from its next iteration on."""
        self.run.change(**weights)
        self._awaited = True
        if self.run.meter.is_fresh:
            self.view.show_shares(self.run)

    @_handler
    def change_colors(self) -> None:
        """Show as much of the photograph's colours as their slider says."""
        self.run.change(color_strength=self.view.more.colors.value)
        self.view.show_run(self.run, self.compared)

    @_handler
    def set_goal(self) -> None:
        """Stop at another iteration."""
        self.run.recipe = replace(self.run.recipe, iterations=self.view.goal.value)
        self.show()

    @callback
    def tick(self) -> None:
        """Run iterations for a moment; a tick that comes while something else runs is dropped."""
        if self.view.play.value > self.view.play.min and self._lock.acquire(blocking=False):
            try:
                left = self.run.recipe.iterations - self.run.iteration
                if left > 0:
                    self._advance(left, 0 if self._awaited else TICK_SECONDS)
                else:
                    self.pause()
                    self.say(f"{self.run.iteration} steps are done; move a slider and press play to go on.")
            finally:
                self._lock.release()

    @_handler
    def one_step(self) -> None:
        """Run one iteration."""
        self._advance(1)
        self.show(everything=True)

    @callback
    def run_many(self) -> None:
        """Run 25 iterations and show the picture as they go; other controls may act in between."""
        run, left = self.run, MANY
        while left > 0 and self.run is run:
            with self._lock:
                before = run.iteration
                self._advance(left, TICK_SECONDS)
                left -= run.iteration - before
        with self._lock:
            self.show(everything=True)

    def _advance(self, iterations: int, seconds: float = math.inf) -> None:
        known = len(self.run.messages)
        try:
            self.run.advance(iterations, seconds)
        except BaseException:
            self.pause()
            raise
        if len(self.run.messages) > known:
            self.say(" ".join(self.run.messages[known:]))
        self.show()

    def pause(self) -> None:
        """Stop the clock."""
        setattr(self.view.play, playing_trait(self.view.play), False)

    @callback
    def open_marker(self) -> None:
        """Show the photograph to mark when its fold is opened."""
        if self.view.folded.selected_index == WHERE:
            with self._lock:
                self.view.more.open_marker(self.run)

    @callback
    def settle(self) -> None:
        """Update curves and shares when the clock stops; when it starts at the goal, move the goal."""
        with self._lock:
            if not getattr(self.view.play, playing_trait(self.view.play)):
                self.show(everything=True)
            elif self.run.iteration >= self.run.recipe.iterations:
                self.run.recipe = replace(self.run.recipe, iterations=self.run.iteration + ITERATIONS)
                self._show_settings()

    # Remembered and saved pictures

    @_handler
    def remember(self) -> None:
        """Put the present picture on the shelf, and open the shelf."""
        self.shelf.add(self.run.remember())
        self.view.folded.selected_index = REMEMBERED

    @_handler
    def compare(self, picture: Remembered) -> None:
        """Show a remembered picture instead of the photograph left of the line."""
        self.compared = picture
        self.view.wipe.value = self.view.wipe.value or 50
        self.redraw()

    @_handler
    def stop_comparing(self) -> None:
        """Show the photograph left of the line again."""
        self.compared = None
        self.redraw()

    @callback
    def redraw(self) -> None:
        """Show the picture with the line at its slider's place."""
        with self._lock:
            self.view.show_run(self.run, self.compared)

    @_handler
    def restore(self, picture: Remembered) -> None:
        """Set the weights of a remembered picture."""
        self.run.change(**{name: getattr(picture.settings, name) for name in SLIDERS})
        self.say(f"the weights of the picture remembered at step {picture.iteration} are set.")

    @_handler
    def export(self) -> None:
        """Write the present picture into the notebook's folder, and show the command that repeats it."""
        path, command = self.run.save(Path.cwd(), self.folder)
        promise = "In a terminal, this makes the same picture again:"
        if self.run.obstacle:
            promise = (
                f"No one command makes this very picture: {self.run.obstacle}. This one takes the present weights:"
            )
        link = f'<a download="{path.name}" href="{data_url(path.read_bytes(), "png")}"><u>{path.name}</u></a>'
        command = f'<pre style="white-space:pre-wrap;user-select:all">{html.escape(command)}</pre>'
        self.view.exported.value = f"<p>Saved as {link}. {promise}</p>{command}"

    # Display

    def show(self, *, everything: bool = False) -> None:
        """Show the run; curves and shares too when they are unfolded and due, or with `everything`."""
        self.view.show_run(self.run, self.compared)
        unfolded = self.view.folded.selected_index == CURVES_AND_SHARES
        if self.run.history and (everything or (unfolded and not self._awaited)):  # an awaited picture comes first
            measured = unfolded and self._shares(lambda: self.view.show_shares(self.run), now=everything)
            if everything or not measured:  # not both in one tick, which would be felt
                self._curves(lambda: self.view.show_curves(self.run), now=everything)
        self._awaited = False

    def _show_settings(self) -> None:
        self._showing = True
        try:
            self.view.show_settings(self.run)
        finally:
            self._showing = False

    def _file(self, given: File | np.ndarray | None, name: str, usual: tuple[str, ...]) -> Path:
        """Return the path of a picture; an array is written to an 8-bit file."""
        if given is None:
            return picture_path(usual[0])
        if isinstance(given, (str, os.PathLike)):
            return Path(given)
        path = self.folder / f"0-{name}.png"
        save_image(given, path)
        return path


def _shipped(names: tuple[str, ...]) -> list[Path]:
    """Return the paths of the course's pictures, none if its folder is not here."""
    try:
        return [picture_path(name) for name in names]
    except InputError:
        return []


explore = WeightExplorer
