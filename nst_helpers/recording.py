"""A run to look at afterwards, whether it is in memory or on disk: its images and its losses. Nothing is written."""

import csv
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError
from .images import load_image
from .snapshots import LOSSES

if TYPE_CHECKING:  # transfer.py starts TensorFlow
    from .transfer import Snapshot

IN_MEMORY = 64
"""How many images of a run on disk are kept, so that a slider moves freely."""


class Recording(Mapping[int, np.ndarray]):
    """The images of a run by iteration, `[1, H, W, 3]`, 0..1, in order; those on disk are read when they are asked for.

    `losses` maps "iteration", "content", "style", "tv", "total" and the style layers to arrays of one length, at as
    many iterations as were noted.

    Args:
        run: snapshots as `StyleTransfer.steps` yields them, or the folder of a run.

    Raises:
        InputError: a folder without pictures and losses, or no snapshots at all.

    Built in notebooks/08_iterations_and_snapshots.
    """

    losses: dict[str, np.ndarray]

    def __init__(self, run: "Sequence[Snapshot] | str | os.PathLike"):
        if isinstance(run, str | os.PathLike):
            self._of_folder(Path(run))
        else:
            self._of_snapshots(run)
        if not self._images:
            raise InputError(
                "this run has no snapshots; keep some with nst --snapshots, or collect what steps() yields."
            )

    def _of_folder(self, folder: Path) -> None:
        paths = sorted((int(found[1]), path) for path in folder.glob("iteration_*.jpg") if (found := _number(path)))
        self._images = dict(paths)
        try:
            with (folder / LOSSES).open(newline="") as file:
                rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
        except OSError as error:
            raise InputError(
                f"{folder} holds no run that can be read; name the folder in which {LOSSES} is."
            ) from error
        except (ValueError, TypeError, csv.Error) as error:
            raise InputError(f"{folder / LOSSES} is damaged ({error}).") from error
        self.losses = _columns(rows)
        self._load = lru_cache(IN_MEMORY)(lambda path: load_image(path, report=None))

    def _of_snapshots(self, snapshots: "Sequence[Snapshot]") -> None:
        snapshots = sorted(snapshots, key=lambda each: each.iteration)
        self._images = {each.iteration: each.image for each in snapshots}
        self.losses = _columns([each.row() for each in snapshots])
        self._load = lambda image: image

    def __getitem__(self, iteration: int) -> np.ndarray:
        return self._load(self._images[iteration])

    def __iter__(self) -> Iterator[int]:
        return iter(self._images)

    def __len__(self) -> int:
        return len(self._images)

    def losses_at(self, iteration: int) -> dict[str, float]:
        """Return the losses by name at an iteration, or at the last one before it that was noted."""
        at = max(0, int(np.searchsorted(self.losses["iteration"], iteration, "right")) - 1)
        return {name: float(values[at]) for name, values in self.losses.items()}


def _number(path: Path) -> re.Match | None:
    return re.fullmatch(r"iteration_(\d+)\.jpg", path.name)


def _columns(rows: Sequence[Mapping[str, float]]) -> dict[str, np.ndarray]:
    return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}
