"""An atlas on disk: pictures over a grid of α × β × γ × iteration, painted beforehand, so that looking is instant."""

import csv
import io
import itertools
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from .errors import InputError
from .files import check_folder, write_atomically
from .images import encode, load_image, to_pil
from .recipe import LONGEST_JSON, Recipe
from .settings import Settings, whole_number
from .snapshots import LOSSES, folder_name

ATLAS, CONTENT, STYLE = "atlas.json", "content.png", "style.png"
ONES = {"alpha": 1, "beta": 1, "gamma": 1}
Weights = tuple[float, float, float]
"""α, β and γ."""


@dataclass(frozen=True)
class Painted:
    """What is kept of a snapshot: its picture as a JPEG file, and its losses by name."""

    iteration: int
    jpeg: bytes
    losses: dict[str, float]


@dataclass(frozen=True)
class Grid:
    """The values of α, β and γ that an atlas holds, and the iterations that it keeps.

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

    @property
    def cells(self) -> list[Weights]:
        """The distinct `ratio`s of the grid's weights: what there is to paint."""
        weights = itertools.product(self.alpha, self.beta, self.gamma)
        return list(dict.fromkeys(ratio(*each) for each in weights if any(each)))


def ratio(alpha: float, beta: float, gamma: float) -> Weights:
    """Return the same weights divided by the first one that is not zero.

    Only ratios decide where a run goes: Adam divides by the gradient's own size, so a common factor cancels at every
    step. One run therefore serves all weights of one ratio.

    Built in notebooks/08_iterations_and_snapshots.
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
    def create(cls, path: str | os.PathLike, recipe: Recipe, grid: Grid, images: Iterable[np.ndarray]) -> "AtlasFolder":
        """Make the folder of an atlas, or go on with the one that is there; its grid may be another one.

        Args:
            path: the folder.
            recipe: of the pictures; α, β and γ of its settings do not count.
            grid: what to paint.
            images: content and style, each `[1, H, W, 3]`, 0..1.

        Raises:
            InputError: the folder cannot be written to, or holds an atlas of other pictures or settings.
        """
        path = Path(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"the folder {path} cannot be made ({error.strerror}); name another one.") from error
        check_folder(path)
        if (path / ATLAS).exists() and (different := cls.open(path).recipe.differences(recipe)):
            raise InputError(f"{path} holds another atlas: {'; '.join(different)}. Name another folder.")
        text = json.dumps({"grid": vars(grid), "recipe": json.loads(recipe.to_json())}, indent=1)
        for name, image in zip((CONTENT, STYLE), images, strict=True):
            write_atomically(path / name, encode(to_pil(image), ".png"))
        write_atomically(path / ATLAS, text.encode())
        return cls(path, recipe, grid)

    @classmethod
    def open(cls, path: str | os.PathLike) -> "AtlasFolder":
        """Open an atlas to look at it; nothing is written.

        Raises:
            InputError: there is none, or its description cannot be read.
        """
        path = Path(path)
        if not (path / ATLAS).is_file():
            raise InputError(f"{path} holds no atlas; make one with nst atlas.")
        try:
            text = (path / ATLAS).read_text()
            if len(text) > LONGEST_JSON:
                raise ValueError("it is far too long")
            values = json.loads(text)
            return cls(path, Recipe.from_json(json.dumps(values["recipe"])), Grid(**values["grid"]))
        except (TypeError, AttributeError, KeyError, ValueError, RecursionError) as error:
            raise InputError(f"{path / ATLAS} is damaged ({error}); make the atlas anew with nst atlas.") from error

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
        with (self._cell(weights) / LOSSES).open(newline="") as file:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
        return {int(row.pop("iteration")): row for row in rows}

    def save(self, weights: Weights, painted: list[Painted]) -> None:
        """Write a cell."""
        self._cell(weights).mkdir(exist_ok=True)
        for each in painted:
            write_atomically(self._picture_path(weights, each.iteration), each.jpeg)
        table = io.StringIO()
        writer = csv.DictWriter(table, ["iteration", *painted[0].losses], lineterminator="\n")
        writer.writeheader()
        for each in painted:
            writer.writerow({"iteration": each.iteration} | {name: f"{x:.6g}" for name, x in each.losses.items()})
        write_atomically(self._cell(weights) / LOSSES, table.getvalue().encode())

    def is_whole(self, weights: Weights) -> bool:
        """Whether everything of a cell is there and can be read."""
        try:
            for iteration in self.grid.iterations:
                with Image.open(self._picture_path(weights, iteration)) as picture:
                    picture.load()
            return set(self.losses(weights)) >= set(self.grid.iterations)
        except (OSError, ValueError, TypeError, KeyError, SyntaxError, csv.Error):  # what damaged files give
            return False

    def _cell(self, weights: Weights) -> Path:
        return self.path / folder_name(Settings(*ratio(*weights)))

    def _picture_path(self, weights: Weights, iteration: int) -> Path:
        return self._cell(weights) / f"iteration_{iteration:05d}.jpg"
