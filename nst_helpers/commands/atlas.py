"""`nst atlas`: paint an atlas, cell by cell, on this machine or on the machines of a Dask cluster."""

import argparse
import io
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from ..files.atlas_folder import CONTENT, STYLE, AtlasFolder, Grid, Painted, Weights
from ..files.images import file_of, to_pil
from ..files.recipe import Picture, Recipe
from ..machine.disk import File
from ..machine.vgg_weights import find_weights
from ..settings import Settings, coarse_to_fine, whole_number
from .cluster import alone_in_worker, done_by
from .options import comma_separated, parse
from .painting import DONE, INTERRUPTED, load_pictures
from .terminal import reporter

if TYPE_CHECKING:  # transfer.py starts TensorFlow
    from ..transfer import Snapshot, StyleTransfer

DESCRIPTION = """Paint a picture for every combination of weights; in a notebook, view_atlas shows them. Pictures that
exist are not painted again: the same command resumes an interrupted atlas, and adds to one whose grid has grown."""
GRID = Grid(alpha=(0.1, 1, 10), beta=(1e3, 3e3, 1e4, 3e4, 1e5), gamma=(0, 10, 100), iterations=(10, 30, 100, 200))
JPEG_QUALITY = 85


def build(
    folder: AtlasFolder,
    cells: Sequence[Weights] | None = None,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    progress: bool = True,
    weights: File | None = "imagenet",
) -> int:
    """Paint the missing and damaged cells of an atlas, and return how many they were.

    Args:
        folder: the atlas.
        cells: what its `missing` has returned, if that has been asked already.
        workers: processes on this machine; they share its cores.
        scheduler: address of a Dask scheduler, tcp://host:port, whose workers paint instead.
        progress: whether to show a bar with the time left.
        weights: of VGG19, as for `StyleTransfer`; each worker needs them on its machine.

    Raises:
        InputError: Dask is missing, or the scheduler does not answer.
    """
    cells = folder.missing() if cells is None else cells
    images = [(folder.path / name).read_bytes() for name in (CONTENT, STYLE)]
    shared = [*images, folder.grid.iterations, weights]
    with done_by(paint_cell, cells, shared, workers=workers, scheduler=scheduler) as results:
        for cell, painted in tqdm(results, total=len(cells), disable=not progress, unit="cell"):
            folder.save(cell, painted())
    return len(cells)


def paint_cell(
    cell: Weights, content: bytes, style: bytes, iterations: Sequence[int], weights: File | None = "imagenet"
) -> list[Painted]:
    """Paint a cell in a worker, which shares no disk with its caller; return the iterations to keep.

    The cell is α, β, γ; content and style are PNG files; the run ends with the last iteration to keep.
    """
    with alone_in_worker():
        transfer, start = _run(content, style, weights, max(iterations))
        transfer.restore(start)
        for weight, name in sorted(zip(cell, ("alpha", "beta", "gamma"), strict=True), reverse=True):
            setattr(transfer, name, weight)  # the largest first, so that they are never all zero
        snapshots = transfer.steps(max(iterations))
        return [_painted(snapshot) for snapshot in snapshots if snapshot.iteration in iterations]


@lru_cache(maxsize=1)
def _run(content: bytes, style: bytes, weights: File | None, iterations: int) -> "tuple[StyleTransfer, dict]":
    """Return a run and its initial state; all cells of a worker share one compiled step."""
    from ..machine.hardware import GPUS  # noqa: F401 -- starts TensorFlow without its banner
    from ..transfer import StyleTransfer

    images = [np.asarray(Image.open(io.BytesIO(png)), np.float32)[None] / 255 for png in (content, style)]
    transfer = StyleTransfer(*images, scales=coarse_to_fine(images[0].shape, iterations), weights=weights)
    return transfer, transfer.state()


def _painted(snapshot: "Snapshot") -> Painted:
    losses = snapshot.row()
    return Painted(losses.pop("iteration"), file_of(to_pil(snapshot.image), "JPEG", quality=JPEG_QUALITY), losses)


def main(arguments: Sequence[str]) -> int:
    """Run `nst atlas` and return its exit code: 0 all is there, 130 interrupted.

    Raises:
        InputError: bad input.
    """
    options = parse(_parser(), arguments)
    report = reporter(options.quiet)
    workers = whole_number("--workers", options.workers, 1, 1000)
    grid = Grid(options.alphas, options.betas, options.gammas, options.iterations)
    files = Picture.of(options.content), Picture.of(options.style)
    recipe = Recipe(*files, options.size, grid.iterations[-1], Settings())
    pictures = load_pictures(recipe, report)
    content, (style,) = pictures["content"], pictures["style"]
    if not options.scheduler:
        find_weights()
    recipe = recipe.with_pictures(lambda each: replace(each, path=Path(each.path).name))
    recipe = replace(recipe, settings=Settings(scales=coarse_to_fine(content.shape, recipe.iterations)))
    folder = AtlasFolder.create(options.output, recipe, grid, (content, style))
    missing, total = folder.missing(), len(grid.cells)
    report(f"{total} cells of {recipe.iterations} iterations, {total - len(missing)} of them finished already")
    done = total
    try:
        build(folder, missing, workers=workers, scheduler=options.scheduler, progress=not options.quiet)
    except KeyboardInterrupt:
        report(f"interrupted; the same command goes on. So far in {folder.path}:")
        done = total - len(folder.missing())
    report(f"{folder.path}: {done} of {total} cells; in a notebook, view_atlas('{folder.path}') shows them")
    return DONE if done == total else INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nst atlas", description=DESCRIPTION)
    add = parser.add_argument
    add("content", metavar="CONTENT", help="the picture whose structure is kept")
    add("style", metavar="STYLE", help="the picture whose strokes and colours are taken")
    add("-o", "--output", metavar="DIR", default="atlas", help="the atlas's folder (%(default)s)")
    add("--size", type=int, default=160, metavar="N", help="longer side in pixels (%(default)s)")
    for flag, name, meaning in (
        ("--alphas", "alpha", "weights of the content loss"),
        ("--betas", "beta", "weights of the style loss"),
        ("--gammas", "gamma", "weights of the total variation loss"),
        ("--iterations", "iterations", "iterations to keep"),
    ):
        values = getattr(GRID, name)
        shown = ",".join(f"{value:g}" for value in values)
        add(flag, metavar="N,N,…", type=comma_separated, default=values, help=f"{meaning} ({shown})")
    add("--workers", type=int, default=1, metavar="N", help="processes on this machine (%(default)s)")
    add("--scheduler", metavar="ADDRESS", help="paint on a Dask cluster, such as tcp://host:8786")
    add("--quiet", action="store_true", help="report nothing but errors")
    return parser
