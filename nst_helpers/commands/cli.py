"""The command `nst`: a content picture and a style picture in, output.jpg out."""

import os
import shlex
import sys
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import fields, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import InputError, one_line
from ..files.images import longer_side
from ..files.recipe import Picture, Recipe, read_recipe
from ..files.run_folder import RunFolder
from ..machine.disk import File, locked
from ..machine.interrupts import terminate_like_interrupt
from ..machine.progress import progress_bar
from ..machine.vgg_weights import FILE_SHA256, find_weights
from ..settings import Settings, coarse_to_fine, whole_number
from . import options
from .painting import BAD_INPUT, DONE, INTERRUPTED, Bar, begin, choose_output, load_pictures, paint, transparency
from .series import Series
from .terminal import Report, lasting_output, reporter

COMMANDS = ("reproduce", "atlas")
"""`nst NAME …`: the modules whose `main(arguments)` does it; a picture of such a name is given as ./NAME."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 2 bad usage or input, 130 interrupted."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    terminate_like_interrupt()
    with lasting_output(), warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: _complain(message)
        try:
            if arguments and arguments[0] in COMMANDS:
                return import_module(f".{arguments[0]}", __package__).main(arguments[1:])
            given = vars(options.parse(options.build_parser(), arguments))
            if "recipe" in given:
                return _show_recipe(given)
            contents = given.pop("contents", [])
            folder = any(map(os.path.isdir, contents or [given.get("content", "")]))
            if folder or len(contents) > 1 or {"output_dir", "scheduler"} & set(given):
                return _series(given, contents)
            if contents:
                given["content"] = contents[0]
            return _transfer(given, reporter(given["quiet"]))
        except InputError as error:
            _complain(error)
            return BAD_INPUT
        except OSError as error:
            _complain(f"{error.filename or 'a file'} could not be read or written ({error.strerror or error}).")
            return BAD_INPUT
        except KeyboardInterrupt:
            _complain("interrupted; no picture was written.")
            return INTERRUPTED


def _complain(what: object) -> None:
    print(one_line(f"nst: {what}"), file=sys.stderr)


def _show_recipe(given: dict[str, Any]) -> int:
    if set(given) - {"recipe", "quiet"}:
        raise InputError(
            "--recipe shows what a picture was made from and takes nothing else; see nst reproduce --help."
        )
    recipe = read_recipe(given["recipe"])
    styles = [word for each in recipe.styles for word in ("--style", each.path)]
    words = ["--content", recipe.content.path, *styles, *options.picture_options(recipe)]
    again = shlex.join(["nst", "reproduce", given["recipe"], *words])
    print(recipe.describe(), one_line(f"{'again':<14} {again}"), sep="\n")
    return DONE


def _series(given: dict[str, Any], contents: Sequence[str]) -> int:
    """Paint many pictures, each with the same options."""
    folder, scheduler, quiet = given.pop("output_dir", ""), given.pop("scheduler", None), given["quiet"]
    if not (contents and folder):
        raise InputError("many pictures take the form nst PICTURE… --style STYLE --output-dir DIR.")
    if {"output", "resume"} & set(given):
        raise InputError("many pictures go to --output-dir, and on by themselves; leave out --output and --resume.")
    kept = {"snapshots", "snapshot_dir"} & set(given)
    if scheduler and kept:
        raise InputError("what a Dask cluster paints comes back when it is finished; leave out the snapshots.")

    def recipe_of(content: File) -> Recipe:
        return _recipe(given | {"content": os.fspath(content)}, None)

    def paint_one(content: Path, output: Path, report: Report, bar: Bar, unfinished: Path) -> int:
        one = given | {"content": os.fspath(content), "output": os.fspath(output)}
        if kept and (run := RunFolder.find(given.get("snapshot_dir", options.SNAPSHOT_DIR), recipe_of(content))):
            one["resume"] = run.path
        return _transfer(one, report, bar=bar, unfinished=unfinished)

    still = given.get("until_still", False)
    series = Series(Path(folder), recipe_of, partial(_with_scales, given=given), until_still=still, quiet=quiet)
    recipe = recipe_of(given["style"])  # in a photograph's place, to find what would fail for all of them
    load_pictures(replace(recipe, masks=(), keep=None, init_picture=None), series.say)
    way = partial(series.on_cluster, scheduler) if scheduler else partial(series.here, paint_one)
    return series.paint(contents, way)


def _transfer(given: dict[str, Any], report: Report, *, bar: Bar | None = None, unfinished: Path | None = None) -> int:
    """Check everything that needs no TensorFlow, which takes seconds to start; then run."""
    resumed = RunFolder.open(given["resume"]) if "resume" in given else None
    recipe = _recipe(given, resumed)
    state = resumed.load_state() if resumed else {"iteration": 0}
    if int(state["iteration"]) >= recipe.iterations and not bar:
        raise InputError(f"{resumed.path} has its {recipe.iterations} iterations; ask for more with --iterations.")
    inputs = [each.path for each in recipe.pictures]
    output = choose_output(recipe.output, options.OUTPUT, inputs, report, recipe.bits)
    recipe = replace(recipe, output=os.path.abspath(output))
    pictures = load_pictures(recipe, report)
    opacity = transparency(recipe, pictures["content"], output, report)
    if not resumed:
        recipe = _with_scales(recipe, pictures["content"].shape, given)
    weights = find_weights()
    folder = resumed
    if not resumed and ("snapshot_dir" in given or "snapshots" in given):
        folder = RunFolder.create(given.get("snapshot_dir", options.SNAPSHOT_DIR), recipe)
    with locked(folder.path) if folder else nullcontext():
        try:
            transfer, recipe = begin(recipe, pictures, weights, report)
        except BaseException:
            if folder and not resumed:
                folder.discard()
            raise
        if folder and "image" not in state:  # also of a run that was stopped before its first snapshot
            folder.begin(transfer.snapshot, recipe)
        elif folder:
            if others := folder.recipe.environment_changes(recipe):
                report(f"resumed  {'; '.join(others)}: the picture may differ from that of an uninterrupted run")
            try:
                transfer.restore(state)
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(f"{folder.path} cannot be resumed ({error}); start the run again.") from error
            folder.resume(recipe)
        bar = bar or partial(progress_bar, shown=not given["quiet"])
        how = {"folder": folder, "bar": bar, "opacity": opacity, "report": report, "unfinished": unfinished}
        return paint(transfer, recipe, output, until_still=given.get("until_still", False), **how)


def _recipe(given: dict[str, Any], resumed: RunFolder | None) -> Recipe:
    """Return the recipe that was asked for; of a resumed run only the iterations and the output may change."""
    before = resumed.recipe if resumed else None
    if before:
        before.check_version(resumed.path)
    elif not {"content", "style"} <= set(given):
        raise InputError("name a content picture and a style picture: nst CONTENT STYLE (more with nst --help).")
    asked = {field.name: given[field.name] for field in fields(Recipe) if field.name in given}
    asked |= {name: Picture(given[name], "") for name in ("content", "style") if name in given}
    changes = {field.name: given[field.name] for field in fields(Settings) if field.name in given}
    if "blend" in given:
        asked["blend"], weights = zip(*given["blend"], strict=True)
        changes["style_weights"] = () if set(weights) == {1} else (1, *weights)
    if "init" in given:
        start, named = given["init"], given["init"] in options.STARTS
        if not named and not os.path.lexists(start):
            raise InputError(f"--init takes {', '.join(options.STARTS)} or a picture, and {start} does not exist.")
        asked["init_picture"] = None if named else Picture(start, "")
        changes["init"] = start if named else "image"
    iterations = before.iterations if before else options.ITERATIONS
    if given.get("until_still"):
        iterations = max(iterations, options.MOST_ITERATIONS)
    asked.setdefault("iterations", iterations)
    if "snapshots" in given:
        asked["snapshots"] = _checked(given["snapshots"], asked["iterations"])
    if asked.get("size") == "original":
        asked["size"] = longer_side(asked.get("content", before and before.content).path)
    asked["settings"] = replace(before.settings, **changes) if before else Settings(**changes)
    if "color_strength" in given and asked["settings"].colors != "luminance":
        raise InputError("--color-strength says how much of the colours --colors luminance keeps; give that, too.")
    asked = {"weights_sha256": FILE_SHA256, "size": before.size if before else options.SIZE} | asked
    recipe = replace(before, **asked) if before else Recipe(**asked)
    recipe = recipe.with_pictures(lambda each: Picture.of(each.path))
    if before and (different := before.differences(recipe)):
        raise InputError(f"{resumed.path} cannot be resumed like this: {'; '.join(different)}.")
    return recipe


def _with_scales(recipe: Recipe, shape: Sequence[int], given: dict[str, Any]) -> Recipe:
    """Return a new run's recipe with its smaller sizes, chosen by the content's shape unless they were given."""
    if "scales" in given:
        return recipe
    iterations = min(recipe.iterations, options.ITERATIONS) if given.get("until_still") else recipe.iterations
    return replace(recipe, settings=replace(recipe.settings, scales=coarse_to_fine(shape, iterations)))


def _checked(snapshots: Sequence[str] | int, iterations: int) -> tuple[int, ...] | int:
    if isinstance(snapshots, int):
        return whole_number("--snapshot-every", snapshots, 1, 10_000_000)
    return tuple(whole_number("each of --snapshots", number, 1, iterations) for number in snapshots)
