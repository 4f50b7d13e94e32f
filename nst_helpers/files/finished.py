"""The finished pictures in a folder, recognised by their recipes, not by their names."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from .images import SAVE_OPTIONS
from .pixels import opened
from .recipe import Recipe, read_recipe

UNFINISHED = ".unfinished"
"""Marks the file name of an interrupted picture, before the extension."""


class FinishedPictures:
    """The pictures in a folder that nst has finished."""

    def __init__(self, folder: Path):
        self._pictures: list[tuple[Path, Recipe]] = []
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() in SAVE_OPTIONS and not path.stem.endswith(UNFINISHED):
                with suppress(InputError):
                    self._pictures.append((path, read_recipe(path)))

    def has(self, recipe_at: Callable[[Sequence[int]], Recipe], *, still: bool = False) -> bool:
        """Whether the picture of a recipe is there.

        Args:
            recipe_at: returns the recipe for an image of a shape, `[1, H, W, 3]`.
            still: whether the picture may have fewer iterations, because it was still.
        """
        return any(
            (shape := _shape(path)) and _fits(finished, recipe_at(shape), still) for path, finished in self._pictures
        )


def unfinished(path: Path) -> Path:
    """Return where the interrupted picture for `path` is kept."""
    return path.with_stem(path.stem + UNFINISHED)


def _shape(path: Path) -> Sequence[int] | None:
    """Return the shape of a picture, or None if it is damaged."""
    with suppress(InputError), opened(path) as image:
        image.load()
        return 1, image.height, image.width, 3
    return None


def _fits(finished: Recipe, wanted: Recipe, still: bool) -> bool:
    if wanted.settings.precision == "auto":  # another machine may choose differently
        wanted = replace(wanted, settings=replace(wanted.settings, precision=finished.settings.precision))
    enough = finished.iterations <= wanted.iterations if still else finished.iterations == wanted.iterations
    return enough and wanted.bits in (None, finished.bits) and not wanted.differences(finished)
