"""A run that is steered by hand: its losses, what was changed on the way, its pace, and what would repeat it."""

import math
import os
import time
from dataclasses import dataclass, replace

import numpy as np

from ..images import load_image
from ..influence import InfluenceMeter
from ..recipe import Recipe
from ..settings import Settings
from ..transfer import Snapshot, StyleTransfer

LIVE = ("alpha", "beta", "gamma", "learning_rate")
"""What may be changed during a run."""


@dataclass(frozen=True)
class Remembered:
    """A picture `[1, H, W, 3]`, 0..1, worth keeping, with the iteration and the settings that it had."""

    image: np.ndarray
    iteration: int
    settings: Settings

    @property
    def weights(self) -> dict[str, float]:
        """α, β, γ and the learning rate, by name."""
        return {name: getattr(self.settings, name) for name in LIVE}


class SteeredRun:
    """A run whose weights may change on the way, with all that is worth knowing about it.

    Args:
        recipe: what to begin with; its `iterations` are the goal.
        weights: of the network, as in `StyleTransfer`.

    `history` holds (iteration, α·content, β·style, γ·tv) after each iteration, `changes` what was changed when.

    Raises:
        InputError: a picture or a setting that cannot work.

    Built in notebooks/06_weight_explorer.
    """

    def __init__(self, recipe: Recipe, *, weights: str | os.PathLike | None = "imagenet"):
        self.recipe, self.trained = recipe, weights is not None
        self.notes: list[str] = []
        """What was odd about the picture files, or happened on the way."""
        self.content, self.style = (
            load_image(each.path, recipe.size, report=self.notes.append) for each in (recipe.content, recipe.style)
        )
        self.transfer = StyleTransfer(self.content, self.style, **vars(recipe.settings), weights=weights)
        self.transfer.warn = self.notes.append  # catch_warnings would take other threads' warnings as well
        self.meter = InfluenceMeter(self.transfer)
        self._beginning = self.transfer.state()
        self._forget()

    def _forget(self) -> None:
        self.image = self.transfer.snapshot.image
        """The present picture `[1, H, W, 3]`, 0..1."""
        self.history: list[tuple[int, float, float, float]] = []
        self.changes: dict[int, dict[str, float]] = {}
        self.pace: float | None = None
        """Seconds an iteration takes at this size, lately; None before there is one to go by."""
        self._size = 0

    @property
    def iteration(self) -> int:
        """How many iterations the picture has had."""
        return self.transfer.iteration

    @property
    def seconds_left(self) -> float | None:
        """Seconds to the goal at the present pace; None as long as that is not known."""
        if self.pace is None:
            return None
        return self.pace * self.transfer.work(max(self.recipe.iterations - self.iteration, 0)) / self.transfer.work(1)

    def advance(self, iterations: int, seconds: float = math.inf) -> None:
        """Run so many iterations, or fewer once that many seconds have gone by.

        What the run warns of joins `notes`.

        Raises:
            Diverged: the run finds no way on; the last good picture is kept.
        """
        if not self.history:
            self._note(self.transfer.snapshot)
        start = last = time.monotonic()
        for snapshot in self.transfer.steps(iterations):
            now = time.monotonic()
            if snapshot.size != self._size:  # the first one at a size compiles
                self._size, self.pace = snapshot.size, None
            else:
                self.pace = now - last if self.pace is None else 0.8 * self.pace + 0.2 * (now - last)
            last = now
            self._note(snapshot)
            if now - start > seconds:
                break

    def change(self, **values: float) -> None:
        """Set α, β, γ or the learning rate for all iterations to come.

        Raises:
            InputError: a value that cannot work; nothing is changed then.
        """
        before = self.transfer.settings
        after = replace(before, **values)  # checks all of them together
        changed = {name: value for name, value in vars(after).items() if value != getattr(before, name)}
        for name in sorted(changed, key=lambda name: changed[name] == 0):  # no moment in which all are zero
            setattr(self.transfer, name, changed[name])
        if changed and self.iteration:
            self.changes[self.iteration] = self.changes.get(self.iteration, {}) | changed

    def restart(self) -> None:
        """Begin anew with the present weights; nothing has to be compiled again."""
        self.transfer.restore(self._beginning)
        self.transfer.learning_rate = self.transfer.settings.learning_rate
        self._forget()

    def remember(self) -> Remembered:
        """Return the present picture with what made it."""
        return Remembered(self.image, self.iteration, self.transfer.settings)

    def recipe_so_far(self) -> Recipe:
        """Return the recipe that makes the present picture, if there is no `obstacle`.

        Raises:
            InputError: there has been no iteration.
        """
        return Recipe.of(self.transfer, self.recipe.content.path, self.recipe.style.path, self.recipe.size)

    @property
    def obstacle(self) -> str:
        """Why no recipe makes the present picture again: a phrase, or nothing if one does."""
        if not self.trained:
            return "the network was untrained, which is only for trials"
        if self.changes:
            when = ", ".join(str(iteration) for iteration in self.changes)
            return f"weights were changed on the way (at iteration {when})"
        return ""

    def _note(self, snapshot: Snapshot) -> None:
        s, losses = self.transfer.settings, snapshot.losses
        weighted = s.alpha * losses.content, s.beta * losses.style, s.gamma * losses.tv
        self.history.append((snapshot.iteration, *weighted))
        self.image = snapshot.image
