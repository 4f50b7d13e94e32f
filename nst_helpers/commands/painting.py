"""From a recipe to a picture on disk, as the command makes it; whatever happens, the picture so far is kept."""

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError, one_line
from ..files.fitted import load_fitting, load_mask, load_opacity
from ..files.images import OPAQUE, check_output, load_image, save_image
from ..files.recipe import Picture, Recipe
from ..files.run_folder import RunFolder
from ..layers import check_side
from ..machine.disk import File, free_name
from ..machine.interrupts import interrupts_deferred, interrupts_ignored
from .terminal import Report

if TYPE_CHECKING:  # transfer.py starts TensorFlow
    from ..transfer import Snapshot, StyleTransfer

DONE, BAD_INPUT, INTERRUPTED = 0, 2, 130

Bar = Callable[["StyleTransfer", int], AbstractContextManager[Callable[["Snapshot"], None]]]
"""Shows the progress of a run's next iterations, and yields a function to call with each snapshot."""


def choose_output(named: str, usual: str, inputs: Iterable[File], report: Report, bits: int | None = None) -> Path:
    """Return where to write: the file that was named, or else the usual one, with a number if it exists.

    Raises:
        InputError: it cannot be written, its format does not hold so many bits, or it is one of the inputs.
    """
    wanted = Path(named or usual)
    output = check_output(wanted if named else free_name(wanted), bits)
    if output.exists() and any(output.samefile(each) for each in inputs):
        raise InputError(f"{output} is one of the pictures to read; name another file with -o.")
    if output != wanted:
        report(f"output   {output}, since {wanted} exists already")
    elif output.exists():
        report(f"output   {output}, which replaces the picture that is there")
    return output


def load_pictures(recipe: Recipe, report: Report) -> dict[str, Any]:
    """Return the recipe's pictures as `StyleTransfer` takes them, by the names of its arguments.

    Raises:
        InputError: one cannot be read, is too small for the layers, or does not fit the others.
    """
    content = load_image(recipe.content.path, recipe.size, enlarge=recipe.enlarge, report=report)
    sizes = zip(recipe.styles, recipe.style_sizes, strict=True)
    styles = [load_image(each.path, size, report=report) for each, size in sizes]
    for name, image in (("content", content), *(("style", style) for style in styles)):
        check_side(name, image.shape, recipe.settings.layers)
    pictures = {"content": content, "style": styles}
    pictures["masks"] = [load_mask(each.path, content.shape, report=report) for each in recipe.masks]
    pairs = zip(recipe.style_masks, styles, strict=False)
    pictures["style_masks"] = [load_mask(each.path, style.shape, report=report) for each, style in pairs]
    if recipe.keep:
        pictures["keep"] = load_mask(recipe.keep.path, content.shape, report=report)
    if recipe.init_picture:
        pictures["init"] = load_fitting(recipe.init_picture.path, content.shape, report=report)
    return pictures


def transparency(recipe: Recipe, content: np.ndarray, output: Path, report: Report) -> np.ndarray | None:
    """Return the content picture's opacity `[H, W]` for the finished one; None if there is nothing transparent."""
    opacity = load_opacity(recipe.content.path, content.shape)
    if opacity is not None and output.suffix.lower() in OPAQUE:
        report(f"output   {output}, without transparency, which a .png, .webp or .tiff would keep")
        return None
    return opacity


def begin(recipe: Recipe, pictures: dict[str, Any], weights: Path, report: Report) -> "tuple[StyleTransfer, Recipe]":
    """Start TensorFlow, which takes seconds, and return the run and its recipe, which now names the machine."""
    from ..machine.hardware import device_name
    from ..transfer import StyleTransfer

    transfer = StyleTransfer(**vars(recipe.settings) | pictures, weights=weights)
    s = recipe.settings
    for line in _about(recipe, pictures):
        report(line)
    layers = ", ".join(f"{name}:{weight:.3g}" for name, weight in s.style_layers.items())
    report(f"layers   content {', '.join(s.content_layers)}; style {layers}; {s.style_distance} distance")
    report(f"weights  alpha {s.alpha:g}, beta {s.beta:g}, gamma {s.gamma:g}")
    if s.scales:
        coarse = ", ".join(f"{iterations} at {size} px" for size, iterations in s.scales.items())
        report(f"scales   {coarse}, the others at {max(pictures['content'].shape)} px")
    machine = f"{device_name()}, network in {transfer.features.precision}"
    start = Path(recipe.init_picture.path).name if recipe.init_picture else s.init
    report(f"run      {recipe.iterations} iterations of {s.optimizer} from {start}, on {machine}")
    return transfer, recipe.made_by(transfer)


