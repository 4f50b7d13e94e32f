"""The picture on top of each notebook: a figure of that notebook, run again with larger images.

python -m tests.pictures.previews [NAME …]      of these notebooks, such as 05_the_loop, or of all

A notebook is run up to the figure with another SIZE, some with more iterations; the figure is taken from its outputs.
"""

import argparse
import base64
import io
import re

import nbformat
from nbclient import NotebookClient
from PIL import Image
from tqdm.auto import tqdm

from nst_helpers import StyleTransfer
from nst_helpers.course.notebooks import picture
from nst_helpers.files.images import to_pil
from nst_helpers.settings import coarse_to_fine

from .gallery import GAP, PREVIEWS, ROOT, write

FIGURES = {
    "01_what_vgg_sees": ('show_images({"the photograph": photo}', 192),
    "02_gram_matrices": ('show_images({f"tiles of {side} px"', 384),
    "03_texture_from_noise": ('show_images({**ladder, "the style image": style}, columns=3', 256),
    "04_three_losses": ("show_images(sources | {name: each.image", 320),
    "05_the_loop": ('show_images({"the photograph": content, "the painting": style, "painted by your loop"', 256),
    "07_layer_choice": ('show_images({f"{depth} × {name}"', 256),
    "08_iterations_and_snapshots": ('show_images({f"iteration {i:,}"', 192),
    "11_your_own_picture": ("show_pareto(six, cards)", 256),
    "12_units_and_conversions": ("show_table(powers, programs", 256),
    "13_what_came_after": ('show_images({"the photograph": photograph} | pictures, columns=3)', 256),
}
"""Notebook to the beginning of the line that draws its figure, and the SIZE to run it with."""
ITERATIONS = {"01_what_vgg_sees": ("STEPS", 300)}
"""Notebook to a variable of its setup cell, and its value, where the notebook's own iterations are too few."""
EQUATIONS = {"00_start_here": (320, 150)}
"""Notebooks that begin with content, style and result: size and iterations."""
BY_THEMSELVES = {"10_do_we_need_gram"}
"""Notebooks whose pictures have a module of their own here, figures_NN."""
DPI = 80


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    every = sorted(FIGURES | EQUATIONS)
    parser.add_argument("names", nargs="*", metavar="NAME", help="notebooks, or all")
    names = parser.parse_args().names or every
    if unknown := set(names) - set(every):
        parser.error(f"no such notebook: {', '.join(sorted(unknown))} (there are {', '.join(every)})")
    for name in names:
        path = PREVIEWS / f"{name}.jpg"
        if name in EQUATIONS:
            size, iterations = EQUATIONS[name]
            write(equation(size, iterations), path, f"{size} px, {iterations} iterations")
        else:
            line, size = FIGURES[name]
            values = {"SIZE": size} | dict([ITERATIONS[name]] if name in ITERATIONS else [])
            how = ", ".join(f"{variable} = {value}" for variable, value in values.items())
            write(figure(name, line, values), path, how)


def figure(name: str, line: str, values: dict[str, int]) -> Image.Image:
    """Return the figure of a notebook that `line` begins to draw, with other values of its setup cell's variables."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    last = [i for i, cell in enumerate(notebook.cells) if f"\n{line}" in f"\n{cell.source}"]
    if len(last) != 1:
        raise SystemExit(f"{name}: {len(last)} cells have a line that begins with {line}")
    notebook.cells = notebook.cells[: last[0] + 1]
    (setup,) = (cell for cell in notebook.cells if "setup" in cell.metadata.get("tags", []))
    for variable, value in values.items():
        setup.source, found = re.subn(rf"(?m)^{variable} = \d+", f"{variable} = {value}", setup.source)
        if not found:
            raise SystemExit(f"{name}: its setup cell sets no {variable}")
    setup.source = re.sub(r'(?m)^Image\("previews/.*$', "", setup.source)  # it need not be there yet
    setup.source = f'%matplotlib inline\nimport matplotlib\nmatplotlib.rcParams["figure.dpi"] = {DPI}\n{setup.source}'
    with tqdm(total=len(notebook.cells), desc=name, unit="cell") as bar:
        client = NotebookClient(notebook, timeout=3600, resources={"metadata": {"path": str(ROOT / "notebooks")}})
        client.on_cell_executed = lambda **_: bar.update()
        client.execute()
    jpeg = next(
        output.data["image/jpeg"] for output in notebook.cells[-1].outputs if "image/jpeg" in output.get("data", {})
    )
    return Image.open(io.BytesIO(base64.b64decode(jpeg)))


def equation(size: int, iterations: int) -> Image.Image:
    """Return content, style and what `nst` makes of them with its defaults, side by side."""
    content, style = picture("summer_palace.jpg", size), picture("great_wave.jpg", size)
    scales = coarse_to_fine(content.shape, iterations)
    result = StyleTransfer(content, style, scales=scales).run(iterations)[-1].image
    return side_by_side([to_pil(image) for image in (content, style, result)])


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """Return pictures in a row, as high as the lowest of them."""
    height = min(each.height for each in pictures)
    pictures = [each.resize((round(each.width * height / each.height), height)) for each in pictures]
    band = Image.new("RGB", (sum(each.width + GAP for each in pictures) - GAP, height), "white")
    x = 0
    for each in pictures:
        band.paste(each, (x, 0))
        x += each.width + GAP
    return band


if __name__ == "__main__":
    main()
