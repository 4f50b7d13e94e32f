"""The figures of notebook 10: five statistics on three networks paint the same textures and the same photographs.

python -m tests.pictures.figures_10

The runs stay in runs/showdown/; one that is there is not made again, so that the command goes on where it was stopped.
It writes notebooks/previews/10_*.jpg and data/showdown.json, which notebook 10 reads.
"""

import json
from itertools import product

import numpy as np
from matplotlib.figure import Figure

from nst_helpers.course.notebooks import picture
from nst_helpers.course.plots import show_images
from nst_helpers.course.score_card import palette_distance, structural_similarity
from nst_helpers.course.showdown import (
    NETWORKS,
    STATISTICS,
    Contestant,
    Metrics,
    band_distance,
    palette_alone,
    patch_distance,
    upside_down,
)
from nst_helpers.files.images import load_image, save_image

from .gallery import PREVIEWS, ROOT, drawn, write

RUNS, RESULTS = ROOT / "runs" / "showdown", ROOT / "data" / "showdown.json"
SIZE, COARSE = 256, 128
ITERATIONS = 80, 50
"""At COARSE, then at SIZE."""
TEXTURES = {"auvers": 0, "great_wave": 1, "composition_viii": 2}
"""Painting to the seed of its noise and of its networks."""
SOME = list(product(("Wasserstein", "mean + std", "Gram"), ("trained", "untrained")))
"""Statistics and networks that paint the other two paintings' textures as well."""
PHOTOGRAPH, ITS_STYLE = "summer_palace", "great_wave"
PAINTERS = [("Gram", "trained"), ("mean + std", "trained"), ("Wasserstein", "trained"), ("Wasserstein", "untrained")]
"""Those that paint a photograph."""
BLIND = [
    ("covariance", "trained"),
    ("sliced Wasserstein", "untrained"),
    ("Wasserstein", "trained"),
    ("mean + std", "trained"),
    ("Wasserstein", "shuffled"),
    ("Gram", "trained"),
]
"""Those that are shown under letters, in this order."""
LONGER = [("Gram", "untrained"), ("mean + std", "untrained"), ("Gram", "trained")]
"""Those that run four times as long, for one painting: is it the time that they lack?"""
ALL = list(product(("Wasserstein", "mean + std", "Gram", "sliced Wasserstein", "covariance"), NETWORKS))


def main() -> None:
    RUNS.mkdir(parents=True, exist_ok=True)
    jobs = [(name, *who, "auvers", None, 0, 1) for name, who in named(ALL, "auvers")]
    for style, seed in list(TEXTURES.items())[1:]:
        jobs += [(name, *who, style, None, seed, 1) for name, who in named(SOME, style)]
    pair = f"{PHOTOGRAPH},{ITS_STYLE}"
    jobs += [(name, *who, ITS_STYLE, PHOTOGRAPH, 0, 1) for name, who in named(PAINTERS, pair)]
    jobs += [(name, *who, "auvers", None, 0, 4) for name, who in named(LONGER, "auvers,longer")]
    weights: dict[tuple[str, str], dict[str, float]] = {}
    for i, (name, statistic, network, style, content, seed, times) in enumerate(jobs):
        if not (RUNS / f"{name}.json").exists():
            print(f"{i + 1} of {len(jobs)}: {name}", flush=True)
            who = Contestant(statistic, network, seed)
            if (statistic, network) not in weights:
                weights[statistic, network] = who.balance(loaded("summer_palace"), loaded("great_wave"))
            paint(name, who, weights[statistic, network], style, content, times)
    results = scored()
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    how = f"{SIZE} px, {ITERATIONS[0]} iterations at {COARSE} px and {ITERATIONS[1]} at {SIZE} px"
    figure = drawn(grid(results["textures"]["auvers"], "auvers"), dpi=92)
    figure.save(PREVIEWS / "10_do_we_need_gram.jpg", quality=78, optimize=True, progressive=True, comment=how)  # grain
    write(drawn(blind("auvers"), dpi=100), PREVIEWS / "10_blind.jpg", how)
    write(drawn(others(), dpi=92), PREVIEWS / "10_paintings.jpg", how)
    write(drawn(longer("auvers"), dpi=92), PREVIEWS / "10_longer.jpg", how)
    shown = {"the photograph": loaded(PHOTOGRAPH), "the painting": loaded(ITS_STYLE)} | painted_photographs()
    write(drawn(show_images(shown, columns=3, width=10), dpi=90), PREVIEWS / "10_photograph.jpg", how)


def named(whom: list[tuple[str, str]], what: str) -> list[tuple[str, tuple[str, str]]]:
    """Return the name of each contestant's run, and who it is."""
    return [(f"{what},{statistic},{network}".replace(" ", ""), (statistic, network)) for statistic, network in whom]


def loaded(name: str) -> np.ndarray:
    """Return a picture of data/ at SIZE."""
    return picture(f"{name}.jpg", SIZE)


def paint(name: str, who: Contestant, layers: dict, style: str, content: str | None, times: int) -> None:
    """Run a contestant, from noise where there is no content, and keep its picture and its own loss."""
    target = loaded(style)
    texture = {"alpha": 0, "gamma": 0, "init": "noise"} if content is None else {}
    coarse, fine = (times * n for n in ITERATIONS)
    run = who.start(target if content is None else loaded(content), target, layers, scales={COARSE: coarse}, **texture)
    losses = [snapshot.losses.style for snapshot in run.steps(coarse + fine)]
    save_image(run.snapshot.image, RUNS / f"{name}.png")
    (RUNS / f"{name}.json").write_text(json.dumps({"style": losses, "layers": layers}))


