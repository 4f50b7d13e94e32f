"""The gallery: four photographs in four styles, each cell made by the command `nst` with its default settings.

python -m tests.pictures.gallery

It writes the contact sheet and the README's first picture. The cells stay in runs/gallery/; one that was made by the
same recipe is not made again, so that the command goes on where it was stopped. Delete the folder to begin anew.
"""

import argparse
import io
import sys
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image, ImageOps

from nst_helpers.commands import cli
from nst_helpers.commands.options import ITERATIONS
from nst_helpers.errors import InputError
from nst_helpers.files.images import load_image
from nst_helpers.files.recipe import Picture, Recipe, read_recipe
from nst_helpers.settings import DEFAULTS, coarse_to_fine

ROOT = Path(__file__).parents[2]
DATA, CELLS, PREVIEWS = ROOT / "data", ROOT / "runs" / "gallery", ROOT / "notebooks" / "previews"
CONTENTS = ("summer_palace", "astronaut", "chelsea", "coffee")
STYLES = ("great_wave", "auvers", "composition_viii", "stained_glass")
SIZE = 512
TOP = (("summer_palace", "great_wave"), ("astronaut", "stained_glass"), ("chelsea", "auvers"))
"""Content and style of the three pictures that the README begins with."""
SHEET_WIDTH, TOP_WIDTH, GAP = 1600, 1200, 6


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=SIZE, help=f"longer side of each cell in pixels ({SIZE})")
    parser.add_argument("--iterations", type=int, default=ITERATIONS, help=f"of each cell ({ITERATIONS})")
    parser.add_argument("--cells", type=Path, default=CELLS, metavar="DIR", help="where to keep the cells")
    parser.add_argument("--output", type=Path, default=PREVIEWS, metavar="DIR", help="where to write both pictures")
    options = parser.parse_args(arguments)
    options.cells.mkdir(parents=True, exist_ok=True)
    cells = make_cells(options.cells, options.size, options.iterations)
    how = f"{options.size} px, {options.iterations} iterations"
    write(contact_sheet(cells, SHEET_WIDTH), options.output / "gallery.jpg", how)
    write(top_picture(cells, TOP_WIDTH), options.output / "readme.jpg", how)


def make_cells(folder: Path, size: int, iterations: int) -> dict[tuple[str, str], Path]:
    """Let `nst` make each cell that is not there yet; return (content, style) -> file."""
    cells = {pair: folder / f"{pair[0]}_{pair[1]}.jpg" for pair in product(CONTENTS, STYLES)}
    missing = {pair: path for pair, path in cells.items() if not is_made(path, *pair, size, iterations)}
    print(f"{len(cells) - len(missing)} of {len(cells)} cells are there")
    started = time.monotonic()
    for done, (pair, path) in enumerate(missing.items()):
        seconds = (time.monotonic() - started) / max(done, 1) * (len(missing) - done)
        print(f"\n{' × '.join(pair)}, {len(missing) - done} to go", end="")
        print(f", about {seconds / 60:.0f} min left" if done else "", flush=True)
        inputs = [str(DATA / f"{name}.jpg") for name in pair]
        code = cli.main([*inputs, "--size", str(size), "--iterations", str(iterations), "-o", str(path)])
        if code:
            sys.exit(code)
    return cells


def is_made(path: Path, content: str, style: str, size: int, iterations: int) -> bool:
    """Whether the picture at `path` was made by today's recipe; in which arithmetic does not matter."""
    try:
        made = read_recipe(path)
    except InputError:
        return False
    shape = load_image(DATA / f"{content}.jpg", size, report=None).shape
    settings = replace(DEFAULTS, precision=made.settings.precision, scales=coarse_to_fine(shape, iterations))
    pictures = (Picture.of(DATA / f"{name}.jpg") for name in (content, style))
    return made.iterations == iterations and not Recipe(*pictures, size, iterations, settings).differences(made)


def contact_sheet(cells: dict[tuple[str, str], Path], width: int) -> Image.Image:
    """Return all cells, a row for each style and a column for each content, with the originals at the edges."""
    contents, styles = ([open_picture(DATA / f"{name}.jpg") for name in names] for names in (CONTENTS, STYLES))
    rows = [[None, *contents]]
    rows += [
        [own, *(open_picture(cells[c, style]) for c in CONTENTS)] for style, own in zip(STYLES, styles, strict=True)
    ]
    shapes = [max(aspect(style) for style in styles), *(aspect(content) for content in contents)]
    height = round((width - (len(shapes) - 1) * GAP) / sum(shapes))
    widths = [round(height * shape) for shape in shapes]
    sheet = Image.new("RGB", (sum(widths) + (len(widths) - 1) * GAP, len(rows) * (height + GAP) - GAP), "white")
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            if picture:
                box = (sum(widths[:j]) + j * GAP, i * (height + GAP))
                sheet.paste(ImageOps.fit(picture, (widths[j], height), Image.Resampling.LANCZOS), box)
    return sheet


def top_picture(cells: dict[tuple[str, str], Path], width: int) -> Image.Image:
    """Return the chosen cells side by side, each with its style in a corner."""
    pictures = [open_picture(cells[pair]) for pair in TOP]
    height = round((width - (len(TOP) - 1) * GAP) / sum(map(aspect, pictures)))
    band = Image.new("RGB", (width, height), "white")
    x = 0
    for (_, style), picture in zip(TOP, pictures, strict=True):
        picture = picture.resize((round(height * aspect(picture)), height), Image.Resampling.LANCZOS)
        inset = open_picture(DATA / f"{style}.jpg")
        inset = inset.resize((round(height * 0.3 * aspect(inset)), round(height * 0.3)), Image.Resampling.LANCZOS)
        inset = ImageOps.expand(inset, 2, "white")
        picture.paste(inset, (picture.width - inset.width - GAP, height - inset.height - GAP))
        band.paste(picture, (x, 0))
        x += picture.width + GAP
    return band


def open_picture(path: Path) -> Image.Image:
    """Return the picture in a file, in RGB."""
    with Image.open(path) as picture:
        return picture.convert("RGB")


def drawn(figure: Figure, dpi: int) -> Image.Image:
    """Return a matplotlib figure as a picture."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return Image.open(file).convert("RGB")


def aspect(picture: Image.Image) -> float:
    """Return width / height."""
    return picture.width / picture.height


def write(picture: Image.Image, path: Path, how: str) -> None:
    """Write a picture for a web page, with a comment that tells how it was made, and say so."""
    picture.save(path, quality=87, optimize=True, progressive=True, comment=how)
    print(f"{path}: {picture.width}×{picture.height}, {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
