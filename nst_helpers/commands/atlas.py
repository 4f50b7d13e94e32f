"""`nst atlas`: paint an atlas, cell by cell, on this machine or on all machines of a Dask cluster."""

import argparse
import io
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from ..atlas_folder import CONTENT, STYLE, AtlasFolder, Grid, Painted, Weights
from ..errors import InputError
from ..images import load_image, to_pil
from ..layers import check_side
from ..recipe import Picture, Recipe
from ..settings import Settings, coarse_to_fine, whole_number
from ..vgg_weights import find_weights
from .pictures import parse

if TYPE_CHECKING:  # transfer.py starts TensorFlow
    from ..transfer import Snapshot, StyleTransfer

DESCRIPTION = """Paint a picture for every combination of weights; in a notebook, view_atlas shows them. What is
finished is not painted again: the same command goes on where it was interrupted, and adds to an atlas whose grid
has become larger."""
OUTPUT, SIZE = "atlas", 160
GRID = Grid(alpha=(0.1, 1, 10), beta=(1e3, 3e3, 1e4, 3e4, 1e5), gamma=(0, 10, 100), iterations=(10, 30, 100, 200))
JPEG_QUALITY = 85
CONNECT_SECONDS = 10
MISSING = "nst atlas needs joblib, and dask for --scheduler: pip install 'nst-helpers[atlas]'."

_one_at_a_time = threading.Lock()


def build(
    folder: AtlasFolder,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    progress: bool = True,
    weights: str | os.PathLike | None = "imagenet",
) -> int:
    """Paint the cells of an atlas that are missing or damaged; return how many that were.

    Args:
        folder: the atlas.
        workers: processes on this machine; they share its cores.
        scheduler: address of a Dask scheduler, tcp://host:port, whose workers paint instead.
        progress: whether to show a bar with the time left.
        weights: of VGG19, as for `StyleTransfer`; each worker finds them on its own machine.

    Raises:
        InputError: joblib or Dask is missing, or the scheduler does not answer.
    """
    cells = [cell for cell in folder.grid.cells if not folder.is_whole(cell)]
    images = [(folder.path / name).read_bytes() for name in (CONTENT, STYLE)]
    try:
        from joblib import Parallel, delayed
    except ImportError as error:
        raise InputError(MISSING) from error
    with _workers(scheduler), tqdm(total=len(cells), disable=not progress, unit="cell") as bar:
        threads = (os.cpu_count() or 1) // workers if workers > 1 else None
        jobs = [delayed(paint_cell)(cell, *images, folder.grid.iterations, weights, threads) for cell in cells]
        parallel = Parallel(
            n_jobs=-1 if scheduler else workers, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs"
        )
        for cell, painted in parallel(jobs):
            folder.save(cell, painted)
            bar.update()
    return len(cells)


def paint_cell(
    cell: Weights,
    content: bytes,
    style: bytes,
    iterations: Sequence[int],
    weights: str | os.PathLike | None = "imagenet",
    threads: int | None = None,
) -> tuple[Weights, list[Painted]]:
    """Run a cell in a worker and return it with the iterations to keep; it needs no disk in common with its caller.

    Args:
        cell: α, β, γ.
        content, style: PNG files.
        iterations: to keep, the last one ends the run.
        weights: of VGG19, as for `StyleTransfer`.
        threads: how many this process should compute with; a Dask worker knows by itself.
    """
    with _one_at_a_time:  # threads of a Dask worker would share one network
        if threads := _dask_threads() or threads:
            os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max(1, threads)))  # read when TensorFlow starts
        transfer, start = _begun(content, style, weights, max(iterations))
        transfer.restore(start)
        for weight, name in sorted(zip(cell, ("alpha", "beta", "gamma"), strict=True), reverse=True):
            setattr(transfer, name, weight)  # the largest first, so that they are never all zero
        snapshots = transfer.steps(max(iterations))
        return cell, [_painted(snapshot) for snapshot in snapshots if snapshot.iteration in iterations]


@lru_cache(maxsize=1)
def _begun(
    content: bytes, style: bytes, weights: str | os.PathLike | None, iterations: int
) -> "tuple[StyleTransfer, dict]":
    """Return a run and its state before the first iteration: one compiled step serves all cells of a worker."""
    from ..hardware import GPUS  # noqa: F401 -- starts TensorFlow without its banner
    from ..transfer import StyleTransfer

    images = [np.asarray(Image.open(io.BytesIO(png)), np.float32)[None] / 255 for png in (content, style)]
    transfer = StyleTransfer(*images, scales=coarse_to_fine(images[0].shape, iterations), weights=weights)
    return transfer, transfer.state()


