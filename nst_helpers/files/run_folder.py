"""A run on disk: its pictures, losses and recipe, and the state from which it resumes exactly."""

import csv
import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..machine.disk import File, check_folder, write_atomically, write_new
from ..settings import Settings
from ..snapshot import Snapshot
from .images import save_image
from .recipe import LONGEST_JSON, Recipe

RECIPE, LOSSES, STATE = "run.json", "losses.csv", "state.npz"


class RunFolder:
    """A folder such as `photo_painting/c1,s10000,t10/`: `iteration_03000.jpg` …, `losses.csv`, `run.json`, `state.npz`.

    Every file appears whole or not at all, and `state.npz` last, so that a run can be resumed whenever it stops.
    """

    def __init__(self, path: Path, recipe: Recipe):
        self.path = path
        self.recipe = recipe
        self.rows: list[dict[str, float]] = []

    @classmethod
    def create(cls, parent: File, recipe: Recipe) -> "RunFolder":
        """Create the folder of a new run below `parent`, named after its pictures and weights.

        Its recipe is written at once, so that no other process takes the same folder. A number is added if there is a
        run of other pictures with the same names.

        Raises:
            InputError: there is a run of these pictures already, or `parent` cannot be written to.
        """
        text = recipe.to_json().encode()
        if len(text) > LONGEST_JSON:
            raise InputError("so many pictures with such long paths cannot be kept as a run; blend fewer styles.")
        for path in _paths(parent, recipe):
            check_folder(path, make=True)
            if write_new(path / RECIPE, text):
                return cls(path, recipe)
            with suppress(InputError):  # such as a recipe that is just being written
                if not _same_pictures(cls.open(path).recipe, recipe):
                    continue
            raise InputError(f"{path} holds a run already; resume it with --resume '{path}', or name another folder.")

    @classmethod
    def find(cls, parent: File, recipe: Recipe) -> "RunFolder | None":
        """Return the run of these pictures and weights below `parent`, or None if `create` has made none."""
        for path in itertools.takewhile(lambda path: (path / RECIPE).exists(), _paths(parent, recipe)):
            with suppress(InputError):
                if _same_pictures((folder := cls.open(path)).recipe, recipe):
                    return folder
        return None

    @classmethod
    def open(cls, path: File) -> "RunFolder":
        """Open the folder of a run, or a folder with just one run below it.

        Raises:
            InputError: there is no run, more than one, or its recipe cannot be read.
        """
        path = Path(path)
        runs = [path] if (path / RECIPE).is_file() else []
        runs = runs or sorted(place.parent for depth in ("*", "*/*") for place in path.glob(f"{depth}/{RECIPE}"))
        if len(runs) != 1:
            names = ", ".join(str(run.relative_to(path)) for run in runs[:5]) + (", …" if len(runs) > 5 else "")
            found = f"holds {len(runs)} runs ({names})" if runs else "holds no run"
            raise InputError(f"{path} {found}; name the folder in which {RECIPE} is.")
        folder = cls(runs[0], Recipe.from_json((runs[0] / RECIPE).read_bytes()))
        check_folder(folder.path)
        return folder

    def begin(self, snapshot: Snapshot, recipe: Recipe) -> None:
        """Write the recipe, now with its machine and precision, and record the losses before the first iteration."""
        self._write_recipe(recipe)
        self.record(snapshot)

    def resume(self, recipe: Recipe) -> None:
        """Write a resumed run's number of iterations, those to keep, and where its picture goes."""
        changes = {name: getattr(recipe, name) for name in ("iterations", "snapshots", "output")}
        self._write_recipe(replace(self.recipe, **changes))

    def discard(self) -> None:
        """Remove the folder of a run that could not begin, unless it holds other files."""
        if not (self.path / STATE).exists():
            with suppress(OSError):
                (self.path / RECIPE).unlink()
                self.path.rmdir()
                self.path.parent.rmdir()

    def record(self, snapshot: Snapshot) -> None:
        """Record the losses of a snapshot for `losses.csv`."""
        self.rows.append(snapshot.row())

    def save(self, snapshot: Snapshot, state: Mapping[str, np.ndarray]) -> None:
        """Write a snapshot's picture, all losses so far, and the state to resume from."""
        recipe = replace(self.recipe, iterations=max(1, snapshot.iteration))
        save_image(snapshot.image, self.path / picture_name(snapshot.iteration), recipe=recipe)
        write_atomically(self.path / LOSSES, losses_table(self.rows))
        arrays = io.BytesIO()
        np.savez(arrays, **state)
        write_atomically(self.path / STATE, arrays.getvalue())

    def load_state(self) -> dict[str, np.ndarray]:
        """Return the latest state, or that before the first iteration, and drop the losses after it.

        Raises:
            InputError: a file of the run is damaged.
        """
        if not (self.path / STATE).exists():
            return {"iteration": np.array(0)}
        try:
            with np.load(self.path / STATE, allow_pickle=False) as arrays:
                state = {name: arrays[name] for name in arrays.files}
            if state["image"].dtype != np.float32:
                raise ValueError("its state holds no image")
            self.rows = [row for row in read_losses(self.path) if row["iteration"] <= int(state["iteration"])]
        except Exception as error:  # NumPy, zipfile and csv raise a dozen different kinds on damaged files
            raise InputError(f"{self.path} is damaged ({error}); start the run over.") from error
        return state

    def _write_recipe(self, recipe: Recipe) -> None:
        self.recipe = recipe
        write_atomically(self.path / RECIPE, recipe.to_json().encode())


def _paths(parent: File, recipe: Recipe) -> Iterator[Path]:
    """Yield the possible folders of a recipe's run, since other pictures may have the same names."""
    for number in itertools.count(1):
        pictures = pictures_name(recipe) + (f"_{number}" if number > 1 else "")
        yield Path(parent) / pictures / folder_name(recipe.settings)


def _same_pictures(a: Recipe, b: Recipe) -> bool:
    return [each.sha256 for each in a.pictures] == [each.sha256 for each in b.pictures]


def folder_name(settings: Settings) -> str:
    """Return the name of a run's folder: its weights, such as `c1,s10000,t10`."""
    return f"c{settings.alpha:.10g},s{settings.beta:.10g},t{settings.gamma:.10g}"


def pictures_name(recipe: Recipe) -> str:
    """Return the name of the folder above: its pictures, such as `photo_painting`, shortened and without spaces."""
    return "_".join(re.sub(r"[^\w-]+", "_", Path(each.path).stem)[:30] for each in (recipe.content, recipe.style))


def picture_name(iteration: int) -> str:
    """Return the file name of an iteration's picture."""
    return f"iteration_{iteration:05d}.jpg"


def losses_table(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Return the content of `losses.csv`: a row for each `Snapshot.row()`."""
    table = io.StringIO()
    writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue().encode()


def read_losses(folder: Path) -> list[dict[str, float]]:
    """Return the rows of a folder's `losses.csv`.

    Raises:
        InputError: it is damaged.
        OSError: there is none.
    """
    try:
        with (folder / LOSSES).open(newline="") as file:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
        return [row | {"iteration": int(row["iteration"])} for row in rows]
    except (ValueError, TypeError, KeyError, OverflowError, csv.Error) as error:
        raise InputError(f"{folder / LOSSES} is damaged ({error}).") from error
