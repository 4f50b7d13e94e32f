"""A run whose weights may change while it paints: its losses, the changes, its speed, the command that repeats it."""

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..commands.options import command_line
from ..commands.painting import load_pictures
from ..course.influence import InfluenceMeter
from ..errors import InputError
from ..files.images import save_image
from ..files.recipe import Picture, Recipe
from ..machine.disk import File
from ..settings import Settings, coarse_to_fine
from ..transfer import Snapshot, StyleTransfer


@dataclass(frozen=True)
class Remembered:
    """A picture `[1, H, W, 3]`, 0..1, with the iteration and the settings that it had."""

    image: np.ndarray
    iteration: int
    settings: Settings


class InteractiveRun:
    """A run whose weights may change while it paints.

    Args:
        recipe: the pictures and the first settings; its `iterations` are the goal.
        weights: of the network, as in `StyleTransfer`.
        small_first: whether to begin at smaller sizes that suit the content, instead of the recipe's `scales`.

    The transfer's `colors` are "luminance" unless they are "matched", with strength 0 for "style", which paints the
    same; so the strength may change at any time.

    Raises:
        InputError: a picture or a setting that cannot work.
    """

    def __init__(self, recipe: Recipe, *, weights: File | None = "imagenet", small_first: bool = False):
        self.trained = weights is not None
        self.messages: list[str] = []
        """What was corrected in the picture files, and the run's warnings."""
        pictures = load_pictures(recipe, self.messages.append)
        self.content, self.style = pictures["content"], pictures["style"][0]
        settings = recipe.settings
        if small_first:
            settings = replace(settings, scales=coarse_to_fine(self.content.shape, recipe.iterations))
        self.recipe = replace(recipe, settings=settings)
        if settings.colors == "style":
            settings = replace(settings, colors="luminance", color_strength=0)
        self.transfer = StyleTransfer(**vars(settings) | pictures, weights=weights)
        self.transfer.warn = self.messages.append  # catch_warnings would take other threads' warnings as well
        self.meter = InfluenceMeter(self.transfer)
        self._beginning = self.transfer.state()
        self._forget()

    def _forget(self) -> None:
        self.image = self.transfer.snapshot.image
        """The present picture `[1, H, W, 3]`, 0..1."""
        self.history: list[tuple[int, float, float, float]] = []
        """(iteration, α·content, β·style, γ·tv) after each iteration."""
        self.changes: dict[int, dict[str, Any]] = {}
        """Iteration to the weights that were changed there."""
        self.pace: float | None = None
        """Seconds an iteration takes at this size; None until one has been measured."""
        self._size = 0

    @property
    def iteration(self) -> int:
        """How many iterations the picture has had."""
        return self.transfer.iteration

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the goal at the present pace; None until that is known."""
        if self.pace is None:
            return None
        return self.pace * self.transfer.work(max(self.recipe.iterations - self.iteration, 0)) / self.transfer.work(1)

    def advance(self, iterations: int, seconds: float = math.inf) -> None:
        """Run so many iterations, or fewer once that many seconds have passed.

        Raises:
            Diverged: even at lower learning rates; the last good picture is kept.
        """
        if not self.history:
            self._record(self.transfer.snapshot)
        start = last = time.monotonic()
        for snapshot in self.transfer.steps(iterations):
            now = time.monotonic()
            if snapshot.size != self._size:  # the first one at a size compiles
                self._size, self.pace = snapshot.size, None
            else:
                self.pace = now - last if self.pace is None else 0.8 * self.pace + 0.2 * (now - last)
            last = now
            self._record(snapshot)
            if now - start > seconds:
                break

    def change(self, **values: Any) -> None:
        """Set α, β, γ, the learning rate or a blend's weights from the next iteration on, or the colour strength.

        The colour strength changes only what is shown, not what is painted, so it is not one of the `changes`.

        Raises:
            InputError: a value that cannot work; nothing is changed then.
        """
        before = self.transfer.settings
        after = replace(before, **values)  # checks all of them together
        changed = {name: value for name, value in vars(after).items() if value != getattr(before, name)}
        for name in sorted(changed, key=lambda name: changed[name] == 0):  # so that they are never all zero
            setattr(self.transfer, name, changed[name])
        if changed.pop("color_strength", None) is not None:
            self.image = self.transfer.snapshot.image
        if changed and self.iteration:
            self.changes[self.iteration] = self.changes.get(self.iteration, {}) | changed

    def restart(self) -> None:
        """Start over with the present weights, without compiling again."""
        self.transfer.restore(self._beginning)
        self.transfer.learning_rate = self.transfer.settings.learning_rate
        self._forget()

    def remember(self) -> Remembered:
        """Return the present picture with its settings."""
        return Remembered(self.image, self.iteration, self.transfer.settings)

    @property
    def obstacle(self) -> str:
        """Why no command repeats the present picture: a phrase, empty if one does."""
        if not self.trained:
            return "the network was untrained, which is only for trials"
        if self.changes:
            when = ", ".join(str(iteration) for iteration in self.changes)
            return f"weights were changed on the way (at iteration {when})"
        s = self.transfer.settings
        if s.init == "style" and s.style_weights and not s.style_weights[0]:
            return "it began as a painting that has no part in it any more"
        return ""

    @property
    def present_recipe(self) -> Recipe:
        """The recipe of the present picture, true unless there is an `obstacle`.

        Raises:
            InputError: the run has had no iteration.
        """
        s = self.transfer.settings
        if s.colors == "luminance" and not s.color_strength:
            s = replace(s, colors="style", color_strength=1)
        changed: dict[str, Any] = {}
        if s.style_weights and not s.style_weights[0]:  # in nst the first style has the weight 1, so the other is first
            s = replace(s, style_weights=s.style_weights[::-1])
            (first, *rest), scales = self.recipe.styles[::-1], self.recipe.style_scale[::-1]
            changed = {"style": first, "blend": tuple(rest), "style_scale": scales}
        return replace(self.recipe, iterations=self.iteration, settings=s, **changed).made_by(self.transfer)

    def save(self, folder: Path, temporary: Path | None = None) -> tuple[Path, str]:
        """Write the present picture into a folder, as explorer-1.png or the next free number.

        The file carries its recipe unless there is an `obstacle`.

        Args:
            folder: where to write.
            temporary: a folder that will not last; pictures from there are copied beside the result.

        Returns:
            The file, and the `nst` command of the present settings, which repeats it unless there is an `obstacle`.

        Raises:
            InputError: the run has had no iteration, or the folder cannot be written to.
        """
        if not self.iteration:
            raise InputError("there is no picture to save yet; run some iterations first.")
        number = 1
        while (path := folder / f"explorer-{number}.png").exists():
            number += 1
        recipe = self.present_recipe
        names = {recipe.content: "content", recipe.style: "style", recipe.keep: "keep"}
        names |= dict.fromkeys(recipe.blend, "style-2")

        def lasting(picture: Picture) -> Picture:
            source = Path(picture.path)
            if temporary not in source.parents:
                return picture
            copy = path.with_name(f"{path.stem}-{names[picture]}{source.suffix}")
            copy.write_bytes(source.read_bytes())
            return Picture.of(copy)

        recipe = recipe.with_pictures(lasting)
        save_image(self.image, path, recipe=None if self.obstacle else recipe)
        return path, command_line(recipe, path.name)

    def _record(self, snapshot: Snapshot) -> None:
        s, losses = self.transfer.settings, snapshot.losses
        self.history.append((snapshot.iteration, s.alpha * losses.content, s.beta * losses.style, s.gamma * losses.tv))
        self.image = snapshot.image
