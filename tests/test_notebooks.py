"""Rules that every notebook keeps; that they run and print what they show is nbval's work."""

import ast
import itertools
import re
from pathlib import Path

import nbformat
import pytest

from nst_helpers.course import INSTALL_TITLE, NOTEBOOKS, REPOSITORY, badge, install_cell, move
from nst_helpers.errors import InputError

ROOT = Path(__file__).parents[1]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
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
def test_name_is_planned(path):
    assert path.stem in NOTEBOOKS


@each_notebook
def test_badge_opens_this_very_notebook(path):
    assert badge(path.stem) in source(cells(path, "markdown")[0])
    assert re.findall(
        r"research\.google\.com/github/([\w.-]+/[\w.-]+)/blob/main/notebooks/(\w+)", path.read_text()
    ) == [(REPOSITORY, path.stem)]


@each_notebook
def test_install_cell_is_the_common_one_and_hidden(path):
    installs = [cell for cell in cells(path, "code") if source(cell).startswith(INSTALL_TITLE)]
    assert [source(cell) for cell in installs] == [install_cell()]
    metadata = installs[0]["metadata"]
    assert metadata["cellView"] == "form"
    assert metadata["jupyter"]["source_hidden"]
    assert "hide-input" in metadata["tags"]


@each_notebook
def test_relative_links_exist_or_are_planned(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        if not re.match(r"https?:|#|attachment:", link):
            target = path.parent / link.partition("#")[0]
            assert target.exists() or (target.suffix == ".ipynb" and target.stem in NOTEBOOKS), link


@each_notebook
def test_links_the_next_notebook(path):
    following = dict(itertools.pairwise(NOTEBOOKS)).get(path.stem)
    if following and (path.parent / f"{following}.ipynb").exists():
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
    assert 2 <= text.count("<details>") <= 5 or path.stem.startswith("00")


def public_docstrings():
    for module in (ROOT / "nst_helpers").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                yield f"{module.stem}.{node.name}", ast.get_docstring(node) or ""


def test_docstrings_name_planned_notebooks():
    named = [(name, book) for name, text in public_docstrings() for book in re.findall(r"notebooks/(\w+)", text)]
    assert named
    for name, notebook in named:
        assert notebook in NOTEBOOKS, name


def test_moving_the_course_repoints_badges_install_cells_and_the_constant(tmp_path):
    for folder in ("notebooks", "nst_helpers"):
        (tmp_path / folder).mkdir()
    for path in [*PATHS, ROOT / "nst_helpers" / "course.py"]:
        (tmp_path / path.relative_to(ROOT)).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "README.md").write_text(f"{badge('00_start_here')} [elsewhere](https://github.com/someone/else)\n")
    changed = move("somebody/some.where", tmp_path)
    assert len(changed) == len(PATHS) + 2
    assert (tmp_path / "README.md").read_text() == (
        f"{badge('00_start_here', 'somebody/some.where')} [elsewhere](https://github.com/someone/else)\n"
    )
    assert 'REPOSITORY = "somebody/some.where"' in (tmp_path / "nst_helpers" / "course.py").read_text()
    for path in PATHS:
        moved = tmp_path / "notebooks" / path.name
        assert badge(path.stem, "somebody/some.where") in source(cells(moved, "markdown")[0])
        assert install_cell("somebody/some.where") in map(source, cells(moved, "code"))
        assert moved.read_text(encoding="utf-8").replace("somebody/some.where", REPOSITORY) == path.read_text("utf-8")
    assert move("somebody/some.where", tmp_path) == []


@pytest.mark.parametrize("address", ["nobody", "https://github.com/a/b", "a/b/c", ""])
def test_moving_the_course_refuses_what_is_no_address(address, tmp_path):
    with pytest.raises(InputError, match="OWNER/NAME"):
        move(address, tmp_path)
