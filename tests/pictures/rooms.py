"""The figure of the package's rooms in CONTRIBUTING.md, drawn from the imports and lines that are there.

python -m tests.pictures.rooms
"""

import ast
from collections import Counter
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

ROOT = Path(__file__).parents[2]
PACKAGE, FILE = ROOT / "nst_helpers", ROOT / "notebooks" / "previews" / "rooms.png"
WORDS = "errors, layers"
ROOMS = {  # from the ground up, as tests/test_project.py has them
    WORDS: "what every room may use",
    "machine": "arithmetic, memory, disk, the weight file, Ctrl-C",
    "the method": "VGG19, the losses, Adam and L-BFGS, the loop",
    "files": "pictures, recipes, runs, films and the atlas on disk",
    "course": "figures, experiments, checkers of the exercises",
    "commands": "nst and its subcommands",
    "widgets": "the explorer and the other panels",
}


def room_of(path: Path) -> str:
    """Return the room of a module."""
    first, *rest = path.relative_to(PACKAGE).with_suffix("").parts
    return first if rest else WORDS if first in WORDS.split(", ") else "the method"


def drawn_imports() -> tuple[Counter, Counter]:
    """Return the lines of each room, and how many modules of one room import from another."""
    lines, arrows = Counter(), Counter()
    for path in sorted(set(PACKAGE.rglob("*.py")) - {PACKAGE / "__main__.py"}):
        here, text = room_of(path), path.read_text(encoding="utf-8")
        lines[here] += len(text.splitlines())
        reached = set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.level and node.module:
                folder = path.parents[node.level - 1]
                reached.add(room_of(folder.joinpath(*node.module.split(".")).with_suffix(".py")))
        for there in reached - {here}:
            arrows[here, there] += 1
    return lines, arrows


def draw(lines: Counter, arrows: Counter) -> Figure:
    """Return the rooms one above the other, with an arrow to each that a room imports from."""
    figure = Figure((9, 7.4))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.6, 9.6), ylim=(0, 7.4))
    axes.axis("off")
    middle = {room: 0.6 + 1.04 * i for i, room in enumerate(ROOMS)}
    for room, what in ROOMS.items():
        method = room == "the method"
        box = FancyBboxPatch(
            (2.1, middle[room] - 0.34), 4.8, 0.68, "round,pad=0.04", fc="#fdf3d8" if method else "#eef2f7", ec="#60728a"
        )
        axes.add_patch(box)
        name = "nst_helpers/*.py, the method" if method else room if room == WORDS else f"{room}/"
        axes.text(4.5, middle[room] + 0.12, name, ha="center", va="center", fontsize=12, weight="bold")
        axes.text(4.5, middle[room] - 0.16, f"{what} · {lines[room]:,} lines", ha="center", va="center", fontsize=8.5)
    order = list(ROOMS)
    for (here, there), count in arrows.items():
        if there == WORDS and here != "machine":  # all have that
            continue
        floors = order.index(here) - order.index(there)
        side = 1 if floors % 2 else -1
        x = 4.5 + side * (0 if floors == 1 else 2.44)
        arrow = FancyArrowPatch(
            (x, middle[here] - 0.38 if floors == 1 else middle[here]),
            (x, middle[there] + 0.38 if floors == 1 else middle[there]),
            arrowstyle="-|>",
            mutation_scale=11,
            connectionstyle=f"arc3,rad={0 if floors == 1 else -side * (0.16 + 0.13 * floors)}",
            lw=0.6 + 0.12 * count,
            color="#60728a",
        )
        axes.add_patch(arrow)
    return figure


def main() -> None:
    draw(*drawn_imports()).savefig(FILE, dpi=100)


if __name__ == "__main__":
    main()
