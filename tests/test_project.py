"""What ties the project's files together: its two commands, its environments, its documentation."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

import nst_helpers

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "nst_helpers").rglob("*.py"))


def code_lines(markdown):
    """The lines of a Markdown text's fenced code blocks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


def test_ci_runs_the_test_command_of_the_readme():
    commands = [line for line in code_lines((ROOT / "README.md").read_text()) if "pytest" in line]
    assert len(commands) == 1
    assert commands[0] in (ROOT / ".ci" / "run").read_text().splitlines()


def test_readme_shows_the_main_job():
    assert any("nst data/content.jpg data/style.jpg" in line for line in code_lines((ROOT / "README.md").read_text()))


def test_environment_takes_all_but_python_and_pip_from_pyproject():
    text = (ROOT / "environment.yml").read_text()
    entries = re.findall(r"^\s*- ([^#\n]*?)\s*(#.*)?$", text.partition("dependencies:")[2], re.MULTILINE)
    names = [entry for entry, _ in entries]
    assert [re.match(r"[\w.-]+", name)[0] for name in names[:2]] == ["python", "pip"]
    assert names[2:] == ["pip:", "-e .[lab,test]"]
    assert all(reason for entry, reason in entries if entry != "pip:")


def test_environment_and_pyproject_want_the_same_python():
    bound = re.search(r'requires-python = "(>=[\d.]+,<[\d.]+)"', (ROOT / "pyproject.toml").read_text())[1]
    assert re.search(rf"- python\s*{re.escape(bound)}(?![\d.])", (ROOT / "environment.yml").read_text())
    oldest, beyond = (int(number) for number in re.findall(r"3\.(\d+)", bound))
    assert f"need Python 3.{oldest} to 3.{beyond - 1}" in (ROOT / "README.md").read_text()


def public_functions(module):
    """The functions of a module, and the methods of its classes, that have no underscore in front."""
    tree = ast.parse(module.read_text())
    places = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_")]
    for place in places:
        for node in place.body:
            if isinstance(node, ast.FunctionDef) and (node.name[0] != "_" or node.name == "__init__"):
                yield node


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_public_functions_have_type_hints(module):
    for function in public_functions(module):
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
        assert not bare, f"{function.name}: {bare}"
        assert function.returns is not None or function.name == "__init__", function.name


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_public_things_are_documented(module):
    tree = ast.parse(module.read_text())
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
    functions = [function for function in public_functions(module) if function.name != "__init__"]
    assert [node.name for node in [tree, *classes, *functions] if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("name", sorted(set(nst_helpers.__all__) - {"InputError", "Snapshot", "Losses"}))
def test_documentation_names_the_notebook(name):
    notebook = re.search(r"notebooks/(\d\d)_\w+", getattr(nst_helpers, name).__doc__)
    assert notebook
    there = [path.stem for path in (ROOT / "notebooks").glob(f"{notebook[1]}_*.ipynb")]
    assert there in ([], [Path(notebook[0]).name])


def imports(module):
    """The names of the modules that a module imports anywhere in it, those of the package with a dot in front."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def test_only_widgets_need_ipywidgets():
    assert any("ipywidgets" in imports(module) for module in MODULES)
    for module in MODULES:
        if module.parent.name != "widgets":
            names = {part for name in imports(module) for part in name.split(".")}
            assert not names & {"ipywidgets", "widgets"}, module.stem


ROOMS = ("errors", "layers", "machine", "the method", "files", "course", "commands", "widgets")
"""From the ground up: a room imports only itself and what is before it."""


def room_of(parts):
    """The room in which the module with this dotted name, without `nst_helpers`, is."""
    return parts[0] if parts[0] in ROOMS else "the method"


def inner_imports(module):
    """The modules of the package that a module imports, their dotted names taken apart."""
    here = module.relative_to(ROOT / "nst_helpers").with_suffix("").parts
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            package = here[: len(here) - node.level]
            for name in [node.module] if node.module else [alias.name for alias in node.names]:
                yield (*package, *name.split("."))


def ordered():
    return [path for path in MODULES if path.relative_to(ROOT / "nst_helpers").name != "__main__.py"]


@pytest.mark.parametrize("module", ordered(), ids=lambda module: module.stem)
def test_imports_go_down_from_room_to_room(module):
    above = ROOMS.index(room_of(module.relative_to(ROOT / "nst_helpers").with_suffix("").parts))
    assert [name for name in inner_imports(module) if ROOMS.index(room_of(name)) > above] == []


def test_no_module_imports_itself_by_way_of_others():
    wanted = {
        path.relative_to(ROOT / "nst_helpers").with_suffix("").parts: set(inner_imports(path)) for path in ordered()
    }
    assert sum(map(len, wanted.values())) > 100
    while free := [name for name, needs in wanted.items() if not needs & set(wanted)]:
        for name in free:
            del wanted[name]
    assert wanted == {}


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_file_names_a_place_on_one_machine():
    files = [path for path in tracked_files() if path.is_file() and path.suffix not in (".jpg", ".png")]
    if not files:
        pytest.skip("this is no git checkout")
    places = re.compile(r"(?<![\w.~/-])/(?:home|Users|root|work|tmp|mnt|var|opt)/\w|[A-Z]:\\\\?Users")
    found = {str(path.relative_to(ROOT)): places.findall(path.read_text(errors="replace")) for path in files}
    assert {name: hits for name, hits in found.items() if hits} == {}
