"""A steered run's picture as a file, and the command line that makes it again, as far as there is one."""

from dataclasses import dataclass, replace
from pathlib import Path

from ..commands.command_line import command_line
from ..errors import InputError
from ..images import save_image
from ..recipe import Picture
from .steered import SteeredRun


@dataclass(frozen=True)
class Export:
    """A picture's file, the `nst` command of its settings, and whether that makes this very picture.

    `obstacle` says why it does not; it is empty if the command and the picture agree to the last bit.
    """

    path: Path
    command: str
    obstacle: str


def export(run: SteeredRun, folder: Path, temporary: Path | None = None) -> Export:
    """Write the present picture of a run into a folder, as explorer-1.png or the next free number.

    The file carries its recipe if the recipe is true, which it is not once a weight was changed on the way.

    Args:
        run: what made the picture.
        folder: where to write.
        temporary: a folder that will not last; pictures from there are copied beside the result.

    Raises:
        InputError: the run has had no iteration, or the folder cannot be written to.

    Built in notebooks/06_weight_explorer.
    """
    if not run.iteration:
        raise InputError("there is no picture to save yet; run some iterations first.")
    path = _free_name(folder)
    recipe = run.recipe_so_far()
    for name in ("content", "style"):
        source = Path(getattr(recipe, name).path)
        if source.parent == temporary:
            recipe = replace(recipe, **{name: _copied(source, path.with_name(f"{path.stem}-{name}{source.suffix}"))})
    save_image(run.image, path, recipe=None if run.obstacle else recipe)
    return Export(path, command_line(recipe, path.name), run.obstacle)


def _copied(source: Path, target: Path) -> Picture:
    target.write_bytes(source.read_bytes())
    return Picture.of(target)


def _free_name(folder: Path) -> Path:
    number = 1
    while (path := folder / f"explorer-{number}.png").exists():
        number += 1
    return path
