"""The README's section of results: the method's own run, as data/c1,s10000,t10 holds it.

python -m tests.pictures.results      writes the section into README.md, between its two marks
"""

import csv
from pathlib import Path

from nst_helpers.recipe import Recipe

ROOT = Path(__file__).parents[2]
RUN = ROOT / "data" / "c1,s10000,t10"
ITERATIONS = (3000, 9000, 17000, 23000, 30000)
MARKS = "<!-- results: python -m tests.pictures.results -->\n", "<!-- end of results -->\n"
SECTION = """
## Thirty thousand iterations

The method's own run, {weights} and {rate}, from the photograph, {size} px. What do so
many iterations add to the two hundred that `nst` does? [Notebook 08](notebooks/08_iterations_and_snapshots.ipynb)
measures it.

{table}
The losses are those of the very pictures. All is in [data/{folder}](data/{folder}/), and this makes it again:

```bash
{command}
```

"""


def main() -> None:
    readme = ROOT / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(MARKS[0])
    _, after = rest.split(MARKS[1])
    readme.write_text("".join([before, MARKS[0], section(), MARKS[1], after]), encoding="utf-8")


def section() -> str:
    """Return the section in Markdown, every number of it read from the run's folder."""
    recipe = Recipe.from_json((RUN / "run.json").read_bytes())
    s = recipe.settings
    inputs = f"data/{recipe.content.path} data/{recipe.style.path}"
    wanted = ",".join(map(str, ITERATIONS))
    return SECTION.format(
        weights=f"α : β : γ = {s.alpha:g} : {s.beta:g} : {s.gamma:g}",
        rate=f"plain Adam at a {s.schedule} rate of {s.learning_rate:g}",
        size=recipe.size,
        folder=RUN.name,
        table=table(),
        command=f"nst {inputs} --size {recipe.size} --schedule {s.schedule} --iterations {recipe.iterations} "
        f"--snapshots {wanted}",
    )


def table() -> str:
    """Return the pictures at the five iterations, and the losses of those very pictures."""
    with (RUN / "losses.csv").open(newline="") as file:
        losses = {int(row["iteration"]): row for row in csv.DictReader(file)}
    rows = [["iteration", *(f"{i:,}" for i in ITERATIONS)], ["---", *["---:"] * len(ITERATIONS)]]
    rows.append(["", *(f"![iteration {i}](data/{RUN.name}/iteration_{i:05d}.jpg)" for i in ITERATIONS)])
    for name in ("content", "style", "tv", "total"):
        label = "total variation" if name == "tv" else name
        rows.append([label, *(f"{float(losses[i][name]):.4g}" for i in ITERATIONS)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    main()
