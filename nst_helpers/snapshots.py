"""A run on disk: its pictures, losses and recipe, and what it takes to go on exactly where it stopped."""

import csv
import io
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError
from .files import check_folder, write_atomically
from .images import save_image
from .recipe import Recipe
from .settings import Settings

if TYPE_CHECKING:  # transfer.py starts TensorFlow
    from .transfer import Snapshot

RECIPE, LOSSES, STATE = "run.json", "losses.csv", "state.npz"


class RunFolder:
    """A folder such as `c1,s10000,t10/` with `iteration_03000.jpg` …, `losses.csv`, `run.json` and `state.npz`.

    Every file appears whole or not at all, and `state.npz` last, so that a run can be resumed from whatever was there
    when it stopped.

    Built in notebooks/08_iterations_and_snapshots.
    """

    def __init__(self, path: Path, recipe: Recipe):
        self.path = path
        self.recipe = recipe
        self.rows: list[dict[str, float]] = []

    @classmethod
    def create(cls, parent: str | os.PathLike, recipe: Recipe) -> "RunFolder":
        """Make the folder of a new run in `parent`, named by its weights.

        Raises:
            InputError: there is a run of that name already, or `parent` cannot be written to.
        """
        path = Path(parent) / folder_name(recipe.settings)
        if (path / RECIPE).exists():
            raise InputError(f"{path} holds a run already; go on with it by --resume '{path}', or name another folder.")
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"the folder {path} cannot be made ({error.strerror}); name another one.") from error
        check_folder(path)
        return cls(path, recipe)

    @classmethod
    def open(cls, path: str | os.PathLike) -> "RunFolder":
        """Open the folder of a run, or the folder that holds just one.

        Raises:
            InputError: there is no run, more than one, or its recipe cannot be read.
        """
        path = Path(path)
        runs = [path] if (path / RECIPE).is_file() else [found.parent for found in sorted(path.glob(f"*/{RECIPE}"))]
        if len(runs) != 1:
            found = f"holds {len(runs)} runs ({', '.join(run.name for run in runs)})" if runs else "holds no run"
            raise InputError(f"{path} {found}; name the folder in which {RECIPE} is.")
        folder = cls(runs[0], Recipe.from_json((runs[0] / RECIPE).read_bytes()))
        check_folder(folder.path)
        return folder

    def begin(self, snapshot: "Snapshot", recipe: Recipe) -> None:
        """Write the recipe, in which the arithmetic is known by now, and note the losses before the first iteration."""
        self.recipe = recipe
        write_atomically(self.path / RECIPE, self.recipe.to_json().encode())
        self.note(snapshot)

    def note(self, snapshot: "Snapshot") -> None:
        """Remember the losses of a snapshot for `losses.csv`."""
        self.rows.append(snapshot.row())

    def save(self, snapshot: "Snapshot", state: Mapping[str, np.ndarray]) -> None:
        """Write a snapshot's picture, all losses so far, and the state to go on from."""
        recipe = replace(self.recipe, iterations=max(1, snapshot.iteration))
        save_image(snapshot.image, self.image_path(snapshot.iteration), recipe=recipe)
        table = io.StringIO()
        writer = csv.DictWriter(table, fieldnames=list(self.rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_atomically(self.path / LOSSES, table.getvalue().encode())
        arrays = io.BytesIO()
        np.savez(arrays, **state)
        write_atomically(self.path / STATE, arrays.getvalue())

    def load_state(self) -> dict[str, np.ndarray]:
        """Return the newest state, and forget losses noted after it; without one, that of a run not yet begun.

        Raises:
            InputError: a file of the run is damaged.
        """
        if not (self.path / STATE).exists():
            return {"iteration": np.array(0)}
        try:
            with np.load(self.path / STATE, allow_pickle=False) as arrays:
                state = {name: arrays[name] for name in arrays.files}
            with (self.path / LOSSES).open(newline="") as file:
                rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
            if state["image"].dtype != np.float32:
                raise ValueError("its state holds no image")
            done = int(state["iteration"])
            self.rows = [row | {"iteration": int(row["iteration"])} for row in rows if row["iteration"] <= done]
        except Exception as error:  # NumPy, zipfile and csv raise a dozen different kinds on damaged files
            raise InputError(f"{self.path} is damaged ({error}); start the run anew.") from error
        return state

    def image_path(self, iteration: int) -> Path:
        """Return the path of the picture of an iteration."""
        return self.path / f"iteration_{iteration:05d}.jpg"


def folder_name(settings: Settings) -> str:
    """Return the name of a run's folder: its weights, as in `c1,s10000,t10`."""
    return f"c{settings.alpha:.10g},s{settings.beta:.10g},t{settings.gamma:.10g}"
