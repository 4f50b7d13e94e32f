"""The weight explorer: α, β, γ and the learning rate under sliders, beside the picture that answers to them."""

import base64
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

from ..course import PAINTINGS, PHOTOGRAPHS, picture_path
from ..errors import InputError
from ..images import load_image, save_image
from ..layers import LAYERS, STYLE_LAYERS
from ..recipe import Picture, Recipe
from ..settings import Settings, coarse_to_fine
from .explorer_view import ExplorerView
from .export import export
from .panel import Panel, jpeg, playing_trait, told
from .steered import Remembered, SteeredRun
from .thumbnails import FilmStrip, PictureChooser, on_upload

SIZE, ITERATIONS, MANY = 128, 200, 25
TICK_SECONDS = 0.15
"""How long a tick may step before it shows the picture: the shorter, the sooner a slider is heard."""


def explore(
    content: str | os.PathLike | np.ndarray | None = None,
    style: str | os.PathLike | np.ndarray | None = None,
    **options: Any,
) -> "WeightExplorer":
    """Return the weight explorer, which a notebook shows if it is the last thing in a cell.

    Args:
        content, style: a file, or an image `[1, H, W, 3]`, 0..1; the course's own when left out.
        options: `size`, the longer side in pixels (128); `iterations`, where to stop (200); `weights`, None for an
            untrained network; and whatever `StyleTransfer` takes to begin with, such as beta=100.

    Raises:
        InputError: a picture or a setting that cannot work.

    Built in notebooks/06_weight_explorer.
    """
    return WeightExplorer(content, style, **options)


def _handler(method: Callable) -> Callable:
    """Make a method answer to a control: one at a time; an error is told, and the run stays what it was."""

    @wraps(method)
    def safe(self, *arguments: Any) -> None:
        with self._lock:
            if self._showing:  # it is the explorer itself that moves the control
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


