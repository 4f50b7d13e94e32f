"""The commands that make the project's pictures do what they say."""

import re
from itertools import product
from pathlib import Path

import nbformat
import numpy as np
import pytest
from conftest import DATA
from pictures import explorer, figures_02b, gallery, previews, results
from pictures.stained_glass import FILE, stained_glass
from PIL import Image

from nst_helpers.files.images import load_image
from nst_helpers.files.recipe import Picture, Recipe
from nst_helpers.settings import METHOD, Settings

ROOT = Path(__file__).parents[1]


def test_the_shipped_window_is_the_one_that_the_script_draws():
    drawn = stained_glass(160)
    shipped = load_image(FILE, 160, report=None)[0]
    assert drawn.shape == shipped.shape
    assert np.corrcoef(drawn.ravel(), shipped.ravel())[0, 1] > 0.95
    assert np.corrcoef(stained_glass(160, seed=2).ravel(), shipped.ravel())[0, 1] < 0.9


@pytest.mark.parametrize("path", sorted(DATA.glob("*.jpg")), ids=lambda path: path.stem)
def test_every_picture_has_its_source_named(path):
    assert path.name in (DATA / "SOURCES.md").read_text(encoding="utf-8")


def test_the_gallery_makes_each_cell_once_and_again_if_its_recipe_has_changed(tmp_path, weights, monkeypatch, capsys):
    monkeypatch.setattr(gallery, "CONTENTS", ("coffee",))
    monkeypatch.setattr(gallery, "STYLES", ("auvers", "stained_glass"))
    cells = gallery.make_cells(tmp_path, 32, 1)
    assert all(gallery.is_made(path, *pair, 32, 1) for pair, path in cells.items())
    whole, torn = cells.values()
    before = whole.stat().st_mtime_ns
    torn.write_bytes(torn.read_bytes()[:1000])
    gallery.make_cells(tmp_path, 32, 1)
    assert "1 of 2 cells are there" in capsys.readouterr().out
    assert whole.stat().st_mtime_ns == before
    assert gallery.is_made(torn, "coffee", "stained_glass", 32, 1)
    assert not gallery.is_made(whole, "coffee", "auvers", 32, 2)
    assert not gallery.is_made(whole, "chelsea", "auvers", 32, 1)
    monkeypatch.setattr(gallery, "DEFAULTS", Settings(beta=1))
    assert not gallery.is_made(whole, "coffee", "auvers", 32, 1)


@pytest.fixture
def stand_ins(tmp_path):
    """For each cell a plain file of a colour of its own, in the shape of its content."""
    cells = {}
    for i, (content, style) in enumerate(product(gallery.CONTENTS, gallery.STYLES)):
        cells[content, style] = tmp_path / f"{content}_{style}.png"
        size = gallery.open_picture(DATA / f"{content}.jpg").size
        Image.new("RGB", size, (10 * i + 50, 0, 255)).save(cells[content, style])
    return cells


def test_the_contact_sheet_shows_every_cell_beside_its_content_and_its_style(stand_ins):
    sheet = gallery.contact_sheet(stand_ins, 800)
    assert abs(sheet.width - 800) < 5
    colours = {colour for _, colour in sheet.getcolors(10**6)}
    assert {(10 * i + 50, 0, 255) for i in range(len(stand_ins))} <= colours


def test_the_top_picture_is_as_wide_as_asked(stand_ins):
    assert gallery.top_picture(stand_ins, 600).width == 600


def test_pictures_side_by_side_are_equally_high():
    band = previews.side_by_side([Image.new("RGB", (30, 20), "red"), Image.new("RGB", (30, 10), "blue")])
    assert band.size == (15 + gallery.GAP + 30, 10)
    assert band.getpixel((5, 5)) == (255, 0, 0) and band.getpixel((40, 5)) == (0, 0, 255)


OF_THEIR_OWN = {"09_better_and_faster"}
"""Notebooks whose first picture is made by a command of their own, tests/pictures/figures_….py."""


@pytest.mark.parametrize("name", previews.FIGURES)
def test_each_preview_is_a_figure_of_its_notebook(name):
    line, size = previews.FIGURES[name]
    code = [cell.source for cell in nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4).cells]
    assert sum(f"\n{line}" in f"\n{source}" for source in code) == 1
    assert any(re.search(r"(?m)^SIZE = \d+", source) for source in code)
    assert size >= 128


def test_every_notebook_begins_with_a_picture_that_a_command_makes():
    shown = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    others = {explorer.NOTEBOOK, figures_02b.NOTEBOOK, *OF_THEIR_OWN}
    assert shown == {*previews.FIGURES, *previews.EQUATIONS, *previews.BY_THEMSELVES, *others}


def test_the_section_of_results_is_written_between_its_marks_from_the_run_s_files(tmp_path, monkeypatch):
    rows = [f"{i},{i / 1e4},{i / 1e8},0.5,{1e3 - i / 1e2}" for i in (0, 300, 3000, 9000, 17000, 23000, 30000)]
    (tmp_path / "losses.csv").write_text("\n".join(["iteration,content,style,tv,total", *rows]))
    pictures = Picture("content.jpg", ""), Picture("style.jpg", "")
    recipe = Recipe(*pictures, 192, 30000, Settings(beta=2e4, schedule="constant", **METHOD))
    (tmp_path / "run.json").write_text(recipe.to_json())
    (tmp_path / "README.md").write_text(f"before\n{results.MARKS[0]}old\n{results.MARKS[1]}after\n")
    Image.new("RGB", (12, 8), "red").save(tmp_path / f"iteration_{results.ITERATIONS:05d}.jpg")
    for name in ("00300", "03000", "09000", "17000", "23000", "30000"):
        Image.new("RGB", (12, 8), "red").save(tmp_path / f"iteration_{name}.jpg")
    monkeypatch.setattr(results, "PREVIEWS", tmp_path)
    for folder in ("RUN", "DEFAULT"):
        monkeypatch.setattr(results, folder, tmp_path)
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setattr(results, "seconds", lambda: 0.0514)
    results.main()
    once = (tmp_path / "README.md").read_text()
    results.main()
    assert (tmp_path / "README.md").read_text() == once
    assert once.startswith(f"before\n{results.MARKS[0]}")
    assert once.endswith(f"{results.MARKS[1]}after\n")
    assert "| content | 0.03 | 0.3 | 0.9 | 1.7 | 2.3 | 3 |\n" in once
    assert "| time | 15 s | 3 min | 8 min | 14 min | 20 min | 26 min |\n" in once
    assert "the loss falls by 2.7 %, from 3,000 to 30,000 by 27.8 %" in once  # from 997 to 970 to 700
    assert "α : β : γ = 1 : 20,000 : 10 and plain Adam at a constant rate of 0.02, at a single size" in once
    assert "--size 192 --scales none --content-layers block5_conv2 --style-distance squared" in once
    assert "--schedule constant --iterations 30000 --snapshots 300,3000,9000,17000,23000,30000\n" in once
    assert "old" not in once
    with Image.open(tmp_path / "results.jpg") as sheet:
        red, green, _ = np.moveaxis(np.asarray(sheet, int), -1, 0)
    assert (red - green > 200).mean() > 0.5  # it shows the pictures
