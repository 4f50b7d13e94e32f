"""The README's section of results: the course's first recipe, as data/c1,s10000,t10 holds it, beside our defaults.

python -m tests.pictures.results      writes the section into README.md, between its two marks, and its picture
"""

import csv
import re
import statistics
import time
from itertools import pairwise
from pathlib import Path

from PIL import Image

from nst_helpers.commands.options import ITERATIONS, SIZE
from nst_helpers.course.plots import show_images
from nst_helpers.files.images import load_image
from nst_helpers.files.recipe import Recipe
from nst_helpers.machine.hardware import device_name, processor_name
from nst_helpers.transfer import StyleTransfer

from .gallery import DATA, PREVIEWS, ROOT, drawn, write

RUN, DEFAULT = DATA / "c1,s10000,t10", DATA / "default"
ITERATIONS_SHOWN = (300, 3000, 9000, 17000, 23000, 30000)
ROWS = {"content": "content", "style": "style", "tv": "total variation", "total": "total"}
MARKS = "<!-- results: python -m tests.pictures.results -->\n", "<!-- end of results -->\n"
PACE = r"An iteration of that run took ([\d.]+) s \((.+)\)\.\n"
SECTION = """
## Thirty thousand iterations

The recipe that the course begins with, unchanged for 30,000 iterations: squared differences of Gram matrices, content
from {content_layers}, {weights} and {rate}, at a single size of {size} px, starting
from the photograph. From 300 to 3,000 iterations the loss falls by {early:.1f} %, from 3,000 to 30,000 by {late:.1f} %;
[notebook 08](notebooks/08_iterations_and_snapshots.ipynb) measures what that does to the picture. The second picture is
what `nst` makes by default in {few} iterations.

![The picture made by the defaults, and that recipe's after 300 to 30,000 iterations](notebooks/previews/results.jpg)

{table}
The losses are those of the pictures shown. An iteration of that run took {pace} s ({machine}).
Both runs are in [data/{folder}](data/{folder}/) and [data/{default}](data/{default}/). To reproduce them:

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
    recipe = Recipe.from_json((RUN / "run.json").read_bytes())
    shown = {"the photograph": load_image(DATA / recipe.content.path, SIZE)}
    shown[f"nst, {ITERATIONS} iterations, {SIZE} px"] = load_image(_file(DEFAULT, ITERATIONS))
    shown |= {f"{iteration:,} iterations": load_image(_file(RUN, iteration)) for iteration in ITERATIONS_SHOWN}
    return drawn(show_images(shown, columns=4, width=12), dpi=100)


def seconds(iterations: int = 100) -> float:
    """Return the median time of an iteration of the run that ships."""
    recipe = Recipe.from_json((RUN / "run.json").read_bytes())
    content, style = (load_image(DATA / each.path, recipe.size) for each in (recipe.content, recipe.style))
    steps = StyleTransfer(content, style, **vars(recipe.settings)).steps(iterations)
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
    first, few, *_, most = (float(row["total"]) for row in _losses_shown())
    return SECTION.format(
        weights=f"α : β : γ = {s.alpha:g} : {s.beta:,g} : {s.gamma:g}",
        content_layers=", ".join(s.content_layers),
        rate=f"plain Adam at a {s.schedule} rate of {s.learning_rate:g}",
        size=recipe.size,
        few=ITERATIONS,
        early=100 * (1 - few / first),
        late=100 * (1 - most / few),
        folder=RUN.name,
        default=DEFAULT.name,
        pace=f"{pace:g}",
        machine=machine,
        table=table(pace),
        run_command=f"{command} --scales none --content-layers {next(iter(s.content_layers))} "
        f"--style-distance {s.style_distance} --schedule {s.schedule} --iterations {recipe.iterations} "
        f"--snapshots {','.join(map(str, ITERATIONS_SHOWN))}",
        default_command=f"nst data/{recipe.content.path} data/{recipe.style.path} --snapshots {ITERATIONS}",
    )


def table(pace: float) -> str:
    """Return the losses of the very pictures, and the time at so many seconds an iteration."""
    losses = _losses_shown()
    rows = [["iterations", *(f"{n:,}" for n in ITERATIONS_SHOWN)], ["---", *["---:"] * len(ITERATIONS_SHOWN)]]
    rows += [[label, *(f"{float(row[name]):.4g}" for row in losses)] for name, label in ROWS.items()]
    rows.append(["time", *(_time(pace * iteration) for iteration in ITERATIONS_SHOWN)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _file(folder: Path, iteration: int) -> Path:
    return folder / f"iteration_{iteration:05d}.jpg"


def _losses_shown() -> list[dict[str, str]]:
    with (RUN / "losses.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if int(row["iteration"]) in ITERATIONS_SHOWN]


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


if __name__ == "__main__":
    main()
