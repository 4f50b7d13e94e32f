"""A small copy of a run that ships in data/, free of the folders where it was made.

python -m tests.pictures.publish runs/content_style/c1,s10000,t10 data/c1,s10000,t10 --every 1000

Pictures are copied byte for byte. `losses.csv` keeps each of the first 500 iterations, from then on each 20th, at five
digits; `run.json` keeps the pictures' names and checksums without their folders; the state to resume from stays behind.
"""

import argparse
import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from nst_helpers.errors import InputError
from nst_helpers.files.recipe import Recipe
from nst_helpers.files.recording import Recording
from nst_helpers.files.run_folder import LOSSES, RECIPE
from nst_helpers.machine.disk import check_folder, write_atomically
from nst_helpers.settings import whole_number

EVERY_ROW_UNTIL, LATER_ROWS = 500, 20
FIRST = (100, 200, 300, 500)
"""Snapshots to keep besides the regular ones: a run changes fastest at its beginning."""


def publish(run: str | os.PathLike, to: str | os.PathLike, iterations: Iterable[int]) -> list[int]:
    """Write a small copy of a run's folder, and return the iterations whose pictures are in it.

    Args:
        run: the folder of a run on disk.
        to: the folder to write; it is made if need be.
        iterations: the pictures to take along; those that the run did not keep are left out.

    Raises:
        InputError: there is no run, or `to` cannot be written to.
    """
    run, to = Path(run), Path(to)
    recording = Recording(run)
    kept = sorted(set(iterations) & set(recording))
    if not kept:
        raise InputError(f"{run} has none of the iterations that were asked for.")
    recipe = Recipe.from_json((run / RECIPE).read_bytes())
    to.mkdir(parents=True, exist_ok=True)
    check_folder(to)
    for iteration in kept:
        name = f"iteration_{iteration:05d}.jpg"
        write_atomically(to / name, (run / name).read_bytes())
    write_atomically(to / LOSSES, _thinned((run / LOSSES).read_text(), kept).encode())
    content, style, *blend = (replace(each, path=Path(each.path).name) for each in (recipe.content, *recipe.styles))
    neutral = replace(recipe, content=content, style=style, blend=blend, output="", snapshots=())
    write_atomically(to / RECIPE, neutral.to_json().encode())
    return kept


def _thinned(table: str, kept: Sequence[int]) -> str:
    rows = csv.DictReader(io.StringIO(table))
    thin = io.StringIO()
    writer = csv.DictWriter(thin, rows.fieldnames, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        iteration = int(row["iteration"])
        if iteration <= EVERY_ROW_UNTIL or iteration % LATER_ROWS == 0 or iteration in kept:
            writer.writerow({name: f"{float(x):.5g}" for name, x in row.items()} | {"iteration": iteration})
    return thin.getvalue()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `python -m tests.pictures.publish`."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures.publish", description=__doc__.splitlines()[0])
    parser.add_argument("run", metavar="RUN", help="the run's folder")
    parser.add_argument("to", metavar="FOLDER", help="where the small copy is to be")
    parser.add_argument("--every", metavar="N", default="1000", help="keep each N-th picture (%(default)s)")
    options = parser.parse_args(arguments)
    every = whole_number("--every", options.every, 1, 10**7)
    kept = publish(options.run, options.to, {*FIRST, *(i for i in Recording(options.run) if i % every == 0)})
    size = sum(file.stat().st_size for file in Path(options.to).iterdir())
    print(f"{options.to}: {len(kept)} pictures, {size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