class Seldom:
    """Does what is dear at most every so many seconds, and less often where it would take over a tenth of the time."""

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
    """A run under sliders: choose pictures, play, change weights on the way, compare, save; `explore` says how.

    Play is a clock in the browser: each tick runs a few iterations, and closing the page ends the run.

    Built in notebooks/06_weight_explorer.
    """

    def __init__(
        self,
        content: str | os.PathLike | np.ndarray | None = None,
        style: str | os.PathLike | np.ndarray | None = None,
        *,
        size: int = SIZE,
        iterations: int = ITERATIONS,
        weights: str | os.PathLike | None = "imagenet",
        **settings: Any,
    ):
        self._lock, self._showing = threading.RLock(), False
        self._temporary = tempfile.TemporaryDirectory(prefix="nst-")
        self.folder = Path(self._temporary.name).resolve()
        self.weights, self._scales = weights, settings.pop("scales", None)
        files = self._file(content, "content", PHOTOGRAPHS), self._file(style, "style", PAINTINGS)
        recipe = Recipe(*map(Picture.of, files), size, iterations, Settings(**settings))
        self.run = self._new_run(recipe)
        self.compared: Remembered | None = None
        self.contents = PictureChooser("content", _shipped(PHOTOGRAPHS), self.choose_content, self.folder)
        self.styles = PictureChooser("style", _shipped(PAINTINGS), self.choose_style, self.folder)
        self.strip = FilmStrip(self.compare, self.restore)
        layers = sorted({*STYLE_LAYERS, *recipe.settings.style_layers}, key=LAYERS.index)
        self.view = ExplorerView(layers, self.contents.box, self.styles.box, self.strip.box)
        self._curves, self._shares = Seldom(1.0), Seldom(2.0)
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
            slider.on_change(lambda _, name=name: self.change_weight(name))
        on_upload(self.contents.upload, self.upload_content)
        on_upload(self.styles.upload, self.upload_style)
        for control in (view.size, view.init, view.optimizer, *view.layers.values()):
            control.observe(lambda _: self.choose(), "value")
        view.goal.observe(lambda _: self.set_goal(), "value")
        view.play.observe(lambda _: self.tick(), "value")
        view.play.observe(lambda _: self.settle(), playing)
        view.one.on_click(lambda _: self.one_step())
        view.many.on_click(lambda _: self.run_many())
        view.again.on_click(lambda _: self.start_over())
        view.remember.on_click(lambda _: self.remember())
        view.export.on_click(lambda _: self.export())
        view.hide.on_click(lambda _: self.stop_comparing())

    # What begins anew

    @_handler
    def choose(self) -> None:
        """Begin anew with the size, the start, the optimiser and the style layers that the controls show."""
        view, known = self.view, self.run.transfer.settings.style_layers
        layers = {layer: known.get(layer) for layer, toggle in view.layers.items() if toggle.value}
        settings = {"init": view.init.value, "optimizer": view.optimizer.value, "style_layers": layers}
        self._begin(settings, size=view.size.value)

    @_handler
    def choose_content(self, path: Path) -> None:
        """Begin anew with another content picture."""
        self._begin(content=Picture.of(path))

    @_handler
    def choose_style(self, path: Path) -> None:
        """Begin anew with another style picture."""
        self._begin(style=Picture.of(path))

    @_handler
    def upload_content(self) -> None:
        """Begin anew with the content picture that was uploaded."""
        self._begin(content=Picture.of(self.contents.uploaded()))

    @_handler
    def upload_style(self) -> None:
        """Begin anew with the style picture that was uploaded."""
        self._begin(style=Picture.of(self.styles.uploaded()))

    def _begin(self, settings: dict[str, Any] | None = None, **chosen: Any) -> None:
        """Put a new run in the place of the old one, which stays if the new one cannot be."""
        self.say("preparing a new run …")
        chosen["settings"] = replace(self.run.transfer.settings, **(settings or {}))
        self.run = self._new_run(replace(self.run.recipe, **chosen))
        self._begun()

    def _new_run(self, recipe: Recipe) -> SteeredRun:
        """Return a run that begins at smaller sizes, unless the explorer was told at which."""
        scales = self._scales
        if scales is None:
            scales = coarse_to_fine(load_image(recipe.content.path, recipe.size, report=None).shape, recipe.iterations)
        return SteeredRun(replace(recipe, settings=replace(recipe.settings, scales=scales)), weights=self.weights)

    def _begun(self) -> None:
        recipe, view = self.run.recipe, self.view
        view.content.value, view.style.value = jpeg(self.run.content), jpeg(self.run.style)
        self.contents.show(Path(recipe.content.path))
        self.styles.show(Path(recipe.style.path))
        view.curves.layout.display, view.exported.value = "none", ""
        self.show()
        self.say(" ".join(self.run.notes) or "ready: press play, and move the sliders while it paints.")

    @_handler
    def start_over(self) -> None:
        """Go back to the first picture; the weights stay."""
        self.run.restart()
        self._begun()

    # What acts at once

    @_handler
    def change_weight(self, name: str) -> None:
        """Give a slider's value to the run; the next iteration goes by it."""
        self.run.change(**{name: self.view.sliders[name].value})
        self._awaited = True
        if self.run.meter.is_fresh:
            self.view.show_shares(self.run)

    @_handler
    def set_goal(self) -> None:
        """Stop at another iteration."""
        self.run.recipe = replace(self.run.recipe, iterations=self.view.goal.value)
        self.show()

    @told
    def tick(self) -> None:
        """Run iterations for a moment; a tick that comes while something else goes on is dropped."""
        if self.view.play.value > self.view.play.min and self._lock.acquire(blocking=False):
            try:
                left = self.run.recipe.iterations - self.run.iteration
                if left > 0:
                    self._advance(left, 0 if self._awaited else TICK_SECONDS)
                else:
                    self.pause()
                    self.say(f"{self.run.iteration} iterations are done; raise “stop at” and press play to go on.")
            finally:
                self._lock.release()

    @_handler
    def one_step(self) -> None:
        """Run one iteration."""
        self._advance(1)
        self.show(everything=True)

    @told
    def run_many(self) -> None:
        """Run 25 iterations and show the picture on the way; in between other controls are heard."""
        run, left = self.run, MANY
        while left > 0 and self.run is run:
            with self._lock:
                before = run.iteration
                self._advance(left, TICK_SECONDS)
                left -= run.iteration - before
        with self._lock:
            self.show(everything=True)

    def _advance(self, iterations: int, seconds: float = math.inf) -> None:
        known = len(self.run.notes)
        try:
            self.run.advance(iterations, seconds)
        except BaseException:
            self.pause()
            raise
        if len(self.run.notes) > known:
            self.say(" ".join(self.run.notes[known:]))
        self.show()

    def pause(self) -> None:
        """Stop the clock."""
        setattr(self.view.play, playing_trait(self.view.play), False)

    @told
    def settle(self) -> None:
        """Bring curves and shares up to date once the clock stands still."""
        if not getattr(self.view.play, playing_trait(self.view.play)):
            with self._lock:
                self.show(everything=True)

    # What is kept

    @_handler
    def remember(self) -> None:
        """Put the present picture on the strip."""
        self.strip.add(self.run.remember())

    @_handler
    def compare(self, picture: Remembered) -> None:
        """Show a remembered picture beside the present one."""
        self.compared = picture
        self.show()

    @_handler
    def stop_comparing(self) -> None:
        """Hide the remembered picture."""
        self.compared = None
        self.show()

    @_handler
    def restore(self, picture: Remembered) -> None:
        """Give the weights of a remembered picture to the run."""
        self.run.change(**picture.weights)
        self.say(f"the weights of the picture remembered at iteration {picture.iteration} are set.")

    @_handler
    def export(self) -> None:
        """Write the present picture into the notebook's folder, and show the command that makes it again."""
        done = export(self.run, Path.cwd(), self.folder)
        promise = "In a terminal, this makes the same picture again:"
        if done.obstacle:
            promise = f"No one command makes this very picture: {done.obstacle}. This one takes the present weights:"
        name, data = done.path.name, base64.b64encode(done.path.read_bytes()).decode()
        link = f'<a download="{name}" href="data:image/png;base64,{data}"><u>{name}</u></a>'
        command = f'<pre style="white-space:pre-wrap;user-select:all">{html.escape(done.command)}</pre>'
        self.view.exported.value = f"<p>Saved as {link}. {promise}</p>{command}"

    # What is seen

    def show(self, *, everything: bool = False) -> None:
        """Show the run as it is; its curves and shares only once they are due, or with everything."""
        self.view.show_run(self.run, self.compared)
        if self.run.history and (everything or not self._awaited):  # the picture that is waited for comes first
            measured = self._shares(lambda: self.view.show_shares(self.run), now=everything)
            if everything or not measured:  # not both in one tick, which would be felt
                self._curves(lambda: self.view.show_curves(self.run), now=everything)
        self._awaited = False

    def _show_settings(self) -> None:
        self._showing = True
        try:
            self.view.show_settings(self.run)
        finally:
            self._showing = False

    def _file(self, given: str | os.PathLike | np.ndarray | None, name: str, usual: tuple[str, ...]) -> Path:
        """Return the path of a picture; an image that is no file yet becomes one, in 8 bits."""
        if given is None:
            return picture_path(usual[0])
        if isinstance(given, (str, os.PathLike)):
            return Path(given).resolve()
        path = self.folder / f"0-{name}.png"
        save_image(given, path)
        return path


def _shipped(names: tuple[str, ...]) -> list[Path]:
    """Return the paths of the course's pictures, none if its folder is not here."""
    try:
        return [picture_path(name) for name in names]
    except InputError:
        return []
