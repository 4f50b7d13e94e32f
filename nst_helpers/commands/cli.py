"""The command `nst`: a content picture and a style picture in, output.jpg out."""

import argparse
import os
import shlex
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, one_line
from ..files import free_name, held
from ..images import check_new_output
from ..interrupts import terminate_like_interrupt
from ..recipe import Picture, Recipe, read_recipe
from ..settings import CHOICES, DEFAULTS, Settings, coarse_to_fine, whole_number
from ..snapshots import RunFolder
from ..vgg_weights import find_weights
from .painting import BAD_INPUT, DONE, INTERRUPTED, begin, load_pictures, paint
from .pictures import parse
from .terminal import lasting_output

if TYPE_CHECKING:  # transfer.py starts TensorFlow
    from ..transfer import StyleTransfer

OUTPUT, SNAPSHOT_DIR, SIZE, ITERATIONS = "output.jpg", "runs", 384, 200
DESCRIPTION = "Paint a content picture in the manner of a style picture, by optimising it against VGG19's features."
EPILOG = (
    "Make a picture again from the recipe inside it: nst reproduce --help. Compute a grid of weights: nst atlas --help."
)
COMMANDS = ("reproduce", "atlas")
"""`nst NAME …`: the modules whose `main(arguments)` does it; a picture of such a name is given as ./NAME."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 2 bad usage or input, 130 interrupted."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    terminate_like_interrupt()
    with lasting_output(), warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: print(one_line(f"nst: {message}"), file=sys.stderr)
        try:
            if arguments and arguments[0] in COMMANDS:
                return import_module(f".{arguments[0]}", __package__).main(arguments[1:])
            return _transfer(parse(_parser(), arguments))
        except InputError as error:
            print(f"nst: {error}", file=sys.stderr)
            return BAD_INPUT
        except OSError as error:
            what = f"{error.filename or 'a file'} could not be read or written ({error.strerror or error})."
            print(one_line(f"nst: {what}"), file=sys.stderr)
            return BAD_INPUT
        except KeyboardInterrupt:
            print("nst: interrupted; no picture was written.", file=sys.stderr)
            return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    # Options that are not given stay out of the result, so that --resume can tell them from those that are.
    parser = argparse.ArgumentParser(
        prog="nst", description=DESCRIPTION, epilog=EPILOG, argument_default=argparse.SUPPRESS
    )
    add = parser.add_argument
    add("content", metavar="CONTENT", nargs="?", help="the picture whose structure is kept")
    add("style", metavar="STYLE", nargs="?", help="the picture whose strokes and colours are taken")
    add("--blend", metavar="STYLE2", action="append", help="blend the style with this one, too; may be repeated")
    add("-o", "--output", metavar="FILE", help=f"what to write, .jpg or .png ({OUTPUT}, or with a number)")
    add("--size", type=int, help=f"longer side in pixels ({SIZE})")
    add("--iterations", type=int, metavar="N", help=f"updates of the image ({ITERATIONS})")
    weights = parser.add_argument_group("weights of the losses")
    for name, loss in (("alpha", "content"), ("beta", "style"), ("gamma", "total variation")):
        weights.add_argument(f"--{name}", type=float, help=f"{loss} weight ({getattr(DEFAULTS, name):g})")
    method = parser.add_argument_group("method")
    add = method.add_argument
    add("--content-layer", metavar="LAYER", help=f"({DEFAULTS.content_layer})")
    add(
        "--style-layers",
        metavar="A,B,C",
        type=_style_layers,
        help=f"with :WEIGHT where it is not the usual one ({', '.join(DEFAULTS.style_layers)})",
    )
    add(
        "--scales",
        metavar="SIZE:N,…",
        type=_scales,
        help="smaller sizes to begin with and iterations at each, or none (from 128 pixels up, as many at each)",
    )
    add("--init", choices=("content", "noise", "style"), help=f"where the image starts ({DEFAULTS.init})")
    add("--learning-rate", type=float, help=f"first step, of the 0..1 pixel range ({DEFAULTS.learning_rate:g})")
    for name in ("style_distance", "optimizer", "schedule", "reduction", "pooling", "colors", "precision"):
        add(f"--{name.replace('_', '-')}", choices=CHOICES[name], help=f"({getattr(DEFAULTS, name)})")
    add("--seed", type=int, help=f"of the noise ({DEFAULTS.seed})")
    disk = parser.add_argument_group("snapshots")
    often = disk.add_mutually_exclusive_group()
    often.add_argument("--snapshot-every", dest="snapshots", type=int, metavar="N", help="keep every N-th iteration")
    often.add_argument("--snapshots", type=_iterations, metavar="N,N,…", help="keep these iterations")
    disk.add_argument("--snapshot-dir", metavar="DIR", help=f"where to keep them ({SNAPSHOT_DIR})")
    disk.add_argument("--resume", metavar="DIR", help="go on with a run that was kept")
    parser.add_argument("--recipe", metavar="FILE", help="show what a picture made by nst was made from")
    parser.add_argument("--quiet", action="store_true", default=False, help="say nothing but errors")
    return parser


def _transfer(options: argparse.Namespace) -> int:
    """Check all that can be checked at once, only then start TensorFlow, and run."""
    given = {name.replace("-", "_"): value for name, value in vars(options).items()}
    if "recipe" in given:
        return _show_recipe(given)
    say = (lambda line: None) if options.quiet else (lambda line: print(one_line(line), flush=True))
    folder = RunFolder.open(given["resume"]) if "resume" in given else None
    if folder:
        folder.recipe.check_version(folder.path)
    recipe = _recipe(given, folder)
    state = folder.load_state() if folder else {"iteration": 0}
    wanted = _wanted(given, recipe.iterations)
    if int(state["iteration"]) >= recipe.iterations:
        raise InputError(f"{folder.path} has its {recipe.iterations} iterations; ask for more with --iterations.")
    output = _output(given, recipe, say)
    recipe = replace(recipe, output=os.path.abspath(output))
    images = load_pictures(recipe, say)
    if not folder and "scales" not in given:
        scales = coarse_to_fine(images[0].shape, recipe.iterations)
        recipe = replace(recipe, settings=replace(recipe.settings, scales=scales))
    weights = find_weights()
    fresh = not folder and ("snapshot_dir" in given or "snapshots" in given)
    if fresh:
        folder = RunFolder.create(given.get("snapshot_dir", SNAPSHOT_DIR), recipe)
    with held(folder.path) if folder else nullcontext():
        try:
            transfer, recipe = begin(recipe, images, weights, say)
        except BaseException:
            if fresh:
                folder.give_up()
            raise
        if "image" in state:
            _restore(transfer, recipe, folder, state, say)
        elif folder:
            folder.begin(transfer.snapshot, recipe)
        return paint(transfer, recipe, output, folder=folder, wanted=wanted, progress=not options.quiet, say=say)


def _restore(
    transfer: "StyleTransfer", recipe: Recipe, folder: RunFolder, state: Mapping[str, Any], say: Callable[[str], None]
) -> None:
    """Bring a run to where it stopped, and remember how far it is to go now."""
    if others := folder.recipe.other_surroundings(recipe):
        say(f"resumed  {'; '.join(others)}: the picture may differ from that of an uninterrupted run")
    try:
        transfer.restore(state)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder.path} cannot be gone on with ({error}); start the run anew.") from error
    folder.go_on(recipe)


def _output(given: dict[str, Any], recipe: Recipe, say: Callable[[str], None]) -> Path:
    """Return where to write: as asked for now or when a run began, else a free name; and tell what is there."""
    wanted = Path(given.get("output", recipe.output or OUTPUT))
    named = "output" in given or recipe.output
    output = check_new_output(
        wanted if named else free_name(wanted), *(each.path for each in (recipe.content, *recipe.styles))
    )
    if output != wanted:
        say(f"output   {output}, since {wanted} is there already")
    elif output.exists():
        say(f"output   {output}, in the place of the picture that is there")
    return output


def _show_recipe(given: dict[str, Any]) -> int:
    if set(given) - {"recipe", "quiet"}:
        raise InputError(
            "--recipe shows what a picture was made from and takes nothing else; see nst reproduce --help."
        )
    recipe = read_recipe(given["recipe"])
    styles = [word for each in recipe.styles for word in ("--style", each.path)]
    again = shlex.join(["nst", "reproduce", given["recipe"], "--content", recipe.content.path, *styles])
    print(recipe.describe(), one_line(f"{'again':<14} {again}"), sep="\n")
    return DONE


def _recipe(given: dict[str, Any], folder: RunFolder | None) -> Recipe:
    """Put together what is asked for; a run that is resumed must be asked for as it began, iterations aside."""
    begun = folder.recipe if folder else None
    pictures = {}
    for name in ("content", "style"):
        if name not in given and not begun:
            raise InputError("name a content picture and a style picture: nst CONTENT STYLE (more with nst --help).")
        pictures[name] = Picture.of(given[name] if name in given else getattr(begun, name).path)
    blend = given.get("blend", [each.path for each in begun.blend] if begun else ())
    pictures["blend"] = tuple(map(Picture.of, blend))
    size = given.get("size", begun.size if begun else SIZE)
    iterations = given.get("iterations", begun.iterations if begun else ITERATIONS)
    names = {field.name for field in fields(Settings)}
    chosen = {name: value for name, value in given.items() if name in names}
    settings = replace(begun.settings, **chosen) if begun else Settings(**chosen)
    output = begun.output if begun else ""
    recipe = Recipe(**pictures, size=size, iterations=iterations, settings=settings, output=output)
    if begun and (different := begun.differences(recipe)):
        raise InputError(f"{folder.path} cannot be resumed like this: {'; '.join(different)}.")
    return recipe


def _style_layers(text: str) -> dict[str, str | None]:
    pairs = (part.strip().partition(":") for part in text.split(","))
    return {name: weight or None for name, _, weight in pairs}  # Settings sees to it that the weights are numbers


def _scales(text: str) -> dict[str, str]:
    pairs = (part.strip().partition(":") for part in text.split(","))
    return {} if text == "none" else {size: iterations for size, _, iterations in pairs}  # which Settings checks


def _iterations(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _wanted(given: dict[str, Any], iterations: int) -> tuple[int, ...] | int:
    """Return the iterations whose pictures are to be kept, or m for every m-th."""
    wanted = given.get("snapshots", ())
    if isinstance(wanted, int):
        return whole_number("--snapshot-every", wanted, 1, 10_000_000)
    return tuple(whole_number("each of --snapshots", number, 1, iterations) for number in wanted)
