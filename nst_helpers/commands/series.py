"""Many photographs in one style, painted one after another or by a Dask cluster; finished pictures are kept."""

import glob
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from tqdm.auto import tqdm

from ..errors import InputError, one_line
from ..files.file_kinds import FORMATS
from ..files.finished import FinishedPictures, unfinished
from ..files.images import BITS, SAVE_OPTIONS
from ..files.recipe import Recipe
from ..machine.disk import File, check_folder, free_name, locked
from ..machine.interrupts import interrupts_ignored
from ..machine.progress import BAR
from .cluster import alone_in_worker, done_by
from .painting import DONE, INTERRUPTED, begin, load_pictures, save_picture, transparency
from .terminal import reporter

if TYPE_CHECKING:  # transfer.py starts TensorFlow
    from ..transfer import Snapshot, StyleTransfer

SOME_NOT_PAINTED = 1
LONGEST_STYLE_NAME = 30


@dataclass(frozen=True)
class Job:
    """What a worker paints, and where its caller will write it."""

    content: Path
    output: Path
    recipe: Recipe
    pictures: dict[str, Any]


class Series:
    """The pictures made from photographs, all in one folder and named like `photo_painting.jpg`.

    A finished picture is recognised by its recipe, not by its name; no file in the folder is replaced.

    Args:
        folder: for the pictures.
        recipe_of: returns the recipe of a photograph, without its scales.
        with_scales: adds the scales to a recipe, by the shape of the image.
        until_still: whether a picture may have fewer iterations than its recipe.
        quiet: whether to report only errors.
    """

    def __init__(
        self,
        folder: Path,
        recipe_of: Callable[[File], Recipe],
        with_scales: Callable[[Recipe, Sequence[int]], Recipe],
        *,
        until_still: bool = False,
        quiet: bool = False,
    ):
        self.folder, self.recipe_of, self.with_scales, self.until_still = folder, recipe_of, with_scales, until_still
        self.quiet, self._report, self._said = quiet, reporter(quiet), set[str]()
        self.todo: list[tuple[Path, Path]] = []  # photograph and picture
        self.painted, self.not_painted = 0, list[str]()

    def paint(self, named: Sequence[str], way: Callable[[tqdm], bool]) -> int:
        """Paint the photographs that are not finished, and return the command's exit code.

        Args:
            named: files, patterns, or folders of pictures.
            way: `here` or `on_cluster`; it returns whether it came to the end.

        Raises:
            InputError: there are no photographs, or the folder cannot be used.
        """
        contents = self._photographs(named)
        check_folder(self.folder, make=True)
        with locked(self.folder):
            self._plan(contents)
            bar = {"total": len(self.todo), "bar_format": BAR, "smoothing": 0, "disable": self.quiet or not self.todo}
            try:
                with tqdm(**bar) as bar:
                    to_the_end = way(bar)
            except KeyboardInterrupt:
                to_the_end = False
        self.say(f"{self.folder}: {self.painted} of {len(self.todo)} pictures painted")
        if not to_the_end:
            self.say("stopped before the end; the same command goes on")
        if self.not_painted:
            print(one_line(f"nst: not painted: {', '.join(self.not_painted)}"), file=sys.stderr)
        return INTERRUPTED if not to_the_end else SOME_NOT_PAINTED if self.not_painted else DONE

    def here(self, paint_one: Callable[..., int], bar: tqdm) -> bool:
        """Paint one picture after another.

        Args:
            paint_one: paints a photograph as the command does a single one, and returns its exit code.
            bar: shows the progress.
        """
        for number, (content, output) in enumerate(self.todo):
            check_folder(self.folder)
            part_way, shown = unfinished(output), partial(self._part_of, bar, number, content.name)
            with self._failure_reported(content):
                code = paint_one(content, output, report=self.say, bar=shown, unfinished=part_way)
                if code == INTERRUPTED:
                    return False
                self._count(content, code == DONE)
                if code == DONE:
                    part_way.unlink(missing_ok=True)
            bar.update(number + 1 - bar.n)
        return True

    def on_cluster(self, scheduler: str, bar: tqdm) -> bool:
        """Let the workers of a Dask cluster paint, each with the weights on its machine.

        Raises:
            InputError: Dask is missing, or the scheduler does not answer.
        """
        with done_by(paint_in_worker, self._jobs(bar), [self.until_still], scheduler=scheduler) as results:
            for job, result in results:
                with self._failure_reported(job.content):
                    image, recipe = result()
                    opacity = transparency(job.recipe, image, job.output, self.say)
                    with interrupts_ignored():
                        saved = save_picture(image, job.output, recipe, opacity)
                        self._count(job.content, saved == job.output)
                    self.say(f"{saved}: {recipe.iterations} iterations")
                bar.update(1)
        return True

    def say(self, line: str) -> None:
        """Report a line, unless it was said of an earlier picture, or is of interest only for a single picture."""
        if line not in self._said and not line.startswith("losses at"):
            self._said.add(line)
            with tqdm.external_write_mode():
                self._report(line)

    def _photographs(self, named: Sequence[str]) -> list[Path]:
        """Return the files of these names and patterns, and the pictures in these folders."""
        contents = []
        for name in named:
            if os.path.isdir(name):
                contents += self._in_folder(Path(name))
            else:
                contents += map(Path, [name] if os.path.lexists(name) else sorted(glob.glob(name)) or [name])
        if not contents:
            raise InputError(f"{', '.join(named)}: here are no pictures; name some, or a folder that has some.")
        for content in contents:
            if content.parent.resolve() == self.folder.resolve():
                raise InputError(f"{content} lies where the pictures are to go; name another --output-dir.")
        return list(dict.fromkeys(contents))

    def _in_folder(self, folder: Path) -> list[Path]:
        endings = {ending for ending, kind in Image.registered_extensions().items() if kind in FORMATS}
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
        pictures = [path for path in files if path.suffix.lower() in endings]
        others = [path.name for path in files if path.suffix.lower() not in endings]
        and_not = f", without {', '.join(others[:5])}{', …' if others[5:] else ''}" if others else ""
        self.say(f"{folder}: {len(pictures)} pictures{and_not}")
        return pictures

    def _plan(self, contents: Sequence[Path]) -> None:
        """Fill `todo` with the photographs that are not finished, and report the others."""
        finished = FinishedPictures(self.folder)
        taken = {path.name.casefold() for path in self.folder.iterdir()}
        seen, ready = set(), 0
        for content in contents:
            with self._failure_reported(content):
                recipe = self.recipe_of(content)
                picture = content.stem, recipe.content.sha256
                if recipe.content.sha256 in (style.sha256 for style in recipe.styles):
                    self.say(f"{content} is left out, since it is a style")
                elif picture in seen:
                    self.say(f"{content} is left out, since the same picture comes before")
                elif finished.has(partial(self.with_scales, recipe), still=self.until_still):
                    ready += 1
                else:
                    output = self._free_output(content, recipe, taken)
                    taken.add(output.name.casefold())
                    self.todo.append((content, output))
                seen.add(picture)
        self.say(f"{len(self.todo)} picture{'' if len(self.todo) == 1 else 's'} to paint, {ready} finished already")

    def _free_output(self, content: Path, recipe: Recipe, taken: set[str]) -> Path:
        """Return a picture's path, with a number where its name is taken, whatever the case of its letters."""
        suffix = content.suffix.lower() if content.suffix.lower() in SAVE_OPTIONS else ".jpg"
        if recipe.bits not in (None, *BITS[suffix]):
            suffix = ".png"
        usual = self.folder / f"{content.stem}_{Path(recipe.style.path).stem[:LONGEST_STYLE_NAME]}{suffix}"
        output = free_name(usual, lambda path: path.name.casefold() in taken)
        if output != usual:
            self.say(f"{content} becomes {output.name}, since {usual.name} is the name of another picture")
        return output

    def _jobs(self, bar: tqdm) -> Iterator[Job]:
        """Yield the jobs; the pictures of each are read only when it is asked for."""
        for content, output in self.todo:
            try:
                recipe = self.recipe_of(content)
                pictures = load_pictures(recipe, self.say)
                yield Job(content, output, self.with_scales(recipe, pictures["content"].shape), pictures)
            except Exception as error:
                self._report_failure(content, error)
                bar.update(1)

    @contextmanager
    def _failure_reported(self, content: Path) -> Iterator[None]:
        """Go on with the other photographs when one fails."""
        try:
            yield
        except Exception as error:
            self._report_failure(content, error)

    def _count(self, content: Path, done: bool) -> None:
        if done:
            self.painted += 1
        else:  # it was written elsewhere
            self.not_painted.append(str(content))

    def _report_failure(self, content: Path, error: Exception) -> None:
        self.not_painted.append(str(content))
        what = error if isinstance(error, InputError) else f"{content}: {type(error).__name__}: {error}"
        with tqdm.external_write_mode(sys.stderr):
            print(one_line(f"nst: {what}"), file=sys.stderr)

    @contextmanager
    def _part_of(
        self, bar: tqdm, number: int, name: str, transfer: "StyleTransfer", n: int
    ) -> "Iterator[Callable[[Snapshot], None]]":
        """Show the next `n` iterations of a run as a part of the bar for all pictures, as a `Bar` does."""
        work, last = transfer.work(n), transfer.iteration + n

        def advance(snapshot: "Snapshot") -> None:
            where = f"picture {number + 1} of {len(self.todo)}, iteration {snapshot.iteration} of {last}"
            bar.set_postfix_str(f"{where}, {name}", refresh=False)
            share = (snapshot.size / max(snapshot.image.shape)) ** 2 / work
            bar.update(max(0, min(share, number + 1 - bar.n)))

        yield advance


def paint_in_worker(job: Job, until_still: bool) -> tuple[np.ndarray, Recipe]:
    """Paint a picture in a worker, which shares no disk with its caller; return it and its recipe."""
    with alone_in_worker():
        transfer, recipe = begin(job.recipe, job.pictures, "imagenet", lambda line: None)
        last = deque(transfer.steps(recipe.iterations, until_still=until_still), maxlen=1).pop()
        return last.image, replace(recipe, iterations=last.iteration)
