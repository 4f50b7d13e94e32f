"""A run to look at, in memory or on disk: its images and its losses."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..machine.disk import File
from ..snapshot import Snapshot
from .images import load_image
from .run_folder import LOSSES, read_losses

IN_MEMORY = 64
"""How many images of a run on disk are kept, so that a slider moves smoothly."""


class Recording(Mapping[int, np.ndarray]):
    """The images of a run by iteration, `[1, H, W, 3]`, 0..1, in order; those on disk are read on demand.

    `losses` maps "iteration", "content", "style", "tv", "total" and the style layers to arrays with an entry for each
    recorded iteration.

    Args:
        run: snapshots as `StyleTransfer.steps` yields them, or the folder of a run.

    Raises:
        InputError: a folder without pictures and losses, or no snapshots at all.

    Used in notebooks/08_iterations_and_snapshots.
    """

    losses: dict[str, np.ndarray]

    def __init__(self, run: Sequence[Snapshot] | File):
        if isinstance(run, File):
            folder = Path(run)
            try:
                rows = read_losses(folder)
            except OSError as error:
                raise InputError(
                    f"{folder} holds no run that can be read; name the folder in which {LOSSES} is."
                ) from error
            found = ((re.fullmatch(r"iteration_(\d+)\.jpg", path.name), path) for path in folder.iterdir())
            images = {int(name[1]): path for name, path in found if name}
            self._load = lru_cache(IN_MEMORY)(lambda path: load_image(path, report=None))
        else:
            snapshots = sorted(run, key=lambda each: each.iteration)
            rows = [each.row() for each in snapshots]
            images = {each.iteration: each.image for each in snapshots}
            self._load = lambda image: image
        if not images:
            raise InputError("this run has no snapshots; keep some with nst --snapshots, or collect those of steps().")
        self._images = dict(sorted(images.items()))
        self.losses = {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ["iteration"])}

    def __getitem__(self, iteration: int) -> np.ndarray:
        return self._load(self._images[iteration])

    def __iter__(self) -> Iterator[int]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)

    def losses_at(self, iteration: int) -> dict[str, float]:
        """Return the losses by name at an iteration, or at the last recorded one before it; {} without any."""
        if not len(self.losses["iteration"]):
            return {}
        at = max(0, int(np.searchsorted(self.losses["iteration"], iteration, "right")) - 1)
        return {name: float(values[at]) for name, values in self.losses.items()}
