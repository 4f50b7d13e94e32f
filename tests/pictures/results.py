"""The README's section of results: the method's own run, as data/c1,s10000,t10 holds it, beside that of our defaults.

python -m tests.pictures.results      writes the section into README.md, between its two marks, and its picture
"""

import csv
import re
import statistics
import time
from itertools import pairwise
from pathlib import Path

from PIL import Image

from nst_helpers.commands.cli import ITERATIONS
from nst_helpers.hardware import device_name, processor_name
from nst_helpers.images import load_image
from nst_helpers.plots import show_images
from nst_helpers.recipe import Recipe
from nst_helpers.transfer import StyleTransfer

from .gallery import DATA, PREVIEWS, ROOT, drawn, write

RUN, DEFAULT = DATA / "c1,s10000,t10", DATA / "default"
COLUMNS = [(DEFAULT, ITERATIONS), *((RUN, iteration) for iteration in (3000, 9000, 17000, 23000, 30000))]
ROWS = {"content": "content", "style": "style", "tv": "total variation", "total": "total"}
MARKS = "<!-- results: python -m tests.pictures.results -->\n", "<!-- end of results -->\n"
PACE = r"An iteration took ([\d.]+) s on (.+)\.\n"
SECTION = """
## Thirty thousand iterations

The method's own run, {weights} and {rate}, from the photograph, {size} px. What do so
many iterations add to the {few} of `nst`? The loss falls by another {fall:.0f} %, and it is another picture;
[notebook 08](notebooks/08_iterations_and_snapshots.ipynb) measures it.

![The defaults after {few} iterations, and the method's own run after 3,000 to 30,000](notebooks/previews/results.jpg)

{table}
The losses are those of the very pictures. An iteration took {pace} s on {machine}.
All is in [data/{folder}](data/{folder}/) and [data/{default}](data/{default}/), and this makes them again:

```bash
{run_command}
{default_command}
```

"""


def main() -> None:
    readme = ROOT / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(MARKS[0])
    _, after = rest.split(MARKS[1])
    machine = f"{device_name()}, {processor_name()}"
    readme.write_text("".join([before, MARKS[0], section(seconds(), machine), MARKS[1], after]), encoding="utf-8")
    write(picture(), PREVIEWS / "results.jpg", f"{RUN.name} and {DEFAULT.name}")


def picture() -> Image.Image:
    """Return the pictures of both runs side by side."""
    shown = {name: load_image(_file(*column)) for name, column in zip(_names(), COLUMNS, strict=True)}
    return drawn(show_images(shown, columns=3, width=10), dpi=120)


def seconds(iterations: int = 100) -> float:
    """Return the median time of an iteration of the run that ships."""
    recipe = Recipe.from_json((RUN / "run.json").read_bytes())
    content, style = (load_image(DATA / each.path, recipe.size) for each in (recipe.content, recipe.style))
    steps = StyleTransfer(content, style).steps(iterations)
    next(steps)  # compiles
    times = [time.perf_counter()]
    times += [time.perf_counter() for _ in steps]
    return statistics.median(later - sooner for sooner, later in pairwise(times))


def measured(readme: str) -> tuple[float, str]:
    """Return the seconds an iteration took, and where, as the section says; all else in it is read from data/."""
    pace, machine = re.search(PACE, readme).groups()
    return float(pace), machine


def section(pace: float, machine: str) -> str:
    """Return the section in Markdown, for so many seconds an iteration."""
    pace = float(f"{pace:.2g}")
    recipe = Recipe.from_json((RUN / "run.json").read_bytes())
    s = recipe.settings
    command = f"nst data/{recipe.content.path} data/{recipe.style.path} --size {recipe.size}"
    few, *_, most = (float(row["total"]) for row in _losses_shown())
    wanted = ",".join(str(iteration) for _, iteration in COLUMNS[1:])
    return SECTION.format(
        weights=f"α : β : γ = {s.alpha:g} : {s.beta:g} : {s.gamma:g}",
        rate=f"plain Adam at a {s.schedule} rate of {s.learning_rate:g}",
        size=recipe.size,
        few=ITERATIONS,
        fall=100 * (1 - most / few),
        folder=RUN.name,
        default=DEFAULT.name,
        pace=f"{pace:g}",
        machine=machine,
        table=table(pace),
        run_command=f"{command} --schedule {s.schedule} --iterations {recipe.iterations} --snapshots {wanted}",
        default_command=f"{command} --snapshots {ITERATIONS}",
    )


def table(pace: float) -> str:
    """Return the losses of the very pictures, and the time at so many seconds an iteration."""
    losses = _losses_shown()
    rows = [["iterations", *_names()], ["---", *["---:"] * len(COLUMNS)]]
    rows += [[label, *(f"{float(row[name]):.4g}" for row in losses)] for name, label in ROWS.items()]
    rows.append(["time", *(_time(pace * iteration) for _, iteration in COLUMNS)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _names() -> list[str]:
    return [f"{iteration:,}" + ", nst" * (folder == DEFAULT) for folder, iteration in COLUMNS]


def _file(folder: Path, iteration: int) -> Path:
    return folder / f"iteration_{iteration:05d}.jpg"


def _losses_shown() -> list[dict[str, str]]:
    found = []
    for folder, iteration in COLUMNS:
        with (folder / "losses.csv").open(newline="") as file:
            found += [row for row in csv.DictReader(file) if int(row["iteration"]) == iteration]
    return found


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


if __name__ == "__main__":
    main()