def scored() -> dict:
    """Return what notebook 10 reads: scores and own losses of all textures that are there, and what they are."""
    found = {"settings": {"size": SIZE, "coarse": COARSE, "iterations": ITERATIONS}, "layers": {}, "textures": {}}
    for style in TEXTURES:
        metrics = Metrics(loaded(style))
        for name, (statistic, network) in named(ALL, style) + named(LONGER, f"{style},longer"):
            if not (RUNS / f"{name}.json").exists():
                continue
            run = json.loads((RUNS / f"{name}.json").read_text())
            scores = metrics(load_image(RUNS / f"{name}.png", report=None)) | own_loss(run["style"])
            longer = "longer, " if "longer" in name else ""
            of_style = found["textures"].setdefault(style, {})
            of_style[f"{longer}{statistic}, {network}"] = {key: float(f"{x:.4g}") for key, x in scores.items()}
            found["layers"][f"{statistic}, {network}"] = {k: float(f"{x:.4g}") for k, x in run["layers"].items()}
    return found | {"photograph": photograph_scores()}


def photograph_scores() -> dict[str, dict[str, float]]:
    """Return for each painted photograph the structure kept, and what is left of its distances from the style, in %."""
    content, style, scores = loaded(PHOTOGRAPH), loaded(ITS_STYLE), {}
    far = sum(band_distance(content, style)), patch_distance(content, style), palette_distance(content, style)
    for title, image in painted_photographs().items():
        near = sum(band_distance(image, style)), patch_distance(image, style), palette_distance(image, style)
        left = {name: 100 * a / b for name, a, b in zip(("bands", "patches", "palette"), near, far, strict=True)}
        each = {"structure": structural_similarity(content, image)} | left
        scores[title] = {name: float(f"{x:.3g}") for name, x in each.items()}
    return scores


def painted_photographs() -> dict[str, np.ndarray]:
    """Return the photograph as each of PAINTERS has painted it."""
    names = named(PAINTERS, f"{PHOTOGRAPH},{ITS_STYLE}")
    return {", ".join(who): load_image(RUNS / f"{name}.png", report=None) for name, who in names}


def own_loss(losses: list[float]) -> dict[str, float]:
    """Return what is left of a run's loss, in percent of its first, and the share that went in the last ten steps."""
    end, before = np.mean(losses[-5:]), np.mean(losses[-15:-10])
    return {"left": 100 * end / losses[0], "still falling": 100 * (1 - end / before)}


def grid(scores: dict, style: str) -> Figure:
    """Return all textures of a painting, a row for each network and a column for each statistic."""
    painting = loaded(style)
    figure = Figure(figsize=(13, 6.2), layout="constrained")
    axes = figure.subplots(len(NETWORKS), len(STATISTICS) + 1)
    landmarks = {
        "the painting": painting,
        "upside down: 0 · 0": upside_down(painting),
        "its pixels, shuffled: 100 · 100": palette_alone(painting),
    }
    for ax, (title, image) in zip(axes[:, 0], landmarks.items(), strict=True):
        ax.imshow(image[0])
        ax.set_xlabel(title, fontsize=9)
    for (row, network), (column, statistic) in product(enumerate(NETWORKS), enumerate(STATISTICS, 1)):
        ax, of = axes[row, column], scores[f"{statistic}, {network}"]
        ax.imshow(load_image(RUNS / f"{style},{statistic},{network}.png".replace(" ", ""), report=None)[0])
        ax.set_xlabel(f"{of['bands']:.0f} · {of['patches']:.0f}    ΔE {of['palette']:.0f}", fontsize=9)
        if row == 0:
            ax.set_title(statistic, fontsize=12)
        if column == 1:
            ax.set_ylabel(network, fontsize=12)
    for ax in axes.ravel():
        ax.set(xticks=[], yticks=[])
        for side in ax.spines.values():
            side.set_visible(False)
    return figure


def others() -> Figure:
    """Return the textures of SOME for the other two paintings, a row for each."""
    styles = list(TEXTURES)[1:]
    figure = Figure(figsize=(13, 3.5), layout="constrained")
    axes = figure.subplots(len(styles), len(SOME) + 1)
    for (row, style), (column, who) in product(enumerate(styles), enumerate([None, *SOME])):
        ax = axes[row, column]
        file = RUNS / f"{style},{','.join(who or ())}.png".replace(" ", "")
        ax.imshow((load_image(file, report=None) if who else loaded(style))[0])
        ax.axis("off")
        if row == 0:
            ax.set_title(", ".join(who) if who else "the painting", fontsize=10)
    return figure


def longer(style: str) -> Figure:
    """Return the textures of LONGER after the usual iterations, and after four times as many."""
    shown = {}
    for statistic, network in LONGER:
        for what, times in ((style, 1), (f"{style},longer", 4)):
            name = f"{what},{statistic},{network}.png".replace(" ", "")
            title = f"{statistic}, {network}: {times * sum(ITERATIONS)}"
            shown[title] = load_image(RUNS / name, report=None)
    return show_images(shown, columns=len(shown), width=13)


def blind(style: str) -> Figure:
    """Return six textures under letters."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    for i, (statistic, network) in enumerate(BLIND):
        ax = figure.add_subplot(2, 3, i + 1)
        ax.imshow(load_image(RUNS / f"{style},{statistic},{network}.png".replace(" ", ""), report=None)[0])
        ax.set_title("ABCDEF"[i], fontsize=12)
        ax.axis("off")
    return figure


if __name__ == "__main__":
    main()
