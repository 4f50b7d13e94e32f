"""An atlas on disk: pictures over a grid of α × β × γ × iteration, computed in advance and shown at once."""

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..machine.disk import File, check_folder, write_atomically
from ..settings import LARGEST_WEIGHT, Settings, whole_number
from .images import encode, load_image, to_pixels
from .pixels import opened
from .recipe import Recipe
from .run_folder import LOSSES, folder_name, losses_table, picture_name, read_losses

ATLAS, CONTENT, STYLE = "atlas.json", "content.png", "style.png"
ONES = {"alpha": 1, "beta": 1, "gamma": 1}
Weights = tuple[float, float, float]
"""α, β and γ."""


@dataclass(frozen=True)
class Painted:
    """A snapshot in an atlas: its picture as a JPEG file, and its losses by name."""

    iteration: int
    jpeg: bytes
    losses: dict[str, float]


@dataclass(frozen=True)
class Grid:
    """The values of α, β and γ and the iterations of an atlas.

    Raises:
        InputError: an axis without values, or a value that cannot be a weight or an iteration.
    """

    alpha: tuple[float, ...]
    beta: tuple[float, ...]
    gamma: tuple[float, ...]
    iterations: tuple[int, ...]

    def __post_init__(self):
        for name in ("alpha", "beta", "gamma"):
            checked = {getattr(Settings(**ONES | {name: value}), name) for value in getattr(self, name)}
            object.__setattr__(self, name, tuple(sorted(checked)))
        iterations = {whole_number("each iteration", number, 1, 10**6) for number in self.iterations}
        object.__setattr__(self, "iterations", tuple(sorted(iterations)))
        if not (self.alpha and self.beta and self.gamma and self.iterations):
            raise InputError("an atlas needs at least one value each of alpha, beta, gamma and the iterations.")
        for cell in self.cells:
            if max(cell) > LARGEST_WEIGHT:
                named = " : ".join(f"{weight:g}" for weight in cell)
                raise InputError(f"the weights {named} are too far apart; a ratio may be {LARGEST_WEIGHT:g} at most.")

    @property
    def cells(self) -> list[Weights]:
        """The distinct `ratio`s of the grid's weights, each of which is painted once."""
        weights = itertools.product(self.alpha, self.beta, self.gamma)
        return list(dict.fromkeys(ratio(*each) for each in weights if any(each)))


def ratio(alpha: float, beta: float, gamma: float) -> Weights:
    """Return the weights divided by the first one that is not zero.

    Only ratios matter: Adam divides by the gradient's size, so a common factor cancels at every step, and one run
    serves all weights of one ratio.

    Used in notebooks/08_iterations_and_snapshots.
    """
    unit = next(weight for weight in (alpha, beta, gamma) if weight)
    return tuple(float(f"{weight / unit:.9g}") for weight in (alpha, beta, gamma))


class AtlasFolder:
    """A folder with `atlas.json`, both images, and for each cell a folder such as `c1,s10000,t10/`.

    A cell holds `iteration_00200.jpg` … and, written last, `losses.csv`.
    """

    def __init__(self, path: Path, recipe: Recipe, grid: Grid):
        self.path, self.recipe, self.grid = path, recipe, grid

    @classmethod
    def create(cls, path: File, recipe: Recipe, grid: Grid, images: Iterable[np.ndarray]) -> "AtlasFolder":
        """Create the folder of an atlas, or continue an existing one, also with another grid.

        Args:
            path: the folder.
            recipe: of the pictures; its α, β and γ do not count.
            grid: what to paint.
            images: content and style, each `[1, H, W, 3]`, 0..1.

        Raises:
            InputError: the folder cannot be written to, or holds an atlas of other pictures or settings.
        """
        path = Path(path)
        check_folder(path, make=True)
        if (path / ATLAS).exists() and (different := cls.open(path).recipe.differences(recipe)):
            raise InputError(f"{path} holds another atlas: {'; '.join(different)}. Name another folder.")
        text = json.dumps({"grid": vars(grid), "recipe": json.loads(recipe.to_json())}, indent=1)
        for name, image in zip((CONTENT, STYLE), images, strict=True):
            write_atomically(path / name, encode(to_pixels(image), ".png"))
        write_atomically(path / ATLAS, text.encode())
        return cls(path, recipe, grid)

    @classmethod
    def open(cls, path: File) -> "AtlasFolder":
        """Open an atlas without writing anything.

        Raises:
            InputError: there is none, or its description cannot be read.
        """
        path = Path(path)
        if not (path / ATLAS).is_file():
            raise InputError(f"{path} holds no atlas; make one with nst atlas.")
        try:
            values = json.loads((path / ATLAS).read_text())
            return cls(path, Recipe.from_json(json.dumps(values["recipe"])), Grid(**values["grid"]))
        except (TypeError, AttributeError, KeyError, ValueError, RecursionError) as error:
            raise InputError(f"{path / ATLAS} is damaged ({error}); make the atlas again with nst atlas.") from error

    @property
    def content(self) -> np.ndarray:
        """The content image, `[1, H, W, 3]`, 0..1."""
        return load_image(self.path / CONTENT, report=None)

    @property
    def style(self) -> np.ndarray:
        """The style image, `[1, H, W, 3]`, 0..1."""
        return load_image(self.path / STYLE, report=None)

    def picture(self, weights: Weights, iteration: int) -> bytes:
        """Return the JPEG file of an iteration under weights (α, β, γ).

        Raises:
            InputError: it has not been painted.
        """
        try:
            return self._picture_path(weights, iteration).read_bytes()
        except OSError as error:
            raise InputError(f"{self._cell(weights).name} is not in the atlas yet; nst atlas paints it.") from error

    def image(self, weights: Weights, iteration: int) -> np.ndarray:
        """Return the image of an iteration under weights (α, β, γ), `[1, H, W, 3]`, 0..1."""
        return load_image(self._picture_path(weights, iteration), report=None)

    def losses(self, weights: Weights) -> dict[int, dict[str, float]]:
        """Return iteration -> losses by name, for a cell that has been painted."""
        return {row.pop("iteration"): row for row in read_losses(self._cell(weights))}

    def save(self, weights: Weights, painted: list[Painted]) -> None:
        """Write a cell."""
        self._cell(weights).mkdir(exist_ok=True)
        for each in painted:
            write_atomically(self._picture_path(weights, each.iteration), each.jpeg)
        rows = [
            {"iteration": each.iteration} | {name: f"{loss:.6g}" for name, loss in each.losses.items()}
            for each in painted
        ]
        write_atomically(self._cell(weights) / LOSSES, losses_table(rows))

    def is_complete(self, weights: Weights) -> bool:
        """Whether a cell is complete and readable."""
        try:
            for iteration in self.grid.iterations:
                with opened(self._picture_path(weights, iteration)) as picture:
                    picture.load()
            return set(self.losses(weights)) >= set(self.grid.iterations)
        except (OSError, InputError):
            return False

    def missing(self) -> list[Weights]:
        """Return the cells that are still to be painted, or again; each picture is decoded to find out."""
        return [cell for cell in self.grid.cells if not self.is_complete(cell)]

    def _cell(self, weights: Weights) -> Path:
        return self.path / folder_name(Settings(*ratio(*weights)))

    def _picture_path(self, weights: Weights, iteration: int) -> Path:
        return self._cell(weights) / picture_name(iteration)
