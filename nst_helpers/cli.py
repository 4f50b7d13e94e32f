"""The command `nst`: a content picture and a style picture in, output.jpg out."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from .errors import InputError
from .images import check_output, load_image, save_image
from .layers import check_side
from .recipe import Picture, Recipe
from .settings import CHOICES, DEFAULTS, Settings, whole_number
from .snapshots import RunFolder
from .vgg_weights import find_weights

OUTPUT, SNAPSHOT_DIR, SIZE, ITERATIONS = "output.jpg", "runs", 384, 200
DESCRIPTION = "Paint a content picture in the manner of a style picture, by optimising it against VGG19's features."
DONE, BAD_INPUT, INTERRUPTED = 0, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 2 bad usage or input, 130 interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        return _transfer(_parser().parse_args(arguments))
    except InputError as error:
        print(f"nst: {error}", file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(
            f"nst: {error.filename or 'a file'} could not be read or written ({error.strerror or error}).",
            file=sys.stderr,
        )
        return BAD_INPUT
    except KeyboardInterrupt:
        print("nst: interrupted; no picture was written.", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    # Options that are not given stay out of the result, so that --resume can tell them from those that are.
    parser = argparse.ArgumentParser(prog="nst", description=DESCRIPTION, argument_default=argparse.SUPPRESS)
    add = parser.add_argument
    add("content", metavar="CONTENT", nargs="?", help="the picture whose structure is kept")
    add("style", metavar="STYLE", nargs="?", help="the picture whose strokes and colours are taken")
    add("-o", "--output", metavar="FILE", help=f"what to write, .jpg or .png ({OUTPUT})")
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
        help=f"with :WEIGHT where it is not to be balanced ({', '.join(DEFAULTS.style_layers)})",
    )
    add("--init", choices=("content", "noise", "style"), help=f"where the image starts ({DEFAULTS.init})")
    add("--learning-rate", type=float, help=f"first step, of the 0..1 pixel range ({DEFAULTS.learning_rate:g})")
    for name in ("optimizer", "schedule", "reduction", "pooling", "precision"):
        add(f"--{name}", choices=CHOICES[name], help=f"({getattr(DEFAULTS, name)})")
    add("--seed", type=int, help=f"of the noise ({DEFAULTS.seed})")
    disk = parser.add_argument_group("snapshots")
    often = disk.add_mutually_exclusive_group()
    often.add_argument("--snapshot-every", dest="snapshots", type=int, metavar="N", help="keep every N-th iteration")
    often.add_argument("--snapshots", type=_iterations, metavar="N,N,…", help="keep these iterations")
    disk.add_argument("--snapshot-dir", metavar="DIR", help=f"where to keep them ({SNAPSHOT_DIR})")
    disk.add_argument("--resume", metavar="DIR", help="go on with a run that was kept")
    parser.add_argument("--quiet", action="store_true", default=False, help="say nothing but errors")
    return parser


def _transfer(options: argparse.Namespace) -> int:
    """Check all that can be checked at once, only then start TensorFlow, and run."""
    given = {name.replace("-", "_"): value for name, value in vars(options).items()}
    say = (lambda line: None) if options.quiet else (lambda line: print(line, flush=True))
    folder = RunFolder.open(given["resume"]) if "resume" in given else None
    recipe = _recipe(given, folder)
    state = folder.load_state() if folder else {"iteration": 0}
    wanted = _wanted(given, recipe.iterations)
    remaining = recipe.iterations - int(state["iteration"])
    if remaining < 1:
        raise InputError(f"{folder.path} has its {recipe.iterations} iterations; ask for more with --iterations.")
    output = _output(given.get("output", OUTPUT), recipe)
    content, style = (load_image(each.path, recipe.size, report=say) for each in (recipe.content, recipe.style))
    for name, image in (("content", content), ("style", style)):
        check_side(name, image.shape, recipe.settings.layers)
    weights = find_weights()
    keeps = folder or "snapshot_dir" in given or "snapshots" in given
    if keeps and not folder:
        folder = RunFolder.create(given.get("snapshot_dir", SNAPSHOT_DIR), recipe)

    from .hardware import device_name  # TensorFlow takes seconds to start
    from .transfer import StyleTransfer, describe, is_wanted

    transfer = StyleTransfer(content, style, **vars(recipe.settings), weights=weights)
    _say_plan(say, recipe, content, style, f"{device_name()}, network in {transfer.features.precision}")
    if folder and "image" in state:
        transfer.restore(state)
    first = transfer.snapshot
    if folder and "image" not in state:
        folder.begin(first, transfer.features.precision)

    def keep(snapshot) -> None:
        try:
            folder.save(snapshot, transfer.state())
        except (OSError, InputError) as error:  # a full disk, say, which must not cost the picture
            print(f"nst: iteration {snapshot.iteration} could not be kept ({error}).", file=sys.stderr)

    def record(snapshot) -> None:
        if folder:
            folder.note(snapshot)
            if is_wanted(snapshot.iteration, wanted):
                keep(snapshot)

    started = time.perf_counter()
    last = transfer.run(remaining, progress=not options.quiet, each=record)[-1]
    seconds = time.perf_counter() - started
    saved = _save(last.image, output)
    if folder:
        keep(last)
    done = last.iteration == recipe.iterations
    say(f"{saved}: {'' if done else 'interrupted after '}{last.iteration} iterations, {seconds:.0f} s")
    say(f"losses at iteration {first.iteration}: {describe(first.losses)}")
    say(f"losses at iteration {last.iteration}: {describe(last.losses)}")
    if folder:
        say(f"snapshots in {folder.path}" + ("" if done else f"; go on with: nst --resume '{folder.path}'"))
    return BAD_INPUT if saved != output else DONE if done else INTERRUPTED


def _save(image: Any, output: Path) -> Path:
    """Write the picture, among temporary files should it fail where it was checked before; return where it is."""
    try:
        save_image(image, output)
        return output
    except (OSError, InputError) as error:
        saved = Path(tempfile.mkdtemp(prefix="nst-")) / output.name
        save_image(image, saved)
        print(f"nst: {output} could not be written ({error}); the picture is {saved}.", file=sys.stderr)
        return saved


def _recipe(given: dict[str, Any], folder: RunFolder | None) -> Recipe:
    """Put together what is asked for; a run that is resumed must be asked for as it began, iterations aside."""
    begun = folder.recipe if folder else None
    pictures = {}
    for name in ("content", "style"):
        if name not in given and not begun:
            raise InputError("name a content picture and a style picture: nst CONTENT STYLE (more with nst --help).")
        pictures[name] = Picture.of(given[name] if name in given else getattr(begun, name).path)
    size = given.get("size", begun.size if begun else SIZE)
    iterations = given.get("iterations", begun.iterations if begun else ITERATIONS)
    names = {field.name for field in fields(Settings)}
    chosen = {name: value for name, value in given.items() if name in names}
    settings = replace(begun.settings, **chosen) if begun else Settings(**chosen)
    recipe = Recipe(**pictures, size=size, iterations=iterations, settings=settings)
    if begun and (different := begun.differences(recipe)):
        raise InputError(f"{folder.path} cannot be resumed like this: {'; '.join(different)}.")
    return recipe


def _output(name: str, recipe: Recipe) -> Path:
    output = check_output(name)
    if output.exists() and any(output.samefile(each.path) for each in (recipe.content, recipe.style)):
        raise InputError(f"{output} is one of the pictures to read; name another file with -o.")
    return output


def _say_plan(say: Callable[[str], None], recipe: Recipe, content: Any, style: Any, machine: str) -> None:
    s = recipe.settings
    for name, picture, image in (("content", recipe.content, content), ("style", recipe.style, style)):
        say(f"{name:<9}{Path(picture.path).name}, {image.shape[2]}×{image.shape[1]}")
    layers = ", ".join(f"{name}:{weight:.3g}" for name, weight in s.style_layers.items())
    say(f"layers   content {s.content_layer}; style {layers}")
    say(f"weights  alpha {s.alpha:g}, beta {s.beta:g}, gamma {s.gamma:g}")
    say(f"run      {recipe.iterations} iterations of {s.optimizer} from {s.init}, on {machine}")


def _style_layers(text: str) -> dict[str, str | None]:
    pairs = (part.strip().partition(":") for part in text.split(","))
    return {name: weight or None for name, _, weight in pairs}  # Settings sees to it that the weights are numbers


def _iterations(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _wanted(given: dict[str, Any], iterations: int) -> tuple[int, ...] | int:
    """Return the iterations whose pictures are to be kept, or m for every m-th."""
    wanted = given.get("snapshots", ())
    if isinstance(wanted, int):
        return whole_number("--snapshot-every", wanted, 1, 10_000_000)
    return tuple(whole_number("each of --snapshots", number, 1, iterations) for number in wanted)