def _about(recipe: Recipe, pictures: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each picture of a run: its name, and its size or how much of the picture a mask covers."""
    weights, content = recipe.settings.style_weights, pictures["content"]
    shares = [f", {weight:.0%} of the blend" for weight in weights] or [""] * len(recipe.styles)
    yield f"content  {_name(recipe.content)}, {_size(content)}"
    for each, image, share in zip(recipe.styles, pictures["style"], shares, strict=True):
        yield f"style    {_name(each)}, {_size(image)}{share}"
    kept = [(recipe.keep, pictures["keep"])] if recipe.keep else []
    for role, masks in (
        ("mask", zip(recipe.masks, pictures["masks"], strict=True)),
        ("of style", zip(recipe.style_masks, pictures["style_masks"], strict=True)),
        ("keep", kept),
    ):
        for each, mask in masks:
            yield f"{role:<9}{_name(each)}, {mask.mean():.0%} of the picture"


def _name(picture: Picture) -> str:
    return Path(picture.path).name


def _size(image: np.ndarray) -> str:
    return f"{image.shape[2]}×{image.shape[1]}"


def paint(
    transfer: "StyleTransfer",
    recipe: Recipe,
    output: Path,
    *,
    folder: RunFolder | None,
    bar: Bar,
    opacity: np.ndarray | None,
    report: Report,
    until_still: bool = False,
    unfinished: Path | None = None,
) -> int:
    """Run to the recipe's last iteration, keep its snapshots in the folder, write the picture, and report.

    The first Ctrl-C ends the run after the present step, a second one at once; in both cases the picture so far is
    written, and Ctrl-C is ignored meanwhile.

    Args:
        transfer, recipe: what to run, and how far.
        output: the picture's file.
        folder: of the run, if it is kept.
        bar: shows the progress.
        opacity: of the picture, as `transparency` returns it.
        report: receives each line about the run.
        until_still: whether to end earlier if the picture no longer changes visibly.
        unfinished: another file, for a picture that was interrupted.

    Returns:
        The command's exit code.
    """
    from ..transfer import is_wanted

    first = last = transfer.snapshot
    total = recipe.iterations - first.iteration
    trouble: BaseException | None = None
    existed, started = output.exists(), time.perf_counter()
    with interrupts_ignored():
        try:
            with interrupts_deferred() as interrupted, bar(transfer, total) as update:
                for last in transfer.steps(total, until_still=until_still):
                    if folder:
                        folder.record(last)
                        if is_wanted(last.iteration, recipe.snapshots):
                            _keep(last, transfer, folder)
                    update(last)
                    if interrupted.is_set():
                        break
        except (Exception, KeyboardInterrupt) as error:  # the picture so far must not be lost
            if last is first:
                raise
            trouble = error
        seconds = time.perf_counter() - started
        all_there = last.iteration == recipe.iterations
        done = all_there or not (trouble or interrupted.is_set())
        if not done and unfinished:
            output, existed = unfinished, True
        if output.exists() and not existed:
            taken, output = output, free_name(output)
            report(f"output   {output}, since another run has written {taken} meanwhile")
        saved = save_picture(last.image, output, replace(recipe, iterations=last.iteration), opacity)
        if folder and not trouble:  # an interrupted step may leave a state that is neither the old nor the new one
            if done:
                folder.resume(replace(recipe, iterations=last.iteration))
            _keep(last, transfer, folder)
    if trouble and not isinstance(trouble, KeyboardInterrupt):
        print(one_line(f"nst: the picture after {last.iteration} iterations is {saved}."), file=sys.stderr)
        raise trouble
    ended = "; after that nothing visible would change"
    if not (until_still and done):
        ended = ""
    elif all_there:
        ended = "; it still changes visibly, more with --iterations"
    report(f"{saved}: {'' if done else 'interrupted after '}{last.iteration} iterations, {seconds:.0f} s{ended}")
    report(f"losses at iteration {first.iteration}: {first.describe()}")
    report(f"losses at iteration {last.iteration}: {last.describe()}")
    if folder:
        again = f"nst --resume '{folder.path}'{' --until-still' if until_still else ''}"
        report(f"snapshots in {folder.path}" + ("" if done else f"; go on with: {again}"))
    return BAD_INPUT if saved != output else DONE if done else INTERRUPTED


def _keep(snapshot: "Snapshot", transfer: "StyleTransfer", folder: RunFolder) -> None:
    try:
        folder.save(snapshot, transfer.state())
    except Exception as error:  # such as a full disk; the run goes on
        print(f"nst: iteration {snapshot.iteration} could not be kept ({one_line(error)}).", file=sys.stderr)


def save_picture(image: np.ndarray, output: Path, recipe: Recipe, opacity: np.ndarray | None = None) -> Path:
    """Write a finished picture and return its path; if need be, in another folder or without its recipe."""
    rescue = [free_name(Path(folder) / output.name) for folder in (tempfile.gettempdir(), os.path.expanduser("~"))]
    failed = None
    for kept, path in itertools.product((recipe, None), (output, *rescue)):
        try:
            save_image(image, path, recipe=kept, bits=kept and kept.bits, opacity=opacity)
        except Exception as error:  # the next place is tried
            failed = failed or error
            continue
        if failed:
            what = "was written without its recipe" if path == output else "could not be written"
            print(one_line(f"nst: {output} {what} ({failed}); the picture is {path}."), file=sys.stderr)
        return path
    raise failed
