"""From a recipe to a picture on disk, as the command makes it: whatever happens on the way, what was painted stays."""

import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import one_line
from ..files import free_name
from ..images import load_image, save_image
from ..interrupts import interrupts_held, interrupts_noted
from ..layers import check_side
from ..recipe import Recipe
from ..snapshots import RunFolder

if TYPE_CHECKING:
    from ..transfer import Snapshot, StyleTransfer

DONE, BAD_INPUT, INTERRUPTED = 0, 2, 130
Say = Callable[[str], None]


def load_pictures(recipe: Recipe, say: Say) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the recipe's content image and its style images, each `[1, H, W, 3]`.

    Raises:
        InputError: one cannot be read, or is too small for the layers.
    """
    content, *styles = (load_image(each.path, recipe.size, report=say) for each in (recipe.content, *recipe.styles))
    for name, image in (("content", content), *(("style", style) for style in styles)):
        check_side(name, image.shape, recipe.settings.layers)
    return content, styles


def begin(
    recipe: Recipe, images: tuple[np.ndarray, list[np.ndarray]], weights: Path, say: Say
) -> "tuple[StyleTransfer, Recipe]":
    """Start TensorFlow, which takes seconds, and return the run and its recipe, in which the machine is known now."""
    from ..hardware import device_name
    from ..transfer import StyleTransfer

    transfer = StyleTransfer(*images, **vars(recipe.settings), weights=weights)
    s = recipe.settings
    content, styles = images
    for each, image in zip((recipe.content, *recipe.styles), (content, *styles), strict=True):
        name = "content" if image is content else "style"
        say(f"{name:<9}{Path(each.path).name}, {image.shape[2]}×{image.shape[1]}")
    layers = ", ".join(f"{name}:{weight:.3g}" for name, weight in s.style_layers.items())
    say(f"layers   content {s.content_layer}; style {layers}; {s.style_distance} distance")
    say(f"weights  alpha {s.alpha:g}, beta {s.beta:g}, gamma {s.gamma:g}")
    machine = f"{device_name()}, network in {transfer.features.precision}"
    if s.scales:
        coarse = ", ".join(f"{iterations} at {size} px" for size, iterations in s.scales.items())
        say(f"scales   {coarse}, the others at {max(content.shape)} px")
    say(f"run      {recipe.iterations} iterations of {s.optimizer} from {s.init}, on {machine}")
    return transfer, recipe.made_by(transfer)


def paint(
    transfer: "StyleTransfer",
    recipe: Recipe,
    output: Path,
    *,
    folder: RunFolder | None,
    wanted: tuple[int, ...] | int,
    progress: bool,
    say: Say,
) -> int:
    """Run to the recipe's last iteration, keep the `wanted` ones in the folder, write the picture, and tell.

    One Ctrl-C ends the run after the step under way, a second one at once; the picture so far is written even so, and
    while it is, Ctrl-C does nothing.

    Returns:
        The command's exit code.
    """
    from ..transfer import describe, is_wanted, progress_bar

    first = last = transfer.snapshot
    trouble: BaseException | None = None

    def keep(snapshot: "Snapshot") -> None:
        try:
            folder.save(snapshot, transfer.state())
        except Exception as error:  # a full disk, say, which must not cost the picture
            print(f"nst: iteration {snapshot.iteration} could not be kept ({one_line(error)}).", file=sys.stderr)

    def record(snapshot: "Snapshot") -> None:
        nonlocal last
        last = snapshot
        if folder:
            folder.note(snapshot)
            if is_wanted(snapshot.iteration, wanted):
                keep(snapshot)

    started, there = time.perf_counter(), _stamp(output)
    with interrupts_held():
        try:
            total = recipe.iterations - first.iteration
            with interrupts_noted() as interrupted, progress_bar(transfer, total, shown=progress) as tell:
                for snapshot in transfer.steps(total):
                    record(snapshot)
                    tell(snapshot)
                    if interrupted.is_set():
                        break
        except (Exception, KeyboardInterrupt) as error:  # whatever it is, it must not cost the picture
            if last is first:
                raise
            trouble = error
        seconds = time.perf_counter() - started
        if _stamp(output) not in (None, there):
            taken, output = output, free_name(output)
            say(f"output   {output}, since {taken} has been written by another run meanwhile")
        saved = save_picture(last.image, output, replace(recipe, iterations=last.iteration))
        if folder and not trouble:  # within a step the state may be neither the old one nor the new
            keep(last)
    if trouble and not isinstance(trouble, KeyboardInterrupt):
        print(one_line(f"nst: the picture after {last.iteration} iterations is {saved}."), file=sys.stderr)
        raise trouble
    done = last.iteration == recipe.iterations
    say(f"{saved}: {'' if done else 'interrupted after '}{last.iteration} iterations, {seconds:.0f} s")
    say(f"losses at iteration {first.iteration}: {describe(first)}")
    say(f"losses at iteration {last.iteration}: {describe(last)}")
    if folder:
        say(f"snapshots in {folder.path}" + ("" if done else f"; go on with: nst --resume '{folder.path}'"))
    return BAD_INPUT if saved != output else DONE if done else INTERRUPTED


def save_picture(image: np.ndarray, output: Path, recipe: Recipe) -> Path:
    """Write a finished picture, elsewhere or without its recipe should it fail as was planned; return where it is."""
    try:
        save_image(image, output, recipe=recipe)
        return output
    except Exception as error:  # whatever it is, it must not cost the picture
        trouble = error
    if not isinstance(trouble, OSError):
        with suppress(Exception):
            save_image(image, output)
            print(one_line(f"nst: {output} was written without its recipe ({trouble})."), file=sys.stderr)
            return output
    for folder, kept in itertools.product((None, os.path.expanduser("~"), "."), (recipe, None)):
        with suppress(Exception):
            saved = Path(tempfile.mkdtemp(prefix="nst-", dir=folder)) / output.name
            save_image(image, saved, recipe=kept)
            print(one_line(f"nst: {output} could not be written ({trouble}); the picture is {saved}."), file=sys.stderr)
            return saved
    raise trouble


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one that takes its place; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
