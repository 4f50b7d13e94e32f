"""The options of `nst`, and the command that makes the picture of a recipe."""

import argparse
import os
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from typing import Any

from ..errors import InputError
from ..files.recipe import Picture, Recipe
from ..machine.disk import File
from ..settings import CHOICES, DEFAULTS, INITS, Settings

OUTPUT, SNAPSHOT_DIR, SIZE, ITERATIONS = "output.jpg", "runs", 384, 200
MOST_ITERATIONS = 2000
"""The default for a run that ends when its picture is still."""
STARTS = tuple(each for each in INITS if each != "image")
"""Where an image may start, besides a picture file."""
USAGE = """nst CONTENT STYLE [options]
       nst PICTURE… --style STYLE --output-dir DIR [options]
       nst --resume DIR [options]"""
DESCRIPTION = "Paint a content picture in the manner of a style picture, by optimising it against VGG19's features."
TILES = "a picture too large for memory is painted in tiles"
EPILOG = (
    "Make a picture again from the recipe inside it: nst reproduce --help. Compute a grid of weights: nst atlas --help."
)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of `nst CONTENT STYLE`; options that are not given are absent from its result, except --quiet.

    A new option of the method is a field of `Settings` and one line here. What most people need comes first.
    """
    parser = argparse.ArgumentParser(
        prog="nst", usage=USAGE, description=DESCRIPTION, epilog=EPILOG, argument_default=argparse.SUPPRESS
    )
    add = parser.add_argument
    add("content", metavar="CONTENT", nargs="?", help="the picture whose structure is kept")
    add("style", metavar="STYLE", nargs="?", help="the picture whose strokes and colours are taken")
    add("-o", "--output", metavar="FILE", help=f"what to write: .jpg, .png, .webp or .tiff ({OUTPUT})")
    add("--size", metavar="N", help=f"longer side in pixels, or original ({SIZE}); {TILES}")
    add("--iterations", type=int, metavar="N", help=f"updates of the image ({ITERATIONS})")
    _add_setting(parser, "beta", "weight of the style; less keeps more of the photograph", metavar="X")
    brush = "size of the brush: of the style picture, relative to --size (1)"
    add("--style-scale", type=comma_separated, metavar="X[,X…]", help=brush)
    blend = "blend another style with the first, which has the weight 1; may be repeated"
    add("--blend", metavar="STYLE2[:X]", type=_weighted, action="append", help=blend)
    _add_setting(parser, "colors", "luminance and matched keep the photograph's colours, in two ways")
    _add_masks(parser, "--mask", "masks", "grey picture: paint where it is white; with --blend one for each style")
    _add_masks(parser, "--keep", "keep", "grey picture: keep the photograph where it is white", action="store")
    start = "where the image starts: content, noise, style or a picture"
    _add_setting(parser, "init", start, metavar="START", type=str)

    more = parser.add_argument_group("more about pictures")
    _add_setting(more, "color_strength", "how much of its colours --colors luminance keeps, 0 to 1", metavar="X")
    _add_masks(more, "--style-mask", "style_masks", "the part of the style picture to learn from; one for each style")
    more.add_argument("--enlarge", action="store_true", help="enlarge a photograph that is smaller than --size")
    more.add_argument("--bits", type=int, choices=(8, 16), help="bits per colour in a .png or .tiff (8; .tiff 16)")
    most = f"at most --iterations ({MOST_ITERATIONS}); --scales are those of {ITERATIONS} iterations"
    more.add_argument("--until-still", action="store_true", help=f"end when nothing visible changes any more; {most}")
    more.add_argument("--recipe", metavar="FILE", help="show what a picture made by nst was made from")
    more.add_argument("--quiet", action="store_true", default=False, help="report nothing but errors")

    many = parser.add_argument_group("many pictures, one after another")
    many.add_argument("--style", dest="one_style", metavar="STYLE", help="the style of all pictures and folders")
    many.add_argument("--output-dir", metavar="DIR", help="where to write them; finished pictures there are kept")
    many.add_argument("--scheduler", metavar="ADDRESS", help="paint on a Dask cluster, such as tcp://host:8786")

    disk = parser.add_argument_group("snapshots on disk")
    often = disk.add_mutually_exclusive_group()
    often.add_argument("--snapshot-every", dest="snapshots", type=int, metavar="N", help="keep every N-th iteration")
    often.add_argument("--snapshots", type=comma_separated, metavar="N,N,…", help="keep these iterations")
    disk.add_argument("--snapshot-dir", metavar="DIR", help=f"where to keep them ({SNAPSHOT_DIR})")
    disk.add_argument("--resume", metavar="DIR", help="continue a run that was kept")

    method = parser.add_argument_group("the method in detail")
    _add_setting(method, "alpha", "weight of the content loss", metavar="X")
    _add_setting(method, "gamma", "weight of the total variation loss", metavar="X")
    for name in ("content_layers", "style_layers"):
        layers = ", ".join(getattr(DEFAULTS, name))
        help_text = f"layers of VGG19, with :WEIGHT where it is not 1 ({layers})"
        method.add_argument(_flag(name), type=_pairs, metavar="A,B,C", help=help_text)
    scales = "smaller sizes to begin with and iterations at each, or none (from 128 pixels up, equally many at each)"
    method.add_argument("--scales", type=_pairs, metavar="SIZE:N,…", help=scales)
    _add_setting(method, "style_distance", "between the statistics of a style layer")
    _add_setting(method, "optimizer", "of the image")
    _add_setting(method, "learning_rate", "length of the first step, in the 0..1 pixel range", metavar="X")
    _add_setting(method, "schedule", "of the learning rate")
    _add_setting(method, "reduction", "losses as means over normalised activations, or as sums")
    _add_setting(method, "pooling", "of VGG19")
    _add_setting(method, "seed", "of the noise", metavar="N")
    _add_setting(method, "precision", "of VGG19's arithmetic")
    return parser


def parse(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options, which may stand between the pictures; bad usage ends the process.

    With --style, that is `style`, and all pictures named are `contents`.
    """
    options, more = parser.parse_known_intermixed_args(arguments)
    only_pictures = not any(word.startswith("-") for word in more)
    if "one_style" in options and only_pictures:
        options.contents = [getattr(options, name) for name in ("content", "style") if name in options] + more
        options.style, more = options.one_style, []
        del options.one_style
    if more:
        hint = "name what to write with -o, another style with --blend, and the style of many photographs with --style"
        parser.error(f"unrecognized arguments: {shlex.join(more)}" + (f" ({hint})" if only_pictures else ""))
    return options


