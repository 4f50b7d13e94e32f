"""Rules that every notebook keeps; that they run and print what they show is nbval's work."""

import ast
import itertools
import re
from pathlib import Path

import nbformat
import pytest

from nst_helpers.course.notebooks import REPOSITORY

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[1]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NOTEBOOKS = [path.stem for path in PATHS]
INSTALL_TITLE = "# @title On Colab, fetch the course (elsewhere this does nothing)"
COLAB = "https://colab.research.google.com"
LONGEST_CELL = 20
LONGEST_SETUP = 40
LARGEST_BYTES = 1_000_000

each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[dict]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell["cell_type"] == kind]


def source(cell: dict) -> str:
    return "".join(cell["source"])


def prose(path: Path) -> str:
    return "\n\n".join(source(cell) for cell in cells(path, "markdown"))


@each_notebook
def test_badge_opens_this_very_notebook(path):
    link = f"{COLAB}/github/{REPOSITORY}/blob/main/notebooks/{path.stem}.ipynb"
    assert f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({link})" in source(cells(path, "markdown")[0])
    assert re.findall(
        r"research\.google\.com/github/([\w.-]+/[\w.-]+)/blob/main/notebooks/(\w+)", path.read_text()
    ) == [(REPOSITORY, path.stem)]


@each_notebook
def test_install_cell_is_the_common_one_and_hidden(path):
    installs = [cell for cell in cells(path, "code") if source(cell).startswith(INSTALL_TITLE)]
    assert [source(cell) for cell in installs] == [source(cells(PATHS[0], "code")[0])]
    assert f"https://github.com/{REPOSITORY} course\n" in source(installs[0])
    metadata = installs[0]["metadata"]
    assert metadata["cellView"] == "form"
    assert metadata["jupyter"]["source_hidden"]
    assert "hide-input" in metadata["tags"]


@each_notebook
def test_relative_links_exist(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if not re.match(r"https?:|#|attachment:", link):
            assert (path.parent / link.partition("#")[0]).exists(), link


@each_notebook
def test_links_the_next_notebook(path):
    following = dict(itertools.pairwise(NOTEBOOKS)).get(path.stem)
    if following:
        assert f"({following}.ipynb)" in source(cells(path, "markdown")[-1])


@each_notebook
def test_was_run_once_from_top_to_bottom(path):
    counts = [cell["execution_count"] for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))


@each_notebook
def test_cells_are_short(path):
    for cell in cells(path, "code"):
        longest = LONGEST_SETUP if "setup" in cell["metadata"].get("tags", []) else LONGEST_CELL
        assert len(source(cell).splitlines()) <= longest, source(cell)


@each_notebook
def test_every_code_cell_is_preceded_by_prose(path):
    both = [cell for cell in nbformat.read(path, as_version=4).cells]
    for before, cell in itertools.pairwise(both):
        if cell["cell_type"] == "code" and "setup" not in cell["metadata"].get("tags", []):
            assert before["cell_type"] == "markdown" or source(cell).startswith(INSTALL_TITLE), source(cell)


@each_notebook
def test_file_is_small_and_clean(path):
    metadata = nbformat.read(path, as_version=4).metadata
    assert metadata["kernelspec"]["name"] == "python3"
    assert "widgets" not in metadata
    assert path.stat().st_size < LARGEST_BYTES


@each_notebook
def test_outputs_show_no_warning_or_error(path):
    for cell in cells(path, "code"):
        for output in cell["outputs"]:
            assert output["output_type"] != "error", source(cell)
            assert output.get("name") != "stderr", output


@each_notebook
def test_code_parses_and_imports_no_star(path):
    for cell in cells(path, "code"):
        text = re.sub(r"(?m)^(\s*)[!%].*$", r"\1pass", source(cell))
        for node in ast.walk(ast.parse(text)):
            assert not (isinstance(node, ast.ImportFrom) and node.names[0].name == "*")


@each_notebook
def test_teaches_in_the_agreed_order(path):
    text = prose(path)
    headings = ("## Key points", "## Exercises", "## Recall")
    places = [text.find(heading) for heading in headings]
    assert -1 not in places and places == sorted(places), dict(zip(headings, places, strict=True))
    assert 2 <= text.count("<details>") <= 16 or path.stem.startswith("00")


def public_docstrings():
    for module in (ROOT / "nst_helpers").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                yield f"{module.stem}.{node.name}", ast.get_docstring(node) or ""


def test_docstrings_name_notebooks_that_exist():
    named = [(name, book) for name, text in public_docstrings() for book in re.findall(r"notebooks/(\w+)", text)]
    assert named
    for name, notebook in named:
        assert notebook in NOTEBOOKS, name