def _painted(snapshot: "Snapshot") -> Painted:
    file = io.BytesIO()
    to_pil(snapshot.image).save(file, "JPEG", quality=JPEG_QUALITY)
    losses = dict(vars(snapshot.losses))
    layers = losses.pop("style_layers")
    return Painted(snapshot.iteration, file.getvalue(), losses | layers)


def _dask_threads() -> int | None:
    """Return how many threads the Dask worker has that this runs in; None where there is none."""
    try:
        from distributed import get_worker

        return get_worker().state.nthreads
    except (ImportError, ValueError):
        return None


@contextmanager
def _workers(scheduler: str | None) -> Iterator[None]:
    """Let joblib send its jobs to a Dask cluster, if one is named."""
    if scheduler is None:
        yield
        return
    try:
        from dask.distributed import Client
        from joblib import parallel_config
    except ImportError as error:
        raise InputError(MISSING) from error
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {scheduler}; start one with dask scheduler.") from error
    with client, parallel_config(backend="dask"):
        if not client.scheduler_info()["workers"]:
            raise InputError(f"the scheduler at {scheduler} has no workers; start some with dask worker {scheduler}.")
        yield


def main(arguments: Sequence[str]) -> int:
    """Run `nst atlas` and return its exit code.

    Raises:
        InputError: bad input.
    """
    options = parse(_parser(), arguments)
    say = (lambda line: None) if options.quiet else (lambda line: print(line, flush=True))
    workers = whole_number("--workers", options.workers, 1, 1000)
    grid = Grid(options.alphas, options.betas, options.gammas, options.iterations)
    images = [load_image(path, options.size, report=say) for path in (options.content, options.style)]
    settings = Settings(scales=coarse_to_fine(images[0].shape, grid.iterations[-1]))
    for name, image in zip(("content", "style"), images, strict=True):
        check_side(name, image.shape, settings.layers)
    if not options.scheduler:
        find_weights()
    named = [Picture(path.rpartition("/")[2], Picture.of(path).sha256) for path in (options.content, options.style)]
    folder = AtlasFolder.create(
        options.output, Recipe(*named, options.size, grid.iterations[-1], settings), grid, images
    )
    there = sum(map(folder.is_whole, grid.cells))
    say(f"{len(grid.cells)} cells of {grid.iterations[-1]} iterations, {there} of them there already")
    try:
        build(folder, workers=workers, scheduler=options.scheduler, progress=not options.quiet)
    except KeyboardInterrupt:
        say(f"interrupted; the same command goes on. So far in {folder.path}:")
    there = sum(map(folder.is_whole, grid.cells))
    say(f"{folder.path}: {there} of {len(grid.cells)} cells; in a notebook, view_atlas('{folder.path}') shows them")
    return 0 if there == len(grid.cells) else 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nst atlas", description=DESCRIPTION)
    add = parser.add_argument
    add("content", metavar="CONTENT", help="the picture whose structure is kept")
    add("style", metavar="STYLE", help="the picture whose strokes and colours are taken")
    add("-o", "--output", metavar="DIR", default=OUTPUT, help="the atlas's folder (%(default)s)")
    add("--size", type=int, default=SIZE, help="longer side in pixels (%(default)s)")
    for name, loss in (("alpha", "content"), ("beta", "style"), ("gamma", "total variation")):
        values = ",".join(f"{value:g}" for value in getattr(GRID, name))
        add(
            f"--{name}s", metavar="X,Y,…", type=_numbers, default=getattr(GRID, name), help=f"{loss} weights ({values})"
        )
    kept = ",".join(map(str, GRID.iterations))
    add("--iterations", metavar="N,N,…", type=_numbers, default=GRID.iterations, help=f"those to keep ({kept})")
    add("--workers", type=int, default=1, metavar="N", help="processes on this machine (%(default)s)")
    add("--scheduler", metavar="ADDRESS", help="of a Dask cluster that paints instead, such as tcp://host:8786")
    add("--quiet", action="store_true", help="say nothing but errors")
    return parser


def _numbers(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))