def comma_separated(text: str) -> tuple[str, ...]:
    """Return the parts of a list on the command line, unchecked."""
    return tuple(text.split(","))


def command_line(recipe: Recipe, output: File) -> str:
    """Return the `nst` command that makes the picture of a recipe and writes it to `output`.

    Defaults are left out, except the precision, which `auto` would choose by the machine, and the scales, which `nst`
    would choose by the size and the iterations.

    Raises:
        InputError: no command does: the run began with an image that is not a file, or its first style has no weight.
    """
    s = recipe.settings
    if s.init == "image" and not recipe.init_picture:
        raise InputError("the run began with an image that is not a file; save it, and name it with --init.")
    first, *others = s.style_weights or [1] * len(recipe.styles)
    if not first:
        raise InputError("the first style has no weight; put one with a weight first.")
    words = ["nst", recipe.content.path, recipe.style.path]
    for each, weight in zip(recipe.blend, others, strict=True):
        words += ["--blend", each.path if weight == first else f"{each.path}:{weight / first:.12g}"]
    words += picture_options(recipe)
    if recipe.style_scale:
        words += ["--style-scale", ",".join(map(_text, recipe.style_scale))]
    words += ["--size", str(recipe.size), "--iterations", str(recipe.iterations)]
    words += ["--enlarge"] if recipe.enlarge else []
    words += ["--bits", str(recipe.bits)] if recipe.bits == 16 else []
    usual = Settings(schedule=s.schedule, reduction=s.reduction)  # other defaults depend on these
    for name in (field.name for field in fields(Settings)):
        value = getattr(s, name)
        default = getattr(DEFAULTS if name in ("schedule", "reduction") else usual, name)
        written = name == "style_weights" or (name == "init" and recipe.init_picture)
        if not written and (value != default or name == "scales"):
            words += [_flag(name), _text(value)]
    return shlex.join([*words, "--output", os.fspath(output)])


def picture_options(recipe: Recipe) -> list[str]:
    """Return the options that name a recipe's masks and its first image, the same for every command."""
    pairs = [*(("--mask", each) for each in recipe.masks), *(("--style-mask", each) for each in recipe.style_masks)]
    pairs += [(flag, each) for flag, each in (("--keep", recipe.keep), ("--init", recipe.init_picture)) if each]
    return [word for flag, each in pairs for word in (flag, each.path)]


def _add_masks(group: Any, flag: str, name: str, meaning: str, action: str = "append") -> None:
    group.add_argument(flag, dest=name, metavar="FILE", type=_named, action=action, help=meaning)


def _named(path: str) -> Picture:
    """Return the picture of an option, not read yet."""
    return Picture(path, "")


def _weighted(text: str) -> tuple[Picture, float]:
    """Return a picture and its weight, from FILE or FILE:X; an existing file is taken whole, colons included."""
    path, _, number = text.rpartition(":")
    if path and not os.path.lexists(text):
        with suppress(ValueError):
            return _named(path), float(number)
    return _named(text), 1.0


def _add_setting(group: Any, name: str, meaning: str, **options: Any) -> None:
    """Declare the option of a field of `Settings`, with its type, its choices and its default."""
    default = getattr(DEFAULTS, name)
    options = {"type": type(default), "choices": CHOICES.get(name)} | options
    group.add_argument(_flag(name), help=f"{meaning} ({_text(default)})", **options)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}:{_text(each)}" for name, each in value.items()) or "none"
    return str(value).removesuffix(".0")


def _pairs(text: str) -> dict[str, str | None]:
    """Return a comma-separated list of NAME or NAME:VALUE as a dict; `Settings` checks the values."""
    pairs = (part.strip().partition(":") for part in text.split(","))
    return {} if text == "none" else {name: value or None for name, _, value in pairs}
