"""A recipe as the command line that makes its picture again."""

import os
import shlex
from dataclasses import fields

from ..errors import InputError
from ..recipe import Recipe
from ..settings import Settings


def command_line(recipe: Recipe, output: str | os.PathLike) -> str:
    """Return the `nst` command that makes the picture of a recipe and writes it to `output`.

    What is as usual stays out of it, but the arithmetic, which `auto` would choose by the machine, and the scales,
    which nst would choose by the size and the iterations.

    Raises:
        InputError: the run began with an image of its own, which no command can name.

    Built in notebooks/06_weight_explorer.
    """
    s = recipe.settings
    if s.init == "image":
        raise InputError("the run began with an image of its own; nst can begin with the content, the style or noise.")
    usual = Settings(schedule=s.schedule, reduction=s.reduction)  # on which other defaults depend
    words = ["nst", recipe.content.path, recipe.style.path]
    words += [word for each in recipe.blend for word in ("--blend", each.path)]
    words += ["--size", str(recipe.size), "--iterations", str(recipe.iterations)]
    for name in (field.name for field in fields(Settings)):
        value = getattr(s, name)
        ordinary = usual if name in ("learning_rate", "style_layers", "style_distance") else Settings()
        if name == "scales" or value != getattr(ordinary, name):
            words += [f"--{name.replace('_', '-')}", _text(name, value, usual)]
    return shlex.join([*words, "--output", os.fspath(output)])


def _text(name: str, value: object, usual: Settings) -> str:
    if name == "scales":
        return ",".join(f"{size}:{iterations}" for size, iterations in value.items()) or "none"
    if name == "style_layers":
        ordinary = Settings(reduction=usual.reduction, style_layers=list(value)).style_layers
        return ",".join(
            layer if weight == ordinary[layer] else f"{layer}:{_text('', weight, usual)}"
            for layer, weight in value.items()
        )
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return str(value)
