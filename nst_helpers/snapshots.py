"""A run on disk: its pictures, losses and recipe, and what it takes to go on exactly where it stopped."""

import csv
import io
import itertools
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import InputError
from .files import check_folder, write_atomically, write_new
from .images import save_image
from .recipe import LONGEST_JSON, Picture, Recipe
from .settings import Settings

if TYPE_CHECKING:  # transfer.py starts TensorFlow
    from .transfer import Snapshot

RECIPE, LOSSES, STATE = "run.json", "losses.csv", "state.npz"


class RunFolder:
    """A folder such as `photo_painting/c1,s10000,t10/`: `iteration_03000.jpg` …, `losses.csv`, `run.json`, `state.npz`.

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
        """Make the folder of a new run below `parent`, named by its pictures and its weights, and claim it.

        Its recipe is there when this returns, so that no other process takes it for free. Other pictures of the same
        names have a number after theirs.

        Raises:
            InputError: there is such a run of these pictures already, or `parent` cannot be written to.
        """
        text = recipe.to_json().encode()
        if len(text) > LONGEST_JSON:
            raise InputError("so many pictures with such long paths cannot be kept as a run; blend fewer styles.")
        for number in itertools.count(1):
            pictures = pictures_name(recipe) + (f"_{number}" if number > 1 else "")
            path = Path(parent) / pictures / folder_name(recipe.settings)
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(f"the folder {path} cannot be made ({error.strerror}); name another one.") from error
            check_folder(path)
            if write_new(path / RECIPE, text):
                return cls(path, recipe)
            if not _is_of_other_pictures(path, recipe):
                raise InputError(
                    f"{path} holds a run already; go on with it by --resume '{path}', or name another folder."
                )

    @classmethod
    def open(cls, path: str | os.PathLike) -> "RunFolder":
        """Open the folder of a run, or one that holds just one run, in itself or in its folders.

        Raises:
            InputError: there is no run, more than one, or its recipe cannot be read.
        """
        path = Path(path)
        places = (
            [path / RECIPE] if (path / RECIPE).is_file() else (*path.glob(f"*/{RECIPE}"), *path.glob(f"*/*/{RECIPE}"))
        )
        runs = [place.parent for place in sorted(places)]
        if len(runs) != 1:
            names = ", ".join(str(run.relative_to(path)) for run in runs[:5]) + (", …" if len(runs) > 5 else "")
            found = f"holds {len(runs)} runs ({names})" if runs else "holds no run"
            raise InputError(f"{path} {found}; name the folder in which {RECIPE} is.")
        folder = cls(runs[0], Recipe.from_json((runs[0] / RECIPE).read_bytes()))
        check_folder(folder.path)
        return folder

    def begin(self, snapshot: "Snapshot", recipe: Recipe) -> None:
        """Write the recipe, in which the arithmetic is known by now, and note the losses before the first iteration."""
        self.recipe = recipe
        write_atomically(self.path / RECIPE, self.recipe.to_json().encode())
        self.note(snapshot)

    def go_on(self, recipe: Recipe) -> None:
        """Remember what a resumed run is to do from now on: how far to go, and where to write its picture."""
        self.recipe = replace(self.recipe, iterations=recipe.iterations, output=recipe.output)
        write_atomically(self.path / RECIPE, self.recipe.to_json().encode())

    def give_up(self) -> None:
        """Make room again for a run that could not begin; what else is in the folder stays."""
        if not (self.path / STATE).exists():
            with suppress(OSError):
                (self.path / RECIPE).unlink()
                self.path.rmdir()
                self.path.parent.rmdir()

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


def pictures_name(recipe: Recipe) -> str:
    """Return what a run's pictures are called together, as in `photo_painting`; short, and plain to a shell."""
    names = (re.sub(r"[^\w-]+", "_", Path(each.path).stem)[:30] for each in (recipe.content, recipe.style))
    return "_".join(names)


def _is_of_other_pictures(path: Path, recipe: Recipe) -> bool:
    try:
        theirs = RunFolder.open(path).recipe
    except InputError:  # such as one that is being written at this moment
        return False
    return any(
        a.sha256 != b.sha256
        for a, b in itertools.zip_longest(
            (theirs.content, *theirs.styles), (recipe.content, *recipe.styles), fillvalue=Picture("", "")
        )
    )
